//! What stands in the ledger: transactions by reference and by month, and what was posted to a guard. Nothing of it is
//! ever changed, but for the mark that the system's accounts have been added up.

use std::fmt;

use domain::alert::Outbox;
use domain::id::{GuardId, TenantId, TipId};
use domain::ledger::{Account, Posting, Record, Reference};
use domain::limit::PAGE_MAX;
use domain::money::Currency;
use domain::page::{Page, Position};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{StoreError, Table, keys};

pub(super) const KIND: &str = "posting";
pub(super) const ENTRY_KIND: &str = "entry";

/// A month in UTC, written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// When it begins.
    pub fn first_instant(&self) -> Timestamp {
        self.0.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |begin| begin.timestamp())
    }

    /// The months from that of `first` to that of `last`, both included.
    pub fn between(first: Timestamp, last: Timestamp) -> impl Iterator<Item = Month> {
        let last = Month::of(last);
        let next = |month: &Month| Some(Month(month.0.last_of_month().tomorrow().ok()?));
        std::iter::successors(Some(Month::of(first)), next).take_while(move |month| *month <= last)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// A transaction as it was read: not yet known to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosting {
    /// Whose ledger it stands in.
    pub tenant: TenantId,
    /// Reference and postings.
    pub record: Record,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// The tip that it is about.
    pub tip: Option<TipId>,
    /// What somebody is to hear of it.
    pub outbox: Option<Outbox>,
    /// Whether the system's accounts have been added up.
    pub counted: bool,
}

/// What was posted to one account of a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: Account,
    /// Minor units, signed.
    pub minor: i64,
    /// Its place among all entries of the guard in this currency, from 1.
    pub seq: u64,
    /// The transaction.
    pub reference: Reference,
    /// The tip that it is about.
    pub tip: Option<TipId>,
    /// When it was written down.
    pub recorded_at: Timestamp,
}

/// The reference stands in the key.
#[derive(Serialize, Deserialize)]
pub(super) struct PostingItem {
    #[serde(rename = "PK", default)]
    pk: String,
    postings: Vec<ShortPosting>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip: Option<TipId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox: Option<Outbox>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    counted: bool,
    #[serde(rename = "GSI1PK", default)]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK", default)]
    gsi1_sk: String,
}

/// Short names: there are up to eight of them in an item.
#[derive(Serialize, Deserialize)]
struct ShortPosting {
    a: Account,
    m: i64,
}

impl PostingItem {
    pub(super) fn from_domain(posting: &StoredPosting) -> Self {
        let (tenant, reference) = (&posting.tenant, &posting.record.reference);
        let month = Month::of(posting.recorded_at).to_string();
        let shard = keys::shard_of(reference.as_str(), keys::LEDGER_SHARDS);
        let postings = posting.record.postings.iter();
        Self {
            pk: keys::posting(tenant, reference).pk,
            postings: postings.map(|p| ShortPosting { a: p.account.clone(), m: p.minor }).collect(),
            at: posting.recorded_at,
            tip: posting.tip.clone(),
            outbox: posting.outbox.clone(),
            counted: posting.counted,
            gsi1_pk: keys::postings_of_month(tenant, &month, shard),
            gsi1_sk: format!("{}#{reference}", keys::instant(posting.recorded_at)),
        }
    }

    pub(super) fn into_domain(self) -> Result<StoredPosting, StoreError> {
        let (tenant, reference) = owner_of(&self.pk, KIND)?;
        let postings = self.postings.into_iter();
        let postings = postings.map(|p| Posting { account: p.a, minor: p.m }).collect();
        Ok(StoredPosting {
            tenant,
            record: Record { reference, postings },
            recorded_at: self.at,
            tip: self.tip,
            outbox: self.outbox,
            counted: self.counted,
        })
    }
}

/// Tenant and reference stand in the key.
#[derive(Serialize, Deserialize)]
pub(super) struct EntryItem {
    #[serde(rename = "PK", default)]
    pk: String,
    account: Account,
    minor: i64,
    seq: u64,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip: Option<TipId>,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl EntryItem {
    /// By sequence within the month: two entries of one instant, or a clock that goes back, change nothing.
    pub(super) fn from_domain(tenant: &TenantId, guard: &GuardId, entry: &Entry) -> Self {
        let month = Month::of(entry.recorded_at).to_string();
        Self {
            pk: keys::posting(tenant, &entry.reference).pk,
            account: entry.account.clone(),
            minor: entry.minor,
            seq: entry.seq,
            at: entry.recorded_at,
            tip: entry.tip.clone(),
            gsi1_pk: keys::entries_of_guard(tenant, guard, entry.account.currency, &month),
            gsi1_sk: format!("{:012}", entry.seq),
        }
    }

    pub(super) fn into_domain(self) -> Result<Entry, StoreError> {
        let (_, reference) = owner_of(&self.pk, ENTRY_KIND)?;
        Ok(Entry {
            account: self.account,
            minor: self.minor,
            seq: self.seq,
            reference,
            tip: self.tip,
            recorded_at: self.at,
        })
    }
}

/// The tenant and the reference of a key.
fn owner_of(pk: &str, what: &'static str) -> Result<(TenantId, Reference), StoreError> {
    let corrupt = |source| StoreError::Corrupt { what, source };
    let rest = pk.strip_prefix(keys::POSTING_PREFIX).unwrap_or_default();
    let (tenant, reference) = rest.split_once('#').unwrap_or_default();
    Ok((
        TenantId::parse(tenant).map_err(|error| corrupt(error.into()))?,
        Reference::parse(reference).map_err(|error| corrupt(error.into()))?,
    ))
}

impl StoredPosting {
    /// Reads a transaction from a stream record's new image; `None` for an item of another kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn from_image(image: serde_dynamo::Item) -> Result<Option<Self>, StoreError> {
        use serde_dynamo::AttributeValue::S;
        let kind = image.inner().get("kind");
        if !matches!(kind, Some(S(kind)) if kind == KIND) {
            return Ok(None);
        }
        let item: PostingItem = serde_dynamo::from_item(image)
            .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
        item.into_domain().map(Some)
    }
}

impl Table {
    /// The transaction of this reference.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn posting(
        &self,
        tenant: &TenantId,
        reference: &Reference,
    ) -> Result<Option<StoredPosting>, StoreError> {
        let item: Option<PostingItem> =
            self.read_as(&keys::posting(tenant, reference), KIND).await?;
        item.map(PostingItem::into_domain).transpose()
    }

    /// A page of one shard of the tenant's transactions of a month, oldest first. There are [`keys::LEDGER_SHARDS`]
    /// shards; what was written a moment ago may still be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postings_of_month(
        &self,
        tenant: &TenantId,
        month: Month,
        shard: u8,
        from: Option<&Position>,
    ) -> Result<Page<StoredPosting>, StoreError> {
        let pk = keys::postings_of_month(tenant, &month.to_string(), shard);
        let list = List { what: KIND, pk, order: Order::Ascending, most: PAGE_MAX, from };
        each(self.page::<PostingItem>(list).await?, PostingItem::into_domain)
    }

    /// A page of what was posted to the guard in a month and currency, to all three of its accounts, by sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        currency: Currency,
        month: Month,
        from: Option<&Position>,
    ) -> Result<Page<Entry>, StoreError> {
        let pk = keys::entries_of_guard(tenant, guard, currency, &month.to_string());
        let list = List { what: ENTRY_KIND, pk, order: Order::Ascending, most: PAGE_MAX, from };
        each(self.page::<EntryItem>(list).await?, EntryItem::into_domain)
    }
}
