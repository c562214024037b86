//! A settlement run: which guards are paid in a night, and who waits (T41, T42). Pure, so that a dry run and the real
//! one cannot differ.
//!
//! Deliberately absent: payouts themselves (`domain::payout`), and the order, which is that of the index: whoever has
//! waited longest comes first.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::words;
use crate::failure::{Failure, Kind};
use crate::id::{GuardId, TenantId};
use crate::money::{Currency, Money};
use crate::payout::{PayoutSettings, transfer_fee};

/// Who asked for a run that nobody asked for.
pub const SCHEDULE: &str = "schedule";

words! {
    /// Where a run stands.
    pub enum RunState {
        /// It is asked for; nothing is planned yet.
        Requested = "requested",
        /// Guards are being gone through.
        Planning = "planning",
        /// Each guard has been looked at, and each payout is on its way.
        Planned = "planned",
    }
}

words! {
    /// What becomes of a guard in a run.
    pub enum Verdict {
        /// The guard is paid.
        Pay = "pay",
        /// It is unknown where to pay the guard.
        NoAccount = "no_account",
        /// The guard's account was changed less than 24 hours ago.
        AccountHeld = "account_held",
        /// Paystack's balance does not last.
        BalanceShort = "balance_short",
    }
}

/// A guard who is owed something, as a run finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub guard: GuardId,
    /// What is owed, in minor units.
    pub available: i64,
    /// Since when the oldest of it.
    pub since: Timestamp,
    /// Paystack's code of the account.
    pub recipient: Option<String>,
    /// Until then nothing is paid to the account, because it is new.
    pub held_until: Option<Timestamp>,
}

/// One guard in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// Who.
    #[schema(value_type = String)]
    pub guard: GuardId,
    /// What becomes of the guard.
    pub verdict: Verdict,
    /// What is paid, or would be: minor units.
    pub amount: i64,
    /// What the transfer probably costs, in minor units; the platform bears it.
    pub fee: i64,
    /// Since when the oldest of it has been owed.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Paystack's code of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// Guards and what they are owed, added up. Minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// How many.
    pub guards: u32,
    /// What they get, or would.
    pub amount: i64,
    /// What that probably costs.
    pub fees: i64,
}

impl Sum {
    fn add(&mut self, line: &Line) {
        self.guards = self.guards.saturating_add(1);
        self.amount = self.amount.saturating_add(line.amount);
        self.fees = self.fees.saturating_add(line.fee);
    }
}

/// What a run has found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Guards who are paid.
    pub paid: Sum,
    /// Guards who wait because the balance does not last.
    pub short: Sum,
    /// Guards who wait for an account, or for the time after a change of theirs.
    pub held: Sum,
}

impl Totals {
    fn add(&mut self, line: &Line) {
        match line.verdict {
            Verdict::Pay => self.paid.add(line),
            Verdict::BalanceShort => self.short.add(line),
            Verdict::NoAccount | Verdict::AccountHeld => self.held.add(line),
        }
    }
}

/// Goes through guards, oldest money first, within a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planner {
    /// What the tenant decides.
    pub terms: PayoutSettings,
    /// The currency.
    pub currency: Currency,
    /// What is left of Paystack's balance, in minor units.
    pub left: i64,
    /// What was found so far.
    pub totals: Totals,
}

impl Planner {
    /// The next guards' lines; one who is owed less than the threshold has none. Once somebody does not fit into what
    /// is left of the balance, everybody behind waits too: nobody is overtaken for being owed less.
    pub fn page(&mut self, candidates: Vec<Candidate>, now: Timestamp) -> Vec<Line> {
        candidates.into_iter().filter_map(|candidate| self.line(candidate, now)).collect()
    }

    fn line(&mut self, candidate: Candidate, now: Timestamp) -> Option<Line> {
        let available = Money { minor: candidate.available, currency: self.currency };
        let amount = self.terms.payable(available)?;
        let fee = transfer_fee(amount);
        let cost = amount.minor.saturating_add(fee);
        let verdict = match &candidate.recipient {
            None => Verdict::NoAccount,
            Some(_) if candidate.held_until.is_some_and(|until| until > now) => {
                Verdict::AccountHeld
            }
            Some(_) if self.totals.short.guards > 0 || cost > self.left => Verdict::BalanceShort,
            Some(_) => Verdict::Pay,
        };
        if verdict == Verdict::Pay {
            self.left = self.left.saturating_sub(cost);
        }
        let Candidate { guard, since, recipient, .. } = candidate;
        let line = Line { guard, verdict, amount: amount.minor, fee, since, recipient };
        self.totals.add(&line);
        Some(line)
    }
}

