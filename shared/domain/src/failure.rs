//! What can go wrong, free of any transport: every refusal and breakage implements [`Failure`].
//! The HTTP status of a [`Kind`] is not here; the edge knows it.

use std::error::Error;

/// The family of a failure. The edge maps it to a status, a worker to "retry" or "give up".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The bytes are not even the format that was announced.
    Malformed,
    /// The request was understood and breaks a rule of its own.
    Invalid,
    /// Nobody, or somebody who cannot prove it.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// Not there, or not yours.
    Missing,
    /// Another state or another writer stands in the way.
    Conflict,
    /// Was there once and is not any more.
    Gone,
    /// More bytes than the route accepts.
    TooLarge,
    /// Too often; try later.
    Limited,
    /// A service that we depend on answered badly.
    Upstream,
    /// We cannot work at the moment; trying again helps.
    Unavailable,
    /// Our mistake.
    Bug,
}

/// A failure with a stable, public code. `Display` is the public sentence; `source()` is private.
pub trait Failure: Error + Send + Sync + 'static {
    /// The family, which decides the status.
    fn kind(&self) -> Kind;

    /// The stable public code, snake_case, for example `voucher_already_redeemed`.
    fn code(&self) -> &'static str;

    /// The fields that are wrong, where the failure concerns fields of the request.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Settings that would work instead, as JSON, where there are any.
    fn suggestion(&self) -> Option<serde_json::Value> {
        None
    }

    /// After how many seconds another try makes sense.
    fn retry_after_s(&self) -> Option<u64> {
        None
    }
}

/// An error and its private causes, `outer: inner: …`, for a log and never for a client.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The path of the field in the request, for example `destinations.property_base`.
    pub field: String,
    /// The stable code of the rule.
    pub code: &'static str,
    /// The sentence for a person.
    pub detail: String,
}

impl FieldError {
    /// A field error from its three parts.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code, detail: detail.into() }
    }
}

/// Several fields are wrong at once; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("some fields are not valid")]
pub struct InvalidFields(pub Vec<FieldError>);

impl Failure for InvalidFields {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "invalid_fields"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}
