//! The rules of Tessera's products, and the small kernel that they share: failures, ids, instants, pages.
//!
//! Deliberately absent: IO, `async`, a clock, a random source, AWS or HTTP types. Instants and random bytes are
//! passed in.

#![deny(missing_docs, clippy::float_arithmetic)]

pub mod access;
pub mod alert;
pub mod audit;
mod base41;
pub mod business;
pub mod campaign;
pub mod case;
pub mod claim;
pub mod code;
pub mod contact;
pub mod customer;
pub mod device;
pub mod enrolment;
pub mod export;
pub mod failure;
pub mod guard;
pub mod id;
pub mod lease;
pub mod ledger;
pub mod limit;
pub mod loyalty_token;
pub mod member;
pub mod message;
pub mod money;
pub mod notice;
pub mod page;
pub mod pause;
pub mod payout;
pub mod points;
pub mod programme;
pub mod property;
pub mod reconciliation;
pub mod redemption;
pub mod render;
pub mod restaurant;
pub mod reward;
pub mod scan;
pub mod settlement;
pub mod short_code;
pub mod sketch;
pub mod takings;
pub mod tally;
pub mod tenant;
pub mod tip;
pub mod voucher;
pub mod voucher_token;
