//! Cases, one after the other.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::money::Currency;

const NOON: Timestamp = Timestamp::UNIX_EPOCH;

fn naira(minor: i64) -> Money {
    Money { minor, currency: Currency::Ngn }
}

fn minutes(count: i64) -> Timestamp {
    NOON.checked_add(SignedDuration::from_mins(count)).unwrap()
}

pub(super) fn planned() -> Payout {
    let tenant = TenantId::new(NOON, [1; 10]);
    let guard = GuardId::new(NOON, [2; 10]);
    let run = date(2026, 11, 21);
    let id = Payout::id_of(&tenant, run, NOON, &guard);
    let recipient = "RCP_1".to_owned();
    let line = Planned { guard, amount: 98_000, recipient, since: NOON };
    Payout::plan((id, tenant, run), line, Currency::Ngn, NOON)
}

pub(super) fn funds(available: i64) -> Funds {
    Funds { available, covered: Covered { from_seq: 1, to_seq: 3, part: 0 } }
}

#[test]
fn one_run_pays_a_guard_once_and_each_attempt_has_one_reference() {
    let payout = planned();
    let other = GuardId::new(NOON, [3; 10]);
    let id = |run, guard: &GuardId| Payout::id_of(&payout.tenant, run, NOON, guard);
    assert_eq!(id(payout.run, &payout.guard), payout.id);
    assert_ne!(id(payout.run, &other), payout.id);
    assert_ne!(id(date(2026, 11, 22), &payout.guard), payout.id);
    assert_eq!(payout.reference(), None);
    let reserved = payout.reserve(funds(98_000), NOON).unwrap();
    let reference = reserved.reference().unwrap();
    assert_eq!(reference.as_str(), format!("{}-1", reserved.id));
    assert_eq!(TransferReference::parse(reference.as_str()), Ok(reference.clone()));
    assert_eq!(Payout::of_reference(&reference), Some((reserved.id.clone(), 1)));
    for odd in [format!("{}-0", reserved.id), format!("{}-01", reserved.id), "x".repeat(20)] {
        let odd = TransferReference::parse(&odd).unwrap();
        assert_eq!(Payout::of_reference(&odd), None, "{odd}");
    }
}

#[test]
fn a_transfer_that_fails_is_tried_again_and_then_a_person_decides() {
    let mut payout = planned();
    let mut now = NOON;
    for (attempt, wait) in (1..).zip(RETRY_AFTER_MIN) {
        payout = payout.reserve(funds(98_000), now).unwrap();
        payout = payout.give_back(attempt, Trouble::TransferFailed, now).unwrap();
        assert_eq!((payout.state, payout.attempt), (PayoutState::Returned, attempt));
        let early = payout.clone().reserve(funds(98_000), now);
        assert_eq!(early, Err(PayoutRefused::NoWay { from: PayoutState::Returned }));
        now = now.checked_add(SignedDuration::from_mins(wait.into())).unwrap();
        assert_eq!(payout.due_at, Some(now));
    }
    payout = payout.reserve(funds(98_000), now).unwrap();
    payout = payout.give_back(6, Trouble::TransferFailed, now).unwrap();
    assert_eq!((payout.state, payout.due_at), (PayoutState::NeedsHuman, None));
    assert!(payout.state.is_open(), "no other payout of the guard begins meanwhile");
    let again = payout.clone().retry(now).unwrap();
    assert_eq!((again.state, again.failures, again.due_at), (PayoutState::Returned, 0, Some(now)));
    assert_eq!(again.reserve(funds(98_000), now).unwrap().attempt, 7);
    let given_up = payout.cancel(Trouble::GivenUp, now).unwrap();
    assert!(!given_up.state.is_open());
}

#[test]
fn what_is_told_twice_or_too_late_changes_nothing() {
    let reserved = planned().reserve(funds(98_000), NOON).unwrap();
    let sent = reserved.clone().sent(1, NOON).unwrap();
    let confirmed = sent.clone().confirm(1, NOON).unwrap();
    assert_eq!(reserved.clone().confirm(1, NOON).unwrap().state, PayoutState::Confirmed);
    assert_eq!(confirmed.clone().sent(1, NOON), Err(PayoutRefused::Repeated));
    assert_eq!(confirmed.clone().confirm(1, NOON), Err(PayoutRefused::Repeated));
    let returned = sent.clone().give_back(1, Trouble::TransferFailed, NOON).unwrap();
    let repeated = Err(PayoutRefused::Repeated);
    assert_eq!(returned.clone().give_back(1, Trouble::TransferFailed, NOON), repeated);
    let late = Err(PayoutRefused::NoWay { from: PayoutState::Returned });
    assert_eq!(returned.clone().confirm(1, NOON), late);
    let halted = returned.clone().halt(NOON).unwrap();
    assert_eq!((halted.state, halted.due_at), (PayoutState::NeedsHuman, None));
    assert_eq!(halted.halt(NOON), repeated);
    // An event of the first attempt, while the second is under way.
    let second = returned.reserve(funds(98_000), minutes(1)).unwrap();
    assert_eq!(second.clone().give_back(1, Trouble::TransferFailed, NOON), repeated);
    let late = Err(PayoutRefused::NoWay { from: PayoutState::Reserved });
    assert_eq!(second.confirm(1, NOON), late);
    // Days later.
    let reversed = confirmed.give_back(1, Trouble::TransferReversed, minutes(5_000)).unwrap();
    assert_eq!((reversed.state, reversed.due_at), (PayoutState::Reversed, None));
    assert_eq!(reversed.give_back(1, Trouble::TransferReversed, NOON), repeated);
}

