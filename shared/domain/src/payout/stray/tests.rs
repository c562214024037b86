//! Each way in which Paystack can show another transfer, and what a person may make of it.

use super::*;
use crate::ledger::{
    Account, AccountKind, Book, Charge, FeeBearer, PaystackReference, payout_start,
};
use crate::payout::tests::{funds, planned};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const SET_ASIDE: i64 = 98_000;

/// A payout of 980 naira in tips of 400, 400 and 180, whose transfer is another one.
fn stuck() -> Payout {
    let sent = planned().reserve(funds(SET_ASIDE), NOW).unwrap().sent(1, NOW).unwrap();
    sent.wait_for(1, Trouble::Mismatch, NOW).unwrap().0
}

fn tips() -> Vec<Credit> {
    let each = [(1, 40_000), (2, 40_000), (3, 18_000)];
    each.map(|(seq, minor)| Credit { seq, minor }).to_vec()
}

/// What Paystack shows instead of 980 naira for `RCP_1`.
fn shown(end: TransferEnd, amount: i64) -> TransferShown {
    TransferShown {
        reference: stuck().reference().unwrap(),
        id: Some(7),
        end,
        amount,
        currency: "NGN".to_owned(),
        fee: Some(1_000),
        recipient: Some("RCP_1".to_owned()),
        booked: false,
    }
}

fn elsewhere(end: TransferEnd) -> TransferShown {
    TransferShown { recipient: Some("RCP_2".to_owned()), ..shown(end, SET_ASIDE) }
}

fn end(shown: &TransferShown, finding: Finding) -> Result<Ended, PayoutRefused> {
    stuck().end(shown, finding, tips(), NOW)
}

#[test]
fn what_paystack_contradicts_or_leaves_open_is_refused() {
    use Finding::{GuardPaid, GuardUnpaid};
    use TransferEnd::{Back, Open, Paid};
    let check = |shown: TransferShown, finding, refused| {
        assert_eq!(end(&shown, finding), Err(refused), "{shown:?} {finding:?}");
    };
    let off = |end| shown(end, 1);
    check(off(Open), GuardPaid, PayoutRefused::TransferOpen);
    check(off(Open), GuardUnpaid, PayoutRefused::TransferOpen);
    check(elsewhere(Open), GuardUnpaid, PayoutRefused::TransferOpen);
    check(off(Back), GuardPaid, PayoutRefused::NotPaid);
    check(elsewhere(Back), GuardPaid, PayoutRefused::NotPaid);
    check(off(Paid), GuardUnpaid, PayoutRefused::WasPaid);
    let nameless = TransferShown { recipient: None, ..off(Paid) };
    check(nameless, GuardUnpaid, PayoutRefused::WasPaid);
    let rebate = TransferShown { fee: Some(-1), ..shown(Paid, SET_ASIDE) };
    check(rebate, GuardUnpaid, PayoutRefused::WasPaid);
    check(shown(Paid, SET_ASIDE), GuardPaid, PayoutRefused::NoStray);
    check(shown(Back, SET_ASIDE), GuardUnpaid, PayoutRefused::NoStray);
    let cedis = TransferShown { currency: "GHS".to_owned(), ..shown(Paid, SET_ASIDE) };
    check(cedis, GuardPaid, PayoutRefused::Unclear);
    let unheard = TransferShown { currency: "XOF".to_owned(), ..shown(Paid, SET_ASIDE) };
    check(unheard, GuardUnpaid, PayoutRefused::Unclear);
    check(TransferShown { id: None, ..off(Paid) }, GuardPaid, PayoutRefused::Unclear);
    check(TransferShown { id: None, ..elsewhere(Paid) }, GuardUnpaid, PayoutRefused::Unclear);
    check(shown(Paid, 0), GuardPaid, PayoutRefused::Unclear);
    check(TransferShown { booked: true, ..off(Paid) }, GuardPaid, PayoutRefused::Unclear);
    let reference = TransferReference::of(&stuck().id, 2);
    check(TransferShown { reference, ..off(Paid) }, GuardPaid, PayoutRefused::Unclear);
}

#[test]
fn only_a_payout_that_waits_because_of_such_a_transfer_is_ended() {
    let reserved = planned().reserve(funds(SET_ASIDE), NOW).unwrap();
    let sent = reserved.clone().sent(1, NOW).unwrap();
    let asked = stuck().retry(NOW).unwrap();
    let confirmed = sent.clone().confirm(1, NOW).unwrap();
    let waits = sent.clone().wait_for(1, Trouble::Otp, NOW).unwrap().0;
    for payout in [planned(), reserved, sent, asked, confirmed, waits] {
        let from = payout.state;
        let ended = payout.end(&shown(TransferEnd::Back, 1), Finding::GuardUnpaid, tips(), NOW);
        assert_eq!(ended, Err(PayoutRefused::NoWay { from }));
    }
}

/// What an end leads to: what the payout pays and where it ends among the entries, what went astray, and what the
/// guard is owed then.
#[derive(Debug, PartialEq, Eq)]
struct After {
    pays: Option<(i64, u64, i64)>,
    astray: Option<i64>,
    owed: i64,
    balance: i64,
}

