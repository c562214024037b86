//! GET /api/v1/audit.csv: records as a table, for whoever audits elsewhere.

use axum::extract::State;
use axum::response::Response;
use domain::audit::AuditRecord;
use domain::failure::{Failure, Kind};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, csv, may};

use super::{AuditParams, filter};
use crate::Deps;

/// Records of one table at most: an answer through the gateway holds 6 MB, and a record a kilobyte in the usual case.
const ROWS_MAX: usize = 4_000;
/// Questions for them at most.
const READS_MAX: usize = 60;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
enum TableRefused {
    #[error("these are more than {ROWS_MAX} records; ask for a shorter period")]
    TooLong,
}

impl Failure for TableRefused {
    fn kind(&self) -> Kind {
        match self {
            TableRefused::TooLong => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TableRefused::TooLong => "audit_too_long",
        }
    }
}

/// The records as CSV, newest first. `cursor` and `limit` mean nothing here.
#[utoipa::path(
    get,
    path = "/api/v1/audit.csv",
    tag = "finance",
    operation_id = "export_audit",
    params(AuditParams),
    responses(
        (status = 200, description = "The records", body = String, content_type = "text/csv"),
        (status = 422, description = "A filter that is not valid, or too many records", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn export_audit(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<AuditParams>,
) -> Result<Response, Problem> {
    let filter = filter(&deps, &caller, &params).await?;
    let (mut rows, mut place) = (Vec::new(), None);
    for _ in 0..READS_MAX {
        let most = ROWS_MAX + 1 - rows.len();
        let (records, next) =
            deps.table.audit_records(&caller.tenant, &filter, most, place).await?;
        rows.extend(records.into_iter().map(row));
        place = next;
        if place.is_none() || rows.len() > ROWS_MAX {
            break;
        }
    }
    if place.is_some() || rows.len() > ROWS_MAX {
        return Err(TableRefused::TooLong.into());
    }
    Ok(csv::table("audit", &HEADS, rows))
}

const HEADS: [&str; 10] = [
    "seq",
    "at",
    "actor",
    "operation",
    "subject",
    "before",
    "after",
    "note",
    "previous_hash",
    "hash",
];

fn row(record: AuditRecord) -> [String; 10] {
    let change = record.change;
    [
        record.seq.to_string(),
        change.at.to_string(),
        change.actor.to_string(),
        change.operation.to_string(),
        change.subject,
        change.before.as_str().to_owned(),
        change.after.as_str().to_owned(),
        change.note.map(String::from).unwrap_or_default(),
        record.previous.as_str().to_owned(),
        record.hash.as_str().to_owned(),
    ]
}
