//! `wright probe`: the exit codes that orchestrators know.

use crate::odd::{OddServer, Reflects};
use crate::support::{Serving, run, text, wright};

#[test]
fn exit_codes_are_those_of_grpc_health_probe() {
    let (server, odd) = (Serving::start(), OddServer::start(Reflects::Not, None));
    let (healthy, without) = (server.address.as_str(), odd.address.as_str());
    let table: [(&[&str], i32, &str); 8] = [
        (&["-addr", healthy], 0, "status: SERVING"),
        (&["-addr", healthy, "-service", "helloworld.Greeter", "-gzip"], 0, "status: SERVING"),
        (&["-addr", healthy, "-service", "no.Such"], 3, "without -service"),
        (&["-addr", without], 3, "no health service"),
        (&["-addr", "127.0.0.1:1"], 2, "cannot connect"),
        (&["-addr", healthy, "-tls", "-tls-no-verify"], 2, "leave out -tls"),
        (&[], 1, "--addr"),
        (&["-addr", healthy, "-rpc-timeout", "5"], 1, "write 1s, 500ms or 1m30s"),
    ];
    for (words, exit, expected) in table {
        // The usual second is for machines that have time.
        let patience: &[&str] =
            if exit == 1 { &[] } else { &["-connect-timeout", "30s", "-rpc-timeout", "30s"] };
        let output = run(&mut wright(&[&["probe"], words, patience].concat()));
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}
