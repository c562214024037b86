//! The steps of a payout. Each is one arrow of the state machine and one conditional write; what was applied before is
//! refused as a repetition, so that the order and the number of the reasons for a step do not matter.

use jiff::{SignedDuration, Timestamp};

use super::{Covered, Payout, PayoutRefused, PayoutState, Planned, Trouble};
use crate::id::{PayoutId, TenantId};
use crate::money::{Currency, Money};
use jiff::civil::Date;

/// After so many minutes the next attempt follows; after the last one a person decides (T45).
pub const RETRY_AFTER_MIN: [u16; 5] = [1, 5, 15, 60, 240];
/// A payout whose message was lost is found after so many minutes.
const PLANNED_LOOK_MIN: i64 = 10;
/// A transfer whose beginning is in doubt is asked about after so many minutes.
const DOUBT_LOOK_MIN: i64 = 1;
/// A transfer that is under way is asked about after so many minutes, should no event come.
const SENT_LOOK_MIN: i64 = 15;
/// Payouts that are paused are looked at again after so many minutes.
const PAUSED_LOOK_MIN: i64 = 5;

/// What is said of a transfer that Paystack has taken and does not know any more.
const GONE: [Trouble; 3] = [Trouble::Mismatch, Trouble::RetryAsked, Trouble::CancelAsked];

/// What a guard has for a payout at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// What the guard is owed, in minor units.
    pub available: i64,
    /// What the payout covers of the guard's entries.
    pub covered: Covered,
}

