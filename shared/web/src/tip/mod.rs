//! The pages of a tip, which two functions show: `tip-page` for whoever scans, `tip-create` where something about a
//! sent form is wrong. One form, one place where its fields are read.
//!
//! Deliberately absent: what a page costs. Nothing here reads or writes; a page is drawn from what was read.

mod form;
mod look;
mod pages;
mod pay;

pub use form::{OTHER_AMOUNT, TipFields, amount_error, both};
pub use look::{Site, readable_on};
pub use pages::{closed_page, form_page, tip_page};
pub use pay::{FormRefused, Ticket, pay_page};
