//! The ways from one tip to the next. Each consumes the tip and goes through the table of [`TipStatus`].

use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::poll::polls_done;
use super::{
    Checkout, Credit, DisputeState, POLL_AFTER_S, Payment, REFUNDS_MAX, RefundAsked, Tip,
    TipRefused, TipReturn, TipStatus,
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

    /// We asked Paystack at `now`, and it has still not been paid. After the last time it is abandoned, unless it has
    /// failed.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where nobody had to ask any more.
    pub fn polled(self, now: Timestamp) -> Result<Tip, TipRefused> {
        if self.poll_at().is_none() {
            return Err(TipRefused::Repeated);
        }
        let tip = Tip { polls: self.polls.max(polls_done(self.created_at, now)), ..self };
        let over = usize::from(tip.polls) >= POLL_AFTER_S.len();
        match tip.payment {
            Payment::Initiated | Payment::Pending if over => {
                tip.pay(Payment::Abandoned, TipStatus::Abandoned)
            }
            _ => Ok(tip),
        }
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

    /// A refund is going to be asked for: written down before Paystack is called. `None` is all that is left.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid, disputed, more than is left, or this refund was asked for before.
    pub fn ask_refund(mut self, id: RefundId, amount: Option<i64>) -> Result<Tip, TipRefused> {
        if !self.status().is_paid() {
            return Err(TipRefused::NotPaid);
        }
        let done = self.returns.iter().filter_map(|each| each.asked.as_ref());
        if self.refunds_asked.iter().map(|each| &each.id).chain(done).any(|known| *known == id) {
            return Err(TipRefused::Repeated);
        }
        if self.is_disputed() {
            return Err(TipRefused::UnderDispute);
        }
        let rest = self.refundable();
        let amount = amount.unwrap_or(rest);
        if amount > rest || rest == 0 {
            return Err(TipRefused::MoreThanRest { rest });
        }
        if amount <= 0 {
            return Err(TipRefused::NoAmount);
        }
        if self.refunds_asked.len().saturating_add(self.returns.len()) >= REFUNDS_MAX {
            return Err(TipRefused::TooManyRefunds);
        }
        self.refunds_asked.push(RefundAsked { id, amount });
        Ok(self)
    }

    /// A refund that was asked for will not happen.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where it is not under way.
    pub fn drop_refund(mut self, id: &RefundId) -> Result<Tip, TipRefused> {
        let before = self.refunds_asked.len();
        self.refunds_asked.retain(|each| each.id != *id);
        if self.refunds_asked.len() == before { Err(TipRefused::Repeated) } else { Ok(self) }
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
                (DisputeState::Won | DisputeState::Lost, _) | (_, DisputeState::Open) => {
                    return Err(TipRefused::Repeated);
                }
                (DisputeState::Open, DisputeState::Won | DisputeState::Lost) => {
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
