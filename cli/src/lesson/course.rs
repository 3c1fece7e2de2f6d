//! The course: what each lesson says, shows and asks.
//!
//! Each question names the frame in which its answer stands, and a piece of what `wright explain` says of it; a test
//! looks that up, so that no lesson claims what its recording does not show.
//!
//! Must not know: who is taught.

/// One lesson.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) title: &'static str,
    /// What is learnt, in a few words for the list.
    pub(super) teaches: &'static str,
    /// What there is to know before one looks.
    pub(super) text: &'static str,
    pub(super) questions: &'static [Question],
    recording: &'static str,
}

/// A question that the recording answers.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) ask: &'static str,
    /// What is accepted, in lower case; the first is what is told.
    pub(super) answers: &'static [&'static str],
    pub(super) because: &'static str,
    /// The frame to look at; 0 for the preface, which is none.
    pub(super) frame: u32,
    /// What `wright explain` says there.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the course looks it up"))]
    evidence: &'static str,
}

impl Question {
    /// Whether an answer is right, however it is written.
    pub(super) fn accepts(&self, answer: &str) -> bool {
        let answer =
            answer.trim().trim_matches(['"', '\'', '`', '.', '#']).to_lowercase().replace([',', '_'], "");
        self.answers.iter().any(|right| right.replace(['_', ','], "") == answer)
    }
}

