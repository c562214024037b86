//! The event that Lambda gives a function for a batch of messages, and what the function's answer means.

use std::collections::BTreeSet;

use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::store::Message;
use crate::registry::BoxError;

/// The MD5 of a body, in hexadecimal, as SQS sends it along. It guards against accidents only.
pub(crate) fn md5_of(body: &str) -> String {
    hex::encode(Md5::digest(body.as_bytes()))
}

/// What SQS tells of a message beside its body.
pub(crate) fn attributes_of(message: &Message, account_id: &str) -> Value {
    let mut attributes = json!({
        "ApproximateReceiveCount": message.receipts.to_string(),
        "SentTimestamp": message.sent_ms.to_string(),
        "SenderId": account_id,
        "ApproximateFirstReceiveTimestamp": message.first_receipt_ms.to_string(),
    });
    if let Some(arn) = &message.came_from {
        attributes["DeadLetterQueueSourceArn"] = json!(arn);
    }
    attributes
}

/// One record of the event.
pub(super) fn record(message: &Message, queue_arn: &str, account_id: &str, region: &str) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes_of(message, account_id),
        "messageAttributes": {},
        "md5OfBody": md5_of(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    })
}

/// The ids that `batchItemFailures` names. No such list, or an empty one, means that all were taken.
pub(super) fn failed_ids(answer: &Value, batch: &[Message]) -> Result<BTreeSet<String>, BoxError> {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::Array(failures)) => failures,
        Some(other) => return Err(format!("batchItemFailures is no list: {other}").into()),
    };
    let mut failed = BTreeSet::new();
    for failure in failures {
        let id = failure.get("itemIdentifier").and_then(Value::as_str);
        let known = id.filter(|id| batch.iter().any(|message| message.id == *id));
        // Lambda takes an identifier that it does not know as the failure of the whole batch.
        let known = known.ok_or_else(|| format!("it named an unknown message: {failure}"))?;
        failed.insert(known.to_owned());
    }
    Ok(failed)
}
