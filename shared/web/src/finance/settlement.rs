//! A settlement run: what it would do now, and its beginning. A day has one run: a second request of the day finds the
//! first. Planning itself is done by `settle`, so that no request has to last as long as a run.

use std::time::{Duration, Instant};

use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use domain::audit::{AuditChange, Facts};
use domain::message::{Day, SettlementMessage};
use domain::page::Position;
use domain::settlement::{Line, Planner, Run, Totals};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde_json::json;

use crate::problem::Problem;

/// How long a plan may take: the gateway gives up at 30 seconds.
const BUDGET: Duration = Duration::from_secs(20);
/// Lines that a plan shows.
const LINES_MAX: usize = 500;

/// What a run would do. The same planner goes through the same index, and nothing is written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What Paystack's balance holds, in minor units.
    pub balance: i64,
    /// What is left of it, who would be paid and who would wait.
    pub planner: Planner,
    /// The guards, the oldest money first; at most 500.
    pub lines: Vec<Line>,
    /// Whether every guard was looked at. Where there are too many for one request, the real run looks at the rest.
    pub complete: bool,
}

/// The plan of a run that began now.
///
/// # Errors
/// The table or Paystack does not answer.
pub async fn plan_run(
    table: &Table,
    paystack: &Paystack,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Plan, Problem> {
    let (started, currency) = (Instant::now(), tenant.settings.tips.currency);
    let balances = paystack.balances(&tenant.id).await?;
    let balance = balances.iter().find(|balance| balance.currency == currency);
    let balance = balance.map_or(0, |balance| balance.minor);
    let terms = tenant.settings.payouts.clone();
    let mut planner = Planner { terms, currency, left: balance, totals: Totals::default() };
    let mut lines = Vec::new();
    let mut place: Option<Position> = None;
    loop {
        let page = table.candidates(&tenant.id, currency, now, place.as_ref()).await?;
        let planned = planner.page(page.entries, now);
        let room = LINES_MAX.saturating_sub(lines.len());
        lines.extend(planned.into_iter().take(room));
        place = page.next;
        if place.is_none() || started.elapsed() > BUDGET {
            break;
        }
    }
    Ok(Plan { balance, planner, lines, complete: place.is_none() })
}

/// Begins today's run, and answers it with whether it is new; one that was there already is answered as it stands.
/// `change` names who asks, and when.
///
/// # Errors
/// The table or the queue does not answer.
pub async fn begin_run(
    table: &Table,
    queue: &Queue,
    tenant: &Tenant,
    change: AuditChange,
) -> Result<(Run, bool), Problem> {
    let (terms, now) = (tenant.settings.payouts.clone(), change.at);
    let (date, asked_by) = (terms.night().day_of(now), change.actor.to_string());
    let run =
        Run::ask(tenant.id.clone(), date, &asked_by, (tenant.settings.tips.currency, terms), now);
    let after = Facts::of(&json!({ "currency": run.currency, "terms": run.terms }));
    let change = AuditChange { after, subject: date.to_string(), ..change };
    let is_new = table.insert_asked_run(&run, &change).await?;
    let day = Day { tenant: run.tenant.clone(), date };
    // Also where it was there: whoever has begun it may have died before it was sent.
    queue.send(&SettlementMessage::Run(day.clone())).await?;
    if is_new {
        tracing::info!(event = "run_asked", run.date = %date, "run `{date}` was asked for");
        return Ok((run, true));
    }
    Ok((table.run(&day.tenant, day.date).await?.unwrap_or(run), false))
}
