//! Codes follow their tenant to new destinations: a scan reads one record, so each record has to be told.
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

/// Leads the tenant's codes to its present destinations, from where an earlier request stopped.
pub(crate) async fn roll_out(deps: &Deps, mut tenant: Tenant) -> Result<Tenant, Problem> {
    let started = Instant::now();
    while let Rollout::Pending(reached) = tenant.rollout.clone() {
        if started.elapsed() > BUDGET {
            break;
        }
        let from = reached.map(Position);
        let page =
            deps.table.codes_of_tenant(&tenant.id, PageSize::largest(), from.as_ref()).await?;
        for code in &page.entries {
            deps.table.replace_destinations(&tenant, &code.property).await?;
        }
        let rollout = match page.next {
            Some(place) => Rollout::Pending(Some(place.0)),
            None => Rollout::Done,
        };
        // A later change starts over by itself; this one has nothing more to say.
        if !deps.table.replace_rollout(&tenant.id, &rollout, tenant.version).await? {
            return Err(TenantRefused::Outrun.into());
        }
        tenant.rollout = rollout;
    }
    Ok(tenant)
}
