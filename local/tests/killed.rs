//! A platform that is killed in the middle of its work: what was answered is counted, and counted once (I-P1).

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use local::DataFolder;
use tessera_tests::{House, Platform, Start, Visitor, at_once, house};

const SCANS: usize = 2000;
const AT_ONCE: usize = 64;

/// The command line's process.
struct Process {
    child: Child,
    base: String,
}

impl Process {
    fn spawn(folder: &Path) -> Child {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Command::new(env!("CARGO_BIN_EXE_tessera"))
            .args(["--port", "0", "--data"])
            .arg(folder)
            .arg("--template")
            .arg(template)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn start(folder: &Path) -> Self {
        let mut child = Self::spawn(folder);
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let said = lines.map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
        let base = &said[said.find("http://").unwrap()..];
        let base = base.split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
        Self { child, base }
    }

    /// As `kill -9`.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the moment at which a process is killed is a real one"
)]
fn a_first_start_that_is_killed_needs_no_reset() {
    let parent = tempfile::tempdir().unwrap();
    for pause_ms in [20, 60, 90, 120, 150, 200] {
        let folder = parent.path().join(pause_ms.to_string());
        let mut first = Process::spawn(&folder);
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        first.kill().unwrap();
        first.wait().unwrap();
        Process::start(&folder).stop();
    }
}

/// Sends half of the scans. After `fatal` answers the process is killed. Says how many were answered.
async fn half(process: Process, house: &House, fatal: usize) -> usize {
    let visitor = Visitor::at(&process.base);
    let answered = AtomicUsize::new(0);
    let process = std::sync::Mutex::new(Some(process));
    let scan = async |number: usize| {
        let path = format!("/scan/{}", house.id);
        let reply = visitor.clone().number(number).get(&path).attempt().await;
        // A broken connection says nothing about whether the scan was written.
        if reply.is_ok_and(|reply| reply.status == 200)
            && answered.fetch_add(1, Ordering::SeqCst) + 1 == fatal
        {
            process.lock().unwrap().take().unwrap().kill();
        }
    };
    at_once(AT_ONCE, (0..SCANS / 2).map(scan)).await;
    if let Some(process) = process.into_inner().unwrap() {
        process.stop();
    }
    answered.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_kill_under_load_loses_no_scan_and_counts_none_twice() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let start = || Start { data: DataFolder::Kept(folder.clone()), ..Start::default() };
    let platform = Platform::start_with(start()).await;
    let house = house();
    platform.owner().imports(std::slice::from_ref(&house)).await;
    platform.owner().generates(&house).await;
    let owner = platform.owner().clone();
    platform.stops().await;

    // Killed in the middle of the load, then once more, then asked to stop when all is sent.
    let mut answered = half(Process::start(&folder), &house, SCANS / 4).await;
    assert!(answered < SCANS / 2, "it was killed in the middle");
    answered += half(Process::start(&folder), &house, SCANS / 4).await;
    answered += half(Process::start(&folder), &house, usize::MAX).await;

    let at = jiff::Timestamp::now();
    let platform = Platform::start_with(Start { at, ..start() }).await;
    platform.quiet().await;
    let seen = owner.at(platform.base()).analytics(&house).await;
    let written = platform.inventory().await.count("E#");
    let sent = 3 * SCANS / 2;
    println!(
        "{sent} sent, {answered} answered, {written} written, {} counted",
        seen["all_time_scans"]
    );
    assert_eq!(seen["all_time_scans"], written);
    assert_eq!(seen["total_scans"], written);
    assert!((answered..=sent).contains(&written), "{answered} {written}");
}
