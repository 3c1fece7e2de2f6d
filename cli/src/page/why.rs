//! Why bytes are there: one sentence for each role, in plain words.
//!
//! In: what `inspect` calls them. Out: what the page says beside them. The sentences are for somebody who has never
//! read an RFC; the section that says it exactly stands beside each.
//!
//! Must not know: the page.

use wirewright::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use wirewright::inspect::{SpanKind, What};

use super::role::Family;

/// Why a frame is sent, as far as its header tells.
pub(super) fn frame(header: &FrameHeader) -> &'static str {
    match header.kind {
        FrameKind::Data if header.length == 0 && header.has(Flag::EndStream) => {
            "An empty DATA frame with END_STREAM: its sender had nothing more to say, and found out only after the \
             last message had left."
        }
        FrameKind::Data => {
            "DATA carries messages. Frames and messages know nothing of each other's boundaries: a frame may hold \
             many messages, or a small piece of one. Every byte here is paid for with window."
        }
        FrameKind::Headers => {
            "HEADERS carries a block of fields, compressed with HPACK: the head of a call, the head of its answer, or \
             the trailers."
        }
        FrameKind::Priority => {
            "PRIORITY is an opinion about how streams should share the connection. RFC 9113 gave it up; receivers \
             ignore it."
        }
        FrameKind::RstStream => {
            "RST_STREAM ends a stream at once, in both directions. In gRPC that is how a client cancels a call, and \
             how either side says that something went wrong with this call alone."
        }
        FrameKind::Settings if header.has(Flag::Ack) => {
            "An empty SETTINGS frame with ACK: the other side's settings have been read and now hold."
        }
        FrameKind::Settings => {
            "SETTINGS tells the other side how its sender wants to be spoken to: how large frames may be, how many \
             streams at once, how much data before permission is needed. Each side sends one as its first frame."
        }
        FrameKind::PushPromise => {
            "PUSH_PROMISE reserves a stream for an answer that nobody asked for. gRPC has no use for it."
        }
        FrameKind::Ping if header.has(Flag::Ack) => {
            "The answer to a PING: the same eight bytes. Whoever asked now knows that the connection is alive, and how \
             long the way there and back takes."
        }
        FrameKind::Ping => {
            "PING must be answered with the same eight bytes. It shows that a silent connection is alive (keepalive), \
             and some implementations measure with it how large their windows should be."
        }
        FrameKind::GoAway => {
            "GOAWAY says that its sender takes no new streams. Streams up to the number it names go on; later ones \
             were not acted on, so their calls can safely be made again elsewhere."
        }
        FrameKind::WindowUpdate => {
            "WINDOW_UPDATE gives the other side permission to send more bytes of DATA: on one stream, or, on stream \
             0, on the whole connection. Without it a sender stops when its window is used up."
        }
        FrameKind::Continuation => {
            "CONTINUATION goes on with a block of fields that did not fit one frame. Nothing else may come between, of \
             any stream, because HPACK's tables belong to the whole connection."
        }
        FrameKind::Unknown(_) => {
            "A type that HTTP/2 does not define. Receivers must ignore it, which is how the protocol leaves room for \
             extensions."
        }
    }
}

/// Why a block of fields is sent, and where gRPC says so.
pub(super) fn block(what: &What) -> Option<(&'static str, &'static str)> {
    Some(match what {
        What::RequestHead(_) => (
            "PROTOCOL-HTTP2 \"Requests\"",
            "A client begins a call. The path names the method, grpc-timeout how long the answer may take; what is not \
             gRPC's own is the application's metadata. Fields that were said before cost one byte: HPACK's tables \
             remember them.",
        ),
        What::ResponseHead(_) => (
            "PROTOCOL-HTTP2 \"Responses\"",
            "The server begins its answer. HTTP's status is 200 whatever comes of the call; how it ended stands in the \
             trailers.",
        ),
        What::InterimHead(_) => (
            "RFC 9110 15.2",
            "An interim head (status 1xx): the server has heard, and the real head is still to come.",
        ),
        What::Trailers(_) => (
            "PROTOCOL-HTTP2 \"Responses\"",
            "The server ends the call, after its messages: grpc-status says how it went, grpc-message why. It can say \
             so only now, because it had begun to answer before it knew.",
        ),
        What::TrailersOnly(_) => (
            "PROTOCOL-HTTP2 \"Responses\"",
            "Trailers-Only: the call failed before there was any message, so head and trailers travel in one frame. \
             HTTP's status is 200 all the same; grpc-status is what counts.",
        ),
        What::Promise { .. } => (
            "RFC 9113 6.6",
            "A pushed stream is promised. gRPC never does that, and a client of gRPC refuses it.",
        ),
        _ => return None,
    })
}

