//! What every request passes through: a trace id, a span, a caught panic, finished problems, headers, one log line
//! and the metrics of the request.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use adapters::random::Random;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::access::hex;
use domain::failure::{Failure, Kind};
use domain::limit::BODY_MAX_BYTES;
use futures::FutureExt;
use tracing::Instrument;

use crate::Routes;
use crate::idempotency;
use crate::problem::{self, Problem};

/// The header that carries the trace id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest trace id that is taken from a client, in bytes.
const REQUEST_ID_MAX_BYTES: usize = 64;
/// One year, with everything below the domain.
const HSTS: &str = "max-age=31536000; includeSubDomains";
/// For answers that are not pages: nothing may be loaded from them.
const NO_CONTENT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The trace id of the request at hand.
#[derive(Clone, Debug)]
pub struct TraceId(pub String);

/// There is no such path here, or not with this method.
#[derive(Debug, thiserror::Error)]
enum NoRoute {
    #[error("there is nothing at this address")]
    Path,
    #[error("this address does not take this method")]
    Method,
}

impl Failure for NoRoute {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        match self {
            NoRoute::Path => "no_such_path",
            NoRoute::Method => "method_not_allowed",
        }
    }
}

/// A handler panicked; the request is lost, the process is not.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

impl Failure for Panicked {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "internal_error"
    }
}

/// The finished router of a function: its routes behind the edge.
pub fn router(service: &'static str, routes: Routes) -> axum::Router {
    let (router, _) = routes.split_for_parts();
    router
        .fallback(|| async { Problem::from(NoRoute::Path) })
        .method_not_allowed_fallback(|| async {
            let mut response = Problem::from(NoRoute::Method).into_response();
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response
        })
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn(move |request, next| pass(service, request, next)))
}

async fn pass(service: &'static str, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let trace_id = trace_id(request.headers());
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(TraceId(trace_id.clone()));
    let claims = idempotency::Slot::default();
    request.extensions_mut().insert(claims.clone());

    let span = tracing::info_span!(
        "request",
        trace_id = %trace_id,
        service,
        route = %path,
        user_id = tracing::field::Empty,
    );
    let response = async {
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = handled.unwrap_or_else(|_| Problem::from(Panicked).into_response());
        let response = problem::finish(response, &trace_id);
        let response = claims.settle(response).await;
        report(&method, &path, response.status(), started);
        response
    }
    .instrument(span)
    .await;
    with_headers(response, &trace_id)
}

/// The client's id when it is harmless in a log, else a new one.
fn trace_id(headers: &HeaderMap) -> String {
    let harmless = |text: &&str| {
        (1..=REQUEST_ID_MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless);
    sent.map_or_else(|| hex(&Random::system().bytes::<16>()), str::to_owned)
}

fn report(method: &Method, path: &str, status: StatusCode, started: Instant) {
    let elapsed = started.elapsed();
    let labels = [
        ("method", method.as_str().to_owned()),
        ("path", path.to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", "path" => path.to_owned()).record(elapsed);
    let latency_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        event = "request_finished",
        method = %method,
        status = status.as_u16(),
        latency_ms,
        "{method} {path} {}",
        status.as_u16()
    );
}

fn with_headers(mut response: Response, trace_id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(trace_id) {
        headers.insert(REQUEST_ID, value);
    }
    let defaults = [
        (header::STRICT_TRANSPORT_SECURITY, HSTS),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::CONTENT_SECURITY_POLICY, NO_CONTENT_POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
