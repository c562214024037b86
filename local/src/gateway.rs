//! The door: what CloudFront and API Gateway do in the cloud.
//!
//! As CloudFront it takes away the headers that a client must not set, adds the viewer's address and the origin
//! secret, and serves the distribution's bucket paths. As API Gateway it finds the template's route, makes the event,
//! and hands it to the function through `lambda_http`'s own parser. Deliberately absent: a cache, so that a page never
//! looks fresher or staler than its function; and TLS.
//!
//! Before all that come the console's own paths, for this machine alone: see [`crate::console`].
//!
//! A local convenience: `cloudfront-viewer-country`, `-country-region` and `-city` pass as the client sent them.

mod cdn;
mod event;
mod reply;
mod routes;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adapters::clock::Clock;
use adapters::random::Random;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

pub(crate) use cdn::Cdn;
pub use routes::{Match, RouteTable};
pub(crate) use serve::serve;

use crate::console::Console;
use crate::stack::Running;

/// API Gateway gives an integration so long.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// API Gateway takes bodies of up to 10 MB.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Lambda takes and gives 6 MB, the event's wrapping and base64 included.
const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
/// API Gateway takes so much request line and headers.
const HEAD_BYTES_MAX: usize = 10_240;
/// What only CloudFront may say.
const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("cloudfront-viewer-address");
/// How the functions know that a request came through CloudFront.
const ORIGIN_SECRET: HeaderName = HeaderName::from_static("x-origin-secret");

/// The gateway of one stack.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) routes: RouteTable<Arc<Running>>,
    pub(crate) cdn: Cdn,
    /// What the distribution adds to each request.
    pub(crate) origin_headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) account_id: String,
    /// What only this machine sees.
    pub(crate) console: Option<Console>,
}

impl Gateway {
    /// Answers one request; never fails.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        if let Some(refusal) = unusable(&head) {
            return refusal;
        }
        if let Some(console) = &self.console
            && let Some(answer) = console.answer(&head, peer).await
        {
            return answer;
        }
        if let Some(object) = self.cdn.object(head.uri.path()) {
            return self.cdn.answer(object, &head).await;
        }
        self.as_cloudfront(&mut head.headers, peer);
        let found = self.routes.find(head.method.as_str(), head.uri.path());
        let Some(found) = found else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return reply::too_large();
            }
            Err(error) => {
                tracing::debug!("a client went away: {error}");
                return reply::message(StatusCode::BAD_REQUEST, "Bad Request");
            }
        };
        let frame = event::Frame {
            peer,
            now: self.clock.now(),
            request_id: hex::encode(self.random.bytes::<8>()),
            account_id: &self.account_id,
        };
        let Ok(event) = event::of_request(&head, &body, &found, &frame) else {
            return reply::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        if event.len() > PAYLOAD_BYTES_MAX {
            return reply::too_large();
        }
        let answer = found.target.answer_http(event, frame.request_id, INTEGRATION_TIMEOUT).await;
        reply::of_function(answer, &head.method)
    }

    fn as_cloudfront(&self, headers: &mut http::HeaderMap, peer: SocketAddr) {
        if let Ok(address) = HeaderValue::from_str(&peer.to_string()) {
            headers.insert(VIEWER_ADDRESS, address);
        } else {
            headers.remove(VIEWER_ADDRESS);
        }
        // Also when the template adds none: a client must never be able to say it.
        headers.remove(ORIGIN_SECRET);
        for (name, value) in &self.origin_headers {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// What neither CloudFront nor API Gateway would pass on.
fn unusable(head: &http::request::Parts) -> Option<Response<Body>> {
    let line = head.uri.path().len() + head.uri.query().map_or(0, str::len);
    let headers: usize = head.headers.iter().map(|(n, v)| n.as_str().len() + v.len()).sum();
    if line + headers > HEAD_BYTES_MAX {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(reply::message(status, "Request Header Fields Too Large"));
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    // `lambda_http` builds a URL of the host and the path, and takes it for granted that they make one.
    let makes_a_url = host.is_some_and(|host| url::Url::parse(&format!("http://{host}/")).is_ok());
    if !makes_a_url || hosts.next().is_some() || !head.uri.path().starts_with('/') {
        return Some(reply::message(StatusCode::BAD_REQUEST, "Bad Request"));
    }
    None
}
