//! One code's share of a batch: read how far it is counted, leave out what is, add the rest, all in one transaction
//! that fails if another batch was faster.

use std::collections::{BTreeMap, HashMap};

use adapters::table::keys::{Counted, EVENT_SHARDS, TENANT_SHARDS};
use adapters::table::{
    Addition, Count, CounterSlot, Counting, FIRST_SCAN, LAST_SCAN, StoreError, StoredEvent,
    Visitors,
};
use domain::scan::CodeEvent;
use domain::sketch::Sketch;
use domain::tally::{Day, Tally};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::{Deps, Sequenced};

/// How often a share is counted again because another batch was faster.
const TRIES_MAX: u32 = 10;
/// Names of counters in one hour after which a part ends. An expression has at most 4,096 bytes, which is about 330
/// names, and one event brings at most 13 new ones.
const NAMES_MAX: usize = 250;

/// The events of one code and day.
#[derive(Debug)]
pub(crate) struct Batch {
    code: Counted,
    tenant: Counted,
    day: Date,
    events: Vec<Sequenced<StoredEvent>>,
}

/// Why a share was not counted now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCounted {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("other batches were faster, again and again")]
    Outrun,
}

impl Batch {
    pub(crate) fn first_sequence(&self) -> String {
        self.events.first().map(|first| first.sequence.clone()).unwrap_or_default()
    }
}

/// The shares of a batch, one per code and day, in the stream's order; those that add to the same counters of their
/// tenant stand together, because they would only get in each other's way.
pub(crate) fn group(events: Vec<Sequenced<StoredEvent>>) -> Vec<Vec<Batch>> {
    let mut batches: HashMap<(Counted, Date), Batch> = HashMap::new();
    for sequenced in events {
        let event = &sequenced.item.event;
        let code = Counted::Code(event.tenant_id().clone(), event.subject());
        let tenant = Counted::Tenant(event.tenant_id().clone(), shard_of(event));
        let day = sequenced.item.day;
        batches
            .entry((code.clone(), day))
            .or_insert_with(|| Batch { code, tenant, day, events: Vec::new() })
            .events
            .push(sequenced);
    }
    let mut lanes: HashMap<Counted, Vec<Batch>> = HashMap::new();
    for batch in batches.into_values() {
        lanes.entry(batch.tenant.clone()).or_default().push(batch);
    }
    lanes.into_values().collect()
}

/// Counts a share, in parts that one transaction takes, and again what another batch got in between.
pub(crate) async fn count_batch(deps: &Deps, batch: &Batch) -> Result<(), NotCounted> {
    let day = batch.day.to_string();
    let owners = [batch.code.clone(), batch.tenant.clone()];
    let mut lost = 0;
    while lost < TRIES_MAX {
        let counting = deps.table.counting(&batch.code, &day, &owners).await?;
        let Some(count) = count_of(batch, &counting, deps.clock.now()) else { return Ok(()) };
        // Each part that is counted moves the marks on, so this comes to an end.
        if deps.table.commit_count(&count).await?.is_err() {
            lost += 1;
        }
    }
    Err(NotCounted::Outrun)
}