#[test]
fn what_is_not_there_is_not_set_aside() {
    assert_eq!(planned().reserve(funds(97_999), NOON), Err(PayoutRefused::NotAvailable));
    assert!(planned().reserve(funds(98_000), NOON).is_ok());
    let reserved = planned().reserve(funds(98_000), NOON).unwrap();
    let twice = reserved.clone().reserve(funds(98_000), NOON);
    assert_eq!(twice, Err(PayoutRefused::NoWay { from: PayoutState::Reserved }));
    let given_up = reserved.cancel(Trouble::GivenUp, NOON);
    assert_eq!(given_up, Err(PayoutRefused::NoWay { from: PayoutState::Reserved }));
}

#[test]
fn who_waits_for_somebody_is_told_of_once() {
    let reserved = planned().reserve(funds(98_000), NOON).unwrap();
    let (waits, is_news) = reserved.wait_for(1, Trouble::Otp, NOON).unwrap();
    assert!(is_news);
    let (waits, is_news) = waits.wait_for(1, Trouble::Otp, minutes(15)).unwrap();
    assert_eq!((is_news, waits.due_at), (false, Some(minutes(30))));
    assert_eq!(waits.confirm(1, NOON).unwrap().trouble, None);
}

#[test]
fn a_guard_is_paid_from_the_threshold_on_and_up_to_the_cap() {
    let settings = PayoutSettings { max_per_transfer: 500_000, ..PayoutSettings::default() };
    let check = |available, paid: Option<i64>| {
        assert_eq!(settings.payable(naira(available)), paid.map(naira), "{available}");
    };
    check(-1, None);
    check(99_999, None);
    check(100_000, Some(100_000));
    check(500_000, Some(500_000));
    check(500_001, Some(500_000));
}

#[test]
fn what_a_tenant_does_not_say_is_kept_as_long_as_everybodys() {
    let usual = PayoutSettings::default();
    assert_eq!(i64::from(usual.retention_scan_days), crate::limit::EVENT_DAYS);
    assert_eq!(i64::from(usual.retention_attempt_days), crate::limit::ATTEMPT_DAYS);
}

#[test]
fn settings_that_cannot_be_are_named() {
    let check = |change: fn(&mut PayoutSettings), wrong: &[&str]| {
        let mut settings = PayoutSettings::default();
        change(&mut settings);
        let errors = settings.check().err().map(|errors| errors.0).unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, wrong, "{settings:?}");
    };
    check(|_| (), &[]);
    check(|s| s.threshold = 0, &["threshold"]);
    check(|s| s.max_per_transfer = s.threshold - 1, &["max_per_transfer"]);
    check(|s| s.hour = 24, &["hour"]);
    check(|s| s.retention_months = 0, &["retention_months"]);
    check(|s| s.retention_scan_days = 0, &["retention_scan_days"]);
    check(|s| s.retention_attempt_days = 731, &["retention_attempt_days"]);
    check(|s| s.time_zone = "Lagos".to_owned(), &["time_zone"]);
    check(|s| s.cadence.rhythm = Rhythm::Weekly, &["cadence"]);
    check(|s| s.cadence.weekday = Some(1), &["cadence"]);
    check(
        |s| {
            s.cadence = Cadence { rhythm: Rhythm::Monthly, weekday: None, month_day: Some(29) };
        },
        &["cadence"],
    );
}

#[test]
fn guards_are_paid_in_the_nights_of_the_cadence() {
    let of = |rhythm, weekday, month_day| PayoutSettings {
        cadence: Cadence { rhythm, weekday, month_day },
        ..PayoutSettings::default()
    };
    let saturday = date(2026, 11, 21);
    assert!(of(Rhythm::Daily, None, None).pays_on(saturday));
    assert!(of(Rhythm::Weekly, Some(6), None).pays_on(saturday));
    assert!(!of(Rhythm::Weekly, Some(1), None).pays_on(saturday));
    assert!(of(Rhythm::Monthly, None, Some(21)).pays_on(saturday));
    assert!(!of(Rhythm::Monthly, None, Some(20)).pays_on(saturday));
}

