//! Problem details (RFC 9457): the one place where a failure becomes an HTTP answer, and where it is logged.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, FieldError, Kind, chain};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";
/// What a person reads when it was our fault: nothing about the inside.
const OUR_FAULT: &str = "something went wrong on our side; the trace_id tells us what";

/// A failure on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    failure: Arc<dyn Failure>,
    /// Members that its body has beside the standard ones (RFC 9457, 3.2).
    members: Map<String, Value>,
}

impl<F: Failure> From<F> for Problem {
    fn from(failure: F) -> Self {
        Self { failure: Arc::new(failure), members: Map::new() }
    }
}

/// The body of a problem.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Where the kind of problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#invalid_cursor")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for a person.
    pub detail: String,
    /// The stable code, for a program.
    pub code: &'static str,
    /// Identifies the request in our logs.
    pub trace_id: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldProblem>)]
    pub errors: Vec<FieldError>,
    /// Settings that would work instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Value>,
    /// What a route adds.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

/// One field that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The path of the field in the request.
    pub field: String,
    /// The stable code of the rule.
    pub code: String,
    /// The sentence for a person.
    pub detail: String,
}

impl Problem {
    /// The problem with one more member in its body. Those of the standard have their meaning and are not replaced.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// The HTTP status of the failure's kind.
    pub fn status(&self) -> StatusCode {
        match self.failure.kind() {
            Kind::Malformed => StatusCode::BAD_REQUEST,
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::Missing => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Gone => StatusCode::GONE,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
            Kind::Upstream => StatusCode::BAD_GATEWAY,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.failure.code()
    }

    /// The sentence for a person. That of a fault of ours never varies.
    pub fn detail(&self) -> String {
        match self.failure.kind() {
            Kind::Bug => OUR_FAULT.to_owned(),
            _ => self.failure.to_string(),
        }
    }

    /// After how many seconds another try makes sense.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.failure.retry_after_s()
    }

    /// The body, for an answer that carries problems of single entries.
    pub fn body(&self, trace_id: &str) -> ProblemBody {
        let status = self.status();
        ProblemBody {
            kind: format!("/docs/problems#{}", self.code()),
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.detail(),
            code: self.code(),
            trace_id: trace_id.to_owned(),
            errors: self.failure.fields(),
            suggestion: self.failure.suggestion(),
            members: self.members.clone(),
        }
    }

    /// Logs what the client does not see: the private chain of a failure that is ours or of a service.
    pub fn log(&self) {
        if !self.status().is_server_error() {
            return;
        }
        let error = chain(&*self.failure);
        tracing::error!(code = self.code(), error, "request failed with `{}`", self.code());
    }
}

/// The answer is finished at the edge, which knows the trace id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a problem that a handler or an extractor returned.
pub(crate) fn finish(response: Response, trace_id: &str) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    problem.log();
    let (mut parts, _) = response.into_parts();
    // The edge answers a wrong method with its own status.
    let title = parts.status.canonical_reason().unwrap_or_default();
    let body = ProblemBody { title, status: parts.status.as_u16(), ..problem.body(trace_id) };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Some(seconds) = problem.retry_after_s() {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if parts.status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("ApiKey realm=\"tessera\"");
        parts.headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    Response::from_parts(parts, Body::from(body))
}
