//! Scan events: appended once, never changed, spread over partitions, forgotten by age. No index.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::code::ScanRefused;
use domain::id::{PropertyId, TenantId};
use domain::limit::EVENT_DAYS;
use domain::scan::{CodeEvent, CodeSubject, ScanEvent, voucher_minute};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::keys::{self, EVENT_SHARDS, Key};
use super::{Item, StoreError, Table, broken, decode, encode, number, text};

const KIND: &str = "scan_event";

/// An event as the stream shows it, with the place that it is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// What happened.
    pub event: CodeEvent,
    /// The UTC day of its partition.
    pub day: Date,
    /// The shard of its partition.
    pub shard: u8,
}

#[derive(Serialize, Deserialize)]
struct EventItem {
    event: CodeEvent,
    day: Date,
    shard: u8,
    ttl: i64,
}

impl StoredEvent {
    fn of(event: CodeEvent) -> Self {
        let day = event.at().to_zoned(TimeZone::UTC).date();
        let shard = event
            .scan_id()
            .as_str()
            .bytes()
            .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let shard = u8::try_from(shard % u32::from(EVENT_SHARDS)).unwrap_or(0);
        Self { event, day, shard }
    }

    /// Reads an event from a stream record's new image; `None` for an item of another kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn from_image(image: serde_dynamo::Item) -> Result<Option<Self>, StoreError> {
        let event = matches!(
            image.inner().get(keys::PK),
            Some(serde_dynamo::AttributeValue::S(pk)) if pk.starts_with(keys::EVENT_PREFIX)
        );
        if !event {
            return Ok(None);
        }
        let item: EventItem = serde_dynamo::from_item(image)
            .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })?;
        Ok(Some(Self { event: item.event, day: item.day, shard: item.shard }))
    }

    /// The primary key: the scan's id makes it unique, a second report about one scan is refused. A visitor's scans of
    /// a voucher have one id a minute and stand at the minute's beginning, so that the second one meets the first.
    fn key(&self) -> Key {
        let event = &self.event;
        let sk = match event {
            CodeEvent::Scan(scan) => {
                let at = match &scan.subject {
                    CodeSubject::Voucher(_) => voucher_minute(scan.at),
                    CodeSubject::Property(_) | CodeSubject::Guard(_) => scan.at,
                };
                format!("{:015}#{}", at.as_millisecond(), scan.scan_id)
            }
            CodeEvent::Outcome(_) => format!("{}#O", event.scan_id()),
        };
        keys::event(event.tenant_id(), &event.subject(), &self.day.to_string(), self.shard, sk)
    }

    fn item(self) -> Result<Item, StoreError> {
        let key = self.key();
        let kept = jiff::SignedDuration::from_hours(24 * EVENT_DAYS);
        let ttl = self.event.at().saturating_add(kept).unwrap_or_default().as_second();
        encode(&key, KIND, &EventItem { event: self.event, day: self.day, shard: self.shard, ttl })
    }
}

impl Table {
    /// Writes a scan down: the one write of a scan.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_scan(&self, scan: ScanEvent) -> Result<(), StoreError> {
        let item = StoredEvent::of(CodeEvent::Scan(scan)).item()?;
        self.client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map(drop)
            .map_err(broken)
    }

    /// Writes a scan of a voucher's code down, once for each visitor and minute; `false` when it stood there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_voucher_scan(&self, scan: ScanEvent) -> Result<bool, StoreError> {
        let item = StoredEvent::of(CodeEvent::Scan(scan)).item()?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// Writes a scan of a code with `max_scans` down and uses one of them, on the condition that one is left and
    /// the code is alive in the same version.
    ///
    /// # Errors
    /// [`StoreError`]; inside, [`ScanRefused::UsedUp`] or [`ScanRefused::Deleted`].
    pub async fn commit_limited_scan(
        &self,
        scan: ScanEvent,
    ) -> Result<Result<(), ScanRefused>, StoreError> {
        // Only a property's code has a number of scans.
        let CodeSubject::Property(property) = &scan.subject else {
            return self.append_scan(scan).await.map(Ok);
        };
        let target = keys::scan_target(property);
        let version = scan.qr_version;
        let item = StoredEvent::of(CodeEvent::Scan(scan)).item()?;
        let writes = vec![
            self.update(
                &target,
                "ADD scans_used :one",
                "scans_used < #code.max_scans AND #code.version = :version \
                 AND #code.#status = :active",
                Item::from([
                    (":one".to_owned(), number(1)),
                    (":version".to_owned(), number(version)),
                    (":active".to_owned(), text("active")),
                ]),
            ),
            self.put(item, None, Item::new()),
        ];
        let Err(refused) = self.transact(writes).await? else { return Ok(Ok(())) };
        let stood = refused.reasons.into_iter().next().flatten().flatten();
        let code = stood.and_then(|mut item| item.remove("code"));
        let same = matches!(&code, Some(AttributeValue::M(code))
            if code.get("version") == Some(&number(version))
                && code.get("status") == Some(&text("active")));
        Ok(Err(if same { ScanRefused::UsedUp } else { ScanRefused::Deleted }))
    }

    /// Writes down what became of a scan, once; `false` when that was reported before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append_outcome(
        &self,
        outcome: domain::scan::OutcomeEvent,
    ) -> Result<bool, StoreError> {
        let item = StoredEvent::of(CodeEvent::Outcome(outcome)).item()?;
        self.put_if(item, "attribute_not_exists(PK)", Item::new()).await
    }

    /// The last `count` scans of a property's code on a UTC day, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_scans(
        &self,
        tenant: &TenantId,
        code: &PropertyId,
        day: Date,
        count: u32,
    ) -> Result<Vec<ScanEvent>, StoreError> {
        let (day, code) = (day.to_string(), CodeSubject::from(code.clone()));
        let shards = (0..EVENT_SHARDS).map(|shard| {
            let key = keys::event(tenant, &code, &day, shard, String::new());
            self.latest_of_partition(key.pk, count)
        });
        let items = try_join_all(shards).await?.into_iter().flatten();
        let mut scans = Vec::new();
        for item in items {
            if let CodeEvent::Scan(scan) = decode::<EventItem>(item, KIND)?.event {
                scans.push(scan);
            }
        }
        scans.sort_by_key(|scan| std::cmp::Reverse(scan.at));
        scans.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(scans)
    }

    /// Scans sort by their instant in digits; reports about them begin with a letter and are left out.
    async fn latest_of_partition(&self, pk: String, count: u32) -> Result<Vec<Item>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("PK = :pk AND SK < :letters")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":letters", text("a"))
            .scan_index_forward(false)
            .limit(i32::try_from(count).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(broken)?;
        Ok(output.items.unwrap_or_default())
    }
}
