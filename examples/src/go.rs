//! Statuses as grpc-go writes them, so that log lines can be compared across languages.
//!
//! In: a [`Status`]. Out: `rpc error: code = NotFound desc = no such route`. What Wirewright itself prints is
//! `NOT_FOUND: no such route`, with the code's name as the specification has it.

use std::fmt;

use wirewright::{Code, Status};

/// The end of a failed call, in grpc-go's words.
pub fn error(status: &Status) -> impl fmt::Display + use<> {
    format!("rpc error: code = {} desc = {}", code(status.code()), status.message())
}

/// The name of a code in Go.
pub fn code(code: Code) -> impl fmt::Display {
    match code {
        Code::Ok => "OK".to_owned(),
        // Go spells it the American way.
        Code::Cancelled => "Canceled".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The code that a call ended with, OK included.
pub fn code_of<T>(end: &Result<T, Status>) -> impl fmt::Display + use<T> {
    code(end.as_ref().err().map_or(Code::Ok, Status::code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_as_in_go() {
        let status = Status::invalid_argument("no name");
        assert_eq!(error(&status).to_string(), "rpc error: code = InvalidArgument desc = no name");
        assert_eq!(code_of::<()>(&Ok(())).to_string(), "OK");
        assert_eq!(code_of::<()>(&Err(Status::cancelled(""))).to_string(), "Canceled");
    }
}