impl Payout {
    /// A payout as a run plans it.
    pub fn plan(
        (id, tenant, run): (PayoutId, TenantId, Date),
        planned: Planned,
        currency: Currency,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            guard: planned.guard,
            run,
            amount: Money { minor: planned.amount, currency },
            recipient: planned.recipient,
            state: PayoutState::Planned,
            attempt: 0,
            failures: 0,
            trouble: None,
            from_seq: 0,
            to_seq: 0,
            part: 0,
            back_seq: None,
            since: planned.since,
            created_at: now,
            changed_at: now,
            due_at: after(now, PLANNED_LOOK_MIN),
        }
    }

    /// The next attempt: its money is set aside, and its reference is new.
    ///
    /// # Errors
    /// [`PayoutRefused::NoWay`] unless it is planned, or returned and due; [`PayoutRefused::NotAvailable`].
    pub fn reserve(self, funds: Funds, now: Timestamp) -> Result<Self, PayoutRefused> {
        let is_due = self.due_at.is_some_and(|due| due <= now);
        match self.state {
            PayoutState::Planned => {}
            PayoutState::Returned if is_due => {}
            from => return Err(PayoutRefused::NoWay { from }),
        }
        if funds.available < self.amount.minor {
            return Err(PayoutRefused::NotAvailable);
        }
        let Covered { from_seq, to_seq, part } = funds.covered;
        Ok(Self {
            state: PayoutState::Reserved,
            attempt: self.attempt.saturating_add(1),
            trouble: None,
            from_seq,
            to_seq,
            part,
            changed_at: now,
            due_at: after(now, DOUBT_LOOK_MIN),
            ..self
        })
    }

    /// Paystack has the transfer of this attempt.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where more is known already.
    pub fn sent(self, attempt: u32, now: Timestamp) -> Result<Self, PayoutRefused> {
        match self.state {
            PayoutState::Reserved if attempt == self.attempt => Ok(Self {
                state: PayoutState::Sent,
                changed_at: now,
                due_at: after(now, SENT_LOOK_MIN),
                ..self
            }),
            _ => Err(PayoutRefused::Repeated),
        }
    }

    /// The transfer of this attempt has succeeded.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where that is known; [`PayoutRefused::NoWay`] where the money had come back: then a
    /// person has to look (`success_after_return`).
    pub fn confirm(self, attempt: u32, now: Timestamp) -> Result<Self, PayoutRefused> {
        match self.state {
            state if state.is_in_transit() && attempt == self.attempt => Ok(Self {
                state: PayoutState::Confirmed,
                trouble: None,
                changed_at: now,
                due_at: None,
                ..self
            }),
            PayoutState::Confirmed if attempt == self.attempt => Err(PayoutRefused::Repeated),
            from => Err(PayoutRefused::NoWay { from }),
        }
    }

    /// The transfer of this attempt has not succeeded, or has come back after it had.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where that is known.
    pub fn give_back(
        self,
        attempt: u32,
        trouble: Trouble,
        now: Timestamp,
    ) -> Result<Self, PayoutRefused> {
        if attempt != self.attempt {
            return Err(PayoutRefused::Repeated);
        }
        let given_back = Self { trouble: Some(trouble), changed_at: now, ..self };
        match given_back.state {
            PayoutState::Confirmed => {
                Ok(Self { state: PayoutState::Reversed, due_at: None, ..given_back })
            }
            state if state.is_in_transit() => Ok(given_back.fail(now)),
            _ => Err(PayoutRefused::Repeated),
        }
    }

    fn fail(self, now: Timestamp) -> Self {
        let wait = RETRY_AFTER_MIN.get(usize::from(self.failures));
        let failures = self.failures.saturating_add(1);
        match wait {
            Some(wait) => Self {
                state: PayoutState::Returned,
                failures,
                due_at: after(now, i64::from(*wait)),
                ..self
            },
            None => Self { state: PayoutState::NeedsHuman, failures, due_at: None, ..self },
        }
    }

    /// The transfer waits for somebody: the payout is looked at again later. Says whether that is news.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where nothing is under way.
    pub fn wait_for(
        self,
        attempt: u32,
        trouble: Trouble,
        now: Timestamp,
    ) -> Result<(Self, bool), PayoutRefused> {
        if !self.state.is_in_transit() || attempt != self.attempt {
            return Err(PayoutRefused::Repeated);
        }
        let is_news = self.trouble != Some(trouble);
        let due_at = after(now, SENT_LOOK_MIN);
        let state = PayoutState::Sent;
        let changed_at = if is_news { now } else { self.changed_at };
        Ok((Self { state, trouble: Some(trouble), changed_at, due_at, ..self }, is_news))
    }

    /// Nothing is known yet: looked at again later. What somebody wants of a transfer that was gone does not outlive
    /// its being there again.
    pub fn look_again(self, now: Timestamp) -> Self {
        let trouble = self.trouble.filter(|trouble| !GONE.contains(trouble));
        let minutes = match self.state {
            PayoutState::Reserved => DOUBT_LOOK_MIN,
            PayoutState::Planned => PLANNED_LOOK_MIN,
            _ => SENT_LOOK_MIN,
        };
        Self { trouble, due_at: after(now, minutes), ..self }
    }

    /// The tenant's payouts are paused: looked at again soon.
    pub fn hold(self, now: Timestamp) -> Self {
        Self { due_at: after(now, PAUSED_LOOK_MIN), ..self }
    }

    /// Paystack contradicts itself about a transfer whose money is back: no other attempt begins before a person has
    /// looked.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where no attempt would begin.
    pub fn halt(self, now: Timestamp) -> Result<Self, PayoutRefused> {
        let halts = match self.state {
            PayoutState::Returned => true,
            PayoutState::NeedsHuman => self.trouble != Some(Trouble::Mismatch),
            _ => false,
        };
        match halts {
            true => Ok(Self {
                state: PayoutState::NeedsHuman,
                trouble: Some(Trouble::Mismatch),
                changed_at: now,
                due_at: None,
                ..self
            }),
            false => Err(PayoutRefused::Repeated),
        }
    }

    /// Whether a person decides about it: after attempt upon attempt has failed, or when Paystack's transfer is not
    /// what was asked for, or gone.
    pub fn needs_decision(&self) -> bool {
        let stuck = self.state == PayoutState::Sent && self.trouble == Some(Trouble::Mismatch);
        stuck || self.state == PayoutState::NeedsHuman
    }

    /// A person asks for another round of attempts. Where a transfer may be under way, Paystack is asked about it
    /// first, and only one that it does not know is followed by another.
    ///
    /// # Errors
    /// [`PayoutRefused::NoWay`] unless it needs one.
    pub fn retry(self, now: Timestamp) -> Result<Self, PayoutRefused> {
        match self.state {
            PayoutState::NeedsHuman => Ok(self.begin_anew(now)),
            PayoutState::Sent if self.needs_decision() => {
                Ok(self.decided(Trouble::RetryAsked, now))
            }
            from => Err(PayoutRefused::NoWay { from }),
        }
    }

    /// A person gives it up. Where a transfer may be under way, Paystack is asked about it first.
    ///
    /// # Errors
    /// [`PayoutRefused::NoWay`] where a transfer is under way, or it is over.
    pub fn give_up(self, now: Timestamp) -> Result<Self, PayoutRefused> {
        match self.state {
            PayoutState::Sent if self.needs_decision() => {
                Ok(self.decided(Trouble::CancelAsked, now))
            }
            _ => self.cancel(Trouble::GivenUp, now),
        }
    }

    /// Paystack has taken the transfer of this attempt and does not know it any more: what a person has decided of it
    /// comes true, and its money is the guard's again.
    ///
    /// # Errors
    /// [`PayoutRefused::Repeated`] where nobody has decided anything, or it is done.
    pub fn lose(self, attempt: u32, now: Timestamp) -> Result<Self, PayoutRefused> {
        if self.state != PayoutState::Sent || attempt != self.attempt {
            return Err(PayoutRefused::Repeated);
        }
        match self.trouble {
            Some(Trouble::RetryAsked) => Ok(Self { trouble: None, ..self.begin_anew(now) }),
            Some(Trouble::CancelAsked) => Ok(Self {
                state: PayoutState::Cancelled,
                trouble: Some(Trouble::GivenUp),
                changed_at: now,
                due_at: None,
                ..self
            }),
            _ => Err(PayoutRefused::Repeated),
        }
    }

    /// Whether [`Payout::lose`] is what a transfer that Paystack does not know means.
    pub fn is_decided(&self) -> bool {
        let asked = [Trouble::RetryAsked, Trouble::CancelAsked];
        self.state == PayoutState::Sent && self.trouble.is_some_and(|why| asked.contains(&why))
    }

    fn decided(self, trouble: Trouble, now: Timestamp) -> Self {
        Self { trouble: Some(trouble), changed_at: now, due_at: Some(now), ..self }
    }

    fn begin_anew(self, now: Timestamp) -> Self {
        let (state, due_at) = (PayoutState::Returned, Some(now));
        Self { state, failures: 0, changed_at: now, due_at, ..self }
    }

    /// It is given up; nothing of it is set aside.
    ///
    /// # Errors
    /// [`PayoutRefused::NoWay`] where a transfer may be under way, or it is over.
    pub fn cancel(self, trouble: Trouble, now: Timestamp) -> Result<Self, PayoutRefused> {
        match self.state {
            PayoutState::Planned | PayoutState::Returned | PayoutState::NeedsHuman => Ok(Self {
                state: PayoutState::Cancelled,
                trouble: Some(trouble),
                changed_at: now,
                due_at: None,
                ..self
            }),
            from => Err(PayoutRefused::NoWay { from }),
        }
    }
}

fn after(now: Timestamp, minutes: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_mins(minutes)).ok()
}
