//! What is kept of a scan, and how it is written down.

use serde_json::json;

use super::*;
use crate::device::Device;
use crate::id::GuardId;

fn property() -> PropertyId {
    PropertyId::parse("67ec31596333aba221e84df8").unwrap()
}

fn scan() -> ScanEvent {
    let at: Timestamp = "2026-11-21T13:14:15Z".parse().unwrap();
    ScanEvent {
        scan_id: ScanId::new(at, [1; 10]),
        subject: property().into(),
        tenant_id: TenantId::new(at, [2; 10]),
        qr_version: 1,
        at,
        source: ScanSource::QrCode,
        redirect: RedirectType::DualRedirect,
        class: VisitClass::Person,
        device: Device::UNKNOWN,
        country: country("ng"),
        region: region("la"),
        city: None,
        referrer_host: None,
        visitor: Some(VisitorHash(u64::MAX - 1)),
        session_id: None,
        handling_us: 1_234,
        outcome: ScanOutcome::Served,
    }
}

#[test]
fn events_are_tagged_by_kind_and_read_back() {
    let scan = scan();
    let report = OutcomeEvent {
        scan_id: scan.scan_id.clone(),
        property_id: property(),
        tenant_id: scan.tenant_id.clone(),
        at: scan.at,
        outcome: RedirectOutcome::SecondBlocked,
    };
    let check = |event: CodeEvent, kind: &str| {
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], kind);
        assert_eq!(serde_json::from_value::<CodeEvent>(json).unwrap(), event);
    };
    check(CodeEvent::Scan(scan.clone()), "scan");
    check(CodeEvent::Outcome(report), "outcome");
    let json = serde_json::to_value(CodeEvent::Scan(scan)).unwrap();
    assert_eq!(json["visitor"], "fffffffffffffffe", "JSON numbers lose digits above 2^53");
    assert_eq!(json["redirect"], "dual_redirect");
    assert_eq!(json["device"], json!({ "kind": "other", "os": "other", "browser": "other" }));
    assert!(json.get("city").is_none());
}

#[test]
fn a_scanned_code_belongs_to_a_property_or_to_a_guard_and_is_written_as_its_id() {
    let guard = GuardId::new(scan().at, [3; 10]);
    let of_guard =
        ScanEvent { subject: guard.clone().into(), redirect: RedirectType::TipPage, ..scan() };
    let check = |event: ScanEvent, id: &str| {
        let event = CodeEvent::Scan(event);
        assert_eq!(event.subject().as_str(), id);
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["property_id"], id, "the stored name stays");
        assert_eq!(serde_json::from_value::<CodeEvent>(json).unwrap(), event);
    };
    check(scan(), "67ec31596333aba221e84df8");
    check(of_guard, guard.as_str());
    let voucher = crate::id::VoucherId::new(scan().at, [4; 10]);
    let of_voucher = ScanEvent {
        subject: voucher.clone().into(),
        redirect: RedirectType::VoucherPage,
        ..scan()
    };
    check(of_voucher, voucher.as_str());
    for junk in ["", "grd_", "vch_", "67ec", "tip_01kn3v4q80040g2081040g2081"] {
        assert!(CodeSubject::parse(junk).is_err(), "{junk}");
    }
}

#[test]
fn a_visitor_s_readings_of_a_voucher_within_a_minute_are_one_scan() {
    let (voucher, at) = (VoucherId::new(scan().at, [4; 10]), scan().at);
    let later = |seconds| at + jiff::SignedDuration::from_secs(seconds);
    let id = voucher_scan(&voucher, VisitorHash(7), at);
    // The scan is at 14:15 of its minute.
    assert_eq!(voucher_scan(&voucher, VisitorHash(7), later(44)), id);
    assert_eq!(voucher_scan(&voucher, VisitorHash(7), later(-15)), id);
    assert_eq!(voucher_minute(later(44)), later(-15));
    for other in [
        voucher_scan(&voucher, VisitorHash(7), later(45)),
        voucher_scan(&voucher, VisitorHash(8), at),
        voucher_scan(&VoucherId::new(at, [5; 10]), VisitorHash(7), at),
    ] {
        assert_ne!(other, id);
    }
}

#[test]
fn what_becomes_part_of_a_counters_name_is_bounded() {
    for (text, expected) in [
        ("ng", Some("NG")),
        ("DE", Some("DE")),
        ("", None),
        ("N", None),
        ("NGA", None),
        ("N1", None),
        ("é", None),
    ] {
        assert_eq!(country(text).as_deref(), expected, "{text}");
    }
    for (text, expected) in [
        ("LA", Some("LA")),
        ("be", Some("BE")),
        ("13", Some("13")),
        ("ENGL", None),
        ("", None),
        ("L-", None),
    ] {
        assert_eq!(region(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_referrer_is_its_host_alone() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(referrer_host(text).as_deref(), expected, "{text}");
    };
    check("https://Example.COM/u/jane?mail=j@x.org", Some("example.com"));
    check("http://user:secret@example.com:8080/", Some("example.com"));
    check("android-app://com.whatsapp/", None);
    check("about:blank", None);
    check("not an address", None);
}

#[test]
fn texts_from_outside_are_bounded() {
    assert_eq!(city(" Lagos\n").as_deref(), Some("Lagos"));
    assert_eq!(city("\u{7}"), None);
    assert_eq!(city(&"é".repeat(200)).map(|city| city.chars().count()), Some(CITY_MAX_CHARS));
    for junk in ["", "12", "gggggggggggggggg", "+fffffffffffffff", "00000000000000000"] {
        assert!(VisitorHash::try_from(junk.to_owned()).is_err(), "{junk}");
    }
}

#[test]
fn only_what_opened_completely_is_a_redirect_success() {
    let good: Vec<_> = RedirectOutcome::ALL.iter().filter(|o| o.is_success()).collect();
    assert_eq!(good, [&RedirectOutcome::BothOpened, &RedirectOutcome::Single]);
}
