//! The stack on a toy template with toy functions: what a test of the platform may rely on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod aws;
mod bus;
mod door;
mod errands;
mod faults;
mod letters;
mod process;
mod queues;
mod schedules;
mod start;
mod streams;
mod template;
mod toy;
