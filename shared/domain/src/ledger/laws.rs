//! What holds for any amounts and any order of events.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tests::{NGN, guard, payout, tip};
use super::*;
use crate::money::{EXACT_MAX, Money};

fn bearer() -> impl Strategy<Value = FeeBearer> {
    (0..FeeBearer::ALL.len()).prop_map(|index| FeeBearer::ALL[index])
}

/// Small amounts, where every rounding shows, and large ones, of which three can still be summed.
fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..50, 1_i64..10_000_000, EXACT_MAX / 4 - 50..EXACT_MAX / 4]
}

fn any_charge() -> impl Strategy<Value = Charge> {
    (amount(), bearer(), 0_u16..1_000, 0_u16..=1_000, 0_i64..3_000).prop_map(
        |(gross, bearer, fee, platform, quoted)| {
            let part = |of: i64, thousandths: u16| {
                i64::try_from(i128::from(of) * i128::from(thousandths) / 1_000).unwrap()
            };
            let collected = if bearer == FeeBearer::Patron { gross + quoted } else { gross };
            Charge {
                reference: PaystackReference::of(&tip(0)),
                guard: guard(),
                currency: NGN,
                tip: gross,
                collected,
                psp_fee: part(collected, fee),
                platform_fee: part(gross, platform),
                bearer,
            }
        },
    )
}

fn sum(transaction: &Transaction) -> i128 {
    transaction.postings().iter().map(|posting| i128::from(posting.minor)).sum()
}

fn back(charge: &Charge, id: u64, before: i64, wanted: i64, available: i64) -> Given {
    let shares = charge.shares().unwrap();
    let reference = Reference::refund(id);
    let guard = charge.guard.clone();
    let back = GiveBack { reference, guard, currency: NGN, shares, before, wanted, available };
    give_back(&back).unwrap()
}

