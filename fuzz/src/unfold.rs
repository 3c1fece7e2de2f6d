//! `unfold`: messages that are compressed, or say that they are.
//!
//! ```text
//!   algorithm | limit | the message ...
//! ```

use wirewright::{Compressor, DecompressError, Deflate, Gzip, Zstd};

/// Unfolds the input as a message, and as a message folds it and unfolds it again.
pub fn unfold(input: &[u8]) {
    let Some(([which, limit], message)) = input.split_first_chunk() else { return };
    let (gzip, deflate, zstd) = (Gzip::default(), Deflate::default(), Zstd::default());
    let all: [&dyn Compressor; 3] = [&gzip, &deflate, &zstd];
    let algorithm = all[usize::from(*which) % all.len()];
    limits_are_kept(algorithm, message, LIMITS[usize::from(*limit) % LIMITS.len()]);

    let folded = algorithm.compress(message).expect("any bytes can be compressed");
    let unfolded = algorithm.decompress(&folded, message.len()).expect("what was compressed can be read");
    assert_eq!(unfolded, message);
    if let Some(less) = message.len().checked_sub(1) {
        let limit = less;
        assert_eq!(algorithm.decompress(&folded, less), Err(DecompressError::TooLarge { limit }));
    }
    // Cut anywhere, it is no message.
    let cut = folded.len() * usize::from(*limit) / 256;
    assert!(algorithm.decompress(&folded[..cut], usize::MAX).is_err() || cut == 0, "cut at {cut}");
}

/// What is unfolded depends on the bytes alone; the limit only says whether it is handed over.
fn limits_are_kept(algorithm: &dyn Compressor, message: &[u8], limit: usize) {
    let mut told = None;
    let used = allocation_counter::measure(|| told = Some(algorithm.decompress(message, limit)));
    // A buffer that grows by doubling holds twice the limit, and the old one beside it while it moves.
    let most = 4 * limit + 8 * message.len() + STATE_BYTES;
    assert!(
        used.bytes_max <= most as u64,
        "{} bytes for {} and a limit of {limit}",
        used.bytes_max,
        message.len()
    );
    match told.expect("measured") {
        Ok(out) => {
            assert!(out.len() <= limit);
            assert_eq!(
                algorithm.decompress(message, limit + 1),
                Ok(out.clone()),
                "a higher limit changes it"
            );
            if let Some(less) = out.len().checked_sub(1) {
                let refused = Err(DecompressError::TooLarge { limit: less });
                assert_eq!(algorithm.decompress(message, less), refused);
            }
        }
        Err(DecompressError::TooLarge { limit: told }) => {
            assert_eq!(told, limit);
            let lower = Err(DecompressError::TooLarge { limit: limit / 2 });
            assert_eq!(
                algorithm.decompress(message, limit / 2),
                lower,
                "what is too much is too much for less"
            );
        }
        Err(_) => {}
    }
}

/// Nothing, little, and more than most inputs unfold to.
const LIMITS: [usize; 5] = [0, 1, 100, 10_000, 1_000_000];

/// What an algorithm needs however short the message: the window of deflate is 32 KiB, its tables as much again.
const STATE_BYTES: usize = 256 * 1024;
