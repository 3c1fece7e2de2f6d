//! What all verbs that read recordings have in common.
//!
//! ```text
//!   file, hex, stdin --> source --> lines --> a verb --> page --> standard output
//! ```

pub(crate) mod calls;
pub(crate) mod conns;
pub(crate) mod page;
pub(crate) mod recorded;
pub(crate) mod source;
pub(crate) mod speed;
pub(crate) mod unfold;
pub(crate) mod words;
