//! One request, and what came back.

use std::future::IntoFuture;

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// A request that is not sent yet; awaiting it sends it.
#[derive(Debug)]
pub struct Ask {
    asked: String,
    request: RequestBuilder,
}

impl Ask {
    /// A request to a path of the platform, or to a whole address.
    pub fn new(client: &Client, base: &str, method: Method, path: &str) -> Self {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{base}{path}") };
        Self { asked: format!("{method} {path}"), request: client.request(method, url) }
    }

    /// With a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// With a body of this type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.header("content-type", content_type).body(body), ..self }
    }

    /// Sends it; the connection may break.
    ///
    /// # Errors
    /// When there was no whole answer.
    pub async fn attempt(self) -> Result<Reply, reqwest::Error> {
        let answer = self.request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await?.to_vec();
        Ok(Reply { asked: self.asked, status, headers, body })
    }
}

impl IntoFuture for Ask {
    type Output = Reply;
    type IntoFuture = BoxFuture<'static, Reply>;

    fn into_future(self) -> Self::IntoFuture {
        let asked = self.asked.clone();
        Box::pin(async move {
            self.attempt().await.unwrap_or_else(|error| panic!("{asked}: {error:?}"))
        })
    }
}

/// What the platform answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What was asked for, to name it when it fails.
    pub asked: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The reply, if it has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The problem that it is (RFC 9457), with this status and code, and with everything that each problem has.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.asked);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.asked);
        assert_eq!(problem["type"], format!("/docs/problems#{code}"), "{}", self.asked);
        assert_eq!(problem["status"], status, "{}", self.asked);
        assert_eq!(problem["trace_id"], self.header("x-request-id"), "{}", self.asked);
        for member in ["title", "detail", "trace_id"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{}: no {member} in {problem}", self.asked);
        }
        problem
    }
}
