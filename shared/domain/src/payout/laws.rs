//! What holds for any order of steps.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::tests::{funds, planned};
use super::*;

proptest! {
    /// Money is set aside once per attempt, and comes back or is paid once.
    #[test]
    fn each_attempt_is_begun_once_and_ends_once(steps in prop::collection::vec(0_u8..10, 1..60)) {
        let mut payout = planned();
        let (mut begun, mut paid, mut back) = (0_i64, 0_i64, 0_i64);
        let mut now = Timestamp::UNIX_EPOCH;
        for step in steps {
            now = now.checked_add(SignedDuration::from_mins(60)).unwrap();
            let before = payout.clone();
            let attempt = before.attempt;
            let after = match step {
                0 => before.clone().reserve(funds(98_000), now),
                1 => before.clone().sent(attempt, now),
                2 => before.clone().confirm(attempt, now),
                3 => before.clone().give_back(attempt, Trouble::TransferFailed, now),
                4 => before.clone().retry(now),
                5 => before.clone().give_up(now),
                6 => before.clone().lose(attempt, now),
                7 => before.clone().wait_for(attempt, Trouble::Mismatch, now).map(|(one, _)| one),
                _ => before.clone().wait_for(attempt, Trouble::Otp, now).map(|(payout, _)| payout),
            };
            let Ok(after) = after else { continue };
            begun += i64::from(after.attempt - before.attempt);
            paid += i64::from(after.state == PayoutState::Confirmed);
            let came_back = step == 3 || step == 6;
            back += i64::from(came_back);
            prop_assert!(after.attempt == before.attempt || !before.state.is_in_transit());
            payout = after;
            let held = i64::from(payout.state.is_in_transit());
            let out = i64::from(payout.state == PayoutState::Confirmed);
            prop_assert_eq!(begun, held + back + out, "{:?}", payout);
            prop_assert!(paid <= 1, "a payout is paid once");
        }
    }

    /// Payouts that follow each other cover each entry once, whatever their amounts.
    #[test]
    fn payouts_cover_each_entry_once(
        credits in prop::collection::vec(1_i64..1_000, 1..20),
        cap in 1_i64..1_500,
    ) {
        let credits: Vec<Credit> =
            credits.into_iter().zip(1..).map(|(minor, seq)| Credit { seq, minor }).collect();
        let total: i64 = credits.iter().map(|credit| credit.minor).sum();
        let (mut seq, mut part, mut paid) = (0, 0, 0);
        while paid < total {
            let amount = cap.min(total - paid);
            let covered = cover(seq, part, amount, credits.clone());
            prop_assert_eq!(covered.from_seq, seq + 1);
            paid += amount;
            (seq, part) = (covered.to_seq, covered.part);
            let full: i64 = credits.iter().filter(|c| c.seq <= seq).map(|c| c.minor).sum();
            prop_assert_eq!(full + part, paid);
        }
        prop_assert_eq!((seq, part), (credits.len() as u64, 0));
    }
}
