//! Cuts bytes into chunks, as a network would: anyhow, but the same each time.
//!
//! In: bytes and a seed. Out: the chunks, in order, none of them empty.

/// The chunks that this seed makes of the bytes.
///
/// Half of the seeds cut small, where most boundaries are; the others cut
/// anywhere up to four thousand bytes.
pub(crate) fn chunks(mut bytes: &[u8], seed: u8) -> Vec<&[u8]> {
    let largest = if seed & 1 == 0 { 8 } else { 4096 };
    let mut state = u32::from(seed).wrapping_mul(2_654_435_761) | 1;
    let mut all = Vec::new();
    while !bytes.is_empty() {
        // Xorshift: chance enough, and it never gets stuck at zero.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let len = (state as usize % largest + 1).min(bytes.len());
        let (chunk, rest) = bytes.split_at(len);
        all.push(chunk);
        bytes = rest;
    }
    all
}
