//! What can be typed.
//!
//! In: the arguments of the process. Out: a command, or a page of help, or a complaint. Help shows examples before
//! it explains anything: most people look for a line to copy.
//!
//! Must not know: what a command does.

use clap::{Parser, Subcommand};

use crate::call::CallArguments;
use crate::completions::CompletionsArguments;
use crate::describe::DescribeArguments;
use crate::fixture::FixtureArguments;
use crate::list::ListArguments;
use crate::load::LoadArguments;
use crate::misbehave::BreakArguments;
use crate::peek::PeekArguments;
use crate::probe::ProbeArguments;
use crate::replay::ReplayArguments;

/// gRPC from the wire up: see what crosses it
#[derive(Debug, Parser)]
#[command(name = "wright", version, help_template = PAGE, before_help = EXAMPLES, after_help = ENDINGS)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a call, messages as JSON
    #[command(help_template = PAGE, before_help = CALL_EXAMPLES, after_help = CALL_ENDINGS)]
    Call(Box<CallArguments>),
    /// List the services of a server, or the methods of a service
    #[command(help_template = PAGE, before_help = LIST_EXAMPLES, after_help = CALL_ENDINGS)]
    List(Box<ListArguments>),
    /// Describe a service, method, message or enum, as its .proto file has it
    #[command(help_template = PAGE, before_help = DESCRIBE_EXAMPLES, after_help = CALL_ENDINGS)]
    Describe(Box<DescribeArguments>),
    /// Ask a server whether it is well, with the flags and exit codes of grpc_health_probe
    #[command(help_template = PAGE, before_help = PROBE_EXAMPLES, after_help = PROBE_ENDINGS)]
    Probe(Box<ProbeArguments>),
    /// Show protobuf bytes as text, or turn such text into bytes
    #[command(help_template = PAGE, before_help = PEEK_EXAMPLES, after_help = PEEK_ENDINGS)]
    Peek(Box<PeekArguments>),
    /// Make the same call again and again, and tell how long it takes
    #[command(help_template = PAGE, before_help = LOAD_EXAMPLES, after_help = LOAD_ENDINGS)]
    Load(Box<LoadArguments>),
    /// Make four calls, one of each kind, and print what crossed the wire
    #[command(help_template = PAGE, before_help = DEMO_EXAMPLES, after_help = DEMO_ENDINGS)]
    Demo {
        /// Serve on this address until Ctrl-C instead, and print a line for each call
        ///
        /// The services are helloworld.Greeter and routeguide.RouteGuide on the paths that every gRPC
        /// implementation's examples use, so that their clients can call this server; health and
        /// reflection are there for tools.
        /// Port 0 lets the system choose one; `:50051` listens on every interface.
        #[arg(long, value_name = "ADDR", value_parser = crate::door::with_port, verbatim_doc_comment)]
        listen: Option<String>,
    },
    /// Tell a recording byte by byte: what was said, by whom, and where the spec says so
    #[command(help_template = PAGE)]
    Explain(crate::explain::Explain),
    /// Show a recording on one page: who spoke when, on which stream
    #[command(help_template = PAGE)]
    Timeline(crate::timeline::Timeline),
    /// Write a recording as one page for a browser, with everything in it
    #[command(help_template = PAGE, before_help = REPORT_EXAMPLES, after_help = REPORT_ENDINGS)]
    Report(crate::page::ReportArgs),
    /// Show a recording in a browser, also while it is being made
    #[command(help_template = PAGE, before_help = VIEW_EXAMPLES, after_help = VIEW_ENDINGS)]
    View(crate::page::ViewArgs),
    /// Stand between a client and a server, and record what they say
    #[command(help_template = PAGE)]
    Tap(crate::tap::TapArgs),
    /// Learn the protocol from ten recordings, with questions
    #[command(help_template = PAGE, before_help = LESSON_EXAMPLES, after_help = LESSON_ENDINGS)]
    Lesson(crate::lesson::LessonArgs),
    /// Compare what was said in the calls of two recordings
    #[command(help_template = PAGE)]
    Diff(crate::diff::Diff),
    /// Make the calls of a recording again, and compare the answers
    #[command(help_template = PAGE, before_help = REPLAY_EXAMPLES, after_help = REPLAY_ENDINGS)]
    Replay(Box<ReplayArguments>),
    /// Serve what a recording holds: answer calls as they were answered then
    #[command(help_template = PAGE, before_help = FIXTURE_EXAMPLES, after_help = FIXTURE_ENDINGS)]
    Fixture(FixtureArguments),
    /// Be a peer that misbehaves on purpose, to test other people's programs
    #[command(help_template = PAGE, before_help = BREAK_EXAMPLES, after_help = BREAK_ENDINGS)]
    Break(BreakArguments),
    /// Turn a recording into a capture for Wireshark, or a capture into a recording
    #[command(help_template = PAGE)]
    Convert(crate::convert::Convert),
    /// Write a script that completes what is typed in a shell
    #[command(help_template = PAGE, before_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArguments),
    /// Write the manual, in roff
    #[command(help_template = PAGE, before_help = MAN_EXAMPLES)]
    Man,
}

