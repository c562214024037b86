//! What the stories and the contract tests share: a platform of one's own and the actors that use it.
//!
//! An actor has verbs and says nothing about HTTP; what a test looks at more closely it asks for with `get`, `put` and
//! so on, and reads from the [`Reply`]. Deliberately absent: sleeping, and any shortcut past the platform's own door.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers fail by panicking")]

mod ask;
mod bistro;
mod customer;
mod house;
mod inventory;
mod owner;
mod patron;
mod platform;
mod staff;
mod town;
mod visitor;

pub use ask::{Ask, Reply};
pub use bistro::{Bistro, regulars};
pub use customer::{Customer, link};
pub use house::{House, house, houses, lines};
pub use inventory::Inventory;
pub use owner::Owner;
pub use patron::{Patron, wish};
pub use platform::{Platform, Start, at_once, seed};
pub use staff::Staff;
pub use town::Town;
pub use visitor::{GOOGLEBOT, IPHONE, Visitor, WHATSAPP};
