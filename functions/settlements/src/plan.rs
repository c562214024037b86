//! What a run would do now. The same planner goes through the same index, and nothing is written.

use std::time::{Duration, Instant};

use domain::money::Currency;
use domain::page::Position;
use domain::settlement::{Line, Planner, Totals};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::Deps;

/// How long a plan may take: the gateway gives up at 30 seconds.
const BUDGET: Duration = Duration::from_secs(20);
/// Lines that an answer shows.
const LINES_MAX: usize = 500;

/// What a run would do. Amounts are minor units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanResponse {
    /// Always `true`.
    dry_run: bool,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    planned_at: Timestamp,
    /// The currency (ISO 4217).
    currency: Currency,
    /// What Paystack's balance holds.
    balance: i64,
    /// What the payouts and their fees would leave of that.
    left: i64,
    /// Who would be paid, and who would wait.
    totals: Totals,
    /// The guards, the oldest money first; at most 500.
    lines: Vec<Line>,
    /// Whether every guard was looked at. Where there are too many for one request, the real run looks at the rest.
    complete: bool,
}

/// The plan of a run that began now.
///
/// # Errors
/// The table or Paystack does not answer.
pub(crate) async fn plan(deps: &Deps, tenant: &Tenant) -> Result<PlanResponse, Problem> {
    let started = Instant::now();
    let (now, currency) = (deps.ids.now(), tenant.settings.tips.currency);
    let balances = deps.paystack.balances(&tenant.id).await?;
    let balance = balances.iter().find(|balance| balance.currency == currency);
    let balance = balance.map_or(0, |balance| balance.minor);
    let terms = tenant.settings.payouts.clone();
    let mut planner = Planner { terms, currency, left: balance, totals: Totals::default() };
    let mut lines = Vec::new();
    let mut place: Option<Position> = None;
    loop {
        let page = deps.table.candidates(&tenant.id, currency, now, place.as_ref()).await?;
        let planned = planner.page(page.entries, now);
        let room = LINES_MAX.saturating_sub(lines.len());
        lines.extend(planned.into_iter().take(room));
        place = page.next;
        if place.is_none() || started.elapsed() > BUDGET {
            break;
        }
    }
    let Planner { left, totals, .. } = planner;
    let complete = place.is_none();
    Ok(PlanResponse {
        dry_run: true,
        planned_at: now,
        currency,
        balance,
        left,
        totals,
        lines,
        complete,
    })
}
