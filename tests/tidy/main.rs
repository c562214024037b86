//! The architecture, held by tests: who may depend on whom, what a function may touch, how long a file gets, which
//! words stay out. What CI demands beyond the compiler and clippy is here, so that it has no rule of its own.
//!
//! Deliberately absent: anything that runs the platform. These tests read sources, and take a second.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod access;
mod alarms;
mod functions;
mod layers;
mod numbers;
mod permissions;
mod problems;
mod sources;
mod traceability;
mod words;
