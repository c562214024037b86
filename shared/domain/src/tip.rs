//! A tip (T22): from the patron's wish to money in the ledger, and back again. Transitions consume the tip; whatever
//! the table of [`TipStatus`] does not have is refused.
//!
//! What arrived from Paystack is kept as facts (payment, returns, disputes) and the status is derived from them, so
//! that events in any order, and any number of times, end with the same tip.
//!
//! Deliberately absent: `settled` (derived from the payout that covers the tip, X9), the visitor's IP address (X38),
//! and card data, which never reaches us (T49).

mod amount;
mod erasure;
mod local;
mod patron;
mod poll;
mod quote;
mod refund;
mod settings;
mod status;
mod verdict;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use amount::{AmountRefused, parse_amount};
pub use erasure::event_without_patron;
pub use local::{currency_name, local_amount};
pub use patron::{ALIAS_MAX_CHARS, MESSAGE_MAX_CHARS, Patron, PatronText};
pub use poll::{POLL_AFTER_S, REFUND_LOOK_AFTER_S, next_poll};
pub use quote::{asked_with_fee, expected_fee};
pub use refund::{REASON_MAX_CHARS, RefundAsked, RefundWanted};
pub use settings::TipSettings;
pub use status::{TipRefused, TipStatus, TipUnknown};
pub use verdict::{ChargeFacts, ChargeState, Credit, Mismatch, Verdict};

use crate::device::words;
use crate::id::{GuardId, RefundId, TenantId, TipId};
use crate::ledger::{Charge, FeeBearer, GiveBack, LedgerRefused, PaystackReference, Reference};
use crate::money::Money;
use crate::scan::VisitorHash;

/// What a patron wants, before it is a tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipWish {
    /// For whom.
    pub guard: GuardId,
    /// How much the guard is to get, before any fee.
    pub amount: Money,
    /// What the patron said.
    pub patron: Patron,
    /// A keyed hash of the address that it came from (T22, X38).
    pub source_ip: Option<VisitorHash>,
}

/// Who bears which fee; as the tenant had it when the tip was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipTerms {
    /// Who bears Paystack's fee.
    pub bearer: FeeBearer,
    /// What the platform takes, in minor units.
    pub platform_fee: i64,
}

/// Where the patron pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// Paystack's page.
    pub authorization_url: String,
    /// What opens the same page inside ours (X40).
    pub access_code: String,
}

/// What is known of the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Paystack has not answered yet.
    Initiated,
    /// The patron can pay.
    Pending,
    /// It failed.
    Failed,
    /// Nobody has paid for a day.
    Abandoned,
    /// It succeeded.
    Succeeded {
        /// The amounts as verified.
        credit: Credit,
        /// When we learned of it.
        at: Timestamp,
    },
}

/// A refund that was processed, or a dispute that was lost. In minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipReturn {
    /// Its reference in the ledger.
    pub reference: Reference,
    /// The refund that we had asked for, where it was ours.
    pub asked: Option<RefundId>,
    /// What it wanted.
    pub wanted: i64,
    /// What earlier returns had taken.
    pub before: i64,
    /// What it took; the rest of `wanted` is a case for a person.
    pub taken: i64,
}

impl TipReturn {
    /// What goes beyond the charge: a case, nothing is posted for it.
    pub fn excess(&self) -> i64 {
        self.wanted.saturating_sub(self.taken)
    }
}

words! {
    /// Where a dispute stands.
    pub enum DisputeState {
        /// Nobody has decided.
        Open = "open",
        /// The money stays.
        Won = "won",
        /// The money goes back.
        Lost = "lost",
        /// Paystack says something about it that we cannot act on: a person has to look.
        Unclear = "unclear",
    }
}

impl DisputeState {
    /// What a dispute's `status` and `resolution` mean (paystack.com/docs/payments/disputes). What nobody has heard of
    /// decides nothing.
    pub fn of(status: &str, resolution: Option<&str>) -> Self {
        match (status, resolution) {
            ("resolved", Some("declined")) => DisputeState::Won,
            ("resolved", Some("merchant-accepted" | "auto-accepted")) => DisputeState::Lost,
            ("awaiting-merchant-feedback" | "awaiting-bank-feedback" | "pending", _) => {
                DisputeState::Open
            }
            _ => DisputeState::Unclear,
        }
    }

    /// Whether it is still to be decided, by the bank or by a person.
    pub fn is_undecided(self) -> bool {
        match self {
            DisputeState::Open | DisputeState::Unclear => true,
            DisputeState::Won | DisputeState::Lost => false,
        }
    }
}

/// A tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// Its id; Paystack's reference is derived from it.
    pub id: TipId,
    /// Whose guard it is for.
    pub tenant: TenantId,
    /// Whom it is for.
    pub guard: GuardId,
    /// What the patron gives, before any fee.
    pub amount: Money,
    /// What Paystack is asked to collect, in minor units: the amount, and the quoted fee where the patron bears it.
    pub asked: i64,
    /// Who bears which fee.
    pub terms: TipTerms,
    /// What the patron said.
    pub patron: Patron,
    /// A keyed hash of the address that it came from (T22, X38).
    pub source_ip: Option<VisitorHash>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where the patron pays, once Paystack has said so.
    pub checkout: Option<Checkout>,
    /// What is known of the payment.
    pub payment: Payment,
    /// How many of [`POLL_AFTER_S`] are done.
    pub polls: u8,
    /// Refunds that are under way.
    pub refunds_asked: Vec<RefundAsked>,
    /// How many refunds were asked for and will not happen.
    pub refunds_dropped: u32,
    /// What went back.
    pub returns: Vec<TipReturn>,
    /// The disputes by Paystack's id.
    pub disputes: BTreeMap<u64, DisputeState>,
    /// The last day, counted from the payment, on which its disputes were asked about.
    pub dispute_day: u16,
    /// The place of its charge among the guard's entries: a payout that covers it settles the tip (X9).
    pub seq: Option<u64>,
}

