//! The console and the metrics, over real HTTP.

use local::{Fault, Filter, Stack};

use crate::platform::{PROPERTY, ask, options};

async fn with_demo() -> Stack {
    let stack = Stack::start(options()).await.unwrap();
    stack.make_demo().await.unwrap();
    stack
}

const OWN: &str = "sec-fetch-site: same-origin\r\n";

#[tokio::test]
async fn the_console_shows_the_code_the_figures_and_the_key() {
    let stack = Stack::start(options()).await.unwrap();
    assert!(ask(&stack, "GET /", "").await.body.contains("The demo is being made"));
    assert_eq!(ask(&stack, "GET /console/state", "").await.status, 503);
    let demo = stack.make_demo().await.unwrap();
    let page = ask(&stack, "GET /", "").await;
    assert_eq!(page.status, 200);
    for part in [
        format!("src=\"/qr-images/{PROPERTY}.png?v=1\""),
        format!("href=\"{}/scan/{PROPERTY}\"", stack.public_url()),
        demo.api_key,
        "action=\"/console/scan\"".to_owned(),
    ] {
        assert!(page.body.contains(&part), "{part} in {}", page.body);
    }
    assert!(
        page.head.contains("script-src 'self'") && page.head.contains("no-store"),
        "{}",
        page.head
    );
    assert!(!page.body.contains("style="), "the content policy forbids it");
    let script = ask(&stack, "GET /console/console.js", "").await;
    assert!(script.head.contains("text/javascript"), "{}", script.head);
}

#[tokio::test]
async fn a_scan_from_the_console_is_counted() {
    let stack = with_demo().await;
    let state = async || ask(&stack, "GET /console/state", "").await.json();
    assert_eq!(state().await["people"], 0);
    let pressed = ask(&stack, "POST /console/scan", OWN).await;
    assert_eq!(pressed.status, 303);
    assert!(pressed.head.contains("location: /?done=scan"), "{}", pressed.head);
    let agent = "user-agent: curl/8.0\r\n";
    assert_eq!(ask(&stack, &format!("GET /scan/{PROPERTY}"), agent).await.status, 200);
    stack.quiet().await.unwrap();
    let state = state().await;
    assert_eq!([&state["people"], &state["machines"], &state["visitors_today"]], [1, 1, 1]);
    assert_eq!(state["hours"].as_array().unwrap().len(), 24);
    assert_eq!(state["hours"][23]["scans"], 1);
    let latest = state["latest"].as_array().unwrap();
    assert_eq!(latest.len(), 2);
    let person = latest.iter().find(|scan| scan["class"] == "person").unwrap();
    assert_eq!(person["device"], "mobile, ios, safari");
    assert_eq!(person["country"], "NG");
    assert!(ask(&stack, "GET /?done=scan", "").await.body.contains("Scanned as an iPhone"));
}

#[tokio::test]
async fn the_buttons_do_what_they_say_and_only_from_the_own_page() {
    let stack = with_demo().await;
    for (path, headers, status) in [
        ("/console/scan", "", 403),
        ("/console/scan", "sec-fetch-site: cross-site\r\n", 403),
        ("/console/scan", "origin: http://evil.example\r\n", 403),
        ("/console/other", OWN, 404),
        ("/console/nightly", OWN, 303),
        ("/console/regenerate", "origin: http://127.0.0.1\r\n", 303),
    ] {
        let answer = ask(&stack, &format!("POST {path}"), headers).await;
        assert_eq!(answer.status, status, "{path} {headers}");
        assert!(!answer.head.contains("failed="), "{path}: {}", answer.head);
    }
    assert_eq!(ask(&stack, "GET /console/scan", OWN).await.status, 404);
    assert_eq!(ask(&stack, "GET /console/state", "").await.json()["version"], 2);
}

#[tokio::test]
async fn a_printing_that_is_under_way_is_shown_again_when_the_page_is_loaded_again() {
    let stack = with_demo().await;
    assert_eq!(ask(&stack, "POST /console/publish-voucher", OWN).await.status, 303);
    let file = Filter::any().function("printing").service("s3").operation("PutObject");
    stack.meter().break_call(1, file, Fault::Before, true);
    let pressed = ask(&stack, "POST /console/print-batch", OWN).await;
    let there = "location: /console/vouchers?done=print-batch";
    assert!(pressed.head.contains(there), "{}", pressed.head);
    stack.quiet().await.unwrap();
    for _ in 0..2 {
        let page = ask(&stack, "GET /console/vouchers", "").await.body;
        for part in ["<td>running</td>", "0 of 42", "http-equiv=\"refresh\""] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
    // Five more, and the first is still there.
    for _ in 0..5 {
        ask(&stack, "POST /console/print-batch", OWN).await;
    }
    stack.quiet().await.unwrap();
    let page = ask(&stack, "GET /console/vouchers", "").await.body;
    assert_eq!((page.matches("42 of 42").count(), page.matches(" 0 of 42").count()), (5, 0));
    assert!(page.contains("<td>running</td>"), "{page}");
}

#[tokio::test]
async fn the_console_is_not_there_for_others() {
    let stack = with_demo().await;
    for path in ["/", "/metrics", "/console/state", "/console/console.js"] {
        for headers in
            ["host: qr.example.com\r\n", "x-forwarded-for: 10.0.0.7\r\n", "via: 1.1 x\r\n"]
        {
            let answer = ask(&stack, &format!("GET {path}"), headers).await;
            assert_eq!(answer.status, 404, "{path} {headers}");
            assert!(!answer.body.contains("tsk_"), "{path} {headers}");
        }
    }
}

#[tokio::test]
async fn the_metrics_have_their_names_and_bins() {
    let stack = with_demo().await;
    let _second = Stack::start(options()).await.unwrap();
    ask(&stack, "POST /console/scan", OWN).await;
    let metrics = ask(&stack, "GET /metrics", "").await;
    assert!(metrics.head.contains("text/plain; version=0.0.4"), "{}", metrics.head);
    for line in [
        "http_requests_total{method=\"GET\",path=\"/scan/{property_id}\",status=\"200\"} ",
        "http_request_duration_seconds_bucket{path=\"/scan/{property_id}\",le=\"0.05\"} ",
        "qr_generations_total{status=\"success\"} ",
        "qr_generation_duration_seconds_bucket{error_correction=",
        "s3_request_duration_seconds_bucket{operation=\"put\",le=\"0.5\"} ",
        "scan_response_duration_seconds_bucket{le=\"0.1\"} ",
        "scan_response_duration_seconds_bucket{le=\"1\"} ",
        "scans_total{class=\"person\"} ",
        "db_connection_pool_size{state=\"active\"} ",
        "db_connection_pool_size{state=\"idle\"} ",
        "# TYPE scans_total counter",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
    assert!(stack.meter().table_connections().high_water > 0);
    assert_eq!(stack.meter().table_connections().active, 0);
}
