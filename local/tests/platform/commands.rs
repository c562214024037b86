//! `tenant create`, and what keeps the binary from doing its work: one line and exit code 2.

use local::Stack;

use crate::platform::{ask_with_key, on, options, run, said, tessera};

/// The tenant's id and its key.
fn printed(stdout: &str) -> (String, String) {
    let mut lines = stdout.lines();
    let mut value = |name: &str| {
        let line = lines.next().unwrap();
        line.strip_prefix(name).unwrap_or_else(|| panic!("{name} in {stdout}")).to_owned()
    };
    let made = (value("tenant_id: "), value("api_key: "));
    assert_eq!(lines.next(), None, "nothing else is printed");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_in_the_data_folder_with_the_scopes_that_are_named() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let mut all = tessera(&folder);
    all.args(["tenant", "create", "Acme Homes"]);
    let mut few = tessera(&folder);
    few.args(["tenant", "create", "Other", "--scope", "codes:read", "--scope", "codes:read"]);
    let (all, few) = (run(all).await, run(few).await);
    let (code, stdout, stderr) = said(&all);
    assert_eq!(code, 0, "{stderr}");
    let (tenant, key) = printed(&stdout);
    let (_, read_key) = printed(&said(&few).1);

    let stack = on(&folder).await;
    let answer = ask_with_key(&stack, "GET /api/v1/tenant", &key).await;
    assert_eq!(answer.json()["id"], tenant);
    assert_eq!(answer.json()["name"], "Acme Homes");
    assert_eq!(ask_with_key(&stack, "GET /api/v1/qr/list", &read_key).await.status, 200);
    assert_eq!(ask_with_key(&stack, "GET /api/v1/tenant", &read_key).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_in_the_table_that_the_environment_names() {
    let stack = Stack::start(options()).await.unwrap();
    let environment = stack.environment("tenants").unwrap();
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let mut command = tessera(&folder);
    for name in ["TABLE_NAME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        command.env(name, environment.optional(name).unwrap());
    }
    let endpoint = environment.optional("AWS_ENDPOINT_URL_DYNAMODB").unwrap();
    command.env("AWS_ENDPOINT_URL", endpoint).args(["tenant", "create", "Acme Homes"]);
    let (code, stdout, stderr) = said(&run(command).await);
    assert_eq!(code, 0, "{stderr}");
    let (_, key) = printed(&stdout);
    assert_eq!(ask_with_key(&stack, "GET /api/v1/tenant", &key).await.status, 200);
    assert!(!folder.exists(), "the data folder is not touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_command_from_running_is_one_line_and_exit_code_2() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let _running = on(&folder).await;
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let broken = parent.path().join("broken.yaml");
    std::fs::write(&broken, "Resources: [").unwrap();
    let (other, broken) = (parent.path().join("other"), broken.display().to_string());
    let cases: [(&std::path::Path, &[&str], &str); 6] = [
        (&folder, &["tenant", "create", "Acme"], "is in use by a running tessera; stop it"),
        (&folder, &[], "is in use by another process"),
        (&other, &["tenant", "create", " "], "name has 1 to 100 printable characters"),
        (&other, &["--port", &port], "is in use by another process; choose another with --port"),
        (&other, &["import", "none.json"], "none.json cannot be read"),
        (&other, &["import", &broken, "--url", "http://127.0.0.1:1"], "give a key for"),
    ];
    for (folder, arguments, part) in cases {
        let mut command = tessera(folder);
        let with_port: &[&str] = if arguments.is_empty() { &["--port", "0"] } else { arguments };
        command.args(with_port);
        let (code, _, stderr) = said(&run(command).await);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains(part) && stderr.lines().count() == 1, "{arguments:?}: {stderr}");
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tessera"));
    command.args(["--port", "0", "--template", &broken]).current_dir(parent.path());
    let (code, _, stderr) = said(&run(command).await);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("template.yaml is not usable"), "{stderr}");
}
