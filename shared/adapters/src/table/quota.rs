//! What is left of a voucher: counters that carry the voucher's state with them, so that one write decides whether it
//! is open, and whether something of it is left, in all and today (V12).
//!
//! A busy voucher's limit is spread over several counters, each with a share that is its own: nobody has to add them
//! up to know that the sum is kept.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{BatchId, VoucherId};
use domain::redemption::{RedeemRefused, closed};
use domain::voucher::{Voucher, VoucherStatus, share};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, decode, encode, keys, number, text};

const KIND: &str = "quota";

/// Which counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QuotaName<'a> {
    pub voucher: &'a VoucherId,
    /// The printing that has a limit of its own.
    pub batch: Option<&'a BatchId>,
    pub shard: u8,
}

/// A counter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QuotaItem {
    status: VoucherStatus,
    /// Milliseconds.
    valid_from: i64,
    /// Milliseconds.
    expires_at: i64,
    /// What is left of the limit in all; nothing without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<u32>,
    /// The day of `day_left`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    /// What is left of that day's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day_left: Option<u32>,
}

/// What is taken from a counter, or looked for in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taking {
    /// How many; none where only the voucher's state is asked for.
    pub count: u32,
    /// When.
    pub at: Timestamp,
    /// Whether there is a limit in all.
    pub limited: bool,
    /// The day, and the counter's share of that day's limit, where there is one.
    pub day: Option<(Date, u32)>,
    /// Whether the counter has come to that day.
    pub day_known: bool,
}

/// What a counter gets back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Giving {
    /// Whether there is a limit in all.
    pub limited: bool,
    /// The day that gets it back too.
    pub day: Option<Date>,
}

/// What the counter said that did not give anything.
#[derive(Clone, Debug)]
pub(super) enum NoneTaken {
    /// It has not come to this day, or has and we thought not: ask again the other way.
    OtherDay,
    /// Nothing is left, in it.
    Empty(RedeemRefused),
    /// The voucher is not open at all.
    Closed(RedeemRefused),
}

impl QuotaItem {
    /// A counter with this much of the limit.
    pub(super) fn new(voucher: &Voucher, left: Option<u32>) -> Self {
        Self {
            status: voucher.status,
            valid_from: voucher.terms.valid_from.as_millisecond(),
            expires_at: voucher.terms.expires_at.as_millisecond(),
            left,
            day: None,
            day_left: None,
        }
    }

    pub(super) fn left(&self) -> Option<u32> {
        self.left
    }

    /// Why the voucher is not open at this instant.
    fn closed(&self, at: Timestamp) -> Option<RedeemRefused> {
        let instant = |millis: i64| Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
        closed(self.status, (instant(self.valid_from), instant(self.expires_at)), at)
    }
}

impl Taking {
    /// A taking for the voucher from one of its own counters.
    pub(super) fn of(voucher: &Voucher, shard: u8, count: u32, at: Timestamp) -> Self {
        let share = |most: u32| share(most, shard, voucher.shards());
        let limits = voucher.terms.limits;
        Self {
            count,
            at,
            limited: limits.total.is_some(),
            day: limits.per_day.map(|most| (voucher.day(at), share(most))),
            day_known: true,
        }
    }

    /// A taking from the counter of a printing that has a limit of its own.
    pub(super) fn of_batch(count: u32, at: Timestamp) -> Self {
        Self { count, at, limited: true, day: None, day_known: true }
    }

    fn expressions(&self) -> (String, String, Item) {
        let mut sets = vec!["#kind = :kind".to_owned()];
        let mut conditions = vec![
            "#status = :published".to_owned(),
            "valid_from <= :at".to_owned(),
            "expires_at > :at".to_owned(),
        ];
        let mut values = Item::from([
            (":kind".to_owned(), text(KIND)),
            (":published".to_owned(), text(VoucherStatus::Published.as_str())),
            (":at".to_owned(), number(self.at.as_millisecond())),
        ]);
        if self.count > 0 && (self.limited || self.day.is_some()) {
            values.insert(":count".to_owned(), number(self.count));
        }
        if self.count > 0 && self.limited {
            sets.push("#left = #left - :count".to_owned());
            conditions.push("#left >= :count".to_owned());
        }
        if let Some((day, share)) = self.day.filter(|_| self.count > 0) {
            values.insert(":day".to_owned(), text(day.to_string()));
            if self.day_known {
                sets.push("day_left = day_left - :count".to_owned());
                conditions.push("#day = :day AND day_left >= :count".to_owned());
            } else {
                // A share of nothing gives nothing, which no number below zero may hide.
                let rest = i64::from(share) - i64::from(self.count);
                values.insert(":rest".to_owned(), number(rest));
                values.insert(":share".to_owned(), number(share));
                sets.push("#day = :day, day_left = :rest".to_owned());
                conditions.push("(attribute_not_exists(#day) OR #day < :day)".to_owned());
                conditions.push(":share >= :count".to_owned());
            }
        }
        (format!("SET {}", sets.join(", ")), conditions.join(" AND "), values)
    }

