//! Loyalty tokens: 32 random bytes that are good once, at one restaurant, for some minutes (L2, L8, L14 to L20).
//!
//! Deliberately absent: the token itself. Only its SHA-256 is kept, so whoever reads the table can show no code; and
//! everything about the customer, which the code does not carry (X28).

mod payload;
mod signed;

pub use payload::{Legacy, Payload};
pub use signed::{SignedCode, WINDOW_S};

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::hex;
use crate::base41;
use crate::customer::CustomerId;
use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{ProgrammeId, RestaurantId, RewardId, TenantId};
use crate::points::PurchaseReference;

/// How long a code for earning is good, in seconds (L15).
pub const EARN_S: i64 = 300;
/// How long a code for a reward is good, in seconds (L15).
pub const REWARD_S: i64 = 600;
/// After how many seconds a page shows a new code (L4).
pub const REFRESH_S: i64 = 240;
/// How long the record of a token is kept after its end, in seconds: whoever shows an old code is told that it is old.
pub const KEPT_S: i64 = 48 * 3_600;
/// The random bytes of a token (L14).
pub const TOKEN_BYTES: usize = 32;

/// A token before it is shown: its random bytes. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret([u8; TOKEN_BYTES]);

/// SHA-256 of a token, in hexadecimal: what is stored instead of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

words! {
    /// What a token is for (L19).
    pub enum TokenUse {
        /// Earning points.
        Earn = "earn",
        /// Spending them on a reward.
        Redemption = "redemption",
    }
}

/// What a token for a reward is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The reward.
    pub reward: RewardId,
    /// Its price when the token was issued, in points: so many are held.
    pub price: i64,
}

/// A token, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoyaltyToken {
    /// Which one.
    pub hash: TokenHash,
    /// Whose customer.
    pub tenant: TenantId,
    /// Where it is good.
    pub restaurant: RestaurantId,
    /// For points of which programme.
    pub programme: ProgrammeId,
    /// Who shows it.
    pub customer: CustomerId,
    /// The reward that it is for; nothing for one that earns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Claimed>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when on it is not good.
    pub expires_at: Timestamp,
    /// When and how it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
}

/// The use of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// When.
    pub at: Timestamp,
    /// By whom: the name of a key or a device.
    pub by: String,
    /// Which request it was, where the request could be told from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Retry>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What tells a request that is sent again from another one: hashes, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Of who asks and of their `Idempotency-Key`.
    pub key: String,
    /// Of what they ask for.
    pub body: String,
}

/// What came of a token's use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Points that were given; nothing where the customer was only identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded: Option<i64>,
    /// The purchase that they were given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<PurchaseReference>,
    /// What the customer can spend after it; nothing where nobody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
}

/// A token that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Now, for the first time.
    Fresh,
    /// It was used by this very request, which had lost its answer.
    Repeated(Used),
}

words! {
    /// What has become of a token (L13).
    pub enum TokenState {
        /// It can be used.
        Active = "active",
        /// It was used.
        Used = "used",
        /// It was not used in time, or another took its place.
        Expired = "expired",
    }
}

/// Why a token is not taken. The words are those of L29 to L32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// There is no such token, for this tenant.
    #[error("Invalid QR code")]
    Unknown,
    /// Its minutes are over, or another took its place.
    #[error("QR code has expired")]
    Expired,
    /// It was used.
    #[error("QR code already used")]
    Used,
    /// It is good at another restaurant.
    #[error("Invalid for this restaurant")]
    OtherRestaurant,
    /// The same key for another request.
    #[error("this Idempotency-Key was sent with another request; use a new one")]
    KeyReused,
    /// Points for a code that spends them.
    #[error("this code is for a reward; send it without award")]
    AwardForReward,
    /// No code could be made (L34).
    #[error("Failed to generate QR")]
    NotDrawn,
}

