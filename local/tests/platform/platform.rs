//! A platform of one test, its HTTP, and the compiled binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use local::{DataFolder, Options, Stack, TemplateSource};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const PROPERTY: &str = "67ec31596333aba221e84df8";

pub(crate) fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("template.yaml")
}

pub(crate) fn options() -> Options {
    Options::for_test(TemplateSource::File(template()), local::functions::registry())
}

/// A platform that keeps its data in the folder, on a port of its own, with an address that stays.
pub(crate) async fn on(folder: &Path) -> Stack {
    let data = DataFolder::Kept(folder.to_path_buf());
    let public_url = Some("https://qr.example".to_owned());
    Stack::start(Options { data, public_url, ..options() }).await.unwrap()
}

/// An HTTP answer, as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends a request without a body; further headers each end with a line break.
pub(crate) async fn ask(stack: &Stack, line: &str, headers: &str) -> Answer {
    let address = stack.base_url().strip_prefix("http://").unwrap();
    let host = if headers.contains("host: ") { "" } else { "host: 127.0.0.1\r\n" };
    let request =
        format!("{line} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: 0\r\n\r\n");
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

pub(crate) async fn ask_with_key(stack: &Stack, line: &str, key: &str) -> Answer {
    ask(stack, line, &format!("x-api-key: {key}\r\n")).await
}

/// The binary with the real template and this data folder, in an environment without AWS.
pub(crate) fn tessera(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.arg("--template").arg(template()).arg("--data").arg(data);
    command.env_remove("TABLE_NAME").env_remove("TESSERA_API_KEY").env_remove("RUST_LOG");
    command
}

/// Runs it beside the test's own platform.
pub(crate) async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub(crate) fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}
