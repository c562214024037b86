//! A transfer that Paystack has under our reference and that is not what was asked for: how it differs, and how a
//! person ends its payout once Paystack has said how the transfer ends.
//!
//! Deliberately absent: an end that guesses. Nobody ends a payout whose transfer is under way, and what has reached the
//! guard's own account is never owed a second time.

use jiff::Timestamp;

use super::{Credit, Payout, PayoutRefused, PayoutState, Trouble, cover, transfer_fee};
use crate::ledger::{LedgerRefused, Transaction, Transfer, TransferReference, foreign_transfer};
use crate::money::{Currency, Money};
use crate::tip::Mismatch;

/// How a transfer stands, as far as money is concerned
/// (paystack.com/docs/transfers/how-transfers-work).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferEnd {
    /// It is paid; it may still come back.
    Paid,
    /// Its money is back, or never left.
    Back,
    /// It is under way, or in a state that nobody has heard of.
    Open,
}

impl TransferEnd {
    /// What Paystack's word for it means.
    pub fn of(status: &str) -> Self {
        match status {
            "success" => TransferEnd::Paid,
            "failed" | "reversed" | "abandoned" | "blocked" | "rejected" => TransferEnd::Back,
            _ => TransferEnd::Open,
        }
    }
}

/// A transfer as Paystack shows it. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferShown {
    /// Its reference.
    pub reference: TransferReference,
    /// Paystack's id of it, where it is said.
    pub id: Option<u64>,
    /// How it stands.
    pub end: TransferEnd,
    /// What is transferred.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What it cost, where that is known.
    pub fee: Option<i64>,
    /// Paystack's code of who gets it, where it is said.
    pub recipient: Option<String>,
    /// Whether the ledger has it as a transfer that was made past us.
    pub booked: bool,
}

/// What a person has found out about a transfer that is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Its money has reached the guard.
    GuardPaid,
    /// Its money has not reached the guard.
    GuardUnpaid,
}

/// A payout that a person has ended, and what follows for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The payout: confirmed, or given up so that a later run pays.
    pub payout: Payout,
    /// What was set aside for it.
    set_aside: Transfer,
    /// What the transfer cost, where it has paid the guard; in minor units.
    fee: i64,
    /// Paystack's id of the transfer and what has left the balance that is no payout: a person has to explain it.
    astray: Option<(u64, Money)>,
}

impl Ended {
    /// What went elsewhere, or was too much.
    pub fn astray(&self) -> Option<Money> {
        self.astray.map(|(_, money)| money)
    }

    /// What the ledger hears: of what was set aside, and of what went astray.
    ///
    /// # Errors
    /// [`LedgerRefused`] for amounts that cannot be counted.
    pub fn transactions(&self) -> Result<(Transaction, Option<Transaction>), LedgerRefused> {
        let own = match self.payout.state {
            PayoutState::Confirmed => {
                self.set_aside.paid_in_part(self.payout.amount.minor, self.fee)?
            }
            _ => self.set_aside.given_back()?,
        };
        let astray = self.astray.map(|(id, money)| foreign_transfer(id, money)).transpose()?;
        Ok((own, astray))
    }
}

impl Payout {
    /// How a transfer differs from what an attempt has asked for.
    pub fn mismatch(&self, attempt: u32, shown: &TransferShown) -> Option<Mismatch> {
        if shown.reference != TransferReference::of(&self.id, attempt) {
            Some(Mismatch::Reference)
        } else if shown.currency != self.amount.currency.code() {
            Some(Mismatch::Currency)
        } else if shown.amount != self.amount.minor {
            Some(Mismatch::AmountMismatch)
        } else if shown.recipient.as_ref().is_some_and(|code| *code != self.recipient) {
            Some(Mismatch::Recipient)
        } else if shown.fee.is_some_and(|fee| fee < 0) {
            Some(Mismatch::Fees)
        } else {
            None
        }
    }

