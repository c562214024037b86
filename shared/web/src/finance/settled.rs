//! Which tips a payout has settled (X9): a tip does not say so itself.

use std::collections::BTreeMap;

use adapters::table::Table;
use domain::id::{GuardId, TenantId};
use domain::payout::Payout;
use domain::tip::{Tip, TipStatus};

use crate::problem::Problem;

/// The payouts that can have settled some tips, by guard.
#[derive(Clone, Debug, Default)]
pub struct Settling(BTreeMap<GuardId, Vec<Payout>>);

impl Settling {
    /// The payouts that can have settled these tips of the tenant: one question per guard.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn of(table: &Table, tenant: &TenantId, tips: &[Tip]) -> Result<Self, Problem> {
        let mut first: BTreeMap<&GuardId, u64> = BTreeMap::new();
        for tip in tips {
            if let Some(seq) = tip.seq {
                first.entry(&tip.guard).and_modify(|at| *at = seq.min(*at)).or_insert(seq);
            }
        }
        let mut payouts = BTreeMap::new();
        for (guard, seq) in first {
            payouts.insert(guard.clone(), table.payouts_covering(tenant, guard, seq).await?);
        }
        Ok(Self(payouts))
    }

    /// The payout that has settled a tip.
    pub fn payout(&self, tip: &Tip) -> Option<&Payout> {
        Payout::settling(self.0.get(&tip.guard)?, tip.seq?)
    }

    /// Where a tip stands, as it is shown.
    pub fn status(&self, tip: &Tip) -> TipStatus {
        tip.shown(self.payout(tip).is_some())
    }
}
