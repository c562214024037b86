//! Lists of tips: a guard's, a tenant's of some days, and those about which Paystack is to be asked.
//!
//! A tenant's tips lie in one partition of an index per day, keys only: a write of a tip costs one unit for it once,
//! when the tip is made, and none when it changes.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::id::{GuardId, TenantId, TipId};
use domain::page::{Page, PageSize, Position};
use domain::tip::{Tip, TipStatus};
use jiff::{SignedDuration, Timestamp};

use super::list::{List, Order, each};
use super::tip::{KIND, TipItem, tip_of};
use super::{Item, StoreError, Table, broken, decode, keys, text};

/// Tips that one question brings at most.
const READ_MAX: u32 = 100;
/// Questions that one page asks at most: days without tips, or a filter that lets little through, end it early.
const READS_MAX: usize = 31;

/// What is due in a shard.
#[derive(Debug, Default)]
pub struct DueTips {
    /// Tips with the instants since when, the longest due first.
    pub tips: Vec<(Timestamp, TipId)>,
    /// Why others cannot be read. They stand in nobody's way.
    pub unreadable: Vec<StoreError>,
}

/// Which tips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipFilter {
    /// Made at this instant or later.
    pub from: Timestamp,
    /// Made before this instant.
    pub to: Timestamp,
    /// Of this status, as the tip itself says.
    pub status: Option<TipStatus>,
}

impl TipFilter {
    fn lets_through(&self, tip: &Tip) -> bool {
        (self.from..self.to).contains(&tip.created_at)
            && self.status.is_none_or(|status| status == tip.status())
    }

    /// From the first to the last place of an index that is sorted by instant.
    fn places(&self) -> (String, String) {
        (keys::instant(self.from), format!("{}~", keys::instant(self.to)))
    }
}

/// A tip that is due, and since when.
fn due_tip(item: &Item) -> Result<(Timestamp, TipId), StoreError> {
    let of = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let tip = tip_of(of(keys::PK).map_or("", String::as_str))?;
    Ok((due_at(of(keys::GSI3_SK).map_or("", String::as_str))?, tip))
}

fn due_at(sk: &str) -> Result<Timestamp, StoreError> {
    keys::instant_of(sk.split('#').next().unwrap_or_default())
        .ok_or_else(|| StoreError::Corrupt { what: KIND, source: "it is due at no instant".into() })
}

impl Table {
    /// A page of the tenant's tips that the filter lets through, newest first. It may have fewer than asked for and
    /// still be followed by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tips_of_tenant(
        &self,
        tenant: &TenantId,
        filter: &TipFilter,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Tip>, StoreError> {
        let (first, last) = filter.places();
        let mut place = from.map_or(last, |position| position.0.clone());
        let mut entries: Vec<Tip> = Vec::new();
        for _ in 0..READS_MAX {
            let day = day_of(&place)?;
            let (ids, more) = self.tips_of_day(tenant, day, (&first, &place)).await?;
            for (behind, tip) in self.tips_by_id(&ids).await? {
                if filter.lets_through(&tip) {
                    entries.push(tip);
                    if entries.len() == size.get() as usize {
                        return Ok(Page { entries, next: Some(Position(behind)) });
                    }
                }
            }
            place = match (more, ids.last()) {
                (true, Some((behind, _))) => behind.clone(),
                _ if begin_of(day) <= filter.from => return Ok(Page { entries, next: None }),
                // The last millisecond of the day before, and all that was made in it.
                _ => format!("{}~", keys::instant(begin_of(day) - SignedDuration::from_millis(1))),
            };
        }
        Ok(Page { entries, next: Some(Position(place)) })
    }

