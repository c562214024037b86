//! A message of the queue: the bus's event around a notice.

use aws_lambda_events::event::sqs::SqsMessage;
use domain::notice::Notice;
use serde::Deserialize;

/// What EventBridge puts around what was put on the bus; only the inside matters, the rule has looked at the rest.
#[derive(Debug, Deserialize)]
struct Envelope {
    detail: Notice,
}

/// A message that is no event with a notice in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the message is empty")]
    Empty,
    /// Not its text: a parser's message would quote what it has read.
    #[error("the message is no event with a notice: line {line}, column {column}")]
    Notice { line: usize, column: usize },
}

/// Reads the notice out of a message.
pub(crate) fn read(message: &SqsMessage) -> Result<Notice, Unreadable> {
    let body = message.body.as_deref().ok_or(Unreadable::Empty)?;
    let envelope: Envelope = serde_json::from_str(body)
        .map_err(|error| Unreadable::Notice { line: error.line(), column: error.column() })?;
    Ok(envelope.detail)
}
