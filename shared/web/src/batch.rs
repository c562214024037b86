//! The answer to a batch of a queue: which of its messages have to come again. Lambda deletes the others.
//!
//! Deliberately absent: streams, whose batches come again from one record on.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse};

/// The messages with these ids (SQS's `messageId`) come again.
pub fn again(ids: impl IntoIterator<Item = String>) -> SqsBatchResponse {
    let failure = |id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids.into_iter().map(failure).collect();
    response
}
