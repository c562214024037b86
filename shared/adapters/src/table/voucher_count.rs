//! What happens to vouchers, counted exactly once: each event has a mark of its own, which is set in the transaction
//! that adds it. Unlike scans, claims and redemptions have no growing range of keys whose end could be marked.

use std::collections::BTreeMap;

use domain::scan::CodeSubject;
use domain::tally::{Tally, VoucherEvent};
use jiff::Timestamp;

use super::counter::{Addition, counters_of};
use super::counter_slot::CounterSlot;
use super::keys::{self, Counted};
use super::{Item, StoreError, Table, number, text};

const MARK_KIND: &str = "counted_event";
/// Marks are forgotten when the stream (24 hours) can repeat nothing of them, in seconds.
const MARK_S: i64 = 7 * 86_400;
/// Events that one transaction adds: with the hours that they fall into it has far less than a hundred writes.
const EVENTS_MAX: usize = 30;

impl Table {
    /// Adds events of one voucher; those that are counted already are left out. Tells how many were new.
    ///
    /// # Errors
    /// [`StoreError`]; the same call may be made again.
    pub async fn count_voucher_events(
        &self,
        events: &[VoucherEvent],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut counted = 0;
        for part in events.chunks(EVENTS_MAX) {
            counted += self.count_part(part.iter().collect(), now).await?;
        }
        Ok(counted)
    }

    /// The cities of the months from `first` to `last` (`2026-11`, both included), by month and country.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cities(
        &self,
        of: &Counted,
        first: &str,
        last: &str,
    ) -> Result<Vec<(String, BTreeMap<String, i64>)>, StoreError> {
        // Behind each country of the last month: `~` sorts after each letter.
        let last = format!("{last}#~");
        let items = self.counters_between(of, keys::CITIES_PREFIX, first, &last).await?;
        Ok(items.into_iter().map(|(month, item)| (month, counters_of(&item))).collect())
    }

    async fn count_part(
        &self,
        mut events: Vec<&VoucherEvent>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        // One event may come twice in a batch, and a transaction must not name an item twice.
        events.sort_by(|left, right| left.id.cmp(&right.id));
        events.dedup_by(|left, right| left.id == right.id);
        while !events.is_empty() {
            let marks = events.iter().map(|event| self.write_event_mark(event, now));
            let mut writes: Vec<_> = marks.collect();
            writes.extend(additions(&events).iter().filter_map(|a| self.write_addition(a)));
            let Err(refused) = self.transact(writes).await? else { return Ok(events.len()) };
            let before = events.len();
            let mut index = 0;
            events.retain(|_| {
                index += 1;
                !refused.at(index - 1)
            });
            if events.len() == before {
                let source = "counters refuse to be added to".into();
                return Err(StoreError::Corrupt { what: "counters", source });
            }
        }
        Ok(0)
    }

    fn write_event_mark(
        &self,
        event: &VoucherEvent,
        now: Timestamp,
    ) -> aws_sdk_dynamodb::types::TransactWriteItem {
        let values = Item::from([
            (":ttl".to_owned(), number(now.as_second().saturating_add(MARK_S))),
            (":kind".to_owned(), text(MARK_KIND)),
        ]);
        let key = keys::counted_event(&event.id);
        self.update(&key, "SET #ttl = :ttl, #kind = :kind", "attribute_not_exists(PK)", values)
    }
}

/// The total first, then the hours.
fn additions(events: &[&VoucherEvent]) -> Vec<Addition> {
    let Some(first) = events.first() else { return Vec::new() };
    let subject = CodeSubject::Voucher(first.voucher.clone());
    let of = Counted::Code(first.tenant.clone(), subject);
    let tally = Tally::of_voucher(events.iter().copied());
    let hours =
        tally.hours.into_iter().map(|(hour, add)| (CounterSlot::Hour(hour.to_string()), add));
    std::iter::once((CounterSlot::Total, tally.total))
        .chain(hours)
        .map(|(slot, add)| Addition {
            of: of.clone(),
            slot,
            add,
            set: BTreeMap::new(),
            keep: BTreeMap::new(),
        })
        .collect()
}
