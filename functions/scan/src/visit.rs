//! One visit of a code, the same for the page and for the data: load, decide, commit.

use std::sync::Arc;
use std::time::Instant;

use adapters::table::StoreError;
use axum::http::request::Parts;
use domain::code::{LiveCode, QrScanData, ScanRefused, ScanTarget};
use domain::device::VisitClass;
use domain::failure::chain;
use domain::id::{PropertyId, ScanId};
use domain::render::Rgb;
use domain::scan::{RedirectType, ScanEvent, ScanOutcome, ScanSource};
use web::Problem;

use crate::Deps;

/// A scan that is let through.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub scan_id: ScanId,
    pub target: Arc<ScanTarget>,
    pub tenant_name: String,
    pub brand_color: Rgb,
    pub data: QrScanData,
    pub redirect: RedirectType,
    /// Whether the scan was written down; if not, the visitor is led on all the same.
    pub written: Result<(), StoreError>,
}

/// `record_scan` (P20): decides a scan and writes it down.
pub(crate) async fn record_scan(
    deps: &Deps,
    id: &PropertyId,
    source: ScanSource,
    parts: &Parts,
    started: Instant,
) -> Result<Scanned, Problem> {
    let target = deps.targets.target(id).await?.ok_or(ScanRefused::Unknown)?;
    let code = target.code.as_ref().ok_or(ScanRefused::Unknown)?;
    let now = deps.clock.now();
    let refused = target.admit(now).err();

    let visitor = deps.visitors.of(parts).await;
    let hash = deps.visitors.hash(&target.tenant, &visitor, now).await;
    let (visitor_hash, session_id) = hash.unzip();
    let scan = ScanEvent {
        scan_id: ScanId::new(now, deps.random.bytes()),
        subject: id.clone().into(),
        tenant_id: target.tenant.clone(),
        qr_version: code.version,
        at: now,
        source,
        redirect: target.redirect(),
        class: visitor.class,
        device: visitor.device,
        country: visitor.country,
        region: visitor.region,
        city: visitor.city,
        referrer_host: visitor.referrer_host,
        visitor: visitor_hash,
        session_id,
        handling_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        outcome: refused.as_ref().map_or(ScanOutcome::Served, outcome_of),
    };
    let scan_id = scan.scan_id.clone();
    if let Some(refused) = refused {
        refuse(deps, scan).await;
        return Err(refused.into());
    }
    let written = write(deps, scan, code).await?;
    metrics::histogram!("scan_response_duration_seconds").record(started.elapsed());
    Ok(Scanned {
        scan_id,
        tenant_name: code.tenant_name.clone(),
        brand_color: code.brand_color,
        data: QrScanData::of(&target.info, &code.destinations),
        redirect: target.redirect(),
        target,
        written,
    })
}

/// The one write of a scan. Where each scan by a person uses one of a number up, that is part of the write.
async fn write(
    deps: &Deps,
    scan: ScanEvent,
    code: &LiveCode,
) -> Result<Result<(), StoreError>, Problem> {
    let class = scan.class;
    let limited = code.lifetime.max_scans.is_some() && class == VisitClass::Person;
    let written = if limited {
        match deps.targets.table.commit_limited_scan(scan.clone()).await? {
            Ok(()) => Ok(()),
            Err(refused) => {
                refuse(deps, ScanEvent { outcome: outcome_of(&refused), ..scan }).await;
                return Err(refused.into());
            }
        }
    } else {
        deps.targets.table.append_scan(scan).await
    };
    metrics::counter!("scans_total", "class" => class.as_str()).increment(1);
    Ok(written)
}

/// Writes down that a code was scanned that leads nowhere any more: its owner wants to know. The visitor's answer
/// does not depend on it.
async fn refuse(deps: &Deps, scan: ScanEvent) {
    if let Err(error) = deps.targets.table.append_scan(scan).await {
        metrics::counter!("scan_events_lost_total").increment(1);
        tracing::warn!(error = chain(&error), "a refused scan was not written");
    }
}

fn outcome_of(refused: &ScanRefused) -> ScanOutcome {
    match refused {
        ScanRefused::Unknown | ScanRefused::Deleted => ScanOutcome::Retired,
        ScanRefused::Expired => ScanOutcome::Expired,
        ScanRefused::UsedUp => ScanOutcome::LimitReached,
    }
}