/// One run: a tenant's night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whose run.
    pub tenant: TenantId,
    /// The day in the tenant's time zone; a tenant has one run a day.
    pub date: Date,
    /// Who asked for it: [`SCHEDULE`], or the id of a key.
    pub asked_by: String,
    /// The currency.
    pub currency: Currency,
    /// What the tenant had decided when it began.
    pub terms: PayoutSettings,
    /// Where it stands.
    pub state: RunState,
    /// Paystack's balance when it began, in minor units.
    pub balance: i64,
    /// What is left of it.
    pub left: i64,
    /// What was found so far.
    pub totals: Totals,
    /// Pages of its plan that are written.
    pub pages: u32,
    /// Where in the list of guards it goes on.
    pub place: Option<String>,
    /// When it was asked for. Money that is owed only since later waits for the next run.
    pub started_at: Timestamp,
    /// When it was through.
    pub finished_at: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
}

impl Run {
    /// A run that is asked for.
    pub fn ask(
        tenant: TenantId,
        date: Date,
        asked_by: &str,
        (currency, terms): (Currency, PayoutSettings),
        now: Timestamp,
    ) -> Self {
        Self {
            tenant,
            date,
            asked_by: asked_by.to_owned(),
            currency,
            terms,
            state: RunState::Requested,
            balance: 0,
            left: 0,
            totals: Totals::default(),
            pages: 0,
            place: None,
            started_at: now,
            finished_at: None,
            version: 1,
        }
    }

    /// It begins with what Paystack's balance holds.
    pub fn begin(self, balance: i64) -> Self {
        Self { state: RunState::Planning, balance, left: balance, ..self.next() }
    }

    /// What goes through the next guards.
    pub fn planner(&self) -> Planner {
        let (terms, totals) = (self.terms.clone(), self.totals);
        Planner { terms, currency: self.currency, left: self.left, totals }
    }

    /// Another page of its plan is written; `place` is where it goes on, nothing at the end.
    pub fn advance(self, planner: &Planner, place: Option<String>, now: Timestamp) -> Self {
        let state = if place.is_none() { RunState::Planned } else { RunState::Planning };
        let finished_at = place.is_none().then_some(now);
        let (left, totals) = (planner.left, planner.totals);
        let pages = self.pages.saturating_add(1);
        Self { state, left, totals, pages, place, finished_at, ..self.next() }
    }

    fn next(self) -> Self {
        Self { version: self.version.saturating_add(1), ..self }
    }
}

/// Why there is no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunRefused {
    /// There is none of this day.
    #[error("there is no settlement run of this day")]
    Unknown,
}

impl Failure for RunRefused {
    fn kind(&self) -> Kind {
        match self {
            RunRefused::Unknown => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            RunRefused::Unknown => "run_unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planner(left: i64) -> Planner {
        let terms = PayoutSettings::default();
        Planner { terms, currency: Currency::Ngn, left, totals: Totals::default() }
    }

    fn owed(number: u8, available: i64) -> Candidate {
        Candidate {
            guard: GuardId::new(Timestamp::UNIX_EPOCH, [number; 10]),
            available,
            since: Timestamp::UNIX_EPOCH,
            recipient: Some(format!("RCP_{number}")),
            held_until: None,
        }
    }

    #[test]
    fn whoever_has_waited_longest_is_paid_first_and_the_rest_is_named() {
        let now = Timestamp::UNIX_EPOCH;
        let mut planner = planner(500_000);
        let lines = planner.page(
            vec![
                owed(1, 200_000),
                owed(2, 99_999),
                Candidate { recipient: None, ..owed(3, 150_000) },
                Candidate { held_until: Some(Timestamp::MAX), ..owed(4, 150_000) },
                owed(5, 300_000),
                owed(6, 100_000),
            ],
            now,
        );
        let verdicts: Vec<Verdict> = lines.iter().map(|line| line.verdict).collect();
        use Verdict::{AccountHeld, BalanceShort, NoAccount, Pay};
        assert_eq!(verdicts, [Pay, NoAccount, AccountHeld, BalanceShort, BalanceShort]);
        assert_eq!(planner.left, 500_000 - 200_000 - 1_000);
        let Totals { paid, short, held } = planner.totals;
        assert_eq!((paid.guards, paid.amount, paid.fees), (1, 200_000, 1_000));
        assert_eq!((short.guards, short.amount), (2, 400_000));
        assert_eq!(held.guards, 2);
    }

    #[test]
    fn the_fee_has_to_fit_too() {
        let check = |left, verdict| {
            let lines = planner(left).page(vec![owed(1, 200_000)], Timestamp::UNIX_EPOCH);
            assert_eq!(lines.first().map(|line| line.verdict), Some(verdict), "{left}");
        };
        check(201_000, Verdict::Pay);
        check(200_999, Verdict::BalanceShort);
    }

    #[test]
    fn pages_plan_what_one_long_page_plans() {
        let candidates: Vec<Candidate> =
            (0..50).map(|number| owed(number, 90_000 + i64::from(number) * 10_000)).collect();
        let now = Timestamp::UNIX_EPOCH;
        let mut whole = planner(5_000_000);
        let at_once = whole.page(candidates.clone(), now);
        for size in [1, 7, 49] {
            let mut paged = planner(5_000_000);
            let lines: Vec<Line> =
                candidates.chunks(size).flat_map(|page| paged.page(page.to_vec(), now)).collect();
            assert_eq!((lines, paged), (at_once.clone(), whole.clone()), "{size}");
        }
    }
}
