//! Counters of scans: added by the aggregator, exactly once, in one transaction per code, day and batch.
//!
//! A mark per event partition says how far its events are counted. The transaction that adds moves the marks from
//! where they were read, so a batch that comes twice, in part or at the same time elsewhere adds nothing twice.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use jiff::Timestamp;

use super::counter_slot::CounterSlot;
use super::keys::{self, Counted, Key};
use super::{Item, StoreError, Table, broken, number, text};

/// Marks and their transaction are forgotten when the stream (24 hours) can repeat nothing of them.
const MARK_DAYS: i64 = 7;
/// Pages of one range of counters: a page holds about a megabyte.
const COUNTER_PAGES_MAX: usize = 50;
/// What an item of counters has besides counters.
const NOT_COUNTERS: [&str; 3] = [keys::PK, keys::SK, "kind"];

/// How far the events of one code and day are counted: the last stream sequence number per event shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub BTreeMap<u8, String>);

impl Marks {
    /// Whether the event of this shard and sequence number is still to be counted.
    pub fn precede(&self, shard: u8, sequence: &str) -> bool {
        self.0.get(&shard).is_none_or(|mark| mark.as_str() < ordered(sequence).as_str())
    }

    /// Moves the shard's mark on to this sequence number.
    pub fn advance(&mut self, shard: u8, sequence: &str) {
        self.0.insert(shard, ordered(sequence));
    }
}

/// Sequence numbers are decimal, of up to 40 digits: padded, they sort as text.
fn ordered(sequence: &str) -> String {
    format!("{sequence:0>40}")
}

/// What stood in the table before a batch is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// How far the code's day is counted.
    pub marks: Marks,
    /// The visitors of the day, by owner, each with the revision that a change must name.
    pub visitors: HashMap<Counted, Visitors>,
}

/// A day's sketch of visitors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// Counts the changes.
    pub revision: u64,
    /// The sketch's bytes; empty before the first visitor.
    pub sketch: Vec<u8>,
}

/// What a total keeps of each event shard's last scan, in milliseconds: the name and the shard's number.
pub const LAST_SCAN: &str = "last";
/// What a total keeps of each event shard's first scan, in milliseconds.
pub const FIRST_SCAN: &str = "first";

/// What was counted of a code, or of a tenant's shard, since it exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The counters.
    pub counts: BTreeMap<String, i64>,
    /// The first scan by a person.
    pub first_scan: Option<Timestamp>,
    /// The last scan by a person.
    pub last_scan: Option<Timestamp>,
}

impl Totals {
    fn of(mut counts: BTreeMap<String, i64>) -> Self {
        let instants = |prefix: &str| {
            let shard =
                |name: &str| name.strip_prefix(prefix).is_some_and(|n| n.parse::<u8>().is_ok());
            let found = counts.iter().filter(|(name, _)| shard(name));
            found
                .filter_map(|(_, millis)| Timestamp::from_millisecond(*millis).ok())
                .collect::<Vec<_>>()
        };
        let first_scan = instants(FIRST_SCAN).into_iter().min();
        let last_scan = instants(LAST_SCAN).into_iter().max();
        counts.retain(|name, _| !name.starts_with(FIRST_SCAN) && !name.starts_with(LAST_SCAN));
        Self { counts, first_scan, last_scan }
    }

    /// The two together, for a tenant whose totals are spread over shards.
    #[must_use]
    pub fn plus(mut self, other: Totals) -> Self {
        domain::tally::add_counts(&mut self.counts, &other.counts);
        self.first_scan = self.first_scan.into_iter().chain(other.first_scan).min();
        self.last_scan = self.last_scan.max(other.last_scan);
        self
    }

    /// Scans by people.
    pub fn scans(&self) -> i64 {
        self.counts.get(domain::tally::name::PEOPLE).copied().unwrap_or(0)
    }
}

/// Numbers to be added to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Whose counters.
    pub of: Counted,
    /// Which of its items.
    pub slot: CounterSlot,
    /// Counter names and what to add.
    pub add: BTreeMap<String, i64>,
    /// Attributes that are set to the later value, for example the last scan's instant.
    pub set: BTreeMap<String, i64>,
    /// Attributes that keep the first value.
    pub keep: BTreeMap<String, i64>,
}

