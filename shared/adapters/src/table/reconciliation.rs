//! Nightly comparisons with Paystack's books: one a day, replaced by version, with the references that were set aside
//! on the way.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::id::TenantId;
use domain::ledger::Reference;
use domain::page::{Page, PageSize, Position};
use domain::reconciliation::{Findings, Reconciliation, Step};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::statement::{KIND as POSTING_KIND, PostingItem, StoredPosting};
use super::{Item, StoreError, Table, broken, decode, encode, keys, number, text};

const KIND: &str = "reconciliation";
const PAGE_KIND: &str = "reconciliation_page";
/// References that were set aside are kept so long, in days; nobody needs them after the comparison.
const PAGE_DAYS: i64 = 30;
/// Items that are read at once: DynamoDB takes no more.
const BATCH_MAX: usize = 100;

#[derive(Serialize, Deserialize)]
struct ReconciliationItem {
    tenant: TenantId,
    date: Date,
    since: Timestamp,
    until: Timestamp,
    step: Step,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    pages: u32,
    findings: Findings,
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
    references: BTreeSet<Reference>,
    ttl: i64,
}

impl ReconciliationItem {
    fn from_domain(state: &Reconciliation) -> Self {
        Self {
            tenant: state.tenant.clone(),
            date: state.date,
            since: state.since,
            until: state.until,
            step: state.step,
            place: state.place.clone(),
            pages: state.pages,
            findings: state.findings,
            started_at: state.started_at,
            finished_at: state.finished_at,
            version: state.version,
            gsi1_pk: keys::reconciliations_of_tenant(&state.tenant),
            gsi1_sk: state.date.to_string(),
        }
    }

    fn into_domain(self) -> Reconciliation {
        Reconciliation {
            tenant: self.tenant,
            date: self.date,
            since: self.since,
            until: self.until,
            step: self.step,
            place: self.place,
            pages: self.pages,
            findings: self.findings,
            started_at: self.started_at,
            finished_at: self.finished_at,
            version: self.version,
        }
    }
}

impl Table {
    /// The tenant's comparison of a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reconciliation(
        &self,
        tenant: &TenantId,
        date: Date,
    ) -> Result<Option<Reconciliation>, StoreError> {
        let key = keys::reconciliation(tenant, date);
        let item: Option<ReconciliationItem> = self.read_as(&key, KIND).await?;
        Ok(item.map(ReconciliationItem::into_domain))
    }

    /// Adds a comparison; `false` when the tenant has one of that day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_reconciliation(&self, state: &Reconciliation) -> Result<bool, StoreError> {
        let key = keys::reconciliation(&state.tenant, state.date);
        let item = encode(&key, KIND, &ReconciliationItem::from_domain(state))?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// Writes how far the comparison has come that was read at version `read`, together with the references that it
    /// has set aside: page number `state.pages` where there are any. `false` when somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_reconciliation(
        &self,
        state: &Reconciliation,
        read: u64,
        aside: BTreeSet<Reference>,
    ) -> Result<bool, StoreError> {
        let (tenant, date) = (&state.tenant, state.date);
        let item = ReconciliationItem::from_domain(state);
        let item = encode(&keys::reconciliation(tenant, date), KIND, &item)?;
        let values = Item::from([(":read".to_owned(), number(read))]);
        let mut writes = vec![self.put(item, Some("version = :read"), values)];
        if !aside.is_empty() {
            let kept = SignedDuration::from_hours(24 * PAGE_DAYS);
            let ttl = state.started_at.saturating_add(kept).unwrap_or(Timestamp::MAX).as_second();
            let page = PageItem { references: aside, ttl };
            let key = keys::reconciliation_page(tenant, date, state.pages);
            writes.push(self.put(encode(&key, PAGE_KIND, &page)?, None, Item::new()));
        }
        Ok(self.transact(writes).await?.is_ok())
    }

    /// All references that a comparison has set aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn references_aside(
        &self,
        tenant: &TenantId,
        date: Date,
    ) -> Result<BTreeSet<Reference>, StoreError> {
        let pk = keys::reconciliation(tenant, date).pk;
        let (mut found, mut start) = (BTreeSet::new(), None::<Item>);
        loop {
            let output = self
                .client
                .query()
                .table_name(&*self.name)
                .key_condition_expression("PK = :pk AND begins_with(SK, :page)")
                .expression_attribute_values(":pk", AttributeValue::S(pk.clone()))
                .expression_attribute_values(":page", text(keys::RECONCILIATION_PAGE_PREFIX))
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(broken)?;
            for item in output.items.unwrap_or_default() {
                found.extend(decode::<PageItem>(item, PAGE_KIND)?.references);
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// The tenant's comparisons, the latest day first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reconciliations_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Reconciliation>, StoreError> {
        let pk = keys::reconciliations_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<ReconciliationItem>(list).await?, |item| Ok(item.into_domain()))
    }

    /// The transactions of these references as they were last written, in no order; what is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postings_by_reference(
        &self,
        tenant: &TenantId,
        references: &BTreeSet<Reference>,
    ) -> Result<Vec<StoredPosting>, StoreError> {
        let keys: Vec<Item> =
            references.iter().map(|one| keys::posting(tenant, one).attributes()).collect();
        let mut found = Vec::with_capacity(keys.len());
        for group in keys.chunks(BATCH_MAX) {
            for item in self.read_batch(group.to_vec()).await? {
                found.push(decode::<PostingItem>(item, POSTING_KIND)?.into_domain()?);
            }
        }
        Ok(found)
    }
}
