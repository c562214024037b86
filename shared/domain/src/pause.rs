//! The switch that stops all payouts of a tenant at once.
//!
//! Deliberately absent: what is under way. A transfer that Paystack has taken goes on; nothing new is reserved or sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::{Actor, Note};

/// Payouts are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who has stopped them.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: Note,
}
