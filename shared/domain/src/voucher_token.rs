//! Voucher tokens: what is signed into a voucher's code, in both its forms, and the one verifier that decides about
//! it in functions, in the scanner and in tests.
//!
//! A token is a JWS with ES256 (V2, V6, V7), or, on print, the same claims in 91 bytes ([`compact`]). Its kind is
//! said by the header's `typ` and by nothing else (X46). Deliberately absent: the state of the voucher, its own
//! expiry and its limits (V3), which are in the table; private keys; and other algorithms.

pub mod compact;
mod json;
pub mod jwt;
mod keys;
mod named;
pub mod status;
mod verify;

use jiff::{SignedDuration, Timestamp};

use crate::base41;
use crate::failure::{Failure, Kind};
use crate::id::{TenantId, VoucherId};

pub use compact::CompactRefused;
pub use json::verify_json;
pub use keys::{KEYS_MAX, KeySet, KeySetRefused, PublicKey};
pub use named::voucher_named;
pub use status::{OpenJws, StatusBits, StatusList};
pub use verify::{EXPIRY_LEEWAY_S, ISSUE_LEEWAY_S, TEXT_MAX_BYTES, Verifier};

/// How long a standard token is good (V2).
pub const STANDARD_TTL: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How long a token for one person is good (V6).
pub const USER_TTL: SignedDuration = SignedDuration::from_secs(300);
/// How long a printed token is good unless its batch says otherwise (V7).
pub const PRINT_TTL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest `uid` and `btc`, in bytes.
pub const NAME_MAX_BYTES: usize = 64;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// A voucher's own code (V2).
    Standard,
    /// One person's claim of a voucher, for five minutes (V6).
    User,
    /// One printed code of a batch (V7).
    Print,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Standard, Self::User, Self::Print];

    /// The header's `typ`.
    pub fn typ(self) -> &'static str {
        match self {
            Self::Standard => "tessera-voucher+jwt",
            Self::User => "tessera-user+jwt",
            Self::Print => "tessera-print+jwt",
        }
    }

    /// The name in settings and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::User => "user",
            Self::Print => "print",
        }
    }

    /// The kind of this `typ`.
    fn of_typ(typ: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.typ() == typ)
    }
}

/// A token's place in the status list of its tenant: at most 24 bits, which is what a printed code has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenIndex(u32);

/// A tenant has issued as many tokens as its list has places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no more voucher codes can be issued: the status list has 16,777,216 places")]
pub struct StatusListFull;

impl Failure for StatusListFull {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "voucher_status_list_full"
    }
}

impl TokenIndex {
    /// The last place.
    pub const MAX: u32 = (1 << 24) - 1;

    /// The place of this number, from 0.
    ///
    /// # Errors
    /// [`StatusListFull`] beyond [`TokenIndex::MAX`].
    pub fn new(index: u32) -> Result<Self, StatusListFull> {
        (index <= Self::MAX).then_some(Self(index)).ok_or(StatusListFull)
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Where a token is good: the platform that issues it and the tenant whose voucher it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    issuer: String,
    tenant: TenantId,
}

impl Realm {
    /// The platform at this public address, and one tenant.
    pub fn new(public_url: &str, tenant: TenantId) -> Self {
        Self { issuer: public_url.trim_end_matches('/').to_owned(), tenant }
    }

    /// `iss`: the platform's public address, without a slash at its end.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `aud`: the tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The page that a code leads to (X47): what is in the QR code of a JWT.
    pub fn page_url(&self, token: &str) -> String {
        format!("{}/v/{token}", self.issuer)
    }

    /// The same for a compact token, in the letters that a QR code packs tightest.
    pub fn print_url(&self, compact: &str) -> String {
        format!("{}/V/{compact}", self.issuer.to_ascii_uppercase())
    }
}

/// What only one kind of token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A voucher's own code.
    Standard,
    /// One person's.
    User {
        /// `uid`: the customer. A compact token has no room for it; its `idx` finds the claim.
        customer: Option<String>,
    },
    /// A printed one.
    Print {
        /// `btc` and `lmt`. A compact token has no room for them; the voucher and `idx` find them.
        batch: Option<PrintBatch>,
    },
}

/// The batch of a printed code (V7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintBatch {
    /// `btc`, for example `BATCH2024`.
    pub code: String,
    /// `lmt`: how many redemptions the batch is good for.
    pub limit: u32,
}

