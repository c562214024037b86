//! Base 41: two bytes in three characters that a QR code's alphanumeric mode has and a URL's path takes as they are.
//! Base 45 (RFC 9285) also needs space and `%`, which a path does not take.
//!
//! One spelling for each sequence of bytes: upper case only, no value above that of its bytes, no odd rest.

/// In the order of their values.
const ALPHABET: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:";
/// What no character has.
const NONE: u8 = 0xff;
/// The value of each byte.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0_u8;
    while (value as usize) < ALPHABET.len() {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// The text of these bytes: the larger half first, the last of an odd number in two characters.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let value = pair.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        if pair.len() == 2 {
            text.push(char::from(ALPHABET[value / (41 * 41)]));
        }
        text.push(char::from(ALPHABET[value / 41 % 41]));
        text.push(char::from(ALPHABET[value % 41]));
    }
    text
}

/// The bytes of a text; none when it is not the text of any.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for group in text.as_bytes().chunks(3) {
        let value = group.iter().try_fold(0_u32, |sum, symbol| {
            let value = VALUES[usize::from(*symbol)];
            (value != NONE).then(|| sum * 41 + u32::from(value))
        })?;
        match group.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read_back() {
        let check = |bytes: &[u8], text: &str| {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        };
        check(&[], "");
        check(&[0], "00");
        check(&[255], "69");
        check(&[0, 0], "000");
        check(&[255, 255], "+:H");
    }

    #[test]
    fn every_pair_has_one_text() {
        let mut texts = std::collections::BTreeSet::new();
        for value in 0..=u16::MAX {
            let bytes = value.to_be_bytes();
            let text = encode(&bytes);
            assert_eq!(decode(&text).as_deref(), Some(bytes.as_slice()));
            texts.insert(text);
        }
        let symbol = |value: usize| char::from(ALPHABET[value % 41]);
        let all = (0..41 * 41 * 41).map(|value| {
            String::from_iter([symbol(value / (41 * 41)), symbol(value / 41), symbol(value)])
        });
        let taken = all.filter(|text| decode(text).is_some()).count();
        assert_eq!((texts.len(), taken), (65_536, 65_536), "as many texts are taken as are made");
    }

    #[test]
    fn what_is_not_written_so_is_not_read() {
        for text in ["0", "0000", ":::", "::", "00a", "0 0", "00%", "é0", "70\u{0}"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
