//! GET /desk/runs/plan: what a run would do now, with the button that begins it (T42). The button's run plans anew,
//! with the same planner.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::money::{Currency, Money};
use domain::settlement::{Line, Verdict};
use domain::tip::local_amount;
use web::desk::{Frame, Section, Staff, Tag, TurnedAway, Wrongs};
use web::finance::{Plan, plan_run};
use web::guard::tenant_of;
use web::may;
use web::page::{self, Shell};

use crate::Deps;
use crate::names::Names;
use crate::runs::written;

/// Lines that the page shows.
const SHOWN_MAX: usize = 100;

/// A guard of a plan.
pub(crate) struct GuardLine {
    pub(crate) guard: String,
    pub(crate) path: String,
    pub(crate) amount: String,
    pub(crate) fee: String,
    pub(crate) tag: Tag,
    pub(crate) since: String,
}

/// Sums and lines of a plan.
#[derive(Default)]
struct Shown {
    balance: String,
    left: String,
    paid: String,
    fees: String,
    short: String,
    held: String,
    lines: Vec<GuardLine>,
    more: usize,
    complete: bool,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    frame: Frame,
    plan: Option<Shown>,
    /// Today's run, where there is one.
    standing: Option<String>,
    paused: bool,
    may_run: bool,
    wrongs: Wrongs,
}

/// What a run would do now.
#[utoipa::path(
    get,
    path = "/desk/runs/plan",
    tag = "desk",
    operation_id = "plan_page",
    responses(
        (status = 200, description = "The plan, or why there is none now", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn plan_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceWrite>,
) -> Result<Response, TurnedAway> {
    let tenant = tenant_of(&deps.table, &staff.who.tenant).await?;
    let (now, id) = (deps.ids.now(), &staff.who.tenant);
    let frame = deps.frame(&staff.who, Section::Payouts).await?;
    // Without Paystack there is no balance to plan with; the page says so.
    let planned = plan_run(&deps.table, &deps.paystack, &tenant, now).await;
    let wrongs = planned.as_ref().err().map(Wrongs::from).unwrap_or_default();
    let plan = match planned {
        Ok(plan) => Some(shown(&deps, &staff, plan, &frame).await?),
        Err(problem) => {
            problem.log();
            None
        }
    };
    let today = tenant.settings.payouts.night().day_of(now);
    let page = PlanPage {
        shell: Shell::titled("Plan of today's run"),
        plan,
        standing: deps.table.run(id, today).await?.map(|run| run.date.to_string()),
        paused: deps.table.payouts_paused(id).await?.is_some(),
        may_run: staff.who.may(Scope::FinanceWrite),
        wrongs,
        frame,
    };
    Ok(page::html(StatusCode::OK, &page))
}

async fn shown(
    deps: &Deps,
    staff: &Staff<may::FinanceWrite>,
    plan: Plan,
    frame: &Frame,
) -> Result<Shown, web::Problem> {
    let Plan { balance, planner, lines, complete } = plan;
    let currency = planner.currency;
    let money = |minor| local_amount(Money { minor, currency });
    let more = lines.len().saturating_sub(SHOWN_MAX);
    let first: Vec<Line> = lines.into_iter().take(SHOWN_MAX).collect();
    let names = Names::of(deps, &staff.who.tenant, first.iter().map(|line| &line.guard)).await?;
    Ok(Shown {
        balance: money(balance),
        left: money(planner.left),
        paid: written(&planner.totals.paid, currency),
        fees: money(planner.totals.paid.fees),
        short: written(&planner.totals.short, currency),
        held: written(&planner.totals.held, currency),
        lines: first.iter().map(|line| guard_line(line, currency, &names, frame)).collect(),
        more,
        complete,
    })
}

/// A guard of a plan, as staff read it.
pub(crate) fn guard_line(
    line: &Line,
    currency: Currency,
    names: &Names,
    frame: &Frame,
) -> GuardLine {
    let money = |minor| local_amount(Money { minor, currency });
    GuardLine {
        guard: names.name(&line.guard),
        path: format!("/desk/guards/{}", line.guard),
        amount: money(line.amount),
        fee: money(line.fee),
        tag: tag_of(line.verdict),
        since: frame.when(line.since),
    }
}

/// What becomes of a guard, as staff read it.
fn tag_of(verdict: Verdict) -> Tag {
    match verdict {
        Verdict::Pay => Tag::new("Gets paid", "fine"),
        Verdict::NoAccount => Tag::new("Waits: no account", "wait"),
        Verdict::AccountHeld => Tag::new("Waits: account is new", "wait"),
        Verdict::BalanceShort => Tag::new("Waits: balance is short", "stop"),
    }
}
