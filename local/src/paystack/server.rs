//! The simulator's server: connections, and what becomes of those whose reply is lost.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
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
use super::{Simulator, api, checkout, control, page, popup};
use crate::console::guard;
use crate::embedded::{ACCEPT_PAUSE, url_of};

/// What the shared stylesheet does not have.
const STYLE: &[u8] = include_bytes!("paystack.css");
/// Where it is.
const STYLE_PATH: &str = "/assets/paystack.css";
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
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
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
            let service = service_fn(move |request: Request<Incoming>| {
                answer(router.clone(), stops.clone(), (request.map(Body::new), peer))
            });
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
            .merge(popup::routes())
            .merge(control::routes())
            .merge(page::routes())
            .route(&STYLESHEET.path(), get(async || style(STYLESHEET.bytes)))
            .route(STYLE_PATH, get(async || style(STYLE)))
            .fallback(api::unknown)
            .with_state(self.clone())
    }
}

fn style(bytes: &'static [u8]) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let kind = HeaderValue::from_static(STYLESHEET.content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Answers a request, or does to its connection what a fault says.
async fn answer(
    router: Router,
    mut stops: watch::Receiver<bool>,
    (request, peer): (Request<Body>, SocketAddr),
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    if !may_ask(&head, peer) {
        return Ok(api::unknown().await);
    }
    let request = without_slash(Request::from_parts(head, body));
    let Ok(response) = router.oneshot(request).await;
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

/// The controls are for this machine, and a browser presses only the buttons of our own page. The rest is for all:
/// a telephone may reach the checkout page through a tunnel.
fn may_ask(head: &Parts, peer: SocketAddr) -> bool {
    let path = head.uri.path();
    if path != "/" && !path.starts_with("/_simulator") {
        return true;
    }
    let is_browser = [header::ORIGIN, HeaderName::from_static("sec-fetch-site")]
        .iter()
        .any(|name| head.headers.contains_key(name));
    let is_look = matches!(head.method, Method::GET | Method::HEAD);
    guard::is_local(head, peer) && (is_look || !is_browser || guard::is_own_form(head))
}

/// Some clients put a slash at the end of a path.
fn without_slash(mut request: Request<Body>) -> Request<Body> {
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
