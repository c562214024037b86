//! Properties, as they were taken in: read by everything, written only by the import and `PUT` (P46).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};
use domain::id::{PropertyId, TenantId};
use domain::property::Property;
use serde::{Deserialize, Serialize};

use super::transaction::Patience;
use super::{Item, StoreError, Table, broken, decode, encode, keys};

const KIND: &str = "property";
/// A document has at most 256 KB, and a transaction takes 4 MB.
const PROPERTIES_PER_TRANSACTION: usize = 12;
/// Keys that one batch of reads takes.
const READS_PER_BATCH: usize = 100;

/// Another tenant has a property of this id (X49).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the property {0} belongs to somebody else")]
pub struct TakenOver(pub PropertyId);

impl domain::failure::Failure for TakenOver {
    fn kind(&self) -> domain::failure::Kind {
        domain::failure::Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "property_id_taken"
    }
}

/// The document is kept as JSON text: its unknown fields have any shape (X39).
#[derive(Serialize, Deserialize)]
struct PropertyItem {
    tenant: TenantId,
    document: String,
}

impl PropertyItem {
    fn from_domain(tenant: &TenantId, property: &Property) -> Result<Self, StoreError> {
        let document = serde_json::to_string(property)
            .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
        Ok(Self { tenant: tenant.clone(), document })
    }

    fn into_domain(self) -> Result<Property, StoreError> {
        serde_json::from_str(&self.document)
            .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })
    }
}

impl Table {
    /// The tenant's property.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn property(
        &self,
        tenant: &TenantId,
        id: &PropertyId,
    ) -> Result<Option<Property>, StoreError> {
        let item: Option<PropertyItem> = self.read_as(&keys::property(tenant, id), KIND).await?;
        item.map(PropertyItem::into_domain).transpose()
    }

    /// Those of the tenant's properties that are there.
    ///
    /// # Errors
    /// [`StoreError`], also when the store keeps leaving some out.
    pub async fn properties(
        &self,
        tenant: &TenantId,
        ids: &BTreeSet<PropertyId>,
    ) -> Result<BTreeMap<PropertyId, Property>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| keys::property(tenant, id).attributes()).collect();
        let mut found = BTreeMap::new();
        for chunk in keys.chunks(READS_PER_BATCH) {
            for item in self.read_batch(chunk.to_vec()).await? {
                let property = decode::<PropertyItem>(item, KIND)?.into_domain()?;
                found.insert(property.id.clone(), property);
            }
        }
        Ok(found)
    }

    /// Takes properties in, new or changed, each together with what a scan says about it. Those that belong to
    /// another tenant are named; the others are written.
    ///
    /// # Errors
    /// [`StoreError`]; what was written until then stays, and doing it again is harmless.
    pub async fn commit_properties(
        &self,
        tenant: &TenantId,
        properties: &[Property],
    ) -> Result<Vec<TakenOver>, StoreError> {
        let mut taken = Vec::new();
        let mut rest: Vec<&Property> = properties.iter().collect();
        while !rest.is_empty() {
            let (now, later) = split_off_distinct(rest);
            rest = later;
            taken.extend(self.commit_some(tenant, now).await?);
        }
        Ok(taken)
    }

    async fn commit_some(
        &self,
        tenant: &TenantId,
        mut properties: Vec<&Property>,
    ) -> Result<Vec<TakenOver>, StoreError> {
        let mut taken = Vec::new();
        while !properties.is_empty() {
            let mut writes: Vec<TransactWriteItem> = Vec::with_capacity(2 * properties.len());
            for property in &properties {
                let item = PropertyItem::from_domain(tenant, property)?;
                let item = encode(&keys::property(tenant, &property.id), KIND, &item)?;
                writes.push(self.put(item, None, Item::new()));
                writes.push(self.write_target_info(tenant, &property.to_qr_info())?);
            }
            let Err(refused) = self.transact(writes).await? else { break };
            if !(0..properties.len()).any(|at| refused.at(2 * at + 1)) {
                let source = "a transaction was refused without a reason".into();
                return Err(StoreError::Corrupt { what: KIND, source });
            }
            // Only the second write of each pair has a condition.
            let (lost, kept): (Vec<_>, Vec<_>) =
                properties.into_iter().enumerate().partition(|(at, _)| refused.at(2 * at + 1));
            taken.extend(lost.into_iter().map(|(_, property)| TakenOver(property.id.clone())));
            properties = kept.into_iter().map(|(_, property)| property).collect();
        }
        Ok(taken)
    }

    pub(super) async fn read_batch(&self, mut keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        let mut patience = Patience::new();
        loop {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.name, wanted)
                .send()
                .await
                .map_err(broken)?;
            items.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items));
            let left = output.unprocessed_keys.into_iter().flatten().map(|(_, left)| left.keys);
            keys = left.flatten().collect();
            if keys.is_empty() {
                return Ok(items);
            }
            if !patience.wait().await {
                return Err(StoreError::Throttled("the store left keys of a batch unread".into()));
            }
        }
    }
}

/// The longest beginning without an id twice that one transaction takes, and the rest.
fn split_off_distinct(properties: Vec<&Property>) -> (Vec<&Property>, Vec<&Property>) {
    let mut seen = BTreeSet::new();
    let fits = |property: &&&Property| seen.insert(property.id.clone());
    let count = properties.iter().take(PROPERTIES_PER_TRANSACTION).take_while(fits).count();
    let (now, later) = properties.split_at(count);
    (now.to_vec(), later.to_vec())
}
