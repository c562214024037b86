//! The nightly comparison of our books with Paystack's, both ways (T44): how far it has come, what it has found, and
//! what a line of Paystack's balance ledger means for ours.
//!
//! Deliberately absent: repairs. Facts that only Paystack knows are posted (settlements, top-ups, what was drawn from
//! the balance); whatever contradicts our own records is a case for a person.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::case::{Case, CaseKind};
use crate::device::words;
use crate::id::TenantId;
use crate::ledger::{Account, AccountKind, Posting};
use crate::money::Currency;

/// What is younger may still be on its way into our books, and is looked at by the next comparison.
pub const GRACE: SignedDuration = SignedDuration::from_hours(1);
/// So far behind the end of the last comparison the next one begins: charges are paid days after they were begun.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(48);
/// So far behind its beginning settlements are listed, which wait for days before they are paid.
pub const SETTLEMENTS_BACK: SignedDuration = SignedDuration::from_hours(24 * 10);
/// A settlement that Paystack has not paid so long after its date is late.
pub const SETTLEMENT_LATE: SignedDuration = SignedDuration::from_hours(48);

words! {
    /// How far a comparison has come.
    pub enum Step {
        /// The lines of Paystack's balance ledger.
        Lines = "lines",
        /// Paystack's settlements.
        Settlements = "settlements",
        /// Paystack's transactions, each against our ledger.
        Charges = "charges",
        /// Paystack's transfers, each against our ledger.
        Transfers = "transfers",
        /// Our ledger, against what Paystack has listed.
        Ours = "ours",
        /// The ledger itself, and the balances against Paystack's.
        Balances = "balances",
        /// It is through.
        Done = "done",
    }
}

/// What a comparison has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Findings {
    /// What of Paystack's was looked at: lines, settlements, transactions, transfers.
    pub counted: u32,
    /// What is in both books alike.
    pub matched: u32,
    /// What was posted because only Paystack knew it.
    pub posted: u32,
    /// What differs. A person has a case for each.
    pub differences: u32,
    /// Differences that no earlier comparison had found.
    pub new_differences: u32,
}

/// The comparison of a tenant's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// Whose books.
    pub tenant: TenantId,
    /// The day, in the tenant's time zone.
    pub date: Date,
    /// What is compared began at this instant or after it.
    pub since: Timestamp,
    /// What is compared is older than this.
    pub until: Timestamp,
    /// How far it has come.
    pub step: Step,
    /// Where the step goes on, as whoever reads Paystack's lists has written it; nothing at its beginning.
    pub place: Option<String>,
    /// Pages of references that were set aside, for the way back.
    pub pages: u32,
    /// What was found.
    pub findings: Findings,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was through.
    pub finished_at: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

impl Reconciliation {
    /// A comparison that begins now. `last_until` is the end of the one before; without one it goes back to when the
    /// tenant was made.
    pub fn begin(
        (tenant, date): (TenantId, Date),
        created_at: Timestamp,
        last_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let overlap = last_until.and_then(|until| until.checked_sub(OVERLAP).ok());
        let since = overlap.map_or(created_at, |since| since.max(created_at));
        let until = now.checked_sub(GRACE).unwrap_or(now).max(since);
        Self {
            tenant,
            date,
            since,
            until,
            step: Step::Lines,
            place: None,
            pages: 0,
            findings: Findings::default(),
            started_at: now,
            finished_at: None,
            version: 1,
        }
    }

    /// The comparison with its step gone on to `place`, or to the next step where there is none.
    #[must_use]
    pub fn after(self, place: Option<String>, found: Findings, now: Timestamp) -> Self {
        let step = if place.is_some() { self.step } else { self.step.next() };
        let finished_at = (step == Step::Done).then_some(now);
        let findings = self.findings.plus(found);
        let version = self.version.saturating_add(1);
        Self { step, place, findings, finished_at, version, ..self }
    }

    /// Whether there is nothing left to do.
    pub fn is_done(&self) -> bool {
        self.step == Step::Done
    }
}

impl Step {
    fn next(self) -> Self {
        match self {
            Step::Lines => Step::Settlements,
            Step::Settlements => Step::Charges,
            Step::Charges => Step::Transfers,
            Step::Transfers => Step::Ours,
            Step::Ours => Step::Balances,
            Step::Balances | Step::Done => Step::Done,
        }
    }
}

impl Findings {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Findings) -> Self {
        Self {
            counted: self.counted.saturating_add(other.counted),
            matched: self.matched.saturating_add(other.matched),
            posted: self.posted.saturating_add(other.posted),
            differences: self.differences.saturating_add(other.differences),
            new_differences: self.new_differences.saturating_add(other.new_differences),
        }
    }
}

