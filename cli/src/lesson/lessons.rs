//! The ten lessons: what each says, shows and asks.
//!
//! In: nothing. Out: texts for somebody who has never seen HTTP/2, and questions about recordings of real calls.
//!
//! Must not know: how answers are compared.

use super::course::{Lesson, Question};

macro_rules! kept {
    ($name:literal) => {
        include_str!(concat!("recordings/", $name, ".jsonl"))
    };
}

/// The ten lessons.
pub(super) const LESSONS: [Lesson; 10] = [
    Lesson {
        title: "One call",
        teaches: "preface, SETTINGS, head, message, trailers",
        text: "\
HTTP/2 is cut into frames: nine bytes that tell length, type, flags and stream,
then content; \"9+12 B\" means those nine and twelve more. HEADERS frames carry
header fields, DATA frames messages, and each message has five bytes before it,
its prefix: one for compression, four for its length. A stream is one call, and
stream 0 the connection itself. Below, a client asks lesson.School/Greet to greet
the world. First both sides say how they want to be spoken to (SETTINGS, S) and
how much they have room for (WINDOW_UPDATE, W); \"s heard\" means: I have read your
settings. Then the call has a stream of its own, s1: the client sends a head (H)
and a message (D), and the dot says that this was all. The server answers with a
head, a message, and trailers that say how it went.",
        questions: &[
            Question {
                ask: "Every HTTP/2 client begins with the same 24 bytes. What are the first three letters?",
                answers: &["PRI", "50 52 49"],
                because: "It is a method that no HTTP/1 server knows, so none takes HTTP/2 for a request that it could serve.",
                frame: 1,
                evidence: "PRI * HTTP/2.0",
                look: "They come before the first frame: wright explain lesson:1 | head -8",
                ..Question::PLAIN
            },
            Question {
                ask: "How many bytes does the request message have, without its five bytes of prefix?",
                answers: &["7"],
                because: "The prefix says so: one byte for compression, four for the length.",
                frame: 8,
                evidence: "not compressed, 7 bytes follow",
                slips: &[("12", "That is with the prefix.")],
                ..Question::PLAIN
            },
            Question {
                ask: "Which header field tells how the call went?",
                answers: &["grpc-status"],
                because: "HTTP's :status is 200 for calls that fail, too. 0 means OK.",
                frame: 11,
                evidence: "grpc-status            0   OK",
                beside: &["0", "ok"],
                slips: &[(":status", "That is HTTP's, and 200 for calls that fail, too.")],
                ..Question::PLAIN
            },
        ],
        recording: kept!("01-unary"),
    },
    Lesson {
        title: "Saying it again costs less",
        teaches: "HPACK's tables",
        text: "\
Two calls like the one before, on one connection. Header fields are written with
HPACK: both ends remember what was said, in tables, and the second time a number
stands for it. Compare the heads of the two calls: the first >H is frame #7 in
`wright explain`, the one of s3 is #12; the last <H of each call are #11 and #16.
`wright explain lesson:2 --lens hpack` shows the tables.",
        questions: &[
            Question {
                ask: "The first request head has 97 bytes of fields. How many does the second have, on stream 3?",
                answers: &["31", "9+31"],
                because: "Only the path and the timeout are written out; the path is not remembered here.",
                frame: 12,
                evidence: "stream 3  9+31 B",
                ..Question::PLAIN
            },
            Question {
                ask: "In frame #12 the byte bf stands for a whole field. What is its name?",
                answers: &["user-agent", "useragent"],
                because: "bf is 1011 1111: an index, 63. It came into the table as row 62; each new row pushes the others down by one, and this head's grpc-timeout did. (The server has a table of its own: in #14 bf is content-type.)",
                frame: 12,
                evidence: "bf                          user-agent",
                beside: &["grpc-rust-wirewright/0.1.0"],
                ..Question::PLAIN
            },
            Question {
                ask: "How many bytes do the fields of the second call's trailers take?",
                answers: &["1"],
                because: "One byte, be, for `grpc-status: 0`: the call went well in a single byte.",
                frame: 16,
                evidence: "stream 3  9+1 B",
                ..Question::PLAIN
            },
        ],
        recording: kept!("02-hpack"),
    },
    Lesson {
        title: "Many messages",
        teaches: "server streaming, and what ends it",
        text: "\
The server counts, and takes its time. A stream of messages is nothing new on
the wire: more DATA frames on the same HTTP/2 stream, each message with its
prefix. Messages and frames need not begin and end together: one frame may hold
many messages, and one message may take many frames. Here they happen to.",
        questions: &[
            Question {
                ask: "How many messages did the server send?",
                answers: &["4"],
                because: "One, two, three, four: each came when it was there, not when the call was over.",
                frame: 13,
                evidence: "\"four\"",
                ..Question::PLAIN
            },
            Question {
                ask: "Which flag says that the server's half of the stream is over?",
                answers: &["END_STREAM", "endstream"],
                because: "It stands on the trailers: END_STREAM on HEADERS, with no DATA after it.",
                frame: 14,
                evidence: "END_STREAM END_HEADERS  trailers: OK",
                slips: &[("END_HEADERS", "That one says that the block of fields is whole.")],
                ..Question::PLAIN
            },
        ],
        recording: kept!("03-streaming"),
    },
    Lesson {
        title: "A call that fails",
        teaches: "Trailers-Only",
        text: "\
The client asks for nobody, and the server has nothing to say but that. It need
not send a head first: one block of header fields is both head and trailers. The
gRPC specification calls it Trailers-Only.",
        questions: &[
            Question {
                ask: "What is the HTTP status of this failed call?",
                answers: &["200"],
                because: "HTTP has delivered an answer, and that is all it says. Read grpc-status.",
                frame: 9,
                evidence: ":status                200",
                beside: &["ok", "http", "status"],
                slips: &[
                    ("404", "That is what a web server would say; look at :status."),
                    ("not found", "That is gRPC's; look at :status."),
                ],
                ..Question::PLAIN
            },
            Question {
                ask: "Which number does grpc-status have?",
                answers: &["5"],
                because: "That is NOT_FOUND. There are 17 codes, 0 to 16.",
                frame: 9,
                evidence: "grpc-status            5   NOT_FOUND",
                beside: &["not found", "grpc-status"],
                ..Question::PLAIN
            },
            Question {
                ask: "How many HEADERS frames did the server send for this call?",
                answers: &["1"],
                because: "One, with END_STREAM: a second would have been trailers after a head.",
                frame: 9,
                evidence: "Trailers-Only",
                ..Question::PLAIN
            },
        ],
        recording: kept!("04-trailers-only"),
    },
    Lesson {
        title: "An error with details",
        teaches: "grpc-status-details-bin, and binary metadata",
        text: "\
A code and a sentence are for people; a program wants to know which field was
wrong. So a status may carry messages. Header fields are text, and messages are
bytes: names that end in -bin say that the value is bytes, written as base64.
What the details say can be read like any other bytes: put the value through
`base64 -d | wright peek -`.",
        questions: &[
            Question {
                ask: "Which header field carries the details?",
                answers: &["grpc-status-details-bin"],
                because: "It holds a google.rpc.Status: code and message again, and any number of details.",
                frame: 9,
                evidence: "grpc-status-details-bin",
                ..Question::PLAIN
            },
            Question {
                ask: "How are the bytes of a -bin field written as text?",
                answers: &["base64", "base 64"],
                because: "Base64, with or without padding; receivers must take both.",
                frame: 9,
                evidence: "CAMSE3do",
                beside: &["without padding", "as text"],
                look: "The lesson's text says it, above the picture.",
                ..Question::PLAIN
            },
        ],
        recording: kept!("05-details"),
    },
    Lesson {
        title: "The time is up",
        teaches: "deadlines",
        text: "\
The client gives the server fifty milliseconds, and the server sleeps. A deadline
is an instant, but clocks differ, so what travels is a length: the time that is
left when the head leaves. When it is over, both sides know it without a word;
the client says that it does not listen any more. (It does so ten milliseconds
late here: its timer woke late.)",
        questions: &[
            Question {
                ask: "Which field of the request head carries the time?",
                answers: &["grpc-timeout"],
                because: "At most eight digits and a unit.",
                frame: 7,
                evidence: "grpc-timeout",
                beside: &["49378872n"],
                ..Question::PLAIN
            },
            Question {
                ask: "Its value ends with n. What unit does that stand for?",
                answers: &["nanoseconds", "nanosecond", "ns", "nano", "nanos", "nano seconds", "nano second"],
                because: "H M S are hours, minutes, seconds; m u n are milli-, micro- and nanoseconds.",
                frame: 7,
                evidence: "nanoseconds from now",
                ..Question::PLAIN
            },
            Question {
                ask: "With which error code does the client reset the stream?",
                answers: &["CANCEL", "8"],
                because: "CANCEL. The caller gets DEADLINE_EXCEEDED, which was never on the wire.",
                frame: 9,
                evidence: "error code             CANCEL   8",
                slips: &[
                    (
                        "CANCELLED",
                        "That is gRPC's name for a status; HTTP/2's code is a letter or two shorter.",
                    ),
                    ("DEADLINE_EXCEEDED", "That is what the caller is told; it was never on the wire."),
                ],
                ..Question::PLAIN
            },
        ],
        recording: kept!("06-deadline"),
    },
    Lesson {
        title: "Never mind",
        teaches: "cancellation",
        text: "\
Again the server sleeps, and this time the client has no deadline: it changes its
mind. A call can be given up by either side at any time; an error code says what
kind of end it is, and CANCEL means \"no longer wanted\".",
        questions: &[
            Question {
                ask: "Which type of frame gives up a stream?",
                answers: &["RST_STREAM", "rststream", "rst", "reset"],
                because: "It ends both halves at once; its four bytes are the code.",
                frame: 9,
                evidence: "RST_STREAM",
                ..Question::PLAIN
            },
            Question {
                ask: "Did the server send a grpc-status? (yes or no)",
                answers: &["no", "n", "nope"],
                because: "Nobody would have read it. HTTP/2's code is CANCEL; the status that both programs are told is CANCELLED.",
                frame: 9,
                evidence: "(reset by the client: CANCEL)",
                look: "Look for a < on the row of s1.",
                ..Question::PLAIN
            },
        ],
        recording: kept!("07-cancellation"),
    },
    Lesson {
        title: "Smaller messages",
        teaches: "compression, message by message",
        text: "\
The client sends \"ha \" a hundred times. Compression in gRPC belongs to messages,
not to streams: each is compressed for itself, or not, and the first byte of its
prefix tells which. The head says how its own messages are compressed and, in
another field, what its sender could read.",
        questions: &[
            Question {
                ask: "What is the first byte of the prefix of a compressed message?",
                answers: &["1"],
                because: "0 is plain, 1 is compressed, and anything else is an error.",
                frame: 8,
                evidence: "01 00 00 00 1f",
                ..Question::PLAIN
            },
            Question {
                ask: "Which field of the request head names the compression of its own messages?",
                answers: &["grpc-encoding"],
                because: "grpc-accept-encoding, beside it, says what the client can read.",
                frame: 7,
                evidence: "grpc-encoding          gzip",
                beside: &["gzip"],
                slips: &[(
                    "grpc-accept-encoding",
                    "That says what the client can read; the other one says what it wrote.",
                )],
                ..Question::PLAIN
            },
            Question {
                ask: "How many bytes were left of the request message, without its five bytes of prefix?",
                answers: &["31"],
                because: "303 bytes of protobuf became 31 of gzip.",
                frame: 8,
                evidence: "compressed, 31 bytes follow",
                slips: &[("36", "That is with the prefix.")],
                ..Question::PLAIN
            },
        ],
        recording: kept!("08-compression"),
    },
    Lesson {
        title: "Not so fast",
        teaches: "flow control",
        text: "\
The server answers with a book. A window is how many bytes of DATA the other side
may still send you: one for the stream, one for the connection. The client leaves
both at 65,535, HTTP/2's default, which is small: a sender that has used up one of
them waits. `wright explain lesson:9 --lens flow` counts along.",
        questions: &[
            Question {
                ask: "After how many bytes of DATA does the server have to wait for the first time?",
                answers: &["65535"],
                because: "2^16 - 1 is the window that HTTP/2 begins with. 16,384 three times, and 16,383.",
                frame: 12,
                evidence: "9+16383 B",
                look: "Look for the row where both windows are 0, and add up what DATA took: wright explain lesson:9 --lens flow",
                slips: &[
                    ("65530", "That is the message alone; its five bytes of prefix count, too."),
                    ("65536", "That is the server's window, for what the client sends."),
                ],
                ..Question::PLAIN
            },
            Question {
                ask: "Which type of frame makes room?",
                answers: &["WINDOW_UPDATE", "windowupdate", "window"],
                because: "One for the stream, one for the connection: both windows were spent.",
                frame: 13,
                evidence: "WINDOW_UPDATE",
                ..Question::PLAIN
            },
            Question {
                ask: "How many bytes does a DATA frame carry at the most here, its own nine not counted?",
                answers: &["16384", "16 KiB"],
                because: "2^14 is what every receiver takes; SETTINGS may allow more.",
                frame: 9,
                evidence: "9+16384 B",
                slips: &[("16379", "That is the share of the message alone; its prefix is carried, too.")],
                ..Question::PLAIN
            },
        ],
        recording: kept!("09-flow-control"),
    },
    Lesson {
        title: "Going away",
        teaches: "GOAWAY, and how a server stops without losing a call",
        text: "\
The server is told to stop while a call is under way. It cannot know what the
client has just sent, so it says GOAWAY twice: first \"begin nothing new\", with a
number that no stream reaches; then, when a PING has come back and everything sent
before has arrived, with the true last stream. (A client says GOAWAY, too, when it
leaves; its number is about streams of the server's, of which there are none.)",
        questions: &[
            Question {
                ask: "Which stream does the first GOAWAY name as the last?",
                answers: &["2147483647", "7f ff ff ff"],
                because: "2^31 - 1, the highest there can be: nothing that is on its way is refused.",
                frame: 11,
                evidence: "no new streams after 2147483647",
                ..Question::PLAIN
            },
            Question {
                ask: "And the second GOAWAY?",
                answers: &["1", "s1"],
                because: "Stream 1 is served to its end; whatever comes above was never acted on.",
                frame: 14,
                evidence: "no new streams after 1: NO_ERROR",
                ..Question::PLAIN
            },
            Question {
                ask: "With which status did the call end that was under way?",
                answers: &["OK", "0", "success", "successfully"],
                because: "A server that goes away politely loses nothing.",
                frame: 18,
                evidence: "trailers: OK",
                beside: &["grpc-status"],
                ..Question::PLAIN
            },
        ],
        recording: kept!("10-goaway"),
    },
];
