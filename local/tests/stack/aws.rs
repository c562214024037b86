//! The embedded services, as the unmodified SDK sees them.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::types::ParameterType;
use local::{DataFolder, Filter, Stack};

use crate::toy::{self, sdk};

#[tokio::test]
async fn a_parameter_is_put_once_found_by_path_and_deleted() {
    let stack = toy::stack("parameters").await;
    let ssm = aws_sdk_ssm::Client::new(&sdk(&stack, "SSM"));
    let put = |name: &str, value: &str| {
        ssm.put_parameter().name(name).value(value).r#type(ParameterType::SecureString).send()
    };
    for day in 1..=12 {
        put(&format!("/salt/2026-01-{day:02}"), "s").await.unwrap();
    }
    put("/salt/deeper/x", "s").await.unwrap();
    let again = put("/salt/2026-01-01", "other").await.unwrap_err();
    assert!(again.as_service_error().unwrap().is_parameter_already_exists());
    let read = ssm.get_parameter().name("/salt/2026-01-01").send().await.unwrap();
    assert_eq!(read.parameter().unwrap().value(), Some("s"), "the first one stays");
    let mut pages = ssm.get_parameters_by_path().path("/salt").into_paginator().send();
    let mut found = 0;
    while let Some(page) = pages.next().await {
        found += page.unwrap().parameters().len();
    }
    assert_eq!(found, 12);
    ssm.delete_parameter().name("/salt/2026-01-01").send().await.unwrap();
    let gone = ssm.get_parameter().name("/salt/2026-01-01").send().await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_parameter_not_found());
}

#[tokio::test]
async fn a_declared_secret_is_made_once_and_rotates_by_stage() {
    let parent = tempfile::tempdir().unwrap();
    let folder = DataFolder::Kept(parent.path().join("data"));
    let start = async || {
        let options = local::Options { data: folder.clone(), ..toy::options("secrets") };
        Stack::start(options).await.unwrap()
    };
    let read = async |stack: &Stack, stage: &str| {
        let client = aws_sdk_secretsmanager::Client::new(&sdk(stack, "SECRETS_MANAGER"));
        let answer =
            client.get_secret_value().secret_id("toy/dev/edge").version_stage(stage).send();
        answer.await.map(|answer| answer.secret_string.unwrap())
    };
    let stack = start().await;
    let first = read(&stack, "AWSCURRENT").await.unwrap();
    assert_eq!(first.len(), 40);
    assert!(first.bytes().all(|c| c.is_ascii_alphanumeric()), "{first}");
    let none = read(&stack, "AWSPREVIOUS").await.unwrap_err();
    assert!(none.as_service_error().unwrap().is_resource_not_found_exception());
    let client = aws_sdk_secretsmanager::Client::new(&sdk(&stack, "SECRETS_MANAGER"));
    client
        .put_secret_value()
        .secret_id("toy/dev/edge")
        .secret_string("second")
        .send()
        .await
        .unwrap();
    stack.stop().await;

    let stack = start().await;
    assert_eq!(read(&stack, "AWSCURRENT").await.unwrap(), "second");
    assert_eq!(read(&stack, "AWSPREVIOUS").await.unwrap(), first);
    let client = aws_sdk_secretsmanager::Client::new(&sdk(&stack, "SECRETS_MANAGER"));
    let twice =
        client.create_secret().name("toy/origin").secret_string("x").send().await.unwrap_err();
    assert!(twice.as_service_error().unwrap().is_resource_exists_exception());
}

#[tokio::test]
async fn an_object_is_kept_with_its_facts_and_served_to_browsers() {
    let stack = toy::stack("objects").await;
    let config =
        aws_sdk_s3::config::Builder::from(&sdk(&stack, "S3")).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    s3.put_object()
        .bucket("tessera-local-images")
        .key("images/a b.svg")
        .body(ByteStream::from_static(b"<svg/>"))
        .content_type("image/svg+xml")
        .cache_control("max-age=60")
        .send()
        .await
        .unwrap();
    let answer = toy::get_raw(&stack, "/images/a%20b.svg", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n<svg/>"), "{answer}");
    for part in ["content-type: image/svg+xml", "cache-control: max-age=60", "content-length: 6"] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
    let etag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let known = format!("if-none-match: {etag}\r\n");
    let answer = toy::get_raw(&stack, "/images/a%20b.svg", &known).await;
    assert!(answer.starts_with("HTTP/1.1 304") && answer.ends_with("\r\n\r\n"), "{answer}");
    let head = "HEAD /images/a%20b.svg HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = toy::exchange(&stack, head).await;
    assert!(answer.contains("content-length: 6") && answer.ends_with("\r\n\r\n"), "{answer}");
    // The bucket's policy does not let the distribution list it, so S3 does not say what is missing.
    let answer = toy::get_raw(&stack, "/images/none.svg", "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let answer = toy::get_raw(&stack, "/images/..%2f..%2fsecrets.json", "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn the_meter_counts_requests_and_capacity_per_function() {
    let stack = toy::stack("meter").await;
    let table = aws_sdk_dynamodb::Client::new(&sdk(&stack, "DYNAMODB"));
    table
        .put_item()
        .table_name("tessera-local-Table")
        .item("PK", AttributeValue::S("A".into()))
        .item("SK", AttributeValue::S("x".repeat(1500)))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap_err();
    table
        .put_item()
        .table_name("tessera-local-Table")
        .item("PK", AttributeValue::S("A".into()))
        .item("SK", AttributeValue::S("1".into()))
        .item("text", AttributeValue::S("x".repeat(1500)))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    let meter = stack.meter();
    assert_eq!(meter.table_requests("echo"), 2);
    assert_eq!(meter.count(&Filter::any().operation("PutItem")), 2);
    assert!((meter.write_units("echo") - 2.0).abs() < 0.001, "{}", meter.write_units("echo"));
    meter.reset();
    assert_eq!(meter.table_requests("echo"), 0);
}

#[tokio::test]
async fn a_file_that_the_store_refuses_is_read_to_its_end_and_then_refused() {
    let stack = toy::stack("refused-files").await;
    let endpoint = stack.environment("echo").unwrap().optional("AWS_ENDPOINT_URL_S3").unwrap();
    let file = "x".repeat(4 * 1024 * 1024);
    let put = format!(
        "PUT /tessera-local-images/a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{file}",
        file.len()
    );
    for round in 0..20 {
        let answer = toy::exchange_with(endpoint.strip_prefix("http://").unwrap(), &put).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "round {round}: {answer}");
    }
}
