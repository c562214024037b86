//! Redemptions that a device takes along for the time when it is offline (X27). What is leased is taken from the
//! voucher's limit at once, so leases and redemptions together never exceed it.
//!
//! Deliberately absent: the limit itself, which the write decides.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{BatchId, BusinessId, DeviceId, LeaseId, TenantId, VoucherId};

/// Most redemptions of one lease.
pub const LEASE_MOST: u32 = 500;
/// Most leases that a device holds at once. One that is used up is held like any other until it goes back.
pub const LEASES_MAX: u32 = 50;
/// The longest lease, in seconds: a day.
pub const LEASE_MAX_S: u32 = 24 * 3_600;
/// The lease that nobody has said the length of, in seconds: half a day.
pub const LEASE_S: u32 = 12 * 3_600;
/// How long after its end a device may still bring what it has redeemed, in seconds: a day.
pub const LEASE_GRACE_S: i64 = 24 * 3_600;

words! {
    /// Whether a lease still holds.
    pub enum LeaseStatus {
        /// The device has what it has not used yet.
        Open = "open",
        /// What was not used has gone back.
        Returned = "returned",
    }
}

/// Redemptions that a device holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// Whose voucher it is of.
    pub tenant: TenantId,
    /// Who holds it.
    pub device: DeviceId,
    /// For which business.
    pub business: BusinessId,
    /// Of which voucher.
    pub voucher: VoucherId,
    /// Of which printing, where that has a limit of its own.
    pub batch: Option<BatchId>,
    /// From which counter of the limit it was taken, and to which it goes back.
    pub shard: u8,
    /// How many redemptions were taken.
    pub granted: u32,
    /// How many of them the device has brought.
    pub used: u32,
    /// Until when the device may redeem.
    pub expires_at: Timestamp,
    /// When what was not used goes back.
    pub returns_at: Timestamp,
    /// Whether it still holds.
    pub status: LeaseStatus,
    /// When it was taken.
    pub created_at: Timestamp,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// Why there is no lease, or not of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefused {
    /// There is none of this id for this device.
    #[error("this device has no such lease")]
    Unknown,
    /// Nothing is left to take.
    #[error("nothing of this voucher is left to take along")]
    NothingLeft,
    /// The device holds as many as it may.
    #[error("this device holds {LEASES_MAX} leases; give those back that it does not need")]
    TooMany,
    /// The device was revoked meanwhile.
    #[error("this device is not enrolled any more; enrol it again")]
    Revoked,
    /// Only a device can be offline.
    #[error("leases are for enrolled devices; enrol this device first")]
    DeviceNeeded,
    /// What was not used has gone back.
    #[error("this lease is over, and what it held has gone back")]
    Returned,
    /// Somebody else was faster.
    #[error("the lease was changed meanwhile, try again")]
    Changed,
}

impl Failure for LeaseRefused {
    fn kind(&self) -> Kind {
        match self {
            LeaseRefused::Unknown => Kind::Missing,
            LeaseRefused::DeviceNeeded => Kind::Forbidden,
            LeaseRefused::Revoked => Kind::Unauthenticated,
            LeaseRefused::NothingLeft
            | LeaseRefused::TooMany
            | LeaseRefused::Returned
            | LeaseRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            LeaseRefused::Unknown => "lease_unknown",
            LeaseRefused::NothingLeft => "lease_nothing_left",
            LeaseRefused::TooMany => "lease_too_many",
            LeaseRefused::Revoked => "device_not_enrolled",
            LeaseRefused::DeviceNeeded => "device_needed",
            LeaseRefused::Returned => "lease_returned",
            LeaseRefused::Changed => "lease_changed",
        }
    }
}

impl Lease {
    /// When a lease of this instant ends, and when what it holds goes back. It never outlives the voucher.
    pub fn ends(
        now: Timestamp,
        wanted_s: Option<u32>,
        voucher_ends: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let length = wanted_s.unwrap_or(LEASE_S).clamp(1, LEASE_MAX_S);
        let after = |from: Timestamp, seconds: i64| {
            from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
        };
        let expires_at = after(now, i64::from(length)).min(voucher_ends);
        (expires_at, after(expires_at, LEASE_GRACE_S))
    }

    /// How many redemptions are left in it.
    pub fn left(&self) -> u32 {
        match self.status {
            LeaseStatus::Open => self.granted.saturating_sub(self.used),
            LeaseStatus::Returned => 0,
        }
    }

    /// Whether the device was allowed to redeem with it at `at`.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.created_at <= at && at < self.expires_at
    }

    /// The lease with one more redemption brought.
    ///
    /// # Errors
    /// [`LeaseRefused`].
    pub fn spend(self) -> Result<Self, LeaseRefused> {
        match self.status {
            LeaseStatus::Returned => Err(LeaseRefused::Returned),
            LeaseStatus::Open if self.used >= self.granted => Err(LeaseRefused::NothingLeft),
            LeaseStatus::Open => {
                let used = self.used.saturating_add(1);
                Ok(Self { used, version: self.version.saturating_add(1), ..self })
            }
        }
    }

    /// The lease of a device that was revoked, which goes back with the next sweep; nothing where it does so anyway.
    ///
    /// Nobody waits for what the device has redeemed with it: the device can bring nothing any more, now or at the end
    /// of the lease. What was handed out that way is never counted, and a limit may be exceeded by that much, however
    /// long the lease is kept. Kept, it only does harm. Other tills go without what it holds, and the install that is
    /// enrolled anew is another device, whose queue is taken from the limit: with the lease still out there may be
    /// nothing left for it. Whoever is bringing something at this moment reads again and takes it from the limit too.
    pub fn recall(self, now: Timestamp) -> Option<Self> {
        let waits = self.status == LeaseStatus::Open && self.returns_at > now;
        let version = self.version.saturating_add(1);
        waits.then_some(Self { returns_at: now, version, ..self })
    }

    /// The lease given back, with how many redemptions return to the limit.
    ///
    /// # Errors
    /// [`LeaseRefused::Returned`].
    pub fn give_back(self) -> Result<(Self, u32), LeaseRefused> {
        let left = match self.status {
            LeaseStatus::Returned => return Err(LeaseRefused::Returned),
            LeaseStatus::Open => self.left(),
        };
        let version = self.version.saturating_add(1);
        Ok((Self { status: LeaseStatus::Returned, version, ..self }, left))
    }
}
