//! A payout: one guard's money of one nightly run, on its way through Paystack's transfers (T14, T25, T41–T45).
//!
//! Deliberately absent: what Paystack was asked and said (that is the worker's), and the postings (the ledger builds
//! them). A payout never gives a second reference to a transfer whose end is not known: only [`Payout::reserve`] counts
//! attempts, and it takes nothing but a payout whose last attempt is over.

mod approval;
mod fee;
mod range;
mod settings;
mod status;
mod step;
mod stray;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use approval::{ApprovalRefused, TransferQuestion};
pub use fee::transfer_fee;
pub use range::{Covered, Credit, cover};
pub use settings::{Cadence, NIGHT_HOUR, Night, PayoutSettings, Rhythm};
pub use status::{PayoutRefused, PayoutState, Trouble};
pub use step::{Funds, RETRY_AFTER_MIN};
pub use stray::{Ended, Finding, TransferEnd, TransferShown};

use crate::id::{GuardId, PayoutId, TenantId};
use crate::ledger::{Transfer, TransferReference};
use crate::money::Money;

/// One payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Its id; it follows from the run and the guard, so that one run pays a guard once.
    pub id: PayoutId,
    /// Whose payout it is.
    pub tenant: TenantId,
    /// Who is paid.
    pub guard: GuardId,
    /// The run that planned it: the day in the tenant's time zone.
    pub run: Date,
    /// What is paid, before Paystack's fee, which the platform bears.
    pub amount: Money,
    /// Paystack's code of the account that is paid, as it was when the payout was planned.
    pub recipient: String,
    /// Where it stands.
    pub state: PayoutState,
    /// Transfers that were begun, each with a reference of its own; 0 before the first.
    pub attempt: u32,
    /// Attempts that have failed since it was planned, or since a person asked for another round.
    pub failures: u8,
    /// What keeps it, or has ended it.
    pub trouble: Option<Trouble>,
    /// The guard's entries that it pays, by their sequence: the first.
    pub from_seq: u64,
    /// The last one; below the first where it pays none in full.
    pub to_seq: u64,
    /// What it pays of the entry behind the last one, in minor units.
    pub part: i64,
    /// The place of the entry by which it came back after it had been paid.
    pub back_seq: Option<u64>,
    /// Since when the oldest of the money has been owed.
    pub since: Timestamp,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When somebody has to look at it; nothing once it is over, or where a person decides.
    pub due_at: Option<Timestamp>,
}

/// What a payout is planned of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Who is paid.
    pub guard: GuardId,
    /// Minor units.
    pub amount: i64,
    /// Paystack's code of the account.
    pub recipient: String,
    /// Since when the oldest of the money has been owed.
    pub since: Timestamp,
}

impl Payout {
    /// The id of the payout of a run and a guard. `started_at` is the run's.
    pub fn id_of(tenant: &TenantId, run: Date, started_at: Timestamp, guard: &GuardId) -> PayoutId {
        let digest = Sha256::digest(format!("{tenant}|{run}|{guard}").as_bytes());
        let mut tail = [0; 10];
        tail.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        PayoutId::new(started_at, tail)
    }

    /// The reference of the present attempt; nothing before the first.
    pub fn reference(&self) -> Option<TransferReference> {
        (self.attempt > 0).then(|| TransferReference::of(&self.id, self.attempt))
    }

    /// The transfer of an attempt, for the ledger.
    pub fn transfer(&self, attempt: u32) -> Transfer {
        let reference = TransferReference::of(&self.id, attempt);
        Transfer { reference, guard: self.guard.clone(), amount: self.amount }
    }

    /// The payout that settles the entry at a place, of the guard's payouts in any order (T24, X9). One that came back
    /// settles nothing; what pays the money anew settles in its stead.
    pub fn settling(payouts: &[Payout], seq: u64) -> Option<&Payout> {
        let covers = |payout: &&Payout, seq| (payout.from_seq..=payout.to_seq).contains(&seq);
        let paid = |payout: &&Payout| payout.state == PayoutState::Confirmed;
        let mut seq = seq;
        for _ in 0..=payouts.len() {
            if let Some(payout) = payouts.iter().find(|payout| paid(payout) && covers(payout, seq))
            {
                return Some(payout);
            }
            let came_back = payouts.iter().find(|p| p.back_seq.is_some() && covers(p, seq));
            seq = came_back?.back_seq?;
        }
        None
    }

    /// The payout and the attempt that a transfer's reference belongs to, when it is one of ours.
    pub fn of_reference(reference: &TransferReference) -> Option<(PayoutId, u32)> {
        let (id, attempt) = reference.as_str().rsplit_once('-')?;
        let (id, attempt) = (PayoutId::parse(id).ok()?, attempt.parse().ok()?);
        (TransferReference::of(&id, attempt) == *reference && attempt > 0).then_some((id, attempt))
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
