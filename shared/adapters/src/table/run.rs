//! Settlement runs: a tenant has one a day. Each page of a run's plan is written before anything of it is done,
//! together with how far the run has come, so that whoever goes on does what was planned.

use std::collections::HashMap;

use domain::audit::AuditChange;
use domain::guard::Guard;
use domain::id::{GuardId, TenantId};
use domain::message::PAYOUTS_MAX;
use domain::money::Currency;
use domain::page::{Page, PageSize, Position};
use domain::payout::PayoutSettings;
use domain::settlement::{Candidate, Line, Run, RunState, Totals};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::balances::Owed;
use super::list::{List, Order, each};
use super::{Item, StoreError, Table, encode, keys, number};

const KIND: &str = "settlement_run";
const PAGE_KIND: &str = "settlement_page";

#[derive(Serialize, Deserialize)]
struct RunItem {
    tenant: TenantId,
    date: Date,
    asked_by: String,
    currency: Currency,
    terms: PayoutSettings,
    state: RunState,
    balance: i64,
    left: i64,
    totals: Totals,
    pages: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    version: u64,
    #[serde(rename = "GSI1PK", default)]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK", default)]
    gsi1_sk: String,
}

#[derive(Serialize, Deserialize)]
struct PageItem {
    lines: Vec<Line>,
}

impl RunItem {
    fn from_domain(run: &Run) -> Self {
        Self {
            tenant: run.tenant.clone(),
            date: run.date,
            asked_by: run.asked_by.clone(),
            currency: run.currency,
            terms: run.terms.clone(),
            state: run.state,
            balance: run.balance,
            left: run.left,
            totals: run.totals,
            pages: run.pages,
            place: run.place.clone(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            version: run.version,
            gsi1_pk: keys::runs_of_tenant(&run.tenant),
            gsi1_sk: run.date.to_string(),
        }
    }

    fn into_domain(self) -> Run {
        Run {
            tenant: self.tenant,
            date: self.date,
            asked_by: self.asked_by,
            currency: self.currency,
            terms: self.terms,
            state: self.state,
            balance: self.balance,
            left: self.left,
            totals: self.totals,
            pages: self.pages,
            place: self.place,
            started_at: self.started_at,
            finished_at: self.finished_at,
            version: self.version,
        }
    }
}

impl Table {
    /// The tenant's run of a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(&self, tenant: &TenantId, date: Date) -> Result<Option<Run>, StoreError> {
        let item: Option<RunItem> = self.read_as(&keys::run(tenant, date), KIND).await?;
        Ok(item.map(RunItem::into_domain))
    }

    /// Adds a run; `false` when the tenant has one of that day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_run(&self, run: &Run) -> Result<bool, StoreError> {
        let item = encode(&keys::run(&run.tenant, run.date), KIND, &RunItem::from_domain(run))?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// Adds a run that a person has asked for, with the record of that; `false` when the tenant has one of that day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_asked_run(
        &self,
        run: &Run,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let item = encode(&keys::run(&run.tenant, run.date), KIND, &RunItem::from_domain(run))?;
        let write = self.put(item, Some("attribute_not_exists(PK)"), Item::new());
        Ok(self.transact_audited(change, vec![write]).await?.is_ok())
    }

    /// Replaces the run that was read at version `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_run(&self, run: &Run, read: u64) -> Result<bool, StoreError> {
        let item = encode(&keys::run(&run.tenant, run.date), KIND, &RunItem::from_domain(run))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        self.put_if(item, "version = :read", values).await
    }

    /// Writes the next page of a run's plan: page number `run.pages`, together with the run that was read at version
    /// `read`; `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_run_page(
        &self,
        run: &Run,
        read: u64,
        lines: &[Line],
    ) -> Result<bool, StoreError> {
        let (tenant, date) = (&run.tenant, run.date);
        let page = PageItem { lines: lines.to_vec() };
        let page = encode(&keys::run_page(tenant, date, run.pages), PAGE_KIND, &page)?;
        let item = encode(&keys::run(tenant, date), KIND, &RunItem::from_domain(run))?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let writes = vec![
            self.put(item, Some("version = :read"), values),
            self.put(page, Some("attribute_not_exists(PK)"), Item::new()),
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// A page of a run's plan; pages count from 1.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_page(
        &self,
        tenant: &TenantId,
        date: Date,
        page: u32,
    ) -> Result<Option<Vec<Line>>, StoreError> {
        let key = keys::run_page(tenant, date, page);
        let item: Option<PageItem> = self.read_as(&key, PAGE_KIND).await?;
        Ok(item.map(|item| item.lines))
    }

    /// The tenant's runs, the latest day first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn runs_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Run>, StoreError> {
        let pk = keys::runs_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<RunItem>(list).await?, |item| Ok(item.into_domain()))
    }
}

impl Table {
    /// A page of the tenant's guards whom a run can pay: those who have been owed something since before `before`, the
    /// oldest money first. What was written a moment ago may still be missing; the write that sets the money aside
    /// decides.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn candidates(
        &self,
        tenant: &TenantId,
        currency: Currency,
        before: Timestamp,
        from: Option<&Position>,
    ) -> Result<Page<Candidate>, StoreError> {
        let owed = self.owed_guards(tenant, currency, PAYOUTS_MAX, from).await?;
        let is_through = owed.entries.last().is_some_and(|owed| owed.since >= before);
        let entries: Vec<_> = owed.entries.into_iter().filter(|o| o.since < before).collect();
        let ids: Vec<GuardId> = entries.iter().map(|owed| owed.guard.clone()).collect();
        let guards = self.guards_by_id(tenant, &ids).await?.into_iter();
        let mut guards: HashMap<GuardId, Guard> =
            guards.map(|guard| (guard.id.clone(), guard)).collect();
        let candidate = |owed: Owed| {
            let guard = guards.remove(&owed.guard);
            let held_until = guard.as_ref().and_then(|guard| guard.payout_hold_until);
            let account = guard.and_then(|guard| guard.payout_account);
            Candidate {
                guard: owed.guard,
                available: owed.available,
                since: owed.since,
                recipient: account.map(|account| account.recipient_code),
                held_until,
            }
        };
        let entries = entries.into_iter().map(candidate).collect();
        Ok(Page { entries, next: owed.next.filter(|_| !is_through) })
    }
}
