//! Stops all payouts of a tenant at once, and lets them go on. What Paystack has taken already goes on; nothing new is
//! reserved or sent.

use adapters::table::Table;
use domain::audit::{AuditChange, Facts, Note};
use domain::pause::Pause;
use serde_json::json;

use crate::problem::Problem;

/// Stops all payouts of the change's tenant; where they are stopped already, that stays as it is. Answers how they are
/// stopped now.
///
/// # Errors
/// The store's failure.
pub async fn pause_payouts(
    table: &Table,
    note: Note,
    change: AuditChange,
) -> Result<Option<Pause>, Problem> {
    let pause = Pause { by: change.actor.clone(), at: change.at, note: note.clone() };
    let (before, after) = (facts(false), facts(true));
    let change = AuditChange { before, after, note: Some(note), ..change };
    if table.pause_payouts(&pause, &change).await? {
        tracing::warn!(event = "payouts_paused", "all payouts of a tenant are stopped");
        return Ok(Some(pause));
    }
    Ok(table.payouts_paused(&change.tenant).await?)
}

/// Lets the payouts of the change's tenant go on, with the next run or the next look at one that waits.
///
/// # Errors
/// The store's failure.
pub async fn resume_payouts(table: &Table, note: Note, change: AuditChange) -> Result<(), Problem> {
    let (before, after) = (facts(true), facts(false));
    let change = AuditChange { before, after, note: Some(note), ..change };
    if table.resume_payouts(&change).await? {
        tracing::info!(event = "payouts_resumed", "the payouts of a tenant go on");
    }
    Ok(())
}

fn facts(paused: bool) -> Facts {
    Facts::of(&json!({ "paused": paused }))
}