/// The recording that `lesson:N` stands for.
pub(crate) fn recording(file: &str) -> Option<&'static str> {
    let number: usize = file.strip_prefix("lesson:")?.parse().ok()?;
    Some(LESSONS.get(number.checked_sub(1)?)?.recording)
}

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
A client has asked lesson.School/Greet to greet the world. Below is all that crossed the
connection: first both sides introduce themselves (I, S, W on the row of the connection), then
the call has a stream of its own, s1: the client sends a head (H) and a message (D), and the dot
says that this was all. The server answers with a head, a message, and trailers that say how it
went.",
        questions: &[
            Question {
                ask: "Every HTTP/2 client begins with the same 24 bytes. What are the first three letters?",
                answers: &["pri"],
                because: "PRI is a method that no HTTP/1 server knows, so it cannot mistake HTTP/2 for itself.",
                frame: 1,
                evidence: "PRI * HTTP/2.0",
            },
            Question {
                ask: "How many bytes does the request message have, without its five bytes of prefix?",
                answers: &["7", "seven"],
                because: "The prefix says so: one byte for compression, four for the length.",
                frame: 8,
                evidence: "not compressed, 7 bytes follow",
            },
            Question {
                ask: "Which header field tells how the call went?",
                answers: &["grpc-status"],
                because: "HTTP's :status is 200 for calls that fail, too. 0 means OK.",
                frame: 11,
                evidence: "grpc-status            0   OK",
            },
        ],
        recording: kept!("01-unary"),
    },
    Lesson {
        title: "Saying it again costs less",
        teaches: "HPACK's tables",
        text: "\
Two calls like the one before, on one connection. Header fields are written with HPACK: both
ends remember what was said, in tables, and the second time a number stands for it. Compare the
heads of the two calls: frame #7 with #12, and #11 with #16.",
        questions: &[
            Question {
                ask: "The first request head has 97 bytes of fields. How many has the second, on stream 3?",
                answers: &["31"],
                because: "Only the path and the timeout are written out; the path is not remembered here.",
                frame: 12,
                evidence: "stream 3  9+31 B",
            },
            Question {
                ask: "In frame #12 the byte bf stands for a whole field. What is its name?",
                answers: &["user-agent"],
                because: "bf is 1011 1111: an index, 63. Row 63 was added when the first head was read.",
                frame: 12,
                evidence: "bf                          user-agent",
            },
            Question {
                ask: "How many bytes of fields have the trailers of the second call?",
                answers: &["1", "one"],
                because: "One byte, be, for `grpc-status: 0`: the call went well in a single byte.",
                frame: 16,
                evidence: "stream 3  9+1 B",
            },
        ],
        recording: kept!("02-hpack"),
    },
    Lesson {
        title: "Many messages",
        teaches: "server streaming, and what ends it",
        text: "\
The server counts, and takes its time. A stream of messages is nothing new on the wire: more
DATA frames on the same HTTP/2 stream, each message with its prefix. Messages and frames need
not have the same limits: one frame may hold many messages, and one message may take many
frames.",
        questions: &[
            Question {
                ask: "How many messages did the server send?",
                answers: &["4", "four"],
                because: "One, two, three, four: each came when it was there, not when the call was over.",
                frame: 13,
                evidence: "\"four\"",
            },
            Question {
                ask: "Which flag says that the server's half of the stream is over?",
                answers: &["end_stream"],
                because: "It stands on the trailers: END_STREAM on HEADERS, with no DATA after it.",
                frame: 14,
                evidence: "END_STREAM END_HEADERS  trailers: OK",
            },
        ],
        recording: kept!("03-streaming"),
    },
    Lesson {
        title: "A call that fails at once",
        teaches: "Trailers-Only",
        text: "\
The client asks for nobody, and the server has nothing to say but that. It need not send a head
first: one header block is head and trailers at once. The documents call it Trailers-Only.",
        questions: &[
            Question {
                ask: "What is HTTP's status of this call that failed?",
                answers: &["200"],
                because: "HTTP has delivered an answer, and that is all it says. Read grpc-status.",
                frame: 9,
                evidence: ":status                200",
            },
            Question {
                ask: "Which number has grpc-status?",
                answers: &["5"],
                because: "5 is NOT_FOUND. There are 17 codes, 0 to 16.",
                frame: 9,
                evidence: "grpc-status            5   NOT_FOUND",
            },
            Question {
                ask: "How many HEADERS frames did the server send for this call?",
                answers: &["1", "one"],
                because: "One, with END_STREAM: a second would have been trailers after a head.",
                frame: 9,
                evidence: "Trailers-Only",
            },
        ],
        recording: kept!("04-trailers-only"),
    },
    Lesson {
        title: "An error with details",
        teaches: "grpc-status-details-bin, and binary metadata",
        text: "\
A code and a sentence are for people; a program wants to know which field was wrong. So a status
may carry messages. Header fields are text, and messages are bytes: names that end in -bin say
that the value is bytes, written as text.",
        questions: &[
            Question {
                ask: "Which header field carries the details?",
                answers: &["grpc-status-details-bin"],
                because: "It holds a google.rpc.Status: code and message again, and any number of details.",
                frame: 9,
                evidence: "grpc-status-details-bin",
            },
            Question {
                ask: "How are values of -bin fields written? (It is named after a number.)",
                answers: &["base64", "base 64"],
                because: "Base64, with or without padding; receivers must take both.",
                frame: 9,
                evidence: "CAMSE3do",
            },
        ],
        recording: kept!("05-details"),
    },
    Lesson {
        title: "The time is up",
        teaches: "deadlines",
        text: "\
The client gives the server a little time, and the server sleeps. A deadline is an instant, but
clocks differ, so what travels is a length: the time that is left when the head leaves. When it
is over, both sides know it without a word; the client says that it does not listen any more.",
        questions: &[
            Question {
                ask: "Which field of the request head carries the time?",
                answers: &["grpc-timeout"],
                because: "At most eight digits and a unit.",
                frame: 7,
                evidence: "grpc-timeout",
            },
            Question {
                ask: "Its value ends with n. Which unit is that?",
                answers: &["nanoseconds", "nanosecond", "ns"],
                because: "H M S are hours, minutes, seconds; m u n are milli-, micro- and nanoseconds.",
                frame: 7,
                evidence: "nanoseconds from now",
            },
            Question {
                ask: "With which error code does the client reset the stream?",
                answers: &["cancel", "8", "cancel (8)"],
                because: "CANCEL. The caller gets DEADLINE_EXCEEDED, which was never on the wire.",
                frame: 9,
                evidence: "error code             CANCEL   8",
            },
        ],
        recording: kept!("06-deadline"),
    },
    Lesson {
        title: "Never mind",
        teaches: "cancellation",
        text: "\
Again the server sleeps, and this time the client has no deadline: it changes its mind. A call
can be given up by either side, at any time, without a reason.",
        questions: &[
            Question {
                ask: "Which type of frame gives up a stream?",
                answers: &["rst_stream", "rststream"],
                because: "It ends both halves at once; four bytes say why.",
                frame: 9,
                evidence: "RST_STREAM",
            },
            Question {
                ask: "Did the server say a grpc-status? (yes or no)",
                answers: &["no"],
                because: "Nobody would have read it. Both sides call it CANCELLED.",
                frame: 9,
                evidence: "(reset by the client: CANCEL)",
            },
        ],
        recording: kept!("07-cancellation"),
    },
    Lesson {
        title: "Smaller messages",
        teaches: "compression, message by message",
        text: "\
The client sends three hundred letters that are all alike. Compression in gRPC belongs to
messages, not to streams: each is compressed for itself, or not, and the first byte of its
prefix tells which.",
        questions: &[
            Question {
                ask: "What is the first byte of the prefix of a compressed message?",
                answers: &["1", "01", "0x01"],
                because: "0 is plain, 1 is compressed, and anything else is an error.",
                frame: 8,
                evidence: "01 00 00 00 1f",
            },
            Question {
                ask: "Which field of the head says how messages are compressed?",
                answers: &["grpc-encoding"],
                because: "grpc-accept-encoding, beside it, says what the sender could read.",
                frame: 7,
                evidence: "grpc-encoding          gzip",
            },
            Question {
                ask: "How many bytes were left of the request message?",
                answers: &["31"],
                because: "302 bytes of protobuf became 31 of gzip.",
                frame: 8,
                evidence: "compressed, 31 bytes follow",
            },
        ],
        recording: kept!("08-compression"),
    },
    Lesson {
        title: "Not so fast",
        teaches: "flow control",
        text: "\
The server answers with a book, and the client's windows are the smallest that are usual. A
sender may send no more than the receiver has made room for, on the stream and on the
connection: then it waits. `wright explain lesson:9 --lens flow` counts along.",
        questions: &[
            Question {
                ask: "After how many bytes of DATA does the server have to wait for the first time?",
                answers: &["65535"],
                because: "2^16 - 1 is the window that HTTP/2 begins with. 16,384 three times, and 16,383.",
                frame: 12,
                evidence: "9+16383 B",
            },
            Question {
                ask: "Which type of frame makes room?",
                answers: &["window_update", "windowupdate"],
                because: "One for the stream, one for the connection: both windows were spent.",
                frame: 13,
                evidence: "WINDOW_UPDATE",
            },
            Question {
                ask: "How many bytes of content does a DATA frame have at the most, here?",
                answers: &["16384"],
                because: "2^14 is what every receiver takes; SETTINGS may allow more.",
                frame: 9,
                evidence: "9+16384 B",
            },
        ],
        recording: kept!("09-flow-control"),
    },
    Lesson {
        title: "Going away",
        teaches: "GOAWAY, and how a server stops without losing a call",
        text: "\
The server is told to stop while a call is under way. It cannot know what the client has just
sent, so it says GOAWAY twice: first \"begin nothing new\", with a number that no stream
reaches, then, when a PING has come back and everything sent before has arrived, the true last
stream.",
        questions: &[
            Question {
                ask: "Which last stream does the first GOAWAY name?",
                answers: &["2147483647"],
                because: "2^31 - 1, the highest there can be: nothing that is on its way is refused.",
                frame: 11,
                evidence: "no new streams after 2147483647",
            },
            Question {
                ask: "And the second?",
                answers: &["1", "one"],
                because: "Stream 1 is served to its end; whatever comes above was never acted on.",
                frame: 14,
                evidence: "no new streams after 1: NO_ERROR",
            },
            Question {
                ask: "How did the call end that was under way?",
                answers: &["ok", "0"],
                because: "OK: a server that goes away politely loses nothing.",
                frame: 18,
                evidence: "trailers: OK",
            },
        ],
        recording: kept!("10-goaway"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::page::Page;

    #[test]
    fn every_answer_stands_in_its_recording() {
        for (nth, lesson) in LESSONS.iter().enumerate() {
            let mut page = Page::for_test();
            crate::explain::tell_file(&format!("lesson:{}", nth + 1), &mut page).unwrap();
            let told = page.text();
            for question in lesson.questions {
                assert!(told.contains(question.evidence), "lesson {}: {}\n{told}", nth + 1, question.ask);
                assert!(
                    told.contains(&format!("#{} ", question.frame)),
                    "lesson {}: {}",
                    nth + 1,
                    question.ask
                );
                for answer in question.answers {
                    assert!(question.accepts(answer), "{answer}");
                }
            }
        }
    }

    #[test]
    fn answers_may_be_written_as_people_write_them() {
        let question = &LESSONS[8].questions[0];
        assert!(question.accepts(" 65,535\n") && question.accepts("65535.") && !question.accepts("65536"));
        assert!(LESSONS[8].questions[1].accepts("WINDOW_UPDATE"));
    }
}