proptest! {
    #[test]
    fn a_split_always_sums(gross in 0..=EXACT_MAX, points in 0_u16..=10_000, up in any::<bool>()) {
        let round = if up { Round::Up } else { Round::Down };
        let gross_money = Money { minor: gross, currency: NGN };
        let split = gross_money.split_fee(BasisPoints(points), round).unwrap();
        prop_assert_eq!(split.fee.minor + split.net.minor, gross);
        prop_assert!(split.fee.minor >= 0 && split.net.minor >= 0);
        let exact = i128::from(gross) * i128::from(points);
        let fee = i128::from(split.fee.minor) * 10_000;
        let off = if up { fee - exact } else { exact - fee };
        prop_assert!((0..10_000).contains(&off), "less than one minor unit off, on the named side");
    }

    #[test]
    fn a_charge_balances_and_nobody_owes_for_it(charge in any_charge(), receivable in amount()) {
        let shares = charge.shares().unwrap();
        prop_assert_eq!(shares.collected(), charge.collected);
        prop_assert!(shares.guard >= 0 && shares.expense >= 0);
        prop_assert!(shares.platform >= 0 || charge.bearer == FeeBearer::Patron);
        for owed in [0, receivable] {
            let transaction = charge.transaction(owed).unwrap();
            prop_assert_eq!(sum(&transaction), 0);
            for posting in transaction.postings() {
                match posting.account.kind {
                    AccountKind::Payable(_) => prop_assert!(posting.minor < 0),
                    AccountKind::Receivable(_) => prop_assert!((-owed..0).contains(&posting.minor)),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn refunds_in_parts_take_exactly_the_shares_and_never_more_than_the_charge(
        charge in any_charge(),
        parts in prop::collection::vec(prop_oneof![1_i64..5, amount()], 1..12),
        available in prop_oneof![Just(0), amount()],
    ) {
        let shares = charge.shares().unwrap();
        let (mut before, mut taken, mut wanted_sum) = (0, Shares::default(), 0_i128);
        for (id, wanted) in (0..).zip(parts.iter().copied().chain([EXACT_MAX])) {
            let given = back(&charge, id, before, wanted, available);
            prop_assert_eq!(given.taken + given.excess, wanted);
            if let Some(transaction) = &given.transaction {
                prop_assert_eq!(sum(transaction), 0);
                let part = shares.between(before, before + given.taken).unwrap();
                prop_assert!(part.guard >= 0 && part.expense >= 0);
                prop_assert!(part.platform.signum() * shares.platform.signum() >= 0, "of the same sign");
                prop_assert_eq!(part.collected(), given.taken);
                taken.guard += part.guard;
                taken.platform += part.platform;
                taken.expense += part.expense;
            }
            before += given.taken;
            wanted_sum += i128::from(wanted);
            prop_assert_eq!(i128::from(before), wanted_sum.min(i128::from(charge.collected)));
        }
        prop_assert_eq!(taken, shares);
    }

    #[test]
    fn a_part_is_off_from_pro_rata_by_less_than_two_minor_units(
        charge in any_charge(),
        thousandths in 0_i64..=1_000,
    ) {
        let shares = charge.shares().unwrap();
        let whole = i128::from(shares.collected());
        let returned = i64::try_from(whole * i128::from(thousandths) / 1_000).unwrap();
        let part = shares.returned(returned).unwrap();
        let pairs = [
            (part.guard, shares.guard),
            (part.platform, shares.platform),
            (part.expense, shares.expense),
        ];
        for (part, share) in pairs {
            let off = i128::from(part) * whole - i128::from(share) * i128::from(returned);
            prop_assert!(off.abs() < 2 * whole, "{} of {}", part, share);
        }
    }
}

/// Something that happens to one of the tips, as its number in the script.
#[derive(Clone, Copy, Debug)]
enum Event {
    Charge { tip: usize },
    Back { tip: usize, id: u64, wanted: i64, dispute: bool },
}

/// What the worker does: the charge first, each reference once, balances read before each transaction.
#[derive(Default)]
struct Worker {
    book: Book,
    before: BTreeMap<usize, i64>,
    excess: i64,
}

impl Worker {
    fn charge(&mut self, charge: &Charge) {
        let transaction = charge.transaction(self.book.receivable(&guard(), NGN)).unwrap();
        self.book.apply(transaction).unwrap();
    }

    fn back(&mut self, charge: &Charge, tip: usize, reference: Reference, wanted: i64) {
        self.charge(charge);
        let before = self.before.get(&tip).copied().unwrap_or(0);
        let given = give_back(&GiveBack {
            reference: reference.clone(),
            guard: guard(),
            currency: NGN,
            shares: charge.shares().unwrap(),
            before,
            wanted,
            available: self.book.available(&guard(), NGN),
        });
        let given = given.unwrap();
        if let Some(transaction) = given.transaction {
            self.book.apply(transaction).unwrap();
        }
        self.before.insert(tip, before + given.taken);
        self.excess += given.excess;
    }

    fn run(charges: &[Charge], events: &[Event]) -> Self {
        let (mut worker, mut seen) = (Self::default(), std::collections::BTreeSet::new());
        for event in events {
            match *event {
                Event::Charge { tip } => worker.charge(&charges[tip]),
                Event::Back { tip, id, wanted, dispute } => {
                    let reference =
                        if dispute { Reference::dispute(id) } else { Reference::refund(id) };
                    // A tip remembers its returns, so that a repeat is no second excess.
                    if seen.insert(reference.clone()) {
                        worker.back(&charges[tip], tip, reference, wanted);
                    }
                }
            }
        }
        worker
    }
}

fn any_story() -> impl Strategy<Value = (Vec<Charge>, Vec<Event>)> {
    let backs = prop::collection::vec((0_usize..3, amount(), any::<bool>()), 0..8);
    (prop::collection::vec(any_charge(), 3), backs).prop_map(|(mut charges, backs)| {
        for (number, charge) in (0..).zip(&mut charges) {
            charge.reference = PaystackReference::of(&tip(number));
        }
        let mut events: Vec<Event> = (0..3).map(|tip| Event::Charge { tip }).collect();
        let back = |(id, (tip, wanted, dispute))| Event::Back { tip, id, wanted, dispute };
        events.extend((0..).zip(backs).map(back));
        (charges, events)
    })
}

/// The same events, some of them again, in two orders.
fn two_orders() -> impl Strategy<Value = (Vec<Charge>, Vec<Event>, Vec<Event>)> {
    any_story().prop_flat_map(|(charges, events)| {
        let repeats = prop::collection::vec(0..events.len(), 0..6);
        let again = (Just(events), repeats).prop_map(|(events, repeats)| {
            let mut all = events.clone();
            all.extend(repeats.into_iter().map(|index| events[index]));
            all
        });
        again.prop_flat_map(move |all| {
            (Just(charges.clone()), Just(all.clone()).prop_shuffle(), Just(all).prop_shuffle())
        })
    })
}

proptest! {
    #[test]
    fn events_in_any_order_and_any_number_of_times_end_with_the_same_balances(
        (charges, one, other) in two_orders(),
    ) {
        let (one, other) = (Worker::run(&charges, &one), Worker::run(&charges, &other));
        // An account that was used and is empty again equals one that never was.
        let balances = |worker: &Worker| -> BTreeMap<_, _> {
            let all = worker.book.balances().clone();
            all.into_iter().filter(|(_, balance)| *balance != 0).collect()
        };
        prop_assert_eq!(balances(&one), balances(&other));
        prop_assert_eq!(one.excess, other.excess);
        let records: Vec<Record> = one.book.records().collect();
        prop_assert_eq!(check(&records, one.book.balances()), vec![]);

        // The plain model: each share, less what of it has gone back; one of payable and receivable is empty.
        let mut model = Shares::default();
        for (number, charge) in charges.iter().enumerate() {
            let shares = charge.shares().unwrap();
            let back = shares.returned(one.before.get(&number).copied().unwrap_or(0)).unwrap();
            model.guard += shares.guard - back.guard;
            model.platform += shares.platform - back.platform;
        }
        prop_assert_eq!(one.book.available(&guard(), NGN), model.guard.max(0));
        prop_assert_eq!(one.book.receivable(&guard(), NGN), 0, "nothing was paid out, so nothing is owed");
        let fees = one.book.balance(&Account::new(AccountKind::PlatformFees, NGN));
        prop_assert_eq!(fees, -model.platform);
    }

    #[test]
    fn with_payouts_in_between_no_balance_is_ever_on_the_wrong_side(
        (charges, mut events, _) in two_orders(),
        payouts in prop::collection::vec((0_usize..20, amount(), 0_u8..5), 0..8),
    ) {
        // Only the order counts here; large amounts would only hide small ones.
        events.truncate(20);
        let mut worker = Worker::default();
        let mut seen = std::collections::BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            let due = (1_u32..).zip(&payouts).filter(|(_, (when, ..))| *when == at);
            for (attempt, (_, wanted, outcome)) in due {
                pay_out(&mut worker.book, attempt, *wanted, *outcome);
            }
            match *event {
                Event::Charge { tip } => worker.charge(&charges[tip]),
                Event::Back { tip, id, wanted, .. } => {
                    if seen.insert(id) {
                        worker.back(&charges[tip], tip, Reference::refund(id), wanted);
                    }
                }
            }
            let records: Vec<Record> = worker.book.records().collect();
            prop_assert_eq!(check(&records, worker.book.balances()), vec![]);
        }
    }
}

/// Starts a payout of what is wanted and available, and lets it go one of five ways.
fn pay_out(book: &mut Book, attempt: u32, wanted: i64, outcome: u8) {
    let beyond = Money { minor: book.available(&guard(), NGN).saturating_add(1), currency: NGN };
    let refused = payout_start(&payout(), attempt, &guard(), beyond).unwrap();
    assert!(book.apply(refused).is_err(), "more than is available is never reserved");
    let amount = Money { minor: wanted.min(beyond.minor - 1), ..beyond };
    let Ok(start) = payout_start(&payout(), attempt, &guard(), amount) else { return };
    book.apply(start).unwrap();
    let transfer =
        Transfer { reference: TransferReference::of(&payout(), attempt), guard: guard(), amount };
    let (success, back) =
        (TransferNews::Success { fee: 7 }, TransferNews::Returned { fee_back: 7 });
    let news: &[TransferNews] = match outcome {
        0 => &[],
        1 => &[success, success],
        2 => &[back, back],
        3 => &[success, back, success],
        _ => &[back, success, back],
    };
    for each in news {
        let posted = TransferPosted {
            success: book.has(&Reference::transfer_success(&transfer.reference)),
            returned: book.has(&Reference::transfer_returned(&transfer.reference)),
        };
        if let TransferStep::Post(transaction) = transfer.step(*each, posted).unwrap() {
            book.apply(transaction).unwrap();
        }
    }
}
