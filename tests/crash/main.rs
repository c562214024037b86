//! Crash points, enumerated: a story's external calls are counted, then it is told again with each of them failing
//! before its effect, losing its reply, happening twice, and with its process dying right after it; then with two such
//! faults. The platform goes on as it would on AWS, and in the end the money is where it belongs.
//!
//! `calls.txt` pins the calls of each story, so that a new one shows as a difference; `UPDATE_GOLDEN=1` writes it anew.
//! `TESSERA_PAIRS=all` plays all pairs of faults, also of stories that have so many that a sample is the rule.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod books;
mod ground;
mod loyalty;
mod payout;
mod pinned;
mod rig;
mod tip;
mod twice;
