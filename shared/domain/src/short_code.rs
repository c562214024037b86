//! Codes that people type: short ones (V4, X26), of which each is drawn at random for one voucher, and static ones
//! (V5), which somebody has chosen.
//!
//! Neither is a secret: whoever redeems is signed in, and wrong tries are counted elsewhere. Deliberately absent: the
//! table, which alone knows what a code means.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};

/// Letters and digits that nobody takes for another one: no 0 and O, no 1, I and L.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
/// Symbols of a short code, the check symbol included.
const SYMBOLS: usize = 8;
/// The longest text that is looked at, in bytes: a code with what people put between its letters.
const TYPED_MAX_BYTES: usize = 64;
/// Symbols of a static code.
const STATIC_SYMBOLS: std::ops::RangeInclusive<usize> = 4..=20;

/// A short code: seven random symbols and one that checks them.
///
/// The weighted sum of the symbols' values (8 for the first, 1 for the last) is divisible by 31. As 31 is prime and the
/// weights differ, one wrong symbol is always found, and so are two that have changed places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ShortCode(String);

/// Why a typed text is no short code. It is known without the table, so it is not a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShortCodeRefused {
    /// Another length, or a symbol that no code has.
    #[error("a code has eight letters and digits, without 0, O, 1, I and L")]
    Malformed,
    /// The check symbol says that something was mistyped.
    #[error("one of the symbols is mistyped: compare them with the code")]
    WrongCheck,
}

impl Failure for ShortCodeRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            ShortCodeRefused::Malformed => "short_code_unreadable",
            ShortCodeRefused::WrongCheck => "short_code_mistyped",
        }
    }
}

impl ShortCode {
    /// The code of 16 random bytes: one of 31^7 = 27,512,614,111, each as likely as another.
    pub fn generate(random: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(random);
        let mut values = [0_usize; SYMBOLS];
        for value in &mut values[..SYMBOLS - 1] {
            *value = usize::try_from(rest % 31).unwrap_or(0);
            rest /= 31;
        }
        values[SYMBOLS - 1] = (31 - weighed(&values)) % 31;
        Self(values.iter().map(|value| char::from(ALPHABET[*value])).collect())
    }

    /// Reads a code as people type it: in any case, with spaces and dashes anywhere.
    ///
    /// # Errors
    /// [`ShortCodeRefused`].
    pub fn parse(text: &str) -> Result<Self, ShortCodeRefused> {
        if text.len() > TYPED_MAX_BYTES {
            return Err(ShortCodeRefused::Malformed);
        }
        let kept = text.chars().filter(|c| !is_between(*c)).map(|c| c.to_ascii_uppercase());
        let code: String = kept.collect();
        let values: Option<Vec<usize>> =
            code.bytes().map(|symbol| ALPHABET.iter().position(|known| *known == symbol)).collect();
        let values = values.and_then(|values| <[usize; SYMBOLS]>::try_from(values).ok());
        match weighed(&values.ok_or(ShortCodeRefused::Malformed)?) {
            0 => Ok(Self(code)),
            _ => Err(ShortCodeRefused::WrongCheck),
        }
    }

    /// The eight symbols.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The weighted sum modulo 31.
fn weighed(values: &[usize; SYMBOLS]) -> usize {
    values.iter().zip((1..=SYMBOLS).rev()).map(|(value, weight)| value * weight).sum::<usize>() % 31
}

/// What people put between groups of letters: white space and dashes of all lengths.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A code that somebody has chosen (V5), like `COFFEE10`: for voucher books and promotions, without a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct StaticCode(String);

/// Why a text cannot be a static code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaticCodeRefused {
    /// Another length, or another symbol.
    #[error(
        "a fixed code has 4 to 20 letters (A to Z), digits and dashes, and no dash at its ends"
    )]
    Malformed,
    /// It could be somebody's short code.
    #[error("this text could be a random short code: change or add a letter")]
    LooksShort,
}

impl Failure for StaticCodeRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            StaticCodeRefused::Malformed => "static_code_unreadable",
            StaticCodeRefused::LooksShort => "static_code_looks_short",
        }
    }
}

impl StaticCode {
    /// Reads a code in any case, with white space around it. Eight symbols of a short code are none, whether their
    /// check holds or not: so each typed text is one of the two at most, and a mistyped short code is never looked up.
    ///
    /// # Errors
    /// [`StaticCodeRefused`].
    pub fn parse(text: &str) -> Result<Self, StaticCodeRefused> {
        if text.len() > TYPED_MAX_BYTES {
            return Err(StaticCodeRefused::Malformed);
        }
        let code = text.trim().to_ascii_uppercase();
        let symbol = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = code.starts_with('-') || code.ends_with('-');
        if !STATIC_SYMBOLS.contains(&code.len()) || !code.bytes().all(symbol) || ends {
            return Err(StaticCodeRefused::Malformed);
        }
        if ShortCode::parse(&code) != Err(ShortCodeRefused::Malformed) {
            return Err(StaticCodeRefused::LooksShort);
        }
        Ok(Self(code))
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a text is as a stored value.
macro_rules! as_text {
    ($name:ident, $refused:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $refused;

            fn try_from(text: String) -> Result<Self, $refused> {
                Self::parse(&text)
            }
        }
    };
}

as_text!(ShortCode, ShortCodeRefused);
as_text!(StaticCode, StaticCodeRefused);

#[cfg(test)]
mod tests;
