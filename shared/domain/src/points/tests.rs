//! The laws of points, on random lives of a purse; and its edges, one by one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

fn token(byte: u8) -> TokenHash {
    TokenHash::of(&[byte; 32])
}

fn reward() -> RewardId {
    RewardId::new(Timestamp::UNIX_EPOCH, [1; 10])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn day() -> jiff::civil::Date {
    jiff::civil::date(2026, 11, 21)
}

/// A purse with points that live until the instants.
fn purse(lots: &[(i64, Option<i64>)]) -> Purse {
    lots.iter().fold(Purse::default(), |purse, (points, until)| {
        let until = until.map(at);
        purse.earning(*points, (day(), None), (None, until), at(0)).unwrap().0.purse
    })
}

fn kinds(movement: &Movement) -> Vec<(LineKind, i64)> {
    movement.lines.iter().map(|line| (line.kind, line.points)).collect()
}

#[test]
fn points_that_expire_first_are_spent_first() {
    let purse = purse(&[(50, None), (30, Some(100)), (20, Some(50))]);
    let held = purse.holding(60, (&token(1), &reward()), at(40), at(10)).unwrap().purse;
    assert_eq!((held.free(at(10)), held.held(at(10))), (40, 60));
    let spent = held.redeeming(&token(1), at(20)).unwrap();
    assert_eq!(kinds(&spent), [(LineKind::Redeemed, 60)]);
    assert_eq!(spent.purse.lots, [Lot { points: 40, expires_at: None }]);
}

#[test]
fn a_hold_is_free_again_from_the_instant_of_its_end() {
    let held = purse(&[(50, None)]).holding(50, (&token(1), &reward()), at(600), at(0)).unwrap();
    let held = held.purse;
    let millisecond = SignedDuration::from_millis(1);
    let just_before = at(600) - millisecond;
    let refused = held.holding(1, (&token(2), &reward()), at(700), just_before);
    assert_eq!(refused, Err(PointsRefused::NotEnough { price: 1, free: 0 }));
    assert!(held.redeeming(&token(1), just_before).is_ok());
    let again = held.holding(50, (&token(2), &reward()), at(1200), at(600)).unwrap();
    assert_eq!(kinds(&again), [(LineKind::Released, 50), (LineKind::Held, 50)]);
    assert_eq!(held.redeeming(&token(1), at(600)), Err(PointsRefused::NotHeld));
}

#[test]
fn points_are_gone_at_the_end_of_their_life_and_those_of_a_hold_when_it_ends() {
    let purse = purse(&[(10, Some(100)), (5, None)]);
    assert_eq!(purse.free(at(100) - SignedDuration::from_millis(1)), 15);
    assert_eq!(purse.free(at(100)), 5);
    assert_eq!(kinds(&purse.tidied(at(100))), [(LineKind::Expired, 10)]);
    let held = purse.holding(12, (&token(1), &reward()), at(150), at(50)).unwrap().purse;
    assert!(held.redeeming(&token(1), at(120)).is_ok(), "what is held can be spent");
    let over = held.tidied(at(150));
    assert_eq!(kinds(&over), [(LineKind::Released, 12), (LineKind::Expired, 10)]);
    assert_eq!((over.purse.free(at(150)), held.free(at(150))), (5, 5));
}

#[test]
fn a_day_has_a_cap_and_the_next_one_another() {
    let cap = |purse: &Purse, wanted, day| {
        purse
            .earning(wanted, (day, Some(100)), (None, None), at(0))
            .map(|(m, earned)| (m.purse, earned))
    };
    let (purse, earned) = cap(&Purse::default(), 80, day()).unwrap();
    assert_eq!(earned, 80);
    let (purse, earned) = cap(&purse, 80, day()).unwrap();
    assert_eq!(earned, 20, "as many as are left");
    assert_eq!(cap(&purse, 1, day()), Err(PointsRefused::DailyMax));
    assert_eq!(cap(&purse, 80, day().tomorrow().unwrap()).unwrap().1, 80);
}

#[test]
fn what_was_spent_is_taken_back_below_zero_only_as_far_as_the_programme_allows() {
    let check = |overdraft: i64, taken: i64, missing: i64, free: i64| {
        let held = purse(&[(50, None)]).holding(40, (&token(1), &reward()), at(9), at(0)).unwrap();
        let spent = held.purse.redeeming(&token(1), at(1)).unwrap().purse;
        let back = spent.taking_back(50, overdraft, at(2));
        let after = &back.movement.purse;
        assert_eq!((back.taken, back.missing, after.free(at(2))), (taken, missing, free));
        let (repaid, _) = after.earning(60, (day(), None), (None, None), at(3)).unwrap();
        assert_eq!(repaid.purse.free(at(3)), free + 60, "what is owed is repaid first");
    };
    check(0, 10, 40, 0);
    check(25, 35, 15, -25);
    check(1000, 50, 0, -40);
}

#[test]
fn what_a_code_holds_is_not_spent_and_can_be_taken_back() {
    let held = purse(&[(50, None)]).holding(20, (&token(1), &reward()), at(600), at(0)).unwrap();
    let held = held.purse.holding(20, (&token(2), &reward()), at(600), at(0)).unwrap().purse;
    let back = held.taking_back(25, 0, at(1));
    let wanted = [(LineKind::Released, 20), (LineKind::TakenBack, 25)];
    assert_eq!((back.taken, back.missing, kinds(&back.movement)), (25, 0, wanted.to_vec()));
    let after = back.movement.purse;
    assert_eq!((after.free(at(1)), after.held(at(1))), (5, 20), "the older code stays good");
    assert_eq!(after.redeeming(&token(2), at(1)), Err(PointsRefused::NotHeld));
}

#[test]
fn nobody_owes_points_and_has_some() {
    // Twenty are held when the rest is spent and more is taken back than there is.
    let held =
        purse(&[(20, Some(100))]).holding(20, (&token(1), &reward()), at(50), at(0)).unwrap();
    let owing = Purse { debt: 20, ..held.purse };
    let over = owing.tidied(at(50));
    assert_eq!((over.purse.debt, over.purse.lots.len(), over.purse.free(at(50))), (0, 0, 0));
    assert_eq!(over.purse.free(at(100)), 0, "what was repaid does not expire as well");
}

#[test]
fn only_so_many_codes_are_open() {
    let mut purse = purse(&[(1000, None)]);
    for number in 0..HOLDS_MAX {
        let token = token(u8::try_from(number).unwrap());
        purse = purse.holding(1, (&token, &reward()), at(600), at(0)).unwrap().purse;
    }
    let more = purse.holding(1, (&token(200), &reward()), at(600), at(0));
    assert_eq!(more, Err(PointsRefused::TooManyHolds));
    assert!(purse.holding(1, (&token(200), &reward()), at(1200), at(600)).is_ok());
}

#[test]
fn a_purchase_has_a_plain_name() {
    for good in ["1", "till-4_0815.9", &"9".repeat(64)] {
        assert!(PurchaseReference::parse(good).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a:b", "a#b", "ü", &"9".repeat(65)] {
        assert_eq!(PurchaseReference::parse(bad), Err(PointsRefused::PurchaseInvalid), "{bad}");
    }
}

/// What somebody does to a purse.
#[derive(Clone, Debug)]
enum Step {
    Earn(i64, Option<i64>),
    Hold(i64, u8, i64),
    Redeem(u8),
    Release(u8),
    TakeBack(i64, i64),
    Tidy,
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..200_i64, proptest::option::of(1..400_i64)).prop_map(|(p, x)| Step::Earn(p, x)),
        (1..200_i64, 0..6_u8, 1..200_i64).prop_map(|(p, t, x)| Step::Hold(p, t, x)),
        (0..6_u8).prop_map(Step::Redeem),
        (0..6_u8).prop_map(Step::Release),
        (1..200_i64, 0..100_i64).prop_map(|(p, o)| Step::TakeBack(p, o)),
        Just(Step::Tidy),
        (0..120_i64).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn the_ledger_agrees_with_the_purse_whatever_happens(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let customer = CustomerId::parse("CUST-1").unwrap();
        let (mut purse, mut now) = (Purse::default(), 0);
        let mut sums: BTreeMap<PointsAccount, i64> = BTreeMap::new();
        for step in steps {
            let instant = at(now);
            let moved = match step {
                Step::Earn(points, life) => {
                    let until = life.map(|life| at(now + life));
                    let earned = purse.earning(points, (day(), None), (None, until), instant);
                    earned.ok().map(|(movement, _)| movement)
                }
                Step::Hold(points, byte, life) => {
                    let until = at(now + life);
                    purse.holding(points, (&token(byte), &reward()), until, instant).ok()
                }
                Step::Redeem(byte) => purse.redeeming(&token(byte), instant).ok(),
                Step::Release(byte) => purse.releasing(&token(byte), instant).ok(),
                Step::TakeBack(points, most) => {
                    let back = purse.taking_back(points, most, instant);
                    prop_assert_eq!(back.taken + back.missing, points);
                    Some(back.movement)
                }
                Step::Tidy => Some(purse.tidied(instant)),
                Step::Wait(seconds) => {
                    now += seconds;
                    None
                }
            };
            let Some(Movement { purse: after, lines }) = moved else { continue };
            let reference = PointsReference::earned_by(&token(0));
            let transaction = PointsTransaction { reference, customer: customer.clone(), lines };
            prop_assert_eq!(transaction.postings().values().sum::<i64>(), 0);
            for (account, by) in transaction.postings() {
                *sums.entry(account).or_default() += by;
            }
            prop_assert_eq!(after.version, purse.version + 1);
            purse = after;
            let of = |account: &PointsAccount| sums.get(account).copied().unwrap_or(0);
            let own = of(&PointsAccount::Customer(customer.clone()));
            let held = of(&PointsAccount::Held(customer.clone()));
            prop_assert_eq!(-own, purse.free(instant));
            prop_assert_eq!(-held, purse.held(instant));
            let owes_and_has = purse.debt > 0 && !purse.lots.is_empty();
            prop_assert!(!owes_and_has, "nobody owes points and has some");
            prop_assert!(purse.debt >= 0 && purse.lots.iter().all(|lot| lot.points > 0));
            let end = |lot: &Lot| lot.expires_at.unwrap_or(Timestamp::MAX);
            prop_assert!(purse.lots.iter().map(end).is_sorted());
        }
    }
}
