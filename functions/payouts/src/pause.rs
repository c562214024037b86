//! Finance can stop a tenant's payouts at any moment: that is asked before anything is set aside, and again before each
//! call that sends.

use adapters::table::StoredPayout;
use domain::id::TenantId;
use domain::payout::{Payout, PayoutRefused, PayoutState};

use crate::Deps;
use crate::step::{Step, Unsettled, take};

/// Whether the tenant's payouts are stopped at this moment.
///
/// # Errors
/// [`Unsettled`]: then nothing may be sent.
pub(crate) async fn is_paused(deps: &Deps, tenant: &TenantId) -> Result<bool, Unsettled> {
    Ok(deps.table.payouts_paused(tenant).await?.is_some())
}

/// Leaves a payout as it is until the next look: nothing is sent, and nothing is lost.
///
/// # Errors
/// [`Unsettled`]; it stays due then.
pub(crate) async fn hold(deps: &Deps, stored: StoredPayout) -> Result<(), Unsettled> {
    let now = deps.ids.now();
    let hold = |payout: Payout| match payout.state {
        PayoutState::Planned | PayoutState::Returned | PayoutState::Reserved => {
            Ok(Step::plain(payout.hold(now)))
        }
        _ => Err(PayoutRefused::Repeated),
    };
    take(deps, stored, hold).await.map(drop)
}
