//! Counters over spans, zones and breakdowns, case by case.

use super::*;
use crate::device::{Browser, Device, DeviceKind, Os};
use crate::id::{PropertyId, ScanId, TenantId};
use crate::scan::{RedirectOutcome, RedirectType, ScanSource, VisitorHash};
use crate::sketch::Sketch;

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A scan by a person from Lagos; tests change what they look at.
pub(super) fn scan(at: Timestamp) -> ScanEvent {
    ScanEvent {
        scan_id: ScanId::new(at, [1; 10]),
        subject: property().into(),
        tenant_id: TenantId::new(Timestamp::UNIX_EPOCH, [2; 10]),
        qr_version: 1,
        at,
        source: ScanSource::QrCode,
        redirect: RedirectType::DualRedirect,
        class: VisitClass::Person,
        device: Device { kind: DeviceKind::Mobile, os: Os::Android, browser: Browser::Chrome },
        country: Some("NG".to_owned()),
        region: Some("LA".to_owned()),
        city: None,
        referrer_host: None,
        visitor: Some(VisitorHash(7)),
        session_id: None,
        handling_us: 1_000,
        outcome: ScanOutcome::Served,
    }
}

fn property() -> PropertyId {
    PropertyId::parse("67ec31596333aba221e84df8").unwrap()
}

pub(super) fn report(at: Timestamp, outcome: RedirectOutcome) -> CodeEvent {
    let ScanEvent { scan_id, tenant_id, .. } = scan(at);
    let property_id = property();
    CodeEvent::Outcome(OutcomeEvent { scan_id, property_id, tenant_id, at, outcome })
}

pub(super) fn summary(span: &Span, tally: &Tally) -> Summary {
    let sketch = |visitors: &Vec<u64>| {
        let mut sketch = Sketch::new();
        visitors.iter().for_each(|visitor| {
            sketch.insert(*visitor);
        });
        sketch
    };
    let sketches = tally.visitors.iter().map(|(day, visitors)| (*day, sketch(visitors))).collect();
    Summary::of(span, &tally.hours, &sketches, tally.first_scan, tally.last_scan)
}

pub(super) fn days(first: &str, last: &str, zone: &str) -> Span {
    let zone = Span::zone(zone).unwrap();
    Span::of_days(first.parse().unwrap(), last.parse().unwrap(), zone).unwrap()
}

#[test]
fn one_scan_is_counted_once_under_each_name() {
    let tally = Tally::of([CodeEvent::Scan(scan(instant("2026-11-21T13:47:00Z")))].iter());
    let hour: HourKey = "2026-11-21T13".parse().unwrap();
    let counted: Vec<String> =
        tally.hours[&hour].iter().map(|(name, n)| format!("{name}={n}")).collect();
    let expected = "b:chrome=1 c:NG=1 d:mobile=1 l:63=1 os:android=1 people=1 q3=1 r:NG-LA=1 \
                    rt:dual_redirect=1 s:qr_code=1 us=1000 v:1=1";
    assert_eq!(counted.join(" "), expected);
    let total: Vec<String> = tally.total.iter().map(|(name, n)| format!("{name}={n}")).collect();
    assert_eq!(total.join(" "), "people=1 us=1000");
    assert_eq!(tally.visitors[&"2026-11-21".parse().unwrap()], [7]);
    assert_eq!(tally.first_scan, tally.last_scan);
}

#[test]
fn machines_are_counted_apart_and_leave_no_trace_among_people() {
    let check = |class: VisitClass, name: &str| {
        let at = instant("2026-11-21T13:00:00Z");
        let tally = Tally::of([CodeEvent::Scan(ScanEvent { class, ..scan(at) })].iter());
        assert_eq!(tally.total, Counts::from([(name.to_owned(), 1)]));
        assert_eq!(tally.hours[&HourKey::of(at)], tally.total);
        assert!(tally.visitors.is_empty() && tally.first_scan.is_none());
    };
    check(VisitClass::Bot, "bots");
    check(VisitClass::Preview, "previews");
    check(VisitClass::Head, "heads");
}