impl Tip {
    /// A new tip, to be stored before Paystack is asked (X12).
    ///
    /// # Errors
    /// [`AmountRefused`] out of the tenant's bounds.
    pub fn initiate(
        id: TipId,
        tenant: TenantId,
        wish: TipWish,
        settings: &TipSettings,
        now: Timestamp,
    ) -> Result<Self, AmountRefused> {
        let amount = settings.admit(wish.amount)?;
        let split = settings.platform_split(amount).map_err(|_| AmountRefused::TooLarge)?;
        let asked = match settings.fee_bearer {
            FeeBearer::Guard | FeeBearer::Platform => amount,
            FeeBearer::Patron => asked_with_fee(amount).map_err(|_| AmountRefused::TooLarge)?,
        };
        Ok(Self {
            id,
            tenant,
            guard: wish.guard,
            amount,
            asked: asked.minor,
            terms: TipTerms { bearer: settings.fee_bearer, platform_fee: split.fee.minor },
            patron: wish.patron,
            source_ip: wish.source_ip,
            created_at: now,
            checkout: None,
            payment: Payment::Initiated,
            polls: 0,
            refunds_asked: Vec::new(),
            refunds_dropped: 0,
            returns: Vec::new(),
            disputes: BTreeMap::new(),
            dispute_day: 0,
            seq: None,
        })
    }

    /// Its reference at Paystack.
    pub fn reference(&self) -> PaystackReference {
        PaystackReference::of(&self.id)
    }

    /// Where it stands; never `settled`, which [`Tip::shown`] derives.
    pub fn status(&self) -> TipStatus {
        match self.payment {
            Payment::Initiated => TipStatus::Initiated,
            Payment::Pending => TipStatus::Pending,
            Payment::Failed => TipStatus::Failed,
            Payment::Abandoned => TipStatus::Abandoned,
            Payment::Succeeded { .. } if self.is_disputed() => TipStatus::Disputed,
            Payment::Succeeded { credit, .. } if self.returned() >= credit.gross => {
                TipStatus::Refunded
            }
            Payment::Succeeded { .. } => TipStatus::Succeeded,
        }
    }

    /// The status that the API shows: a tip that a confirmed payout covers is settled (X9).
    pub fn shown(&self, paid_out: bool) -> TipStatus {
        match self.status() {
            TipStatus::Succeeded if paid_out => TipStatus::Settled,
            status => status,
        }
    }

    /// What refunds and lost disputes have taken, in minor units.
    pub fn returned(&self) -> i64 {
        self.returns.iter().fold(0, |sum, each| sum.saturating_add(each.taken))
    }

    /// When to ask Paystack about it next, if at all: about a payment that has not come, a refund under way, or a
    /// dispute that is open.
    pub fn poll_at(&self) -> Option<Timestamp> {
        match self.payment {
            Payment::Initiated | Payment::Pending | Payment::Failed => {
                next_poll(self.created_at, self.polls)
            }
            Payment::Succeeded { at, .. } => {
                let refunds = self.refunds_asked.iter().filter_map(RefundAsked::look_at);
                refunds.chain(self.dispute_look_at(at)).min()
            }
            Payment::Abandoned => None,
        }
    }

    /// The charge for the ledger, once it has succeeded.
    pub fn charge(&self) -> Option<Charge> {
        let Payment::Succeeded { credit, .. } = self.payment else { return None };
        Some(Charge {
            reference: self.reference(),
            guard: self.guard.clone(),
            currency: self.amount.currency,
            tip: self.amount.minor,
            collected: credit.gross,
            psp_fee: credit.fees,
            platform_fee: self.terms.platform_fee,
            bearer: self.terms.bearer,
        })
    }

    /// A return for the ledger. `available` is what the guard has at this moment, in minor units.
    ///
    /// # Errors
    /// [`LedgerRefused::Amounts`] where nothing was paid.
    pub fn give_back(&self, back: &TipReturn, available: i64) -> Result<GiveBack, LedgerRefused> {
        let charge =
            self.charge().ok_or(LedgerRefused::Amounts { rule: "what goes back has come" })?;
        Ok(GiveBack {
            reference: back.reference.clone(),
            guard: self.guard.clone(),
            currency: self.amount.currency,
            shares: charge.shares()?,
            before: back.before,
            wanted: back.wanted,
            available,
        })
    }

    /// Whether a dispute of it is not decided.
    pub fn is_disputed(&self) -> bool {
        self.disputes.values().any(|state| state.is_undecided())
    }

    /// When its disputes are asked about next. Where only a person can decide, ever less often.
    fn dispute_look_at(&self, paid_at: Timestamp) -> Option<Timestamp> {
        let states = self.disputes.values().filter(|state| state.is_undecided());
        let open = states.max_by_key(|state| **state == DisputeState::Open)?;
        poll::next_dispute_day(paid_at, self.dispute_day, *open == DisputeState::Open)
    }
}

mod transition;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
