//! Text becomes words.
//!
//! ```text
//!   # to the end of the line        nothing
//!   12:   12:LEN                    a tag, with its wire type or without
//!   { } !{                          brackets
//!   "text"  `00ff`                  bytes
//!   150  -3z  0x3i32  1.5  true     numbers
//! ```
//!
//! Must not know: which words may follow which.

/// One word, and the line that it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) line: usize,
    pub(super) kind: WordKind,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WordKind {
    /// A field's number and its wire type, if it is said.
    Tag(u32, Option<u8>),
    /// `{`
    Open,
    /// `!{`
    OpenGroup,
    /// `}`
    Close,
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// A number, encoded, and the wire type that it wants.
    Number(Vec<u8>, u8),
}

/// Text that cannot be read: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct ParseError {
    pub(super) line: usize,
    pub(super) problem: String,
}

impl ParseError {
    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        "write fields as 1: 150, 2: {\"text\"}, 3: {`00ff`}, 4: { 1: 5 } or 5: !{ 1: 5 }"
    }
}

/// Cuts text into words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, ParseError> {
    let mut words = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let failed = |problem: String| ParseError { line, problem };
        let length = match first {
            '\n' => {
                line += 1;
                1
            }
            first if first.is_whitespace() || first == ',' => first.len_utf8(),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            _ => {
                let (kind, length) = word(rest).map_err(failed)?;
                words.push(Word { line, kind });
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(words)
}

/// The first word of a text, and how long it is.
fn word(text: &str) -> Result<(WordKind, usize), String> {
    if text.starts_with("!{") {
        return Ok((WordKind::OpenGroup, 2));
    }
    match text.chars().next() {
        Some('{') => return Ok((WordKind::Open, 1)),
        Some('}') => return Ok((WordKind::Close, 1)),
        Some('"') => return string(text),
        Some('`') => {
            let hex =
                text.get(1..).and_then(|rest| rest.split_once('`')).ok_or("a backquote is not closed")?.0;
            let bytes = super::hex::read(hex.as_bytes()).map_err(|failure| failure.to_string())?;
            return Ok((WordKind::Bytes(bytes), hex.len() + 2));
        }
        _ => {}
    }
    let end = text.find(|c: char| c.is_whitespace() || "{}\"`#,".contains(c)).unwrap_or(text.len());
    let whole = text.get(..end).unwrap_or_default();
    let Some((number, wire_type)) = whole.split_once(':') else {
        return Ok((number_word(whole)?, whole.len()));
    };
    let number: u32 = number.parse().map_err(|_| format!("{number:?} is no field number"))?;
    if !(1..1 << 29).contains(&number) {
        return Err(format!("{number} is no field number: they go from 1 to 536870911"));
    }
    let known = WIRE_TYPES.iter().find(|(name, _)| *name == wire_type);
    match (known, wire_type) {
        (None, "") => Ok((WordKind::Tag(number, None), whole.len())),
        (Some((_, wire_type)), _) => Ok((WordKind::Tag(number, Some(*wire_type)), whole.len())),
        // `1:5` without a space.
        (None, _) => Ok((WordKind::Tag(number, None), whole.len() - wire_type.len())),
    }
}

/// A text in quotes; `\x` and two digits are a byte, which need not be UTF-8.
fn string(text: &str) -> Result<(WordKind, usize), String> {
    let mut bytes = Vec::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((WordKind::Bytes(bytes), at + 1)),
            '\n' => break,
            '\\' => match letters.next().map(|(_, letter)| letter) {
                Some('n') => bytes.push(b'\n'),
                Some('r') => bytes.push(b'\r'),
                Some('t') => bytes.push(b'\t'),
                Some('0') => bytes.push(0),
                Some(letter @ ('"' | '\\' | '\'')) => bytes.push(letter as u8),
                Some('x') => {
                    let digits: String = letters.by_ref().take(2).map(|(_, letter)| letter).collect();
                    bytes.push(
                        u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte"))?,
                    );
                }
                other => return Err(format!("\\{} means nothing", other.unwrap_or(' '))),
            },
            letter => bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("a quote is not closed".to_owned())
}

fn number_word(word: &str) -> Result<WordKind, String> {
    let fixed = |bytes: &[u8], wire_type| Ok(WordKind::Number(bytes.to_vec(), wire_type));
    let nonsense = || format!("{word:?} is no number");
    let (digits, suffix) = match word {
        "true" => ("1", ""),
        "false" => ("0", ""),
        _ => ["i32", "i64", "z"]
            .iter()
            .find_map(|suffix| Some((word.strip_suffix(suffix)?, *suffix)))
            .unwrap_or((word, "")),
    };
    let is_float = !digits.contains("0x") && digits.contains(['.', 'e']);
    if is_float && suffix == "i32" {
        return fixed(&digits.parse::<f32>().map_err(|_| nonsense())?.to_le_bytes(), I32);
    }
    if is_float {
        return fixed(&digits.parse::<f64>().map_err(|_| nonsense())?.to_le_bytes(), I64);
    }
    let number = integer(digits).ok_or_else(nonsense)?;
    let too_large = |_| format!("{word} does not fit");
    match suffix {
        "i32" => {
            let bits = match i32::try_from(number) {
                Ok(signed) => signed.cast_unsigned(),
                Err(_) => u32::try_from(number).map_err(too_large)?,
            };
            fixed(&bits.to_le_bytes(), I32)
        }
        "i64" => fixed(&bits(number).map_err(too_large)?.to_le_bytes(), I64),
        "z" => {
            let number = i64::try_from(number).map_err(too_large)?;
            Ok(varint(((number << 1) ^ (number >> 63)).cast_unsigned()))
        }
        _ => Ok(varint(bits(number).map_err(too_large)?)),
    }
}

/// Wide enough for every number with a sign and every number without.
fn integer(digits: &str) -> Option<i128> {
    let (sign, digits) = digits.strip_prefix('-').map_or((1, digits), |digits| (-1, digits));
    let number: u64 = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(sign * i128::from(number))
}

/// Sixty-four bits, with a sign or without.
fn bits(number: i128) -> Result<u64, std::num::TryFromIntError> {
    match i64::try_from(number) {
        Ok(signed) => Ok(signed.cast_unsigned()),
        Err(_) => u64::try_from(number),
    }
}

fn varint(number: u64) -> WordKind {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(number, &mut bytes);
    WordKind::Number(bytes, VARINT)
}

/// Protobuf "Encoding": the wire types.
pub(super) const VARINT: u8 = 0;
pub(super) const I64: u8 = 1;
pub(super) const LEN: u8 = 2;
pub(super) const SGROUP: u8 = 3;
pub(super) const EGROUP: u8 = 4;
pub(super) const I32: u8 = 5;

const WIRE_TYPES: [(&str, u8); 6] =
    [("VARINT", VARINT), ("I64", I64), ("LEN", LEN), ("SGROUP", SGROUP), ("EGROUP", EGROUP), ("I32", I32)];
