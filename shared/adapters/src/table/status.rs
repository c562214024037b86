//! A tenant's status list: one bit a code, in chunks, and the next place that no code has.
//!
//! A change of bits names the version of its chunk that was read, so two changes of one chunk follow each other.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use domain::audit::AuditChange;
use domain::id::TenantId;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::transaction::Patience;
use super::{Item, StoreError, Table, broken, decode, encode, keys, number, text};

const KIND: &str = "status_chunk";
const NEXT_KIND: &str = "status_next";
/// Most items that one request reads.
const BATCH_MOST: usize = 100;
/// Bits of one byte.
const BYTE: u32 = 8;

#[derive(Serialize, Deserialize)]
struct ChunkItem {
    chunk: u32,
    /// One bit a code, the lowest first.
    #[serde(with = "serde_bytes")]
    bits: Vec<u8>,
    version: u64,
}

impl Table {
    /// Takes `count` places of the tenant's status list, and tells the first. Places that are taken and not used are
    /// lost, which costs a bit each.
    ///
    /// # Errors
    /// [`StoreError`]. After a lost answer other places are taken.
    pub async fn take_status_places(
        &self,
        tenant: &TenantId,
        count: u32,
    ) -> Result<u32, StoreError> {
        let mut patience = Patience::new();
        loop {
            let sent = self
                .client
                .update_item()
                .table_name(&*self.name)
                .set_key(Some(keys::status_next(tenant).attributes()))
                .update_expression("SET kind = :kind ADD taken :count")
                .expression_attribute_values(":kind", text(NEXT_KIND))
                .expression_attribute_values(":count", number(count))
                .return_values(ReturnValue::UpdatedNew)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let output = match sent.map_err(broken) {
                Ok(output) => output,
                Err(StoreError::Throttled(_)) if patience.wait().await => continue,
                Err(error) => return Err(error),
            };
            let taken = output.attributes.unwrap_or_default().remove("taken");
            let taken = match taken {
                Some(AttributeValue::N(text)) => text.parse::<u32>().ok(),
                _ => None,
            };
            return taken.and_then(|taken| taken.checked_sub(count)).ok_or_else(|| {
                let source = "the places of the status list are used up".into();
                StoreError::Corrupt { what: NEXT_KIND, source }
            });
        }
    }

    /// Marks places of the tenant's status list as revoked, or as good again.
    ///
    /// # Errors
    /// [`StoreError`]; what was marked before stays marked, and the same call may be made again.
    pub async fn mark_status(
        &self,
        tenant: &TenantId,
        places: &[u32],
        revoked: bool,
    ) -> Result<(), StoreError> {
        for (chunk, places) in chunks(places) {
            self.mark_chunk(tenant, (chunk, &places, revoked), None).await?;
        }
        Ok(())
    }

    /// The same with a record of the change, which is written with the first of the places.
    ///
    /// # Errors
    /// As [`Table::mark_status`].
    pub async fn commit_status(
        &self,
        change: &AuditChange,
        places: &[u32],
        revoked: bool,
    ) -> Result<(), StoreError> {
        let mut record = Some(change);
        for (chunk, places) in chunks(places) {
            self.mark_chunk(&change.tenant, (chunk, &places, revoked), record.take()).await?;
        }
        Ok(())
    }

    async fn mark_chunk(
        &self,
        tenant: &TenantId,
        (chunk, places, revoked): (u32, &[u32], bool),
        record: Option<&AuditChange>,
    ) -> Result<(), StoreError> {
        let key = keys::status_chunk(tenant, chunk);
        let mut patience = Patience::new();
        loop {
            let found: Option<ChunkItem> = self.read_as(&key, KIND).await?;
            let read = found.as_ref().map_or(0, |item| item.version);
            let mut bits = found.map(|item| item.bits).unwrap_or_default();
            for place in places {
                set(&mut bits, *place, revoked);
            }
            let item = ChunkItem { chunk, bits, version: read.saturating_add(1) };
            let values = Item::from([(":read".to_owned(), number(read))]);
            let same = "attribute_not_exists(PK) OR #version = :read";
            let item = encode(&key, KIND, &item)?;
            let written = match record {
                None => self.put_if(item, same, values).await?,
                Some(change) => {
                    let write = self.put(item, Some(same), values);
                    self.transact_audited(change, vec![write]).await?.is_ok()
                }
            };
            if written {
                return Ok(());
            }
            if !patience.wait().await {
                let source = "the status list changes all the time".into();
                return Err(StoreError::Throttled(source));
            }
        }
    }

