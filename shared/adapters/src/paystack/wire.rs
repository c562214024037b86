//! Reading Paystack's JSON: an envelope `{status, message, data, meta}` around fields whose types vary. The same
//! amount is a number here and a text there, dates have two spellings that may both be present, what is unknown may be
//! `null`, `""` or absent. Fields that we do not know are nobody's business.

use domain::money::EXACT_MAX;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::{Garbled, PaystackError, Reason, Refusal};
use crate::https::Answer;

/// How long to wait after a 429 that does not say, in seconds: Paystack counts by the minute.
const LIMITED_FOR_S: u64 = 60;
/// The longest wait after a 429 that is believed, in seconds.
const LIMITED_FOR_MAX_S: u64 = 3600;
/// The longest code of Paystack's that is kept, in bytes.
const CODE_MAX_BYTES: usize = 60;

/// What a call has brought.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) data: Value,
    pub(super) meta: Value,
}

/// Reads an answer: what was asked for, or why not.
pub(super) fn read(answer: &Answer) -> Result<Envelope, PaystackError> {
    let status = answer.status;
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(PaystackError::Limited { retry_after_s: retry_after_s(&answer.headers) });
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        let cause = format!("Paystack answered {}", status.as_u16());
        return Err(PaystackError::Unknown(cause.into()));
    }
    let body = serde_json::from_slice(&answer.body).map_err(|_| Garbled("JSON"))?;
    let Value::Object(mut body) = body else { return Err(Garbled("an object").into()) };
    match (accepted(body.get("status")), status.is_success()) {
        (Some(true), true) => {
            let mut take = |name| body.remove(name).unwrap_or(Value::Null);
            Ok(Envelope { data: take("data"), meta: take("meta") })
        }
        (Some(false), _) if status.is_success() || status.is_client_error() => {
            Err(PaystackError::Refused(refusal(status, &body)))
        }
        _ => Err(Garbled("status").into()),
    }
}

/// `status` as an old sample has it, too: as a text.
fn accepted(status: Option<&Value>) -> Option<bool> {
    match status? {
        Value::Bool(accepted) => Some(*accepted),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn retry_after_s(headers: &HeaderMap) -> u64 {
    let header = headers.get("x-ratelimit-reset").or_else(|| headers.get("retry-after"));
    let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(LIMITED_FOR_S, |seconds: u64| seconds.clamp(1, LIMITED_FOR_MAX_S))
}

fn refusal(status: StatusCode, body: &Map<String, Value>) -> Refusal {
    let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (code, message) = (text("code"), text("message").to_ascii_lowercase());
    let reason = reason(status, &code.to_ascii_lowercase(), &message);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let plain = code.len() <= CODE_MAX_BYTES && code.bytes().all(plain);
    let code = if plain { code.to_owned() } else { String::new() };
    Refusal { status: status.as_u16(), code, reason }
}

/// Codes are often left out, and their list is not published; then the sentence has to do.
fn reason(status: StatusCode, code: &str, message: &str) -> Reason {
    let says = |words: &str| message.contains(words);
    if status == StatusCode::UNAUTHORIZED || code == "invalid_key" {
        Reason::Key
    } else if code.starts_with("duplicate_") || says("duplicate") || says("already exists") {
        Reason::DuplicateReference
    } else if code == "invalid_transfer_recipient" || says("recipient specified is invalid") {
        Reason::Recipient
    } else if code == "insufficient_balance" || says("balance is not enough") {
        Reason::Balance
    } else if says(" otp ") {
        Reason::Otp
    } else if status == StatusCode::NOT_FOUND || code.ends_with("_not_found") || says("not found") {
        Reason::Missing
    } else if says("currency") {
        Reason::Currency
    } else if says("amount") {
        Reason::Amount
    } else if status == StatusCode::FORBIDDEN {
        Reason::Key
    } else {
        Reason::Other
    }
}

/// The fields of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, Garbled> {
        value.as_object().map(Fields).ok_or(Garbled("data"))
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn object(self, name: &str) -> Option<Self> {
        self.get(name)?.as_object().map(Fields)
    }

    /// A text that is there, and not empty.
    pub(super) fn text(self, name: &'static str) -> Result<&'a str, Garbled> {
        self.text_if_any(name).ok_or(Garbled(name))
    }

    pub(super) fn text_if_any(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// `true` only where it says so, as `true` or as `1`.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_u64() == Some(1)),
            _ => None,
        }
    }

    /// An amount in minor units.
    pub(super) fn minor(self, name: &'static str) -> Result<i64, Garbled> {
        self.minor_if_any(name)?.ok_or(Garbled(name))
    }

    pub(super) fn minor_if_any(self, name: &'static str) -> Result<Option<i64>, Garbled> {
        let minor: Option<i64> = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_i64(),
            Some(_) => None,
        };
        let exact = minor.filter(|minor| minor.unsigned_abs() <= EXACT_MAX.unsigned_abs());
        exact.map(Some).ok_or(Garbled(name))
    }

    pub(super) fn id(self, name: &'static str) -> Result<u64, Garbled> {
        self.get(name).and_then(id).ok_or(Garbled(name))
    }

    /// The id of what a field stands for: it is an id here and an object there.
    pub(super) fn id_of(self, name: &'static str) -> Result<u64, Garbled> {
        match self.object(name) {
            Some(object) => object.id("id"),
            None => self.id(name),
        }
    }

    /// An instant under the first of its spellings that can be read.
    pub(super) fn instant(self, spellings: [&str; 2]) -> Option<Timestamp> {
        spellings.into_iter().find_map(|name| self.text_if_any(name)?.parse().ok())
    }
}

fn id(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The rows of a list.
pub(super) fn rows(data: &Value) -> Result<&Vec<Value>, Garbled> {
    data.as_array().ok_or(Garbled("a list"))
}

#[cfg(test)]
mod tests;