#[test]
fn hours_and_days_print_and_read_back() {
    let check = |text: &str, is_hour: bool, is_day: bool| {
        let hour = text.parse::<HourKey>().map(|hour| hour.to_string());
        assert_eq!(hour, if is_hour { Ok(text.to_owned()) } else { Err(NotAnHourOrDay) }, "{text}");
        let day = text.parse::<Day>().map(|day| day.to_string());
        assert_eq!(day, if is_day { Ok(text.to_owned()) } else { Err(NotAnHourOrDay) }, "{text}");
    };
    check("2026-11-21T13", true, false);
    check("2024-02-29T00", true, false);
    check("2026-11-21", false, true);
    for junk in
        ["", "2026-02-30", "2026-11-21T24", "2026-11-21T1", "2026-11-21t13", "2026-11-21T13:00"]
    {
        check(junk, false, false);
    }
    let hour = HourKey::of(instant("2026-12-31T23:59:59.999Z"));
    assert_eq!(hour.next().to_string(), "2027-01-01T00");
    assert_eq!(hour.day().to_string(), "2026-12-31");
}

#[test]
fn a_summary_says_what_was_scanned() {
    let at = instant("2026-11-21T13:47:00Z");
    let later = instant("2026-11-23T08:00:00Z");
    let from_ghana = ScanEvent {
        country: Some("GH".to_owned()),
        region: None,
        visitor: Some(VisitorHash(u64::MAX)),
        handling_us: 3_000,
        ..scan(later)
    };
    let unknown = ScanEvent { country: None, region: Some("LA".to_owned()), ..scan(at) };
    let bot = ScanEvent { class: VisitClass::Bot, ..scan(at) };
    let failed = ScanEvent { outcome: ScanOutcome::Failed, ..scan(at) };
    let expired = ScanEvent { outcome: ScanOutcome::Expired, ..scan(at) };
    let mut events: Vec<CodeEvent> =
        [scan(at), scan(at), unknown, from_ghana, failed, expired, bot]
            .into_iter()
            .map(CodeEvent::Scan)
            .collect();
    events.push(report(at, RedirectOutcome::BothOpened));
    events.push(report(at, RedirectOutcome::SecondBlocked));
    events.push(report(at, RedirectOutcome::Single));

    let told = summary(&days("2026-11-20", "2026-11-23", "UTC"), &Tally::of(events.iter()));
    let rows = |rows: &[NameCount]| {
        rows.iter().map(|r| format!("{}={}", r.name, r.count)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (told.total_scans, told.refused_scans, told.bot_scans, told.unique_visitors),
        (4, 2, 1, 2)
    );
    assert_eq!(rows(&told.countries), "NG=2 GH=1 ZZ=1");
    assert_eq!(rows(&told.regions), "NG-LA=2 GH=1 ZZ=1");
    assert_eq!(rows(&told.outcomes), "both_opened=1 second_blocked=1 single=1");
    assert_eq!(told.average_response_us, Some(1_500));
    assert_eq!(told.p95_response_us, Some(3_071));
    assert_eq!(
        told.success_rate_permille,
        Some(666),
        "an expired code leads nowhere, whoever is to blame"
    );
    assert_eq!(told.redirect_success_permille, Some(666));
    let by_day: Vec<_> =
        told.by_day.iter().map(|row| (row.day.as_str(), row.scans, row.unique_visitors)).collect();
    let expected = [
        ("2026-11-20", 0, Some(0)),
        ("2026-11-21", 3, Some(1)),
        ("2026-11-22", 0, Some(0)),
        ("2026-11-23", 1, Some(1)),
    ];
    assert_eq!(by_day, expected);
    assert_eq!((told.hour_of_day[13], told.hour_of_day[8], told.by_hour.len()), (3, 1, 2));
    assert_eq!((told.first_scan, told.last_scan), (Some(at), Some(later)));
    let brief = told.clone().without_details();
    assert_eq!((brief.total_scans, brief.by_day.len(), brief.countries.len()), (4, 0, 0));
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(json["by_hour"][0]["hour"], "2026-11-21T13:00:00Z");
    assert_eq!((&json["from"], &json["tz"]), (&"2026-11-20T00:00:00Z".into(), &"UTC".into()));
}

#[test]
fn nothing_scanned_is_no_rate_and_no_time() {
    let told = summary(&days("2026-11-20", "2026-11-20", "UTC"), &Tally::default());
    assert_eq!((told.total_scans, told.unique_visitors, told.by_day.len()), (0, 0, 1));
    assert_eq!((told.average_response_us, told.p95_response_us), (None, None));
    assert_eq!((told.success_rate_permille, told.redirect_success_permille), (None, None));
}

#[test]
fn a_span_is_bounded_and_begins_before_it_ends() {
    let check = |first: &str, last: &str, expected: Result<usize, SpanRefused>| {
        let zone = Span::zone("Europe/Berlin").unwrap();
        let span = Span::of_days(first.parse().unwrap(), last.parse().unwrap(), zone);
        assert_eq!(span.map(|span| span.days().count()), expected, "{first} to {last}");
    };
    check("2026-01-01", "2026-01-01", Ok(1));
    check("2026-03-29", "2026-03-29", Ok(1));
    check("2026-10-25", "2026-10-25", Ok(1));
    check("2026-01-01", "2027-02-04", Ok(400));
    check("2025-10-01", "2026-11-04", Ok(400));
    check("2026-01-01", "2027-02-05", Err(SpanRefused::TooLong));
    check("2026-01-02", "2026-01-01", Err(SpanRefused::Empty));
    check("9999-12-31", "9999-12-31", Err(SpanRefused::Unknown));
    assert_eq!(Span::zone("Africa/Atlantis"), Err(SpanRefused::Unknown));
    let span = days("2026-11-21", "2026-11-21", "Asia/Kathmandu");
    assert_eq!(span.from(), instant("2026-11-20T18:15:00Z"));
    assert_eq!(span.hours().count(), 25, "the first and the last hour have a part in it");
    assert_eq!(span.utc_days(), [Day(jiff::civil::date(2026, 11, 21))]);
}

#[test]
fn an_hour_cut_by_a_day_is_shared_out_and_still_sums_up() {
    // Kathmandu's 21 November begins at 18:15 UTC: three of the four are inside.
    let at = |text: &str, country: &str| ScanEvent {
        country: Some(country.to_owned()),
        ..scan(instant(text))
    };
    let events = [
        at("2026-11-20T18:14:59Z", "NG"),
        at("2026-11-20T18:15:00Z", "NG"),
        at("2026-11-20T18:30:00Z", "NP"),
        at("2026-11-20T18:59:59Z", "IN"),
    ]
    .map(CodeEvent::Scan);
    let told =
        summary(&days("2026-11-21", "2026-11-21", "Asia/Kathmandu"), &Tally::of(events.iter()));
    assert_eq!((told.total_scans, told.by_day[0].scans, told.by_hour[0].scans), (3, 3, 3));
    assert_eq!(told.countries.iter().map(|row| row.count).sum::<i64>(), 3);
    assert_eq!(told.average_response_us, Some(1_000));
}

#[test]
fn the_day_that_has_an_hour_twice_has_the_scans_of_both() {
    // Berlin sets its clocks back on 25 October 2026 at 01:00 UTC: 02:30 comes twice.
    let events = [
        "2026-10-24T21:59:59Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T22:59:59Z",
        "2026-10-25T23:00:00Z",
    ]
    .map(|text| CodeEvent::Scan(scan(instant(text))));
    let told =
        summary(&days("2026-10-24", "2026-10-26", "Europe/Berlin"), &Tally::of(events.iter()));
    let scans: Vec<i64> = told.by_day.iter().map(|row| row.scans).collect();
    assert_eq!(scans, [1, 4, 1]);
    assert_eq!(told.hour_of_day[2], 2);
}
