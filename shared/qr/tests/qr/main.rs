//! The crate from outside: what is drawn reads back, what is refused says why.

#![allow(clippy::unwrap_used)]

mod cards;
mod drawing;
mod logos;
mod refusals;
mod samples;
mod sheets;
mod vectors;
