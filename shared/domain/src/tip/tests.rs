//! Tips in tables: states, lies, amounts as they are typed, settings, and what patrons write.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::failure::{Failure, InvalidFields};
use crate::money::Currency;

const NGN: Currency = Currency::Ngn;

pub(super) fn start() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub(super) fn after(seconds: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

pub(super) fn naira(minor: i64) -> Money {
    Money { minor, currency: NGN }
}

pub(super) fn wanted(number: u8, amount: Option<i64>) -> RefundWanted {
    RefundWanted { id: refund_id(number), amount, reason: None, asker: 1 }
}

pub(super) fn refund_id(number: u8) -> RefundId {
    RefundId::new(start(), [number; 10])
}

pub(super) fn tip_with(settings: &TipSettings) -> Tip {
    let wish = TipWish {
        guard: GuardId::new(start(), [1; 10]),
        amount: naira(100_000),
        patron: Patron::default(),
        source_ip: None,
    };
    let (id, tenant) = (TipId::new(start(), [2; 10]), TenantId::new(start(), [3; 10]));
    Tip::initiate(id, tenant, wish, settings, start()).unwrap()
}

fn tip() -> Tip {
    tip_with(&TipSettings::default())
}

fn checkout() -> Checkout {
    let authorization_url = "https://checkout.paystack.com/abc".to_owned();
    Checkout { authorization_url, access_code: "abc".to_owned() }
}

pub(super) const CREDIT: Credit = Credit { gross: 100_000, fees: 1_500 };

pub(super) fn paid() -> Tip {
    tip().open(checkout()).unwrap().succeed(CREDIT, start()).unwrap()
}

fn truth() -> ChargeFacts {
    ChargeFacts {
        reference: tip().reference().to_string(),
        status: "success".to_owned(),
        currency: "NGN".to_owned(),
        amount: 100_000,
        requested_amount: Some(100_000),
        fees: Some(1_500),
    }
}

#[test]
fn the_table_of_states_has_these_ways_and_no_other() {
    let ways = [
        ("initiated", "pending succeeded failed abandoned"),
        ("pending", "succeeded failed abandoned"),
        ("succeeded", "settled disputed refunded"),
        ("settled", "succeeded disputed refunded"),
        ("failed", "succeeded"),
        ("abandoned", "succeeded"),
        ("disputed", "succeeded settled refunded"),
        ("refunded", "disputed"),
    ];
    assert_eq!(ways.len(), TipStatus::ALL.len());
    for from in TipStatus::ALL {
        let (_, to) = ways.iter().find(|(name, _)| *name == from.as_str()).unwrap();
        for other in TipStatus::ALL {
            let listed = to.split(' ').any(|name| name == other.as_str());
            assert_eq!(from.may_become(*other), listed, "{from} -> {other}");
        }
    }
}

#[test]
fn each_step_leads_where_the_table_says() {
    let check = |step: Result<Tip, TipRefused>, expected: Result<TipStatus, TipRefused>| {
        assert_eq!(step.map(|tip| tip.status()), expected);
    };
    let pending = || tip().open(checkout()).unwrap();
    let failed = || pending().fail().unwrap();
    let abandoned = || pending().polled(after(86_400)).unwrap();
    let no_way = |from, to| Err(TipRefused::NoWay { from, to });
    let succeeded = Ok(TipStatus::Succeeded);
    check(Ok(tip()), Ok(TipStatus::Initiated));
    check(tip().open(checkout()), Ok(TipStatus::Pending));
    check(tip().succeed(CREDIT, start()), succeeded.clone());
    check(pending().open(checkout()), Err(TipRefused::Repeated));
    check(paid().open(checkout()), no_way(TipStatus::Succeeded, TipStatus::Pending));
    check(Ok(failed()), Ok(TipStatus::Failed));
    check(failed().fail(), Err(TipRefused::Repeated));
    check(failed().succeed(CREDIT, start()), succeeded.clone());
    check(Ok(abandoned()), Ok(TipStatus::Abandoned));
    check(abandoned().succeed(CREDIT, start()), succeeded.clone());
    check(abandoned().fail(), no_way(TipStatus::Abandoned, TipStatus::Failed));
    check(paid().succeed(CREDIT, start()), Err(TipRefused::Repeated));
    check(paid().fail(), no_way(TipStatus::Succeeded, TipStatus::Failed));
    check(paid().dispute(1), Ok(TipStatus::Disputed));
    check(paid().dispute(1).unwrap().dispute(1), Err(TipRefused::Repeated));
    check(paid().dispute(1).unwrap().win_dispute(1), succeeded.clone());
    check(paid().dispute(1).unwrap().lose_dispute(1, 100_000), Ok(TipStatus::Refunded));
    check(paid().dispute(1).unwrap().lose_dispute(1, 99_999), succeeded.clone());
    check(paid().lose_dispute(1, 100_000), Ok(TipStatus::Refunded));
    check(paid().win_dispute(1).unwrap().dispute(1), Err(TipRefused::Repeated));
    let doubted = || paid().doubt_dispute(1).unwrap();
    check(Ok(doubted()), Ok(TipStatus::Disputed));
    check(doubted().doubt_dispute(1), Err(TipRefused::Repeated));
    check(doubted().dispute(1), Err(TipRefused::Repeated));
    check(doubted().win_dispute(1), succeeded.clone());
    check(doubted().lose_dispute(1, 100_000), Ok(TipStatus::Refunded));
    check(paid().win_dispute(1).unwrap().doubt_dispute(1), Err(TipRefused::Repeated));
    check(paid().refund(1, 100_000, None), Ok(TipStatus::Refunded));
    check(paid().refund(1, 99_999, None), succeeded);
    check(paid().refund(1, 1, None).unwrap().refund(1, 1, None), Err(TipRefused::Repeated));
    check(paid().refund(1, 0, None), Err(TipRefused::NoAmount));
    let back = paid().refund(1, 100_000, None).unwrap();
    check(back.clone().dispute(1), Ok(TipStatus::Disputed));
    check(back.dispute(1).unwrap().win_dispute(1), Ok(TipStatus::Refunded));
    for unpaid in [tip(), pending(), failed(), abandoned()] {
        check(unpaid.clone().refund(1, 1, None), Err(TipRefused::NotPaid));
        check(unpaid.clone().dispute(1), Err(TipRefused::NotPaid));
        check(unpaid.ask_refund(wanted(1, None), start()), Err(TipRefused::NotPaid));
    }
    assert_eq!(paid().shown(true), TipStatus::Settled);
    assert_eq!(paid().dispute(1).unwrap().shown(true), TipStatus::Disputed);
}

#[test]
fn refunds_under_way_count_against_the_rest() {
    let ask = |tip: Tip, number, amount| tip.ask_refund(wanted(number, amount), start());
    let half = ask(paid(), 1, Some(60_000)).unwrap();
    assert_eq!(half.refundable(), 40_000);
    assert_eq!(ask(half.clone(), 1, Some(60_000)), Err(TipRefused::Repeated));
    let too_much = Err(TipRefused::MoreThanRest { rest: 40_000 });
    assert_eq!(ask(half.clone(), 2, Some(40_001)), too_much);
    for nothing in [0, -1] {
        assert_eq!(ask(half.clone(), 2, Some(nothing)), Err(TipRefused::NoAmount));
    }
    let all = ask(half.clone(), 2, None).unwrap();
    assert_eq!(all.refunds_asked[1].amount, 40_000);
    assert_eq!(ask(all, 3, None), Err(TipRefused::MoreThanRest { rest: 0 }));

    let done = half.clone().refund(7, 60_000, Some(&refund_id(1))).unwrap();
    assert_eq!((done.refundable(), done.returned(), done.refunds_asked.len()), (40_000, 60_000, 0));
    assert_eq!(ask(done, 1, Some(1)), Err(TipRefused::Repeated), "its id is used up");
    let dropped = half.clone().drop_refund(&refund_id(1)).unwrap();
    assert_eq!(dropped.refundable(), 100_000);
    assert_eq!(dropped.drop_refund(&refund_id(1)), Err(TipRefused::Repeated));

    assert_eq!(ask(half.dispute(1).unwrap(), 2, None), Err(TipRefused::UnderDispute));
    let many = (0..20).fold(paid(), |tip, number| ask(tip, number, Some(1)).unwrap());
    assert_eq!(ask(many, 20, Some(1)), Err(TipRefused::TooManyRefunds));
}

#[test]
fn a_refund_and_a_lost_dispute_never_take_more_than_the_tip() {
    let tip = paid().refund(1, 60_000, None).unwrap().lose_dispute(2, 100_000).unwrap();
    let taken: Vec<_> = tip.returns.iter().map(|each| (each.taken, each.excess())).collect();
    assert_eq!(taken, [(60_000, 0), (40_000, 60_000)]);
    let given = crate::ledger::give_back(&tip.give_back(&tip.returns[1], 0).unwrap()).unwrap();
    assert_eq!((given.taken, given.excess), (40_000, 60_000), "the ledger takes what the tip says");
}

#[test]
fn what_paystack_says_is_believed_only_where_all_of_it_fits() {
    let check = |tip: Tip, facts: ChargeFacts, expected: Verdict| {
        assert_eq!(tip.judge(&facts), expected, "{facts:?}");
    };
    check(tip(), truth(), Verdict::Credit(CREDIT));
    // A refund may have been processed before we ask: the money was there, its way back is an event of its own.
    check(tip(), ChargeFacts { status: "reversed".to_owned(), ..truth() }, Verdict::Credit(CREDIT));
    check(tip(), ChargeFacts { requested_amount: None, ..truth() }, Verdict::Credit(CREDIT));
    check(
        tip(),
        ChargeFacts { fees: Some(0), ..truth() },
        Verdict::Credit(Credit { fees: 0, ..CREDIT }),
    );

    let status = |status: &str| ChargeFacts { status: status.to_owned(), ..truth() };
    let reference = |reference: &str| ChargeFacts { reference: reference.to_owned(), ..truth() };
    let currency = |currency: &str| ChargeFacts { currency: currency.to_owned(), ..truth() };
    let amount = |amount| ChargeFacts { amount, ..truth() };
    let requested = |amount| ChargeFacts { requested_amount: Some(amount), ..truth() };
    let fees = |fees| ChargeFacts { fees, ..truth() };
    let other = PaystackReference::of(&TipId::new(start(), [9; 10]));
    let lies = [
        (reference(other.as_str()), Verdict::Quarantine(Mismatch::Reference)),
        (reference(&truth().reference.to_uppercase()), Verdict::Quarantine(Mismatch::Reference)),
        (reference(tip().id.as_str()), Verdict::Quarantine(Mismatch::Reference)),
        (currency("GHS"), Verdict::Quarantine(Mismatch::Currency)),
        (currency("ngn"), Verdict::Quarantine(Mismatch::Currency)),
        (amount(99_999), Verdict::Quarantine(Mismatch::Underpaid)),
        (amount(1_000), Verdict::Quarantine(Mismatch::Underpaid)),
        (amount(0), Verdict::Quarantine(Mismatch::Underpaid)),
        (amount(-100_000), Verdict::Quarantine(Mismatch::Underpaid)),
        (amount(100_001), Verdict::Quarantine(Mismatch::Overpaid)),
        (amount(i64::MAX), Verdict::Quarantine(Mismatch::Overpaid)),
        (requested(99_999), Verdict::Quarantine(Mismatch::AmountMismatch)),
        (requested(10_000_000), Verdict::Quarantine(Mismatch::AmountMismatch)),
        (fees(None), Verdict::Quarantine(Mismatch::Fees)),
        (fees(Some(-1)), Verdict::Quarantine(Mismatch::Fees)),
        (fees(Some(100_000)), Verdict::Quarantine(Mismatch::Fees)),
        (status("failed"), Verdict::Failed),
        (status("abandoned"), Verdict::NotYet),
        (status("ongoing"), Verdict::NotYet),
        (status("Success"), Verdict::NotYet),
        (status("true"), Verdict::NotYet),
    ];
    assert!(lies.len() > 12);
    for (lie, expected) in lies {
        check(tip(), lie, expected);
    }
}

#[test]
fn a_patron_who_bears_the_fee_pays_what_was_quoted() {
    let settings = TipSettings { fee_bearer: FeeBearer::Patron, ..TipSettings::default() };
    let tip = tip_with(&settings);
    assert_eq!((tip.amount.minor, tip.asked), (100_000, 101_523));
    let check = |amount, requested, fees, expected| {
        let facts =
            ChargeFacts { amount, requested_amount: requested, fees: Some(fees), ..truth() };
        assert_eq!(tip.judge(&facts), expected, "{facts:?}");
    };
    let credit = |gross, fees| Verdict::Credit(Credit { gross, fees });
    check(101_523, Some(101_523), 1_523, credit(101_523, 1_523));
    check(101_523, None, 1_600, credit(101_523, 1_600));
    // Paystack was set up to add its fee as well.
    check(103_046, Some(101_523), 1_523, credit(103_046, 1_523));
    check(103_047, Some(101_523), 1_523, Verdict::Quarantine(Mismatch::Overpaid));
    check(103_046, None, 1_523, Verdict::Quarantine(Mismatch::Overpaid));
    check(100_000, Some(100_000), 1_500, Verdict::Quarantine(Mismatch::AmountMismatch));
    check(101_522, Some(101_523), 1_500, Verdict::Quarantine(Mismatch::Underpaid));
}

#[test]
fn a_tip_is_asked_for_five_times_and_then_abandoned() {
    let minutes = |tip: &Tip| tip.poll_at().map(|at| at.duration_since(start()).as_secs() / 60);
    let mut tip = tip().open(checkout()).unwrap();
    for due in [5, 15, 60, 360, 1_440] {
        assert_eq!(minutes(&tip), Some(due));
        let early = tip.clone().polled(after(due * 60 - 1)).unwrap();
        assert_eq!(minutes(&early), Some(due), "an early question does not count");
        tip = tip.polled(after(due * 60)).unwrap();
    }
    assert_eq!((tip.status(), tip.poll_at()), (TipStatus::Abandoned, None));
    assert_eq!(tip.polled(after(90_000)), Err(TipRefused::Repeated));

    let late = self::tip().polled(after(4_000)).unwrap();
    assert_eq!(minutes(&late), Some(360), "what a long pause has skipped is not made up for");
    let failed = self::tip().fail().unwrap();
    assert_eq!(minutes(&failed), Some(5), "the patron may try another card");
    let failed = failed.polled(after(86_400)).unwrap();
    assert_eq!((failed.status(), failed.poll_at()), (TipStatus::Failed, None));
    assert_eq!(paid().poll_at(), None);
    let odd = self::tip().put_off(after(86_400)).unwrap();
    assert_eq!((odd.status(), odd.poll_at()), (TipStatus::Initiated, None), "for a person");
}

#[test]
fn an_amount_is_read_as_it_is_typed() {
    let check = |text: &str, expected: Result<i64, AmountRefused>| {
        let read = parse_amount(text, NGN).map(|amount| amount.minor);
        assert_eq!(read, expected, "{text:?}");
    };
    for (text, minor) in [
        ("500", 50_000),
        ("1,000", 100_000),
        ("1 000.50", 100_050),
        ("1\u{a0}000.5", 100_050),
        ("12\u{202f}345\u{202f}678", 1_234_567_800),
        ("₦500", 50_000),
        (" ₦ 1,500.05 ", 150_005),
        ("N500", 50_000),
        ("ngn 500", 50_000),
        ("500 NGN", 50_000),
        ("500 naira", 50_000),
        ("000500", 50_000),
        ("0,500", 50_000),
        ("0", 0),
        ("0.01", 1),
        ("90071992547409.91", 9_007_199_254_740_991),
    ] {
        check(text, Ok(minor));
    }
    for text in ["", "   ", "₦", "NGN"] {
        check(text, Err(AmountRefused::Missing));
    }
    for text in ["1.000", "1.234", "1,000.500", "0.001"] {
        check(text, Err(AmountRefused::TooManyDecimals));
    }
    for text in ["90071992547409.92", "99999999999999999999", "9,223,372,036,854,775,808"] {
        check(text, Err(AmountRefused::TooLarge));
    }
    let long = "1".repeat(65);
    for text in [
        "-500",
        "+500",
        "1,00",
        "1,0000",
        "1,,000",
        "1000,000",
        "1,000 000",
        ",500",
        "1,",
        "5.",
        ".5",
        "1.5.0",
        "5e3",
        "0x10",
        "1'000",
        "$500",
        "₦₦500",
        "₦500₦",
        "٥٠٠",
        "５００",
        "1\u{0}0",
        "NaN",
        "one",
        "1.0 0",
        "1 .50",
        long.as_str(),
    ] {
        check(text, Err(AmountRefused::NotAnAmount));
    }
    assert_eq!(parse_amount("$5", Currency::Usd).map(|amount| amount.minor), Ok(500));
    assert_eq!(parse_amount("KSh 5", Currency::Kes).map(|amount| amount.minor), Ok(500));
    assert_eq!(parse_amount("R5", Currency::Zar).map(|amount| amount.minor), Ok(500));
    assert_eq!(parse_amount("GH₵5", Currency::Ghs).map(|amount| amount.minor), Ok(500));
}

#[test]
fn an_amount_lies_within_the_bounds_of_the_tenant() {
    let settings = TipSettings::default();
    let check = |amount, expected: Result<Money, &str>| {
        let admitted = settings.admit(amount).map_err(|refused| refused.code());
        assert_eq!(admitted, expected);
    };
    check(naira(10_000), Ok(naira(10_000)));
    check(naira(10_000_000), Ok(naira(10_000_000)));
    check(naira(9_999), Err("tip_below_minimum"));
    check(naira(0), Err("tip_below_minimum"));
    check(naira(i64::MIN), Err("tip_below_minimum"));
    check(naira(10_000_001), Err("tip_above_maximum"));
    check(Money { minor: 10_000, currency: Currency::Usd }, Err("tip_currency"));
    let refused = settings.admit(naira(1)).unwrap_err();
    assert_eq!(refused.to_string(), "the smallest tip is 100.00 NGN");
}

fn fields<T>(checked: Result<T, InvalidFields>) -> Vec<String> {
    let errors = checked.err().map(|InvalidFields(errors)| errors).unwrap_or_default();
    errors.into_iter().map(|error| format!("{}:{}", error.field, error.code)).collect()
}

#[test]
fn settings_are_checked_as_a_whole() {
    let check = |settings: TipSettings, wrong: &[&str]| {
        assert_eq!(fields(settings.check()), wrong, "{settings:?}");
    };
    let default = TipSettings::default;
    check(default(), &[]);
    check(TipSettings { min: 4_999, ..default() }, &["min:out_of_range"]);
    check(TipSettings { max: 1_000_000_001, ..default() }, &["max:out_of_range"]);
    check(TipSettings { max: 50_000, ..default() }, &["presets:out_of_bounds"]);
    check(TipSettings { presets: vec![], ..default() }, &["presets:out_of_range"]);
    let nine = (2..11).map(|preset| preset * 10_000).collect();
    check(TipSettings { presets: nine, ..default() }, &["presets:out_of_range"]);
    check(TipSettings { presets: vec![50_000, 20_000], ..default() }, &["presets:not_ascending"]);
    check(TipSettings { presets: vec![20_000, 20_000], ..default() }, &["presets:not_ascending"]);
    let greedy = crate::ledger::BasisPoints(5_001);
    check(TipSettings { platform_fee: greedy, ..default() }, &["platform_fee:out_of_range"]);
    let json = serde_json::to_string(&default()).unwrap();
    assert_eq!(serde_json::from_str::<TipSettings>(&json).unwrap(), default());
    assert_eq!(serde_json::from_str::<TipSettings>("{}").unwrap(), default());
    assert_eq!(default().platform_split(naira(333)).unwrap().fee.minor, 1, "333 × 0.5 % is 1.665");
}