/// What a message is called that no frame shows by itself, and why that is; `is_there` if it could be had.
pub(super) fn whole(is_there: bool, is_compressed: bool) -> (&'static str, &'static str) {
    match (is_there, is_compressed) {
        (false, _) => (
            "message",
            "Its bytes crossed the wire, but what they say cannot be shown here. The frame's own bytes are above.",
        ),
        (true, true) => (
            "unfolded message",
            "These bytes never crossed the wire like this: the message was compressed, as grpc-encoding in its head \
             and the first byte of its prefix say. Here it is again as its sender wrote it.",
        ),
        (true, false) => (
            "whole message",
            "The message was longer than one frame, so its bytes lie in several. Here they stand together: fields \
             know nothing of frames.",
        ),
    }
}

/// Why these bytes stand where they do, and their colour.
pub(super) fn span(kind: SpanKind) -> (&'static str, Family) {
    match kind {
        SpanKind::FrameLength
        | SpanKind::FrameType
        | SpanKind::FrameFlags
        | SpanKind::StreamId
        | SpanKind::Preface => (frame_byte(kind), Family::Frame),
        SpanKind::HeaderFragment
        | SpanKind::FieldIndex
        | SpanKind::FieldForm
        | SpanKind::NameLength
        | SpanKind::Name
        | SpanKind::ValueLength
        | SpanKind::Value
        | SpanKind::TableSize => (hpack_byte(kind), Family::Fields),
        SpanKind::MessageFlag => (
            "0 if the message travels as it is, 1 if it is compressed with what grpc-encoding names.",
            Family::Prefix,
        ),
        SpanKind::MessageLength => (
            "How long the message is. Frames have lengths of their own, but they end where the transport likes.",
            Family::Prefix,
        ),
        SpanKind::Message => ("The message, as the application made it.", Family::Message),
        SpanKind::Data => ("Data in which no messages can be told apart.", Family::Message),
        SpanKind::FieldTag => (
            "The field's number in the .proto, times eight, plus how its value is written: 0 a varint, 1 eight bytes, \
             2 a length and that many bytes, 5 four bytes. Names do not travel.",
            Family::Message,
        ),
        SpanKind::FieldLength => ("How many bytes the value has.", Family::Message),
        SpanKind::FieldValue => (
            "The value. The wire does not say whether it is text, bytes or a message; what is shown is the likeliest.",
            Family::Message,
        ),
        SpanKind::PadLength => ("How many bytes of padding end the frame.", Family::Quiet),
        SpanKind::Padding => {
            ("Zeros that mean nothing: they hide the true length from whoever counts.", Family::Quiet)
        }
        SpanKind::Dependency | SpanKind::Weight => {
            ("Part of the old scheme of priorities, which nobody follows any more.", Family::Quiet)
        }
        SpanKind::UnknownContent => ("The content of a frame whose type nobody has defined.", Family::Quiet),
        SpanKind::Damaged => ("These bytes are not what their place asks for.", Family::Bad),
        other => (control_byte(other), Family::Control),
    }
}

fn frame_byte(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::FrameLength => "How many bytes follow this header of nine: three bytes, the highest first.",
        SpanKind::FrameType => {
            "What the frame is for. Ten types are defined, and all others are to be ignored."
        }
        SpanKind::FrameFlags => "Eight switches whose meaning depends on the type.",
        SpanKind::StreamId => {
            "Which stream the frame belongs to. A call is a stream; a client's have odd numbers, and 0 is the \
             connection itself."
        }
        _ => {
            "The 24 bytes with which every client begins. A server of HTTP/1 takes them for a request that it must \
             refuse, so nobody speaks HTTP/2 by mistake."
        }
    }
}

