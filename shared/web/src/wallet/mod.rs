//! Vouchers as customers see and hold them (V8, V22 to V27): what a page and a route do alike.
//!
//! Deliberately absent: pages, and drawing codes. No rule is here either; [`domain::claim`] has them.

mod code;
mod details;
mod held;

pub use code::{UserCode, user_code};
pub use details::{Place, Seen, ShownBusiness, VoucherDetails, near};
pub use held::{Held, Listed, claim, held, remove, wallet};
