//! `wright demo --listen`: a server for other people's clients.

use std::net::TcpListener;

use wirewright::{Endpoint, Method, Request, Status};

use crate::support::{Serving, run, text, wright};

/// Calls a method that takes and gives a message whose only field is a string, number 1: prost reads and writes
/// such a message as a `String`. The connection is closed afterwards.
fn call(address: &str, path: &'static str, name: &str) -> Result<String, Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Endpoint::new(address).unwrap().connect().await?;
        let method: Method<String, String> = Method::unary(path);
        let reply = channel.unary(&method, Request::new(name.to_owned())).await?;
        Ok(reply.into_inner())
    })
}

#[test]
fn it_answers_helloworld_clients_prints_a_line_for_each_call_and_stops_on_ctrl_c() {
    let server = Serving::start();
    let reply = call(&server.address, "/helloworld.Greeter/SayHello", "gopher");
    assert_eq!(reply.unwrap(), "Hello gopher");
    let line = server.next_line();
    assert!(line.starts_with("127.0.0.1:"), "{line}");
    assert!(line.contains(" /helloworld.Greeter/SayHello 1 in 1 out "), "{line}");
    assert!(line.ends_with(" ms OK"), "{line}");

    // A text where a Point has a number: no Point at all.
    let refused = call(&server.address, "/routeguide.RouteGuide/GetFeature", "here");
    let refused = refused.unwrap_err();
    let line = server.next_line();
    assert!(line.contains(" /routeguide.RouteGuide/GetFeature 0 in 0 out "), "{line}");
    assert!(line.contains(&format!("{refused}")), "{line}\n{refused}");

    let (code, said) = server.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("stopped\n"), "{said}");
}

#[test]
fn an_address_in_use_is_one_line_that_says_what_was_tried_and_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let output = run(&mut wright(&["demo", "--listen", &address]));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with(&format!("error: cannot listen on {address}: ")), "{said}");
    assert!(said.contains("stop the other process, or choose another port"), "{said}");
}

#[test]
fn a_name_that_stands_for_no_address_is_one_line_that_says_so() {
    let output = run(&mut wright(&["demo", "--listen", "[::1:50051"]));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.starts_with("error: cannot listen on [::1:50051: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