    /// A person ends it, because Paystack's transfer under its reference is another one. `paid` are the entries that it
    /// was to pay, oldest first.
    ///
    /// Where the guard was paid, it is confirmed with what of it has reached the guard: a rest is owed again, and
    /// what was too much has gone astray. Otherwise its money is owed again, and all that has left the balance has
    /// gone astray.
    ///
    /// # Errors
    /// [`PayoutRefused::NoWay`] unless it waits for a person because of such a transfer; [`PayoutRefused::NoStray`]
    /// where Paystack's transfer is the right one; [`PayoutRefused::TransferOpen`], [`PayoutRefused::WasPaid`],
    /// [`PayoutRefused::NotPaid`] where Paystack contradicts; [`PayoutRefused::Unclear`] where it says too little.
    pub fn end(
        self,
        shown: &TransferShown,
        finding: Finding,
        paid: Vec<Credit>,
        now: Timestamp,
    ) -> Result<Ended, PayoutRefused> {
        if self.state != PayoutState::Sent || self.trouble != Some(Trouble::Mismatch) {
            return Err(PayoutRefused::NoWay { from: self.state });
        }
        match self.mismatch(self.attempt, shown) {
            None => return Err(PayoutRefused::NoStray),
            Some(Mismatch::Reference) => return Err(PayoutRefused::Unclear),
            Some(_) => {}
        }
        let is_ours = shown.currency == self.amount.currency.code();
        let to_guard = shown.recipient.as_ref().is_none_or(|code| *code == self.recipient);
        match (shown.end, finding) {
            (TransferEnd::Open, _) => Err(PayoutRefused::TransferOpen),
            (TransferEnd::Back, Finding::GuardPaid) => Err(PayoutRefused::NotPaid),
            (TransferEnd::Back, Finding::GuardUnpaid) => Ok(self.unpaid(None, now)),
            (TransferEnd::Paid, Finding::GuardUnpaid) if is_ours && to_guard => {
                Err(PayoutRefused::WasPaid)
            }
            (TransferEnd::Paid, Finding::GuardUnpaid) => {
                let astray = shown.left().ok_or(PayoutRefused::Unclear)?;
                Ok(self.unpaid(Some(astray).filter(|_| !shown.booked), now))
            }
            (TransferEnd::Paid, Finding::GuardPaid) if !is_ours || shown.booked => {
                Err(PayoutRefused::Unclear)
            }
            (TransferEnd::Paid, Finding::GuardPaid) => self.paid_by(shown, paid, now),
        }
    }

    fn unpaid(self, astray: Option<(u64, Money)>, now: Timestamp) -> Ended {
        let set_aside = self.transfer(self.attempt);
        let (state, trouble) = (PayoutState::Cancelled, Some(Trouble::GivenUp));
        let payout = Self { state, trouble, changed_at: now, due_at: None, ..self };
        Ended { payout, set_aside, fee: 0, astray }
    }

    fn paid_by(
        self,
        shown: &TransferShown,
        paid: Vec<Credit>,
        now: Timestamp,
    ) -> Result<Ended, PayoutRefused> {
        let (id, left) = shown.left().ok_or(PayoutRefused::Unclear)?;
        let set_aside = self.transfer(self.attempt);
        let too_much = shown.amount.saturating_sub(self.amount.minor).max(0);
        let astray = (too_much > 0).then_some((id, Money { minor: too_much, ..left }));
        let payout = self.shortened(shown.amount, paid);
        let recipient = shown.recipient.clone().unwrap_or(payout.recipient);
        let state = PayoutState::Confirmed;
        let payout =
            Self { state, trouble: None, recipient, changed_at: now, due_at: None, ..payout };
        let fee = left.minor.saturating_sub(shown.amount);
        Ok(Ended { payout, set_aside, fee, astray })
    }

    /// The payout of no more than `minor`, which pays fewer of its entries.
    fn shortened(self, minor: i64, paid: Vec<Credit>) -> Self {
        if minor >= self.amount.minor {
            return self;
        }
        let mine = |credit: &Credit| (self.from_seq..=self.to_seq).contains(&credit.seq);
        let in_full = paid.iter().copied().filter(mine);
        let in_full = in_full.fold(0_i64, |sum, credit| sum.saturating_add(credit.minor));
        // What the payout before has paid of the first.
        let before = in_full.saturating_add(self.part).saturating_sub(self.amount.minor).max(0);
        let covered = cover(self.from_seq.saturating_sub(1), before, minor, paid);
        let (to_seq, part) = (covered.to_seq, covered.part);
        Self { amount: Money { minor, ..self.amount }, to_seq, part, ..self }
    }
}

impl TransferShown {
    /// Paystack's id of it, and what has left the balance with it, fee included; nothing where that cannot be said.
    fn left(&self) -> Option<(u64, Money)> {
        let money = Money { minor: self.amount, currency: Currency::of_code(&self.currency)? };
        let fee = self.fee.unwrap_or_else(|| transfer_fee(money)).max(0);
        let minor = self.amount.checked_add(fee).filter(|_| self.amount > 0)?;
        Some((self.id?, Money { minor, ..money }))
    }
}

#[cfg(test)]
mod tests;