/// The order of a page of help.
const PAGE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

/// What every page ends with.
macro_rules! endings {
    () => {
        "\
Exit codes:
  0  done
  1  it could not be done: standard error says why, and what to do
  2  the command line makes no sense

Environment:
  NO_COLOR          set to anything: no colours
  CLICOLOR_FORCE    set to anything: colours even where standard output is no terminal"
    };
}

const EXAMPLES: &str = "\
Examples:
  wright list -plaintext localhost:50051                          what a server has
  wright describe -plaintext localhost:50051 helloworld.Greeter   what it looks like
  wright call -plaintext -d '{\"name\":\"you\"}' localhost:50051 helloworld.Greeter/SayHello
  wright demo                             watch four calls cross a socket
  wright demo --listen 127.0.0.1:50051    serve what any helloworld client can call
  wright demo --help                      read more about the demo";

const DEMO_EXAMPLES: &str = "\
Examples:
  wright demo                               watch four calls cross a socket
  CLICOLOR_FORCE=1 wright demo | less -R    the same, page by page and in colours
  wright demo --listen 127.0.0.1:50051      serve what any helloworld client can call";

const CALL_EXAMPLES: &str = "\
Examples:
  wright call -d '{\"name\":\"you\"}' api.example.com:443 helloworld.Greeter/SayHello
  wright call -plaintext -d @ localhost:50051 routeguide.RouteGuide/RouteChat < notes.json
  wright call -plaintext -proto greeter.proto -vv localhost:50051 helloworld.Greeter/SayHello";

const LIST_EXAMPLES: &str = "\
Examples:
  wright list -plaintext localhost:50051                       the services of a server
  wright list -plaintext localhost:50051 helloworld.Greeter    the methods of a service
  wright list -protoset shop.bin                               the services in a file";

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  wright describe -plaintext localhost:50051                               every service
  wright describe -plaintext localhost:50051 helloworld.Greeter.SayHello   one method
  wright describe -proto shop.proto -msg-template shop.Order               a message to fill in";

const PROBE_EXAMPLES: &str = "\
Examples:
  wright probe -addr localhost:50051                             the server as a whole
  wright probe -addr localhost:50051 -service helloworld.Greeter
  wright probe -addr api.example.com:443 -tls -rpc-timeout 250ms";

const PEEK_EXAMPLES: &str = "\
Examples:
  wright peek message.bin                                   what is in it, as far as the wire tells
  wright peek -proto shop.proto -type shop.Order order.bin  the same with names and types
  echo '1: {\"world\"} 2: 150' | wright peek -s > message.bin";

