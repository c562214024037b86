//! The client for services outside AWS: one TLS stack, and a bound on every wait and every answer.
//!
//! Deliberately absent: redirects, proxies, cookies, compression and retries. Whoever calls knows which call may be
//! repeated; nobody may send it elsewhere.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::clock::Clock;
use crate::environment::EnvironmentError;

/// A connection stands, or does not, within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a call may take from its first byte to its last.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that nobody has used for this time is closed: Lambda freezes, and the other side forgets.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// How we call ourselves.
const USER_AGENT: &str = concat!("tessera/", env!("CARGO_PKG_VERSION"));

/// There is no answer that could be read; whether the request has arrived is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Nothing came in time.
    #[error("no answer in time")]
    Late,
    /// The connection failed.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer is longer than it may be.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The longest answer, in bytes.
        bytes_max: usize,
    },
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The client. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    clock: Clock,
    /// A call has its whole answer, or none, within this time.
    pub(crate) call_timeout: Duration,
}

impl Https {
    /// A client that trusts the public roots.
    ///
    /// # Errors
    /// [`EnvironmentError::Tls`].
    pub(crate) fn new(clock: &Clock) -> Result<Self, EnvironmentError> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EnvironmentError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Ok(Self { client, clock: clock.clone(), call_timeout: CALL_TIMEOUT })
    }

    /// One call, with an answer of at most `bytes_max` bytes. By a manual clock nobody waits in vain: there an answer
    /// comes, or the connection breaks.
    ///
    /// # Errors
    /// [`Broken`]; what the other side has done meanwhile is unknown.
    pub(crate) async fn call(
        &self,
        mut request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Answer, Broken> {
        let agent = http::HeaderValue::from_static(USER_AGENT);
        request.headers_mut().insert(http::header::USER_AGENT, agent);
        let answer = self.clock.within(self.call_timeout, self.exchange(request, bytes_max)).await;
        answer.unwrap_or(Err(Broken::Late))
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Answer, Broken> {
        let sent = self.client.request(request).await;
        let (head, body) = sent.map_err(|error| Broken::Connection(error.into()))?.into_parts();
        let body =
            Limited::new(body, bytes_max).collect().await.map_err(|error| match error
                .downcast_ref::<LengthLimitError>(
            ) {
                Some(_) => Broken::TooLong { bytes_max },
                None => Broken::Connection(error),
            })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}

/// Whether an address may be called, or handed to a browser: `https` without a name in it, or this very machine.
pub(crate) fn is_confidential(url: &Url) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    match url.scheme() {
        "https" => url.has_host(),
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

/// An address from a variable, without a slash at its end.
///
/// # Errors
/// [`EnvironmentError::Invalid`] unless it is an address that may be called.
pub(crate) fn base_url(name: &'static str, text: &str) -> Result<String, EnvironmentError> {
    let url = Url::parse(text).ok().filter(is_confidential);
    let plain = url.filter(|url| url.query().is_none() && url.fragment().is_none());
    let reason = || "an https address, or a plain one of this machine, is needed".to_owned();
    let url = plain.ok_or_else(|| EnvironmentError::Invalid { name, reason: reason() })?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
