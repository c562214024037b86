//! The four checks of P57, at once. Each says how long it took; a failed one says no more than that it failed.

use std::future::Future;
use std::time::Duration;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::code::scan_url;
use domain::id::PropertyId;
use domain::render::RenderSpec;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Deps;

/// A check that takes longer has failed.
const CHECK_MAX: Duration = Duration::from_secs(5);
/// A property that no tenant has: looking it up takes the way of a scan and finds nothing.
const NO_PROPERTY: &str = "000000000000000000000000";

/// Whether the platform works.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthResponse {
    /// `ok` when each check is.
    status: CheckStatus,
    /// The checks.
    checks: Checks,
}

/// The checks of P57.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checks {
    /// The table answers (there called MongoDB connectivity).
    database: Check,
    /// The bucket answers.
    image_store: Check,
    /// A code is drawn and read back.
    qr_generation: Check,
    /// The read of a scan is answered.
    scan: Check,
}

/// One check.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    /// How it went.
    status: CheckStatus,
    /// How long it took, in milliseconds.
    latency_ms: u64,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckStatus {
    /// It works.
    Ok,
    /// It does not.
    Failed,
}

/// Checks the platform.
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    operation_id = "check_health",
    responses(
        (status = 200, description = "All checks passed", body = HealthResponse),
        (status = 503, description = "A check failed", body = HealthResponse),
    )
)]
pub(crate) async fn check_health(State(deps): State<Deps>) -> (StatusCode, Reply<HealthResponse>) {
    let (database, image_store, qr_generation, scan) = tokio::join!(
        check(&deps, async { deps.table.probe().await.is_ok() }),
        check(&deps, async { deps.images.probe().await.is_ok() }),
        check(&deps, async { draws() }),
        check(&deps, scans(&deps)),
    );
    let checks = Checks { database, image_store, qr_generation, scan };
    let all = [&checks.database, &checks.image_store, &checks.qr_generation, &checks.scan];
    let fine = all.into_iter().all(|check| check.status == CheckStatus::Ok);
    let (code, status) = match fine {
        true => (StatusCode::OK, CheckStatus::Ok),
        false => (StatusCode::SERVICE_UNAVAILABLE, CheckStatus::Failed),
    };
    (code, Reply(HealthResponse { status, checks }))
}

async fn check(deps: &Deps, work: impl Future<Output = bool>) -> Check {
    let started = deps.clock.stopwatch();
    let fine = tokio::time::timeout(CHECK_MAX, work).await.unwrap_or(false);
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Check { status: if fine { CheckStatus::Ok } else { CheckStatus::Failed }, latency_ms }
}

fn draws() -> bool {
    let Ok(id) = PropertyId::parse(NO_PROPERTY) else { return false };
    let spec = RenderSpec { logo: false, ..RenderSpec::PROPERTY };
    // Rendering reads the image back.
    qr::render(&scan_url("https://health.invalid", &id), &spec, None).is_ok()
}

async fn scans(deps: &Deps) -> bool {
    match PropertyId::parse(NO_PROPERTY) {
        Ok(id) => deps.table.scan_target(&id).await.is_ok(),
        Err(_) => false,
    }
}
