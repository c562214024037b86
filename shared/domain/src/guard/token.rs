//! What a guard's printed code carries: a random id of 12 symbols (X11). It says nothing and can be taken back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};
use crate::id::ALPHABET;

/// Symbols of a token: 60 bits, so that nobody finds one by trying.
const SYMBOLS: usize = 12;

/// The random id in the path `/g/{token}` (T21): Crockford's base 32 in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct GuardToken(String);

/// A text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this code is not complete: it has 12 letters and digits")]
pub struct InvalidToken;

impl Failure for InvalidToken {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "guard_code_unreadable"
    }
}

impl GuardToken {
    /// A token of eight random bytes, of which 60 bits count.
    pub fn new(random: [u8; 8]) -> Self {
        let bits = u64::from_be_bytes(random);
        let symbol = |index: usize| {
            let value = (bits >> (5 * index)) & 31;
            char::from(ALPHABET[usize::try_from(value).unwrap_or(0)])
        };
        Self((0..SYMBOLS).map(symbol).collect())
    }

    /// Reads a token as people copy it from a card: in any case, O for 0, I and L for 1. The alphabet has none of
    /// these three, so that nothing is guessed.
    ///
    /// # Errors
    /// [`InvalidToken`].
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        if text.len() != SYMBOLS {
            return Err(InvalidToken);
        }
        let fold = |byte: u8| match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        let symbols: Vec<u8> = text.bytes().map(fold).collect();
        if !symbols.iter().all(|symbol| ALPHABET.contains(symbol)) {
            return Err(InvalidToken);
        }
        Ok(Self(symbols.into_iter().map(char::from).collect()))
    }

    /// The twelve symbols.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the code, and the short one under it. `base` has no slash at its end.
    pub fn url(&self, base: &str) -> String {
        format!("{base}/g/{self}")
    }
}

impl fmt::Display for GuardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<GuardToken> for String {
    fn from(token: GuardToken) -> String {
        token.0
    }
}

impl TryFrom<String> for GuardToken {
    type Error = InvalidToken;

    fn try_from(text: String) -> Result<Self, InvalidToken> {
        Self::parse(&text)
    }
}
