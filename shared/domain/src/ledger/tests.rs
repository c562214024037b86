//! The table of events, row by row, and what the checks refuse.

use jiff::Timestamp;

use super::*;
use crate::id::{GuardId, PayoutId, TipId};
use crate::money::{Currency, EXACT_MAX, Money, MoneyRefused};

pub(super) const NGN: Currency = Currency::Ngn;

pub(super) fn guard() -> GuardId {
    GuardId::new(Timestamp::UNIX_EPOCH, [1; 10])
}

pub(super) fn payout() -> PayoutId {
    PayoutId::new(Timestamp::UNIX_EPOCH, [2; 10])
}

pub(super) fn tip(number: u8) -> TipId {
    TipId::new(Timestamp::UNIX_EPOCH, [number; 10])
}

/// A tip of 1,000.00 naira, of which Paystack keeps 15.00 and the platform 5.00, borne by the guard.
pub(super) fn charge() -> Charge {
    Charge {
        reference: PaystackReference::of(&tip(0)),
        guard: guard(),
        currency: NGN,
        tip: 100_000,
        collected: 100_000,
        psp_fee: 1_500,
        platform_fee: 500,
        bearer: FeeBearer::Guard,
    }
}

fn transfer() -> Transfer {
    let reference = TransferReference::of(&payout(), 1);
    Transfer { reference, guard: guard(), amount: naira(70_000) }
}

fn naira(minor: i64) -> Money {
    Money { minor, currency: NGN }
}

/// The postings without the guard's id and the currency: `payable -98000`.
pub(super) fn written(transaction: &Transaction) -> Vec<String> {
    let line = |posting: &Posting| {
        let account = posting.account.to_string();
        let name = account.trim_end_matches(":NGN");
        let name = name.strip_prefix(&format!("guard:{}:", guard())).unwrap_or(name);
        format!("{name} {:+}", posting.minor)
    };
    transaction.postings().iter().map(line).collect()
}

#[test]
fn a_charge_is_posted_as_whoever_bears_the_fee_agreed() {
    let check = |charge: Charge, receivable: i64, expected: &[&str]| {
        let transaction = charge.transaction(receivable).unwrap();
        assert_eq!(written(&transaction), expected, "{charge:?} {receivable}");
        let reference = format!("ps:charge:{}", charge.reference);
        assert_eq!(transaction.reference().as_str(), reference);
    };
    let asked_too = |psp_fee| {
        let bearer = FeeBearer::Patron;
        Charge { bearer, collected: 101_523, psp_fee, ..charge() }
    };
    check(charge(), 0, &["psp:clearing +98500", "payable -98000", "platform:fees -500"]);
    check(
        Charge { bearer: FeeBearer::Platform, ..charge() },
        0,
        &["psp:clearing +98500", "expense:psp_fees +1500", "payable -99500", "platform:fees -500"],
    );
    // Asked 1,015.23; the fee was as quoted, 23 kobo lower, 77 kobo and 23 naira higher.
    check(asked_too(1_523), 0, &["psp:clearing +100000", "payable -99500", "platform:fees -500"]);
    check(asked_too(1_500), 0, &["psp:clearing +100023", "payable -99500", "platform:fees -523"]);
    check(asked_too(1_600), 0, &["psp:clearing +99923", "payable -99500", "platform:fees -423"]);
    check(asked_too(3_823), 0, &["psp:clearing +97700", "payable -99500", "platform:fees +1800"]);
    // What the guard owes is repaid first.
    check(
        charge(),
        30_000,
        &["psp:clearing +98500", "payable -68000", "receivable -30000", "platform:fees -500"],
    );
    check(charge(), 98_000, &["psp:clearing +98500", "receivable -98000", "platform:fees -500"]);
    check(charge(), 500_000, &["psp:clearing +98500", "receivable -98000", "platform:fees -500"]);
    // A fee that leaves less than the platform's part, or nothing.
    let small = |psp_fee| Charge { tip: 10_000, collected: 10_000, psp_fee, ..charge() };
    check(small(9_800), 0, &["psp:clearing +200", "platform:fees -200"]);
    let free = Charge { psp_fee: 0, platform_fee: 0, ..charge() };
    check(free, 0, &["psp:clearing +100000", "payable -100000"]);
}

