//! GET /api/v1/finance/totals: what tips and payouts came to in a period, today when nothing is said. Read from the
//! ledger's own transactions, so it agrees with the ledger to the minor unit.

use std::collections::BTreeMap;

use adapters::takings;
use axum::Json as Reply;
use axum::extract::State;
use domain::money::Currency;
use domain::takings::Takings;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::invariants::tenant;
use crate::period::Period;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotalsParams {
    /// The first instant (RFC 3339); the beginning of today in the tenant's time zone when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The instant at which the period ends; now when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// What a period came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsResponse {
    /// The first instant.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The instant at which it ends.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Whether all of the period was read; a shorter one is where not.
    complete: bool,
    /// The sums of each currency.
    totals: Vec<TotalResponse>,
}

/// The sums of a currency. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalResponse {
    /// ISO 4217.
    currency: Currency,
    /// How many tips were paid.
    tips: u64,
    /// What they came to for the guards, after fees.
    credited: i64,
    /// What refunds and lost disputes have taken back.
    taken_back: i64,
    /// How many payouts have arrived.
    payouts: u64,
    /// What they came to; one that was reversed counts against it.
    paid_out: i64,
}

/// What tips and payouts came to.
#[utoipa::path(
    get,
    path = "/api/v1/finance/totals",
    tag = "finance",
    operation_id = "read_totals",
    params(TotalsParams),
    responses(
        (status = 200, description = "The sums", body = TotalsResponse),
        (status = 422, description = "No such period", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_totals(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    Params(params): Params<TotalsParams>,
) -> Result<Reply<TotalsResponse>, Problem> {
    let tenant = tenant(&deps.table, &caller.tenant).await?;
    let today = || today(&tenant.settings.payouts.time_zone, deps.ids.now());
    let from = params.from.unwrap_or_else(today);
    let Period { from, to } = Period::of(&deps, &caller.tenant, Some(from), params.to).await?;
    let mut sums: BTreeMap<Currency, Takings> = BTreeMap::new();
    let add = |one: takings::Taking| {
        let sum = sums.entry(one.currency).or_default();
        *sum = sum.plus(one.takings);
    };
    let complete = takings::read(&deps.table, &caller.tenant, (from, to), add).await?;
    let totals = sums.into_iter().map(TotalResponse::from).collect();
    Ok(Reply(TotalsResponse { from, to, complete, totals }))
}

impl From<(Currency, Takings)> for TotalResponse {
    fn from((currency, sum): (Currency, Takings)) -> Self {
        let Takings { tips, credited, taken_back, payouts, paid_out } = sum;
        Self { currency, tips, credited, taken_back, payouts, paid_out }
    }
}

/// When today began there.
fn today(zone: &str, now: Timestamp) -> Timestamp {
    // The zone was checked when it was set.
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let begin = now.to_zoned(zone).start_of_day();
    begin.map_or(now, |begin| begin.timestamp())
}