/// What a token claims, besides the realm that it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What only its kind says.
    pub form: Form,
    /// `vid`.
    pub voucher: VoucherId,
    /// `idx`: its place in the status list.
    pub index: TokenIndex,
    /// `iat`, in whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, in whole seconds: the first instant at which the token is no longer good.
    pub expires_at: Timestamp,
}

impl Claims {
    /// Claims from `now` on, for `ttl`; both are cut to whole seconds, because a token says no more.
    pub fn new(
        form: Form,
        voucher: VoucherId,
        index: TokenIndex,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Self {
        let issued_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let ttl = SignedDuration::from_secs(ttl.as_secs());
        let expires_at = issued_at.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        Self { form, voucher, index, issued_at, expires_at }
    }

    /// The kind.
    pub fn kind(&self) -> TokenKind {
        match self.form {
            Form::Standard => TokenKind::Standard,
            Form::User { .. } => TokenKind::User,
            Form::Print { .. } => TokenKind::Print,
        }
    }
}

/// Why a token is not taken. What is refused before its signature was found good says nothing of its claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Its time is over.
    #[error("this code's time is over")]
    Expired(Box<Claims>),
    /// It was issued later than now.
    #[error("this code is not good yet: a clock may be wrong")]
    NotYetValid(Box<Claims>),
    /// It was taken back.
    #[error("this code was taken back")]
    Revoked(Box<Claims>),
    /// No key of ours is the one that it names.
    #[error("this code was signed with a key that is not known here")]
    UnknownKey,
    /// The signature is not of its text.
    #[error("this code was not made by us, or was changed")]
    BadSignature,
    /// It is another tenant's or another platform's.
    #[error("this code belongs to another organisation")]
    WrongAudience,
    /// It is for something else.
    #[error("this code is not for this use")]
    WrongKind,
    /// It is no token.
    #[error("this is not a voucher's code")]
    Malformed,
}

impl TokenRefused {
    /// The verdict's name, the same in every verifier.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "not_yet_valid",
            Self::Revoked(_) => "revoked",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongAudience => "wrong_audience",
            Self::WrongKind => "wrong_kind",
            Self::Malformed => "malformed",
        }
    }

    /// What it claims, when we have signed that for this realm: for the record of an attempt.
    pub fn claims(&self) -> Option<&Claims> {
        match self {
            Self::Expired(claims) | Self::NotYetValid(claims) | Self::Revoked(claims) => {
                Some(claims)
            }
            _ => None,
        }
    }
}

impl Failure for TokenRefused {
    fn kind(&self) -> Kind {
        match self {
            TokenRefused::Expired(_) | TokenRefused::Revoked(_) => Kind::Gone,
            TokenRefused::NotYetValid(_)
            | TokenRefused::UnknownKey
            | TokenRefused::BadSignature
            | TokenRefused::WrongAudience
            | TokenRefused::WrongKind
            | TokenRefused::Malformed => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TokenRefused::Expired(_) => "voucher_token_expired",
            TokenRefused::NotYetValid(_) => "voucher_token_not_yet_valid",
            TokenRefused::Revoked(_) => "voucher_token_revoked",
            TokenRefused::UnknownKey => "voucher_token_key_unknown",
            TokenRefused::BadSignature => "voucher_token_not_ours",
            TokenRefused::WrongAudience => "voucher_token_of_others",
            TokenRefused::WrongKind => "voucher_token_wrong_kind",
            TokenRefused::Malformed => "voucher_token_unreadable",
        }
    }
}

/// What is to be signed, and the token that it becomes. The key is not here.
#[derive(Clone, Debug)]
pub struct ToSign {
    message: Vec<u8>,
    shape: Shape,
}

/// What comes out of a signature.
#[derive(Clone, Debug)]
enum Shape {
    /// The message, a dot and the signature.
    Jwt,
    /// These bytes and the signature, in base 41.
    Compact([u8; compact::CLAIMS_BYTES]),
}

impl ToSign {
    /// The bytes whose SHA-256 is signed with ECDSA on P-256.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The token with its signature: r and s, 32 bytes each.
    pub fn signed(self, signature: &[u8; 64]) -> String {
        match self.shape {
            Shape::Jwt => jwt::join(&self.message, signature),
            Shape::Compact(claims) => base41::encode(&[claims.as_slice(), signature].concat()),
        }
    }
}

#[cfg(test)]
mod tests;