const PEEK_ENDINGS: &str = concat!(
    "\
The text is that of Google's protoscope:
  1: 150   2: -3z   3: 1.5   4: 0x3i32   5: {\"text\"}   6: {`00ff`}   7: {1: 5}   8: !{1: 5}   # remark
  Numbers are varints, with z zigzag ones; i32 and i64 are of fixed size, and so are floats.

",
    endings!()
);

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  wright completions bash > /etc/bash_completion.d/wright
  wright completions zsh > ~/.zfunc/_wright
  wright completions fish > ~/.config/fish/completions/wright.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  wright man | man -l -
  wright man > /usr/local/share/man/man1/wright.1";

const LOAD_EXAMPLES: &str = "\
Examples:
  wright load -plaintext localhost:50051 helloworld.Greeter/SayHello                  all it can do
  wright load -plaintext --rps 2000 -z 30s localhost:50051 helloworld.Greeter/SayHello   at a rate
  wright load -plaintext -n 100000 -o json localhost:50051 helloworld.Greeter/SayHello > run.json";

const LOAD_ENDINGS: &str = concat!(
    "\
Which loop:
  Without --rps each caller calls again as soon as its call has ended. With it, calls begin at
  even intervals; one that begins late because every caller is waiting counts from when it was
  due, so that a server that stalls cannot hide it. Ctrl-C ends a run early. --max-time is for
  each call.

",
    endings!()
);

const REPORT_EXAMPLES: &str = "\
Examples:
  wright report rec.jsonl -o rec.html     a page to mail, to attach to a bug, or to keep
  wright report capture.pcapng            what somebody captured, in report.html
  wright report lesson:4                  a recording that comes along";

const REPORT_ENDINGS: &str = concat!(
    "\
The page needs nothing but a browser and loads nothing from anywhere. It holds the recording: give
it only to those who may read that. At most 250,000 rows and 128 MiB go into a page.

",
    endings!()
);

const VIEW_EXAMPLES: &str = "\
Examples:
  wright view rec.jsonl                   an address to open in a browser on this machine
  wright view --live rec.jsonl            while `wright tap -o rec.jsonl` is making it
  wright view lesson:9                    a recording that comes along";

const VIEW_ENDINGS: &str = concat!(
    "\
The page is served on 127.0.0.1 alone, until Ctrl-C, to whoever knows its address, part of which
is a secret. A recording that grows is followed with or without --live. Of a longer one the first
250,000 rows, or 128 MiB, are shown, and the page says so.

",
    endings!()
);

const LESSON_EXAMPLES: &str = "\
Examples:
  wright lesson                what there is
  wright lesson 1              read, look, answer
  wright explain lesson:1      the bytes, in which the answers are";

const LESSON_ENDINGS: &str = "\
Each question may be tried twice, and a second try counts in full. `hint` helps, `skip` goes on,
`quit` leaves. Nothing is kept from one run to the next.

Exit codes:
  0  every question was answered rightly, or none was answered;  1  one was not";

const REPLAY_EXAMPLES: &str = "\
Examples:
  wright tap -t localhost:50051 -o rec.jsonl                 record some calls to one version
  wright replay -plaintext rec.jsonl localhost:50052         make them again to another
  wright replay -plaintext --call 3 --speed 1 rec.jsonl localhost:50052
  wright replay -H 'authorization: Bearer TOKEN' rec.jsonl api.example.com:443";

const REPLAY_ENDINGS: &str = "\
What is made again:
  Path, metadata, timeout and messages of each call. A call that began after another had ended
  does so again, and a message that followed so many answers follows as many again; at --speed
  max nothing else is waited for. -max-time is for each call; without it, and without a timeout
  in the recording, a call gets 30 seconds. What the client gave up is given up again after as
  long, unless it is answered before; what had come by then is compared.

What is compared:
  Status, message and details; metadata of head and trailers; each message, by its bytes first.
  Where they differ the fields are compared: by name if -proto, -protoset or the server's
  reflection know the type, by number if not. Messages that say the same in other bytes are
  counted, and count as the same.

Exit codes:
  0  every call was answered as recorded
  1  at least one was not, or it could not be done: standard error says why, and what to do
  2  the command line makes no sense";

const FIXTURE_EXAMPLES: &str = "\
Examples:
  wright tap -t localhost:50051 -o rec.jsonl      record what a server answers
  wright fixture -l localhost:50051 rec.jsonl     answer the same without it
  wright fixture --speed 1 lesson:4               as slowly as it was recorded";

const FIXTURE_ENDINGS: &str = concat!(
    "\
What is answered:
  A call is answered as the recorded call with the same path and the same request messages was:
  metadata, messages, status and trailers. An answer that came before the client had said
  everything comes as early again. Calls that were recorded more than once are answered in turn.
  Metadata of the request makes no difference, and compression is agreed on anew. What the server
  reset is reset; what the client gave up stays unanswered from there on.
  A path that was not recorded ends UNIMPLEMENTED, a request that was not NOT_FOUND; the message
  names the nearest one. The server's reflection is there if it was recorded.

",
    endings!()
);

const BREAK_EXAMPLES: &str = "\
Examples:
  wright break --list                               what comes along
  wright break --show no-trailers                   a script, to learn from
  wright break no-trailers -l localhost:50051       a server that does not say how calls end
  wright break --connect localhost:50051 no-te      a client that leaves something out
  wright break --count 1 mine.script                a script of your own, for one connection";

const BREAK_ENDINGS: &str = "\
A script has one step a line, and remarks after #:
  preface                                 wait for the client's 24 bytes (a client: send them)
  settings [NAME=N ...] | settings ack
  headers NAME=VALUE ... [end_stream] [no_end_headers]
  continuation NAME=VALUE ... [no_end_headers]
  message VALUE ... [flag=N] [length=N] [end_stream]    DATA with gRPC's five bytes before it
  data VALUE ... [end_stream]
  rst REASON    goaway REASON [last=N] [debug=VALUE]    window N    ping [ack] [VALUE]
  frame kind=N [flags=N] VALUE ...        any frame
  raw VALUE ...                           any bytes
  expect HEADERS | DATA | SETTINGS | SETTINGS_ACK | PING | PING_ACK | WINDOW_UPDATE
         | RST_STREAM | GOAWAY | END_STREAM | CLOSE [within 5s]
  stall 5s                                say nothing
  drip N every 5ms | drip off             from here on write N bytes at a time
  cut N                                   of the next step write N bytes, then close
  close
  repeat N STEP
  as client                               first of all: the script speaks for a client
  A VALUE is a word, a \"text\\n\" (\"x\"*100 a hundred times) or hex:00ff. @N names a stream; where
  none is named the one of the latest HEADERS is meant. Every step is one of HTTP/2 (RFC 9113).
  Nothing is answered by itself, neither SETTINGS nor PING.

Bounds:
  A step waits for a minute at most, a connection ends after five, or 64 MiB.

Exit codes:
  0  done: with --count or --connect, every script was played, or the peer closed before its end
  1  a peer did not do what a script expects, or it could not be done
  2  the command line makes no sense";

const PROBE_ENDINGS: &str = "\
Exit codes:
  0  it is SERVING
  1  the command line makes no sense
  2  it could not be reached
  3  it was reached, and the question failed
  4  it answered that it is not well";

const ENDINGS: &str = endings!();

const CALL_ENDINGS: &str = concat!(
    "\
Flags are those of grpcurl, with one dash or two.

Exit codes also:
  64 + n  the call ended with gRPC's status n: 69 is NOT_FOUND, 78 UNAVAILABLE

",
    endings!()
);

const DEMO_ENDINGS: &str = concat!(
    "\
What it does:
  Starts a server with two services on a free port of the loopback interface, makes one call of
  each of gRPC's four kinds over a TCP connection, and prints what the connection carried: heads,
  messages with their five-byte prefixes, and trailers; who sent them, and when.

",
    endings!()
);

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
