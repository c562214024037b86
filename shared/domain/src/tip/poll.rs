//! When we ask Paystack about a tip by ourselves. There is no event for a charge that failed or was left, and an
//! event of one that succeeded may be lost.

use jiff::{SignedDuration, Timestamp};

/// How long after a tip was made we ask, in seconds: 5, 15 and 60 minutes, 6 and 24 hours.
pub const POLL_AFTER_S: [i64; 5] = [300, 900, 3_600, 21_600, 86_400];

/// How long after a refund was asked for we look for it by ourselves, in seconds: a quarter of an hour, one and six
/// hours, 1, 3, 7 and 14 days. The first look comes long after the last moment at which our own request could still
/// arrive at Paystack.
pub const REFUND_LOOK_AFTER_S: [i64; 7] = [900, 3_600, 21_600, 86_400, 259_200, 604_800, 1_209_600];

/// How often an open dispute is asked about, in seconds: the event of its decision may be lost. One that a person has
/// to look at is asked about again after as many days as the tip is old, so a few times in all.
const DISPUTE_DAY_S: i64 = 86_400;

/// When to ask next, after `polls` of the schedule are done; `None` when the last one is.
pub fn next_poll(created_at: Timestamp, polls: u8) -> Option<Timestamp> {
    next(&POLL_AFTER_S, created_at, polls)
}

/// The next instant of a schedule that began at `from`, of which `done` are over.
pub(super) fn next(schedule: &[i64], from: Timestamp, done: u8) -> Option<Timestamp> {
    let after = schedule.get(usize::from(done))?;
    from.checked_add(SignedDuration::from_secs(*after)).ok()
}

/// How many of the schedule are done once we have asked at `now`: also those that a long pause has skipped.
pub(super) fn polls_done(created_at: Timestamp, now: Timestamp) -> u8 {
    passed(&POLL_AFTER_S, created_at, now)
}

/// How many of a schedule that began at `from` are over at `now`.
pub(super) fn passed(schedule: &[i64], from: Timestamp, now: Timestamp) -> u8 {
    let age = now.duration_since(from).as_secs();
    let passed = schedule.iter().filter(|after| **after <= age).count();
    u8::try_from(passed).unwrap_or(u8::MAX)
}

/// When a dispute is asked about next, after the last time on this day since the payment.
pub(super) fn next_dispute_day(paid_at: Timestamp, last: u16, open: bool) -> Option<Timestamp> {
    let pause = if open { 1 } else { last.max(1) };
    let next = i64::from(last).checked_add(i64::from(pause))?.checked_mul(DISPUTE_DAY_S)?;
    paid_at.checked_add(SignedDuration::from_secs(next)).ok()
}

/// Which day since the payment it is.
pub(super) fn dispute_day(paid_at: Timestamp, now: Timestamp) -> u16 {
    let days = now.duration_since(paid_at).as_secs().max(0).div_euclid(DISPUTE_DAY_S);
    u16::try_from(days).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::TipRefused;
    use super::super::tests::{after, paid};

    #[test]
    fn an_open_dispute_is_asked_about_once_a_day() {
        const DAY: i64 = 86_400;
        let tip = paid().dispute(7).unwrap();
        assert_eq!(tip.poll_at(), Some(after(DAY)));
        let tip = tip.polled(after(DAY - 1)).unwrap();
        assert_eq!(tip.poll_at(), Some(after(DAY)), "an early look does not count");
        // A pause skips days, and does not make up for them.
        let tip = tip.put_off(after(30 * DAY + 5)).unwrap();
        assert_eq!(tip.poll_at(), Some(after(31 * DAY)));
        let won = tip.clone().win_dispute(7).unwrap();
        assert_eq!(won.poll_at(), None);
        assert_eq!(won.polled(after(31 * DAY)), Err(TipRefused::Repeated));
        // One that is noticed late is asked about at once.
        let late = paid().dispute(8).unwrap().polled(after(90 * DAY)).unwrap();
        assert_eq!(late.poll_at(), Some(after(91 * DAY)));
        assert_eq!(tip.lose_dispute(7, 1).unwrap().poll_at(), None);
    }

    #[test]
    fn a_dispute_that_a_person_has_to_look_at_is_asked_about_ever_less_often() {
        const DAY: i64 = 86_400;
        let mut tip = paid().dispute(7).unwrap().doubt_dispute(7).unwrap();
        for day in [1, 2, 4, 8, 16, 32] {
            assert_eq!(tip.poll_at(), Some(after(day * DAY)));
            tip = tip.polled(after(day * DAY)).unwrap();
        }
        // One that is open beside it is asked about each day.
        let both = tip.clone().dispute(8).unwrap();
        assert_eq!(both.poll_at(), Some(after(33 * DAY)));
        assert_eq!(tip.lose_dispute(7, 1).unwrap().poll_at(), None);
    }
}
