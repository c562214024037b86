//! A tenant's customer, as the tenant itself calls it: who holds vouchers and, later, points.
//!
//! Deliberately absent: names and addresses. An id that looks like a mail address is refused, so that none gets into
//! keys, logs and tokens by way of an id.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{InvalidId, symbols};

/// The longest id of a customer, in bytes.
const CUSTOMER_ID_MAX_BYTES: usize = 64;

/// The tenant's own id of a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CustomerId(String);

impl CustomerId {
    /// An id for a customer whom the tenant has given none, of the instant `at` and ten random bytes.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self(format!("cus-{}", symbols(at, random)))
    }

    /// Reads an id: 1 to 64 of `A-Z a-z 0-9 . _ -`, but for `.` and `..`, which in an address name folders.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let length = text.len();
        let folder = matches!(text, "." | "..");
        if (1..=CUSTOMER_ID_MAX_BYTES).contains(&length) && text.bytes().all(allowed) && !folder {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidId::of(
            "customer_id",
            "it has 1 to 64 letters, digits, dots, dashes and underscores, and is neither . nor ..",
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CustomerId> for String {
    fn from(id: CustomerId) -> String {
        id.0
    }
}

impl TryFrom<String> for CustomerId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_tenants_own_and_never_a_mail_address() {
        for good in ["c", "...", "CUST-0042", "a.b_c-d", &"9".repeat(64)] {
            assert_eq!(CustomerId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "ada@example.com", "a b", "a#b", "a/b", "ü", &"9".repeat(65)] {
            assert!(CustomerId::parse(bad).is_err(), "{bad:?}");
        }
        let made = CustomerId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        assert_eq!(CustomerId::parse(made.as_str()), Ok(made));
    }
}
