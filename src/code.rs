//! The seventeen status codes: how a gRPC call may end.
//!
//! In: a number from the `grpc-status` trailer. Out: a [`Code`], its name, its meaning, and whether this
//! library ever raises it by itself. Source: gRPC `doc/statuscodes.md`.
//!
//! Must not know: HTTP, HTTP/2, or how a code travels (that is `wire::trailers` and `wire::tables`).

use std::fmt;

/// One of gRPC's status codes.
///
/// The set is closed: a number outside 0..=16 reads as [`Code::Unknown`], as the specification demands, so a
/// newer peer can never make an older reader fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// The call ended well. No [`Status`](crate::Status) carries it: an error cannot be OK.
    Ok = 0,
    /// The call was cancelled, typically by the caller.
    Cancelled = 1,
    /// An error that no other code describes, or a code from a foreign error space.
    Unknown = 2,
    /// The caller sent an argument that is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the call could end. The work may have been done all the same.
    DeadlineExceeded = 4,
    /// A requested entity does not exist.
    NotFound = 5,
    /// An entity that the caller wanted to create exists already.
    AlreadyExists = 6,
    /// The caller is known and may not do this.
    PermissionDenied = 7,
    /// A quota, a limit or a resource is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the operation needs; retrying without a change will not help.
    FailedPrecondition = 9,
    /// The operation was aborted, typically by a concurrency conflict; retry at a higher level.
    Aborted = 10,
    /// The operation went past the valid range, such as reading past the end of a file.
    OutOfRange = 11,
    /// The method is not implemented, or not supported, by this server.
    Unimplemented = 12,
    /// An invariant of the underlying system is broken.
    Internal = 13,
    /// The service cannot be reached now; retrying with back-off may help.
    Unavailable = 14,
    /// Data is lost or corrupt beyond recovery.
    DataLoss = 15,
    /// The caller has no valid credentials.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in the order of its number.
    pub const ALL: [Code; 17] = [
        Code::Ok,
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The code with this number; [`Code::Unknown`] for a number that has no code.
    pub const fn from_u32(number: u32) -> Code {
        match number {
            0 => Code::Ok,
            1 => Code::Cancelled,
            3 => Code::InvalidArgument,
            4 => Code::DeadlineExceeded,
            5 => Code::NotFound,
            6 => Code::AlreadyExists,
            7 => Code::PermissionDenied,
            8 => Code::ResourceExhausted,
            9 => Code::FailedPrecondition,
            10 => Code::Aborted,
            11 => Code::OutOfRange,
            12 => Code::Unimplemented,
            13 => Code::Internal,
            14 => Code::Unavailable,
            15 => Code::DataLoss,
            16 => Code::Unauthenticated,
            _ => Code::Unknown,
        }
    }

    /// The number that travels in `grpc-status`.
    pub const fn as_u32(self) -> u32 {
        self as u32
    }

    /// The name in gRPC's documents, for example `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// Whether this library ever raises the code by itself.
    ///
    /// The others come from handlers and interceptors only (`statuscodes.md`, gRFC A54), so seeing one of
    /// them means that somebody's own code chose it.
    pub const fn raised_by_library(self) -> bool {
        !matches!(
            self,
            Code::InvalidArgument
                | Code::NotFound
                | Code::AlreadyExists
                | Code::FailedPrecondition
                | Code::Aborted
                | Code::OutOfRange
                | Code::DataLoss
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_map_both_ways() {
        for (number, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code.as_u32() as usize, number);
            assert_eq!(Code::from_u32(number as u32), code);
        }
    }

    #[test]
    fn a_number_without_a_code_is_unknown() {
        for number in [17, 18, 99, 9999, u32::MAX] {
            assert_eq!(Code::from_u32(number), Code::Unknown);
        }
    }

    #[test]
    fn names_are_those_of_the_documents() {
        assert_eq!(Code::Cancelled.to_string(), "CANCELLED");
        assert_eq!(Code::Unauthenticated.to_string(), "UNAUTHENTICATED");
        assert_eq!(format!("{:>5}", Code::Ok), "   OK");
    }

    #[test]
    fn seven_codes_belong_to_applications_alone() {
        let theirs = Code::ALL.into_iter().filter(|c| !c.raised_by_library());
        assert_eq!(theirs.count(), 7);
    }
}
