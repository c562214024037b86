//! The gateway over real HTTP.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::toy::{self, exchange, get_raw};

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_request_reaches_its_function_through_the_event() {
    let stack = toy::stack("reach").await;
    let request = "POST /echo/a%20b?q=1&q=2 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                   content-type: application/x-www-form-urlencoded\r\ncookie: a=1; b=2\r\n\
                   x-two: one\r\nx-two: two\r\ncontent-length: 6\r\n\r\nk=v%21";
    let answer = body(&exchange(&stack, request).await);
    assert_eq!(answer["id"], "a b");
    assert_eq!(answer["query"], "q=1&q=2");
    assert_eq!(answer["body"], "k=v%21");
    assert_eq!(answer["headers"]["cookie"], "a=1; b=2");
    assert_eq!(answer["headers"]["x-two"], "one,two");
    let cookies = get_raw(&stack, "/cookies", "").await;
    assert!(
        cookies.contains("set-cookie: a=1") && cookies.contains("set-cookie: b=2"),
        "{cookies}"
    );
}

#[tokio::test]
async fn bytes_come_back_as_they_were_sent() {
    let stack = toy::stack("bytes").await;
    let address = stack.base_url().strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let sent: Vec<u8> = (0..=255).collect();
    let head = "POST /bytes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: image/png\r\ncontent-length: 256\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&sent).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(&sent));
}

#[tokio::test]
async fn a_client_cannot_say_what_only_cloudfront_says() {
    let stack = toy::stack("cloudfront").await;
    let lies = "cloudfront-viewer-address: 6.6.6.6:1\r\nx-origin-secret: guess\r\n\
                cloudfront-viewer-country: NG\r\n";
    let answer = body(&get_raw(&stack, "/echo/x", lies).await);
    let headers = &answer["headers"];
    assert!(headers["cloudfront-viewer-address"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(headers["cloudfront-viewer-country"], "NG", "a documented local convenience");
    let secret = headers["x-origin-secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "the generated secret of the template: {secret}");
    assert!(headers["x-forwarded-for"].as_str().unwrap().ends_with("127.0.0.1"));
}

#[tokio::test]
async fn the_gateways_own_answers_are_those_of_api_gateway() {
    let stack = toy::stack("answers").await;
    let start = |status: u16| format!("HTTP/1.1 {status} ");
    let too_long = format!("x-long: {}\r\n", "x".repeat(11_000));
    let cases = [
        ("/none", String::new(), 404, "Not Found"),
        ("/echo/x/y", String::new(), 404, "Not Found"),
        ("/panic", String::new(), 500, "Internal Server Error"),
        ("/stuck", String::new(), 503, "Service Unavailable"),
        ("/large/7", String::new(), 500, "Internal Server Error"),
        ("/table", too_long, 431, "Request Header Fields Too Large"),
        ("/table", "host: two\r\n".to_owned(), 400, "Bad Request"),
    ];
    for (path, headers, status, message) in cases {
        let answer = get_raw(&stack, path, &headers).await;
        assert!(answer.starts_with(&start(status)), "{path}: {answer}");
        assert_eq!(body(&answer)["message"], message, "{path}");
    }
    let bad_host = "GET /table HTTP/1.1\r\nhost: a b{}\r\nconnection: close\r\n\r\n";
    assert!(exchange(&stack, bad_host).await.starts_with(&start(400)));
    // After all that it still answers.
    assert!(get_raw(&stack, "/table", "").await.ends_with("tessera-local-Table"));
}

#[tokio::test]
async fn a_body_that_lambda_would_not_take_is_refused() {
    let stack = toy::stack("large").await;
    // In base64 five megabytes are more than six.
    for mib in [5, 11] {
        let body = "x".repeat(mib * 1024 * 1024);
        let request = format!(
            "POST /bytes HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: image/png\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = stack.base_url().strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The server may answer, and close, before all of it was sent.
        let _sent = socket.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _read = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{mib} MiB: {answer}");
        assert!(
            mib > 10 || !answer.is_empty(),
            "a body within the gateway's limit gets its answer"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_are_answered_at_once() {
    const CONNECTIONS: usize = 1000;
    // A second, as the toy has it, is short for a thousandth of a machine that does other things too.
    let patient = toy::TEMPLATE.replacen("Timeout: 1\n", "Timeout: 20\n", 1);
    let template = local::TemplateSource::Text(patient);
    let options = local::Options { template, ..toy::options("thousand") };
    let stack = std::sync::Arc::new(local::Stack::start(options).await.unwrap());
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let stack = stack.clone();
        tasks.spawn(async move { get_raw(&stack, "/slow", "").await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| answer.ends_with("slow")), "one was not answered");
    // One after the other they would take more than three minutes.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_under_way_finishes_when_the_stack_stops() {
    let stack = toy::stack("graceful").await;
    let address = stack.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    socket.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stack.stop().await;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("slow"), "{answer}");
    assert!(TcpStream::connect(&address).await.is_err(), "the port is free again");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let stack = toy::stack("keep-alive").await;
    let address = stack.base_url().strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        socket.write_all(b"GET /table HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 1024];
        let length = socket.read(&mut answer).await.unwrap();
        assert!(answer[..length].ends_with(b"tessera-local-Table"));
    }
}

#[tokio::test]
async fn no_path_or_query_breaks_the_way_to_a_function() {
    let stack = toy::stack("hostile").await;
    let paths = [
        "/echo/%00",
        "/echo/a%23b",
        "/echo/a%3Fb",
        "/echo/%FF%FE",
        "/echo/%0A%0D",
        "/echo/[x]",
        "/echo/%5B%5D",
        "/echo/a%5Cb",
        "/echo/%",
        "/echo/%zz",
        "/echo/{x}",
        "/echo/%7Bx%7D|^",
        "/echo/..",
        "/echo/%2e%2e%2f",
        "/echo/x?",
        "/echo/x?a=%zz&&=&b",
        "/echo/x?{}[]|",
        "/echo/%E2%80%AE",
        "//echo/x",
        "/echo/\"x\"",
    ];
    for path in paths {
        let answer = get_raw(&stack, path, "").await;
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(["200", "400", "404"].contains(&status.as_str()), "{path}: {answer}");
    }
}
