//! What was counted of codes, added up over a span: what the API of analytics and pages with figures show alike.
//!
//! Deliberately absent: who may see it, and how it is shown.

use std::collections::BTreeMap;

use adapters::table::{Counted, StoreError, Table, Totals};
use domain::sketch::Sketch;
use domain::tally::{
    Counts, Day, HourKey, NameCount, Span, Summary, VoucherNumbers, add_counts, name,
};
use futures::future::try_join_all;
use jiff::Timestamp;

/// What became of a voucher within a span.
#[derive(Clone, Debug)]
pub struct VoucherFigures {
    /// Scans.
    pub scans: Summary,
    /// Claims, redemptions and refusals.
    pub numbers: VoucherNumbers,
}

/// What was counted under some names together, within a span and in all.
///
/// # Errors
/// The store's failure.
pub async fn read(
    table: &Table,
    of: &[Counted],
    span: &Span,
) -> Result<(Totals, Summary), StoreError> {
    let hours: Vec<HourKey> = span.hours().collect();
    let days = span.utc_days();
    let bounds = |texts: Vec<String>| {
        let first = texts.first().cloned().unwrap_or_default();
        (first, texts.last().cloned().unwrap_or_default())
    };
    let (first_hour, last_hour) = bounds(hours.iter().map(ToString::to_string).collect());
    let (first_day, last_day) = bounds(days.iter().map(ToString::to_string).collect());
    let parts = of.iter().map(|of| async {
        futures::try_join!(
            table.totals(of),
            table.hours(of, &first_hour, &last_hour),
            table.visitors(of, &first_day, &last_day),
        )
    });
    let mut totals = Totals::default();
    let mut counts: BTreeMap<HourKey, Counts> = BTreeMap::new();
    let mut sketches: BTreeMap<Day, Sketch> = BTreeMap::new();
    for (total, hours, visitors) in try_join_all(parts).await? {
        totals = totals.plus(total);
        for (hour, counted) in hours {
            if let Ok(hour) = hour.parse() {
                add_counts(counts.entry(hour).or_default(), &counted);
            }
        }
        for (day, bytes) in visitors {
            if let (Ok(day), Ok(sketch)) = (day.parse::<Day>(), Sketch::from_bytes(&bytes)) {
                sketches.entry(day).or_default().merge(&sketch);
            }
        }
    }
    let summary = Summary::of(span, &counts, &sketches, totals.first_scan, totals.last_scan);
    Ok((totals, summary))
}

/// What became of the voucher that is counted under this name.
///
/// # Errors
/// The store's failure.
pub async fn voucher(
    table: &Table,
    counted: &Counted,
    span: &Span,
) -> Result<VoucherFigures, StoreError> {
    let (_, scans) = read(table, std::slice::from_ref(counted), span).await?;
    let mut hours = span.hours();
    let first = hours.next().unwrap_or(HourKey::of(span.from()));
    let last = hours.last().unwrap_or(first);
    let read = table.hours(counted, &first.to_string(), &last.to_string()).await?;
    let hours: Vec<_> =
        read.into_iter().filter_map(|(hour, counts)| Some((hour.parse().ok()?, counts))).collect();
    let visitors = i64::try_from(scans.unique_visitors).unwrap_or(i64::MAX);
    let each = hours.iter().map(|(hour, counts)| (*hour, counts));
    let numbers = VoucherNumbers::of(span, each, (scans.total_scans, visitors));
    Ok(VoucherFigures { scans, numbers })
}

/// Scans by country and city, `NG Lagos`, the most first. Cities are counted by month, so they are of the months that
/// the span touches.
///
/// # Errors
/// The store's failure.
pub async fn cities(
    table: &Table,
    counted: &Counted,
    span: &Span,
) -> Result<Vec<NameCount>, StoreError> {
    let month = |at: Timestamp| at.strftime("%Y-%m").to_string();
    let read = table.cities(counted, &month(span.from()), &month(span.to())).await?;
    let mut sum = BTreeMap::new();
    for (month, counts) in read {
        let country = month.split_once('#').map_or(name::NOWHERE, |(_, country)| country);
        let named = counts.into_iter().filter_map(|(counter, count)| {
            Some((format!("{country} {}", counter.strip_prefix(name::CITY)?), count))
        });
        add_counts(&mut sum, &named.collect());
    }
    let mut rows: Vec<NameCount> =
        sum.into_iter().map(|(name, count)| NameCount { name, count }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    Ok(rows)
}
