//! What a ledger transaction meant for one guard: credited by a tip, taken back, paid out. Reports and charts add these
//! up, so that they agree with the ledger to the minor unit.
//!
//! Deliberately absent: days and time zones, which whoever adds up chooses.

use crate::id::GuardId;
use crate::ledger::{AccountKind, Record};
use crate::money::Currency;

/// Sums of one guard, one day, or anything else. Minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Takings {
    /// How many tips were credited.
    pub tips: u64,
    /// What they came to for the guard, after fees.
    pub credited: i64,
    /// What refunds and lost disputes have taken back of it.
    pub taken_back: i64,
    /// How many payouts have arrived.
    pub payouts: u64,
    /// What they came to; one that was reversed later counts against it.
    pub paid_out: i64,
}

impl Takings {
    /// What a transaction meant, and for whom; nothing where it moves no guard's money in or out.
    pub fn of(record: &Record) -> Option<(GuardId, Currency, Takings)> {
        let posting = record.postings.iter().find(|posting| posting.account.guard().is_some())?;
        let (guard, currency) = (posting.account.guard()?.clone(), posting.account.currency);
        let sum = |wanted: fn(&AccountKind) -> bool| {
            let of_kind = record.postings.iter().filter(|one| wanted(&one.account.kind));
            of_kind.fold(0_i64, |sum, one| sum.saturating_add(one.minor))
        };
        // What we owe is negative, what we are owed positive: both grow the guard's money downwards.
        let owed = sum(|kind| matches!(kind, AccountKind::Payable(_) | AccountKind::Receivable(_)));
        let in_transit = sum(|kind| matches!(kind, AccountKind::InTransit(_)));
        let reference = record.reference.as_str();
        let takings = if reference.starts_with("ps:charge:") {
            Takings { tips: 1, credited: owed.saturating_neg(), ..Takings::default() }
        } else if reference.starts_with("ps:refund:") || reference.starts_with("ps:dispute:") {
            Takings { taken_back: owed, ..Takings::default() }
        } else if reference.starts_with("ps:transfer:") {
            // What was set aside and is not owed again has arrived; what is owed again without that had.
            let paid_out = in_transit.saturating_add(owed);
            if paid_out == 0 {
                return None;
            }
            Takings { payouts: u64::from(paid_out > 0), paid_out, ..Takings::default() }
        } else {
            return None;
        };
        Some((guard, currency, takings))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Takings) -> Takings {
        Takings {
            tips: self.tips.saturating_add(other.tips),
            credited: self.credited.saturating_add(other.credited),
            taken_back: self.taken_back.saturating_add(other.taken_back),
            payouts: self.payouts.saturating_add(other.payouts),
            paid_out: self.paid_out.saturating_add(other.paid_out),
        }
    }

    /// What is left of the tips.
    pub fn kept(&self) -> i64 {
        self.credited.saturating_sub(self.taken_back)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::{PayoutId, TipId};
    use crate::ledger::{
        Charge, FeeBearer, PaystackReference, Transaction, Transfer, TransferNews, TransferPosted,
        TransferReference, TransferStep, payout_start,
    };
    use crate::money::Money;

    const NGN: Currency = Currency::Ngn;

    fn guard() -> GuardId {
        GuardId::new(Timestamp::UNIX_EPOCH, [1; 10])
    }

    fn check(transaction: &Transaction, expected: Option<Takings>) {
        let reference = transaction.reference().clone();
        let record = Record { reference, postings: transaction.postings().to_vec() };
        let found = Takings::of(&record);
        assert_eq!(found, expected.map(|takings| (guard(), NGN, takings)), "{record:?}");
    }

    fn charge() -> Charge {
        let tip = TipId::new(Timestamp::UNIX_EPOCH, [2; 10]);
        Charge {
            reference: PaystackReference::of(&tip),
            guard: guard(),
            currency: NGN,
            tip: 100_000,
            collected: 100_000,
            psp_fee: 1_500,
            platform_fee: 500,
            bearer: FeeBearer::Guard,
        }
    }

    #[test]
    fn a_tip_counts_with_what_the_guard_gets_also_where_it_repays() {
        let credited = Takings { tips: 1, credited: 98_000, ..Takings::default() };
        check(&charge().transaction(0).unwrap(), Some(credited));
        check(&charge().transaction(30_000).unwrap(), Some(credited));
        check(&charge().transaction(500_000).unwrap(), Some(credited));
    }

    #[test]
    fn a_payout_counts_when_it_arrives_and_no_longer_when_it_comes_back() {
        let payout = PayoutId::new(Timestamp::UNIX_EPOCH, [3; 10]);
        let amount = Money { minor: 98_000, currency: NGN };
        check(&payout_start(&payout, 1, &guard(), amount).unwrap(), None);
        let reference = TransferReference::of(&payout, 1);
        let transfer = Transfer { reference, guard: guard(), amount };
        let step = |news, posted| match transfer.step(news, posted).unwrap() {
            TransferStep::Post(transaction) => transaction,
            other => panic!("{other:?}"),
        };
        let (nothing, success) =
            (TransferPosted::default(), TransferPosted { success: true, returned: false });
        let arrived = Takings { payouts: 1, paid_out: 98_000, ..Takings::default() };
        check(&step(TransferNews::Success { fee: 1_000 }, nothing), Some(arrived));
        let partly = Takings { payouts: 1, paid_out: 90_000, ..Takings::default() };
        check(&transfer.paid_in_part(90_000, 1_000).unwrap(), Some(partly));
        let back = TransferNews::Returned { fee_back: 0 };
        check(&step(back, nothing), None);
        let reversed = Takings { paid_out: -98_000, ..Takings::default() };
        check(&step(back, success), Some(reversed));
    }
}
