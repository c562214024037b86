//! Golden files: events in, answers out; and the API's description, the routes and the permissions against the code.
//!
//! `UPDATE_GOLDEN=1` writes what the code says now; the change then shows in review.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail by panicking, and reads one variable of its own"
)]

mod access;
mod call;
mod desk;
mod events;
mod fixture;
mod guards;
mod loyalty;
mod loyalty_wallet;
mod money;
mod openapi;
mod purchases;
mod redeem;
mod routes;
mod seed;
mod shown;
mod tips;
mod triggers;
mod vouchers;
mod wallet;
