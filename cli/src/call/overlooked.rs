//! Flags of `call` that `list` and `describe` take and overlook, as grpcurl does.
//!
//! People go back to the line that they typed last and put a verb into it; the flags for messages stay where they are.
//!
//! Must not know: what the flags mean to a call.

use clap::Args;

use crate::output::remark;
use crate::style::{self, paint};

/// Flags for messages, where there are no messages.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Overlooked {
    #[arg(short, hide = true, allow_hyphen_values = true)]
    data: Option<String>,
    #[arg(long, hide = true)]
    format_error: bool,
    #[arg(long, hide = true)]
    emit_defaults: bool,
    #[arg(long, hide = true)]
    allow_unknown_fields: bool,
    #[arg(short, hide = true)]
    verbose: bool,
    #[arg(long = "vv", hide = true)]
    very_verbose: bool,
}

impl Overlooked {
    /// Says so where somebody may wonder what became of what they typed.
    pub(crate) fn tell(&self) {
        if self.data.is_some() {
            let text = "-d is for calls; `list` and `describe` send no message";
            remark(format_args!("{}: {text}", paint(style::PREFIX, "warning")));
        }
    }
}
