//! One customer's scan of a voucher: who it was is a keyed hash of the day, and a machine's is not written down (V9,
//! V33, X24).

use std::time::Instant;

use axum::http::Method;
use axum::http::request::Parts;
use domain::device::VisitClass;
use domain::failure::chain;
use domain::id::{ScanId, VoucherId};
use domain::scan::{RedirectType, ScanEvent, ScanOutcome, ScanSource, VisitorHash, voucher_scan};
use domain::voucher::VoucherState;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::limit::RateLimit;
use web::visitor::Visitor;
use web::wallet::Seen;

use crate::Deps;

/// One address scans one voucher so often in a minute (V13). A carrier has many people behind one address, but few of
/// them read the same voucher within a minute.
const SCANS_OF_ADDRESS: RateLimit = RateLimit { scope: "voucher-scan", window_s: 60, most: 60 };

/// How the code was read (V33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Source {
    /// By a camera.
    #[default]
    Camera,
    /// From a picture.
    Gallery,
    /// Not at all: somebody has sent the address.
    Link,
}

impl From<Source> for ScanSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Camera => ScanSource::Camera,
            Source::Gallery => ScanSource::Gallery,
            Source::Link => ScanSource::Link,
        }
    }
}

/// A scan that was let through.
#[derive(Debug)]
pub(crate) struct Visit {
    /// When it came.
    pub(crate) now: Timestamp,
    /// Who came, without a name.
    pub(crate) visitor: Visitor,
    started: Instant,
}

impl Visit {
    /// Lets a scan through, within the limit.
    pub(crate) async fn of(
        deps: &Deps,
        voucher: &VoucherId,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        let (started, now) = (deps.ids.clock.stopwatch(), deps.ids.now());
        let visitor = deps.visitors.of(parts).await;
        // A HEAD writes nothing at all. Without the day's salt there is no hash and no limit.
        if parts.method != Method::HEAD
            && let Some(address) = deps.visitors.address_hash("voucher", &visitor, now).await
        {
            SCANS_OF_ADDRESS.take(&deps.table, &format!("{address}#{voucher}"), now).await?;
        }
        Ok(Self { now, visitor, started })
    }

    /// Writes the scan down and tells its id; none for a machine, a preview or a HEAD.
    pub(crate) async fn count(
        self,
        deps: &Deps,
        seen: &Seen,
        source: Source,
    ) -> Result<Option<ScanId>, Problem> {
        let class = self.visitor.class;
        metrics::counter!("voucher_scans_total", "class" => class.as_str()).increment(1);
        if class != VisitClass::Person {
            return Ok(None);
        }
        let hashed = deps.visitors.hash(&seen.voucher.tenant, &self.visitor, self.now).await;
        let scan = self.event(deps, seen, source, hashed.unzip());
        let id = scan.scan_id.clone();
        if let Err(error) = deps.table.append_voucher_scan(scan).await {
            metrics::counter!("scan_events_lost_total").increment(1);
            tracing::warn!(error = chain(&error), "a scan of a voucher was not written");
            return Err(error.into());
        }
        Ok(Some(id))
    }

    fn event(
        self,
        deps: &Deps,
        seen: &Seen,
        source: Source,
        (hash, session_id): (Option<VisitorHash>, Option<String>),
    ) -> ScanEvent {
        let (voucher, visitor) = (&seen.voucher, self.visitor);
        let of_minute = hash.map(|hash| voucher_scan(&voucher.id, hash, self.now));
        ScanEvent {
            scan_id: of_minute.unwrap_or_else(|| deps.ids.make(ScanId::new)),
            subject: voucher.id.clone().into(),
            tenant_id: voucher.tenant.clone(),
            qr_version: 1,
            at: self.now,
            source: source.into(),
            redirect: RedirectType::VoucherPage,
            class: visitor.class,
            device: visitor.device,
            country: visitor.country,
            region: visitor.region,
            city: visitor.city,
            referrer_host: None,
            visitor: hash,
            session_id,
            handling_us: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            outcome: match seen.state {
                VoucherState::Published => ScanOutcome::Served,
                VoucherState::Expired => ScanOutcome::Expired,
                VoucherState::Exhausted => ScanOutcome::LimitReached,
                VoucherState::Draft | VoucherState::Paused | VoucherState::Ended => {
                    ScanOutcome::Retired
                }
            },
        }
    }
}
