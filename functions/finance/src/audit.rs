//! GET /api/v1/audit, /api/v1/audit.csv and /api/v1/audit/check: who changed what, and whether the trail is whole.
//!
//! Deliberately absent: any way to change a record or to take one out.

mod check;
mod table;

use adapters::table::{AuditFilter, AuditPlace};
use axum::Json as Reply;
use axum::extract::State;
use domain::audit::{Actor, AuditRecord, ChainHash, Note, Operation};
use domain::failure::{FieldError, InvalidFields};
use domain::page::{PageRefused, PageSize, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

pub(crate) use check::{__path_check_audit, check_audit};
pub(crate) use table::{__path_export_audit, export_audit};

use crate::Deps;
use crate::cases::actor;

/// What the cursors of this list are sealed for.
const LIST: &str = "audit";
/// The longest subject that is looked for, in bytes.
const SUBJECT_MAX_BYTES: usize = 100;

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditParams {
    /// The first instant (RFC 3339); the tenant's beginning when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The instant at which the period ends; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Who: the id of an API key, or `system`.
    actor: Option<String>,
    /// The id of what was changed.
    subject: Option<String>,
    /// What was done.
    #[param(inline)]
    operation: Option<Operation>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many records, 1 to 100.
    limit: Option<u32>,
}

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditResponse {
    /// Its place, from 1, without gaps.
    seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who.
    #[schema(value_type = String)]
    actor: Actor,
    /// What was done.
    operation: Operation,
    /// The id of what was changed.
    subject: String,
    /// What was so before.
    #[schema(value_type = Object)]
    before: serde_json::Value,
    /// What is so since.
    #[schema(value_type = Object)]
    after: serde_json::Value,
    /// Why.
    #[schema(value_type = Option<String>)]
    note: Option<Note>,
    /// The hash of the record before.
    previous: ChainHash,
    /// The hash of this one.
    hash: ChainHash,
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPageResponse {
    /// The records, newest first.
    records: Vec<AuditResponse>,
    /// For the next page; absent on the last. A page before it may have fewer records than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<AuditRecord> for AuditResponse {
    fn from(record: AuditRecord) -> Self {
        let change = record.change;
        Self {
            seq: record.seq,
            at: change.at,
            actor: change.actor,
            operation: change.operation,
            subject: change.subject,
            before: change.before.value(),
            after: change.after.value(),
            note: change.note,
            previous: record.previous,
            hash: record.hash,
        }
    }
}

impl AuditParams {
    fn filter(&self, since: Timestamp, now: Timestamp) -> Result<AuditFilter, InvalidFields> {
        let wrong = |field, code, detail: &str| {
            Err(InvalidFields(vec![FieldError::new(field, code, detail)]))
        };
        // What was written at this very instant is among them.
        let from = self.from.unwrap_or(since);
        let to = self.to.unwrap_or_else(|| now.saturating_add(NEXT).unwrap_or(Timestamp::MAX));
        if from >= to {
            return wrong("to", "out_of_range", "the period ends after it begins");
        }
        if self.subject.as_ref().is_some_and(|subject| subject.len() > SUBJECT_MAX_BYTES) {
            return wrong("subject", "out_of_range", "no id is that long");
        }
        let actor = self.actor.as_deref().map(|text| actor("actor", text)).transpose()?;
        let (subject, operation) = (self.subject.clone(), self.operation);
        Ok(AuditFilter { from, to, actor, subject, operation })
    }
}

/// The shortest time between two instants that are told apart.
const NEXT: jiff::SignedDuration = jiff::SignedDuration::from_millis(1);

/// The filter of a request; the tenant's own beginning is the earliest.
async fn filter(
    deps: &Deps,
    caller: &Caller<may::FinanceRead>,
    params: &AuditParams,
) -> Result<AuditFilter, Problem> {
    let since = crate::invariants::tenant(&deps.table, &caller.tenant).await?.created_at;
    Ok(params.filter(since, deps.ids.now())?)
}

/// Who changed what.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "finance",
    operation_id = "list_audit",
    params(AuditParams),
    responses(
        (status = 200, description = "A page of records", body = AuditPageResponse),
        (status = 422, description = "A filter, limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn list_audit(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<AuditParams>,
) -> Result<Reply<AuditPageResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let filter = filter(&deps, &caller, &params).await?;
    let owner = caller.tenant.as_str();
    let place = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let place = place.as_ref().map(place_of).transpose()?;
    let (records, next) =
        deps.table.audit_records(&caller.tenant, &filter, size.get() as usize, place).await?;
    let next_cursor = match next.and_then(|next| serde_json::to_string(&next).ok()) {
        Some(next) => Some(deps.seal.cursor(owner, LIST, &Position(next)).await?),
        None => None,
    };
    let records = records.into_iter().map(AuditResponse::from).collect();
    Ok(Reply(AuditPageResponse { records, next_cursor }))
}

fn place_of(position: &Position) -> Result<AuditPlace, PageRefused> {
    serde_json::from_str(&position.0).map_err(|_| PageRefused::Cursor)
}