#[test]
fn a_charge_whose_amounts_contradict_each_other_is_refused() {
    let check = |charge: Charge| {
        let refused = charge.transaction(0);
        assert!(matches!(refused, Err(LedgerRefused::Amounts { .. })), "{charge:?}: {refused:?}");
    };
    check(Charge { tip: 0, collected: 0, psp_fee: 0, platform_fee: 0, ..charge() });
    check(Charge { tip: -1, collected: -1, ..charge() });
    check(Charge { collected: 99_999, ..charge() });
    check(Charge { collected: 100_001, ..charge() });
    check(Charge { collected: 99_999, bearer: FeeBearer::Patron, ..charge() });
    check(Charge { psp_fee: -1, ..charge() });
    check(Charge { psp_fee: 100_000, ..charge() });
    check(Charge { platform_fee: -1, ..charge() });
    check(Charge { platform_fee: 100_001, ..charge() });
    check(Charge { tip: EXACT_MAX + 1, collected: EXACT_MAX + 1, ..charge() });
    check(Charge { tip: i64::MAX, collected: i64::MAX, psp_fee: i64::MIN, ..charge() });
}

#[test]
fn a_refund_takes_back_from_whoever_got_it() {
    let check = |charge: Charge, wanted, before, available, expected: &[&str], excess| {
        let back = GiveBack {
            reference: Reference::refund(7),
            guard: guard(),
            currency: NGN,
            shares: charge.shares().unwrap(),
            before,
            wanted,
            available,
        };
        let given = give_back(&back).unwrap();
        let lines = given.transaction.as_ref().map(written).unwrap_or_default();
        assert_eq!((lines, given.excess), (to_strings(expected), excess), "{back:?}");
        assert_eq!(given.taken + given.excess, wanted);
    };
    let all = ["payable +98000", "platform:fees +500", "expense:psp_fees +1500"];
    let whole = [all[0], all[1], all[2], "psp:clearing -100000"];
    check(charge(), 100_000, 0, 98_000, &whole, 0);
    check(charge(), 100_001, 0, 500_000, &whole, 1);
    check(charge(), 1, 100_000, 0, &[], 1);
    check(
        charge(),
        100_000,
        0,
        28_000,
        &["payable +28000", "receivable +70000", all[1], all[2], "psp:clearing -100000"],
        0,
    );
    let paid_out = ["receivable +98000", all[1], all[2], "psp:clearing -100000"];
    check(charge(), 100_000, 0, 0, &paid_out, 0);
    check(charge(), 100_000, 0, -5, &paid_out, 0);
    // The platform has expensed the fee with the charge.
    let platform = Charge { bearer: FeeBearer::Platform, ..charge() };
    let lines = ["payable +99500", "platform:fees +500", "psp:clearing -100000"];
    check(platform, 100_000, 0, 99_500, &lines, 0);
    let patron = Charge { bearer: FeeBearer::Patron, collected: 101_523, ..charge() };
    let lines =
        ["payable +99500", "platform:fees +523", "expense:psp_fees +1500", "psp:clearing -101523"];
    check(patron.clone(), 101_523, 0, 99_500, &lines, 0);
    let short = Charge { psp_fee: 2_523, ..patron };
    let lines =
        ["payable +99500", "platform:fees -500", "expense:psp_fees +2523", "psp:clearing -101523"];
    check(short, 101_523, 0, 99_500, &lines, 0);
    // Parts, and the last one the rest.
    let third = ["payable +32666", "platform:fees +166", "expense:psp_fees +501"];
    let first = [third[0], third[1], third[2], "psp:clearing -33333"];
    check(charge(), 33_333, 0, 98_000, &first, 0);
    let last = ["payable +32668", "platform:fees +167", "expense:psp_fees +499"];
    check(
        charge(),
        40_000,
        66_666,
        98_000,
        &[last[0], last[1], last[2], "psp:clearing -33334"],
        6_666,
    );
    let kobo = ["expense:psp_fees +1", "psp:clearing -1"];
    check(charge(), 1, 0, 98_000, &kobo, 0);
}

