//! One visit of a code, the same for the page and for the data: load, decide, commit.

use std::sync::Arc;
use std::time::Instant;

use adapters::table::StoreError;
use axum::http::request::Parts;
use domain::code::{QrScanData, ScanRefused, ScanTarget};
use domain::device::VisitClass;
use domain::id::{PropertyId, ScanId};
use domain::scan::{RedirectType, ScanEvent, ScanOutcome, ScanSource};
use web::Problem;

use crate::Deps;

/// A scan that is let through.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub scan_id: ScanId,
    pub target: Arc<ScanTarget>,
    pub tenant_name: String,
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
    let now = deps.clock.now();
    let code = target.admit(now)?;

    let visitor = deps.visitors.of(parts).await;
    let (visitor_hash, session_id) = deps.visitors.hash(&target.tenant, &visitor, now).await.unzip();
    let scan = ScanEvent {
        scan_id: ScanId::new(now, deps.random.bytes()),
        property_id: id.clone(),
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
        outcome: ScanOutcome::Served,
    };
    let data = QrScanData::of(&target.info, &code.destinations);
    let tenant_name = code.tenant_name.clone();
    let limited = code.lifetime.max_scans.is_some() && scan.class == VisitClass::Person;
    let (scan_id, class) = (scan.scan_id.clone(), scan.class);

    let written = if limited {
        deps.targets.table.commit_limited_scan(scan).await??;
        Ok(())
    } else {
        deps.targets.table.append_scan(scan).await
    };
    metrics::counter!("scans_total", "class" => class.as_str()).increment(1);
    metrics::histogram!("scan_response_duration_seconds").record(started.elapsed());
    Ok(Scanned { scan_id, redirect: target.redirect(), target, tenant_name, data, written })
}
