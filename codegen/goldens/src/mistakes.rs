//! Mistakes that the compiler catches in programs that use the generated code.
//!
//! Each is a program twice, with one line between them: as it should be, which compiles, and as it should not, which
//! does not. So what is refused is that line and not something else; the number of the error is checked where the
//! compiler can do that, which is its nightly version. What the compiler says about it is not compared, because each
//! version says it in other words.

/// What every program begins with.
macro_rules! beginning {
    () => {
        "# use wirewright::{Request, Response, Sender, Status, Streaming};\n\
         # use wirewright_codegen_goldens::greeter::helloworld::{Greeter, GreeterClient, HelloReply, HelloRequest};\n"
    };
}

/// The methods of the service, but for the first, as one writes them that are of no interest.
macro_rules! other_methods {
    () => {
        "# async fn lots_of_replies(&self, _: Request<HelloRequest>, _: &mut Sender<HelloReply>) -> Result<(), Status> {\n\
         #     Ok(())\n\
         # }\n\
         # async fn lots_of_greetings(&self, _: Request<Streaming<HelloRequest>>) -> Result<Response<HelloReply>, Status> {\n\
         #     Ok(Response::new(HelloReply::default()))\n\
         # }\n"
    };
}

/// Both programs of each mistake, as tests of the documentation.
macro_rules! mistakes {
    ($($(#[$about:meta])* $name:ident $number:literal $before:expr, right $right:literal, wrong $wrong:literal, $after:expr;)*) => {
        $(
            $(#[$about])*
            ///
            #[doc = concat!("```\n", beginning!(), $before, $right, $after, "\n```")]
            ///
            #[doc = concat!("```compile_fail", $number, "\n", beginning!(), $before, $wrong, $after, "\n```")]
            #[derive(Debug)]
            pub enum $name {}
        )*
    };
}

mistakes! {
    /// A method of the service has no handler.
    AMethodIsMissing ",E0046" concat!(
        "struct Mine;\n\
         impl Greeter for Mine {\n\
             async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {\n\
                 Ok(Response::new(HelloReply::default()))\n\
             }\n",
        other_methods!(),
    ),
    right "async fn bidi_hello(&self, _: Request<Streaming<HelloRequest>>, _: &mut Sender<HelloReply>) \
                -> Result<(), Status> { Ok(()) }\n",
    wrong "\n",
    "}";

    /// Something is sent after the request was finished.
    ASenderIsUsedAfterItsEnd ",E0382"
    "async fn f(client: &GreeterClient) -> Result<(), Status> {\n\
         let (mut names, mut greetings) = client.bidi_hello(Request::new(())).await?;\n",
    right "names.send(HelloRequest::default()).await?; names.finish().await?;\n",
    wrong "names.finish().await?; names.send(HelloRequest::default()).await?;\n",
    "    greetings.message().await?;\n\
         Ok(())\n\
     }";

    /// A message of another type is sent.
    AMessageIsOfAnotherType ",E0308"
    "async fn f(client: &GreeterClient) -> Result<(), Status> {\n\
         let (mut names, _greetings) = client.bidi_hello(Request::new(())).await?;\n",
    right "names.send(HelloRequest::default()).await?;\n",
    wrong "names.send(HelloReply::default()).await?;\n",
    "    Ok(())\n\
     }";

    /// A handler holds something that may not change threads while it waits. (The error has no number.)
    AHandlerCannotChangeThreads "" concat!(
        "use std::{rc::Rc, sync::Arc};\n\
         struct Mine;\n\
         impl Greeter for Mine {\n\
             async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {\n",
    ),
    right "let name = Arc::new(String::new());\n",
    wrong "let name = Rc::new(String::new());\n",
    concat!(
        "        tokio::task::yield_now().await;\n\
                 Ok(Response::new(HelloReply { message: name.to_string() }))\n\
             }\n",
        other_methods!(),
        "    async fn bidi_hello(&self, _: Request<Streaming<HelloRequest>>, _: &mut Sender<HelloReply>) \
                -> Result<(), Status> { Ok(()) }\n\
         }",
    );

    /// A handler gives its sender to a task, which would outlive the answer.
    ASenderOutlivesItsHandler ",E0521" "async fn f(replies: &mut Sender<HelloReply>) {\n",
    right "let sending = async move { replies.send(HelloReply::default()).await };\n",
    wrong "let sending = tokio::spawn(async move { replies.send(HelloReply::default()).await });\n",
    "    let _ = sending.await;\n\
     }";

    /// A failure that says OK.
    AFailureIsOk ",E0599" "fn f() -> Result<(), Status> {\n",
    right "Err(Status::aborted(\"no\"))\n",
    wrong "Err(Status::ok(\"no\"))\n",
    "}";
}
