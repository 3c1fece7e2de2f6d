//! The flags of the two programs, as the test descriptions name them.
//!
//! In: the words of a command line. Out: what they say. A boolean takes `=true` and `=false`, or stands alone for
//! true.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};

/// Makes the calls of an interoperability test case, and says whether the server answered as it must.
#[derive(Clone, Debug, Parser)]
#[command(name = "interop-client")]
pub(crate) struct ClientFlags {
    /// The server's name or address.
    #[arg(long = "server_host", default_value = "localhost")]
    pub(super) server_host: String,

    /// The server's port.
    #[arg(long = "server_port", default_value_t = 10000)]
    pub(super) server_port: u16,

    /// The name that the server goes by, in requests and in its certificate.
    #[arg(long = "server_host_override")]
    pub(super) server_host_override: Option<String>,

    /// The test case; `all` makes every one of them and prints a table.
    #[arg(long = "test_case", default_value = "large_unary")]
    pub(crate) test_case: String,

    /// Connects with TLS.
    #[arg(long = "use_tls", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true")]
    pub(super) use_tls: bool,

    /// Trusts the test authority of `--ca_file` instead of the system's.
    #[arg(long = "use_test_ca", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true")]
    pub(super) use_test_ca: bool,

    /// The certificate of the test authority, in PEM.
    #[arg(long = "ca_file")]
    pub(super) ca_file: Option<PathBuf>,

    /// Metadata for every call: `key:value;key:value`.
    #[arg(long = "additional_metadata")]
    pub(super) additional_metadata: Option<String>,

    /// How the soak cases go.
    #[command(flatten)]
    pub(super) soak: SoakFlags,
}

/// How the soak cases go.
#[derive(Clone, Debug, Args)]
pub(crate) struct SoakFlags {
    /// How many calls the soak cases make.
    #[arg(long = "soak_iterations", default_value_t = 10)]
    pub(super) iterations: u32,

    /// How many of them may fail or be too slow.
    #[arg(long = "soak_max_failures", default_value_t = 0)]
    pub(super) max_failures: u32,

    /// How long one of them may take.
    #[arg(long = "soak_per_iteration_max_acceptable_latency_ms", default_value_t = 1000)]
    pub(super) max_latency_ms: u64,

    /// How long all of them may take.
    #[arg(long = "soak_overall_timeout_seconds", default_value_t = 10)]
    pub(super) overall_timeout_seconds: u64,

    /// The least time between the beginnings of two of one worker.
    #[arg(long = "soak_min_time_ms_between_rpcs", default_value_t = 0)]
    pub(super) min_time_ms_between_calls: u64,

    /// The bytes in each request.
    #[arg(long = "soak_request_size", default_value_t = 271_828)]
    pub(super) request_size: usize,

    /// The bytes in each response.
    #[arg(long = "soak_response_size", default_value_t = 314_159)]
    pub(super) response_size: usize,

    /// How many workers share the calls.
    #[arg(long = "soak_num_threads", default_value_t = 1)]
    pub(super) workers: u32,
}

/// Answers the interoperability client of any gRPC implementation.
#[derive(Clone, Debug, Parser)]
#[command(name = "interop-server")]
pub(super) struct ServerFlags {
    /// The port to listen on, on every address of the machine.
    #[arg(long = "port", default_value_t = 10000)]
    pub(super) port: u16,

    /// Serves over TLS.
    #[arg(long = "use_tls", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
          default_value_t = false, default_missing_value = "true")]
    pub(super) use_tls: bool,

    /// The server's certificate, in PEM.
    #[arg(long = "tls_cert_file")]
    pub(super) tls_cert_file: Option<PathBuf>,

    /// The key that belongs to it, in PEM.
    #[arg(long = "tls_key_file")]
    pub(super) tls_key_file: Option<PathBuf>,
}

/// The flags of the client's command line; ends the program if they make no sense.
pub(crate) fn client_flags() -> ClientFlags {
    flags()
}

/// The flags of this program's command line; ends the program, with one line, if they make no sense.
pub(crate) fn flags<F: Parser>() -> F {
    F::try_parse().unwrap_or_else(|error| {
        // What was asked for, such as the help, is not an error.
        if !error.use_stderr() {
            error.exit();
        }
        eprintln!("{}", first_line(&error));
        std::process::exit(USAGE);
    })
}

/// What is wrong, without the hints and the usage that follow it.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let what = text.lines().next().unwrap_or_default();
    // Missing flags are listed below the line that says so.
    let missing = text.lines().skip(1).take_while(|line| line.starts_with("  "));
    std::iter::once(what).chain(missing.map(str::trim)).collect::<Vec<_>>().join(" ")
}

/// The exit code for words that make no sense, as clap has it.
const USAGE: i32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<ClientFlags, clap::Error> {
        ClientFlags::try_parse_from(std::iter::once("interop-client").chain(words.split_whitespace()))
    }

    #[test]
    fn booleans_are_written_in_three_ways() {
        for (words, meant) in
            [("", false), ("--use_tls", true), ("--use_tls=true", true), ("--use_tls=false", false)]
        {
            assert_eq!(read(words).unwrap().use_tls, meant, "{words}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_in_one_line() {
        let line = |words| first_line(&read(words).unwrap_err());
        assert_eq!(line("--no_such_flag"), "error: unexpected argument '--no_such_flag' found");
        let text = line("--server_port=70000");
        assert!(
            text.starts_with("error: invalid value '70000' for '--server_port") && !text.contains('\n'),
            "{text}"
        );
        let missing = ServerPort::try_parse_from(["x"]).unwrap_err();
        assert_eq!(
            first_line(&missing),
            "error: the following required arguments were not provided: --port <PORT>"
        );
    }

    /// A program that cannot do without a flag.
    #[derive(Debug, Parser)]
    struct ServerPort {
        #[arg(long)]
        port: u16,
    }

    #[test]
    fn values_follow_an_equals_sign_or_a_space() {
        assert_eq!(read("--server_port=1 --test_case ping_pong").unwrap().test_case, "ping_pong");
        assert!(read("--server_port=x").is_err());
        assert!(read("--no_such_flag").is_err());
    }
}
