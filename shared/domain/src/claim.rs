//! A customer's copy of a voucher: claimed, redeemed, expired, removed (V34, X23).
//!
//! Deliberately absent: the voucher's own states, which are another machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::customer::CustomerId;
use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{ClaimId, TenantId, VoucherId};
use crate::voucher::{Benefit, Voucher};

/// Most vouchers in one customer's wallet.
pub const WALLET_MAX: u32 = 200;

words! {
    /// What a claim is at an instant.
    pub enum ClaimState {
        /// It can be redeemed.
        Claimed = "claimed",
        /// It was, as often as it may be.
        Redeemed = "redeemed",
        /// Its time is over.
        Expired = "expired",
        /// The customer has taken it out of the wallet.
        Removed = "removed",
    }
}

/// A customer's copy of a voucher. It is also kept for customers who never claimed but whose redemptions are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Whose voucher it is.
    pub tenant: TenantId,
    /// Who has it.
    pub customer: CustomerId,
    /// Of which voucher.
    pub voucher: VoucherId,
    /// When it was claimed; nothing where redemptions are counted without a claim.
    pub claimed_at: Option<Timestamp>,
    /// When it was taken out of the wallet.
    pub removed_at: Option<Timestamp>,
    /// From when on it is not redeemed any more: the voucher's end when it was claimed.
    pub expires_at: Timestamp,
    /// Its place in the wallet, growing.
    pub position: u32,
    /// Its place in the tenant's status list, which the customer's own codes carry.
    pub index: u32,
    /// How often it was redeemed.
    pub used: u32,
    /// How often it may be; nothing without a limit.
    pub most: Option<u32>,
    /// What is left of a gift, in minor units.
    pub left: Option<i64>,
    /// When it was redeemed last.
    pub redeemed_at: Option<Timestamp>,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// Why a voucher is not claimed, or not removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefused {
    /// There is none of this id.
    #[error("there is no such voucher")]
    UnknownVoucher,
    /// It is not to be had now.
    #[error("this voucher cannot be claimed at the moment")]
    NotPublished,
    /// Its time is over.
    #[error("this voucher has expired")]
    Expired,
    /// The customer has it.
    #[error("this voucher is in the wallet already")]
    AlreadyClaimed,
    /// The customer has redeemed it as often as it may be.
    #[error("this voucher was redeemed already")]
    AlreadyRedeemed,
    /// As many as there were have been redeemed, by others.
    #[error("as many of this voucher as there were have been redeemed")]
    UsedUp,
    /// The customer does not have it.
    #[error("this voucher is not in the wallet")]
    NotClaimed,
    /// The wallet is full.
    #[error("a wallet holds at most {WALLET_MAX} vouchers; remove one first")]
    WalletFull,
    /// Somebody else was faster.
    #[error("the wallet was changed meanwhile, try again")]
    Changed,
}

impl Failure for ClaimRefused {
    fn kind(&self) -> Kind {
        match self {
            ClaimRefused::UnknownVoucher | ClaimRefused::NotClaimed => Kind::Missing,
            ClaimRefused::Expired => Kind::Gone,
            ClaimRefused::NotPublished
            | ClaimRefused::AlreadyClaimed
            | ClaimRefused::AlreadyRedeemed
            | ClaimRefused::UsedUp
            | ClaimRefused::WalletFull
            | ClaimRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ClaimRefused::UnknownVoucher => "voucher_unknown",
            ClaimRefused::NotPublished => "voucher_not_published",
            ClaimRefused::Expired => "voucher_expired",
            ClaimRefused::AlreadyClaimed => "voucher_already_claimed",
            ClaimRefused::AlreadyRedeemed => "voucher_already_redeemed",
            ClaimRefused::UsedUp => "voucher_used_up",
            ClaimRefused::NotClaimed => "voucher_not_claimed",
            ClaimRefused::WalletFull => "wallet_full",
            ClaimRefused::Changed => "wallet_changed",
        }
    }
}

