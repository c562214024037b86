//! Counts what each function asks of AWS, and breaks chosen requests.
//!
//! It wraps the HTTP client that the environments hand out, so the unmodified SDK with its signing and its retries
//! is what is measured and broken. Deliberately absent: knowledge of any one function, and time: nothing here waits.

mod capacity;
mod death;
mod fault;
mod script;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::json;

pub use fault::{Fault, Filter};
pub use script::Script;

use capacity::Units;
use death::Deaths;
pub(crate) use death::Deathwatch;
use fault::{Faults, Verdict};
use script::Followed;

use crate::permission::TablePermissions;

/// What DynamoDB calls a request that no policy allows.
const DENIED: &str = "com.amazon.coral.service#AccessDeniedException";

/// Which operation of which service a function asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The function's folder, for example `scan`.
    pub function: Arc<str>,
    /// `dynamodb`, `s3`, `ssm`, `secretsmanager`, `kms`, `sqs`, `events`, `sns`, `ses`; `paystack` in the trail of a
    /// script, where no function is named because a request to the simulator does not say who sent it.
    pub service: &'static str,
    /// For example `GetItem`.
    pub operation: String,
}

/// The counters of one stack. Clones share them.
#[derive(Clone, Default)]
pub struct Meter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    counters: Mutex<Counters>,
    deaths: Deaths,
}

#[derive(Default)]
struct Counters {
    followed: Option<Followed>,
    requests: BTreeMap<Call, u64>,
    units: BTreeMap<Arc<str>, Units>,
    table_connections: TableConnections,
    faults: Faults,
}

/// HTTP connections to DynamoDB. HTTP/1.1 carries one request at a time, so requests under way are connections in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableConnections {
    /// Requests under way.
    pub active: u32,
    /// The most that were under way at once: so many connections were opened.
    pub high_water: u32,
}

/// One request to DynamoDB that is under way, until it is dropped: an abandoned one counts no longer.
struct UnderWay(Meter);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let active = &mut self.0.counters().table_connections.active;
        *active = active.saturating_sub(1);
    }
}

impl Meter {
    /// How many requests each operation saw since the last reset, retries included.
    pub fn requests(&self) -> BTreeMap<Call, u64> {
        self.counters().requests.clone()
    }

    /// How many requests match.
    pub fn count(&self, filter: &Filter) -> u64 {
        let counters = self.counters();
        counters.requests.iter().filter(|(call, _)| filter.matches(call)).map(|(_, n)| n).sum()
    }

    /// How many requests the function made to DynamoDB.
    pub fn table_requests(&self, function: &str) -> u64 {
        self.count(&Filter::any().function(function).service("dynamodb"))
    }

    /// The read units that DynamoDB said the function used, when it asked for `ReturnConsumedCapacity`.
    pub fn read_units(&self, function: &str) -> f64 {
        self.counters().units.get(function).map_or(0.0, |units| units.read)
    }

    /// The write units that DynamoDB said the function used.
    pub fn write_units(&self, function: &str) -> f64 {
        self.counters().units.get(function).map_or(0.0, |units| units.write)
    }

    /// The connections to DynamoDB, of all functions together.
    pub fn table_connections(&self) -> TableConnections {
        self.counters().table_connections
    }

    /// Sets all counters to zero; faults stay.
    pub fn reset(&self) {
        let mut counters = self.counters();
        counters.requests.clear();
        counters.units.clear();
    }

    /// Breaks the `nth` call (from 1) that matches, counted from now.
    ///
    /// The SDK retries a call on most faults, as it would in life. With `and_retries` those fail too, so that the
    /// function itself sees the fault.
    pub fn break_call(&self, nth: u64, filter: Filter, fault: Fault, and_retries: bool) {
        self.counters().faults.add(nth, filter, fault, and_retries);
    }

    /// Takes away all faults that are still waiting, and says how many had not struck.
    pub fn clear_faults(&self) -> usize {
        self.counters().faults.clear()
    }

