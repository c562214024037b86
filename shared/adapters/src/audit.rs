//! The check of a tenant's whole ledger against what the table holds: every transaction, every guard's entries and
//! balances, every system account. It runs while others write, and takes nothing for wrong that is only newer than
//! what was read before: what seems off is read again until it stands still.
//!
//! Deliberately absent: repairs. Whoever is told what is off decides.

mod guards;
mod system;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use domain::ledger::{Account, Audit, Posting, Reference, Violation};
use domain::money::Currency;
use jiff::{SignedDuration, Timestamp};

use crate::table::{Month, Place, StoreError, StoredPosting, Table};

/// How often something that seems off is read again.
const TRIES_MAX: u32 = 8;
/// The first pause before something is read again; it grows by itself with each try.
const PAUSE: Duration = Duration::from_millis(60);
/// How far back transactions are read again that may have been written late, or have come late into the index.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose ledger.
    pub tenant: TenantId,
    /// Nothing is older than this: when the tenant was made.
    pub since: Timestamp,
    /// The present instant.
    pub now: Timestamp,
    /// The currencies of the tenant's tips, also those that nothing was posted in.
    pub currencies: BTreeSet<Currency>,
    /// After so long the check stops where it is.
    pub budget: Option<Duration>,
}

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Whether everything was read and compared.
    pub complete: bool,
    /// Transactions that were read.
    pub transactions: usize,
    /// Accounts that were compared.
    pub accounts: usize,
    /// Transactions that the system's accounts do not contain yet.
    pub waiting: usize,
    /// System accounts that changed each time they were read, so that they could not be compared.
    pub moving: BTreeSet<Account>,
    /// What is off.
    pub violations: BTreeSet<Violation>,
    /// The system's accounts as all transactions together make them, in minor units; nothing where not all were read.
    pub system: BTreeMap<Account, i64>,
}

/// Checks a tenant's ledger.
///
/// # Errors
/// [`StoreError`].
pub async fn audit(table: &Table, scope: &Scope) -> Result<Findings, StoreError> {
    let mut walk = Walk::new(table, scope);
    let read = walk.read_all().await?;
    if !read {
        return Ok(walk.unfinished());
    }
    let compared = walk.compare_system().await? && walk.compare_guards().await?;
    Ok(if compared { walk.finish() } else { walk.unfinished() })
}

/// A check on its way.
struct Walk<'a> {
    table: &'a Table,
    scope: &'a Scope,
    deadline: Option<Instant>,
    audit: Audit,
    /// Transactions that were not added up in the system's accounts when they were read.
    waiting: BTreeMap<Reference, Vec<Posting>>,
    /// The balances that were found right, or are what is stored.
    stored: BTreeMap<Account, i64>,
    found: Findings,
}

impl<'a> Walk<'a> {
    fn new(table: &'a Table, scope: &'a Scope) -> Self {
        Self {
            table,
            scope,
            deadline: scope.budget.map(|budget| Instant::now() + budget),
            audit: Audit::default(),
            waiting: BTreeMap::new(),
            stored: BTreeMap::new(),
            found: Findings::default(),
        }
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Reads every transaction; `false` when there was no time for all.
    async fn read_all(&mut self) -> Result<bool, StoreError> {
        // A little before and after: clocks differ.
        let since = self.scope.since.saturating_sub(LATE).unwrap_or(Timestamp::MIN);
        self.read_since(since).await
    }

    /// Reads the transactions since an instant, those that are known already left out.
    async fn read_since(&mut self, since: Timestamp) -> Result<bool, StoreError> {
        let until = self.scope.now.saturating_add(LATE).unwrap_or(Timestamp::MAX);
        for month in Month::between(since, until) {
            let mut place = Some(Place::before(since));
            while let Some(from) = place {
                if self.is_over() {
                    return Ok(false);
                }
                let tenant = &self.scope.tenant;
                let stretch = self.table.postings_behind(tenant, month, &from, until).await?;
                for posting in stretch.postings {
                    self.take(posting);
                }
                place = stretch.next;
            }
        }
        Ok(true)
    }

    fn take(&mut self, posting: StoredPosting) {
        let StoredPosting { record, counted, .. } = posting;
        if self.audit.knows(&record.reference) {
            return;
        }
        self.audit.record(&record);
        if !counted {
            self.waiting.insert(record.reference, record.postings);
        }
    }

    fn sum(&self, account: &Account) -> i64 {
        self.audit.sums().get(account).copied().unwrap_or(0)
    }

    /// Waits a little longer each time.
    async fn pause(&self, tries: u32) {
        tokio::time::sleep(PAUSE * tries).await;
    }

    fn currencies(&self) -> BTreeSet<Currency> {
        let posted = self.audit.sums().keys().map(|account| account.currency);
        posted.chain(self.scope.currencies.iter().copied()).collect()
    }

    fn finish(self) -> Findings {
        let transactions = self.audit.transactions();
        let system = self.audit.sums().iter().filter(|(account, _)| account.guard().is_none());
        let system = system.map(|(account, sum)| (account.clone(), *sum)).collect();
        let mut violations = self.found.violations;
        let accounts = self.stored.len();
        violations.extend(self.audit.finish(&self.stored));
        let complete = self.found.moving.is_empty();
        let waiting = self.waiting.len();
        Findings { complete, transactions, accounts, waiting, violations, system, ..self.found }
    }

    /// What is wrong with single transactions. Sums that are not whole say nothing.
    fn unfinished(mut self) -> Findings {
        self.stored = self.audit.sums().clone();
        let mut found = Findings { accounts: 0, ..self.finish() };
        found.violations.retain(|violation| match violation {
            Violation::Unbalanced { .. }
            | Violation::CurrencyMismatch { .. }
            | Violation::EmptyPosting { .. }
            | Violation::DuplicateReference { .. } => true,
            Violation::BalanceOff { .. }
            | Violation::WrongSide { .. }
            | Violation::Overflow { .. } => false,
        });
        Findings { complete: false, system: BTreeMap::new(), ..found }
    }
}
