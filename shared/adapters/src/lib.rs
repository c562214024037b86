//! The only crate that knows AWS, the variables of a process, and the real clock.
//!
//! Deliberately absent: rules. Vendor types stop at this crate's door; what goes in and out are the domain's types.

#![deny(missing_docs)]

pub mod audit;
mod batch;
pub mod bus;
pub mod clock;
pub mod environment;
pub mod files;
mod https;
pub mod ids;
pub mod images;
#[cfg(test)]
mod liar;
pub mod mail;
pub mod paystack;
pub mod push;
pub mod queue;
pub mod random;
pub mod salts;
pub mod secrets;
pub mod sending;
pub mod signer;
pub mod sms;
pub mod table;
pub mod takings;
