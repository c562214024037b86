//! When we ask Paystack about a tip by ourselves. There is no event for a charge that failed or was left, and an
//! event of one that succeeded may be lost.

use jiff::{SignedDuration, Timestamp};

/// How long after a tip was made we ask, in seconds: 5, 15 and 60 minutes, 6 and 24 hours.
pub const POLL_AFTER_S: [i64; 5] = [300, 900, 3_600, 21_600, 86_400];

/// When to ask next, after `polls` of the schedule are done; `None` when the last one is.
pub fn next_poll(created_at: Timestamp, polls: u8) -> Option<Timestamp> {
    let after = POLL_AFTER_S.get(usize::from(polls))?;
    created_at.checked_add(SignedDuration::from_secs(*after)).ok()
}

/// How many of the schedule are done once we have asked at `now`: also those that a long pause has skipped.
pub(super) fn polls_done(created_at: Timestamp, now: Timestamp) -> u8 {
    let age = now.duration_since(created_at).as_secs();
    let passed = POLL_AFTER_S.iter().filter(|after| **after <= age).count();
    u8::try_from(passed).unwrap_or(u8::MAX)
}
