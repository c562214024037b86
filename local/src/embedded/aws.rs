//! One server for the small services: parameters, secrets, keys, queues, the event bus, text messages, mail and push.
//!
//! Most speak AWS's JSON protocol: the operation is in `x-amz-target`, errors are named in `__type`. Signatures are not
//! checked: the port is open to this machine only, and what is kept here is only this machine's.

use std::sync::Arc;

use adapters::random::Random;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::inbox::Inbox;
pub(crate) use super::kms::Keys;
pub(crate) use super::secrets::Secrets;
pub(crate) use super::sqs::Sqs;
pub(crate) use super::ssm::Parameters;
use super::{events, push, ses, sns, sqs};
use crate::bus::Bus;

/// The largest request, in bytes: a letter with its files, as SES takes it.
const REQUEST_BYTES_MAX: usize = 40 * 1024 * 1024;
/// What SNS's forms are announced as.
const FORM: &str = "application/x-www-form-urlencoded";

/// An error as AWS answers it.
#[derive(Debug)]
pub(super) struct AwsError {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl AwsError {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The disk failed.
    pub(super) fn disk(error: &std::io::Error) -> Self {
        tracing::error!("the data folder cannot be written: {error}");
        Self::new("InternalServerError", "the data folder cannot be written")
    }
}

/// The small services behind one port.
#[derive(Clone, Debug)]
pub(crate) struct SmallServices {
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) sqs: Sqs,
    pub(crate) bus: Bus,
    pub(crate) inbox: Inbox,
    pub(crate) random: Random,
}

impl SmallServices {
    /// Answers the SDK until `stop` resolves.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        let router = Router::new()
            .route("/push/{subscription}", post(push::take))
            .with_state(self.inbox.clone())
            .merge(
                Router::new()
                    .route("/", post(answer))
                    .route("/v2/email/outbound-emails", post(letter))
                    .with_state(self),
            )
            .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX));
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
            tracing::error!("the embedded small services stopped: {error}");
        }
    }
}

/// The text of a member, when it is there.
pub(super) fn text<'v>(input: &'v Value, member: &str) -> Option<&'v str> {
    input.get(member).and_then(Value::as_str)
}

async fn answer(
    State(services): State<SmallServices>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let target = header("x-amz-target");
    if target.is_none() && header("content-type").is_some_and(|kind| kind.starts_with(FORM)) {
        return sns::answer(&services.inbox, &services.random, &body);
    }
    let input: Value = match serde_json::from_slice(&body) {
        Ok(input) => input,
        Err(error) => return refused(&AwsError::new("SerializationException", error.to_string())),
    };
    let outcome = match target.unwrap_or_default().split_once('.') {
        Some(("AmazonSSM", operation)) => services.parameters.answer(operation, &input),
        Some(("secretsmanager", operation)) => services.secrets.answer(operation, &input),
        Some(("TrentService", operation)) => services.keys.answer(operation, &input),
        Some(("AmazonSQS", operation)) => services.sqs.answer(operation, &input),
        Some(("AWSEvents", operation)) => events::answer(&services.bus, operation, &input),
        _ => Err(AwsError::new("UnknownOperationException", "no such service here")),
    };
    match outcome {
        Ok(output) => reply(StatusCode::OK, &output),
        Err(error) => refused(&error),
    }
}

async fn letter(State(services): State<SmallServices>, body: Bytes) -> Response {
    ses::answer(&services.inbox, &services.random, &body)
}

fn refused(error: &AwsError) -> Response {
    let status = if error.kind == "InternalServerError" {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    // The services do not agree on the member's capital, so both are given.
    let body = json!({"__type": error.kind, "message": error.message, "Message": error.message});
    let mut response = reply(status, &body);
    if let Some(code) = sqs::query_error(error)
        && let Ok(code) = HeaderValue::try_from(code)
    {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}

fn reply(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string())
        .into_response()
}
