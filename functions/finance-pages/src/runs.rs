//! GET /desk/runs: the settlement runs, the latest day first. POST begins today's, which the plan has shown before.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::audit::Operation;
use domain::money::{Currency, Money};
use domain::page::PageSize;
use domain::settlement::{Run, RunState, SCHEDULE, Sum};
use domain::tip::local_amount;
use web::desk::{Fields, Frame, Section, Sent, Staff, Tag, TurnedAway, next_page, see};
use web::finance::begin_run;
use web::guard::tenant_of;
use web::may;
use web::page::{self, Shell};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "desk-runs";
/// Where the list is.
const PATH: &str = "/desk/runs";
/// Runs of a page.
const PER_PAGE: u32 = 20;

/// A run in a line.
struct Line {
    date: String,
    path: String,
    tag: Tag,
    by: &'static str,
    paid: String,
    short: String,
    held: String,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    shell: Shell,
    frame: Frame,
    lines: Vec<Line>,
    may_run: bool,
    next: Option<String>,
    first: bool,
}

/// The tenant's settlement runs.
#[utoipa::path(
    get,
    path = "/desk/runs",
    tag = "desk",
    operation_id = "runs_page",
    params(("cursor" = Option<String>, Query, description = "The cursor that the page before gave")),
    responses(
        (status = 200, description = "A page of runs", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn runs_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let owner = staff.who.tenant.as_str();
    let cursor = Some(query.get("cursor")).filter(|cursor| !cursor.is_empty());
    let place = deps.seal.position(owner, LIST, cursor).await?;
    let size = PageSize::parse(Some(PER_PAGE))?;
    let found = deps.table.runs_of_tenant(&staff.who.tenant, size, place.as_ref()).await?;
    let page = RunsPage {
        shell: Shell::titled("Settlement runs"),
        frame: deps.frame(&staff.who, Section::Payouts).await?,
        lines: found.entries.iter().map(line).collect(),
        may_run: staff.who.may(Scope::FinanceWrite),
        next: next_page(&deps.seal, (owner, LIST), (PATH, &[]), found.next.as_ref()).await?,
        first: cursor.is_none(),
    };
    Ok(page::html(StatusCode::OK, &page))
}

fn line(run: &Run) -> Line {
    let totals = &run.totals;
    Line {
        date: run.date.to_string(),
        path: format!("{PATH}/{}", run.date),
        tag: tag_of(run.state),
        by: if run.asked_by == SCHEDULE { "the schedule" } else { "a person" },
        paid: written(&totals.paid, run.currency),
        short: written(&totals.short, run.currency),
        held: written(&totals.held, run.currency),
    }
}

/// `12 guards, ₦34,000`.
pub(crate) fn written(sum: &Sum, currency: Currency) -> String {
    let guards = if sum.guards == 1 { "guard" } else { "guards" };
    let amount = local_amount(Money { minor: sum.amount, currency });
    format!("{} {guards}, {amount}", sum.guards)
}

/// A run's state as staff read it.
pub(crate) fn tag_of(state: RunState) -> Tag {
    match state {
        RunState::Requested => Tag::new("Begins", "wait"),
        RunState::Planning => Tag::new("Going through guards", "wait"),
        RunState::Planned => Tag::new("Planned", "fine"),
    }
}

/// Begins today's run; where there is one of today, leads to that.
#[utoipa::path(
    post,
    path = "/desk/runs",
    tag = "desk",
    operation_id = "begin_settlement",
    responses(
        (status = 303, description = "To the run"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn begin_settlement(
    State(deps): State<Deps>,
    sent: Sent<may::FinanceWrite>,
) -> Result<Response, TurnedAway> {
    let tenant = tenant_of(&deps.table, &sent.who.tenant).await?;
    let change = sent.who.change(Operation::SettlementStarted, "", deps.ids.now());
    let (run, is_new) = begin_run(&deps.table, &deps.queue, &tenant, change).await?;
    let done = if is_new { "begun" } else { "there" };
    Ok(see(&format!("{PATH}/{}?done={done}", run.date)))
}
