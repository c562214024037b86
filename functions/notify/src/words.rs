//! What a guard is told, in simple English: a headline, who it comes from, and what it means.
//!
//! Deliberately absent: the patron's message and address, and anything of a channel.

use domain::money::Money;

use crate::patron;

/// What a guard is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// A sentence without its full stop, and without anything that a patron has written.
    pub headline: String,
    /// What the patron called itself, made harmless.
    pub from: Option<String>,
    /// What it means for the guard.
    pub meaning: &'static str,
}

impl Words {
    /// A tip has arrived. `net` is what the guard is owed for it.
    pub(crate) fn tip_received(net: Money, alias: Option<&str>) -> Self {
        Self {
            headline: format!("You received a tip of {net}"),
            from: patron::shown(alias),
            meaning: "This is what is left after fees. It is added to your balance.",
        }
    }

    /// The account for payouts was changed. `last4` are the last digits of the new one.
    pub(crate) fn payout_account_changed(last4: &str) -> Self {
        Self {
            headline: format!("Your payouts go to another account now: it ends with {last4}"),
            from: None,
            meaning: "Nothing is paid to it for 24 hours. \
                If you did not ask for this, tell your employer now.",
        }
    }

    /// A tip, or a part of it, went back. `net` is what the guard loses by it.
    pub(crate) fn tip_returned(net: Money) -> Self {
        Self {
            headline: format!("A tip was paid back to the patron: {net}"),
            from: None,
            meaning: "This amount is taken from your balance. \
                If your balance is too small, it is taken from your next tips.",
        }
    }
}
