//! When each tenant's next night begins: what the sweeper finds, so that nobody goes through all tenants.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::TenantId;
use domain::payout::Night;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, encode, keys, number};

const KIND: &str = "night";
/// Nights on a page.
pub const NIGHTS_MAX: u32 = 500;

/// A tenant's next night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueNight {
    /// Whose night.
    pub tenant: TenantId,
    /// When it began.
    pub at: Timestamp,
}

/// A place among the nights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightPlace(String);

#[derive(Serialize, Deserialize)]
struct NightItem {
    night: Night,
    /// When the next one begins, in milliseconds.
    at: i64,
    #[serde(rename = "GSI3PK")]
    gsi3_pk: String,
    #[serde(rename = "GSI3SK")]
    gsi3_sk: String,
}

impl NightItem {
    fn new(tenant: &TenantId, night: &Night, at: Timestamp) -> Self {
        Self {
            night: night.clone(),
            at: at.as_millisecond(),
            gsi3_pk: keys::due_nights(),
            gsi3_sk: format!("{}#{tenant}", keys::instant(at)),
        }
    }
}

impl Table {
    /// The write that says when the tenant's nights are, from `now` on. The last who says so is right: no condition.
    pub(super) fn write_night(
        &self,
        tenant: &TenantId,
        night: &Night,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = NightItem::new(tenant, night, night.next_after(now));
        Ok(self.put(encode(&keys::night(tenant), KIND, &item)?, None, Item::new()))
    }

    /// The tenants' nights that have begun by `now`, the earliest first: a page of them, and the place behind which the
    /// next page begins, unless this is the last one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_nights(
        &self,
        now: Timestamp,
        behind: Option<NightPlace>,
    ) -> Result<(Vec<DueNight>, Option<NightPlace>), StoreError> {
        let place = behind.map(|NightPlace(place)| place);
        let items = self.due_behind(keys::due_nights(), place, now, NIGHTS_MAX).await?;
        let is_full = u32::try_from(items.len()).is_ok_and(|count| count >= NIGHTS_MAX);
        let last = items.last().filter(|_| is_full).and_then(place_of);
        Ok((items.iter().filter_map(due).collect(), last.map(NightPlace)))
    }

    /// The tenant's night, where it is still the one that begins at `at`: its day, and when its nights are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn night(&self, due: &DueNight) -> Result<Option<Night>, StoreError> {
        let item: Option<NightItem> = self.read_as(&keys::night(&due.tenant), KIND).await?;
        Ok(item.filter(|item| item.at == due.at.as_millisecond()).map(|item| item.night))
    }

    /// The night is taken care of: the next one is due after `now`. `false` when somebody else has said so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn advance_night(
        &self,
        due: &DueNight,
        night: &Night,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = NightItem::new(&due.tenant, night, night.next_after(now));
        let item = encode(&keys::night(&due.tenant), KIND, &item)?;
        let values = Item::from([(":read".to_owned(), number(due.at.as_millisecond()))]);
        self.put_if(item, "#at = :read", values).await
    }
}

fn place_of(item: &Item) -> Option<String> {
    item.get(keys::GSI3_SK)?.as_s().ok().cloned()
}

fn due(item: &Item) -> Option<DueNight> {
    let place = place_of(item)?;
    let (at, tenant) = place.split_once('#')?;
    Some(DueNight { tenant: TenantId::parse(tenant).ok()?, at: keys::instant_of(at)? })
}
