//! Whether the platform says that it works, and only when it does (P57).

use local::{Fault, Filter};
use tessera_tests::Platform;

const CHECKS: [&str; 4] = ["database", "image_store", "qr_generation", "scan"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_works_says_so_four_times() {
    let platform = Platform::start().await;
    let health = platform.visitor().get("/health").await.is(200).json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["checks"].as_object().unwrap().len(), 4);
    for check in CHECKS {
        assert_eq!(health["checks"][check]["status"], "ok", "{check}");
        assert!(health["checks"][check]["latency_ms"].is_u64(), "{check}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_named_and_nothing_is_told_about_it() {
    let platform = Platform::start().await;
    let of = |service: &str| Filter::any().function("health").service(service);
    let cases = [(of("s3"), 1, vec!["image_store"]), (of("dynamodb"), 2, vec!["database", "scan"])];
    for (filter, calls, broken) in cases {
        for nth in 1..=calls {
            platform.meter().break_call(nth, filter.clone(), Fault::Before, true);
        }
        let health = platform.visitor().get("/health").await.is(503).json();
        assert_eq!(health["status"], "failed", "{broken:?}");
        for check in CHECKS {
            let expected = if broken.contains(&check) { "failed" } else { "ok" };
            assert_eq!(health["checks"][check]["status"], expected, "{check}: {health}");
        }
        platform.meter().clear_faults();
        let _well = platform.visitor().get("/health").await.is(200);
    }
}
