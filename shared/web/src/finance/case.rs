//! A case in somebody's hands, and its explanation. A repetition of what is so already changes nothing.

use adapters::table::Table;
use domain::audit::{Actor, AuditChange, Facts, Note};
use domain::case::{Case, CaseRefused, CaseStatus};
use domain::id::TenantId;
use serde_json::json;

use crate::problem::Problem;

/// The tenant's case.
///
/// # Errors
/// [`CaseRefused::Unknown`], or the store's failure.
pub async fn case_of(table: &Table, tenant: &TenantId, id: &str) -> Result<Case, Problem> {
    Ok(table.case(tenant, id).await?.ok_or(CaseRefused::Unknown)?)
}

/// Gives a case to somebody. `version` is the one that the change is made to; without it, whatever is there is changed.
///
/// # Errors
/// [`CaseRefused`], or the store's failure.
pub async fn assign_case(
    table: &Table,
    before: Case,
    to: Actor,
    version: Option<u64>,
    change: AuditChange,
) -> Result<Case, Problem> {
    if before.status == CaseStatus::Open && before.assignee.as_ref() == Some(&to) {
        return Ok(before);
    }
    unchanged_since(&before, version)?;
    let case = before.clone().assign(to)?;
    replace(table, &before, &case, change).await?;
    tracing::info!(event = "case_assigned", case.id = %case.id, "gave case `{}` to somebody", case.id);
    Ok(case)
}

/// Closes a case with an explanation. Nothing is posted by it.
///
/// # Errors
/// [`CaseRefused`], or the store's failure.
pub async fn resolve_case(
    table: &Table,
    before: Case,
    note: Note,
    version: Option<u64>,
    change: AuditChange,
) -> Result<Case, Problem> {
    let by = change.actor.clone();
    if before.resolution.as_ref().is_some_and(|so| so.by == by && so.note == note) {
        return Ok(before);
    }
    unchanged_since(&before, version)?;
    let case = before.clone().resolve(by, note.clone(), change.at)?;
    replace(table, &before, &case, AuditChange { note: Some(note), ..change }).await?;
    tracing::info!(event = "case_resolved", case.id = %case.id, "case `{}` is resolved", case.id);
    Ok(case)
}

fn unchanged_since(case: &Case, version: Option<u64>) -> Result<(), CaseRefused> {
    match version {
        Some(version) if version != case.version => Err(CaseRefused::Changed),
        _ => Ok(()),
    }
}

async fn replace(
    table: &Table,
    before: &Case,
    case: &Case,
    change: AuditChange,
) -> Result<(), Problem> {
    let change = AuditChange { before: facts(before), after: facts(case), ..change };
    match table.replace_case(case, before.version, &change).await? {
        true => Ok(()),
        false => Err(CaseRefused::Changed.into()),
    }
}

fn facts(case: &Case) -> Facts {
    Facts::of(&json!({ "status": case.status, "assignee": case.assignee }))
}