fn hpack_byte(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::FieldIndex => {
            "A whole field in one number: it stands for a row of the static table (1 to 61), or of what both ends \
             remember from earlier fields (from 62 on)."
        }
        SpanKind::FieldForm => {
            "The first byte of a field in letters: whether both ends shall remember it, and where its name comes from."
        }
        SpanKind::NameLength | SpanKind::ValueLength => {
            "How many bytes the letters take. The highest bit says that they are Huffman coded: common letters in five \
             bits, rare ones in up to thirty."
        }
        SpanKind::Name => "The field's name, in letters because no table has it yet.",
        SpanKind::Value => "The field's value, in letters.",
        SpanKind::TableSize => "The sender changes how much its table may remember.",
        _ => "Part of a block of fields; it can be read when all of the block has come.",
    }
}

fn control_byte(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::SettingId => "Which setting: two bytes.",
        SpanKind::SettingValue => "What it is set to: four bytes.",
        SpanKind::PingData => "Eight bytes that must come back unchanged.",
        SpanKind::LastStream => {
            "The last stream that the sender may have acted on; later calls can be made again."
        }
        SpanKind::ErrorCode => "Why, by one of HTTP/2's fourteen codes.",
        SpanKind::DebugData => "Free text for whoever reads logs; no program may depend on it.",
        SpanKind::WindowIncrement => "How many more bytes of DATA may be sent.",
        SpanKind::PromisedStream => "The stream that is reserved.",
        _ => "Bytes of a kind that this page does not know.",
    }
}

/// What a field of a header block is for, and where it is defined.
pub(super) fn field(name: &str) -> (&'static str, &'static str) {
    const REQUESTS: &str = "PROTOCOL-HTTP2 \"Requests\"";
    const RESPONSES: &str = "PROTOCOL-HTTP2 \"Responses\"";
    match name {
        ":method" => ("RFC 9113 8.3.1", "How HTTP is asked. gRPC always says POST."),
        ":scheme" => ("RFC 9113 8.3.1", "https if the client speaks TLS, http if not."),
        ":path" => (REQUESTS, "Which method is called: /package.Service/Method."),
        ":authority" => ("RFC 9113 8.3.1", "Which host is meant, as in the address of a web page."),
        ":status" => {
            ("RFC 9113 8.3.2", "HTTP's status, 200 even if the call fails: grpc-status says how it went.")
        }
        "te" => (
            REQUESTS,
            "Says that the client takes trailers. A proxy that drops them would lose the call's end.",
        ),
        "content-type" => (REQUESTS, "application/grpc, and perhaps how messages are written: +proto."),
        "user-agent" => (REQUESTS, "Which implementation speaks, and which version of it."),
        "grpc-timeout" => {
            (REQUESTS, "How long the answer may take, counted from here; at most eight digits and a unit.")
        }
        "grpc-encoding" => (REQUESTS, "With what messages are compressed whose flag says that they are."),
        "grpc-accept-encoding" => (REQUESTS, "Which compressions this side can undo."),
        "grpc-status" => (RESPONSES, "How the call ended, as a number: 0 is OK."),
        "grpc-message" => (RESPONSES, "Why, in words for a person; what is not ASCII is percent-encoded."),
        "grpc-status-details-bin" => {
            (RESPONSES, "The whole status as google.rpc.Status, with details, in base64.")
        }
        "grpc-previous-rpc-attempts" => ("", "How often this call has been tried before."),
        "authorization" => {
            ("RFC 9110 11.6.2", "Who calls; a secret, so it should never be put into a table.")
        }
        name if name.ends_with("-bin") => {
            (REQUESTS, "The application's metadata, in base64 because its name ends in -bin.")
        }
        _ => (REQUESTS, "The application's metadata, or a field that some proxy or library adds."),
    }
}

/// What a setting is for.
pub(super) fn setting(id: u16) -> &'static str {
    match id {
        0x1 => "How many bytes the other side's HPACK encoder may remember. 4096 unless this says otherwise.",
        0x2 => "Whether a server may push streams. Clients of gRPC say 0.",
        0x3 => "How many streams, and so calls, may be open at once. Further calls wait.",
        0x4 => {
            "How many bytes of DATA each new stream may carry before a WINDOW_UPDATE. 65535 unless this says otherwise."
        }
        0x5 => "How long a frame may be. 16384 unless this says otherwise.",
        0x6 => "How many bytes of fields a head may have, counted before compression.",
        0x8 => "Whether a client may use CONNECT for other protocols, such as WebSocket.",
        0x9 => "The sender does not follow the old scheme of priorities.",
        0xfe03 => "gRPC's own: metadata in -bin fields may travel as bytes, without base64.",
        _ => "A setting that the standard does not know; to be ignored.",
    }
}
