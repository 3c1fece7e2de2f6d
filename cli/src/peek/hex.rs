//! Hex in whatever form people have it: `0a05`, `0a 05`, `0x0a, 0x05`, `\x0a\x05`, over several lines.

use crate::failure::Failure;

/// Reads hex; anything between the digits that is no letter and no digit is passed over.
pub(super) fn read(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let hint = "write two digits for each byte: 0a 05 77";
    let text = String::from_utf8_lossy(text).replace("0x", " ").replace("\\x", " ");
    let mut bytes = Vec::new();
    for group in text.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty()) {
        if group.len() % 2 == 1 {
            return Err(Failure::cannot(format!("{group:?} has half a byte too many"), hint));
        }
        for pair in group.as_bytes().chunks(2) {
            let pair = String::from_utf8_lossy(pair);
            let byte = u8::from_str_radix(&pair, 16);
            bytes.push(byte.map_err(|_| Failure::cannot(format!("{pair:?} is not hex"), hint))?);
        }
    }
    Ok(bytes)
}

/// Writes hex, a space between bytes.
pub(super) fn write(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_in_every_common_form() {
        for text in ["0a05ff", "0a 05 ff", "0x0a, 0x05, 0xFF", "\\x0a\\x05\\xff", "0A\n05\n ff\n"] {
            assert_eq!(read(text.as_bytes()).unwrap(), [10, 5, 255], "{text}");
        }
        for text in ["0", "0a5", "zz"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(write(&[10, 5, 255]), "0a 05 ff");
    }
}
