//! Workers in processes of their own: this very program, started again. An event goes in as a line, its answer comes
//! out as a line, with the most memory that the process has ever had.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError, plain_http_client};
use adapters::random::Random;
use jiff::Timestamp;
use local::{Build, Handler, Registry};
use serde_json::{Value, json};

/// What a worker finds around it.
const VARIABLES: [&str; 13] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_LAMBDA_FUNCTION_NAME",
    "TABLE_NAME",
    "PAYOUTS_QUEUE_URL",
    "SETTLEMENTS_QUEUE_URL",
    "PAYSTACK_URL",
    "PAYSTACK_SECRET_PREFIX",
    "PUBLIC_URL",
];

static SETTLE_PEAK_KIB: AtomicU64 = AtomicU64::new(0);
static PAYOUTS_PEAK_KIB: AtomicU64 = AtomicU64::new(0);

/// All functions, the two workers apart.
pub(crate) fn registry() -> Registry {
    let usual = local::functions::registry();
    let build = |name: &'static str| -> (&'static str, Build) {
        match name {
            "settle" => (name, |env| apart("settle", &SETTLE_PEAK_KIB, env)),
            "payouts" => (name, |env| apart("payouts", &PAYOUTS_PEAK_KIB, env)),
            _ => (name, usual.build(name).unwrap()),
        }
    };
    Registry::new(usual.names().map(build).collect::<Vec<_>>())
}

/// The most memory that each worker has had, in KiB.
pub(crate) fn peaks_kib() -> [u64; 2] {
    [&SETTLE_PEAK_KIB, &PAYOUTS_PEAK_KIB].map(|peak| peak.load(Ordering::Relaxed))
}

/// Forgets them.
pub(crate) fn forget() {
    SETTLE_PEAK_KIB.store(0, Ordering::Relaxed);
    PAYOUTS_PEAK_KIB.store(0, Ordering::Relaxed);
}

/// A process and the two ends of the lines to it. It ends with them.
struct Worker {
    _child: Child,
    events: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn ask(&mut self, line: &Value) -> Value {
        writeln!(self.events, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

fn apart(
    function: &'static str,
    peak: &'static AtomicU64,
    env: &Environment,
) -> Result<Handler, EnvironmentError> {
    let variables = VARIABLES.iter().filter_map(|name| Some((*name, env.optional(name)?)));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(format!("--worker={function}"))
        .env_clear()
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (events, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let worker = Worker { _child: child, events, answers: BufReader::new(answers) };
    let (worker, clock) = (Arc::new(Mutex::new(worker)), env.clock.clone());
    Ok(Handler::event(move |event| {
        let (worker, now) = (worker.clone(), clock.now());
        async move {
            let line = json!({ "now": now, "event": event });
            let asked = tokio::task::spawn_blocking(move || worker.lock().unwrap().ask(&line));
            let answer = asked.await?;
            peak.fetch_max(answer["peak_kib"].as_u64().unwrap_or(0), Ordering::Relaxed);
            match answer.get("error").and_then(Value::as_str) {
                Some(error) => Err(error.to_owned().into()),
                None => Ok(answer["answer"].clone()),
            }
        }
    }))
}

/// The other side: works on each line until there is none.
pub(crate) fn work(function: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let env =
        Environment::new(std::env::vars(), plain_http_client(), clock.clone(), Random::system());
    let build = local::functions::registry().build(function).unwrap();
    let Handler::Event(handle) = build(&env).unwrap() else { panic!("{function} takes events") };
    for line in stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let now: Timestamp = serde_json::from_value(line["now"].clone()).unwrap();
        clock.advance(now.duration_since(clock.now()));
        let answer = match runtime.block_on(handle(line["event"].clone())) {
            Ok(answer) => json!({ "answer": answer, "peak_kib": peak_kib() }),
            Err(error) => json!({ "error": error.to_string(), "peak_kib": peak_kib() }),
        };
        let mut out = stdout().lock();
        writeln!(out, "{answer}").unwrap();
        out.flush().unwrap();
    }
}

/// The most memory that this process has had, in KiB; nothing where the system does not say.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
