//! The audit trail: who changed what, from what to what, and why, each record chained to the one before by a hash. A
//! record that was altered, taken out or put in later breaks the chain at its place.
//!
//! Deliberately absent: personal facts and secrets. What a record says of a change names ids, states and amounts only.

mod chain;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use chain::{AuditHead, AuditRecord, BrokenLink, ChainHash, follow};

use crate::device::words;
use crate::failure::{FieldError, InvalidFields};
use crate::id::{KeyId, TenantId};

/// The longest note, in characters.
const NOTE_MAX_CHARS: usize = 500;

/// Who acts. Today that is an API key; whoever signs in will be another variant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Actor {
    /// An API key of the tenant.
    Key(KeyId),
    /// The platform itself: a schedule or a rule.
    System,
}

/// A text that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("whoever acts is named by the id of an API key")]
pub struct InvalidActor;

impl Actor {
    const SYSTEM: &str = "system";

    /// Reads an actor.
    ///
    /// # Errors
    /// [`InvalidActor`].
    pub fn parse(text: &str) -> Result<Self, InvalidActor> {
        match text {
            Self::SYSTEM => Ok(Self::System),
            key => KeyId::parse(key).map(Self::Key).map_err(|_| InvalidActor),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "{key}"),
            Self::System => f.write_str(Self::SYSTEM),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = InvalidActor;

    fn try_from(text: String) -> Result<Self, InvalidActor> {
        Self::parse(&text)
    }
}

words! {
    /// What was done.
    pub enum Operation {
        /// A case was given to somebody.
        CaseAssigned = "case_assigned",
        /// A case was explained.
        CaseResolved = "case_resolved",
        /// A case says something else than before, and is open for it.
        CaseReopened = "case_reopened",
        /// All payouts of the tenant were stopped.
        PayoutsPaused = "payouts_paused",
        /// They go on.
        PayoutsResumed = "payouts_resumed",
        /// A payout that needed a person is tried again.
        PayoutRetried = "payout_retried",
        /// A payout that needed a person was given up.
        PayoutCancelled = "payout_cancelled",
        /// A payout whose transfer was another one than was asked for was ended.
        PayoutEnded = "payout_ended",
        /// A settlement was started by hand.
        SettlementStarted = "settlement_started",
        /// A refund was asked for.
        RefundAsked = "refund_asked",
        /// A guard's payouts go to another account.
        PayoutAccountChanged = "payout_account_changed",
        /// A second person has confirmed that account.
        PayoutAccountConfirmed = "payout_account_confirmed",
        /// A guard takes tips, or takes none, from now on.
        GuardStatusChanged = "guard_status_changed",
        /// The tenant's rules for payouts were changed.
        PayoutSettingsChanged = "payout_settings_changed",
        /// A patron's words and address were erased from a tip.
        PatronErased = "patron_erased",
        /// A voucher was published, paused or ended.
        VoucherStatusChanged = "voucher_status_changed",
        /// Its texts, its rules or its end are others.
        VoucherChanged = "voucher_changed",
        /// Codes of a voucher were taken back.
        VoucherCodesRevoked = "voucher_codes_revoked",
        /// They are good again.
        VoucherCodesRestored = "voucher_codes_restored",
    }
}

/// Why something is done, in the words of whoever does it: 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Note(String);

impl Note {
    /// Reads a note; white space around it goes.
    ///
    /// # Errors
    /// [`InvalidFields`] when it is empty, too long, or has control characters other than line ends.
    pub fn parse(text: &str) -> Result<Self, InvalidFields> {
        // A browser's form sends line ends as HTTP writes them.
        let text = text.trim().replace("\r\n", "\n");
        let length = text.chars().count();
        let odd = text.chars().any(|c| c.is_control() && c != '\n');
        if length == 0 || length > NOTE_MAX_CHARS || odd {
            let detail = format!("a note has 1 to {NOTE_MAX_CHARS} characters");
            return Err(InvalidFields(vec![FieldError::new("note", "invalid_note", detail)]));
        }
        Ok(Self(text))
    }

    /// A note of the platform's own, which keeps to the limits.
    pub fn ours(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The note as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Note> for String {
    fn from(note: Note) -> String {
        note.0
    }
}

impl TryFrom<String> for Note {
    type Error = InvalidFields;

    fn try_from(text: String) -> Result<Self, InvalidFields> {
        Self::parse(&text)
    }
}

/// What was so before or after, as a small JSON value. It is hashed as the text that is kept, so that no reader's order
/// of members matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(String);

impl Facts {
    /// Nothing was there, or is.
    pub fn none() -> Self {
        Self("null".to_owned())
    }

    /// The facts of a value. It has no personal facts and no secrets.
    pub fn of(value: &impl Serialize) -> Self {
        serde_json::to_string(value).map_or_else(|_| Self::none(), Self)
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON value.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// A change before it has its place in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditChange {
    /// Whose trail.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What was done.
    pub operation: Operation,
    /// To what: the record's id.
    pub subject: String,
    /// What was so before.
    pub before: Facts,
    /// What is so now.
    pub after: Facts,
    /// Why.
    pub note: Option<Note>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_words_and_an_actor_is_somebody() {
        let check = |text: &str, fine| assert_eq!(Note::parse(text).is_ok(), fine, "{text:?}");
        check(" because\nof that ", true);
        check(&"x".repeat(NOTE_MAX_CHARS), true);
        check(&"x".repeat(NOTE_MAX_CHARS + 1), false);
        for bad in ["", "  ", "a\u{0}b", "a\u{1b}[1m"] {
            check(bad, false);
        }
        let key = Actor::Key(KeyId::new(Timestamp::UNIX_EPOCH, [2; 10]));
        assert_eq!(Actor::parse(&key.to_string()), Ok(key));
        assert_eq!(Actor::parse("system"), Ok(Actor::System));
        assert_eq!(Actor::parse("somebody"), Err(InvalidActor));
    }
}
