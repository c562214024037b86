//! SQS: the present SDK's JSON protocol in front of the queues.
//!
//! Deliberately absent: making and deleting queues, which is the template's part, message attributes and long polling.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::aws::{AwsError, text};
use crate::queue::{Home, Message, Outgoing, QueueError, Queues, attributes_of, md5_of};
use crate::template::Queue;

/// The largest message, and the most that a batch may have together, in bytes.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Entries of a batch, and messages of a receipt.
const BATCH_MAX: usize = 10;
/// SQS's own limit for `DelaySeconds`.
const DELAY_SECONDS_MAX: u64 = 900;
/// SQS's own limit for `VisibilityTimeout`.
const VISIBILITY_SECONDS_MAX: u64 = 43_200;

/// What an error of SQS's own is called in front of its name.
const NAMESPACE: &str = "com.amazonaws.sqs#";

/// SQS in front of the queues of the template.
#[derive(Clone, Debug)]
pub(crate) struct Sqs {
    pub(crate) queues: Queues,
    pub(crate) account_id: String,
}

impl From<QueueError> for AwsError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::NoSuchQueue(_) => Self::new(
                "com.amazonaws.sqs#QueueDoesNotExist",
                "The specified queue does not exist.",
            ),
            QueueError::Disk(error) => {
                tracing::error!("the queues cannot be read or written: {error}");
                Self::new("InternalServerError", "the queues cannot be read or written")
            }
        }
    }
}

impl Sqs {
    pub(super) fn answer(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        match operation {
            "SendMessage" => self.send(input),
            "SendMessageBatch" => self.send_batch(input),
            "ReceiveMessage" => self.receive(input),
            "DeleteMessage" => self.delete(input),
            "DeleteMessageBatch" => self.delete_batch(input),
            "ChangeMessageVisibility" => self.change_visibility(input),
            "GetQueueAttributes" => self.attributes(input),
            "GetQueueUrl" => self.url(input),
            "PurgeQueue" => {
                self.queues.purge(&self.queue(input)?.name)?;
                Ok(json!({}))
            }
            "StartMessageMoveTask" => self.move_back(input),
            other => Err(AwsError::new("UnknownOperationException", format!("no {other} here"))),
        }
    }

    /// A queue's URL ends with its name.
    fn queue(&self, input: &Value) -> Result<&Queue, AwsError> {
        let url = text(input, "QueueUrl").ok_or_else(|| missing("QueueUrl"))?;
        Ok(self.queues.declared(url.rsplit('/').next().unwrap_or_default())?)
    }

    fn send(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let (body, delay) = entry(input)?;
        let ids = self.queues.send(&[Outgoing { queue: &queue.name, body, delay }])?;
        Ok(json!({"MessageId": ids.first(), "MD5OfMessageBody": md5_of(body)}))
    }

    fn send_batch(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let entries = entries(input)?;
        let length = |(_, entry): &(&str, &Value)| text(entry, "MessageBody").map_or(0, str::len);
        if entries.iter().map(length).sum::<usize>() > MESSAGE_BYTES_MAX {
            let message =
                format!("Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes.");
            return Err(AwsError::new("com.amazonaws.sqs#BatchRequestTooLong", message));
        }
        let (mut taken, mut failed) = (Vec::new(), Vec::new());
        for (id, input) in entries {
            match entry(input) {
                Ok((body, delay)) => taken.push((id, Outgoing { queue: &queue.name, body, delay })),
                Err(error) => failed.push(failure(id, &error)),
            }
        }
        let messages: Vec<Outgoing<'_>> =
            taken.iter().map(|(_, message)| message.clone()).collect();
        let ids = self.queues.send(&messages)?;
        let successful = taken.iter().zip(ids).map(|((id, message), message_id)| {
            json!({"Id": id, "MessageId": message_id, "MD5OfMessageBody": md5_of(message.body)})
        });
        Ok(json!({"Successful": successful.collect::<Vec<_>>(), "Failed": failed}))
    }

    fn receive(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let most = input.get("MaxNumberOfMessages").and_then(Value::as_u64).unwrap_or(1);
        let most = usize::try_from(most).ok().filter(|most| (1..=BATCH_MAX).contains(most));
        let most = most.ok_or_else(|| invalid("MaxNumberOfMessages must be from 1 to 10"))?;
        let hidden_for = seconds(input, "VisibilityTimeout", VISIBILITY_SECONDS_MAX)?;
        let messages = self.queues.receive(&queue.name, most, hidden_for, None)?;
        let described = |message: &Message| {
            json!({
                "MessageId": message.id,
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                "MD5OfBody": md5_of(&message.body),
                // All of them, asked for or not: a caller that asked for fewer does not look at the others.
                "Attributes": attributes_of(message, &self.account_id),
            })
        };
        Ok(json!({"Messages": messages.iter().map(described).collect::<Vec<_>>()}))
    }

    fn delete(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        // A receipt that is good no more is no error: the message was handed out again, and stays.
        self.queues.delete(&queue.name, receipt(input)?)?;
        Ok(json!({}))
    }