fn to_strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn payouts_transfers_settlements_and_topups_are_posted_as_in_the_table() {
    let check = |built: Result<Transaction, LedgerRefused>, reference: &str, lines: &[&str]| {
        let built = built.unwrap();
        assert_eq!(built.reference().as_str(), reference);
        assert_eq!(written(&built), lines, "{reference}");
        assert_eq!(Reference::parse(reference).as_ref(), Ok(built.reference()));
    };
    let step = |news, success, returned| match transfer()
        .step(news, TransferPosted { success, returned })
        .unwrap()
    {
        TransferStep::Post(transaction) => Ok(transaction),
        other => panic!("{other:?}"),
    };
    let paid = payout();
    check(
        payout_start(&paid, 1, &guard(), naira(70_000)),
        &format!("po:{paid}:1:start"),
        &["payable +70000", "in_transit -70000"],
    );
    check(
        step(TransferNews::Success { fee: 2_500 }, false, false),
        &format!("ps:transfer:{paid}-1:success"),
        &["in_transit +70000", "psp:balance -70000", "expense:psp_fees +2500", "psp:balance -2500"],
    );
    let returned = format!("ps:transfer:{paid}-1:returned");
    check(
        step(TransferNews::Returned { fee_back: 0 }, false, false),
        &returned,
        &["in_transit +70000", "payable -70000"],
    );
    check(
        step(TransferNews::Returned { fee_back: 2_500 }, true, false),
        &returned,
        &["psp:balance +72500", "expense:psp_fees -2500", "payable -70000"],
    );
    let lines = ["psp:balance +98500", "psp:clearing -98500"];
    check(settlement(9, SettledInto::Balance, naira(98_500)), "ps:settlement:9", &lines);
    let lines = ["bank +98500", "psp:clearing -98500"];
    check(settlement(9, SettledInto::Bank, naira(98_500)), "ps:settlement:9", &lines);
    check(topup(3, naira(5)), "ps:topup:3", &["psp:balance +5", "bank -5"]);
    let past_us = foreign_transfer(3, naira(5));
    check(past_us, "ps:foreign:3", &["psp:balance -5", "suspense +5"]);
    let back = foreign_returned(3, naira(5));
    check(back, "ps:foreign:3:returned", &["psp:balance +5", "suspense -5"]);
    check(drawn(4, naira(-5)), "ps:drawn:4", &["psp:balance -5", "psp:clearing +5"]);
    check(drawn(5, naira(5)), "ps:drawn:5", &["psp:balance +5", "psp:clearing -5"]);
    assert!(drawn(6, naira(0)).is_err());
    for nothing in [0, -1, i64::MIN] {
        assert!(topup(3, naira(nothing)).is_err());
        assert!(settlement(3, SettledInto::Bank, naira(nothing)).is_err());
        assert!(payout_start(&paid, 1, &guard(), naira(nothing)).is_err());
    }
    let negative = transfer().step(TransferNews::Success { fee: -1 }, TransferPosted::default());
    assert!(negative.is_err());
}

#[test]
fn news_of_a_transfer_count_once_and_a_success_after_the_return_is_a_case() {
    let check = |news, success, returned, expected: &str| {
        let step = transfer().step(news, TransferPosted { success, returned }).unwrap();
        let told = match step {
            TransferStep::Post(_) => "post",
            TransferStep::Repeat => "repeat",
            TransferStep::SuccessAfterReturn => "case",
        };
        assert_eq!(told, expected, "{news:?} {success} {returned}");
    };
    let (success, back) =
        (TransferNews::Success { fee: 0 }, TransferNews::Returned { fee_back: 0 });
    check(success, false, false, "post");
    check(success, true, false, "repeat");
    check(success, true, true, "repeat");
    check(success, false, true, "case");
    check(back, false, false, "post");
    check(back, true, false, "post");
    check(back, false, true, "repeat");
    check(back, true, true, "repeat");
}

