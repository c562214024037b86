//! EventBridge: `PutEvents` in front of the bus.
//!
//! Deliberately absent: making buses and rules, which is the template's part.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::aws::{AwsError, text};
use crate::bus::{Bus, Incoming};
use crate::template::bus_name;

/// Entries of one request.
const ENTRIES_MAX: usize = 10;
/// What the entries of one request may have together, in bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

pub(super) fn answer(bus: &Bus, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "PutEvents" {
        return Err(AwsError::new("UnknownOperationException", format!("no {operation} here")));
    }
    let entries = input.get("Entries").and_then(Value::as_array);
    let entries = entries.map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() || entries.len() > ENTRIES_MAX {
        let message = "Member must have length less than or equal to 10";
        return Err(AwsError::new("ValidationException", message));
    }
    if entries.iter().map(|entry| entry.to_string().len()).sum::<usize>() > REQUEST_BYTES_MAX {
        let message = "Total size of the entries in the request is over the limit.";
        return Err(AwsError::new("ValidationException", message));
    }
    let read: Vec<_> = entries.iter().map(|entry| incoming(bus, entry)).collect();
    let events: Vec<Incoming> = read.iter().filter_map(|read| read.clone().ok()).collect();
    let mut ids = bus.put(&events)?.into_iter();
    let failed = read.len() - events.len();
    let results = read.iter().map(|read| match read {
        Ok(_) => json!({"EventId": ids.next()}),
        Err((code, message)) => json!({"ErrorCode": code, "ErrorMessage": message}),
    });
    Ok(json!({"FailedEntryCount": failed, "Entries": results.collect::<Vec<_>>()}))
}

/// An entry that can be used, else its error's code and message.
fn incoming(bus: &Bus, entry: &Value) -> Result<Incoming, (&'static str, &'static str)> {
    let required = |member: &str| text(entry, member).filter(|text| !text.is_empty());
    let source = required("Source").ok_or(("InvalidArgument", "Source is missing"))?;
    let kind = required("DetailType").ok_or(("InvalidArgument", "DetailType is missing"))?;
    let detail = required("Detail").ok_or(("InvalidArgument", "Detail is missing"))?;
    let detail: Value = serde_json::from_str(detail)
        .ok()
        .filter(Value::is_object)
        .ok_or(("MalformedDetail", "Detail is malformed."))?;
    let name = bus_name(text(entry, "EventBusName").unwrap_or("default"));
    if !bus.has(name) {
        return Err(("ResourceNotFoundException", "The event bus does not exist."));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the fraction of a second is not kept")]
    let seconds = entry.get("Time").and_then(Value::as_f64).map(|seconds| seconds as i64);
    let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(Incoming { bus: name.to_owned(), source: source.into(), kind: kind.into(), detail, at })
}