/// What is still to be counted, as much of it as one transaction takes; `None` when nothing is.
fn count_of(batch: &Batch, before: &Counting, now: Timestamp) -> Option<Count> {
    let mut after = before.marks.clone();
    let (mut tally, mut new) = (Tally::default(), Vec::new());
    for sequenced in &batch.events {
        let lane = lane_of(&sequenced.item);
        // Against the marks as they move: a record that comes twice in one batch is counted once.
        if !after.precede(lane, &sequenced.sequence) {
            continue;
        }
        let mut sets = tally.hours.values().chain(tally.cities.values());
        if sets.any(|names| names.len() > NAMES_MAX) {
            break;
        }
        after.advance(lane, &sequenced.sequence);
        tally.add(Tally::of(std::iter::once(&sequenced.item.event)));
        new.push(sequenced);
    }
    if new.is_empty() {
        return None;
    }
    let visitors = tally.visitors.get(&Day(batch.day)).map_or(&[][..], Vec::as_slice);
    let owners = [&batch.code, &batch.tenant];
    let visitors = owners
        .into_iter()
        .filter_map(|owner| Some((owner.clone(), with_visitors(before, owner, visitors)?)))
        .collect();
    let mut code_additions = additions(&batch.code, &tally);
    if let Some(total) = code_additions.first_mut() {
        (total.set, total.keep) = extremes(&new, batch.day);
    }
    code_additions.extend(additions(&batch.tenant, &tally));
    Some(Count {
        code: batch.code.clone(),
        day: batch.day.to_string(),
        before: before.marks.clone(),
        after,
        additions: code_additions,
        visitors,
        now_s: now.as_second(),
    })
}

/// The mark that an event moves. Within a partition scans and reports about them have ranges of their own, and the
/// table may keep two ranges in two places whose stream shards do not wait for each other.
fn lane_of(event: &StoredEvent) -> u8 {
    match event.event {
        CodeEvent::Scan(_) => event.shard,
        CodeEvent::Outcome(_) => event.shard + EVENT_SHARDS,
    }
}

/// The total first, then the hours and the cities.
fn additions(of: &Counted, tally: &Tally) -> Vec<Addition> {
    let addition = |slot, add: &BTreeMap<String, i64>| Addition {
        of: of.clone(),
        slot,
        add: add.clone(),
        set: BTreeMap::new(),
        keep: BTreeMap::new(),
    };
    let hours =
        tally.hours.iter().map(|(hour, add)| addition(CounterSlot::Hour(hour.to_string()), add));
    let cities =
        tally.cities.iter().map(|(month, add)| addition(CounterSlot::Cities(month.clone()), add));
    std::iter::once(addition(CounterSlot::Total, &tally.total)).chain(hours).chain(cities).collect()
}

/// The last and the first scan by a person, per event shard and per even or odd day: only the batch that moves the
/// shard's mark of the day writes them, so they never go back. Marks are kept by day, and the batches of two days come
/// in any order; those of the day before yesterday are gone from the stream.
fn extremes(
    new: &[&Sequenced<StoredEvent>],
    day: Date,
) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let (mut last, mut first) = (BTreeMap::new(), BTreeMap::new());
    for sequenced in new {
        let tally = Tally::of(std::iter::once(&sequenced.item.event));
        let Some(at) = tally.last_scan.map(Timestamp::as_millisecond) else { continue };
        let place = sequenced.item.shard + if is_odd(day) { EVENT_SHARDS } else { 0 };
        let latest = last.entry(format!("{LAST_SCAN}{place}")).or_insert(at);
        *latest = (*latest).max(at);
        let earliest = first.entry(format!("{FIRST_SCAN}{place}")).or_insert(at);
        *earliest = (*earliest).min(at);
    }
    (last, first)
}

/// Whether the day's number, counted from 1970, is odd.
fn is_odd(day: Date) -> bool {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24 % 2 != 0
}

/// The owner's sketch with these visitors; `None` when it knew them all.
fn with_visitors(before: &Counting, owner: &Counted, visitors: &[u64]) -> Option<Visitors> {
    let stood = before.visitors.get(owner).cloned().unwrap_or_default();
    // A sketch that cannot be read is begun anew: a day's visitors are an estimate, the scans are not.
    let mut sketch = Sketch::from_bytes(&stood.sketch).unwrap_or_default();
    let new = visitors.iter().filter(|visitor| sketch.insert(**visitor)).count();
    (new > 0).then(|| Visitors { revision: stood.revision, sketch: sketch.to_bytes() })
}

fn shard_of(event: &CodeEvent) -> u8 {
    let sum = event
        .subject()
        .as_str()
        .bytes()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % u32::from(TENANT_SHARDS)).unwrap_or(0)
}