    /// The places and ids of a day's tips before `last`, newest first, and whether more may follow.
    async fn tips_of_day(
        &self,
        tenant: &TenantId,
        day: Timestamp,
        (first, last): (&str, &str),
    ) -> Result<(Vec<(String, TipId)>, bool), StoreError> {
        if first > last {
            return Ok((Vec::new(), false));
        }
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI2)
            .key_condition_expression("GSI2PK = :pk AND GSI2SK BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(keys::tips_of_day(tenant, day)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(false)
            // The place itself is in the question, and not wanted.
            .limit(i32::try_from(READ_MAX).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        let more = output.last_evaluated_key.is_some();
        let of = |item: &Item, name: &str| {
            item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
        };
        let entry = |item: Item| Ok((of(&item, keys::GSI2_SK), tip_of(&of(&item, keys::PK))?));
        let found = output.items.unwrap_or_default().into_iter().map(entry);
        let found = found.collect::<Result<Vec<_>, StoreError>>()?;
        Ok((found.into_iter().filter(|(place, _)| place != last).collect(), more))
    }

    /// The tips as they were last written, in this order, each with its place.
    async fn tips_by_id(&self, ids: &[(String, TipId)]) -> Result<Vec<(String, Tip)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = ids.iter().map(|(_, id)| keys::tip(id).attributes()).collect();
        let tips = self.read_batch(wanted).await?.into_iter();
        let tips = tips.map(|item| Ok(decode::<TipItem>(item, KIND)?.into_domain()?.tip));
        let tips = tips.collect::<Result<Vec<Tip>, StoreError>>()?;
        let find = |(place, id): &(String, TipId)| {
            tips.iter().find(|tip| tip.id == *id).map(|tip| (place.clone(), tip.clone()))
        };
        Ok(ids.iter().filter_map(find).collect())
    }

    /// The tips of these ids as they were last written, in no order; what is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tips_of_ids(&self, ids: &[TipId]) -> Result<Vec<Tip>, StoreError> {
        let ids: BTreeSet<&TipId> = ids.iter().collect();
        let places: Vec<(String, TipId)> =
            ids.into_iter().map(|id| (String::new(), id.clone())).collect();
        let mut tips = Vec::with_capacity(places.len());
        for some in places.chunks(READ_MAX as usize) {
            tips.extend(self.tips_by_id(some).await?.into_iter().map(|(_, tip)| tip));
        }
        Ok(tips)
    }

    /// A page of the guard's tips that the filter lets through, newest first. It may have fewer than asked for and
    /// still be followed by another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tips_of_guard_where(
        &self,
        (tenant, guard): (&TenantId, &GuardId),
        filter: &TipFilter,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Tip>, StoreError> {
        let (first, last) = filter.places();
        let pk = keys::tips_of_guard(tenant, guard);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        let keep = |item: TipItem| {
            let tip = item.into_domain()?.tip;
            Ok(filter.lets_through(&tip).then_some(tip))
        };
        self.sift(list, Some((&first, &last)), keep).await
    }

    /// The tips of the tenant's guard, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tips_of_guard(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Tip>, StoreError> {
        let pk = keys::tips_of_guard(tenant, guard);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<TipItem>(list).await?, |item| Ok(item.into_domain()?.tip))
    }

    /// Up to `most` tips of a shard about which Paystack is to be asked by `now`, of [`keys::DUE_SHARDS`] shards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_tips(
        &self,
        now: Timestamp,
        shard: u8,
        most: u32,
    ) -> Result<DueTips, StoreError> {
        let mut due = DueTips::default();
        for item in self.due(keys::due_tips(shard), now, most).await? {
            match due_tip(&item) {
                Ok(tip) => due.tips.push(tip),
                Err(error) => due.unreadable.push(error),
            }
        }
        Ok(due)
    }
}

/// The instant of a place, which names its day.
fn day_of(place: &str) -> Result<Timestamp, StoreError> {
    let instant = place.split(['#', '~']).next().unwrap_or_default();
    let corrupt = || StoreError::Corrupt { what: KIND, source: "a place names no day".into() };
    keys::instant_of(instant).ok_or_else(corrupt)
}

/// When the day of an instant begins, in UTC.
fn begin_of(at: Timestamp) -> Timestamp {
    let day = SignedDuration::from_hours(24).as_secs();
    Timestamp::from_second(at.as_second().div_euclid(day) * day).unwrap_or(Timestamp::UNIX_EPOCH)
}
