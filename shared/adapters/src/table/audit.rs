//! The audit trail. A record goes into the transaction of the change that it tells of: there is no change without its
//! record, and no record without its change. The trail's end is one item, so a tenant's changes follow each other.
//!
//! Deliberately absent: changing or removing a record, and a time after which one is forgotten. Records are kept.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::audit::{
    Actor, AuditChange, AuditHead, AuditRecord, ChainHash, Facts, Note, Operation,
};
use domain::id::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::statement::Month;
use super::transaction::{Committed, Patience};
use super::{Item, StoreError, Table, broken, decode, encode, keys, number, text};

const KIND: &str = "audit";
const HEAD_KIND: &str = "audit_head";
/// How often a change that was outrun at the trail's end begins anew with its pauses.
const ROUNDS_MAX: u32 = 4;
/// Records that one question brings at most.
const READ_MAX: u32 = 100;
/// Questions that one page of a list asks at most: a filter that lets little through ends a page early.
const READS_MAX: usize = 20;

#[derive(Serialize, Deserialize)]
struct AuditItem {
    tenant: TenantId,
    seq: u64,
    at: Timestamp,
    actor: Actor,
    operation: Operation,
    subject: String,
    before: Facts,
    after: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    previous: ChainHash,
    hash: ChainHash,
}

impl AuditItem {
    fn from_domain(record: &AuditRecord) -> Self {
        let change = record.change.clone();
        Self {
            tenant: change.tenant,
            seq: record.seq,
            at: change.at,
            actor: change.actor,
            operation: change.operation,
            subject: change.subject,
            before: change.before,
            after: change.after,
            note: change.note,
            previous: record.previous.clone(),
            hash: record.hash.clone(),
        }
    }

    fn into_domain(self) -> AuditRecord {
        let change = AuditChange {
            tenant: self.tenant,
            at: self.at,
            actor: self.actor,
            operation: self.operation,
            subject: self.subject,
            before: self.before,
            after: self.after,
            note: self.note,
        };
        AuditRecord { seq: self.seq, change, previous: self.previous, hash: self.hash }
    }
}

/// Which records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
    /// Of this actor.
    pub actor: Option<Actor>,
    /// About this record.
    pub subject: Option<String>,
    /// Of this kind.
    pub operation: Option<Operation>,
}

impl AuditFilter {
    fn lets_through(&self, record: &AuditRecord) -> bool {
        let change = &record.change;
        (self.from..self.to).contains(&change.at)
            && self.actor.as_ref().is_none_or(|actor| *actor == change.actor)
            && self.subject.as_ref().is_none_or(|subject| *subject == change.subject)
            && self.operation.is_none_or(|operation| operation == change.operation)
    }
}

/// A place in a list of records: right behind this one, going back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPlace {
    /// The month in which the list goes on.
    pub at: Timestamp,
    /// Only records before this one.
    pub before: u64,
}

impl Table {
    /// Where the tenant's trail ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_head(&self, tenant: &TenantId) -> Result<AuditHead, StoreError> {
        let head = self.read_as(&keys::audit_head(tenant), HEAD_KIND).await?;
        Ok(head.unwrap_or_default())
    }

    /// Carries the writes out together with the record of the change that they are, or not at all. Whoever is outrun
    /// at the trail's end tries again; refused are only the caller's own writes, at their own places.
    pub(crate) async fn transact_audited(
        &self,
        change: &AuditChange,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Committed, StoreError> {
        for _ in 0..ROUNDS_MAX {
            let mut patience = Patience::new();
            loop {
                let head = self.audit_head(&change.tenant).await?;
                let mut all = writes.clone();
                all.extend(self.write_audit(&head, change)?);
                let Err(refused) = self.transact(all).await? else { return Ok(Ok(())) };
                if (0..writes.len()).any(|write| refused.at(write)) {
                    return Ok(Err(refused));
                }
                if !patience.wait().await {
                    break;
                }
            }
        }
        Err(StoreError::Throttled("the audit trail is written to all the time".into()))
    }

    /// The record of a change at this end of the trail, and the end after it.
    fn write_audit(
        &self,
        head: &AuditHead,
        change: &AuditChange,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let record = head.append(change.clone());
        let tenant = &change.tenant;
        let month = Month::of(record.change.at).to_string();
        let key = keys::audit_record(tenant, &month, record.seq);
        let item = encode(&key, KIND, &AuditItem::from_domain(&record))?;
        let end = encode(&keys::audit_head(tenant), HEAD_KIND, &record.head())?;
        let end = match head.seq {
            0 => self.put(end, Some("attribute_not_exists(PK)"), Item::new()),
            read => {
                let values = Item::from([(":read".to_owned(), number(read))]);
                self.put(end, Some("seq = :read"), values)
            }
        };
        Ok([self.put(item, Some("attribute_not_exists(PK)"), Item::new()), end])
    }

    /// Up to `most` of the tenant's records that the filter lets through, newest first, and where to go on; nothing at
    /// the end. A page may have fewer and still be followed by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_records(
        &self,
        tenant: &TenantId,
        filter: &AuditFilter,
        most: usize,
        place: Option<AuditPlace>,
    ) -> Result<(Vec<AuditRecord>, Option<AuditPlace>), StoreError> {
        let mut found = Vec::new();
        let mut place =
            place.unwrap_or(AuditPlace { at: filter.to.max(filter.from), before: u64::MAX });
        for _ in 0..READS_MAX {
            let records = self.audit_page(tenant, Month::of(place.at), place.before, false).await?;
            let whole = records.len() < READ_MAX as usize;
            for record in records {
                place = AuditPlace { at: record.change.at, before: record.seq };
                if filter.lets_through(&record) {
                    found.push(record);
                    if found.len() == most {
                        return Ok((found, Some(place)));
                    }
                }
            }
            if whole {
                let month = Month::of(place.at);
                if place.before <= 1 || month <= Month::of(filter.from) {
                    return Ok((found, None));
                }
                let before = month.first_instant().saturating_sub(SignedDuration::from_millis(1));
                place.at = before.unwrap_or(Timestamp::UNIX_EPOCH);
            }
        }
        Ok((found, Some(place)))
    }

    /// The tenant's next records of a month behind `seq`, up to a hundred, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_behind(
        &self,
        tenant: &TenantId,
        month: Month,
        seq: u64,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.audit_page(tenant, month, seq, true).await
    }

    async fn audit_page(
        &self,
        tenant: &TenantId,
        month: Month,
        seq: u64,
        forward: bool,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let condition = if forward { "PK = :pk AND SK > :seq" } else { "PK = :pk AND SK < :seq" };
        // A number of more than 12 digits sorts behind all others as it is.
        let place = if seq == u64::MAX { "~".to_owned() } else { keys::audit_place(seq) };
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", text(keys::audit_pk(tenant, &month.to_string())))
            .expression_attribute_values(":seq", text(place))
            .scan_index_forward(forward)
            .consistent_read(true)
            .limit(i32::try_from(READ_MAX).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let items = output.items.unwrap_or_default().into_iter();
        items.map(|item| Ok(decode::<AuditItem>(item, KIND)?.into_domain())).collect()
    }
}
