//! What the API of guards and the pages of their staff do alike: codes, payout accounts, profiles, mail.
//!
//! Deliberately absent: routes, and how any of it is shown.

mod account;
mod code;
mod status;

pub use account::{AccountKind, AccountSet, AccountWishes, Accounts, Asked};
pub use code::{CodeMissing, GuardCodes, Issued, active, code_notice, replace_profile, tenant_of};
pub use status::turn_guard;