    /// Why a counter gives nothing; nothing where it would.
    fn refused_by(&self, item: &QuotaItem) -> Option<RedeemRefused> {
        if let Some(refused) = item.closed(self.at) {
            return Some(refused);
        }
        if self.limited && item.left.unwrap_or(0) < self.count {
            return Some(RedeemRefused::LimitReached);
        }
        (self.available(item) < self.count).then_some(RedeemRefused::DayLimitReached)
    }

    /// How much a counter has, in all and for this day.
    pub(super) fn available(&self, item: &QuotaItem) -> u32 {
        let all = if self.limited { item.left.unwrap_or(0) } else { u32::MAX };
        let Some((today, share)) = self.day else { return all };
        let today = today.to_string();
        all.min(match &item.day {
            Some(day) if *day == today => item.day_left.unwrap_or(0),
            Some(day) if *day > today => 0,
            Some(_) | None => share,
        })
    }

    /// What the counter that stood in the way says.
    pub(super) fn explain(&self, found: Option<Item>) -> Result<NoneTaken, StoreError> {
        let Some(item) = found.filter(|item| !item.is_empty()) else {
            // A counter is written with its voucher.
            return Ok(NoneTaken::Closed(RedeemRefused::UnknownCode));
        };
        let item: QuotaItem = decode(item, KIND)?;
        if let Some(refused) = item.closed(self.at) {
            return Ok(NoneTaken::Closed(refused));
        }
        if self.limited && item.left.unwrap_or(0) < self.count {
            return Ok(NoneTaken::Empty(RedeemRefused::LimitReached));
        }
        let today = self.day.map(|(day, _)| day.to_string());
        let known = today.is_some() && item.day == today;
        match today {
            Some(_) if known != self.day_known => Ok(NoneTaken::OtherDay),
            // Another clock is ahead: the day that it counts has begun.
            Some(_) => Ok(NoneTaken::Empty(RedeemRefused::DayLimitReached)),
            // The condition held when it was read for this answer.
            None => Ok(NoneTaken::OtherDay),
        }
    }
}

impl Giving {
    /// What was taken at the first instant and goes back at the second: a day's limit gets it back on that day only.
    pub(super) fn of(
        voucher: &Voucher,
        batch: Option<&BatchId>,
        (taken, now): (Timestamp, Timestamp),
    ) -> Self {
        let limits = voucher.terms.limits;
        let day = Some(voucher.day(taken))
            .filter(|day| batch.is_none() && limits.per_day.is_some() && *day == voucher.day(now));
        Self { limited: batch.is_some() || limits.total.is_some(), day }
    }

    /// Whether there is nothing to give back to.
    pub(super) fn is_nothing(&self) -> bool {
        !self.limited && self.day.is_none()
    }
}

impl QuotaName<'_> {
    fn key(&self) -> keys::Key {
        keys::quota(self.voucher, self.batch, self.shard)
    }
}

impl Table {
    /// The write that takes from a counter, or that only makes sure that the voucher is open.
    pub(super) fn write_taking(&self, name: &QuotaName<'_>, taking: &Taking) -> TransactWriteItem {
        let (set, condition, values) = taking.expressions();
        self.update(&name.key(), &set, &condition, values)
    }

    /// The write that gives back to a counter of a limit in all.
    pub(super) fn write_giving_back(&self, name: &QuotaName<'_>, count: u32) -> TransactWriteItem {
        self.write_giving(name, &Giving { limited: true, day: None }, count)
    }

