//! `wright demo --listen`: a server for other people's clients.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use wirewright::{Endpoint, Method, Request, Status};

use crate::support::{run, text, wright};

/// The server, running.
struct Serving {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Serving {
    fn start() -> Serving {
        let mut command = wright(&["demo", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (lines, received) = channel();
        std::thread::spawn(move || output.lines().try_for_each(|line| lines.send(line.unwrap())));
        let mut serving = Serving { child, lines: received, address: String::new() };
        let first = serving.next_line();
        let address = first.strip_prefix("listening on ").expect("where it listens comes first");
        serving.address = address.to_owned();
        serving
    }

    /// The next line of its output, columns one space apart; a line that does not come is a failure, not a hang.
    fn next_line(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(30)).expect("the server prints a line");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Tells it to stop as Ctrl-C does; gives its exit code and what it said on standard error.
    fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (code, said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Where a test failed the server must not outlive it; elsewhere it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
