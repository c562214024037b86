//! Points: a double-entry ledger beside that of money, one asset per programme (design of L36). What a customer has is
//! what we owe, and what we owe is negative.
//!
//! A transaction is a list of lines, and its postings follow from them: so they cannot but sum to zero.
//!
//! Deliberately absent: the programme, which is in the storage's keys, so that no transaction can span two; instants;
//! and storage.

mod purse;

pub use purse::{HOLDS_MAX, Hold, Lot, Movement, Purse, TakenBack};

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::customer::CustomerId;
use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{ProgrammeId, RestaurantId, RewardId};
use crate::loyalty_token::TokenHash;

/// The most points of anything.
pub const POINTS_MAX: i64 = 1_000_000_000;
/// The longest reference of a purchase, in bytes.
const PURCHASE_MAX_BYTES: usize = 64;

/// The accounts of a programme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointsAccount {
    /// `issued`: all that was given, less what was taken back.
    Issued,
    /// `redeemed`: what rewards have cost.
    Redeemed,
    /// `expired`: what nobody has spent in time.
    Expired,
    /// `customer:{id}`: what a customer has; above zero where a reversal has taken more than there was.
    Customer(CustomerId),
    /// `held:{id}`: what a customer's codes for rewards have set aside; never above zero.
    Held(CustomerId),
}

words! {
    /// What happened to points.
    pub enum LineKind {
        /// Given for a purchase or a visit.
        Earned = "earned",
        /// Taken back, because a purchase was reversed.
        TakenBack = "taken_back",
        /// Set aside for a reward's code.
        Held = "held",
        /// Set free again: the code was not used in time, or was given up.
        Released = "released",
        /// Spent on a reward.
        Redeemed = "redeemed",
        /// Not spent in time.
        Expired = "expired",
    }
}

/// A line of a transaction. Points are above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What happened.
    pub kind: LineKind,
    /// To how many points.
    pub points: i64,
    /// By which code, where one was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenHash>,
    /// For which reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<RewardId>,
}

/// What makes a transaction unique within its programme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PointsReference(String);

/// A till's own name of a purchase, unique within its restaurant: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PurchaseReference(String);

/// A change of one customer's points, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsTransaction {
    /// What makes it unique.
    pub reference: PointsReference,
    /// Whose points.
    pub customer: CustomerId,
    /// What happened, in order.
    pub lines: Vec<Line>,
}

/// Why points do not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsRefused {
    /// Fewer are free than are asked for.
    #[error("this needs {price} points, and {free} are free")]
    NotEnough {
        /// What is asked for.
        price: i64,
        /// What is there.
        free: i64,
    },
    /// Too many codes for rewards are alive.
    #[error("{HOLDS_MAX} codes for rewards are open; use one, or wait until one has expired")]
    TooManyHolds,
    /// The most of a day was earned.
    #[error("the customer has earned the most points of a day; there are more tomorrow")]
    DailyMax,
    /// Nothing is held for this code any more.
    #[error("the points of this code are not held any more")]
    NotHeld,
    /// Beyond what can be counted.
    #[error("this would be more points than can be counted")]
    TooMany,
    /// The purchase was counted.
    #[error("this purchase was counted already")]
    PurchaseCounted,
    /// There is no such purchase.
    #[error("there is no purchase of this reference")]
    PurchaseUnknown,
    /// The purchase's reference is none.
    #[error("a purchase's reference has 1 to 64 letters, digits, dots, dashes and underscores")]
    PurchaseInvalid,
}

impl Failure for PointsRefused {
    fn kind(&self) -> Kind {
        match self {
            PointsRefused::NotEnough { .. }
            | PointsRefused::TooManyHolds
            | PointsRefused::DailyMax
            | PointsRefused::NotHeld
            | PointsRefused::PurchaseCounted => Kind::Conflict,
            PointsRefused::TooMany | PointsRefused::PurchaseInvalid => Kind::Invalid,
            PointsRefused::PurchaseUnknown => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PointsRefused::NotEnough { .. } => "points_not_enough",
            PointsRefused::TooManyHolds => "points_holds_too_many",
            PointsRefused::DailyMax => "points_daily_max",
            PointsRefused::NotHeld => "points_not_held",
            PointsRefused::TooMany => "points_too_many",
            PointsRefused::PurchaseCounted => "purchase_counted",
            PointsRefused::PurchaseUnknown => "purchase_unknown",
            PointsRefused::PurchaseInvalid => "purchase_reference_invalid",
        }
    }
}

