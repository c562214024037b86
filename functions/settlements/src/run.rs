//! POST /api/v1/settlements/run: today's run, or what it would do. A day has one run: a second request of the day is
//! answered with the state of the first.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::audit::{AuditChange, Facts, Operation};
use domain::failure::{Failure, Kind};
use domain::message::{Day, SettlementMessage};
use domain::money::Currency;
use domain::settlement::{Run, RunState, Totals};
use domain::tenant::Tenant;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::plan::{PlanResponse, plan};

/// Whether it is only a question.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunParams {
    /// `true` plans and writes nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A run. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunResponse {
    /// The day in the tenant's time zone.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// Where it stands.
    state: RunState,
    /// Who asked for it: `schedule`, or the id of an API key.
    asked_by: String,
    /// The currency (ISO 4217).
    currency: Currency,
    /// What Paystack's balance held when it began.
    balance: i64,
    /// What its payouts and their fees leave of that.
    left: i64,
    /// Who is paid, and who waits.
    totals: Totals,
    /// Pages of its plan, up to a hundred guards each.
    pages: u32,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When each guard had been looked at.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Run> for RunResponse {
    fn from(run: Run) -> Self {
        Self {
            date: run.date,
            state: run.state,
            asked_by: run.asked_by,
            currency: run.currency,
            balance: run.balance,
            left: run.left,
            totals: run.totals,
            pages: run.pages,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// Why there is no run to begin.
#[derive(Debug, thiserror::Error)]
enum TenantGone {
    #[error("there is no such tenant")]
    Gone,
}

impl Failure for TenantGone {
    fn kind(&self) -> Kind {
        match self {
            TenantGone::Gone => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            TenantGone::Gone => "not_found",
        }
    }
}

/// Runs today's settlement, or says what it would do.
#[utoipa::path(
    post,
    path = "/api/v1/settlements/run",
    tag = "settlements",
    operation_id = "run_settlement",
    params(RunParams),
    responses(
        (status = 200, description = "Today's run, which was there already; or, for a dry run, its plan", body = RunResponse),
        (status = 202, description = "The run has begun", body = RunResponse),
        (status = 409, description = "The tenant has not connected its account at Paystack", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "Paystack does not say what the balance holds", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn run_settlement(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceWrite>,
    Params(params): Params<RunParams>,
) -> Result<Response, Problem> {
    let tenant = deps.table.tenant(&caller.tenant).await?.ok_or(TenantGone::Gone)?;
    if params.dry_run {
        let plan: PlanResponse = plan(&deps, &tenant).await?;
        return Ok(Reply(plan).into_response());
    }
    let run = asked(&tenant, caller.key.as_str(), deps.ids.now());
    let day = Day { tenant: run.tenant.clone(), date: run.date };
    let subject = run.date.to_string();
    let facts = Facts::of(&json!({ "currency": run.currency, "terms": run.terms }));
    let change = AuditChange {
        after: facts,
        ..caller.change(Operation::SettlementStarted, &subject, run.started_at)
    };
    let is_new = deps.table.insert_asked_run(&run, &change).await?;
    // Also where it was there: whoever has begun it may have died before it was sent.
    deps.queue.send(&SettlementMessage::Run(day.clone())).await?;
    if is_new {
        tracing::info!(event = "run_asked", run.date = %run.date, "run `{}` was asked for", run.date);
        return Ok((StatusCode::ACCEPTED, Reply(RunResponse::from(run))).into_response());
    }
    let standing = deps.table.run(&day.tenant, day.date).await?.unwrap_or(run);
    Ok(Reply(RunResponse::from(standing)).into_response())
}

fn asked(tenant: &Tenant, by: &str, now: Timestamp) -> Run {
    let terms = tenant.settings.payouts.clone();
    let date = terms.night().day_of(now);
    Run::ask(tenant.id.clone(), date, by, (tenant.settings.tips.currency, terms), now)
}