#[test]
fn a_night_begins_at_the_hour_of_its_place() {
    let check = |zone: &str, now: &str, next: &str| {
        let night = Night { time_zone: zone.to_owned(), hour: 2 };
        let next: Timestamp = next.parse().unwrap();
        assert_eq!(night.next_after(now.parse().unwrap()), next, "{zone} {now}");
    };
    check("Africa/Lagos", "2026-11-21T00:59:59Z", "2026-11-21T01:00:00Z");
    check("Africa/Lagos", "2026-11-21T01:00:00Z", "2026-11-22T01:00:00Z");
    check("Pacific/Auckland", "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z");
    // The hour that is left out in the night when the clocks go forward is the one after it.
    check("America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T07:00:00Z");
    let night = Night { time_zone: "Pacific/Auckland".to_owned(), hour: 2 };
    assert_eq!(night.day_of("2026-11-21T13:00:00Z".parse().unwrap()), date(2026, 11, 22));
}

#[test]
fn a_capped_payout_ends_inside_an_entry_that_the_next_one_pays_to_its_end() {
    let credits = |rows: &[(u64, i64)]| -> Vec<Credit> {
        rows.iter().map(|(seq, minor)| Credit { seq: *seq, minor: *minor }).collect()
    };
    let all = credits(&[(1, 500), (3, 300), (4, -100), (7, 400)]);
    let check = |paid: (u64, i64), amount, (from_seq, to_seq, part)| {
        let covered = cover(paid.0, paid.1, amount, all.clone());
        assert_eq!(covered, Covered { from_seq, to_seq, part }, "{paid:?} {amount}");
    };
    check((0, 0), 1_100, (1, 7, 0));
    check((0, 0), 400, (1, 0, 400));
    check((0, 400), 100, (1, 1, 0));
    check((0, 0), 700, (1, 1, 200));
    check((1, 200), 400, (2, 7, 0));
    // What was taken back counts for what comes behind it.
    check((0, 0), 800, (1, 4, 100));
}

#[test]
fn a_tip_is_settled_by_the_payout_that_covers_it_until_that_comes_back() {
    let of = |range: (u64, u64), state, back_seq| Payout {
        from_seq: range.0,
        to_seq: range.1,
        state,
        back_seq,
        ..planned()
    };
    use PayoutState::{Confirmed, Returned, Reversed};
    let all = [
        of((1, 3), Confirmed, None),
        of((4, 6), Reversed, Some(9)),
        of((7, 10), Confirmed, None),
        of((11, 12), Returned, None),
        of((13, 14), Reversed, Some(20)),
    ];
    let check = |seq, settles: Option<usize>| {
        let found = Payout::settling(&all, seq);
        assert_eq!(found, settles.map(|at| &all[at]), "{seq}");
    };
    check(2, Some(0));
    check(5, Some(2));
    check(10, Some(2));
    check(11, None);
    check(13, None);
    check(21, None);
}

#[test]
fn a_fee_is_that_of_the_price_list() {
    let check = |minor, fee| assert_eq!(transfer_fee(naira(minor)), fee, "{minor}");
    check(500_000, 1_000);
    check(500_001, 2_500);
    check(5_000_000, 2_500);
    check(5_000_001, 5_000);
}

#[test]
fn a_transfer_that_is_gone_is_followed_by_another_only_when_a_person_and_paystack_say_so() {
    let sent = planned().reserve(funds(98_000), NOON).unwrap().sent(1, NOON).unwrap();
    // While it is under way nobody decides anything.
    assert!(!sent.needs_decision() && sent.clone().retry(NOON).is_err());
    assert!(sent.clone().give_up(NOON).is_err() && sent.clone().lose(1, NOON).is_err());
    let (gone, is_news) = sent.wait_for(1, Trouble::Mismatch, NOON).unwrap();
    assert!(is_news && gone.needs_decision());
    assert_eq!(gone.clone().lose(1, NOON), Err(PayoutRefused::Repeated), "a person has to say so");
    let check = |decided: Payout, expected: (PayoutState, Option<Trouble>)| {
        assert_eq!((decided.state, decided.due_at), (PayoutState::Sent, Some(minutes(1))));
        assert!(decided.is_decided() && decided.clone().retry(NOON).is_err());
        assert!(decided.clone().give_up(NOON).is_err(), "once");
        let back = decided.clone().look_again(NOON);
        assert!(!back.is_decided() && back.lose(1, NOON).is_err(), "Paystack knows it again");
        assert_eq!(decided.clone().lose(2, NOON), Err(PayoutRefused::Repeated));
        let lost = decided.lose(1, minutes(2)).unwrap();
        assert_eq!((lost.state, lost.trouble, lost.attempt), (expected.0, expected.1, 1));
        assert_eq!(lost.lose(1, NOON), Err(PayoutRefused::Repeated));
    };
    check(gone.clone().retry(minutes(1)).unwrap(), (PayoutState::Returned, None));
    let given_up = Some(Trouble::GivenUp);
    check(gone.give_up(minutes(1)).unwrap(), (PayoutState::Cancelled, given_up));
}
