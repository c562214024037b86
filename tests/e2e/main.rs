//! The platform's stories, over real HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod analytics;
mod counting;
mod crashes;
mod crowd;
mod first_scan;
mod health;
mod imports;
mod lifetimes;
mod lists;
mod refusals;
mod tenants;
