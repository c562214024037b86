//! A function called with an event, as Lambda calls it: through the parser of `lambda_http`, without a network.

use axum::body::{Bytes, to_bytes};
use http::HeaderMap;
use lambda_http::{Context, RequestExt};
use local::Handler;
use tower::ServiceExt;

/// What a function answered.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Calls an HTTP function with an event's JSON.
pub(crate) async fn call(handler: &Handler, event: &str) -> Answered {
    let Handler::Http(router) = handler else { panic!("{handler:?} does not answer HTTP") };
    let request = lambda_http::request::from_str(event).unwrap();
    let request = request.with_lambda_context(Context::default());
    let response = router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answered { status: head.status.as_u16(), headers: head.headers, body }
}