    fn delete_batch(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, entry) in entries(input)? {
            match receipt(entry) {
                Ok(receipt) => {
                    self.queues.delete(&queue.name, receipt)?;
                    successful.push(json!({"Id": id}));
                }
                Err(error) => failed.push(failure(id, &error)),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    fn change_visibility(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let hidden_for = seconds(input, "VisibilityTimeout", VISIBILITY_SECONDS_MAX)?;
        let hidden_for = hidden_for.ok_or_else(|| missing("VisibilityTimeout"))?;
        if self.queues.hide(&queue.name, receipt(input)?, hidden_for)? {
            return Ok(json!({}));
        }
        let message = "The receipt handle has expired.";
        Err(AwsError::new("com.amazonaws.sqs#MessageNotInflight", message))
    }

    fn attributes(&self, input: &Value) -> Result<Value, AwsError> {
        let queue = self.queue(input)?;
        let state = self.queues.state(queue)?;
        let mut attributes = json!({
            "QueueArn": queue.arn,
            "ApproximateNumberOfMessages": state.waiting.to_string(),
            "ApproximateNumberOfMessagesNotVisible": state.in_flight.to_string(),
            "ApproximateNumberOfMessagesDelayed": state.delayed.to_string(),
            "VisibilityTimeout": queue.visibility.as_secs().to_string(),
            "DelaySeconds": queue.delay.as_secs().to_string(),
            "MessageRetentionPeriod": queue.retention.as_secs().to_string(),
            "MaximumMessageSize": MESSAGE_BYTES_MAX.to_string(),
        });
        if let Some(redrive) = &queue.redrive {
            let (to, most) = (&redrive.to, redrive.receipts_max);
            let policy = json!({"deadLetterTargetArn": to, "maxReceiveCount": most}).to_string();
            attributes["RedrivePolicy"] = Value::String(policy);
        }
        Ok(json!({"Attributes": attributes}))
    }

    fn url(&self, input: &Value) -> Result<Value, AwsError> {
        let name = text(input, "QueueName").ok_or_else(|| missing("QueueName"))?;
        Ok(json!({"QueueUrl": self.queues.declared(name)?.url}))
    }

    /// AWS does it in its own time; here it is done when it is answered.
    fn move_back(&self, input: &Value) -> Result<Value, AwsError> {
        let source = text(input, "SourceArn").ok_or_else(|| missing("SourceArn"))?;
        let gone = |_| {
            let message =
                "The resource that you specified for the SourceArn parameter doesn't exist.";
            AwsError::new("com.amazonaws.sqs#ResourceNotFoundException", message)
        };
        let source = self.queues.by_arn(source).map_err(gone)?;
        let home = match text(input, "DestinationArn") {
            Some(arn) => Home::Everything(self.queues.by_arn(arn)?),
            None => Home::Origin,
        };
        let moved = self.queues.move_back(&source.name, home)?;
        Ok(json!({"TaskHandle": format!("{}-{moved}", source.name)}))
    }
}

fn entry(input: &Value) -> Result<(&str, Option<Duration>), AwsError> {
    if input.get("MessageAttributes").is_some_and(|attributes| *attributes != json!({})) {
        return Err(AwsError::new(
            "com.amazonaws.sqs#UnsupportedOperation",
            "message attributes are not kept here",
        ));
    }
    let body = text(input, "MessageBody").filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| missing("MessageBody"))?;
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(invalid(
            "One or more parameters are invalid. Reason: Message must be shorter.",
        ));
    }
    Ok((body, seconds(input, "DelaySeconds", DELAY_SECONDS_MAX)?))
}

fn entries(input: &Value) -> Result<Vec<(&str, &Value)>, AwsError> {
    let refused = |kind, message: &str| Err(AwsError::new(kind, message));
    let entries = input.get("Entries").and_then(Value::as_array);
    let entries = entries.map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return refused(
            "com.amazonaws.sqs#EmptyBatchRequest",
            "There should be at least one entry.",
        );
    }
    if entries.len() > BATCH_MAX {
        let message = "Maximum number of entries per request are 10.";
        return refused("com.amazonaws.sqs#TooManyEntriesInBatchRequest", message);
    }
    let mut ids = BTreeSet::new();
    let mut named = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = text(entry, "Id").ok_or_else(|| missing("Id"))?;
        if !ids.insert(id) {
            let message = "Two or more batch entries in the request have the same Id.";
            return refused("com.amazonaws.sqs#BatchEntryIdsNotDistinct", message);
        }
        named.push((id, entry));
    }
    Ok(named)
}

fn receipt(input: &Value) -> Result<&str, AwsError> {
    let receipt = text(input, "ReceiptHandle").ok_or_else(|| missing("ReceiptHandle"))?;
    let ours = receipt.split_once('-').is_some_and(|(number, _)| number.parse::<i64>().is_ok());
    if ours {
        return Ok(receipt);
    }
    let message = "The input receipt handle is invalid.";
    Err(AwsError::new("com.amazonaws.sqs#ReceiptHandleIsInvalid", message))
}

fn seconds(input: &Value, member: &str, most: u64) -> Result<Option<Duration>, AwsError> {
    match input.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().filter(|seconds| *seconds <= most) {
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None => Err(invalid(&format!("{member} must be from 0 to {most}"))),
        },
    }
}

fn failure(id: &str, error: &AwsError) -> Value {
    json!({"Id": id, "SenderFault": true, "Code": error.kind, "Message": error.message})
}

/// What the error was called in SQS's older protocol; the SDK still goes by that.
pub(super) fn query_error(error: &AwsError) -> Option<String> {
    let code = match error.kind.strip_prefix(NAMESPACE)? {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        same @ ("ReceiptHandleIsInvalid" | "ResourceNotFoundException") => same.to_owned(),
        other => format!("AWS.SimpleQueueService.{other}"),
    };
    Some(format!("{code};Sender"))
}

fn missing(member: &str) -> AwsError {
    AwsError::new("MissingParameter", format!("The request must contain {member}."))
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}
