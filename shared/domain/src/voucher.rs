//! A voucher: what is given, by whom, when, and how often. Its states are one machine, those of a customer's copy
//! ([`crate::claim`]) another (X23).
//!
//! Deliberately absent: how many are left. Only a write knows that, and it is decided there ([`crate::redemption`]).

mod status;
mod terms;
mod words;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use status::{VoucherChange, VoucherRefused, VoucherState, VoucherStatus};
pub use terms::{Benefit, Design, Limits, VoucherTerms, VoucherText, VoucherWishes};

use crate::id::{BatchId, BusinessId, TenantId, VoucherId};
use crate::short_code::{ShortCode, StaticCode};
use crate::voucher_token::{Claims, Form, STANDARD_TTL, StatusListFull, TokenIndex};

/// Most printings of one voucher that have a limit of their own: each change of the voucher's state reaches them in
/// the same transaction.
pub const LIMITED_BATCHES_MAX: usize = 20;
/// How long the same token is shown as a voucher's own, in seconds: half as long as it is good, so that what somebody
/// fetches today is good for half a year at least.
const TOKEN_SHOWN_S: i64 = STANDARD_TTL.as_secs() / 2;

/// A voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// Its id.
    pub id: VoucherId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The business at which it is redeemed.
    pub business: BusinessId,
    /// What its owner says of it, and the rules of redeeming it.
    pub terms: VoucherTerms,
    /// What its owner has done with it.
    pub status: VoucherStatus,
    /// The place of its standard token in the tenant's status list.
    pub index: u32,
    /// Its own short code (X26).
    pub short: ShortCode,
    /// The fixed code of mass-printed books (V5), where it has one.
    pub fixed: Option<StaticCode>,
    /// The time zone of its days (IANA name), that of the tenant when it was made.
    pub zone: String,
    /// Its printings that have a limit of their own.
    pub limited: Vec<BatchId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

impl Voucher {
    /// What it is at this instant; `left` is what is left of its limit, where it has one.
    pub fn state(&self, now: Timestamp, left: Option<u32>) -> VoucherState {
        match self.status {
            VoucherStatus::Draft => VoucherState::Draft,
            VoucherStatus::Ended => VoucherState::Ended,
            VoucherStatus::Published | VoucherStatus::Paused if self.terms.expires_at <= now => {
                VoucherState::Expired
            }
            VoucherStatus::Published if left == Some(0) => VoucherState::Exhausted,
            VoucherStatus::Published => VoucherState::Published,
            VoucherStatus::Paused => VoucherState::Paused,
        }
    }

    /// The day of this instant where the voucher is redeemed, which its limit per day goes by.
    pub fn day(&self, now: Timestamp) -> Date {
        let zone = jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        now.to_zoned(zone).date()
    }

    /// Whether it may have counters: they are written when it is published for the first time.
    pub fn was_published(&self) -> bool {
        self.status != VoucherStatus::Draft
    }

    /// What its own code claims (V2). Its life has nothing to do with the voucher's (V3): every half year another token
    /// takes the place of the one before, which stays good.
    ///
    /// # Errors
    /// [`StatusListFull`] for a place that no list has.
    pub fn claims(&self, now: Timestamp) -> Result<Claims, StatusListFull> {
        let age_s = now.duration_since(self.created_at).as_secs().max(0);
        let since = SignedDuration::from_secs(age_s - age_s % TOKEN_SHOWN_S);
        let from = self.created_at.saturating_add(since).unwrap_or(now);
        let index = TokenIndex::new(self.index)?;
        Ok(Claims::new(Form::Standard, self.id.clone(), index, from, STANDARD_TTL))
    }

    /// When that day ends; nothing at the end of the calendar.
    pub fn day_ends(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let tomorrow = self.day(now).tomorrow().ok()?;
        tomorrow.to_zoned(zone).ok().map(|first| first.timestamp())
    }

    /// How often one customer may redeem it; nothing where nobody is asked who they are.
    pub fn per_customer(&self) -> Option<u32> {
        let once = self.terms.claim_required.then_some(1);
        self.terms.limits.per_customer.or(once)
    }

    /// Over how many counters its limit is spread.
    pub fn shards(&self) -> u8 {
        self.terms.limits.shards()
    }
}

/// The part of `whole` that shard `shard` of `shards` begins with; the parts add up to it.
pub fn share(whole: u32, shard: u8, shards: u8) -> u32 {
    let shards = u32::from(shards.max(1));
    whole / shards + u32::from(u32::from(shard) < whole % shards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        for whole in [0, 1, 7, 10, 16, 1_000_003] {
            for shards in [1_u8, 2, 3, 16] {
                let sum: u32 = (0..shards).map(|shard| share(whole, shard, shards)).sum();
                assert_eq!(sum, whole, "{whole} over {shards}");
            }
        }
    }
}
