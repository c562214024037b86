//! What the functions and pages of loyalty do alike: customers' points, and the codes that customers show.
//!
//! Deliberately absent: the rules, which are the domain's, and routes.

pub mod points;
pub mod staff;
