//! Systems Manager parameters and Secrets Manager: one small server for the AWS JSON 1.1 protocol.
//!
//! The operation is in `x-amz-target`, errors are named in `__type`. Signatures are not checked: the port is open to
//! this machine only, and what is kept here is only this machine's.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) use super::secrets::Secrets;
pub(crate) use super::ssm::Parameters;

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

/// The two services behind one port.
#[derive(Clone, Debug)]
pub(crate) struct SmallServices {
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) secrets: Arc<Secrets>,
}

impl SmallServices {
    /// Answers the SDK until `stop` resolves.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        let router = Router::new().route("/", post(answer)).with_state(self);
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
            tracing::error!("the embedded SSM and Secrets Manager stopped: {error}");
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
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let input: Value = match serde_json::from_slice(&body) {
        Ok(input) => input,
        Err(error) => return refused(&AwsError::new("SerializationException", error.to_string())),
    };
    let outcome = match target.unwrap_or_default().split_once('.') {
        Some(("AmazonSSM", operation)) => services.parameters.answer(operation, &input),
        Some(("secretsmanager", operation)) => services.secrets.answer(operation, &input),
        _ => Err(AwsError::new("UnknownOperationException", "no such service here")),
    };
    match outcome {
        Ok(output) => reply(StatusCode::OK, &output),
        Err(error) => refused(&error),
    }
}

fn refused(error: &AwsError) -> Response {
    let status = if error.kind == "InternalServerError" {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    // The services do not agree on the member's capital, so both are given.
    reply(
        status,
        &json!({"__type": error.kind, "message": error.message, "Message": error.message}),
    )
}

fn reply(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string())
        .into_response()
}