    /// Whether the code at this place was revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_revoked(&self, tenant: &TenantId, place: u32) -> Result<bool, StoreError> {
        let key = keys::status_chunk(tenant, place / keys::STATUS_CHUNK);
        let found: Option<ChunkItem> = self.read_as(&key, KIND).await?;
        Ok(found.is_some_and(|item| is_set(&item.bits, place % keys::STATUS_CHUNK)))
    }

    /// Those of the places whose codes were revoked, in batches of a hundred chunks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoked_of(
        &self,
        tenant: &TenantId,
        places: &[u32],
    ) -> Result<BTreeSet<u32>, StoreError> {
        let asked = chunks(places);
        let wanted: Vec<Item> =
            asked.keys().map(|chunk| keys::status_chunk(tenant, *chunk).attributes()).collect();
        let parts = wanted.chunks(BATCH_MOST).map(|part| self.read_batch(part.to_vec()));
        let mut revoked = BTreeSet::new();
        for item in try_join_all(parts).await?.into_iter().flatten() {
            let ChunkItem { chunk, bits, .. } = decode(item, KIND)?;
            let first = chunk.saturating_mul(keys::STATUS_CHUNK);
            let of_chunk = asked.get(&chunk).into_iter().flatten();
            let marked = of_chunk.filter(|place| is_set(&bits, **place));
            revoked.extend(marked.map(|place| first.saturating_add(*place)));
        }
        Ok(revoked)
    }

    /// The tenant's whole status list, one bit a code, the lowest bit of each byte first; it ends with the last byte
    /// that says something.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn status_bits(&self, tenant: &TenantId) -> Result<Vec<u8>, StoreError> {
        let pk = keys::status_pk(tenant);
        let chunks: Vec<ChunkItem> = self.all_of(&pk, keys::STATUS_CHUNK_PREFIX, KIND).await?;
        let bytes = usize::try_from(keys::STATUS_CHUNK / BYTE).unwrap_or(usize::MAX);
        let mut all = Vec::new();
        for item in chunks {
            let start = usize::try_from(item.chunk).unwrap_or(usize::MAX).saturating_mul(bytes);
            all.resize(start, 0);
            all.extend(item.bits);
        }
        let end = all.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        all.truncate(end);
        Ok(all)
    }
}

/// The places within each chunk.
fn chunks(places: &[u32]) -> BTreeMap<u32, Vec<u32>> {
    let mut chunks: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for place in places {
        let chunk = chunks.entry(place / keys::STATUS_CHUNK).or_default();
        chunk.push(place % keys::STATUS_CHUNK);
    }
    chunks
}

fn bit(place: u32) -> u8 {
    1 << (place % BYTE)
}

fn is_set(bits: &[u8], place: u32) -> bool {
    let byte = usize::try_from(place / BYTE).unwrap_or(usize::MAX);
    bits.get(byte).is_some_and(|bits| bits & bit(place) != 0)
}

fn set(bits: &mut Vec<u8>, place: u32, revoked: bool) {
    let byte = usize::try_from(place / BYTE).unwrap_or(0);
    if bits.len() <= byte {
        bits.resize(byte + 1, 0);
    }
    if let Some(bits) = bits.get_mut(byte) {
        *bits = if revoked { *bits | bit(place) } else { *bits & !bit(place) };
    }
}
