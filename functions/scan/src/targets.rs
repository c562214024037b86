//! What codes lead to, kept in memory for up to a minute. So long a deletion may take to show.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::{StoreError, Table};
use domain::code::{CodeStatus, ScanTarget};
use domain::id::PropertyId;
use domain::limit::CODE_CACHE_S;
use jiff::Timestamp;

/// The most codes that are kept; beyond that the memory starts anew.
const KEPT_MAX: usize = 10_000;

/// The scan targets of the table.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub table: Table,
    clock: Clock,
    kept: Arc<Mutex<HashMap<PropertyId, Kept>>>,
}

#[derive(Clone, Debug)]
struct Kept {
    target: Arc<ScanTarget>,
    read_at: Timestamp,
}

impl Targets {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let table = Table::from_env(env)?;
        Ok(Self { table, clock: env.clock.clone(), kept: Arc::default() })
    }

    /// The target of a property's code: from memory, or with one read.
    pub(crate) async fn target(
        &self,
        id: &PropertyId,
    ) -> Result<Option<Arc<ScanTarget>>, StoreError> {
        let now = self.clock.now();
        if let Some(target) = self.fresh(id, now) {
            return Ok(Some(target));
        }
        let Some(target) = self.table.scan_target(id).await? else { return Ok(None) };
        let target = Arc::new(target);
        if may_be_kept(&target) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert(id.clone(), Kept { target: target.clone(), read_at: now });
        }
        Ok(Some(target))
    }

    fn fresh(&self, id: &PropertyId, now: Timestamp) -> Option<Arc<ScanTarget>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(id)?;
        let age_s = now.duration_since(kept.read_at).as_secs();
        (age_s < CODE_CACHE_S).then(|| kept.target.clone())
    }
}

/// A code that does not work may work the next moment, and one with a limit changes with each scan.
fn may_be_kept(target: &ScanTarget) -> bool {
    target
        .code
        .as_ref()
        .is_some_and(|code| code.status == CodeStatus::Active && code.lifetime.max_scans.is_none())
}