impl PointsReference {
    /// Points were given to whoever showed this code (X31: the code's own once-item).
    pub fn earned_by(token: &TokenHash) -> Self {
        Self(format!("pts:qt:{token}"))
    }

    /// Points were given for a purchase.
    pub fn purchase(restaurant: &RestaurantId, purchase: &PurchaseReference) -> Self {
        Self(format!("pts:{restaurant}:{}", purchase.0))
    }

    /// They were taken back.
    pub fn reversed(&self) -> Self {
        Self(format!("{}:reversed", self.0))
    }

    /// Points were set aside for a code.
    pub fn held_for(token: &TokenHash) -> Self {
        Self(format!("rw:{token}:held"))
    }

    /// They were spent.
    pub fn redeemed_by(token: &TokenHash) -> Self {
        Self(format!("rw:{token}"))
    }

    /// A code was given up, and what it held is free again.
    pub fn released_from(token: &TokenHash) -> Self {
        Self(format!("rw:{token}:released"))
    }

    /// What had run out was cleared away, when the purse had this version.
    pub fn tidied(programme: &ProgrammeId, customer: &CustomerId, version: u64) -> Self {
        Self(format!("tidy:{programme}:{customer}:{version}"))
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PointsReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PurchaseReference {
    /// Reads a reference.
    ///
    /// # Errors
    /// [`PointsRefused::PurchaseInvalid`].
    pub fn parse(text: &str) -> Result<Self, PointsRefused> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=PURCHASE_MAX_BYTES).contains(&text.len()) && text.bytes().all(fine) {
            return Ok(Self(text.to_owned()));
        }
        Err(PointsRefused::PurchaseInvalid)
    }

    /// The reference of a purchase that the till has no name for: the code's own.
    pub fn of_token(token: &TokenHash) -> Self {
        Self(token.as_str().to_owned())
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PurchaseReference> for String {
    fn from(reference: PurchaseReference) -> String {
        reference.0
    }
}

impl TryFrom<String> for PurchaseReference {
    type Error = PointsRefused;

    fn try_from(text: String) -> Result<Self, PointsRefused> {
        Self::parse(&text)
    }
}

impl fmt::Display for PointsAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointsAccount::Issued => f.write_str("issued"),
            PointsAccount::Redeemed => f.write_str("redeemed"),
            PointsAccount::Expired => f.write_str("expired"),
            PointsAccount::Customer(id) => write!(f, "customer:{id}"),
            PointsAccount::Held(id) => write!(f, "held:{id}"),
        }
    }
}

impl Line {
    /// Something that no code has to do with.
    pub fn plain(kind: LineKind, points: i64) -> Self {
        Self { kind, points, token: None, reward: None }
    }

    /// The account that loses and the one that gains, as amounts owed: (gets `+points`, gets `-points`).
    fn accounts(&self, customer: &CustomerId) -> (PointsAccount, PointsAccount) {
        let own = || PointsAccount::Customer(customer.clone());
        let held = || PointsAccount::Held(customer.clone());
        match self.kind {
            LineKind::Earned => (PointsAccount::Issued, own()),
            LineKind::TakenBack => (own(), PointsAccount::Issued),
            LineKind::Held => (own(), held()),
            LineKind::Released => (held(), own()),
            LineKind::Redeemed => (held(), PointsAccount::Redeemed),
            LineKind::Expired => (own(), PointsAccount::Expired),
        }
    }
}

impl PointsTransaction {
    /// What it adds to each account, signed; the sum is zero.
    pub fn postings(&self) -> BTreeMap<PointsAccount, i64> {
        let mut sums: BTreeMap<PointsAccount, i64> = BTreeMap::new();
        for line in &self.lines {
            let (up, down) = line.accounts(&self.customer);
            // At most a thousand million each: the sums have room.
            let more = sums.entry(up).or_default();
            *more = more.saturating_add(line.points);
            let less = sums.entry(down).or_default();
            *less = less.saturating_sub(line.points);
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    /// The points of one kind in it.
    pub fn points_of(&self, kind: LineKind) -> i64 {
        let mine = self.lines.iter().filter(|line| line.kind == kind);
        mine.fold(0, |sum, line| sum.saturating_add(line.points))
    }
}

#[cfg(test)]
mod tests;