    /// The write that gives back to a counter. It fails where the counter is not there, or has come to another day than
    /// the one that is to get it back.
    pub(super) fn write_giving(
        &self,
        name: &QuotaName<'_>,
        giving: &Giving,
        count: u32,
    ) -> TransactWriteItem {
        let mut values = Item::from([(":count".to_owned(), number(count))]);
        let (mut sets, mut conditions) = (Vec::new(), vec!["attribute_exists(PK)"]);
        if giving.limited {
            sets.push("#left = #left + :count");
            conditions.push("attribute_exists(#left)");
        }
        if let Some(day) = giving.day {
            values.insert(":day".to_owned(), text(day.to_string()));
            sets.push("day_left = day_left + :count");
            conditions.push("#day = :day");
        }
        let (set, condition) = (format!("SET {}", sets.join(", ")), conditions.join(" AND "));
        self.update(&name.key(), &set, &condition, values)
    }

    /// The write of a new counter.
    pub(super) fn write_new_quota(
        &self,
        name: &QuotaName<'_>,
        item: &QuotaItem,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&name.key(), KIND, item)?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }

    /// The writes that tell each counter of the voucher what has become of it.
    pub(super) fn write_quota_states(&self, voucher: &Voucher) -> Vec<TransactWriteItem> {
        let of_batches = voucher.limited.iter().map(|batch| (Some(batch), 0));
        let own = (0..voucher.shards()).map(|shard| (None, shard));
        own.chain(of_batches)
            .map(|(batch, shard)| {
                let name = QuotaName { voucher: &voucher.id, batch, shard };
                let values = Item::from([
                    (":status".to_owned(), text(voucher.status.as_str())),
                    (":from".to_owned(), number(voucher.terms.valid_from.as_millisecond())),
                    (":to".to_owned(), number(voucher.terms.expires_at.as_millisecond())),
                ]);
                let set = "SET #status = :status, valid_from = :from, expires_at = :to";
                self.update(&name.key(), set, "attribute_exists(PK)", values)
            })
            .collect()
    }

    /// What is left in each of the voucher's own counters; nothing where there is no limit.
    pub(super) async fn quotas(&self, voucher: &Voucher) -> Result<Vec<QuotaItem>, StoreError> {
        let names = (0..voucher.shards())
            .map(|shard| keys::quota(&voucher.id, None, shard).attributes())
            .collect();
        let items = self.read_batch(names).await?;
        let mut by_key = HashMap::new();
        for item in items {
            let key = match item.get(keys::PK) {
                Some(aws_sdk_dynamodb::types::AttributeValue::S(pk)) => pk.clone(),
                _ => continue,
            };
            by_key.insert(key, decode::<QuotaItem>(item, KIND)?);
        }
        let of = |shard| by_key.remove(&keys::quota(&voucher.id, None, shard).pk);
        Ok((0..voucher.shards()).filter_map(of).collect())
    }

    /// What is left in the counter of a printing that has a limit of its own.
    pub(super) async fn quota_of_batch(
        &self,
        voucher: &VoucherId,
        batch: &BatchId,
    ) -> Result<Option<QuotaItem>, StoreError> {
        self.read_as(&keys::quota(voucher, Some(batch), 0), KIND).await
    }

    /// Why nothing could be taken from the voucher's limit at this instant, or from that of a printing that has one of
    /// its own; nothing where one could. It decides nothing: another one may be faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn limit_stands_in_the_way(
        &self,
        voucher: &Voucher,
        batch: Option<&BatchId>,
        at: Timestamp,
    ) -> Result<Option<RedeemRefused>, StoreError> {
        let found = match batch {
            Some(batch) => self.quota_of_batch(&voucher.id, batch).await?.into_iter().collect(),
            None => self.quotas(voucher).await?,
        };
        let mut refused = RedeemRefused::UnknownCode;
        for (shard, item) in found.into_iter().enumerate() {
            let shard = u8::try_from(shard).unwrap_or(0);
            let taking = match batch {
                Some(_) => Taking::of_batch(1, at),
                None => Taking::of(voucher, shard, 1, at),
            };
            match taking.refused_by(&item) {
                None => return Ok(None),
                Some(why) => refused = why,
            }
        }
        Ok(Some(refused))
    }

    /// How many redemptions are left of the voucher's own limit; nothing without one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn voucher_left(&self, voucher: &Voucher) -> Result<Option<u32>, StoreError> {
        if voucher.terms.limits.total.is_none() {
            return Ok(None);
        }
        let quotas = self.quotas(voucher).await?;
        Ok(Some(quotas.iter().filter_map(QuotaItem::left).fold(0, u32::saturating_add)))
    }
}
