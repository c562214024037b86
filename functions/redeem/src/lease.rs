//! POST /api/v1/redemptions/leases and DELETE …/leases/{lease_id}: a device takes redemptions along for the time when
//! it is offline, and gives back what it has not used (X27).

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::campaign::BatchRefused;
use domain::failure::{FieldError, InvalidFields};
use domain::id::{BatchId, DeviceId, LeaseId, VoucherId};
use domain::lease::{LEASE_MAX_S, LEASE_MOST, Lease, LeaseRefused, LeaseStatus};
use domain::redemption::closed;
use domain::voucher::{Voucher, VoucherRefused};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::problem::ProblemBody;
use web::till::Till;
use web::{Once, Problem, Stopped};

use crate::Deps;
use crate::take::rest;

/// How often a lease is read again because something was faster.
const READS_MAX: u32 = 8;

/// What a device wants to take along.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaseRequest {
    /// Of which voucher.
    voucher_id: String,
    /// Of which printing; only of one that has a limit of its own.
    #[serde(default)]
    batch_id: Option<String>,
    /// How many redemptions, 1 to 500; it gets as many as there are.
    count: u32,
    /// For how many seconds, at most a day; half a day when absent.
    #[serde(default)]
    seconds: Option<u32>,
}

/// Redemptions that a device holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeaseResponse {
    /// Its id.
    #[schema(value_type = String)]
    lease_id: LeaseId,
    /// Of which voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// Of which printing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// How many redemptions were taken.
    granted: u32,
    /// How many of them were brought.
    used: u32,
    /// How many are left in it.
    left: u32,
    /// Whether it still holds.
    status: LeaseStatus,
    /// Until when the device may redeem with it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Until when the device has to bring what it has redeemed; the rest goes back then.
    #[schema(value_type = String, format = DateTime)]
    returns_at: Timestamp,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The path part `lease_id`. A text that is no id is a lease that is not there.
#[derive(Debug)]
pub(crate) struct LeasePath(LeaseId);

impl<S: Send + Sync> FromRequestParts<S> for LeasePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| LeaseRefused::Unknown)?;
        Ok(Self(LeaseId::parse(&text).map_err(|_| LeaseRefused::Unknown)?))
    }
}

impl From<&Lease> for LeaseResponse {
    fn from(lease: &Lease) -> Self {
        Self {
            lease_id: lease.id.clone(),
            voucher_id: lease.voucher.clone(),
            batch_id: lease.batch.clone(),
            granted: lease.granted,
            used: lease.used,
            left: lease.left(),
            status: lease.status,
            expires_at: lease.expires_at,
            returns_at: lease.returns_at,
            created_at: lease.created_at,
        }
    }
}

/// Takes redemptions of a voucher along, for enrolled devices. What is taken is off the voucher's limit at once.
#[utoipa::path(
    post,
    path = "/api/v1/redemptions/leases",
    tag = "vouchers",
    operation_id = "take_lease",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition takes nothing twice")),
    request_body = LeaseRequest,
    responses(
        (status = 201, description = "What the device may redeem while it is offline", body = LeaseResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such voucher or printing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Nothing is left, or the voucher is not redeemed at the moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A number out of bounds", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("device" = ["redemptions:write"]))
)]
pub(crate) async fn take_lease(
    State(deps): State<Deps>,
    till: Till,
    once: Once<LeaseRequest>,
) -> Result<(StatusCode, Reply<LeaseResponse>), Stopped> {
    let device = till.device()?;
    once.request.check()?;
    let voucher = voucher_of(&deps, &till, &once.request.voucher_id).await?;
    let wanted = wanted(&deps, device, &voucher, &once.request)?;
    let answer = |lease: &Lease| once.key.saving(StatusCode::CREATED, &LeaseResponse::from(lease));
    let lease = deps.table.insert_lease(&wanted, &voucher, answer).await??;
    metrics::counter!("voucher_leases_total").increment(u64::from(lease.granted));
    tracing::info!(
        event = "lease_taken",
        lease.id = %lease.id,
        granted = lease.granted,
        "a device took lease `{}`",
        lease.id
    );
    Ok((StatusCode::CREATED, Reply(LeaseResponse::from(&lease))))
}

