//! GET /api/v1/ledger/statement: an account's entries of a period, with the balance before, between and after.

mod guard;
mod system;

use axum::Json as Reply;
use axum::extract::State;
use domain::failure::{Failure, FieldError, InvalidFields, Kind};
use domain::id::{TenantId, TipId};
use domain::ledger::{Account, Reference};
use domain::money::Currency;
use domain::page::{PageRefused, Position};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::invariants::tenant;

/// What the cursors of a statement are sealed for; the account and the period go with it.
const LIST: &str = "statement";
/// How many questions to the table are asked for the balance at the beginning of a period; each brings a hundred
/// entries and more.
const OPENING_READS_MAX: usize = 400;

/// Which statement.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementParams {
    /// The account with its currency, for example `guard:{guard_id}:payable:NGN` or `psp:clearing:NGN`.
    account: String,
    /// The first instant (RFC 3339); the account's beginning when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The instant at which the period ends; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// The cursor that the page before gave.
    cursor: Option<String>,
}

/// A page of a statement. Amounts are minor units, signed; what we owe is negative.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatementResponse {
    /// The account.
    #[schema(value_type = String)]
    account: Account,
    /// Its currency (ISO 4217).
    currency: Currency,
    /// The first instant of the period.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The instant at which it ends.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// The balance before the first entry of this page.
    opening_balance: i64,
    /// The entries, oldest first.
    entries: Vec<Line>,
    /// The balance after the last entry of this page.
    closing_balance: i64,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    /// The transaction.
    #[schema(value_type = String)]
    reference: Reference,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// Minor units, signed.
    amount: i64,
    /// The balance after it.
    balance: i64,
    /// The tip that it is about, where it is one.
    #[schema(value_type = Option<String>)]
    tip_id: Option<TipId>,
}

/// A period of an account.
#[derive(Clone, Debug)]
struct Period {
    tenant: TenantId,
    account: Account,
    /// When the tenant was made.
    since: Timestamp,
    from: Timestamp,
    to: Timestamp,
}

/// Where the next page begins, and the balance there.
#[derive(Debug, Serialize, Deserialize)]
struct Mark<P> {
    place: P,
    balance: i64,
}

/// A page before it is an answer.
#[derive(Debug)]
struct Lines<P> {
    opening: i64,
    lines: Vec<Line>,
    next: Option<P>,
}

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
enum StatementRefused {
    #[error(
        "too much lies before this period; begin with an earlier one and go on with its cursor"
    )]
    TooLate,
}

impl Failure for StatementRefused {
    fn kind(&self) -> Kind {
        match self {
            StatementRefused::TooLate => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            StatementRefused::TooLate => "statement_too_late",
        }
    }
}

/// The statement of an account. Entries of the last seconds may still be missing.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/statement",
    tag = "finance",
    operation_id = "read_statement",
    params(StatementParams),
    responses(
        (status = 200, description = "A page of the statement", body = StatementResponse),
        (status = 422, description = "No such account, period or cursor", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_statement(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<StatementParams>,
) -> Result<Reply<StatementResponse>, Problem> {
    let period = period(&deps, &caller.tenant, &params).await?;
    let cursor = params.cursor.as_deref();
    let statement = match period.account.guard().cloned() {
        Some(guard) => {
            let mark = open(&deps, &period, cursor).await?;
            let lines = guard::lines(&deps, &period, &guard, mark).await?;
            close(&deps, period, lines).await?
        }
        None => {
            let mark = open(&deps, &period, cursor).await?;
            let lines = system::lines(&deps, &period, mark).await?;
            close(&deps, period, lines).await?
        }
    };
    Ok(Reply(statement))
}

async fn period(
    deps: &Deps,
    tenant_id: &TenantId,
    params: &StatementParams,
) -> Result<Period, Problem> {
    let account = Account::parse(&params.account).map_err(|invalid| {
        InvalidFields(vec![FieldError::new("account", "invalid_account", invalid.to_string())])
    })?;
    let since = tenant(&deps.table, tenant_id).await?.created_at;
    let from = params.from.unwrap_or(since);
    // The end is not part of the period, and what was written just now is.
    let now = || deps.ids.now().saturating_add(SignedDuration::from_millis(1));
    let to = params.to.unwrap_or_else(|| now().unwrap_or(Timestamp::MAX));
    if from >= to {
        let detail = "the period ends after it begins";
        return Err(InvalidFields(vec![FieldError::new("to", "out_of_range", detail)]).into());
    }
    Ok(Period { tenant: tenant_id.clone(), account, since: since.min(from), from, to })
}

/// What a cursor is sealed for: a statement of this account from this instant on. Where it ends may move.
fn purpose(period: &Period) -> String {
    format!("{LIST} {} {}", period.account, period.from)
}

async fn open<P: DeserializeOwned>(
    deps: &Deps,
    period: &Period,
    cursor: Option<&str>,
) -> Result<Option<Mark<P>>, Problem> {
    let position = deps.seal.position(period.tenant.as_str(), &purpose(period), cursor).await?;
    let Some(Position(text)) = position else { return Ok(None) };
    Ok(Some(serde_json::from_str(&text).map_err(|_| PageRefused::Cursor)?))
}

async fn close<P: Serialize>(
    deps: &Deps,
    period: Period,
    page: Lines<P>,
) -> Result<StatementResponse, Problem> {
    let closing_balance = page.lines.last().map_or(page.opening, |line| line.balance);
    let mark = page.next.map(|place| Mark { place, balance: closing_balance });
    let next_cursor = match mark.and_then(|mark| serde_json::to_string(&mark).ok()) {
        None => None,
        Some(text) => {
            let (owner, list) = (period.tenant.as_str(), purpose(&period));
            Some(deps.seal.cursor(owner, &list, &Position(text)).await?)
        }
    };
    Ok(StatementResponse {
        currency: period.account.currency,
        account: period.account,
        from: period.from,
        to: period.to,
        opening_balance: page.opening,
        entries: page.lines,
        closing_balance,
        next_cursor,
    })
}
