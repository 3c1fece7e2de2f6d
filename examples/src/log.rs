//! Log lines as Go's log package writes them: on standard error, with the time in front.
//!
//! In: what there is to say. Out: `2026/01/31 12:00:00 Greeting: Hello world`.

/// Writes one line to the log, with the time in front; takes what `format!` takes.
#[macro_export]
macro_rules! log {
    ($($words:tt)*) => {
        eprintln!("{} {}", $crate::Time::now().log(), format_args!($($words)*))
    };
}

/// Why a program ends early: what its `main` returns instead of a success.
///
/// Anything that can be shown becomes one with `?`, and ends up as the last line of the log, with exit code 1.
pub struct Fatal(String);

impl<E: std::fmt::Display> From<E> for Fatal {
    fn from(error: E) -> Fatal {
        Fatal(error.to_string())
    }
}

/// What the standard library prints when `main` returns an error.
impl std::fmt::Debug for Fatal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
