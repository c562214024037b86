//! Business references. Each transaction has one, unique for ever within its tenant: writing it only where it is absent
//! is what makes "exactly once" true.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};
use crate::id::{PayoutId, TipId};

/// The longest reference of a charge, in bytes. Ours have 30; others are read from Paystack's events.
const CHARGE_MAX_BYTES: usize = 100;
/// The shortest reference of a transfer, in bytes (paystack.com/docs/api/transfer).
const TRANSFER_MIN_BYTES: usize = 16;
/// The longest reference of a transfer, in bytes (paystack.com/docs/api/transfer).
const TRANSFER_MAX_BYTES: usize = 50;
/// What a charge's reference begins with where a tip's id begins with `tip_`: Paystack takes no underscore there.
const TIP_PREFIX: &str = "tip-";

/// A text that is not the reference it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reference is not valid: {rule}")]
pub struct InvalidReference {
    rule: &'static str,
}

impl Failure for InvalidReference {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_reference"
    }
}

/// Declares a reference that is a checked text.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// The reference as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(reference: $name) -> String {
                reference.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidReference;

            fn try_from(text: String) -> Result<Self, InvalidReference> {
                Self::parse(&text)
            }
        }
    };
}

/// The reference of a charge at Paystack: alphanumeric, `-`, `.` and `=` (Paystack's OpenAPI, transaction/initialize).
/// Ours is derived from the tip's id, so that a retry can never make a second one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PaystackReference(String);
checked_text!(PaystackReference);

impl PaystackReference {
    /// The reference of a tip.
    pub fn of(tip: &TipId) -> Self {
        let symbols = tip.as_str().strip_prefix(TipId::PREFIX).unwrap_or_default();
        Self(format!("{TIP_PREFIX}{symbols}"))
    }

    /// Reads a reference, also of a charge that is no tip.
    ///
    /// # Errors
    /// [`InvalidReference`] for another alphabet or length.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-.=".contains(&byte);
        if (1..=CHARGE_MAX_BYTES).contains(&text.len()) && text.bytes().all(fine) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidReference { rule: "it has 1 to 100 letters, digits, `-`, `.` or `=`" })
    }

    /// The tip that it belongs to, when it is one of ours. Upper case is not: Paystack keeps what we sent.
    pub fn tip(&self) -> Option<TipId> {
        let symbols = self.0.strip_prefix(TIP_PREFIX)?;
        TipId::parse(&format!("{}{symbols}", TipId::PREFIX)).ok()
    }
}

/// The reference of a transfer at Paystack: 16 to 50 lower-case letters, digits, `-` and `_`
/// (paystack.com/docs/api/transfer). One per attempt of a payout, always the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TransferReference(String);
checked_text!(TransferReference);

impl TransferReference {
    /// The reference of a payout's attempt, which counts from 1.
    pub fn of(payout: &PayoutId, attempt: u32) -> Self {
        Self(format!("{payout}-{attempt}"))
    }

    /// Reads a reference.
    ///
    /// # Errors
    /// [`InvalidReference`] for another alphabet or length.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let fine =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let length = TRANSFER_MIN_BYTES..=TRANSFER_MAX_BYTES;
        if length.contains(&text.len()) && text.bytes().all(fine) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidReference { rule: "it has 16 to 50 lower-case letters, digits, `-` or `_`" })
    }
}

/// The reference of a transaction in the ledger, for example `ps:charge:tip-01j…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Reference(String);
checked_text!(Reference);

impl Reference {
    /// A charge succeeded.
    pub fn charge(reference: &PaystackReference) -> Self {
        Self(format!("ps:charge:{reference}"))
    }

    /// An attempt of a payout starts; attempts count from 1.
    pub fn payout_start(payout: &PayoutId, attempt: u32) -> Self {
        Self(format!("po:{payout}:{attempt}:start"))
    }

    /// A transfer succeeded.
    pub fn transfer_success(reference: &TransferReference) -> Self {
        Self(format!("ps:transfer:{reference}:success"))
    }

    /// A transfer's money came back, before or after it had succeeded.
    pub fn transfer_returned(reference: &TransferReference) -> Self {
        Self(format!("ps:transfer:{reference}:returned"))
    }

    /// Paystack's settlement of this id.
    pub fn settlement(id: u64) -> Self {
        Self(format!("ps:settlement:{id}"))
    }

    /// A top-up: the id of its line in Paystack's balance ledger.
    pub fn topup(id: u64) -> Self {
        Self(format!("ps:topup:{id}"))
    }

    /// A transfer that was made past us: Paystack's id of it.
    pub fn foreign(id: u64) -> Self {
        Self(format!("ps:foreign:{id}"))
    }

    /// The money of a transfer that was made past us came back.
    pub fn foreign_returned(id: u64) -> Self {
        Self(format!("ps:foreign:{id}:returned"))
    }

    /// What was drawn from the balance for a patron: the id of its line in Paystack's balance ledger.
    pub fn drawn(id: u64) -> Self {
        Self(format!("ps:drawn:{id}"))
    }

    /// Paystack's refund of this id, as `GET /refund?transaction=` gives it.
    pub fn refund(id: u64) -> Self {
        Self(format!("ps:refund:{id}"))
    }

    /// Paystack's dispute of this id, once it is lost.
    pub fn dispute(id: u64) -> Self {
        Self(format!("ps:dispute:{id}"))
    }

    /// Reads a reference of one of the kinds above.
    ///
    /// # Errors
    /// [`InvalidReference`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let known = match text.split(':').collect::<Vec<_>>().as_slice() {
            ["ps", "charge", reference] => PaystackReference::parse(reference).is_ok(),
            ["po", payout, attempt, "start"] => PayoutId::parse(payout).is_ok() && count(attempt),
            ["ps", "transfer", reference, "success" | "returned"] => {
                TransferReference::parse(reference).is_ok()
            }
            ["ps", "foreign", id, "returned"] => count(id),
            ["ps", "settlement" | "topup" | "drawn" | "refund" | "dispute" | "foreign", id] => {
                count(id)
            }
            _ => false,
        };
        let rule = "it names no event of the ledger";
        if known { Ok(Self(text.to_owned())) } else { Err(InvalidReference { rule }) }
    }
}

/// A whole number as we write it: no sign, no leading zero, so that one event has one reference.
fn count(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}
