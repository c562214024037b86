//! Guards by name, where the ledger knows their ids only.

use std::collections::{BTreeSet, HashMap};

use domain::id::{GuardId, TenantId};
use futures::future::try_join_all;
use web::Problem;

use crate::Deps;

/// Guards that are read at the same time.
const AT_ONCE: usize = 25;

/// What guards are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<GuardId, String>);

impl Names {
    /// The names of these guards of the tenant.
    pub(crate) async fn of(
        deps: &Deps,
        tenant: &TenantId,
        ids: impl Iterator<Item = &GuardId>,
    ) -> Result<Self, Problem> {
        let wanted: Vec<&GuardId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        let mut names = HashMap::new();
        for some in wanted.chunks(AT_ONCE) {
            let read = some.iter().map(|id| deps.table.guard(tenant, id));
            let guards = try_join_all(read).await?.into_iter().flatten();
            names.extend(guards.map(|guard| (guard.id, guard.profile.full_name())));
        }
        Ok(Self(names))
    }

    /// A guard's name, or its id where it has none.
    pub(crate) fn name(&self, id: &GuardId) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}
