//! The parts under the events: what is balanced, how names are written, what the check finds.

use std::collections::BTreeMap;

use super::tests::{NGN, charge, guard, payout, tip};
use super::*;
use crate::money::{Currency, EXACT_MAX};

#[test]
fn a_transaction_is_balanced_or_not_built() {
    let post = |kind, minor, currency| Posting { account: Account::new(kind, currency), minor };
    let check = |postings: Vec<Posting>, refused: LedgerRefused| {
        assert_eq!(Transaction::build(Reference::topup(1), postings), Err(refused));
    };
    let (bank, balance) = (AccountKind::Bank, AccountKind::Balance);
    let pair = |minor| vec![post(bank.clone(), minor, NGN), post(balance.clone(), -minor, NGN)];
    assert!(Transaction::build(Reference::topup(1), pair(1)).is_ok());
    assert!(Transaction::build(Reference::topup(1), pair(EXACT_MAX)).is_ok());
    check(vec![], LedgerRefused::PostingCount);
    check((0..5).flat_map(|_| pair(1)).collect(), LedgerRefused::PostingCount);
    check(vec![post(bank.clone(), 1, NGN)], LedgerRefused::Unbalanced { sum: 1 });
    check(vec![post(bank.clone(), 0, NGN)], LedgerRefused::ZeroPosting);
    check(pair(EXACT_MAX + 1), LedgerRefused::TooLarge);
    check(vec![post(bank.clone(), i64::MIN, NGN)], LedgerRefused::TooLarge);
    let mixed = vec![post(bank.clone(), 1, NGN), post(balance.clone(), -1, Currency::Usd)];
    check(mixed, LedgerRefused::CurrencyMismatch);
}

#[test]
fn nothing_is_returned_of_nothing_and_no_more_than_the_whole() {
    let check = |shares: Shares, returned, fine| {
        assert_eq!(shares.returned(returned).is_ok(), fine, "{shares:?} {returned}");
    };
    let shares = charge().shares().unwrap();
    check(Shares::default(), 0, true);
    check(Shares::default(), 1, false);
    check(shares, 0, true);
    check(shares, 100_000, true);
    check(shares, 100_001, false);
    check(shares, -1, false);
    check(Shares { guard: -1, ..shares }, 1, false);
    check(Shares { expense: -1, ..shares }, 1, false);
}

#[test]
fn references_and_accounts_are_written_one_way() {
    let tip = tip(7);
    let reference = PaystackReference::of(&tip);
    assert_eq!(reference.tip(), Some(tip));
    assert_eq!(PaystackReference::parse(reference.as_str()), Ok(reference.clone()));
    let upper = PaystackReference::parse(&reference.as_str().to_uppercase()).unwrap();
    assert_eq!(upper.tip(), None);
    let long = "a".repeat(101);
    for bad in ["", "a_b", "a b", "a:b", "ä", long.as_str()] {
        assert!(PaystackReference::parse(bad).is_err(), "{bad:?}");
    }
    let transfer = TransferReference::of(&payout(), u32::MAX);
    assert_eq!(TransferReference::parse(transfer.as_str()), Ok(transfer));
    for bad in ["", "short", "UPPERCASE-UPPERCASE", &"a".repeat(51), "abcdefghijklmnop:q"] {
        assert!(TransferReference::parse(bad).is_err(), "{bad:?}");
    }
    for bad in
        ["", "ps:refund:", "ps:refund:01", "ps:refund:+1", "ps:refund:1:2", "ps:charge:a_b", "x:1"]
    {
        assert!(Reference::parse(bad).is_err(), "{bad:?}");
    }
    let all = [
        AccountKind::Clearing,
        AccountKind::Balance,
        AccountKind::Bank,
        AccountKind::Payable(guard()),
        AccountKind::InTransit(guard()),
        AccountKind::Receivable(guard()),
        AccountKind::PlatformFees,
        AccountKind::PspFees,
        AccountKind::Suspense,
    ];
    for kind in all {
        let account = Account::new(kind, NGN);
        assert_eq!(Account::parse(&account.to_string()), Ok(account));
    }
    for bad in ["", "bank", "bank:XYZ", "cash:NGN", "guard:x:payable:NGN", "bank:ngn"] {
        assert!(Account::parse(bad).is_err(), "{bad:?}");
    }
}

/// Changes one thing of a ledger that is in order.
type Spoil<'s> = &'s dyn Fn(&mut Vec<Record>, &mut BTreeMap<Account, i64>);

#[test]
fn the_check_names_what_is_off() {
    let mut book = Book::default();
    book.apply(charge().transaction(0).unwrap()).unwrap();
    let records: Vec<Record> = book.records().collect();
    let balances = book.balances().clone();
    assert_eq!(check(&records, &balances), []);
    let reference = || Reference::charge(&PaystackReference::of(&tip(0)));
    let account = |kind| Account::new(kind, NGN);

    let found = |spoil: Spoil<'_>| {
        let (mut records, mut balances) = (records.clone(), balances.clone());
        spoil(&mut records, &mut balances);
        check(&records, &balances)
    };
    let one_off = |account, stored, derived| Violation::BalanceOff { account, stored, derived };
    let clearing = || account(AccountKind::Clearing);
    assert_eq!(
        found(&|records, _| records[0].postings[0].minor += 1),
        [
            Violation::Unbalanced { reference: reference(), sum: 1 },
            one_off(clearing(), 98_500, 98_501),
        ]
    );
    assert_eq!(
        found(&|_, balances| *balances.get_mut(&clearing()).unwrap() = 0),
        [one_off(clearing(), 0, 98_500)]
    );
    assert_eq!(
        found(&|_, balances| assert!(balances.remove(&clearing()).is_some())),
        [one_off(clearing(), 0, 98_500)]
    );
    let phantom = || account(AccountKind::Bank);
    assert_eq!(
        found(&|_, balances| assert!(balances.insert(phantom(), 5).is_none())),
        [one_off(phantom(), 5, 0)]
    );
    let twice = found(&|records, _| records.push(records[0].clone()));
    assert!(twice.contains(&Violation::DuplicateReference { reference: reference() }), "{twice:?}");
    assert_eq!(twice.len(), 4, "and the three balances");
    let zero = Posting { account: clearing(), minor: 0 };
    assert_eq!(
        found(&|records, _| records[0].postings.push(zero.clone())),
        [Violation::EmptyPosting { reference: reference() }]
    );
    let foreign = found(&|records, _| records[0].postings[2].account.currency = Currency::Usd);
    assert!(foreign.contains(&Violation::CurrencyMismatch { reference: reference() }));
    let wrong_side = found(&|records, balances| {
        for posting in &mut records[0].postings {
            posting.minor = -posting.minor;
        }
        balances.values_mut().for_each(|balance| *balance = -*balance);
    });
    let payable = account(AccountKind::Payable(guard()));
    assert_eq!(wrong_side, [Violation::WrongSide { account: payable, balance: 98_000 }]);
    let overflow = found(&|records, _| {
        records[0].postings[0].minor = i64::MAX;
        records.push(Record { reference: Reference::topup(1), ..records[0].clone() });
    });
    assert!(overflow.contains(&Violation::Overflow { account: clearing() }), "{overflow:?}");
}
