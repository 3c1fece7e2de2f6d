//! Teaches glibc's allocator that large messages come and go.
//!
//! In: nothing. Out: nothing. glibc gives the free end of its heap back to the system as soon as that is larger than twice
//! the largest block that was freed while it had pages of its own; with messages of one size, that is two messages. A
//! call has three of them in memory one after another: the bytes that came, what they mean, and the bytes that leave. So
//! each call of 1 MiB gave its memory back and had it faulted in anew, 500 pages, which was two thirds of what it cost.
//! A block that is larger than any usual message, never touched and freed at once, moves that limit up for good.
//!
//! With another allocator, or in another system's C library, this is one allocation that nobody notices.
//!
//! Source: mallopt(3), `M_MMAP_THRESHOLD`, on its dynamic adjustment. Must not know: messages.

use std::hint::black_box;
use std::sync::Once;

/// Does it, the first time.
pub(super) fn expect_large_messages() {
    static DONE: Once = Once::new();
    DONE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(BLOCK_BYTES))));
}

/// Twice the largest message that may arrive by default: the end of the heap is kept up to 16 MiB, in which three such
/// messages have room.
const BLOCK_BYTES: usize = 8 * 1024 * 1024;
