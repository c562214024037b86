//! The points of customers: the purse, written on the condition that it is the one that was read, and each change of
//! it, written once per reference in the same transaction.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::points::{Line, PointsReference, PointsTransaction, PurchaseReference, Purse};
use domain::programme::Award;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, decode, encode, keys, number, text};

pub(super) const KIND: &str = "points";
const PURSE_KIND: &str = "purse";
/// A purchase that was counted by showing a code: its points stand under the code's reference.
const PURCHASE_KIND: &str = "purchase";

/// A change of a customer's points that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct PointsWrite<'a> {
    /// Whose programme.
    pub tenant: &'a TenantId,
    /// Whose points.
    pub programme: &'a ProgrammeId,
    /// What happens.
    pub transaction: &'a PointsTransaction,
    /// The purse after it. Its version is one more than that which was read.
    pub purse: &'a Purse,
    /// Where it happens, when it does at a restaurant.
    pub restaurant: Option<&'a RestaurantId>,
    /// The till's name of the purchase, where there is one.
    pub purchase: Option<&'a PurchaseReference>,
    /// What points are given for, where they are: whoever sends the purchase again has to send the same.
    pub award: Option<Award>,
    /// The present instant.
    pub at: Timestamp,
}

/// A change of a customer's points as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPoints {
    /// Whose programme.
    pub tenant: TenantId,
    /// Whose points.
    pub programme: ProgrammeId,
    /// What has happened.
    pub transaction: PointsTransaction,
    /// Where, when it was at a restaurant.
    pub restaurant: Option<RestaurantId>,
    /// The till's name of the purchase, where there is one.
    pub purchase: Option<PurchaseReference>,
    /// What points were given for, where they were.
    pub award: Option<Award>,
    /// What the customer could spend after it.
    pub balance: i64,
    /// When.
    pub at: Timestamp,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointsPosted {
    /// It was written.
    Posted,
    /// Its reference was there already; nothing was written.
    Repeat,
    /// The purse is not what was read: read again and decide anew. Nothing was written.
    Outrun,
}

/// A purse in which something runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePurse {
    /// Whose programme.
    pub tenant: TenantId,
    /// Which one.
    pub programme: ProgrammeId,
    /// Whose points.
    pub customer: CustomerId,
}

#[derive(Serialize, Deserialize)]
struct PurseItem {
    purse: Purse,
    #[serde(rename = "GSI3PK", default, skip_serializing_if = "Option::is_none")]
    gsi3_pk: Option<String>,
    #[serde(rename = "GSI3SK", default, skip_serializing_if = "Option::is_none")]
    gsi3_sk: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PointsItem {
    tenant: TenantId,
    programme: ProgrammeId,
    customer: CustomerId,
    reference: PointsReference,
    lines: Vec<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restaurant: Option<RestaurantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purchase: Option<PurchaseReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    award: Option<Award>,
    balance: i64,
    at: Timestamp,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

/// Where the points of a purchase stand.
#[derive(Deserialize)]
struct PurchaseItem {
    of: PointsReference,
}

impl PointsItem {
    fn from_domain(write: &PointsWrite<'_>) -> Self {
        let customer = &write.transaction.customer;
        let reference = &write.transaction.reference;
        Self {
            tenant: write.tenant.clone(),
            programme: write.programme.clone(),
            customer: customer.clone(),
            reference: reference.clone(),
            lines: write.transaction.lines.clone(),
            restaurant: write.restaurant.cloned(),
            purchase: write.purchase.cloned(),
            award: write.award,
            balance: write.purse.free(write.at),
            at: write.at,
            gsi1_pk: keys::points_of_customer(write.tenant, write.programme, customer),
            // One after the other as the purse has changed, also within a millisecond.
            gsi1_sk: format!("{}#{:012}", keys::instant(write.at), write.purse.version),
        }
    }

    fn into_domain(self) -> StoredPoints {
        let Self { customer, reference, lines, .. } = self;
        StoredPoints {
            tenant: self.tenant,
            programme: self.programme,
            transaction: PointsTransaction { reference, customer, lines },
            restaurant: self.restaurant,
            purchase: self.purchase,
            award: self.award,
            balance: self.balance,
            at: self.at,
        }
    }
}

impl StoredPoints {
    /// What the stream shows of an item; nothing for one of another kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub(super) fn from_image(image: serde_dynamo::Item) -> Result<Option<Self>, StoreError> {
        let kind = image.inner().get("kind");
        if !matches!(kind, Some(serde_dynamo::AttributeValue::S(kind)) if kind == KIND) {
            return Ok(None);
        }
        let read = serde_dynamo::from_item::<_, PointsItem>(image);
        let read =
            read.map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
        Ok(Some(read.into_domain()))
    }
}

impl Table {
    /// A customer's points in a programme, as they were last written; none before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purse(
        &self,
        tenant: &TenantId,
        programme: &ProgrammeId,
        customer: &CustomerId,
    ) -> Result<Purse, StoreError> {
        let key = keys::purse(tenant, programme, customer);
        let item: Option<PurseItem> = self.read_as(&key, PURSE_KIND).await?;
        Ok(item.map(|item| item.purse).unwrap_or_default())
    }

