//! Leases: redemptions that were taken from a limit for a device, and go back when they were not used in time (X27).
//! One item beside a device's leases counts those that it holds; it is closed when the device is revoked, so that no
//! lease is taken at the same moment and missed by the recall.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::id::{BatchId, DeviceId, LeaseId, TenantId};
use domain::lease::{LEASES_MAX, Lease, LeaseRefused, LeaseStatus};
use domain::voucher::Voucher;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::quota::{NoneTaken, QuotaItem, QuotaName, Taking};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "lease";
const HELD_KIND: &str = "leases_held";
/// The attribute of a count that is closed.
const CLOSED: &str = "closed";
/// How long a lease is kept after it went back, in seconds: a month.
const KEPT_S: i64 = 30 * 24 * 3_600;
/// So often a counter is read again because somebody else has taken from it.
const TRIES_MAX: u8 = 8;

#[derive(Serialize, Deserialize)]
struct LeaseItem {
    lease: Lease,
    /// Due to go back, as long as it is open.
    #[serde(rename = "GSI3PK", default, skip_serializing_if = "Option::is_none")]
    gsi3_pk: Option<String>,
    #[serde(rename = "GSI3SK", default, skip_serializing_if = "Option::is_none")]
    gsi3_sk: Option<String>,
    /// Until when a returned one is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// A lease that is due to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLease {
    /// Whose voucher it is of.
    pub tenant: TenantId,
    /// Who holds it.
    pub device: DeviceId,
    /// Its id.
    pub id: LeaseId,
}

impl LeaseItem {
    fn from_domain(lease: &Lease) -> Self {
        let shard = keys::shard_of(lease.id.as_str(), keys::LEASE_SHARDS);
        let open = lease.status == LeaseStatus::Open;
        let due = || format!("{}#{}", keys::instant(lease.returns_at), lease.id);
        let kept_until = lease.returns_at.as_second().saturating_add(KEPT_S);
        Self {
            lease: lease.clone(),
            gsi3_pk: open.then(|| keys::due_leases(shard)),
            gsi3_sk: open.then(due),
            ttl: (!open).then_some(kept_until),
        }
    }
}

