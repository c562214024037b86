//! `tessera import`: a file of properties, part by part through the API, which takes 4 MB at once.
//!
//! An import can be repeated: what is in the platform already stays as it is. Deliberately absent: reading documents.
//! The platform does that, and says which lines it did not take.

mod parts;
mod progress;

use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;
use std::time::Duration;

use adapters::clock::Clock;
use axum::body::Bytes;
use domain::limit::IMPORT_MAX_BYTES;
use domain::money::grouped;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;

use super::ImportArguments;
use crate::client::Client;
use crate::demo::{self, DEMO_FILE};
use crate::stack::{DataFolder, Options, Stack, StartError};
use parts::{Parts, Unfit};
use progress::Progress;

/// What the process ends with when some lines did not go in.
const EXIT_SOME_FAILED: u8 = 1;
/// A part is sent so often in all when the platform is busy or gives no answer.
const TRIES_MAX: u32 = 4;
/// The pause before the second try; each further one is as much longer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// So many failed lines are shown one by one.
const SHOWN_MAX: usize = 20;

/// Where the properties go.
struct Target {
    base_url: String,
    api_key: String,
    client: Client,
    /// The platform, when it runs only for this import.
    own: Option<Stack>,
}

/// What the platform said about one part.
#[derive(Debug, Deserialize)]
struct PartReport {
    imported: u64,
    failed: u64,
    errors: Vec<LineFailure>,
}

#[derive(Debug, Deserialize)]
struct LineFailure {
    line: u64,
    code: String,
    detail: String,
}

/// A refusal of the platform.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    detail: String,
}

/// What became of the file.
#[derive(Debug, Default)]
struct Totals {
    imported: u64,
    failed: u64,
    /// The first failures, with the lines' numbers in the file.
    failures: Vec<LineFailure>,
}

/// Imports the file.
pub(super) async fn import(
    arguments: ImportArguments,
    options: Options,
) -> Result<ExitCode, String> {
    let name = arguments.file.display().to_string();
    let unreadable = |error: std::io::Error| format!("{name} cannot be read: {error}");
    let file = File::open(&arguments.file).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let mut parts = Parts::new(BufReader::new(file));
    if parts.is_array().map_err(unreadable)? {
        if bytes > u64::try_from(IMPORT_MAX_BYTES).unwrap_or(u64::MAX) {
            return Err(format!(
                "{name} is one JSON array of more than 4 MB; export it again without --jsonArray, one document a line, \
                 or convert it: jq -c '.[]' {name} > lines.json"
            ));
        }
        parts.keep_whole();
    }
    let target = target(&arguments, options).await?;
    let clock = Clock::system();
    let mut progress = Progress::new(bytes, &clock);
    let outcome = send_all(&target, &mut parts, &mut progress).await;
    progress.end();
    if let Some(own) = target.own {
        own.stop().await;
    }
    let totals = outcome.map_err(|reason| {
        let line = progress.lines() + 1;
        format!("{reason}; the import stopped at line {line} of {name}, run it again: what went in stays")
    })?;
    Ok(report(&totals, &progress))
}

/// The platform that the arguments name, else that of the data folder: the running one, or one for this import alone.
async fn target(arguments: &ImportArguments, options: Options) -> Result<Target, String> {
    let file = match &options.data {
        DataFolder::Kept(folder) => folder.join(DEMO_FILE),
        DataFolder::Temporary => DEMO_FILE.into(),
    };
    let demo = demo::read(&file).map_err(|error| error.to_string())?;
    let given = arguments.api_key.clone();
    if let Some(url) = &arguments.url {
        let base_url = url.trim_end_matches('/').to_owned();
        // The demo's key is told to nobody but the demo's platform.
        let of_demo = demo.filter(|demo| demo.base_url == base_url).map(|demo| demo.api_key);
        let missing = || format!("give a key for {base_url} in TESSERA_API_KEY or with --api-key");
        let api_key = given.or(of_demo).ok_or_else(missing)?;
        return Target::new(base_url, api_key, None);
    }
    match Stack::start(Options { background: false, ..options }).await {
        Ok(stack) => {
            let demo = demo::ensure_key(&stack).await.map_err(|error| error.to_string())?;
            Target::new(demo.base_url, given.unwrap_or(demo.api_key), Some(stack))
        }
        Err(StartError::InUse(folder)) => {
            let missing = || {
                let file = file.display();
                format!("{folder} is in use, and {file} is not there; name the platform with --url")
            };
            let demo = demo.ok_or_else(missing)?;
            Target::new(demo.base_url, given.unwrap_or(demo.api_key), None)
        }
        Err(error) => Err(error.to_string()),
    }
}

