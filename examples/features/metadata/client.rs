//! A client that sends metadata and reads what comes back.
//!
//! A call without a stream of answers gives both blocks with its response. A call with one gives the head as soon
//! as it has arrived, before any message if need be, and the trailers when the last message has been read.

use std::time::Duration;

use examples::Time;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use tokio::time::sleep;
use wirewright::{Endpoint, Metadata, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    // The pauses make the times that are printed tell the calls apart.
    unary(&echo).await?;
    sleep(Duration::from_secs(1)).await;
    server_streaming(&echo).await?;
    sleep(Duration::from_secs(1)).await;
    client_streaming(&echo).await?;
    sleep(Duration::from_secs(1)).await;
    bidirectional(&echo).await
}

async fn unary(echo: &EchoClient) -> Result<(), Fatal> {
    println!("--- unary ---");
    let response = echo.unary_echo(stamped(words())?).await?;
    print_head(response.metadata())?;
    println!("response:");
    println!(" - {}", response.get_ref().message);
    print_values("timestamp", "trailer", response.trailers())
}

async fn server_streaming(echo: &EchoClient) -> Result<(), Fatal> {
    println!("--- server streaming ---");
    let mut replies = echo.server_streaming_echo(stamped(words())?).await?;
    print_head(replies.headers().await?)?;
    println!("response:");
    while let Some(reply) = replies.message().await? {
        println!(" - {}", reply.message);
    }
    print_values("timestamp", "trailer", replies.trailers().ok_or("the call ended without trailers")?)
}

async fn client_streaming(echo: &EchoClient) -> Result<(), Fatal> {
    println!("--- client streaming ---");
    let mut upload = echo.client_streaming_echo(stamped(())?).await?;
    for _ in 0..10 {
        upload.send(words()).await?;
    }
    let response = upload.finish().await?;
    print_head(response.metadata())?;
    println!("response:");
    println!(" - {}\n", response.get_ref().message);
    print_values("timestamp", "trailer", response.trailers())
}

async fn bidirectional(echo: &EchoClient) -> Result<(), Fatal> {
    println!("--- bidirectional ---");
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(stamped(())?).await?;
    // The server has sent its head without being asked anything.
    print_head(replies.headers().await?)?;
    for _ in 0..10 {
        requests.send(words()).await?;
    }
    requests.finish().await?;
    println!("response:");
    while let Some(reply) = replies.message().await? {
        println!(" - {}", reply.message);
    }
    print_values("timestamp", "trailer", replies.trailers().ok_or("the call ended without trailers")?)
}

/// A request that says when it was made.
fn stamped<T>(message: T) -> Result<Request<T>, Fatal> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("timestamp", &Time::now().stamp().to_string())?;
    Ok(request)
}

fn words() -> EchoRequest {
    EchoRequest { message: "this is examples/metadata".into() }
}

fn print_head(metadata: &Metadata) -> Result<(), Fatal> {
    print_values("timestamp", "header", metadata)?;
    print_values("location", "header", metadata)
}

fn print_values(key: &str, block: &str, metadata: &Metadata) -> Result<(), Fatal> {
    if !metadata.contains_key(key) {
        return Err(format!("{key} expected but doesn't exist in {block}").into());
    }
    println!("{key} from {block}:");
    for (number, value) in metadata.get_all(key).enumerate() {
        println!(" {number}. {value}");
    }
    Ok(())
}