    /// What has happened to a customer's points, the last in front.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn points_of_customer(
        &self,
        (tenant, programme, customer): (&TenantId, &ProgrammeId, &CustomerId),
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<StoredPoints>, StoreError> {
        let pk = keys::points_of_customer(tenant, programme, customer);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<PointsItem>(list).await?, |item| Ok(item.into_domain()))
    }

    /// The change that has given points for a purchase, also where they were given for a code that was shown.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purchase(
        &self,
        (tenant, programme): (&TenantId, &ProgrammeId),
        (restaurant, purchase): (&RestaurantId, &PurchaseReference),
    ) -> Result<Option<StoredPoints>, StoreError> {
        let reference = PointsReference::purchase(restaurant, purchase);
        let Some(item) = self.read(&keys::points(tenant, programme, &reference)).await? else {
            return Ok(None);
        };
        if item.get("kind") != Some(&text(PURCHASE_KIND)) {
            return Ok(Some(decode::<PointsItem>(item, KIND)?.into_domain()));
        }
        let of = decode::<PurchaseItem>(item, PURCHASE_KIND)?.of;
        self.points_transaction((tenant, programme), &of).await
    }

    /// The change of this reference.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn points_transaction(
        &self,
        (tenant, programme): (&TenantId, &ProgrammeId),
        reference: &PointsReference,
    ) -> Result<Option<StoredPoints>, StoreError> {
        let key = keys::points(tenant, programme, reference);
        let item: Option<PointsItem> = self.read_as(&key, KIND).await?;
        Ok(item.map(PointsItem::into_domain))
    }

    /// Writes a change, at most once per reference, with the answer to the request where there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_points(
        &self,
        write: &PointsWrite<'_>,
        answer: Option<(Claim, Answer)>,
    ) -> Result<PointsPosted, StoreError> {
        let mut writes = self.write_points(write)?;
        if let Some((claim, answer)) = answer {
            writes.push(self.write_answer(&claim, &answer)?);
        }
        Ok(match self.transact(writes).await? {
            Ok(()) => PointsPosted::Posted,
            Err(refused) if refused.at(0) => PointsPosted::Repeat,
            Err(_) => PointsPosted::Outrun,
        })
    }

    /// The two writes of a change: itself, under its reference, and the purse.
    pub(super) fn write_points(
        &self,
        write: &PointsWrite<'_>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let key = keys::points(write.tenant, write.programme, &write.transaction.reference);
        let item = encode(&key, KIND, &PointsItem::from_domain(write))?;
        let customer = &write.transaction.customer;
        Ok(vec![
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_purse((write.tenant, write.programme, customer), write.purse)?,
        ])
    }

    fn write_purse(
        &self,
        (tenant, programme, customer): (&TenantId, &ProgrammeId, &CustomerId),
        purse: &Purse,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::purse(tenant, programme, customer);
        let due = purse.due_at();
        let shard = keys::shard_of(&key.pk, keys::PURSE_SHARDS);
        let item = PurseItem {
            purse: purse.clone(),
            gsi3_pk: due.map(|_| keys::due_purses(shard)),
            gsi3_sk: due.map(|due| format!("{}#{customer}", keys::instant(due))),
        };
        let item = encode(&key, PURSE_KIND, &item)?;
        Ok(match purse.version.saturating_sub(1) {
            0 => self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            read => {
                let values = Item::from([(":read".to_owned(), number(read))]);
                self.put(item, Some("#purse.#version = :read"), values)
            }
        })
    }

    /// That a purchase is the one of a code: nobody else's may have its reference.
    pub(super) fn write_purchase(
        &self,
        write: &PointsWrite<'_>,
        (restaurant, purchase): (&RestaurantId, &PurchaseReference),
    ) -> TransactWriteItem {
        let reference = PointsReference::purchase(restaurant, purchase);
        let key = keys::points(write.tenant, write.programme, &reference);
        let mut item = key.attributes();
        item.insert("kind".to_owned(), text(PURCHASE_KIND));
        item.insert("of".to_owned(), text(write.transaction.reference.as_str()));
        self.put(item, Some("attribute_not_exists(PK)"), Item::new())
    }

    /// Up to `most` purses of one shard in which something has run out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_purses(
        &self,
        shard: u8,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<DuePurse>, StoreError> {
        let found = self.due(keys::due_purses(shard), now, most).await?;
        found.iter().map(due_purse).collect()
    }
}

/// Tenant, programme and customer stand in the key.
fn due_purse(item: &Item) -> Result<DuePurse, StoreError> {
    let corrupt = || StoreError::Corrupt { what: PURSE_KIND, source: "its key is none".into() };
    let pk = item.get(keys::PK).and_then(|pk| pk.as_s().ok()).ok_or_else(corrupt)?;
    let parts: Vec<&str> = pk.strip_prefix(keys::PURSE_PREFIX).unwrap_or(pk).split('#').collect();
    let [tenant, programme, customer] = parts.as_slice() else { return Err(corrupt()) };
    Ok(DuePurse {
        tenant: TenantId::parse(tenant).map_err(|_| corrupt())?,
        programme: ProgrammeId::parse(programme).map_err(|_| corrupt())?,
        customer: CustomerId::parse(customer).map_err(|_| corrupt())?,
    })
}
