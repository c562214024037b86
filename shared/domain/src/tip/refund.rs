//! Refunds that are under way: written down before Paystack is asked, and looked for until they are done or dropped.
//!
//! Deliberately absent: the money. A refund counts when Paystack has processed it, and then as a return.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::patron::text_error;
use super::poll::{next, passed};
use super::{PatronText, Payment, REFUND_LOOK_AFTER_S, Tip, TipRefused};
use crate::failure::InvalidFields;
use crate::id::RefundId;

/// The most refunds of one tip that are asked for or done.
const REFUNDS_MAX: usize = 20;

/// The longest reason of a refund, in characters.
pub const REASON_MAX_CHARS: usize = 200;

/// A refund that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWanted {
    /// Its id.
    pub id: RefundId,
    /// Minor units; all that is left when it is not said.
    pub amount: Option<i64>,
    /// Why; Paystack tells the patron.
    pub reason: Option<PatronText>,
    /// A random number of whoever asks.
    pub asker: u32,
}

impl RefundWanted {
    /// Reads a reason; blank is none.
    ///
    /// # Errors
    /// [`InvalidFields`] for one that is too long or cannot be seen.
    pub fn reason(text: &str) -> Result<Option<PatronText>, InvalidFields> {
        PatronText::parse(text, REASON_MAX_CHARS).map_err(|code| {
            InvalidFields(vec![text_error("reason", code, "the reason", REASON_MAX_CHARS)])
        })
    }
}

/// A refund that we have asked Paystack for, or are about to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAsked {
    /// Ours; it travels as `merchant_note`.
    pub id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// Why; Paystack tells the patron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PatronText>,
    /// When it was written down; Paystack is asked right after that.
    pub asked_at: Timestamp,
    /// How many of [`REFUND_LOOK_AFTER_S`] are done.
    pub looks: u8,
    /// A random number of whoever asks Paystack for it: tells two that want to at the same moment apart.
    pub asker: u32,
}

impl RefundAsked {
    /// When to look for it next; `None` after the last time.
    pub fn look_at(&self) -> Option<Timestamp> {
        next(&REFUND_LOOK_AFTER_S, self.asked_at, self.looks)
    }

    /// Whether nobody looks for it any more: a person has to.
    pub fn is_given_up(&self) -> bool {
        self.look_at().is_none()
    }

    pub(super) fn looked(&mut self, now: Timestamp) {
        self.looks = self.looks.max(passed(&REFUND_LOOK_AFTER_S, self.asked_at, now));
    }
}

impl Tip {
    /// What can still be refunded, in minor units: without the refunds that are under way.
    pub fn refundable(&self) -> i64 {
        let Payment::Succeeded { credit, .. } = self.payment else { return 0 };
        let asked =
            self.refunds_asked.iter().fold(0_i64, |sum, each| sum.saturating_add(each.amount));
        credit.gross.saturating_sub(self.returned()).saturating_sub(asked).max(0)
    }

    /// A refund is going to be asked for: written down before Paystack is called.
    ///
    /// # Errors
    /// [`TipRefused`]: unpaid, disputed, more than is left, or this refund was asked for before.
    pub fn ask_refund(mut self, wanted: RefundWanted, now: Timestamp) -> Result<Tip, TipRefused> {
        let RefundWanted { id, amount, reason, asker } = wanted;
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
        self.refunds_asked.push(RefundAsked { id, amount, reason, asked_at: now, looks: 0, asker });
        Ok(self)
    }

    /// A refund that was asked for will not happen.
    ///
    /// # Errors
    /// [`TipRefused::Repeated`] where it is not under way.
    pub fn drop_refund(mut self, id: &RefundId) -> Result<Tip, TipRefused> {
        let before = self.refunds_asked.len();
        self.refunds_asked.retain(|each| each.id != *id);
        if self.refunds_asked.len() == before {
            return Err(TipRefused::Repeated);
        }
        self.refunds_dropped = self.refunds_dropped.saturating_add(1);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{after, paid, refund_id, wanted};
    use super::*;

    #[test]
    fn a_refund_under_way_is_looked_for_until_somebody_has_to_take_over() {
        let mut tip = paid().ask_refund(wanted(1, None), after(0)).unwrap();
        for due in REFUND_LOOK_AFTER_S {
            assert_eq!(tip.poll_at(), Some(after(due)));
            assert!(!tip.refunds_asked[0].is_given_up());
            let early = tip.clone().polled(after(due - 1)).unwrap();
            assert_eq!(early.poll_at(), Some(after(due)), "an early look does not count");
            tip = tip.polled(after(due)).unwrap();
        }
        assert_eq!(tip.poll_at(), None);
        assert!(tip.refunds_asked[0].is_given_up());
        assert_eq!(tip.clone().polled(after(9_999_999)), Err(TipRefused::Repeated));
        // The next one begins anew, and a refund that is done is not looked for.
        let tip = tip.drop_refund(&refund_id(1)).unwrap();
        assert_eq!(tip.refunds_dropped, 1);
        let tip = tip.ask_refund(wanted(2, Some(1)), after(5)).unwrap();
        assert_eq!(tip.poll_at(), Some(after(905)));
        assert_eq!(tip.refund(9, 1, Some(&refund_id(2))).unwrap().poll_at(), None);
    }
}
