//! What Paystack answers: one envelope, and the bodies of its errors with their codes and odd spellings.

use std::borrow::Cow;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

/// A good answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) message: Cow<'static, str>,
    pub(super) content: Option<Value>,
    pub(super) meta: Option<Value>,
}

/// A refusal; most have only some of these members.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
    kind: Option<&'static str>,
    code: Option<&'static str>,
    next_step: Option<&'static str>,
    /// Requests per window, those that are left, seconds until the window ends.
    pub(super) limit: Option<(u32, u32, i64)>,
}

/// What an operation ends in.
pub(super) type Outcome = Result<Reply, Refusal>;

/// An answer before it becomes bytes, so that a fault can still change it.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) limit: Option<(u32, u32, i64)>,
}

impl Reply {
    pub(super) fn ok(message: impl Into<Cow<'static, str>>, content: Value) -> Self {
        let (status, message) = (StatusCode::OK, message.into());
        Self { status, message, content: Some(content), meta: None }
    }

    pub(super) fn bare(message: &'static str) -> Self {
        Self { status: StatusCode::OK, message: message.into(), content: None, meta: None }
    }

    pub(super) fn created(message: &'static str, content: Value) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(message, content) }
    }

    pub(super) fn list(message: &'static str, (items, meta): (Vec<Value>, Value)) -> Self {
        Self { meta: Some(meta), ..Self::ok(message, Value::Array(items)) }
    }
}

const VALIDATION: &str = "validation_error";
const API: &str = "api_error";
const CHECK_PARAMS: &str = "Ensure that you're passing the correct parameters to the request";

impl Refusal {
    /// With its type and code.
    fn full(
        status: StatusCode,
        message: impl Into<Cow<'static, str>>,
        (kind, code): (&'static str, &'static str),
        next_step: &'static str,
    ) -> Self {
        let (kind, code, next_step) = (Some(kind), Some(code), Some(next_step));
        Self { status, message: message.into(), kind, code, next_step, limit: None }
    }

    /// With nothing but its message.
    pub(super) fn plain(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { status, message, kind: None, code: None, next_step: None, limit: None }
    }

    /// A request that is wrong in itself.
    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::coded(message, "invalid_params")
    }

    pub(super) fn coded(message: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self::full(StatusCode::BAD_REQUEST, message, (VALIDATION, code), CHECK_PARAMS)
    }

    pub(super) fn invalid_key() -> Self {
        let step = "Ensure that you provide the correct authorization key for the request";
        Self::full(StatusCode::UNAUTHORIZED, "Invalid key", (VALIDATION, "invalid_Key"), step)
    }

    pub(super) fn missing(message: &'static str) -> Self {
        let step = "Provide all required params";
        Self::full(StatusCode::BAD_REQUEST, message, (VALIDATION, "missing_params"), step)
    }

    /// 400, as the sandbox answers it; the specification says 404.
    pub(super) fn unknown_reference() -> Self {
        let step = "Ensure that you're passing a valid transaction reference";
        let code = (VALIDATION, "transaction_not_found");
        Self::full(StatusCode::BAD_REQUEST, "Transaction reference not found.", code, step)
    }

    pub(super) fn not_found(message: &'static str) -> Self {
        Self::plain(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn recipient() -> Self {
        let step = "Ensure that the recipient code is correct and active";
        let code = (VALIDATION, "invalid_transfer_recipient");
        Self::full(StatusCode::BAD_REQUEST, "Recipient specified is invalid", code, step)
    }

    pub(super) fn duplicate_transfer() -> Self {
        let message = "Please provide a unique reference. Reference already exists on a transfer";
        let code = (VALIDATION, "duplicate_transfer_reference");
        let step = "Create a new reference for the new transfer";
        Self::full(StatusCode::BAD_REQUEST, message, code, step)
    }

    /// One duplicate refuses the whole call, and with 404.
    pub(super) fn duplicates(references: &[String]) -> Self {
        let message = format!("Duplicate reference(s) found: {}", references.join(","));
        Self::full(StatusCode::NOT_FOUND, message, (API, "unknown"), "Try again later")
    }

    pub(super) fn balance() -> Self {
        let message = "Your balance is not enough to fulfil this request";
        let code = (API, "insufficient_balance");
        Self::full(StatusCode::BAD_REQUEST, message, code, "Top up your balance and try again")
    }

    pub(super) fn unknown_bank(code: &str) -> Self {
        Self::invalid(format!("Unknown bank code: {code}"))
    }

    pub(super) fn unresolved() -> Self {
        let message = "Could not resolve account name. Check parameters or try again.";
        let code = (VALIDATION, "invalid_bank_code");
        Self::full(StatusCode::UNPROCESSABLE_ENTITY, message, code, CHECK_PARAMS)
    }

    pub(super) fn refund_state() -> Self {
        let message = "Invalid Refund state, refund status should be \"needs-attention\"";
        let code = (VALIDATION, "invalid_params");
        Self::full(StatusCode::UNPROCESSABLE_ENTITY, message, code, CHECK_PARAMS)
    }

    pub(super) fn rate_limited(limit: u32, reset_s: i64) -> Self {
        let (code, step) = ((API, "rate_limited"), "Wait a few minutes and try the API call again");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let refusal = Self::full(status, "Rate limit exceeded!", code, step);
        Self { limit: Some((limit, 0, reset_s)), ..refusal }
    }

    /// Paystack itself is ill.
    pub(super) fn broken() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::full(status, "An error occurred", (API, "unknown"), "Try again later")
    }
}

impl From<Outcome> for Spoken {
    fn from(outcome: Outcome) -> Self {
        let (refusal, mut body) = match outcome {
            Ok(reply) => {
                let mut body = envelope(true, &reply.message);
                body.extend(reply.content.map(|content| ("data".to_owned(), content)));
                body.extend(reply.meta.map(|meta| ("meta".to_owned(), meta)));
                return Self { status: reply.status, body: Value::Object(body), limit: None };
            }
            Err(refusal) => {
                let body = envelope(false, &refusal.message);
                (refusal, body)
            }
        };
        if let Some(step) = refusal.next_step {
            body.insert("meta".to_owned(), json!({ "nextStep": step }));
        }
        body.extend(refusal.kind.map(|kind| ("type".to_owned(), kind.into())));
        body.extend(refusal.code.map(|code| ("code".to_owned(), code.into())));
        Self { status: refusal.status, body: Value::Object(body), limit: refusal.limit }
    }
}

fn envelope(is_good: bool, message: &str) -> Map<String, Value> {
    let members = [("status", Value::Bool(is_good)), ("message", message.into())];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl From<Spoken> for Response<Body> {
    fn from(spoken: Spoken) -> Self {
        let mut response = Response::new(Body::from(spoken.body.to_string()));
        *response.status_mut() = spoken.status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some((limit, remaining, reset_s)) = spoken.limit {
            for (name, number) in [
                ("x-ratelimit-limit", i64::from(limit)),
                ("x-ratelimit-remaining", i64::from(remaining)),
                ("x-ratelimit-reset", reset_s),
            ] {
                headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
            }
        }
        response
    }
}