impl Claim {
    /// A record for a customer who has not claimed: only redemptions are counted.
    pub fn counting(voucher: &Voucher, customer: &CustomerId) -> Self {
        let left = match voucher.terms.benefit {
            Benefit::GiftBalance { minor, .. } => Some(minor),
            Benefit::Percentage { .. } | Benefit::Amount { .. } | Benefit::FreeItem { .. } => None,
        };
        Self {
            tenant: voucher.tenant.clone(),
            customer: customer.clone(),
            voucher: voucher.id.clone(),
            claimed_at: None,
            removed_at: None,
            expires_at: voucher.terms.expires_at,
            position: 0,
            index: 0,
            used: 0,
            most: voucher.per_customer(),
            left,
            redeemed_at: None,
            version: 0,
        }
    }

    /// Claims the voucher for the customer whose record was found, at `position` of the wallet and with the place
    /// `index` in the status list. What was redeemed before stays counted.
    ///
    /// # Errors
    /// [`ClaimRefused`].
    pub fn made(
        voucher: &Voucher,
        (customer, found): (&CustomerId, Option<Claim>),
        (position, index): (u32, u32),
        now: Timestamp,
    ) -> Result<Self, ClaimRefused> {
        let record = Self::claimable(voucher, (customer, found), now)?;
        Ok(Self {
            claimed_at: Some(now),
            removed_at: None,
            expires_at: voucher.terms.expires_at,
            position,
            index,
            // A claim is redeemed once unless its voucher says more.
            most: record.most.or(Some(1)),
            version: record.version.saturating_add(1),
            ..record
        })
    }

    /// The customer's record, if the voucher can be claimed: what is asked before a place is taken for it.
    ///
    /// # Errors
    /// [`ClaimRefused`].
    pub fn claimable(
        voucher: &Voucher,
        (customer, found): (&CustomerId, Option<Claim>),
        now: Timestamp,
    ) -> Result<Self, ClaimRefused> {
        use crate::voucher::VoucherState::{Draft, Ended, Exhausted, Expired, Paused, Published};
        match voucher.state(now, None) {
            Published => {}
            Expired => return Err(ClaimRefused::Expired),
            Draft => return Err(ClaimRefused::UnknownVoucher),
            Paused | Ended | Exhausted => return Err(ClaimRefused::NotPublished),
        }
        let record = found.unwrap_or_else(|| Self::counting(voucher, customer));
        match record.state(now) {
            Some(ClaimState::Redeemed) => Err(ClaimRefused::AlreadyRedeemed),
            Some(ClaimState::Claimed | ClaimState::Expired) => Err(ClaimRefused::AlreadyClaimed),
            None if record.is_used_up() => Err(ClaimRefused::AlreadyRedeemed),
            Some(ClaimState::Removed) | None => Ok(record),
        }
    }

    /// Its id, which follows from who has what.
    pub fn id(&self) -> ClaimId {
        let parts = [self.tenant.as_str(), self.customer.as_str(), self.voucher.as_str()];
        let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
        let mut first = [0_u8; 16];
        first.copy_from_slice(&digest[..16]);
        ClaimId::derived(first)
    }

    /// Takes it out of the wallet. What was redeemed stays counted.
    ///
    /// # Errors
    /// [`ClaimRefused::NotClaimed`].
    pub fn remove(self, now: Timestamp) -> Result<Self, ClaimRefused> {
        match self.state(now) {
            None | Some(ClaimState::Removed) => Err(ClaimRefused::NotClaimed),
            Some(ClaimState::Claimed | ClaimState::Redeemed | ClaimState::Expired) => {
                let version = self.version.saturating_add(1);
                Ok(Self { removed_at: Some(now), version, ..self })
            }
        }
    }

    /// What it is; nothing where it was never claimed.
    pub fn state(&self, now: Timestamp) -> Option<ClaimState> {
        self.claimed_at?;
        Some(match () {
            () if self.removed_at.is_some() => ClaimState::Removed,
            () if self.is_used_up() => ClaimState::Redeemed,
            () if self.expires_at <= now => ClaimState::Expired,
            () => ClaimState::Claimed,
        })
    }

    /// Whether nothing of it is left.
    pub fn is_used_up(&self) -> bool {
        match self.left {
            Some(left) => left <= 0,
            None => self.most.is_some_and(|most| self.used >= most),
        }
    }
}
