//! What a patron may say about themselves: a name, a message, an address for the receipt. All optional.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::contact::{Email, InvalidContact, is_hidden};
use crate::failure::{FieldError, InvalidFields};
use crate::id::TipId;

/// The longest name, in characters.
pub const ALIAS_MAX_CHARS: usize = 40;
/// The longest message, in characters.
pub const MESSAGE_MAX_CHARS: usize = 200;

/// A short text of a patron: one line, trimmed, not empty, nothing in it that hides or turns other text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatronText(String);

impl PatronText {
    /// Reads a text of at most `chars_max` characters. Line breaks and tabs count as spaces; blank is nothing.
    pub(super) fn parse(text: &str, chars_max: usize) -> Result<Option<Self>, &'static str> {
        let line: String =
            text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
        let line = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let line = line.trim();
        if line.chars().count() > chars_max {
            return Err("too_long");
        }
        if line.chars().any(is_hidden) {
            return Err("unprintable");
        }
        Ok((!line.is_empty()).then(|| Self(line.to_owned())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PatronText {
    /// What people write is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PatronText({} bytes)", self.0.len())
    }
}

/// What a patron said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patron {
    /// How the patron wants to be called.
    pub alias: Option<PatronText>,
    /// A word for the guard.
    pub message: Option<PatronText>,
    /// Where the receipt goes.
    pub email: Option<Email>,
}

impl Patron {
    /// Reads the three fields of a request; an empty one is one that is not there.
    ///
    /// # Errors
    /// [`InvalidFields`] names each of `patron_alias`, `message` and `email` that cannot be taken.
    pub fn parse(alias: &str, message: &str, email: &str) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        let alias = PatronText::parse(alias, ALIAS_MAX_CHARS).unwrap_or_else(|code| {
            errors.push(text_error("patron_alias", code, "the name", ALIAS_MAX_CHARS));
            None
        });
        let message = PatronText::parse(message, MESSAGE_MAX_CHARS).unwrap_or_else(|code| {
            errors.push(text_error("message", code, "the message", MESSAGE_MAX_CHARS));
            None
        });
        let email = match email.trim() {
            "" => None,
            email => Email::parse(email).map(Some).unwrap_or_else(|wrong| {
                errors.push(FieldError::new("email", "invalid_email", wrong.to_string()));
                None
            }),
        };
        if errors.is_empty() {
            Ok(Self { alias, message, email })
        } else {
            Err(InvalidFields(errors))
        }
    }

    /// The address that Paystack is given: the patron's, or one that stands for the tip (X13).
    ///
    /// # Errors
    /// [`InvalidContact::Email`] where there is none and the tenant's mail domain is no domain.
    pub fn email_for_paystack(
        &self,
        tip: &TipId,
        mail_domain: &str,
    ) -> Result<Email, InvalidContact> {
        match &self.email {
            Some(email) => Ok(email.clone()),
            None => Email::of_tip(tip, mail_domain),
        }
    }
}

pub(super) fn text_error(
    field: &str,
    code: &'static str,
    what: &str,
    chars_max: usize,
) -> FieldError {
    let detail = format!("{what} has at most {chars_max} characters, and none that cannot be seen");
    FieldError::new(field, code, detail)
}
