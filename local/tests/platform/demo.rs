//! The demo: there within two seconds, and the same after a restart.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use local::demo::{self, DEMO_FILE};
use local::{DemoError, Options, Registry, Stack, TemplateSource};

use crate::platform::{PROPERTY, ask, ask_with_key, on, tessera};

const READY_MAX: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_restart_finds_the_demo_that_is_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let stack = on(&folder).await;
    let first = stack.make_demo().await.unwrap();
    assert_eq!(first, stack.make_demo().await.unwrap(), "twice in one process");
    let code = ask_with_key(&stack, &format!("GET /api/v1/qr/{PROPERTY}"), &first.api_key).await;
    assert_eq!(code.json()["qr_pattern"], format!("https://qr.example/scan/{PROPERTY}"));
    for kind in ["png", "svg"] {
        let image = ask(&stack, &format!("GET /qr-images/{PROPERTY}.{kind}"), "").await;
        assert_eq!(image.status, 200, "{kind}");
    }
    stack.stop().await;

    let stack = on(&folder).await;
    let again = stack.make_demo().await.unwrap();
    assert_eq!((&again.api_key, &again.tenant_id), (&first.api_key, &first.tenant_id));
    assert_eq!(demo::read(&folder.join(DEMO_FILE)).unwrap(), Some(again.clone()));
    let code = ask_with_key(&stack, &format!("GET /api/v1/qr/{PROPERTY}"), &again.api_key).await;
    assert_eq!(code.json()["version"], 1);
    stack.stop().await;

    // Whoever has lost the file gets another key to the same tenant.
    std::fs::write(folder.join(DEMO_FILE), "{}").unwrap();
    let stack = on(&folder).await;
    let third = stack.make_demo().await.unwrap();
    assert_eq!(third.tenant_id, first.tenant_id);
    assert_ne!(third.api_key, first.api_key);
    assert_eq!(ask_with_key(&stack, "GET /api/v1/tenant", &third.api_key).await.status, 200);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let stack = on(&folder).await;
    stack.make_demo().await.unwrap();
    let mode = std::fs::metadata(folder.join(DEMO_FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{:?}", stack.make_demo().await.unwrap()).contains("tsk_"));
}

#[tokio::test]
async fn another_template_has_no_demo() {
    let empty = "Resources:\n  Images: { Type: AWS::S3::Bucket }\n".to_owned();
    let options = Options::for_test(TemplateSource::Text(empty), Registry::default());
    let stack = Stack::start(options).await.unwrap();
    assert!(matches!(stack.make_demo().await, Err(DemoError::NoFunction(_))));
}

#[test]
fn the_process_says_where_the_demo_is_within_two_seconds() {
    let parent = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let mut command = tessera(&parent.path().join("data"));
    let mut child = command.args(["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines: Vec<String> = lines.take(5).map(Result::unwrap).collect();
    let elapsed = began.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(elapsed < READY_MAX, "{elapsed:?}");
    for (line, part) in
        lines.iter().zip(["Tessera is ready: ", "Console: ", "tsk_", DEMO_FILE, "curl "])
    {
        assert!(line.contains(part), "{part} in {lines:?}");
    }
}