/// Gives back what is left of a lease. What the device has redeemed with it and not brought is taken from the voucher's
/// limit when it comes.
#[utoipa::path(
    delete,
    path = "/api/v1/redemptions/leases/{lease_id}",
    tag = "vouchers",
    operation_id = "return_lease",
    params(("lease_id" = String, Path, description = "The lease")),
    responses(
        (status = 200, description = "The lease, given back", body = LeaseResponse),
        (status = 404, description = "This device has no such lease", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The device uses it at the same moment", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("device" = ["redemptions:write"]))
)]
pub(crate) async fn return_lease(
    State(deps): State<Deps>,
    till: Till,
    LeasePath(id): LeasePath,
) -> Result<Reply<LeaseResponse>, Problem> {
    let device = till.device()?;
    for read in 0..READS_MAX {
        rest(read).await;
        let lease = deps.table.lease((&till.tenant, device), &id).await?;
        let lease = lease.ok_or(LeaseRefused::Unknown)?;
        let voucher = deps.table.voucher_of(&till.tenant, &lease.voucher).await?;
        let total = voucher.and_then(|voucher| voucher.terms.limits.total);
        let limited = lease.batch.is_some() || total.is_some();
        match deps.table.return_lease(lease.clone(), limited).await? {
            Ok(returned) => return Ok(Reply(LeaseResponse::from(&returned))),
            Err(LeaseRefused::Returned) => return Ok(Reply(LeaseResponse::from(&lease))),
            Err(_) => {}
        }
    }
    Err(LeaseRefused::Changed.into())
}

impl LeaseRequest {
    fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        if !(1..=LEASE_MOST).contains(&self.count) {
            let detail = format!("count is 1 to {LEASE_MOST}");
            errors.push(FieldError::new("count", "out_of_range", detail));
        }
        if self.seconds.is_some_and(|seconds| !(1..=LEASE_MAX_S).contains(&seconds)) {
            let detail = format!("seconds is 1 to {LEASE_MAX_S}, a day");
            errors.push(FieldError::new("seconds", "out_of_range", detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }
}

/// The voucher of the device's own business, if it is redeemed now.
async fn voucher_of(deps: &Deps, till: &Till, named: &str) -> Result<Voucher, Problem> {
    let id = VoucherId::parse(named).map_err(|_| VoucherRefused::Unknown)?;
    let voucher = deps.table.voucher_of(&till.tenant, &id).await?;
    let voucher = voucher.filter(|voucher| till.may_see(&voucher.business));
    let voucher = voucher.ok_or(VoucherRefused::Unknown)?;
    let life = (voucher.terms.valid_from, voucher.terms.expires_at);
    match closed(voucher.status, life, deps.ids.now()) {
        Some(refused) => Err(refused.into()),
        None => Ok(voucher),
    }
}

fn wanted(
    deps: &Deps,
    device: &DeviceId,
    voucher: &Voucher,
    request: &LeaseRequest,
) -> Result<Lease, BatchRefused> {
    let batch = match request.batch_id.as_deref() {
        None => None,
        Some(named) => {
            let known = BatchId::parse(named).ok().filter(|id| voucher.limited.contains(id));
            Some(known.ok_or(BatchRefused::Unknown)?)
        }
    };
    let now = deps.ids.now();
    // A lease takes from the day on which it is taken, so where days are counted it ends with that day.
    let day_ends = voucher.day_ends(now).filter(|_| voucher.terms.limits.per_day.is_some());
    let latest = day_ends.unwrap_or(Timestamp::MAX).min(voucher.terms.expires_at);
    let (expires_at, returns_at) = Lease::ends(now, request.seconds, latest);
    Ok(Lease {
        id: deps.ids.make(LeaseId::new),
        tenant: voucher.tenant.clone(),
        device: device.clone(),
        business: voucher.business.clone(),
        voucher: voucher.id.clone(),
        batch,
        shard: 0,
        granted: request.count,
        used: 0,
        expires_at,
        returns_at,
        status: LeaseStatus::Open,
        created_at: now,
        version: 1,
    })
}