impl Table {
    /// The device's lease.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease(
        &self,
        (tenant, device): (&TenantId, &DeviceId),
        id: &LeaseId,
    ) -> Result<Option<Lease>, StoreError> {
        let key = keys::lease(tenant, device, id);
        let item: Option<LeaseItem> = self.read_as(&key, KIND).await?;
        Ok(item.map(|item| item.lease))
    }

    /// All leases of a device, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leases_of_device(
        &self,
        tenant: &TenantId,
        device: &DeviceId,
    ) -> Result<Vec<Lease>, StoreError> {
        let pk = keys::leases_pk(tenant, device);
        let items: Vec<LeaseItem> = self.all_of(&pk, LeaseId::PREFIX, KIND).await?;
        Ok(items.into_iter().map(|item| item.lease).collect())
    }

    /// Takes up to `lease.granted` redemptions from the fullest counter of the voucher, or from that of the printing
    /// which has a limit of its own, for the device; tells the lease as it is written, with as many as there were.
    /// `answer` makes the answer to the request from it. [`LeaseRefused::NothingLeft`] where none were,
    /// [`LeaseRefused::TooMany`] where the device holds [`LEASES_MAX`], [`LeaseRefused::Revoked`] where it was revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_lease(
        &self,
        wanted: &Lease,
        voucher: &Voucher,
        answer: impl Fn(&Lease) -> (Claim, Answer),
    ) -> Result<Result<Lease, LeaseRefused>, StoreError> {
        let mut day_known = true;
        for _ in 0..TRIES_MAX {
            let batch = wanted.batch.as_ref();
            let (shard, left) = self.fullest(voucher, batch, wanted.created_at).await?;
            let granted = wanted.granted.min(left);
            if granted == 0 {
                return Ok(Err(LeaseRefused::NothingLeft));
            }
            let lease = Lease { shard, granted, ..wanted.clone() };
            let at = lease.created_at;
            let taking = match batch {
                Some(_) => Taking::of_batch(granted, at),
                None => Taking { day_known, ..Taking::of(voucher, shard, granted, at) },
            };
            let name = QuotaName { voucher: &voucher.id, batch, shard };
            let (claim, reply) = answer(&lease);
            let writes = vec![
                self.write_taking(&name, &taking),
                self.write_lease(&lease)?,
                self.write_answer(&claim, &reply)?,
                self.write_holding(&lease),
            ];
            let Err(refused) = self.transact(writes).await? else { return Ok(Ok(lease)) };
            if refused.at(1) || refused.at(2) {
                return Ok(Err(LeaseRefused::Changed));
            }
            if let Some(Some(held)) = refused.reasons.get(3) {
                let closed = held.as_ref().is_some_and(|item| item.contains_key(CLOSED));
                return Ok(Err(if closed { LeaseRefused::Revoked } else { LeaseRefused::TooMany }));
            }
            let found = refused.reasons.into_iter().next().flatten().flatten();
            match taking.explain(found)? {
                NoneTaken::OtherDay => day_known = !day_known,
                // Somebody else has taken from it meanwhile.
                NoneTaken::Empty(_) => {}
                NoneTaken::Closed(_) => return Ok(Err(LeaseRefused::NothingLeft)),
            }
        }
        Ok(Err(LeaseRefused::Changed))
    }

    /// The counter with most left at this instant, and how much that is.
    async fn fullest(
        &self,
        voucher: &Voucher,
        batch: Option<&BatchId>,
        at: Timestamp,
    ) -> Result<(u8, u32), StoreError> {
        let counters = match batch {
            Some(batch) => self.quota_of_batch(&voucher.id, batch).await?.into_iter().collect(),
            None => self.quotas(voucher).await?,
        };
        let left = |(shard, quota): (u8, QuotaItem)| {
            let taking = match batch {
                Some(_) => Taking::of_batch(1, at),
                None => Taking::of(voucher, shard, 1, at),
            };
            (shard, taking.available(&quota))
        };
        let shards = (0..=u8::MAX).zip(counters).map(left);
        Ok(shards.max_by_key(|(_, left)| *left).unwrap_or((0, 0)))
    }

    /// Gives back what is left of a lease that was read, where `limited` says that there is a limit in all; a day's
    /// limit gets nothing back. [`LeaseRefused::Changed`] where something was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn return_lease(
        &self,
        lease: Lease,
        limited: bool,
    ) -> Result<Result<Lease, LeaseRefused>, StoreError> {
        let (after, back) = match lease.give_back() {
            Ok(given) => given,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut writes = vec![self.write_lease(&after)?, self.write_letting_go(&after)];
        if limited && back > 0 {
            let batch = after.batch.as_ref();
            let name = QuotaName { voucher: &after.voucher, batch, shard: after.shard };
            writes.push(self.write_giving_back(&name, back));
        }
        let committed = self.transact(writes).await?;
        Ok(committed.map(|()| after).map_err(|_| LeaseRefused::Changed))
    }

    /// Lets the open leases of a device that was revoked go back with the next sweep; each that somebody changes at the
    /// same moment is read again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recall_leases(
        &self,
        (tenant, device): (&TenantId, &DeviceId),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for lease in self.leases_of_device(tenant, device).await? {
            let id = lease.id.clone();
            let mut read = Some(lease);
            while let Some(recalled) = read.and_then(|lease| lease.recall(now)) {
                let write = self.write_lease(&recalled)?;
                read = match self.transact(vec![write]).await? {
                    Ok(()) => None,
                    Err(_) => self.lease((tenant, device), &id).await?,
                };
            }
        }
        Ok(())
    }

    /// Up to `most` leases of one shard that are due to go back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_leases(
        &self,
        shard: u8,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<DueLease>, StoreError> {
        let items = self.due(keys::due_leases(shard), now, most).await?;
        items.iter().map(due_of).collect()
    }

    /// The write that counts one lease more with its device, unless that holds as many as it may or was revoked.
    fn write_holding(&self, lease: &Lease) -> TransactWriteItem {
        let values = Item::from([
            (":kind".to_owned(), text(HELD_KIND)),
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(LEASES_MAX)),
        ]);
        let few =
            "attribute_not_exists(#closed) AND (attribute_not_exists(#held) OR #held < :most)";
        let key = keys::leases_held(&lease.tenant, &lease.device);
        self.update(&key, "SET #kind = :kind ADD #held :one", few, values)
    }

    /// The write that counts one lease less.
    fn write_letting_go(&self, lease: &Lease) -> TransactWriteItem {
        let values =
            Item::from([(":kind".to_owned(), text(HELD_KIND)), (":less".to_owned(), number(-1))]);
        let key = keys::leases_held(&lease.tenant, &lease.device);
        self.update(&key, "SET #kind = :kind ADD #held :less", "", values)
    }

    /// The write after which the device takes no more leases.
    pub(super) fn write_no_more_leases(
        &self,
        tenant: &TenantId,
        device: &DeviceId,
    ) -> TransactWriteItem {
        let values = Item::from([
            (":kind".to_owned(), text(HELD_KIND)),
            (":closed".to_owned(), AttributeValue::Bool(true)),
        ]);
        let key = keys::leases_held(tenant, device);
        self.update(&key, "SET #kind = :kind, #closed = :closed", "", values)
    }

    /// The write of a lease on the condition that it is still what was read: its version counts from there.
    pub(super) fn write_lease(&self, lease: &Lease) -> Result<TransactWriteItem, StoreError> {
        let key = keys::lease(&lease.tenant, &lease.device, &lease.id);
        let item = encode(&key, KIND, &LeaseItem::from_domain(lease))?;
        Ok(match lease.version.saturating_sub(1) {
            0 => self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            read => {
                let values = Item::from([(":read".to_owned(), number(read))]);
                self.put(item, Some("#lease.#version = :read"), values)
            }
        })
    }
}

/// The index has keys only: they say whose lease it is.
fn due_of(item: &Item) -> Result<DueLease, StoreError> {
    let part = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "",
    };
    let mut owner = part(keys::PK).split('#').skip(1);
    let wrong =
        |source: domain::id::InvalidId| StoreError::Corrupt { what: KIND, source: source.into() };
    Ok(DueLease {
        tenant: TenantId::parse(owner.next().unwrap_or_default()).map_err(wrong)?,
        device: DeviceId::parse(owner.next().unwrap_or_default()).map_err(wrong)?,
        id: LeaseId::parse(part(keys::SK)).map_err(wrong)?,
    })
}
