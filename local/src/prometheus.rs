//! `GET /metrics`: what the functions record, as Prometheus reads it. In the cloud the same numbers go to CloudWatch.
//!
//! A process has one recorder, so stacks of one test process share it. Deliberately absent: a second HTTP server.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::meter::Meter;

/// What every duration's name ends with.
const DURATIONS: &str = "_duration_seconds";
/// The upper ends of the bins of durations, in seconds; the promises of the platform are among them.
const BUCKETS_S: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Recorded values wait in memory until they are sorted into bins.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// The process's recorder, made at the first call; none when somebody else has installed one.
fn recorder() -> Option<&'static PrometheusHandle> {
    let made = RECORDER.get_or_init(|| {
        let suffix = Matcher::Suffix(DURATIONS.to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(suffix, &BUCKETS_S).ok()?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        describe();
        Some(handle)
    });
    made.as_ref()
}

/// Begins to record; the second call in a process does nothing.
pub(crate) fn install() {
    if recorder().is_none() {
        tracing::warn!("metrics are recorded elsewhere; GET /metrics has none");
    }
}

/// Keeps what is recorded small, for ever.
pub(crate) async fn keep_up() {
    loop {
        tokio::time::sleep(UPKEEP_PERIOD).await;
        if let Some(recorder) = recorder() {
            recorder.run_upkeep();
        }
    }
}

/// All metrics as text, with the state of this stack's connections to the table (X42).
pub(crate) fn render(meter: &Meter) -> Option<String> {
    let recorder = recorder()?;
    let connections = meter.table_connections();
    let idle = connections.high_water.saturating_sub(connections.active);
    for (state, count) in [("active", connections.active), ("idle", idle)] {
        metrics::gauge!("db_connection_pool_size", "state" => state).set(f64::from(count));
    }
    Some(recorder.render())
}

fn describe() {
    let counters = [
        ("http_requests_total", "Requests, by method, route and status."),
        ("notices_total", "Messages to guards, by channel and outcome."),
        ("outbox_unreadable_total", "Notices and alerts that could not be read and relayed."),
        ("qr_generations_total", "Drawn codes, by outcome."),
        ("s3_requests_total", "Requests to the bucket, by operation and outcome."),
        ("scans_total", "Scans that were let through, by class of visitor."),
        ("scans_refused_total", "Scans that were refused, by reason."),
        ("scan_redirects_total", "Reports of scan pages, by outcome."),
        ("scan_events_lost_total", "Scans that were not written down."),
        ("stream_items_unreadable_total", "New items that could not be read and counted, by kind."),
    ];
    for (name, text) in counters {
        metrics::describe_counter!(name, text);
    }
    let durations = [
        ("http_request_duration_seconds", "Time to answer a request, by route."),
        ("qr_generation_duration_seconds", "Time to draw and read back a code, by level."),
        ("s3_request_duration_seconds", "Time of a request to the bucket, by operation."),
        ("scan_response_duration_seconds", "Time from a scan to its being written down."),
    ];
    for (name, text) in durations {
        metrics::describe_histogram!(name, metrics::Unit::Seconds, text);
    }
    let text =
        "HTTP connections to the table: requests under way, and kept ones without any (X42).";
    metrics::describe_gauge!("db_connection_pool_size", text);
}
