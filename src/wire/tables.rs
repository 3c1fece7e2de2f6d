//! The codes of HTTP, put into the codes of gRPC.
//!
//! In: an HTTP status or the reason of an HTTP/2 reset. Out: a [`Code`]. Both
//! tables are for calls that end without a `grpc-status`, because something
//! that does not speak gRPC answered, or because the stream broke. Where there
//! is a `grpc-status`, it wins and nothing here is asked.
//!
//! Sources: grpc's doc/http-grpc-status-mapping.md; PROTOCOL-HTTP2 "Errors";
//! RFC 9113 section 7 for numbers and names. Must not know: deadlines. A reset
//! with CANCEL after the deadline is DEADLINE_EXCEEDED, and only the call knows.

use crate::Code;

/// The code for an HTTP status that came without a `grpc-status`.
///
/// Everything that the table does not name is `UNKNOWN`, 200 included: a
/// success that says nothing of gRPC is no success.
pub const fn code_from_http(status: u16) -> Code {
    match status {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// The code for the reason with which a peer reset the stream.
///
/// Three entries need a word. FLOW_CONTROL_ERROR is `INTERNAL` as in the table
/// of PROTOCOL-HTTP2; grpc-go says `RESOURCE_EXHAUSTED`, but no resource of the
/// caller ran out: one side miscounted. STREAM_CLOSED has no entry in the table
/// because no stream should be left to tell; if one is, our books are wrong,
/// which is `INTERNAL`. HTTP_1_1_REQUIRED is younger than the table and is
/// `INTERNAL` as in grpc-go. Numbers without a name are `UNKNOWN`.
pub const fn code_from_reason(reason: u32) -> Code {
    match reason {
        NO_ERROR | PROTOCOL_ERROR | INTERNAL_ERROR | FLOW_CONTROL_ERROR | SETTINGS_TIMEOUT
        | STREAM_CLOSED | FRAME_SIZE_ERROR | COMPRESSION_ERROR | CONNECT_ERROR | HTTP_1_1_REQUIRED => {
            Code::Internal
        }
        // Nothing was processed, so the call can be made again (gRFC A6).
        REFUSED_STREAM => Code::Unavailable,
        CANCEL => Code::Cancelled,
        // The exhausted resource is the peer's patience.
        ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        // The connection is not secure enough for this call.
        INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Unknown,
    }
}

/// The name that RFC 9113 gives a reason.
pub const fn reason_name(reason: u32) -> &'static str {
    match reason {
        NO_ERROR => "NO_ERROR",
        PROTOCOL_ERROR => "PROTOCOL_ERROR",
        INTERNAL_ERROR => "INTERNAL_ERROR",
        FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
        SETTINGS_TIMEOUT => "SETTINGS_TIMEOUT",
        STREAM_CLOSED => "STREAM_CLOSED",
        FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
        REFUSED_STREAM => "REFUSED_STREAM",
        CANCEL => "CANCEL",
        COMPRESSION_ERROR => "COMPRESSION_ERROR",
        CONNECT_ERROR => "CONNECT_ERROR",
        ENHANCE_YOUR_CALM => "ENHANCE_YOUR_CALM",
        INADEQUATE_SECURITY => "INADEQUATE_SECURITY",
        HTTP_1_1_REQUIRED => "HTTP_1_1_REQUIRED",
        _ => "an unknown reason",
    }
}

// The numbers of RFC 9113 section 7, in its order.
const NO_ERROR: u32 = 0x0;
const PROTOCOL_ERROR: u32 = 0x1;
const INTERNAL_ERROR: u32 = 0x2;
const FLOW_CONTROL_ERROR: u32 = 0x3;
const SETTINGS_TIMEOUT: u32 = 0x4;
const STREAM_CLOSED: u32 = 0x5;
const FRAME_SIZE_ERROR: u32 = 0x6;
const REFUSED_STREAM: u32 = 0x7;
const CANCEL: u32 = 0x8;
const COMPRESSION_ERROR: u32 = 0x9;
const CONNECT_ERROR: u32 = 0xa;
const ENHANCE_YOUR_CALM: u32 = 0xb;
const INADEQUATE_SECURITY: u32 = 0xc;
const HTTP_1_1_REQUIRED: u32 = 0xd;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_statuses_follow_the_mapping_document() {
        let table = [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ];
        for status in 0..=999 {
            let row = table.iter().find(|(known, _)| *known == status);
            let expected = row.map_or(Code::Unknown, |(_, code)| *code);
            assert_eq!(code_from_http(status), expected, "{status}");
        }
    }

    #[test]
    fn reset_reasons_follow_the_table_of_errors() {
        let table = [
            (0, "NO_ERROR", Code::Internal),
            (1, "PROTOCOL_ERROR", Code::Internal),
            (2, "INTERNAL_ERROR", Code::Internal),
            (3, "FLOW_CONTROL_ERROR", Code::Internal),
            (4, "SETTINGS_TIMEOUT", Code::Internal),
            (5, "STREAM_CLOSED", Code::Internal),
            (6, "FRAME_SIZE_ERROR", Code::Internal),
            (7, "REFUSED_STREAM", Code::Unavailable),
            (8, "CANCEL", Code::Cancelled),
            (9, "COMPRESSION_ERROR", Code::Internal),
            (10, "CONNECT_ERROR", Code::Internal),
            (11, "ENHANCE_YOUR_CALM", Code::ResourceExhausted),
            (12, "INADEQUATE_SECURITY", Code::PermissionDenied),
            (13, "HTTP_1_1_REQUIRED", Code::Internal),
            (14, "an unknown reason", Code::Unknown),
            (u32::MAX, "an unknown reason", Code::Unknown),
        ];
        for (reason, name, code) in table {
            assert_eq!(reason_name(reason), name);
            assert_eq!(code_from_reason(reason), code, "{name}");
        }
    }
}