    /// Follows a script from its beginning, in the place of any other.
    pub fn follow(&self, script: Script) {
        self.counters().followed = Some(Followed::new(script));
    }

    /// The calls that the script has counted so far.
    pub fn trail(&self) -> Vec<Call> {
        self.counters().followed.as_ref().map(Followed::trail).unwrap_or_default()
    }

    /// Ends the script; gives the calls that it has counted.
    pub fn unfollow(&self) -> Vec<Call> {
        self.counters().followed.take().map(|followed| followed.trail()).unwrap_or_default()
    }

    /// What a script wants to happen to a call of Paystack's. `question` tells one that changes nothing.
    pub(crate) fn strike_paystack(&self, operation: &str, question: Option<&str>) -> Option<Fault> {
        let call =
            Call { function: Arc::from(""), service: "paystack", operation: operation.to_owned() };
        self.counters().followed.as_mut()?.strike_paystack(&call, question)
    }

    /// Ends the process of the function, or of whoever is at work.
    pub(crate) fn kill(&self, function: Option<Arc<str>>) {
        self.0.deaths.tell(function);
    }

    /// Hears of deaths from now on.
    pub(crate) fn deathwatch(&self) -> Deathwatch {
        self.0.deaths.watch()
    }

    /// The client for one function, of which nothing is asked: for tools and tests that use its environment.
    pub(crate) fn client(&self, function: &str, inner: SharedHttpClient) -> SharedHttpClient {
        self.held_client(function, None, inner)
    }

    /// The client for one function, which may do with the table what its policy says.
    pub(crate) fn held_client(
        &self,
        function: &str,
        permissions: Option<TablePermissions>,
        inner: SharedHttpClient,
    ) -> SharedHttpClient {
        let (function, permissions) = (Arc::from(function), permissions.map(Arc::new));
        SharedHttpClient::new(MeteredClient { meter: self.clone(), function, permissions, inner })
    }

    fn under_way(&self) -> UnderWay {
        let connections = &mut self.counters().table_connections;
        connections.active = connections.active.saturating_add(1);
        connections.high_water = connections.high_water.max(connections.active);
        UnderWay(self.clone())
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, call: &Call, invocation: Option<&str>) -> Option<Verdict> {
        let mut counters = self.counters();
        *counters.requests.entry(call.clone()).or_default() += 1;
        let followed = counters.followed.as_mut();
        let scripted = followed.and_then(|followed| followed.strike(call, invocation));
        scripted.map(Verdict::Final).or_else(|| counters.faults.strike(call, invocation))
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter")
    }
}

#[derive(Debug)]
struct MeteredClient {
    meter: Meter,
    function: Arc<str>,
    permissions: Option<Arc<TablePermissions>>,
    inner: SharedHttpClient,
}

impl HttpClient for MeteredClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(MeteredConnector {
            meter: self.meter.clone(),
            function: self.function.clone(),
            permissions: self.permissions.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Clone, Debug)]
struct MeteredConnector {
    meter: Meter,
    function: Arc<str>,
    permissions: Option<Arc<TablePermissions>>,
    inner: SharedHttpConnector,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.send(request).await })
    }
}

