//! A small HTTP client: for what this process asks of its own gateway, and for `import`.
//!
//! Deliberately absent: redirects, cookies and retries. A caller says what it sends and sees what was answered.

use std::time::Duration;

use axum::body::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// One exchange may take this long: longer than the gateway waits for a function.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(40);
/// The largest answer that is read, in bytes: Lambda gives no more.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Sends requests. Clones share the connections.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    /// To this machine, without TLS.
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    /// To anywhere, with the machine's own roots of trust.
    Secure(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nothing could be reached, or it went away.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It took too long.
    #[error("no answer within {} seconds", EXCHANGE_TIMEOUT.as_secs())]
    TimedOut,
}

impl Client {
    /// A client for this machine.
    pub(crate) fn plain() -> Self {
        Self::Plain(builder().build_http())
    }

    /// A client for the address: with TLS only where it is needed, because a small machine may have no roots.
    pub(crate) fn of(url: &str) -> std::io::Result<Self> {
        if !url.starts_with("https://") {
            return Ok(Self::plain());
        }
        let connector = HttpsConnectorBuilder::new().with_native_roots()?;
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self::Secure(builder().build(connector)))
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, ClientError> {
        let exchange = async { read(self.request(request).await?).await };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange).await.map_err(|_| ClientError::TimedOut)?
    }

    async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        let answer = match self {
            Self::Plain(client) => client.request(request).await,
            Self::Secure(client) => client.request(request).await,
        };
        answer.map_err(|error| ClientError::NoAnswer(causes(&error)))
    }
}

fn builder() -> legacy::Builder {
    legacy::Client::builder(TokioExecutor::new())
}

async fn read(answer: Response<Incoming>) -> Result<Response<Bytes>, ClientError> {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| ClientError::NoAnswer(error.to_string()))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// The innermost cause says most, for example "Connection refused".
fn causes(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
