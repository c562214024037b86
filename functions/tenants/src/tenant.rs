//! GET and PUT /api/v1/tenant: what a tenant is called, where its codes lead, how they look.

use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{AuditChange, Facts, Operation};
use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use domain::payout::PayoutSettings;
use domain::tenant::{Rollout, Tenant, TenantSettings};
use serde::Serialize;
use utoipa::ToSchema;
use web::input::Json;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::rollout::roll_out;

/// A tenant, as it sees itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantResponse {
    /// Its id.
    #[schema(value_type = String)]
    id: TenantId,
    /// What it may change.
    #[serde(flatten)]
    settings: TenantSettings,
    /// Whether it has a logo for its codes.
    has_logo: bool,
    /// Counts the changes.
    version: u64,
    /// Whether each code already leads to these destinations and shows these tips. If not, send the same settings
    /// again: it goes on.
    destinations_applied: bool,
}

impl From<Tenant> for TenantResponse {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            settings: tenant.settings,
            has_logo: tenant.logo.is_some(),
            version: tenant.version,
            destinations_applied: tenant.rollout == Rollout::Done,
        }
    }
}

/// Why a tenant is not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenantRefused {
    /// It is gone.
    #[error("there is no such tenant")]
    Missing,
    /// Somebody else was faster.
    #[error("the tenant was changed by another request at the same moment, read it and try again")]
    Outrun,
}

impl Failure for TenantRefused {
    fn kind(&self) -> Kind {
        match self {
            TenantRefused::Missing => Kind::Missing,
            TenantRefused::Outrun => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TenantRefused::Missing => "not_found",
            TenantRefused::Outrun => "tenant_changed",
        }
    }
}

/// The caller's tenant.
#[utoipa::path(
    get,
    path = "/api/v1/tenant",
    tag = "tenant",
    operation_id = "read_tenant",
    responses((status = 200, description = "The tenant", body = TenantResponse)),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn read_tenant(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
) -> Result<Reply<TenantResponse>, Problem> {
    let tenant = deps.table.tenant(&caller.tenant).await?.ok_or(TenantRefused::Missing)?;
    Ok(Reply(tenant.into()))
}

/// Replaces the caller's settings; printed codes follow to new destinations.
#[utoipa::path(
    put,
    path = "/api/v1/tenant",
    tag = "tenant",
    operation_id = "replace_tenant",
    request_body = TenantSettings,
    responses(
        (status = 200, description = "The tenant as it is now", body = TenantResponse),
        (status = 409, description = "Changed at the same moment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Settings that break a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn replace_tenant(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
    Json(settings): Json<TenantSettings>,
) -> Result<Reply<TenantResponse>, Problem> {
    settings.check()?;
    let before = deps.table.tenant(&caller.tenant).await?.ok_or(TenantRefused::Missing)?;
    let read = before.version;
    let rollout = rollout_of(&before, &settings);
    let payouts = before.settings.payouts.clone();
    let tenant = Tenant { settings, rollout, version: read + 1, ..before };
    if !replace(&deps, &caller, &tenant, &payouts).await? {
        return Err(TenantRefused::Outrun.into());
    }
    let tenant = roll_out(&deps, tenant).await?;
    tracing::info!(event = "tenant_changed", tenant.id = %tenant.id, "changed tenant `{}`", tenant.id);
    Ok(Reply(tenant.into()))
}

/// Replaces the tenant. `payouts` are its rules for payouts before: a change of them leaves a record.
async fn replace(
    deps: &Deps,
    caller: &Caller<may::Admin>,
    tenant: &Tenant,
    payouts: &PayoutSettings,
) -> Result<bool, Problem> {
    let (read, now) = (tenant.version - 1, deps.clock.now());
    let after = &tenant.settings.payouts;
    if payouts == after {
        return Ok(deps.table.replace_tenant(tenant, read, None).await?);
    }
    let nights_from = (payouts.night() != after.night()).then_some(now);
    let change = AuditChange {
        before: Facts::of(payouts),
        after: Facts::of(after),
        ..caller.change(Operation::PayoutSettingsChanged, tenant.id.as_str(), now)
    };
    Ok(deps.table.replace_tenant_audited(tenant, read, nights_from, &change).await?)
}

/// How far the codes have followed when these settings replace the tenant's. What only guards' codes show need not be
/// told to the codes of properties.
fn rollout_of(before: &Tenant, settings: &TenantSettings) -> Rollout {
    let moved = before.settings.destinations != settings.destinations
        || before.settings.name != settings.name
        || before.settings.brand_color != settings.brand_color;
    let tips = before.settings.tips != settings.tips;
    match (moved, tips, &before.rollout) {
        (true, ..) => Rollout::Pending(None),
        // The guards come after the properties that are still to be told, all of them.
        (false, _, Rollout::Pending(reached)) => Rollout::Pending(reached.clone()),
        (false, true, _) => Rollout::PendingGuards(None),
        (false, false, unchanged) => unchanged.clone(),
    }
}
