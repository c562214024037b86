//! Typed, prefixed, sortable ids: a record's id is a UUIDv7 (RFC 9562) written as `prefix_` and 26 symbols of
//! Crockford's base 32. The instant and the random bytes are passed in.
//!
//! Deliberately absent: secrets. A UUIDv7 tells when it was made, so no id of this file is proof of anything.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Kind};

/// Symbols of Crockford's base 32: no I, L, O, U.
pub(crate) const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in steps of 5.
const SYMBOLS: usize = 26;

/// A text that is not the id it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not valid: {rule}")]
pub struct InvalidId {
    what: &'static str,
    rule: &'static str,
}

impl InvalidId {
    /// What breaks which rule.
    pub(crate) fn of(what: &'static str, rule: &'static str) -> Self {
        Self { what, rule }
    }
}

impl Failure for InvalidId {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_id"
    }
}

/// Declares the id of one kind of record.
macro_rules! record_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// What each id of this kind begins with.
            pub const PREFIX: &'static str = concat!($prefix, "_");

            /// A new id of the instant `at` and ten random bytes.
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                Self(format!("{}{}", Self::PREFIX, symbols(at, random)))
            }

            /// Reads an id.
            ///
            /// # Errors
            /// [`InvalidId`] when prefix, length or alphabet differ.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let symbols = text.strip_prefix(Self::PREFIX).unwrap_or_default().as_bytes();
                if symbols.len() == SYMBOLS && symbols.iter().all(|s| ALPHABET.contains(s)) {
                    return Ok(Self(text.to_owned()));
                }
                let rule = concat!("it begins with ", $prefix, "_ and has 26 symbols after that");
                Err(InvalidId { what: stringify!($name), rule })
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id of these 16 bytes, those of a UUID.
            pub fn from_bytes(uuid: [u8; 16]) -> Self {
                Self(format!("{}{}", Self::PREFIX, spelled(u128::from_be_bytes(uuid))))
            }

            /// The UUID's 16 bytes; none for a text whose 26 symbols are more than 128 bits.
            pub fn to_bytes(&self) -> Option<[u8; 16]> {
                number(self.0.strip_prefix(Self::PREFIX)?).map(u128::to_be_bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }
    };
}

record_id!(
    /// A tenant: one organisation that uses the platform.
    TenantId,
    "tnt"
);
record_id!(
    /// An API key, not its secret.
    KeyId,
    "key"
);
record_id!(
    /// One reading of a code.
    ScanId,
    "scn"
);
record_id!(
    /// A guard who receives tips (T20).
    GuardId,
    "grd"
);
record_id!(
    /// One printed code of a guard (T21); not its token.
    GuardQrId,
    "gqr"
);
record_id!(
    /// One upload of a guard's photo.
    PhotoId,
    "pho"
);
record_id!(
    /// A tip (T22).
    TipId,
    "tip"
);
record_id!(
    /// A refund that we ask Paystack for.
    RefundId,
    "rfd"
);
record_id!(
    /// A payout to one guard (T25).
    PayoutId,
    "pay"
);
record_id!(
    /// An export of a table.
    ExportId,
    "exp"
);
record_id!(
    /// A voucher, of which there are many codes (V2).
    VoucherId,
    "vch"
);
record_id!(
    /// A customer's copy of a voucher (V34).
    ClaimId,
    "clm"
);
record_id!(
    /// One printing of a voucher's codes (V7).
    BatchId,
    "bat"
);
record_id!(
    /// A business that redeems vouchers.
    BusinessId,
    "biz"
);
record_id!(
    /// A device that a business has enrolled.
    DeviceId,
    "dev"
);
record_id!(
    /// Redemptions that a device holds for the time when it is offline (X27).
    LeaseId,
    "lse"
);
record_id!(
    /// One redemption of a voucher.
    RedemptionId,
    "red"
);
record_id!(
    /// A loyalty programme: what points are worth earning, and for how long.
    ProgrammeId,
    "prg"
);
record_id!(
    /// A restaurant that gives points of a programme.
    RestaurantId,
    "rst"
);
record_id!(
    /// What points are spent on.
    RewardId,
    "rwd"
);
record_id!(
    /// The public key with which a customer's wallet signs codes of its own.
    MemberKeyId,
    "mky"
);