fn after(shown: &TransferShown, finding: Finding) -> After {
    let (payout, ended) = (stuck(), end(shown, finding).unwrap());
    let mut book = Book::default();
    let credit = Charge {
        reference: PaystackReference::parse("tip-1").unwrap(),
        guard: payout.guard.clone(),
        currency: Currency::Ngn,
        tip: SET_ASIDE,
        collected: SET_ASIDE,
        psp_fee: 0,
        platform_fee: 0,
        bearer: FeeBearer::Guard,
    };
    book.apply(credit.transaction(0).unwrap()).unwrap();
    let start = payout_start(&payout.id, 1, &payout.guard, payout.amount).unwrap();
    book.apply(start).unwrap();
    let (own, astray) = ended.transactions().unwrap();
    book.apply(own).unwrap();
    if let Some(astray) = astray {
        book.apply(astray).unwrap();
    }
    let of = |kind, currency| {
        let account = Account::new(kind, currency);
        book.balances().get(&account).copied().unwrap_or(0)
    };
    let ngn = |kind| of(kind, Currency::Ngn);
    let guard = || payout.guard.clone();
    assert_eq!(ngn(AccountKind::InTransit(guard())), 0, "nothing stays set aside");
    let went = ended.astray();
    let suspense = went.map_or(0, |money| of(AccountKind::Suspense, money.currency));
    assert_eq!(suspense, went.map_or(0, |money| money.minor));
    assert_eq!(ended.payout.due_at, None);
    let is_paid = ended.payout.state == PayoutState::Confirmed;
    assert!(is_paid || ended.payout.state == PayoutState::Cancelled);
    let Payout { amount, to_seq, part, .. } = ended.payout;
    After {
        pays: is_paid.then_some((amount.minor, to_seq, part)),
        astray: went.map(|money| money.minor),
        owed: -ngn(AccountKind::Payable(guard())),
        balance: ngn(AccountKind::Balance),
    }
}

#[test]
fn the_guard_is_owed_what_has_not_arrived_and_the_rest_of_the_money_waits_in_suspense() {
    use Finding::{GuardPaid, GuardUnpaid};
    use TransferEnd::{Back, Paid};
    let check = |shown: TransferShown, finding, pays, astray, owed, balance| {
        let expected = After { pays, astray, owed, balance };
        assert_eq!(after(&shown, finding), expected, "{shown:?} {finding:?}");
    };
    let all = SET_ASIDE;
    check(shown(Back, 1), GuardUnpaid, None, None, all, 0);
    check(elsewhere(Back), GuardUnpaid, None, None, all, 0);
    // Less than was set aside: the rest is owed, and the entries that it pays are fewer.
    check(shown(Paid, 90_000), GuardPaid, Some((90_000, 2, 10_000)), None, 8_000, -91_000);
    check(shown(Paid, 40_000), GuardPaid, Some((40_000, 1, 0)), None, 58_000, -41_000);
    check(shown(Paid, 1), GuardPaid, Some((1, 0, 1)), None, 97_999, -1_001);
    // More: what was too much has gone astray, and the guard does not owe it.
    let much = Some(980_000 - all);
    check(shown(Paid, 980_000), GuardPaid, Some((all, 3, 0)), much, 0, -981_000);
    // The right amount for another recipient: the guard had it, or had it not.
    check(elsewhere(Paid), GuardPaid, Some((all, 3, 0)), None, 0, -99_000);
    check(elsewhere(Paid), GuardUnpaid, None, Some(99_000), all, -99_000);
    let booked = TransferShown { booked: true, ..elsewhere(Paid) };
    check(booked, GuardUnpaid, None, None, all, 0);
    let cedis = TransferShown { currency: "GHS".to_owned(), ..shown(Paid, 500) };
    check(cedis, GuardUnpaid, None, Some(1_500), all, 0);
    // What it cost is estimated where Paystack does not say, and a negative fee is none.
    let free = TransferShown { fee: None, ..elsewhere(Paid) };
    check(free, GuardUnpaid, None, Some(99_000), all, -99_000);
    let rebate = TransferShown { fee: Some(-5), ..shown(Paid, all) };
    check(rebate, GuardPaid, Some((all, 3, 0)), None, 0, -all);
}

#[test]
fn a_transfer_to_another_code_of_the_guards_is_paid_there() {
    let ended = end(&elsewhere(TransferEnd::Paid), Finding::GuardPaid).unwrap();
    assert_eq!(ended.payout.recipient, "RCP_2");
    assert_eq!(ended.payout.mismatch(1, &elsewhere(TransferEnd::Paid)), None);
}

#[test]
fn a_payout_that_began_inside_an_entry_ends_where_its_money_ended() {
    // 100 of the first 400 were paid before, and 30 of the fourth's are paid here.
    let payout = Payout { amount: Money { minor: 91_000, ..stuck().amount }, ..stuck() };
    let payout = Payout { from_seq: 1, to_seq: 3, part: 3_000, ..payout };
    let check = |minor, expected| {
        let shown = shown(TransferEnd::Paid, minor);
        let ended = payout.clone().end(&shown, Finding::GuardPaid, tips(), NOW).unwrap();
        let Payout { to_seq, part, .. } = ended.payout;
        assert_eq!((to_seq, part), expected, "{minor}");
    };
    check(90_000, (3, 2_000));
    check(88_000, (3, 0));
    check(87_999, (2, 17_999));
    check(30_000, (1, 0));
    check(20_000, (0, 30_000));
}

#[test]
fn only_words_that_are_known_end_a_transfer() {
    let check = |word: &str, end| assert_eq!(TransferEnd::of(word), end, "{word}");
    check("success", TransferEnd::Paid);
    for word in ["failed", "reversed", "abandoned", "blocked", "rejected"] {
        check(word, TransferEnd::Back);
    }
    for word in ["pending", "otp", "received", "processing", "queued", "", "Success"] {
        check(word, TransferEnd::Open);
    }
}
