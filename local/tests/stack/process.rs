//! Whole processes: the command line, and one that is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use local::{DataFolder, Options, Stack};

use crate::toy::{self, sdk};

/// The platform without functions: what the command line does does not depend on them.
const EMPTY: &str = "Resources:\n  Images: { Type: AWS::S3::Bucket }\n";
const READY_MAX: Duration = Duration::from_secs(2);
/// Says to the child which folder it shall write to.
const FOLDER: &str = "TESSERA_TEST_FOLDER";

fn tessera(folder: &std::path::Path) -> Command {
    std::fs::write(folder.join("template.yaml"), EMPTY).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.current_dir(folder).args(["--port", "0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}

#[test]
fn it_says_where_it_is_within_two_seconds_and_stops_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let began = Instant::now();
        let mut child = tessera(folder.path()).spawn().unwrap();
        let line = first_line(&mut child);
        assert!(began.elapsed() < READY_MAX, "{:?}", began.elapsed());
        let url = line.trim().strip_prefix("Tessera is ready: http://").unwrap();
        let answer = std::net::TcpStream::connect(url.trim_end_matches('/'));
        assert!(answer.is_ok(), "{line}");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
    }
    assert!(folder.path().join(".tessera/table.sqlite").exists());
    let mut child = tessera(folder.path())
        .args(["--reset", "--public-url", "https://x.example/"])
        .spawn()
        .unwrap();
    assert_eq!(first_line(&mut child), "Tessera is ready: https://x.example/\n");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_keeps_it_from_starting_is_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "Resources: [").unwrap();
    std::fs::create_dir(folder.path().join("photos")).unwrap();
    std::fs::write(folder.path().join("photos/cat.png"), "meow").unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--template", "broken.yaml"], "template.yaml is not usable"),
        (&["--template", "none.yaml"], "none.yaml cannot be read"),
        (&["--data", "photos"], "was not made by tessera"),
        (&["--data", "photos", "--reset"], "was not made by tessera"),
    ];
    for (arguments, part) in cases {
        let output = tessera(folder.path()).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(part) && said.lines().count() == 1, "{arguments:?}: {said}");
    }
    assert!(folder.path().join("photos/cat.png").exists());
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_answered() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, &folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut answered: Vec<String> = Vec::new();
    while answered.len() < 50 {
        answered.extend(lines.next().unwrap().strip_prefix("answered ").map(str::to_owned));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    answered.extend(lines.filter_map(|line| line.strip_prefix("answered ").map(str::to_owned)));

    let options = Options { data: DataFolder::Kept(folder), ..toy::options("survivor") };
    let stack = Stack::start(options).await.unwrap();
    let table = aws_sdk_dynamodb::Client::new(&sdk(&stack, "DYNAMODB"));
    for name in &answered {
        let item = table
            .get_item()
            .table_name("tessera-local-Table")
            .key("PK", AttributeValue::S("E#1".into()))
            .key("SK", AttributeValue::S(name.clone()));
        assert!(item.send().await.unwrap().item.is_some(), "{name} was answered and is lost");
    }
    let waiting = stack.queue("Jobs").unwrap().waiting;
    assert!(waiting >= answered.len() as u64, "the queue lost messages");
    stack.quiet().await.unwrap();
    let delivered: usize = toy::calls("survivor", "counter")
        .iter()
        .map(|call| call["Records"].as_array().unwrap().len())
        .sum();
    assert!(delivered >= answered.len(), "the stream lost records");
}

#[tokio::test]
#[ignore = "it is the process that the test above kills"]
async fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let options = Options { data: DataFolder::Kept(folder.into()), ..toy::options("victim") };
    let stack = Stack::start(options).await.unwrap();
    let table = aws_sdk_dynamodb::Client::new(&sdk(&stack, "DYNAMODB"));
    let queues = aws_sdk_sqs::Client::new(&sdk(&stack, "SQS"));
    let jobs = stack.template().queue("Jobs").unwrap().url.clone();
    for n in 0..100_000 {
        let put = table
            .put_item()
            .table_name("tessera-local-Table")
            .item("PK", AttributeValue::S("E#1".into()))
            .item("SK", AttributeValue::S(format!("{n:06}")));
        put.send().await.unwrap();
        let send = queues.send_message().queue_url(&jobs).message_body(n.to_string());
        send.send().await.unwrap();
        println!("answered {n:06}");
    }
}

#[test]
fn what_failed_is_sent_back_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let redrive = |queue: &str| {
        let mut command = tessera(folder.path());
        std::fs::write(folder.path().join("template.yaml"), crate::errands::TEMPLATE).unwrap();
        let output = command.args(["redrive", queue]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, stderr) = redrive("Errands");
    assert_eq!((code, stderr.lines().count()), (Some(2), 1), "{stderr}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let data = DataFolder::Kept(folder.path().join(".tessera"));
        let options = Options { data, ..crate::errands::options("redrive") };
        let stack = Stack::start(options).await.unwrap();
        crate::errands::post(&stack, "Errands").send("refuse").await;
        stack.quiet().await.unwrap();
        stack.advance(jiff::SignedDuration::from_mins(10)).await;
        assert_eq!(stack.queue("Errands").unwrap().dead, Some(1));
        // While the platform runs.
        let (code, stdout, stderr) = redrive("Errands");
        assert_eq!(stdout, "1 message sent back to Errands.\n", "{stderr}");
        assert_eq!(code, Some(0));
        assert_eq!(stack.queue("Errands").unwrap().dead, Some(0));
        stack.stop().await;
    });
    assert_eq!(redrive("ErrandsDead").1, "0 messages sent back to ErrandsDead.\n");
    assert!(redrive("Nobody").2.contains("there are Errands"));
}