/// One code's share of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The code.
    pub code: Counted,
    /// The UTC day of the events.
    pub day: String,
    /// The marks that were read.
    pub before: Marks,
    /// The marks with this batch.
    pub after: Marks,
    /// What to add.
    pub additions: Vec<Addition>,
    /// Sketches that have changed.
    pub visitors: Vec<(Counted, Visitors)>,
    /// The present instant, in seconds.
    pub now_s: i64,
}

/// Another batch moved the same marks or sketches: read again, count what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountLost;

impl Table {
    /// How far a code's day is counted, and the day's visitors of each owner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counting(
        &self,
        code: &Counted,
        day: &str,
        owners: &[Counted],
    ) -> Result<Counting, StoreError> {
        let mark = keys::mark(code, day);
        let sketches: HashMap<Key, &Counted> =
            owners.iter().map(|owner| (keys::visitors(owner, day), owner)).collect();
        let wanted = std::iter::once(&mark).chain(sketches.keys()).map(Key::attributes).collect();
        let mut counting = Counting::default();
        for item in self.read_batch(wanted).await? {
            let key = key_of(&item);
            if key == mark {
                counting.marks = marks_of(&item);
            } else if let Some(owner) = sketches.get(&key) {
                counting.visitors.insert((*owner).clone(), visitors_of(item));
            }
        }
        Ok(counting)
    }

    /// Adds one code's share of a batch, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; inside, [`CountLost`].
    pub async fn commit_count(&self, count: &Count) -> Result<Result<(), CountLost>, StoreError> {
        let mut writes = vec![self.write_marks(count)];
        writes.extend(count.additions.iter().filter_map(|addition| self.write_addition(addition)));
        writes.extend(count.visitors.iter().map(|(owner, visitors)| {
            let key = keys::visitors(owner, &count.day);
            let values = Item::from([
                (":sketch".to_owned(), AttributeValue::B(Blob::new(visitors.sketch.clone()))),
                (":read".to_owned(), number(visitors.revision)),
                (":next".to_owned(), number(visitors.revision + 1)),
                (":kind".to_owned(), text("visitors")),
            ]);
            let condition = match visitors.revision {
                0 => "attribute_not_exists(revision) OR revision = :read",
                _ => "revision = :read",
            };
            let set = "SET sketch = :sketch, revision = :next, kind = :kind";
            self.update(&key, set, condition, values)
        }));
        Ok(self.transact(writes).await?.map_err(|_| CountLost))
    }

    /// Moves the marks, each from where it was read.
    fn write_marks(&self, count: &Count) -> TransactWriteItem {
        let mut values = Item::from([
            (":ttl".to_owned(), number(count.now_s + MARK_DAYS * 86_400)),
            (":kind".to_owned(), text("count_mark")),
        ]);
        let (mut set, mut conditions) = (vec!["#ttl = :ttl, kind = :kind".to_owned()], Vec::new());
        for (shard, after) in &count.after.0 {
            let before = count.before.0.get(shard);
            if before == Some(after) {
                continue;
            }
            set.push(format!("m{shard} = :after{shard}"));
            values.insert(format!(":after{shard}"), text(after.clone()));
            conditions.push(match before {
                None => format!("attribute_not_exists(m{shard})"),
                Some(before) => {
                    values.insert(format!(":before{shard}"), text(before.clone()));
                    format!("m{shard} = :before{shard}")
                }
            });
        }
        let key = keys::mark(&count.code, &count.day);
        self.update(&key, &format!("SET {}", set.join(", ")), &conditions.join(" AND "), values)
    }

    pub(super) fn write_addition(&self, addition: &Addition) -> Option<TransactWriteItem> {
        let key = addition.slot.key(&addition.of);
        let mut names = HashMap::from([("#kind".to_owned(), "kind".to_owned())]);
        let mut values = Item::from([(":kind".to_owned(), text("counters"))]);
        let (mut add, mut set) = (Vec::new(), vec!["#kind = :kind".to_owned()]);
        let mut place = |name: &str, amount: i64| {
            let at = names.len();
            names.insert(format!("#n{at}"), name.to_owned());
            values.insert(format!(":n{at}"), number(amount));
            at
        };
        for (name, amount) in addition.add.iter().filter(|(_, amount)| **amount != 0) {
            let at = place(name, *amount);
            add.push(format!("#n{at} :n{at}"));
        }
        for (name, value) in &addition.set {
            let at = place(name, *value);
            set.push(format!("#n{at} = :n{at}"));
        }
        for (name, value) in &addition.keep {
            let at = place(name, *value);
            set.push(format!("#n{at} = if_not_exists(#n{at}, :n{at})"));
        }
        let add = if add.is_empty() { String::new() } else { format!(" ADD {}", add.join(", ")) };
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {}{add}", set.join(", ")))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .build();
        Some(TransactWriteItem::builder().update(update.ok()?).build())
    }

    /// The totals of a code or a tenant's shard.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn totals(&self, of: &Counted) -> Result<Totals, StoreError> {
        let item = self.read(&keys::total(of)).await?;
        Ok(item.map(|item| Totals::of(counters_of(&item))).unwrap_or_default())
    }

    /// The totals of up to a hundred codes, for a page of a list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn totals_of(
        &self,
        codes: &[Counted],
    ) -> Result<HashMap<Counted, Totals>, StoreError> {
        if codes.is_empty() {
            return Ok(HashMap::new());
        }
        let by_key: HashMap<Key, &Counted> =
            codes.iter().map(|code| (keys::total(code), code)).collect();
        let items = self.read_batch(by_key.keys().map(Key::attributes).collect()).await?;
        let totals = items.iter().filter_map(|item| {
            by_key.get(&key_of(item)).map(|code| ((*code).clone(), Totals::of(counters_of(item))))
        });
        Ok(totals.collect())
    }

    /// The hours from `first` to `last` (UTC, both included) in which something was counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hours(
        &self,
        of: &Counted,
        first: &str,
        last: &str,
    ) -> Result<Vec<(String, BTreeMap<String, i64>)>, StoreError> {
        let items = self.counters_between(of, keys::HOUR_PREFIX, first, last).await?;
        Ok(items.into_iter().map(|(hour, item)| (hour, counters_of(&item))).collect())
    }

    /// The visitor sketches of the UTC days from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn visitors(
        &self,
        of: &Counted,
        first: &str,
        last: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let items = self.counters_between(of, keys::VISITORS_PREFIX, first, last).await?;
        Ok(items.into_iter().map(|(day, item)| (day, visitors_of(item).sketch)).collect())
    }

    pub(super) async fn counters_between(
        &self,
        of: &Counted,
        prefix: &str,
        first: &str,
        last: &str,
    ) -> Result<Vec<(String, Item)>, StoreError> {
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..COUNTER_PAGES_MAX {
            let output = self
                .client
                .query()
                .table_name(&*self.name)
                .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
                .expression_attribute_values(":pk", text(keys::counters_pk(of)))
                .expression_attribute_values(":first", text(format!("{prefix}{first}")))
                .expression_attribute_values(":last", text(format!("{prefix}{last}")))
                .set_exclusive_start_key(start)
                .consistent_read(true)
                .send()
                .await
                .map_err(broken)?;
            for item in output.items.unwrap_or_default() {
                let sk = key_of(&item).sk;
                found.push((sk.trim_start_matches(prefix).to_owned(), item));
            }
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
        let source = "a range of counters has more pages than are read".into();
        Err(StoreError::Corrupt { what: "counters", source })
    }
}

fn key_of(item: &Item) -> Key {
    let part = |name| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    Key { pk: part(keys::PK), sk: part(keys::SK) }
}

fn marks_of(item: &Item) -> Marks {
    let mark = |(name, value): (&String, &AttributeValue)| {
        let shard = name.strip_prefix('m')?.parse().ok()?;
        Some((shard, value.as_s().ok()?.clone()))
    };
    Marks(item.iter().filter_map(mark).collect())
}

fn visitors_of(mut item: Item) -> Visitors {
    let revision = match item.get("revision") {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    let sketch = match item.remove("sketch") {
        Some(AttributeValue::B(bytes)) => bytes.into_inner(),
        _ => Vec::new(),
    };
    Visitors { revision, sketch }
}

pub(super) fn counters_of(item: &Item) -> BTreeMap<String, i64> {
    let counter = |(name, value): (&String, &AttributeValue)| {
        let value = value.as_n().ok()?.parse().ok()?;
        (!NOT_COUNTERS.contains(&name.as_str())).then(|| (name.clone(), value))
    };
    item.iter().filter_map(counter).collect()
}