/// What a line of Paystack's balance ledger means for our books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMeaning {
    /// This settlement was paid into the balance.
    Settled(u64),
    /// A refund or a dispute was paid out of the balance, or given back to it.
    Drawn,
    /// The tenant has put money into the balance.
    TopUp,
    /// A transfer, which its payout posts.
    Transfer,
    /// Nobody knows.
    Unexplained,
}

impl LineMeaning {
    /// Of a line: Paystack's word for its cause, the number of that, and by how much it has changed the balance.
    pub fn of(model: &str, row: Option<u64>, difference: i64) -> Self {
        let is = |word: &str| model.eq_ignore_ascii_case(word);
        match row {
            Some(id) if is("settlement") && difference > 0 => LineMeaning::Settled(id),
            _ if is("transfer") => LineMeaning::Transfer,
            _ if is("refund") || is("dispute") || is("chargeback") => LineMeaning::Drawn,
            _ if is("transaction") || is("settlement") || difference <= 0 => {
                LineMeaning::Unexplained
            }
            _ => LineMeaning::TopUp,
        }
    }
}

/// What a transaction of ours has moved on a system account, in minor units; nothing where it has none there.
pub fn moved(postings: &[Posting], kind: &AccountKind, currency: Currency) -> i64 {
    let account = Account::new(kind.clone(), currency);
    let mine = postings.iter().filter(|posting| posting.account == account);
    mine.fold(0, |sum, posting| sum.saturating_add(posting.minor))
}

/// A difference of the books as a case. `cause` tells it from others of the same kind and reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What does not fit.
    pub kind: CaseKind,
    /// Paystack's reference, or the number of what it is about.
    pub reference: String,
    /// Tells it from others.
    pub cause: String,
    /// What our books say, in minor units.
    pub expected: Option<i64>,
    /// What Paystack says, in minor units.
    pub found: Option<i64>,
    /// The currency that Paystack says.
    pub currency: Option<String>,
}

impl Difference {
    /// A difference without amounts.
    pub fn new(kind: CaseKind, reference: impl Into<String>, cause: &str) -> Self {
        let (reference, cause) = (reference.into(), cause.to_owned());
        Self { kind, reference, cause, expected: None, found: None, currency: None }
    }

    /// Its case, which is the same each time that it is found.
    pub fn case(self, tenant: &TenantId, now: Timestamp) -> Case {
        let case = Case::open(tenant.clone(), self.kind, &self.reference, &self.cause, now);
        let Self { expected, found, currency, .. } = self;
        Case { expected, found, currency, ..case }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + HOUR * i32::try_from(hours).unwrap()
    }

    fn begin(last_until: Option<Timestamp>, now: Timestamp) -> Reconciliation {
        let whose = (TenantId::new(at(0), [1; 10]), date(2026, 11, 21));
        Reconciliation::begin(whose, at(10), last_until, now)
    }

    #[test]
    fn a_comparison_begins_behind_the_last_one_and_leaves_out_what_is_young() {
        let check = |last: Option<i64>, now: i64, expected: (i64, i64)| {
            let begun = begin(last.map(at), at(now));
            assert_eq!((begun.since, begun.until), (at(expected.0), at(expected.1)));
        };
        check(None, 100, (10, 99));
        check(None, 10, (10, 10));
        check(Some(99), 124, (51, 123));
        check(Some(30), 54, (10, 53));
    }

    #[test]
    fn it_goes_through_its_steps_and_adds_up_what_it_finds() {
        let found = Findings { counted: 2, matched: 1, ..Findings::default() };
        let mut state = begin(None, at(100)).after(Some("2".to_owned()), found, at(101));
        assert_eq!((state.step, state.version, state.findings), (Step::Lines, 2, found));
        for step in &Step::ALL[1..] {
            assert!(!state.is_done());
            state = state.after(None, Findings::default(), at(102));
            assert_eq!((state.step, state.place.as_ref()), (*step, None));
        }
        assert_eq!((state.finished_at, state.findings), (Some(at(102)), found));
    }

    #[test]
    fn a_line_of_the_balance_says_where_its_money_came_from() {
        use LineMeaning::{Drawn, Settled, TopUp, Transfer, Unexplained};
        let cases = [
            ("Settlement", Some(7), 500, Settled(7)),
            ("settlement", Some(7), -500, Unexplained),
            ("Settlement", None, 500, Unexplained),
            ("Transfer", Some(7), -500, Transfer),
            ("Transfer", Some(7), 500, Transfer),
            ("Refund", Some(7), -500, Drawn),
            ("Dispute", Some(7), 500, Drawn),
            ("Transaction", Some(7), 500, Unexplained),
            ("TopUp", Some(7), 500, TopUp),
            ("Funding", None, 500, TopUp),
            ("Funding", None, -500, Unexplained),
        ];
        for (model, row, difference, expected) in cases {
            assert_eq!(LineMeaning::of(model, row, difference), expected, "{model} {difference}");
        }
    }
}