impl Failure for TokenRefused {
    fn kind(&self) -> Kind {
        match self {
            TokenRefused::Unknown => Kind::Missing,
            TokenRefused::Expired => Kind::Gone,
            TokenRefused::Used => Kind::Conflict,
            TokenRefused::OtherRestaurant => Kind::Forbidden,
            TokenRefused::KeyReused | TokenRefused::AwardForReward => Kind::Invalid,
            // Its words are for the customer.
            TokenRefused::NotDrawn => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TokenRefused::Unknown => "loyalty_token_unknown",
            TokenRefused::Expired => "loyalty_token_expired",
            TokenRefused::Used => "loyalty_token_used",
            TokenRefused::OtherRestaurant => "loyalty_token_other_restaurant",
            TokenRefused::KeyReused => "loyalty_key_reused",
            TokenRefused::AwardForReward => "loyalty_award_for_reward",
            TokenRefused::NotDrawn => "loyalty_token_not_drawn",
        }
    }
}

impl TokenSecret {
    /// The token of these random bytes.
    pub fn new(random: [u8; TOKEN_BYTES]) -> Self {
        Self(random)
    }

    /// The 48 characters that stand for it in an address.
    pub fn code(&self) -> String {
        base41::encode(&self.0)
    }

    /// What its QR code says (X30): with a host of up to 30 characters a version 7 code holds it at level H.
    pub fn url(&self, public_url: &str) -> String {
        let host = public_url.trim_end_matches('/').to_ascii_uppercase();
        format!("{host}/L/{}", self.code())
    }

    /// The 64 hexadecimal digits of L10.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The token that these 48 characters stand for, whatever their case.
    fn of_code(code: &str) -> Option<Self> {
        let bytes = base41::decode(&code.to_ascii_uppercase())?;
        bytes.try_into().ok().map(Self)
    }

    /// The token of 64 hexadecimal digits.
    fn of_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes().chunks_exact(2);
        if text.len() != 2 * TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes = digits.map(byte).collect::<Option<Vec<u8>>>()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret")
    }
}

impl TokenHash {
    /// The hash of a token's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LoyaltyToken {
    /// A new token, for a reward where one is claimed.
    pub fn issue(
        hash: TokenHash,
        (tenant, restaurant, programme): (TenantId, RestaurantId, ProgrammeId),
        customer: CustomerId,
        claimed: Option<Claimed>,
        now: Timestamp,
    ) -> Self {
        let life_s = if claimed.is_some() { REWARD_S } else { EARN_S };
        let expires_at = later(now, life_s);
        Self {
            hash,
            tenant,
            restaurant,
            programme,
            customer,
            claimed,
            issued_at: now,
            expires_at,
            used: None,
        }
    }

    /// What it is for.
    pub fn purpose(&self) -> TokenUse {
        if self.claimed.is_some() { TokenUse::Redemption } else { TokenUse::Earn }
    }

    /// What has become of it by now, as far as it knows itself.
    pub fn state(&self, now: Timestamp) -> TokenState {
        match self.used {
            Some(_) => TokenState::Used,
            None if self.expires_at <= now => TokenState::Expired,
            None => TokenState::Active,
        }
    }

    /// When the table may forget it.
    pub fn forgotten_at(&self) -> Timestamp {
        later(self.expires_at, KEPT_S)
    }

    /// Whether it may be used here and now, by this request. The order is that of L20: there, expired, used,
    /// restaurant. A request that is sent again after it has used the token gets its answer again, however late.
    ///
    /// # Errors
    /// [`TokenRefused`] says why not.
    pub fn admit(
        &self,
        (tenant, restaurant): (&TenantId, &RestaurantId),
        request: Option<&Retry>,
        now: Timestamp,
    ) -> Result<Admitted, TokenRefused> {
        if self.tenant != *tenant {
            return Err(TokenRefused::Unknown);
        }
        let by_this_key = |used: &&Used| {
            request.zip(used.request.as_ref()).is_some_and(|(this, that)| this.key == that.key)
        };
        if let Some(used) = self.used.as_ref().filter(by_this_key) {
            let same = used.request.as_ref() == request;
            return same.then(|| Admitted::Repeated(used.clone())).ok_or(TokenRefused::KeyReused);
        }
        if self.expires_at <= now {
            return Err(TokenRefused::Expired);
        }
        if self.used.is_some() {
            return Err(TokenRefused::Used);
        }
        if self.restaurant != *restaurant {
            return Err(TokenRefused::OtherRestaurant);
        }
        Ok(Admitted::Fresh)
    }
}

fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
