//! What keeps a stack from starting, in one line each.

use std::path::Path;

use adapters::environment::{Environment, EnvironmentError};
use axum::Router;
use local::template::Facts;
use local::{
    Build, DataFolder, Handler, Options, Registry, Stack, StartError, Template, TemplateSource,
};

use crate::toy;

async fn refusal(options: Options) -> StartError {
    Stack::start(options).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn each_reason_is_one_clear_line() {
    let first = toy::stack("first").await;
    let port = first.base_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let error = refusal(Options { port, ..toy::options("x") }).await;
    assert!(matches!(error, StartError::PortInUse(p) if p == port), "{error}");

    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    let second = Options { data: data.clone(), ..toy::options("second") };
    let _second = Stack::start(second.clone()).await.unwrap();
    let error = refusal(second).await;
    assert!(matches!(error, StartError::InUse(_)), "{error}");

    std::fs::write(parent.path().join("file"), "").unwrap();
    let data = DataFolder::Kept(parent.path().join("file/data"));
    let error = refusal(Options { data, ..toy::options("x") }).await;
    assert!(matches!(error, StartError::Unwritable { .. }), "{error}");

    let template = TemplateSource::Text(toy::TEMPLATE.replace("!Ref PublicUrl", "!Ref Nobody"));
    let error = refusal(Options { template, ..toy::options("x") }).await;
    assert!(matches!(error, StartError::Template(_)), "{error}");
    assert!(error.to_string().contains("PUBLIC_URL"), "{error}");

    let template = TemplateSource::File("/nowhere/template.yaml".into());
    let error = refusal(Options { template, ..toy::options("x") }).await;
    assert!(error.to_string().starts_with("/nowhere/template.yaml cannot be read"), "{error}");

    let error = refusal(Options { registry: Registry::default(), ..toy::options("x") }).await;
    assert!(error.to_string().contains("`counter` does not start"), "{error}");

    let twice = toy::TEMPLATE.replace("Path: /table }", "Path: /panic }");
    let template = TemplateSource::Text(twice);
    let error = refusal(Options { template, ..toy::options("x") }).await;
    assert!(error.to_string().contains("is there twice"), "{error}");
}

#[tokio::test]
async fn a_table_that_changed_its_shape_is_not_run_on_old_data() {
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    let options = Options { data, ..toy::options("shape") };
    Stack::start(options.clone()).await.unwrap().stop().await;
    let again = Stack::start(options.clone()).await.unwrap();
    again.stop().await;
    let changed = toy::TEMPLATE.replace("IndexName: GSI1", "IndexName: GSI9");
    let error = refusal(Options { template: TemplateSource::Text(changed), ..options }).await;
    assert!(error.to_string().contains("start with --reset"), "{error}");
}

#[tokio::test]
async fn functions_find_what_the_template_and_the_process_tell_them() {
    let stack = toy::stack("env").await;
    let env = stack.environment("echo").unwrap();
    assert_eq!(env.optional("PUBLIC_URL").as_deref(), Some(stack.base_url()));
    assert_eq!(env.optional("AWS_LAMBDA_FUNCTION_NAME").as_deref(), Some("echo"));
    assert!(stack.environment("nobody").is_none());
    assert!(stack.invoke("nobody", serde_json::json!({})).await.is_err());
    assert!(stack.invoke("echo", serde_json::json!({})).await.is_err(), "it answers HTTP");
}

/// Stands in for every function: it answers any request with the secret that the distribution sent.
fn hollow(_: &Environment) -> Result<Handler, EnvironmentError> {
    let secret = async |headers: axum::http::HeaderMap| {
        headers["x-origin-secret"].to_str().unwrap().to_owned()
    };
    Ok(Handler::Http(Router::new().fallback(secret)))
}

#[tokio::test]
async fn the_projects_own_template_starts_and_its_distribution_sends_its_secret() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template = Template::read(&path, &Facts::default()).unwrap();
    let names = template.functions().iter().map(|function| function.name.clone());
    let build: Build = hollow;
    let registry = Registry::new(names.map(|name| (&*name.leak(), build)));
    let stack =
        Stack::start(Options::for_test(TemplateSource::File(path), registry)).await.unwrap();
    let answer = toy::get_raw(&stack, "/health", "").await;
    let secret = answer.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(secret.len(), 64, "{answer}");
}
