//! GET /desk/runs/{date}: one run, whom it pays and who waits, page by page.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::money::Money;
use domain::settlement::{RunRefused, RunState};
use domain::tip::local_amount;
use jiff::civil::Date;
use web::assets::DESK_LIVE_SCRIPT;
use web::desk::{Fields, Frame, Section, Staff, Tag, TurnedAway};
use web::may;
use web::page::{self, Shell};

use crate::Deps;
use crate::names::Names;
use crate::plan::{GuardLine, guard_line};
use crate::runs::{tag_of, written};

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    shell: Shell,
    frame: Frame,
    date: String,
    tag: Tag,
    balance: String,
    left: String,
    paid: String,
    fees: String,
    short: String,
    held: String,
    started: String,
    finished: Option<String>,
    lines: Vec<GuardLine>,
    page: u32,
    pages: u32,
    script: String,
}

/// A settlement run.
#[utoipa::path(
    get,
    path = "/desk/runs/{date}",
    tag = "desk",
    operation_id = "run_page",
    params(
        ("date" = String, Path, description = "The day in the tenant's time zone, `2026-11-21`"),
        ("page" = Option<u32>, Query, description = "The page of its plan, from 1"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "The run", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No run of that day", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn run_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    Path(date): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let (query, tenant) = (Fields::parse(query.unwrap_or_default().as_bytes()), &staff.who.tenant);
    let date: Date = date.parse().map_err(|_| RunRefused::Unknown)?;
    let run = deps.table.run(tenant, date).await?.ok_or(RunRefused::Unknown)?;
    let number = query.get("page").parse().unwrap_or(1).clamp(1, run.pages.max(1));
    let lines = deps.table.run_page(tenant, date, number).await?.unwrap_or_default();
    let names = Names::of(&deps, tenant, lines.iter().map(|line| &line.guard)).await?;
    let frame = deps.frame(&staff.who, Section::Payouts).await?.saying(words_of(query.get("done")));
    let money = |minor| local_amount(Money { minor, currency: run.currency });
    let page = RunPage {
        shell: Shell::titled(format!("Run of {date}")),
        date: date.to_string(),
        tag: tag_of(run.state),
        balance: money(run.balance),
        left: money(run.left),
        paid: written(&run.totals.paid, run.currency),
        fees: money(run.totals.paid.fees),
        short: written(&run.totals.short, run.currency),
        held: written(&run.totals.held, run.currency),
        started: frame.when(run.started_at),
        finished: run.finished_at.map(|at| frame.when(at)),
        lines: lines.iter().map(|line| guard_line(line, run.currency, &names, &frame)).collect(),
        page: number,
        pages: run.pages,
        // A run that is still planned changes while one looks.
        script: match run.state {
            RunState::Requested | RunState::Planning => DESK_LIVE_SCRIPT.path(),
            RunState::Planned => String::new(),
        },
        frame,
    };
    Ok(page::html(StatusCode::OK, &page))
}

fn words_of(done: &str) -> Option<&'static str> {
    match done {
        "begun" => Some("The run has begun."),
        "there" => Some("Today's run was there already; a day has one."),
        _ => None,
    }
}
