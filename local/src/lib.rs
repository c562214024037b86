//! The whole platform in one process.
//!
//! `template.yaml` says what there is; this crate runs it: embedded DynamoDB, S3 and the small AWS services behind the
//! unmodified SDK, the gateway, the table's stream, the queues and the schedules, each calling a function's own handler
//! with the JSON event that AWS would send. The binary is what `cargo run` keeps open; tests start the same [`Stack`].
//!
//! Deliberately absent: any list of routes, any shortcut from one function to another, and any door that is open to
//! other machines: everything listens on 127.0.0.1 only.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may fail by panicking"
    )
)]

mod alarm;
mod bus;
pub mod cli;
mod client;
mod console;
pub mod demo;
pub mod embedded;
pub mod functions;
pub mod gateway;
pub mod meter;
pub mod paystack;
mod permission;
mod prometheus;
pub mod queue;
pub mod registry;
pub mod schedule;
pub mod stack;
pub mod stream;
pub mod template;
mod tenancy;

pub use demo::{Demo, DemoError};
pub use embedded::inbox::{Inbox, Item, Received};
pub use meter::{Call, Fault, Filter, Meter, Script};
pub use queue::QueueState;
pub use registry::{BoxError, Build, EventHandler, Handler, Registry};
pub use stack::{DataFolder, Options, Stack, StartError, TemplateSource};
pub use template::Template;