#[test]
fn conditions_say_what_each_balance_must_have() {
    let check = |transaction: Transaction, expected: &[(&str, i64, Option<Condition>)]| {
        let name = |account: &Account| account.to_string().replace(&guard().to_string(), "g");
        let mut changes: Vec<_> = transaction
            .changes()
            .into_iter()
            .map(|change| (name(&change.account), change.by, change.condition))
            .collect();
        changes.retain(|(account, ..)| account.starts_with("guard:"));
        let expected: Vec<_> = expected
            .iter()
            .map(|(account, by, condition)| (format!("guard:g:{account}:NGN"), *by, *condition))
            .collect();
        assert_eq!(changes, expected, "{:?}", transaction.reference());
    };
    let back = |available| {
        let (shares, guard) = (charge().shares().unwrap(), guard());
        let reference = Reference::refund(1);
        let back = GiveBack {
            reference,
            guard,
            currency: NGN,
            shares,
            before: 0,
            wanted: 100_000,
            available,
        };
        give_back(&back).unwrap().transaction.unwrap()
    };
    check(charge().transaction(0).unwrap(), &[("payable", -98_000, None)]);
    check(
        charge().transaction(98_000).unwrap(),
        &[("receivable", -98_000, Some(Condition::AtLeast(98_000)))],
    );
    // All that is owed is repaid, or the transaction is built anew.
    let exactly = Some(Condition::Exactly(30_000));
    let repaid = [("payable", -68_000, None), ("receivable", -30_000, exactly)];
    check(charge().transaction(30_000).unwrap(), &repaid);
    check(back(500_000), &[("payable", 98_000, Some(Condition::AtMost(-98_000)))]);
    let exactly = Some(Condition::Exactly(-28_000));
    check(back(28_000), &[("payable", 28_000, exactly), ("receivable", 70_000, None)]);
    check(back(0), &[("receivable", 98_000, None)]);
    let start = payout_start(&payout(), 1, &guard(), naira(500)).unwrap();
    let reserved = Some(Condition::AtMost(-500));
    check(start, &[("payable", 500, reserved), ("in_transit", -500, None)]);
    // The two postings on psp:balance are one change.
    let success = transfer().step(TransferNews::Success { fee: 5 }, TransferPosted::default());
    let TransferStep::Post(success) = success.unwrap() else { panic!("it is posted") };
    let balance = Account::new(AccountKind::Balance, NGN);
    let changes = success.changes();
    let by: Vec<_> = changes.iter().filter(|change| change.account == balance).collect();
    assert_eq!(by.iter().map(|change| change.by).collect::<Vec<_>>(), [-70_005]);
    check(success, &[("in_transit", 70_000, Some(Condition::AtMost(-70_000)))]);
}

#[test]
fn a_fee_and_its_net_are_the_gross() {
    let check = |gross, points, round, fee| {
        let split = naira(gross).split_fee(BasisPoints(points), round).unwrap();
        assert_eq!((split.fee.minor, split.net.minor), (fee, gross - fee), "{gross} {points}");
    };
    check(100_000, 50, Round::Down, 500);
    check(100_000, 150, Round::Up, 1_500);
    check(333, 150, Round::Down, 4);
    check(333, 150, Round::Up, 5);
    check(333, 0, Round::Up, 0);
    check(0, 150, Round::Up, 0);
    check(1, 1, Round::Up, 1);
    check(333, 10_000, Round::Down, 333);
    check(333, u16::MAX, Round::Up, 333);
    check(EXACT_MAX, 9_999, Round::Down, 9_006_298_534_815_516);
    let beyond = naira(i64::MAX).split_fee(BasisPoints(150), Round::Up);
    assert_eq!(beyond, Err(MoneyRefused::TooLarge));
}
