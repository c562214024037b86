//! The figures of the demo's code, ready to be shown: the same for the page and for its script.

use adapters::table::{Counted, StoreError, Table};
use domain::scan::ScanEvent;
use domain::sketch::Sketch;
use domain::tally::{Day, HourKey, name};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::demo::Demo;

/// Hours in the chart, the present one included.
const HOURS: usize = 24;
/// Rows of the latest scans.
const LATEST: u32 = 10;

/// What the console shows about the demo's code.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figures {
    /// Scans by people since the code exists.
    pub people: i64,
    /// Visits by bots, previews and HEAD requests.
    pub machines: i64,
    /// Different visitors of the UTC day.
    pub visitors_today: u64,
    /// The last scan by a person, for a reader.
    pub last_scan: String,
    /// The version of the code; 0 when it was deleted.
    pub version: u32,
    /// The last hours, oldest first.
    pub hours: Vec<Hour>,
    /// The latest scans, newest first.
    pub latest: Vec<Latest>,
}

/// Scans of one UTC hour.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hour {
    pub label: String,
    pub scans: i64,
}

/// One scan, without anything that tells people apart.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Latest {
    pub time: String,
    pub class: &'static str,
    pub device: String,
    pub country: String,
    pub source: &'static str,
}

/// Reads the figures as of `now`.
pub(super) async fn read(
    table: &Table,
    demo: &Demo,
    now: Timestamp,
) -> Result<Figures, StoreError> {
    let code = Counted::Code(demo.tenant_id.clone(), demo.property_id.clone().into());
    let keys = hours_to(now);
    let first = keys.first().map(ToString::to_string).unwrap_or_default();
    let (last, today) = (HourKey::of(now).to_string(), Day::of(now).to_string());
    let (totals, hours, visitors, present, latest) = futures::try_join!(
        table.totals(&code),
        table.hours(&code, &first, &last),
        table.visitors(&code, &today, &today),
        table.code(&demo.tenant_id, &demo.property_id),
        latest(table, demo, now),
    )?;
    let scans_of = |key: &HourKey| {
        let key = key.to_string();
        let counted = hours.iter().find(|(hour, _)| *hour == key);
        counted.and_then(|(_, counts)| counts.get(name::PEOPLE)).copied().unwrap_or(0)
    };
    let count = |counter: &str| totals.counts.get(counter).copied().unwrap_or(0);
    let mut sketch = Sketch::new();
    for (_, bytes) in &visitors {
        if let Ok(one) = Sketch::from_bytes(bytes) {
            sketch.merge(&one);
        }
    }
    Ok(Figures {
        people: totals.scans(),
        machines: [name::BOTS, name::PREVIEWS, name::HEADS].into_iter().map(count).sum(),
        visitors_today: sketch.estimate(),
        last_scan: totals.last_scan.map_or_else(|| "none yet".to_owned(), instant),
        version: present.map_or(0, |code| code.version),
        hours: keys.iter().map(|key| Hour { label: hour(*key), scans: scans_of(key) }).collect(),
        latest: latest.into_iter().map(|scan| Latest::of(scan, now)).collect(),
    })
}

/// Today's scans; early in the day yesterday's too.
async fn latest(table: &Table, demo: &Demo, now: Timestamp) -> Result<Vec<ScanEvent>, StoreError> {
    let (tenant, property) = (&demo.tenant_id, &demo.property_id);
    let mut scans = table.latest_scans(tenant, property, Day::of(now).0, LATEST).await?;
    let missing = LATEST.saturating_sub(u32::try_from(scans.len()).unwrap_or(LATEST));
    if missing > 0 {
        let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or_default();
        let day = Day::of(yesterday).0;
        scans.extend(table.latest_scans(tenant, property, day, missing).await?);
    }
    Ok(scans)
}

impl Latest {
    fn of(scan: ScanEvent, now: Timestamp) -> Self {
        let device = scan.device;
        // A row of a table of today needs no date.
        let form = if Day::of(scan.at) == Day::of(now) { "%H:%M:%S" } else { "%b %d, %H:%M" };
        Self {
            time: scan.at.strftime(form).to_string(),
            class: scan.class.as_str(),
            device: format!("{}, {}, {}", device.kind, device.os, device.browser),
            country: scan.country.unwrap_or_else(|| "–".to_owned()),
            source: scan.source.as_str(),
        }
    }
}

fn hours_to(now: Timestamp) -> Vec<HourKey> {
    let back = i64::try_from(HOURS).unwrap_or(0) - 1;
    let first = now.saturating_sub(SignedDuration::from_hours(back)).unwrap_or_default();
    std::iter::successors(Some(HourKey::of(first)), |hour| Some(hour.next())).take(HOURS).collect()
}

fn hour(key: HourKey) -> String {
    key.start().strftime("%H:00").to_string()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_ends_with_the_present_hour() {
        let hours = hours_to("2026-11-21T03:34:31Z".parse().unwrap());
        let label = |hour: Option<&HourKey>| hour.map(ToString::to_string).unwrap();
        assert_eq!(hours.len(), HOURS);
        assert_eq!(label(hours.first()), "2026-11-20T04");
        assert_eq!(label(hours.last()), "2026-11-21T03");
    }
}