impl ClaimId {
    /// The id that follows from who has claimed what: a customer has one copy of a voucher.
    pub fn derived(digest: [u8; 16]) -> Self {
        Self::from_bytes(uuid::Builder::from_custom_bytes(digest).into_uuid().into_bytes())
    }
}

impl RedemptionId {
    /// The id that follows from what is redeemed, so that the same thing has one redemption and no second: the first
    /// 16 bytes of a SHA-256 over it, as a UUIDv8 (RFC 9562).
    pub fn derived(digest: [u8; 16]) -> Self {
        Self::from_bytes(uuid::Builder::from_custom_bytes(digest).into_uuid().into_bytes())
    }
}

/// A property's id: the 24 hexadecimal digits of the ObjectId that it has in the property collection (P4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PropertyId(String);

impl PropertyId {
    /// How many digits an ObjectId has.
    pub const DIGITS: usize = 24;

    /// Reads an ObjectId; upper-case digits are taken and written in lower case.
    ///
    /// # Errors
    /// [`InvalidId`], also for the words that are routes (`list`, `generate`, `batch-generate`: X5).
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.len() == Self::DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(InvalidId { what: "property id", rule: "it has 24 hexadecimal digits" })
    }

    /// The 24 lower-case digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<PropertyId> for String {
    fn from(id: PropertyId) -> String {
        id.0
    }
}

impl TryFrom<String> for PropertyId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

/// The 26 symbols of a UUIDv7.
pub(crate) fn symbols(at: Timestamp, random: [u8; 10]) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    spelled(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128())
}

/// A UUID in 26 symbols.
fn spelled(uuid: u128) -> String {
    let symbol = |index: usize| {
        let shift = 5 * (SYMBOLS - 1 - index);
        char::from(ALPHABET[usize::try_from((uuid >> shift) & 31).unwrap_or(0)])
    };
    (0..SYMBOLS).map(symbol).collect()
}

/// The UUID that 26 symbols spell. They have room for 130 bits, and a UUID has 128.
fn number(symbols: &str) -> Option<u128> {
    symbols.bytes().try_fold(0_u128, |sum, symbol| {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        sum.checked_mul(32)?.checked_add(u128::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_instant_and_read_back() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let early = TenantId::new(at(1_700_000_000_000), [255; 10]);
        let late = TenantId::new(at(1_700_000_000_001), [0; 10]);
        assert!(early < late, "{early} {late}");
        assert_eq!(TenantId::parse(early.as_str()), Ok(early.clone()));
        assert!(KeyId::parse(early.as_str()).is_err(), "another kind's id is not taken");
    }

    #[test]
    fn an_id_is_sixteen_bytes_and_back() {
        let id = VoucherId::new(Timestamp::from_millisecond(1_700_000_000_000).unwrap(), [9; 10]);
        assert_eq!(VoucherId::from_bytes(id.to_bytes().unwrap()), id);
        let all = VoucherId::from_bytes([255; 16]);
        assert_eq!(all.as_str(), "vch_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(all.to_bytes(), Some([255; 16]));
        let beyond = VoucherId::parse("vch_80000000000000000000000000").unwrap();
        assert_eq!(beyond.to_bytes(), None, "that is 2^128");
    }

    #[test]
    fn a_property_id_is_24_hexadecimal_digits() {
        let check = |text: &str, expected: Option<&str>| {
            let parsed = PropertyId::parse(text).ok().map(|id| id.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text:?}");
        };
        check("67ec31596333aba221e84df8", Some("67ec31596333aba221e84df8"));
        check("67EC31596333ABA221E84DF8", Some("67ec31596333aba221e84df8"));
        for bad in [
            "",
            "list",
            "generate",
            "batch-generate",
            "67ec31596333aba221e84df",
            "67ec31596333aba221e84df8a",
        ] {
            check(bad, None);
        }
        check("67ec31596333aba221e84dg8", None);
        check("67ec31596333aba221e84d\u{e9}", None);
        check("../67ec31596333aba221e84d", None);
    }
}
