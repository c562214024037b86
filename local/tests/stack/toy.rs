//! A toy platform: one function that answers HTTP, one that reads the stream, one that a schedule calls.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use adapters::environment::Environment;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use aws_types::region::Region;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{any, get, post};
use local::{Build, Handler, Options, Registry, Stack, TemplateSource};
use serde_json::{Value, json};

pub(crate) const TEMPLATE: &str = include_str!("toy.yaml");

/// What the event functions were called with, by the name of the stack that called them. Functions are plain `fn`s, as
/// the real ones are, so each stack says who it is in a variable.
static CALLS: LazyLock<Mutex<BTreeMap<String, Vec<Value>>>> = LazyLock::new(Mutex::default);

pub(crate) fn options(name: &str) -> Options {
    let functions: [(&'static str, Build); 3] =
        [("echo", echo), ("counter", recorder), ("nightly", recorder)];
    let mut options =
        Options::for_test(TemplateSource::Text(TEMPLATE.to_owned()), Registry::new(functions));
    options.variables.insert("STACK".to_owned(), name.to_owned());
    options
}

pub(crate) async fn stack(name: &str) -> Stack {
    Stack::start(options(name)).await.unwrap()
}

/// What the function `function` of the stack `name` was called with.
pub(crate) fn calls(name: &str, function: &str) -> Vec<Value> {
    CALLS.lock().unwrap().get(&format!("{name}/{function}")).cloned().unwrap_or_default()
}

/// An SDK configuration as the adapters make it from an environment.
pub(crate) fn sdk(stack: &Stack, service: &str) -> SdkConfig {
    sdk_of(stack, "echo", service)
}

/// The same from another function's environment.
pub(crate) fn sdk_of(stack: &Stack, function: &str, service: &str) -> SdkConfig {
    let env = stack.environment(function).unwrap();
    let variable = |name: &str| env.optional(name).unwrap();
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        None,
        None,
        "test",
    );
    SdkConfig::builder()
        .behavior_version(
            aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest(),
        )
        .region(Region::new(variable("AWS_REGION")))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .http_client(stack.http_client(function))
        .endpoint_url(variable(&format!("AWS_ENDPOINT_URL_{service}")))
        .build()
}

/// A raw HTTP/1.1 exchange on a connection of its own: what a client sends is exactly what is written here.
pub(crate) async fn exchange(stack: &Stack, request: &str) -> String {
    exchange_with(stack.base_url().strip_prefix("http://").unwrap(), request).await
}

/// The same with another address of this machine.
pub(crate) async fn exchange_with(address: &str, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A GET with the given further headers.
pub(crate) async fn get_raw(stack: &Stack, path: &str, headers: &str) -> String {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    exchange(stack, &request).await
}

fn echo(env: &Environment) -> Result<Handler, adapters::environment::EnvironmentError> {
    let table = env.required("TABLE_NAME")?;
    let slow = get(async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        "slow"
    });
    let stuck = get(async || std::future::pending::<()>().await);
    let cookies = get(async || AppendHeaders([("set-cookie", "a=1"), ("set-cookie", "b=2")]));
    Ok(Handler::Http(
        Router::new()
            .route("/echo/{id}", any(say))
            .route("/table", get(async move || table.clone()))
            .route("/panic", get(async || -> () { panic!("a toy that breaks") }))
            .route("/stuck", stuck)
            .route("/slow", slow)
            .route("/cookies", cookies)
            .route("/bytes", post(async |body: Bytes| body))
            .route("/large/{mib}", get(large)),
    ))
}

async fn say(
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let headers: BTreeMap<&str, String> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = String::from_utf8_lossy(&body);
    axum::Json(json!({"id": id, "query": uri.query(), "headers": headers, "body": body}))
}

async fn large(Path(mib): Path<usize>) -> (StatusCode, Vec<u8>) {
    (StatusCode::OK, vec![b'x'; mib * 1024 * 1024])
}

/// Writes down what it gets; fails as often as the variable `FAILURES` says, and names a record that it dislikes.
fn recorder(env: &Environment) -> Result<Handler, adapters::environment::EnvironmentError> {
    let name = format!("{}/{}", env.required("STACK")?, env.required("AWS_LAMBDA_FUNCTION_NAME")?);
    let failures = env.optional("FAILURES").and_then(|n| n.parse().ok()).unwrap_or(0_usize);
    let dislikes = env.optional("DISLIKES");
    Ok(Handler::event(move |payload: Value| {
        let calls = {
            let mut calls = CALLS.lock().unwrap();
            let calls = calls.entry(name.clone()).or_default();
            calls.push(payload.clone());
            calls.len()
        };
        let dislikes = dislikes.clone();
        async move {
            if calls <= failures {
                return Err("the toy fails".into());
            }
            let failed = payload["Records"].as_array().and_then(|records| {
                let dislikes = dislikes.as_deref().filter(|_| calls < 3)?;
                let bad = records.iter().find(|r| r["dynamodb"]["Keys"]["SK"]["S"] == dislikes)?;
                Some(json!([{"itemIdentifier": bad["dynamodb"]["SequenceNumber"]}]))
            });
            Ok(json!({"batchItemFailures": failed.unwrap_or(json!([]))}))
        }
    }))
}
