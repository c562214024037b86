//! A customer of a tenant's loyalty programmes: how a till calls them, and by which address staff finds them (L6).
//!
//! Deliberately absent: the address itself. Only its hash is kept, which is all that finding somebody needs; and
//! points, which belong to a programme.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::hex;
use crate::business::printable;
use crate::contact::Email;
use crate::customer::CustomerId;
use crate::failure::{Failure, InvalidFields, Kind};
use crate::id::{MemberKeyId, TenantId};

/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// A customer with points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whose customer.
    pub tenant: TenantId,
    /// What the tenant calls them.
    pub id: CustomerId,
    /// What a till calls them: 1 to 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// By which address staff finds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailHash>,
    /// When they joined.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// SHA-256 of a tenant's id and an e-mail address in lower case, in hexadecimal: enough to find who has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailHash(String);

/// The public key with which a customer's wallet signs codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberKey {
    /// Its id, which codes name.
    pub id: MemberKeyId,
    /// Whose customer.
    pub tenant: TenantId,
    /// Which one.
    pub customer: CustomerId,
    /// The uncompressed point on P-256 (SEC 1, 2.3.3), 65 bytes in hexadecimal.
    pub point: String,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

/// Why a customer is not shown, or does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefused {
    /// There is none of this id or address.
    #[error("there is no such customer; add the customer first")]
    Unknown,
    /// There is one of this id.
    #[error("there is a customer of this id already")]
    Exists,
    /// Another customer has this address.
    #[error("another customer has this e-mail address")]
    EmailTaken,
    /// Somebody else was faster.
    #[error("the customer was changed meanwhile, read it again")]
    Changed,
    /// Not a point of the curve.
    #[error("the key is no point of P-256: send 65 bytes, uncompressed, in base64url")]
    InvalidKey,
    /// A wallet on each of so many devices.
    #[error("this customer has enrolled as many devices as there may be; forget one first")]
    TooManyKeys,
}

impl Failure for MemberRefused {
    fn kind(&self) -> Kind {
        match self {
            MemberRefused::Unknown => Kind::Missing,
            MemberRefused::InvalidKey => Kind::Invalid,
            MemberRefused::Exists
            | MemberRefused::EmailTaken
            | MemberRefused::Changed
            | MemberRefused::TooManyKeys => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            MemberRefused::Unknown => "customer_unknown",
            MemberRefused::Exists => "customer_exists",
            MemberRefused::EmailTaken => "customer_email_taken",
            MemberRefused::Changed => "customer_changed",
            MemberRefused::InvalidKey => "customer_key_invalid",
            MemberRefused::TooManyKeys => "customer_keys_too_many",
        }
    }
}

impl EmailHash {
    /// The hash of an address, which is the same however its letters are written.
    pub fn of(tenant: &TenantId, email: &Email) -> Self {
        let text = format!("{tenant}#{}", email.as_str().to_lowercase());
        Self(hex(&Sha256::digest(text.as_bytes())))
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Member {
    /// Somebody who joins.
    pub fn join(tenant: TenantId, id: CustomerId, at: Timestamp) -> Self {
        Self { tenant, id, name: None, email: None, created_at: at, version: 1 }
    }

    /// The customer with another name and address.
    ///
    /// # Errors
    /// [`InvalidFields`] for a name that is none.
    pub fn described(
        self,
        name: Option<&str>,
        email: Option<&Email>,
    ) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let name = name.map(|name| printable("name", name, NAME_MAX_CHARS, &mut errors));
        if !errors.is_empty() {
            return Err(InvalidFields(errors));
        }
        let email = email.map(|email| EmailHash::of(&self.tenant, email));
        Ok(Self { name, email, version: self.version.saturating_add(1), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written_and_only_in_its_tenant() {
        let tenant = |byte| TenantId::new(Timestamp::UNIX_EPOCH, [byte; 10]);
        let hash = |byte, text| EmailHash::of(&tenant(byte), &Email::parse(text).unwrap());
        assert_eq!(hash(1, "Ada@Example.com"), hash(1, "ada@example.com"));
        assert_ne!(hash(1, "ada@example.com"), hash(2, "ada@example.com"));
        assert_ne!(hash(1, "ada@example.com"), hash(1, "bola@example.com"));
    }
}
