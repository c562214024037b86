//! Codes follow their tenant to new destinations, names and tips: a scan reads one record, so each record has to be
//! told.
//!
//! The place reached is kept in the tenant, so that a request that is cut off is continued by the next one.

use std::time::{Duration, Instant};

use domain::page::{PageSize, Position};
use domain::tenant::{Rollout, Tenant};
use web::Problem;

use crate::Deps;
use crate::tenant::TenantRefused;

/// A request goes on for this long; the gateway gives up after 30 seconds.
const BUDGET: Duration = Duration::from_secs(20);

/// Leads the tenant's codes to its present destinations, and shows its present settings behind its guards' codes, from
/// where an earlier request stopped.
pub(crate) async fn roll_out(deps: &Deps, mut tenant: Tenant) -> Result<Tenant, Problem> {
    let started = Instant::now();
    while tenant.rollout != Rollout::Done && started.elapsed() <= BUDGET {
        let rollout = match &tenant.rollout {
            Rollout::Pending(reached) => properties(deps, &tenant, reached.clone()).await?,
            Rollout::PendingGuards(reached) => guards(deps, &tenant, reached.clone()).await?,
            Rollout::Done => Rollout::Done,
        };
        // A later change starts over by itself; this one has nothing more to say.
        if !deps.table.replace_rollout(&tenant.id, &rollout, tenant.version).await? {
            return Err(TenantRefused::Outrun.into());
        }
        tenant.rollout = rollout;
    }
    Ok(tenant)
}

/// One page of the codes of properties; the guards' codes come after the last one.
async fn properties(
    deps: &Deps,
    tenant: &Tenant,
    reached: Option<String>,
) -> Result<Rollout, Problem> {
    let from = reached.map(Position);
    let page = deps.table.codes_of_tenant(&tenant.id, PageSize::largest(), from.as_ref()).await?;
    for code in &page.entries {
        deps.table.replace_destinations(tenant, &code.property).await?;
    }
    Ok(match page.next {
        Some(place) => Rollout::Pending(Some(place.0)),
        None => Rollout::PendingGuards(None),
    })
}

/// One page of the guards; those without a code have nothing to follow with.
async fn guards(deps: &Deps, tenant: &Tenant, reached: Option<String>) -> Result<Rollout, Problem> {
    let from = reached.map(Position);
    let page = deps.table.guards_of_tenant(&tenant.id, PageSize::largest(), from.as_ref()).await?;
    for guard in page.entries.iter().filter(|guard| guard.code.is_some()) {
        deps.table.replace_tip_settings(tenant, guard).await?;
    }
    Ok(match page.next {
        Some(place) => Rollout::PendingGuards(Some(place.0)),
        None => Rollout::Done,
    })
}
