//! The ways from one tip to the next. Each consumes the tip and goes through the table of [`TipStatus`].

use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::poll::{dispute_day, polls_done};
use super::{
    Checkout, Credit, DisputeState, POLL_AFTER_S, Payment, Tip, TipRefused, TipReturn, TipStatus,
};
use crate::id::RefundId;
use crate::ledger::Reference;

impl Tip {
    /// Paystack has a page for it.
    ///
    /// # Errors
    /// [`TipRefused`] unless it is initiated; an event may have been faster than Paystack's answer.
    pub fn open(self, checkout: Checkout) -> Result<Tip, TipRefused> {
        self.pay(Payment::Pending, TipStatus::Pending)
            .map(|tip| Tip { checkout: Some(checkout), ..tip })
    }

    /// The payment succeeded; only after [`Tip::judge`] has said so.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where it had before.
    pub fn succeed(self, credit: Credit, now: Timestamp) -> Result<Tip, TipRefused> {
        if self.status().is_paid() {
            return Err(TipRefused::Repeated);
        }
        self.pay(Payment::Succeeded { credit, at: now }, TipStatus::Succeeded)
    }

    /// The payment failed.
    ///
    /// # Errors
    /// [`TipRefused`] where it had before, was abandoned, or has succeeded.
    pub fn fail(self) -> Result<Tip, TipRefused> {
        self.pay(Payment::Failed, TipStatus::Failed)
    }

    /// We asked Paystack at `now`, and it has still not been paid, or its refunds are still under way. After the last
    /// time a tip that is not paid is abandoned, unless it has failed.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where nobody had to ask any more.
    pub fn polled(self, now: Timestamp) -> Result<Tip, TipRefused> {
        let tip = self.put_off(now)?;
        let over = usize::from(tip.polls) >= POLL_AFTER_S.len();
        match tip.payment {
            Payment::Initiated | Payment::Pending if over => {
                tip.pay(Payment::Abandoned, TipStatus::Abandoned)
            }
            _ => Ok(tip),
        }
    }

    /// We asked Paystack at `now`, and what it says is for a person to look at. The schedule goes on and never ends in
    /// `abandoned`: money may have been taken.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where nobody had to ask any more.
    pub fn put_off(mut self, now: Timestamp) -> Result<Tip, TipRefused> {
        if self.poll_at().is_none() {
            return Err(TipRefused::Repeated);
        }
        self.polls = self.polls.max(polls_done(self.created_at, now));
        for refund in &mut self.refunds_asked {
            refund.looked(now);
        }
        if let Payment::Succeeded { at, .. } = self.payment
            && self.is_disputed()
        {
            self.dispute_day = self.dispute_day.max(dispute_day(at, now));
        }
        Ok(self)
    }

    fn pay(self, payment: Payment, to: TipStatus) -> Result<Tip, TipRefused> {
        let from = self.status();
        if from == to {
            return Err(TipRefused::Repeated);
        }
        if !from.may_become(to) {
            return Err(TipRefused::NoWay { from, to });
        }
        Ok(Tip { payment, ..self })
    }

    /// A refund of Paystack's id was processed; `asked` is ours, where it was ours. The last entry of
    /// [`Tip::returns`] says what it took.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid as far as we know (verify the charge first), or applied before.
    pub fn refund(
        mut self,
        id: u64,
        amount: i64,
        asked: Option<&RefundId>,
    ) -> Result<Tip, TipRefused> {
        if let Some(asked) = asked {
            self.refunds_asked.retain(|each| each.id != *asked);
        }
        self.take_back(Reference::refund(id), amount, asked.cloned())
    }

    /// A dispute of Paystack's id was opened.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid as far as we know, or known already, also as decided.
    pub fn dispute(self, id: u64) -> Result<Tip, TipRefused> {
        self.set_dispute(id, DisputeState::Open)
    }

    /// A dispute was decided for us.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid as far as we know, or decided already.
    pub fn win_dispute(self, id: u64) -> Result<Tip, TipRefused> {
        self.set_dispute(id, DisputeState::Won)
    }

    /// A dispute was lost: its amount goes back, as by a refund.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid as far as we know, or decided already.
    pub fn lose_dispute(self, id: u64, amount: i64) -> Result<Tip, TipRefused> {
        self.set_dispute(id, DisputeState::Lost)?.take_back(Reference::dispute(id), amount, None)
    }

    /// A dispute is no longer open, and what has become of it only a person can say. It may still be won or lost.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid as far as we know, or known as this or as decided.
    pub fn doubt_dispute(self, id: u64) -> Result<Tip, TipRefused> {
        self.set_dispute(id, DisputeState::Unclear)
    }

    /// The way of the status is checked where the whole event is applied: losing a dispute also takes money back.
    fn set_dispute(mut self, id: u64, to: DisputeState) -> Result<Tip, TipRefused> {
        let from = self.status();
        if !from.is_paid() {
            return Err(TipRefused::NotPaid);
        }
        match self.disputes.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(to);
            }
            Entry::Occupied(mut entry) => match (*entry.get(), to) {
                // What was decided stays decided, whatever arrives late.
                (DisputeState::Won | DisputeState::Lost, _)
                | (_, DisputeState::Open)
                | (DisputeState::Unclear, DisputeState::Unclear) => {
                    return Err(TipRefused::Repeated);
                }
                (DisputeState::Open, DisputeState::Unclear)
                | (
                    DisputeState::Open | DisputeState::Unclear,
                    DisputeState::Won | DisputeState::Lost,
                ) => {
                    entry.insert(to);
                }
            },
        }
        self.came_from(from)
    }

    fn take_back(
        mut self,
        reference: Reference,
        wanted: i64,
        asked: Option<RefundId>,
    ) -> Result<Tip, TipRefused> {
        let from = self.status();
        let Payment::Succeeded { credit, .. } = self.payment else {
            return Err(TipRefused::NotPaid);
        };
        if self.returns.iter().any(|known| known.reference == reference) {
            return Err(TipRefused::Repeated);
        }
        if wanted <= 0 {
            return Err(TipRefused::NoAmount);
        }
        let before = self.returned();
        let taken = wanted.min(credit.gross.saturating_sub(before).max(0));
        self.returns.push(TipReturn { reference, asked, wanted, before, taken });
        self.came_from(from)
    }

    fn came_from(self, from: TipStatus) -> Result<Tip, TipRefused> {
        let to = self.status();
        if from == to || from.may_become(to) {
            Ok(self)
        } else {
            Err(TipRefused::NoWay { from, to })
        }
    }
}
