//! A tiny HTTP server for tests: it says what it is told to say, true or not, and remembers what it has heard.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::clock::Clock;
use crate::environment::{Environment, plain_http_client};
use crate::random::Random;

/// A request that has arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Method and target, for example `GET /bank?type=nuban`.
    pub(crate) line: String,
    /// All headers, in lower case.
    pub(crate) headers: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// A status, further headers, and a body.
    Whole(u16, &'static str, Vec<u8>),
    /// An answer that never ends, a byte at a time.
    Drip,
    /// Nothing, and the end of the connection.
    Reset,
}

impl Says {
    pub(crate) fn json(status: u16, text: &str) -> Self {
        Says::Whole(status, "", text.as_bytes().to_vec())
    }
}

/// The server. It stops when the test's runtime does.
#[derive(Clone)]
pub(crate) struct Liar {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Liar {
    pub(crate) async fn start(answer: impl Fn(&Heard) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let liar = Self { url, heard: Arc::default() };
        let (heard, answer) = (liar.heard.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (heard, answer) = (heard.clone(), answer.clone());
                tokio::spawn(async move {
                    if let Some(request) = hear(&mut stream).await {
                        heard.lock().unwrap().push(request.clone());
                        say(stream, answer(&request)).await;
                    }
                });
            }
        });
        liar
    }

    /// What has arrived since the last time.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

async fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let (line, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let headers = headers.to_ascii_lowercase();
        let length = headers.split("content-length: ").nth(1).unwrap_or("0");
        let length: usize = length.split('\r').next()?.parse().ok()?;
        if bytes.len() >= end + 4 + length {
            let line = line.trim_end_matches(" HTTP/1.1").to_owned();
            return Some(Heard { line, headers, body: bytes[end + 4..].to_vec() });
        }
    }
}

async fn say(mut stream: TcpStream, says: Says) {
    match says {
        Says::Whole(status, headers, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Said\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            // Who has heard enough hangs up.
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body).await;
            let _ = stream.shutdown().await;
        }
        Says::Drip => {
            let head = "HTTP/1.1 200 Said\r\ncontent-length: 100000\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Says::Reset => drop(stream),
    }
}

/// An environment on this machine, with these variables besides those of AWS, whose endpoint is `aws`.
pub(crate) fn environment(aws: &Liar, clock: &Clock, variables: &[(&str, &str)]) -> Environment {
    let aws = [
        ("AWS_ENDPOINT_URL", &*aws.url),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    let variables = aws.iter().chain(variables);
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::new(variables, plain_http_client(), clock.clone(), Random::system())
}

/// Secrets Manager's answer to `GetSecretValue`: `versions` has what each stage of a secret holds.
pub(crate) fn secrets(
    versions: impl Fn(&str, &str) -> Option<String> + Send + Sync,
) -> impl Fn(&Heard) -> Says + Send + Sync {
    move |heard| {
        let asked = heard.json();
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        match versions(&text("SecretId"), &text("VersionStage")) {
            Some(secret) => {
                Says::json(200, &serde_json::json!({ "SecretString": secret }).to_string())
            }
            None => Says::json(400, r#"{"__type":"ResourceNotFoundException","message":"none"}"#),
        }
    }
}
