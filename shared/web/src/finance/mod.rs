//! What the API of finance and its pages do alike: plan and begin a settlement run, stop payouts, decide about a
//! payout, take a case and explain it. Each change leaves a record of who and what, in the same write.
//!
//! Deliberately absent: routes, who may, and how any of it is shown.

mod case;
mod ending;
mod export;
mod paid;
mod pause;
mod payout;
mod settled;
mod settlement;

pub use case::{assign_case, case_of, resolve_case};
pub use ending::end_payout;
pub use export::{export_of, new_export, tell_worker};
pub use paid::{Paid, paid_entries};
pub use pause::{pause_payouts, resume_payouts};
pub use payout::{
    TransferSeen, cancel_payout, payout_of, retry_payout, transfer_seen, webhooks_of,
};
pub use settled::Settling;
pub use settlement::{Plan, begin_run, plan_run};
