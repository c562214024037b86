//! Tenants whose night has begun. A night is told first and marked as told afterwards: whoever dies in between tells
//! it again, and a day has one run all the same.

use adapters::queue::DELAY_MAX_S;
use adapters::table::DueNight;
use domain::message::{Day, ReconciliationMessage, SettlementMessage};
use jiff::Timestamp;
use web::BoxError;

use crate::{Deps, Found};

/// Pages of nights that one sweep goes through; the next one finds what is left.
const PAGES_MAX: usize = 20;

pub(crate) async fn sweep(deps: &Deps, now: Timestamp) -> Result<Found, BoxError> {
    let (mut longest, mut sent, mut unreadable, mut behind) = (None, 0, 0, None);
    for _ in 0..PAGES_MAX {
        let (due, next) = deps.table.due_nights(now, behind).await?;
        longest = longest.or(due.first().map(|night| night.at));
        for night in due {
            match tell(deps, &night, now).await {
                Ok(is_new) => sent += usize::from(is_new),
                // It stays due; nobody else's night waits for it.
                Err(error) => {
                    unreadable += 1;
                    tracing::error!(event = "night_untold", tenant = %night.tenant, error, "a night is not told");
                }
            }
        }
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    crate::count("sweeper_unreadable_total", unreadable);
    let lag_s = longest.map_or(0, |at| now.duration_since(at).as_secs());
    Ok(Found { sent, lag_s, unreadable })
}

/// Whether it was still to be told.
async fn tell(deps: &Deps, due: &DueNight, now: Timestamp) -> Result<bool, BoxError> {
    let Some(night) = deps.table.night(due).await? else { return Ok(false) };
    let day = Day { tenant: due.tenant.clone(), date: night.day_of(due.at) };
    let compare = ReconciliationMessage::Compare(day.clone());
    deps.queues.settlements.send(&SettlementMessage::Night(day)).await?;
    // While the run begins, what was on its way comes to rest.
    deps.queues.reconciliations.send_after(&compare, DELAY_MAX_S).await?;
    Ok(deps.table.advance_night(due, &night, now).await?)
}
