//! POST /g/{token}/scan: the page's script says that somebody has opened it. The page itself comes from the content
//! network and counts nobody.
//!
//! Public, and the page is the same for everybody, so that no seal in it could tell one visit from another. What keeps
//! the counts honest is the limit per address and per guard; no money depends on them.

use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::failure::chain;
use domain::guard::{TipPageState, TipTarget};
use domain::id::ScanId;
use domain::scan::{RedirectType, ScanEvent, ScanOutcome, ScanSource, referrer_host};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::input::Json;
use web::limit::RateLimit;
use web::problem::ProblemBody;

use crate::{Deps, Token, target_of};

/// One address opens one guard's page so often in a minute. A carrier has many people behind one address, but few of
/// them stand before the same guard.
const SCANS_OF_ADDRESS: RateLimit = RateLimit { scope: "scan-address", window_s: 60, most: 30 };
/// A guard's page is opened so often in a minute.
const SCANS_OF_GUARD: RateLimit = RateLimit { scope: "scan-guard", window_s: 60, most: 1_200 };

/// What the script knows about the visit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeaconRequest {
    /// The page that led here; nothing after a scan.
    #[serde(default)]
    referrer: String,
}

/// Counts a visit of the page.
#[utoipa::path(
    post,
    path = "/g/{token}/scan",
    tag = "tips",
    operation_id = "count_guard_scan",
    params(("token" = String, Path, description = "The twelve letters and digits of the code")),
    request_body = BeaconRequest,
    responses(
        (status = 204, description = "Noted"),
        (status = 404, description = "No guard has this code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many visits in a minute", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn count_scan(
    State(deps): State<Deps>,
    token: Token,
    parts: Parts,
    Json(request): Json<BeaconRequest>,
) -> Result<StatusCode, Problem> {
    let started = deps.ids.clock.stopwatch();
    let target = target_of(&deps, token).await?;
    let scan = scan_of(&deps, &target, &parts, &request.referrer, started).await?;
    let class = scan.class;
    if let Err(error) = deps.table.append_scan(scan).await {
        metrics::counter!("scan_events_lost_total").increment(1);
        tracing::warn!(error = chain(&error), "a visit of a guard's page was not written");
        return Err(error.into());
    }
    metrics::counter!("guard_scans_total", "class" => class.as_str()).increment(1);
    Ok(StatusCode::NO_CONTENT)
}

/// The visit as an event, within the limits.
async fn scan_of(
    deps: &Deps,
    target: &TipTarget,
    parts: &Parts,
    referrer: &str,
    started: Instant,
) -> Result<ScanEvent, Problem> {
    let now = deps.ids.now();
    let visitor = deps.visitors.of(parts).await;
    // Without the day's salt there is no hash, and the guard's limit alone holds.
    if let Some(address) = deps.visitors.address_hash("scan", &visitor, now).await {
        let key = format!("{address}#{}", target.guard);
        SCANS_OF_ADDRESS.take(&deps.table, &key, now).await?;
    }
    SCANS_OF_GUARD.take(&deps.table, target.guard.as_str(), now).await?;
    let (hash, session_id) = deps.visitors.hash(&target.tenant, &visitor, now).await.unzip();
    Ok(ScanEvent {
        scan_id: deps.ids.make(ScanId::new),
        subject: target.guard.clone().into(),
        tenant_id: target.tenant.clone(),
        qr_version: 1,
        at: now,
        source: if referrer.is_empty() { ScanSource::QrCode } else { ScanSource::Link },
        redirect: RedirectType::TipPage,
        class: visitor.class,
        device: visitor.device,
        country: visitor.country,
        region: visitor.region,
        city: visitor.city,
        referrer_host: referrer_host(referrer),
        visitor: hash,
        session_id,
        handling_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        outcome: match target.state() {
            TipPageState::Open => ScanOutcome::Served,
            TipPageState::Suspended | TipPageState::Archived | TipPageState::Revoked => {
                ScanOutcome::Retired
            }
        },
    })
}
