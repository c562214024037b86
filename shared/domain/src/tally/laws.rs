//! What holds for any events: batches add up to the whole, and each breakdown and series sums to the total.

use proptest::prelude::*;

use super::tests::{report, scan, summary};
use super::*;
use crate::device::{Browser, Device, DeviceKind, Os};
use crate::scan::{RedirectOutcome, RedirectType, ScanSource, VisitorHash};

fn any_scan() -> impl Strategy<Value = CodeEvent> {
    let word = |max: usize| 0..max;
    let who = (word(4), word(4), word(6), word(9), 0_u64..40);
    let what = (word(4), word(2), word(5), 1_u32..4, 0_u64..3_000_000);
    let place = prop_oneof![
        Just(("NG", Some("LA"))),
        Just(("NG", None)),
        Just(("IN", Some("DL"))),
        Just(("", None))
    ];
    // Five weeks around the end of summer time in Berlin.
    (1_790_800_000_i64..1_793_800_000, who, what, place).prop_map(|(at, who, what, place)| {
        let (class, kind, os, browser, visitor) = who;
        let (source, redirect, outcome, qr_version, handling_us) = what;
        CodeEvent::Scan(ScanEvent {
            class: VisitClass::ALL[if class == 3 { 3 } else { class % 2 }],
            device: Device {
                kind: DeviceKind::ALL[kind],
                os: Os::ALL[os],
                browser: Browser::ALL[browser],
            },
            source: ScanSource::ALL[source],
            redirect: RedirectType::ALL[redirect],
            outcome: ScanOutcome::ALL[outcome],
            country: crate::scan::country(place.0),
            region: place.1.map(str::to_owned),
            visitor: Some(VisitorHash(visitor)),
            qr_version,
            handling_us,
            ..scan(Timestamp::from_second(at).unwrap())
        })
    })
}

fn any_event() -> impl Strategy<Value = CodeEvent> {
    let reported = (1_790_800_000_i64..1_793_800_000, 0_usize..4).prop_map(|(at, which)| {
        report(Timestamp::from_second(at).unwrap(), RedirectOutcome::ALL[which])
    });
    prop_oneof![5 => any_scan(), 1 => reported]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn batches_add_up_to_the_whole(
        events in prop::collection::vec((any_event(), 0_usize..5), 0..120),
    ) {
        let whole = Tally::of(events.iter().map(|(event, _)| event));
        let mut sum = Tally::default();
        for batch in 0..5 {
            let of_batch = events.iter().filter(|(_, of)| *of == batch);
            sum.add(Tally::of(of_batch.map(|(event, _)| event)));
        }
        prop_assert_eq!(sum, whole);
    }

    #[test]
    fn every_breakdown_and_every_series_sums_to_the_total(
        events in prop::collection::vec(any_event(), 0..150),
        zone in prop_oneof![Just("UTC"), Just("Asia/Kathmandu"), Just("Europe/Berlin"), Just("Africa/Lagos"), Just("Australia/Lord_Howe"), Just("Pacific/Chatham")],
        first in 10_i8..20,
        length in 1_i8..18,
    ) {
        let tally = Tally::of(events.iter());
        let start = jiff::civil::date(2026, 10, first);
        let end = start.checked_add(jiff::ToSpan::days(length - 1)).unwrap();
        let span = Span::of_days(start, end, Span::zone(zone).unwrap()).unwrap();
        let told = summary(&span, &tally);

        let inside = |event: &&CodeEvent| match event {
            CodeEvent::Scan(scan) => {
                let served = scan.outcome == ScanOutcome::Served;
                let counts = served && scan.class == VisitClass::Person;
                counts && span.from() <= scan.at && scan.at < span.to()
            }
            CodeEvent::Outcome(_) => false,
        };
        let people: Vec<&CodeEvent> = events.iter().filter(inside).collect();
        prop_assert_eq!(told.total_scans, i64::try_from(people.len()).unwrap());
        let sum = |rows: &[NameCount]| rows.iter().map(|row| row.count).sum::<i64>();
        let places = [&told.countries, &told.regions];
        let machines = [&told.devices, &told.os, &told.browsers];
        let codes = [&told.sources, &told.versions, &told.redirects];
        for breakdown in places.into_iter().chain(machines).chain(codes) {
            prop_assert_eq!(sum(breakdown), told.total_scans);
        }
        prop_assert_eq!(told.by_hour.iter().map(|row| row.scans).sum::<i64>(), told.total_scans);
        prop_assert_eq!(told.hour_of_day.iter().sum::<i64>(), told.total_scans);
        prop_assert_eq!(told.by_day.len(), usize::try_from(length).unwrap());
        for row in &told.by_day {
            let on_day = |event: &&&CodeEvent| {
                event.at().in_tz(zone).unwrap().date().to_string() == row.day
            };
            let count = i64::try_from(people.iter().filter(on_day).count()).unwrap();
            prop_assert_eq!(row.scans, count);
            let most = u64::try_from(row.scans).unwrap();
            prop_assert!(row.unique_visitors.is_none_or(|unique| unique <= most));
        }
    }
}
