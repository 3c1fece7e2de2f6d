//! HPACK's Huffman code: short codes for the letters that names are made of.
//!
//! In come coded bytes and out come letters, or the other way round (RFC 7541
//! 5.2 "String Literal Representation", appendix B "Huffman Code").
//!
//! The code is canonical: within one length, codes count upwards with the
//! letters. So the table of the RFC, 257 rows, is fully told by naming the
//! letters of each length, and each row begins where the one before ends:
//!
//! ```text
//!   5 bits  00000 .. 01001    0 1 2 a c e i o s t
//!   6 bits  010100 .. 101101  space % - . / 3 4 5 6 7 8 9 = A _ b d f ...
//!   7 bits  1011100 ..        : B C D ...
//!  30 bits  1111..1100 ..     LF CR 0x16, and 30 ones: end of string
//! ```
//!
//! A decoder looks at the next 32 bits as a number: the first row whose end
//! lies above that number has the letter. A string ends in up to seven ones,
//! the beginning of the end-of-string code.
//!
//! This file must not know what the strings are for.

use super::damage::Damage;

/// Reads a Huffman-coded string.
///
/// # Errors
///
/// [`Damage::HuffmanEnd`] if the end-of-string code stands in it,
/// [`Damage::HuffmanPadding`] if it ends in eight or more bits of padding, or
/// in a zero.
pub fn decode(coded: &[u8]) -> Result<Vec<u8>, Damage> {
    // The shortest code has five bits.
    let mut letters = Vec::with_capacity(coded.len() * 8 / 5);
    let mut coming = coded.iter();
    // The next bits, the first of them highest; below them, ones, so that the
    // last bits of the string look like the padding that they should be.
    let mut window = u64::MAX;
    let mut held = 0;
    loop {
        while held <= 32 {
            let Some(&byte) = coming.next() else { break };
            window ^= u64::from(!byte) << (56 - held);
            held += 8;
        }
        // Lossless: the upper half.
        let next = (window >> 32) as u32;
        let Some((letter, bits)) = letter(next) else {
            // At least thirty ones, held or imagined.
            return match held {
                0..=7 => Ok(letters),
                8..30 => Err(Damage::HuffmanPadding),
                _ => Err(Damage::HuffmanEnd),
            };
        };
        if bits > held {
            return Err(Damage::HuffmanPadding);
        }
        letters.push(letter);
        window = !(!window << bits);
        held -= bits;
    }
}

/// Writes a string in Huffman code.
pub fn encode(letters: &[u8]) -> Vec<u8> {
    let mut coded = Vec::with_capacity(letters.len());
    let mut window = 0_u64;
    let mut held = 0;
    for letter in letters {
        let (code, bits) = CODES.get(usize::from(*letter)).copied().unwrap_or_default();
        // At most 7 bits are left over and a code has at most 30: they fit.
        window = (window << bits) | u64::from(code);
        held += bits;
        while held >= 8 {
            held -= 8;
            coded.push((window >> held) as u8);
        }
    }
    if held > 0 {
        // Ones fill the last byte.
        coded.push(((window << (8 - held)) as u8) | (0xff >> held));
    }
    coded
}

/// The letter whose code begins `next`, and how many bits the code has.
///
/// `None` for thirty ones, the end of string.
fn letter(next: u32) -> Option<(u8, u32)> {
    let mut start = 0_u32;
    for (bits, letters) in ROWS {
        let step = 32 - bits;
        let nth = ((next - start) >> step) as usize;
        if let Some(letter) = letters.get(nth) {
            return Some((*letter, bits));
        }
        // Lossless: a row has at most 32 letters. The sum stays below 2^32,
        // because the end-of-string code lies above the last row.
        start += (letters.len() as u32) << step;
    }
    None
}

/// Spreads [`ROWS`] to one code per letter, for the encoder.
#[expect(clippy::indexing_slicing, reason = "runs while compiling; a wrong index would not compile")]
const fn codes() -> [(u32, u32); 256] {
    let mut codes = [(0, 0); 256];
    let mut start = 0_u32;
    let mut row = 0;
    while row < ROWS.len() {
        let (bits, letters) = ROWS[row];
        let mut nth = 0;
        while nth < letters.len() {
            codes[letters[nth] as usize] = (start >> (32 - bits), bits);
            start += 1 << (32 - bits);
            nth += 1;
        }
        row += 1;
    }
    codes
}

/// Each letter's code and the number of its bits.
const CODES: [(u32, u32); 256] = codes();

/// RFC 7541 appendix B: the letters whose codes have this many bits, in the
/// order of their codes. Lengths without letters are left out.
const ROWS: [(u32, &[u8]); 21] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\0$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
    (19, b"\\\xc3\xd0"),
    (20, b"\x80\x82\x83\xa2\xb8\xc2\xe0\xe2"),
    (21, b"\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6"),
    (
        22,
        b"\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\
          \xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8\xe9",
    ),
    (
        23,
        b"\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\
          \x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef",
    ),
    (24, b"\t\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed"),
    (25, b"\xc7\xcf\xea\xeb"),
    (26, b"\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff"),
    (27, b"\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe"),
    (
        28,
        b"\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\
          \x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9",
    ),
    (30, b"\n\r\x16"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rfc_s_examples_read_and_write_alike() {
        // RFC 7541 C.4 and C.6.
        let cases: &[(&[u8], &[u8])] = &[
            (b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", b"www.example.com"),
            (b"\xa8\xeb\x10\x64\x9c\xbf", b"no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f", b"custom-key"),
            (b"\x64\x02", b"302"),
            (b"\xae\xc3\x77\x1a\x4b", b"private"),
            (
                b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff",
                b"Mon, 21 Oct 2013 20:13:21 GMT",
            ),
            (b"", b""),
        ];
        for (coded, letters) in cases {
            assert_eq!(decode(coded).as_deref(), Ok(*letters));
            assert_eq!(encode(letters), *coded);
        }
    }

    #[test]
    fn every_letter_has_one_code_and_the_code_is_complete() {
        let mut seen = [false; 256];
        // In units of the smallest code: all codes and the end of string
        // leave no bit pattern without a meaning.
        let mut used = 1_u32 << 2;
        for (bits, letters) in ROWS {
            for letter in letters {
                assert!(!seen[usize::from(*letter)], "{letter:#x} twice");
                seen[usize::from(*letter)] = true;
                used = used.wrapping_add(1 << (32 - bits));
            }
        }
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(used, 0, "2^32");
    }

    #[test]
    fn bad_endings_are_told_apart() {
        let cases: &[(&[u8], Damage)] = &[
            // "1" (00001) and three bits, which should be ones.
            (b"\x08", Damage::HuffmanPadding),
            // Eight ones end in nothing that seven would not.
            (b"\xff", Damage::HuffmanPadding),
            (b"\xff\xff\xff", Damage::HuffmanPadding),
            (b"\xff\xff\xff\xff", Damage::HuffmanEnd),
            (b"\xff\xff\xff\xfc", Damage::HuffmanEnd),
        ];
        for (coded, damage) in cases {
            assert_eq!(decode(coded), Err(*damage), "{coded:02x?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(letters: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&letters)), Ok(letters));
        }

        #[test]
        fn what_reads_writes_back(coded: Vec<u8>) {
            // There is one code per letter and one padding per length.
            if let Ok(letters) = decode(&coded) {
                prop_assert_eq!(encode(&letters), coded);
            }
        }
    }
}