impl MeteredConnector {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let call = classify(self.function.clone(), &request);
        let _under_way = (call.service == "dynamodb").then(|| self.meter.under_way());
        if let Some(reason) = self.refused(&call, &request) {
            tracing::error!("the policy of `{}` refuses: {reason}", self.function);
            return fault::answer(400, json!({ "__type": DENIED, "message": reason }).to_string());
        }
        let verdict = self.meter.admit(&call, request.headers().get("amz-sdk-invocation-id"));
        match verdict {
            None => self.effect(&call, request).await,
            Some(Verdict::Final(fault)) => self.end(&call, request, fault).await,
            Some(Verdict::Before) => Err(fault::lost_before()),
            Some(Verdict::Answer { status, body }) => fault::answer(status, body),
            Some(Verdict::LoseReply) => {
                self.effect(&call, request).await?;
                Err(fault::lost_reply())
            }
            Some(Verdict::Twice) => self.twice(&call, request).await,
            Some(Verdict::NeverReply) => {
                self.effect(&call, request).await?;
                std::future::pending().await
            }
        }
    }

    /// Why the function's policy does not allow a request to the table.
    fn refused(&self, call: &Call, request: &HttpRequest) -> Option<String> {
        let permissions = self.permissions.as_ref().filter(|_| call.service == "dynamodb")?;
        permissions.refuse(&call.operation, request.body().bytes().unwrap_or_default())
    }

    async fn twice(
        &self,
        call: &Call,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        if let Some(copy) = request.try_clone() {
            self.effect(call, copy).await?;
        }
        self.effect(call, request).await
    }

    /// What a script wants; the SDK does not try again.
    async fn end(
        &self,
        call: &Call,
        request: HttpRequest,
        fault: Fault,
    ) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Fault::Before => Err(fault::given_up()),
            Fault::Answer { status, body } => fault::answer(status, body),
            Fault::Twice => self.twice(call, request).await,
            Fault::LoseReply => {
                self.effect(call, request).await?;
                Err(fault::given_up())
            }
            Fault::NeverReply => {
                self.effect(call, request).await?;
                self.meter.kill(Some(self.function.clone()));
                std::future::pending().await
            }
        }
    }

    /// Sends the request on. A small answer of DynamoDB is read here, for the capacity that it names.
    async fn effect(
        &self,
        call: &Call,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let mut response = self.inner.call(request).await?;
        if call.service != "dynamodb" {
            return Ok(response);
        }
        let body = response.take_body().collect().await;
        let bytes = body.map_err(ConnectorError::io)?.to_bytes();
        if let Some(units) = capacity::read(&call.operation, &bytes) {
            let mut counters = self.meter.counters();
            let sum = counters.units.entry(call.function.clone()).or_default();
            sum.read += units.read;
            sum.write += units.write;
        }
        *response.body_mut() = SdkBody::from(bytes);
        Ok(response)
    }
}

/// AWS's JSON services name the operation in a header, SNS in a form; SES and S3 say it with method, path and query.
fn classify(function: Arc<str>, request: &HttpRequest) -> Call {
    let target = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
    if let Some((prefix, operation)) = target {
        let service = match prefix {
            "DynamoDB_20120810" => "dynamodb",
            "DynamoDBStreams_20120810" => "dynamodbstreams",
            "AmazonSSM" => "ssm",
            "secretsmanager" => "secretsmanager",
            "TrentService" => "kms",
            "AmazonSQS" => "sqs",
            "AWSEvents" => "events",
            _ => "other",
        };
        return Call { function, service, operation: operation.to_owned() };
    }
    let uri: Option<http::Uri> = request.uri().parse().ok();
    let path = uri.as_ref().map_or("/", http::Uri::path);
    let query = uri.as_ref().and_then(http::Uri::query).unwrap_or_default();
    if path.starts_with("/v2/email/") {
        return Call { function, service: "ses", operation: "SendEmail".to_owned() };
    }
    if let Some(operation) = action_of_form(request) {
        return Call { function, service: "sns", operation };
    }
    let of_object = path.trim_matches('/').contains('/');
    let operation = match (request.method(), of_object) {
        ("GET", false) if query.contains("list-type=2") => "ListObjectsV2",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("HEAD", false) => "HeadBucket",
        ("PUT", true) => "PutObject",
        ("PUT", false) => "CreateBucket",
        ("DELETE", true) => "DeleteObject",
        ("POST", false) if query.contains("delete") => "DeleteObjects",
        (method, _) => method,
    };
    Call { function, service: "s3", operation: operation.to_owned() }
}

/// What a form of AWS's query protocol asks for.
fn action_of_form(request: &HttpRequest) -> Option<String> {
    let kind = request.headers().get("content-type")?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let mut fields = url::form_urlencoded::parse(request.body().bytes()?);
    fields.find(|(name, _)| name == "Action").map(|(_, action)| action.into_owned())
}
