//! The real platform from the real template: its demo, its console and its command line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod commands;
mod console;
mod demo;
mod import;
mod platform;
