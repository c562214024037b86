//! What the functions and pages of loyalty do alike: customers' points, and the codes that customers show.
//!
//! Deliberately absent: the rules, which are the domain's, and routes.

pub mod draw;
pub mod issue;
pub mod points;
mod shown;
pub mod staff;
pub mod verified;
pub mod verify;
pub mod wallet_key;