impl Target {
    fn new(base_url: String, api_key: String, own: Option<Stack>) -> Result<Self, String> {
        let client = Client::of(&base_url);
        let client = client.map_err(|e| format!("the roots of trust cannot be read: {e}"))?;
        Ok(Self { base_url, api_key, client, own })
    }
}

async fn send_all(
    target: &Target,
    parts: &mut Parts<BufReader<File>>,
    progress: &mut Progress,
) -> Result<Totals, String> {
    let mut totals = Totals::default();
    while let Some(part) = parts.next().map_err(|error| error.to_string())? {
        let (first_line, lines) = (part.first_line, part.lines);
        let bytes = part.file_bytes;
        match part.text {
            Ok(text) => totals.add(first_line, send(target, text).await?),
            Err(unfit) => totals.refuse(first_line, unfit),
        }
        progress.advance(lines, bytes);
    }
    Ok(totals)
}

impl Totals {
    /// Adds what the platform said of a part that begins at line `first_line` of the file.
    fn add(&mut self, first_line: u64, report: PartReport) {
        self.imported += report.imported;
        self.failed += report.failed;
        let room = SHOWN_MAX.saturating_sub(self.failures.len());
        let in_file = |failure: LineFailure| LineFailure {
            line: (first_line + failure.line).saturating_sub(1),
            ..failure
        };
        self.failures.extend(report.errors.into_iter().take(room).map(in_file));
    }

    fn refuse(&mut self, line: u64, unfit: Unfit) {
        self.failed += 1;
        if self.failures.len() < SHOWN_MAX {
            let (code, detail) = (unfit.code().to_owned(), unfit.to_string());
            self.failures.push(LineFailure { line, code, detail });
        }
    }
}

/// Sends one part; a busy platform is asked again.
async fn send(target: &Target, text: Vec<u8>) -> Result<PartReport, String> {
    let text = Bytes::from(text);
    let mut tries = 1;
    loop {
        let reason = match target.client.send(request(target, text.clone())?).await {
            Ok(answer) if answer.status() == StatusCode::OK => {
                return serde_json::from_slice(answer.body())
                    .map_err(|error| format!("{} gave no report: {error}", target.base_url));
            }
            Ok(answer) if !is_passing(answer.status()) => return Err(refusal(target, &answer)),
            Ok(answer) => refusal(target, &answer),
            Err(error) => format!("{}: {error}", target.base_url),
        };
        if tries == TRIES_MAX {
            return Err(reason);
        }
        tokio::time::sleep(RETRY_PAUSE * tries).await;
        tries += 1;
    }
}

fn request(target: &Target, text: Bytes) -> Result<Request<Full<Bytes>>, String> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{}/api/v1/properties/import", target.base_url))
        .header(header::CONTENT_TYPE, "application/x-ndjson")
        .header("x-api-key", &target.api_key)
        .body(Full::new(text))
        .map_err(|error| format!("{} is no address to import to: {error}", target.base_url))
}

/// Whether the same request may succeed in a moment.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

fn refusal(target: &Target, answer: &Response<Bytes>) -> String {
    let refusal: Refusal = serde_json::from_slice(answer.body()).unwrap_or_default();
    format!("{} answered {} {}", target.base_url, answer.status().as_u16(), refusal.detail)
        .trim_end()
        .to_owned()
}

fn report(totals: &Totals, progress: &Progress) -> ExitCode {
    let (imported, failed) = (grouped(totals.imported), grouped(totals.failed));
    println!("{imported} properties imported, {failed} failed, in {}", progress.elapsed());
    for failure in &totals.failures {
        println!("line {}: {} ({})", failure.line, failure.detail, failure.code);
    }
    let shown = u64::try_from(totals.failures.len()).unwrap_or(u64::MAX);
    if totals.failed > shown {
        println!("… and {} more", grouped(totals.failed - shown));
    }
    if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_SOME_FAILED) }
}
