//! A tenant's night has come: its run begins, where guards are paid on that day and somebody is owed something.

use domain::message::Day;
use domain::settlement::{Run, SCHEDULE};

use crate::{Deps, Unsettled, run};

/// Begins the night's run and goes through it. A day has one run, however often its night is told.
///
/// # Errors
/// [`Unsettled`]; it is told again then.
pub(crate) async fn begin(deps: &Deps, day: &Day) -> Result<(), Unsettled> {
    let Some(tenant) = deps.table.tenant(&day.tenant).await? else { return Ok(()) };
    let (currency, terms) = (tenant.settings.tips.currency, tenant.settings.payouts);
    if !terms.pays_on(day.date) {
        return Ok(());
    }
    let somebody = deps.table.owed_guards(&day.tenant, currency, 1, None).await?;
    if somebody.entries.is_empty() {
        return Ok(());
    }
    let run = Run::ask(tenant.id, day.date, SCHEDULE, (currency, terms), deps.ids.now());
    // Not new: somebody has asked for it today, or this night was told before. It goes on all the same.
    let _is_new = deps.table.insert_run(&run).await?;
    run::go_on(deps, day).await
}
