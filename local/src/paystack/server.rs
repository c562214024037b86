//! The simulator's server: connections, and what becomes of those whose reply is lost.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;
use web::assets::STYLESHEET;

use super::fault::Lost;
use super::{Simulator, api, checkout, control};
use crate::embedded::{ACCEPT_PAUSE, url_of};

/// A client has so long to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// At the end requests under way have so long to finish.
const GRACE: Duration = Duration::from_secs(5);

impl Simulator {
    /// Answers until `stop` resolves; requests under way then finish, within a bound.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        if self.read(|state| state.base_url.is_empty())
            && let Ok(url) = url_of(&listener)
        {
            self.set_base_url(&url);
        }
        let (stopping, stops) = watch::channel(false);
        let (router, graceful) = (self.router(), GracefulShutdown::new());
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.as_mut() => break,
            };
            let socket = match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!("a connection stays slow: {error}");
            }
            let (router, stops) = (router.clone(), stops.clone());
            let service = service_fn(move |request| answer(router.clone(), stops.clone(), request));
            let serving = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(socket), service);
            let serving = graceful.watch(serving);
            tokio::spawn(async move {
                if let Err(error) = serving.await {
                    tracing::debug!("a connection ended: {error}");
                }
            });
        }
        drop(listener);
        // Replies that never come end here.
        stopping.send_replace(true);
        if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests to the simulator did not finish in time");
        }
    }

    /// All that it answers.
    pub(super) fn router(&self) -> Router {
        Router::new()
            .merge(api::routes())
            .merge(checkout::routes())
            .merge(control::routes())
            .route(&STYLESHEET.path(), get(stylesheet))
            .fallback(api::unknown)
            .with_state(self.clone())
    }
}

async fn stylesheet() -> Response<Body> {
    let mut response = Response::new(Body::from(STYLESHEET.bytes));
    let kind = http::HeaderValue::from_static(STYLESHEET.content_type);
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

/// Answers a request, or does to its connection what a fault says.
async fn answer(
    router: Router,
    mut stops: watch::Receiver<bool>,
    request: Request<Incoming>,
) -> io::Result<Response<Body>> {
    let Ok(response) = router.oneshot(without_slash(request)).await;
    match response.extensions().get::<Lost>() {
        None => Ok(response),
        Some(Lost::Close) => Err(io::Error::other("a reply is lost on purpose")),
        Some(Lost::Hang) => {
            // Either way the connection ends.
            let _stopped = stops.wait_for(|stopping| *stopping).await;
            Err(io::Error::other("a reply never came, on purpose"))
        }
    }
}

/// Some clients put a slash at the end of a path.
fn without_slash(mut request: Request<Incoming>) -> Request<Incoming> {
    let uri = request.uri();
    let path = uri.path().trim_end_matches('/');
    if path.len() == uri.path().len() || path.is_empty() {
        return request;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{path}{query}").parse() {
        *request.uri_mut() = uri;
    }
    request
}
