//! GET /desk/payouts: what guards were paid and what is under way, and the switch that stops all of it. POST turns the
//! switch.

use adapters::table::PayoutFilter;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::audit::{Note, Operation};
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Trouble};
use domain::tip::local_amount;
use jiff::{SignedDuration, Timestamp};
use web::desk::{
    Choice, Field, Fields, Frame, Section, Sent, SignedIn, Staff, Tag, TurnedAway, Wrongs,
    next_page, see,
};
use web::finance::{pause_payouts, resume_payouts};
use web::guard::tenant_of;
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;
use crate::names::Names;

/// What the cursors of this list are sealed for.
const LIST: &str = "desk-payouts";
/// Where the list is.
const PATH: &str = "/desk/payouts";
/// Payouts of a page.
const PER_PAGE: u32 = 25;

/// A payout in a line.
pub(crate) struct Line {
    path: String,
    guard: String,
    run: String,
    amount: String,
    tag: Tag,
    trouble: &'static str,
}

/// Who has stopped payouts.
struct Stopped {
    by: String,
    when: String,
    note: String,
}

#[derive(Template)]
#[template(path = "payouts.html")]
struct PayoutsPage {
    shell: Shell,
    frame: Frame,
    lines: Vec<Line>,
    state: Field,
    stopped: Option<Stopped>,
    note: Field,
    may_change: bool,
    wrongs: Wrongs,
    next: Option<String>,
    first: bool,
}

/// The tenant's payouts.
#[utoipa::path(
    get,
    path = "/desk/payouts",
    tag = "desk",
    operation_id = "payouts_page",
    params(
        ("state" = Option<String>, Query, description = "Where they stand"),
        ("cursor" = Option<String>, Query, description = "The cursor that the page before gave"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "A page of payouts", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn payouts_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    Ok(draw(&deps, &staff.who, &query, (StatusCode::OK, "", Wrongs::default())).await?)
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    query: &Fields,
    (status, note, wrongs): (StatusCode, &str, Wrongs),
) -> Result<Response, Problem> {
    let owner = who.tenant.as_str();
    let cursor = Some(query.get("cursor")).filter(|cursor| !cursor.is_empty());
    let place = deps.seal.position(owner, LIST, cursor).await?;
    let end = deps.ids.now().saturating_add(SignedDuration::from_millis(1));
    let filter = PayoutFilter {
        from: tenant_of(&deps.table, &who.tenant).await?.created_at,
        to: end.unwrap_or(Timestamp::MAX),
        state: state_of(query.get("state")),
        guard: None,
    };
    let size = PageSize::parse(Some(PER_PAGE))?;
    let found = deps.table.payouts_where(&who.tenant, &filter, size, place.as_ref()).await?;
    let names = Names::of(deps, &who.tenant, found.entries.iter().map(|one| &one.guard)).await?;
    let said = [("state", query.get("state"))];
    let next = next_page(&deps.seal, (owner, LIST), (PATH, &said), found.next.as_ref()).await?;
    let frame = deps.frame(who, Section::Payouts).await?.saying(words_of(query.get("done")));
    let page = PayoutsPage {
        shell: Shell::titled("Payouts"),
        lines: found.entries.iter().map(|payout| line(payout, &names)).collect(),
        state: Field::choice("state", "Where they stand", states()).loose().holding(said[0].1),
        stopped: stopped(deps, who, &frame).await?,
        note: Field::text("note", "Why").most(500).holding(note).checked(&wrongs),
        may_change: who.may(Scope::FinanceWrite),
        wrongs,
        next,
        first: cursor.is_none(),
        frame,
    };
    Ok(page::html(status, &page))
}

async fn stopped(deps: &Deps, who: &SignedIn, frame: &Frame) -> Result<Option<Stopped>, Problem> {
    let pause = deps.table.payouts_paused(&who.tenant).await?;
    Ok(pause.map(|pause| Stopped {
        by: if pause.by == who.actor() { "You".to_owned() } else { pause.by.to_string() },
        when: frame.when(pause.at),
        note: pause.note.as_str().to_owned(),
    }))
}

/// A payout as a line of a list.
pub(crate) fn line(payout: &Payout, names: &Names) -> Line {
    Line {
        path: format!("{PATH}/{}", payout.id),
        guard: names.name(&payout.guard),
        run: payout.run.to_string(),
        amount: local_amount(payout.amount),
        tag: tag_of(payout.state),
        trouble: payout.trouble.map(Trouble::sentence).unwrap_or_default(),
    }
}

/// Stops all payouts, or lets them go on.
#[utoipa::path(
    post,
    path = "/desk/payouts",
    tag = "desk",
    operation_id = "switch_payouts",
    responses(
        (status = 303, description = "To the payouts"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 422, description = "No reason was given", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn switch_payouts(
    State(deps): State<Deps>,
    sent: Sent<may::FinanceWrite>,
) -> Result<Response, TurnedAway> {
    let note = match Note::parse(sent.fields.get("note")) {
        Ok(note) => note,
        Err(invalid) => {
            let typed = sent.fields.get("note").to_owned();
            let again = (StatusCode::UNPROCESSABLE_ENTITY, typed.as_str(), invalid.into());
            return Ok(draw(&deps, &sent.who, &Fields::default(), again).await?);
        }
    };
    let (who, now) = (&sent.who, deps.ids.now());
    let change = |operation| who.change(operation, who.tenant.as_str(), now);
    if sent.fields.get("act") == "resume" {
        resume_payouts(&deps.table, note, change(Operation::PayoutsResumed)).await?;
        return Ok(see("/desk/payouts?done=resumed"));
    }
    pause_payouts(&deps.table, note, change(Operation::PayoutsPaused)).await?;
    Ok(see("/desk/payouts?done=paused"))
}

fn words_of(done: &str) -> Option<&'static str> {
    match done {
        "paused" => Some("All payouts are stopped. Nothing new is set aside or sent."),
        "resumed" => Some("Payouts go on, with the next run or the next look at one that waits."),
        _ => None,
    }
}

const STATES: [PayoutState; 8] = [
    PayoutState::Planned,
    PayoutState::Reserved,
    PayoutState::Sent,
    PayoutState::Confirmed,
    PayoutState::Returned,
    PayoutState::NeedsHuman,
    PayoutState::Cancelled,
    PayoutState::Reversed,
];

fn states() -> Vec<Choice> {
    let all = STATES.map(|state| Choice::new(state.as_str(), tag_of(state).word));
    [Choice::new("", "All")].into_iter().chain(all).collect()
}

fn state_of(text: &str) -> Option<PayoutState> {
    STATES.into_iter().find(|state| state.as_str() == text)
}

/// A payout's state as staff read it.
pub(crate) fn tag_of(state: PayoutState) -> Tag {
    match state {
        PayoutState::Planned => Tag::new("Planned", "over"),
        PayoutState::Reserved => Tag::new("Set aside", "wait"),
        PayoutState::Sent => Tag::new("On its way", "wait"),
        PayoutState::Confirmed => Tag::new("Paid", "fine"),
        PayoutState::Returned => Tag::new("Tried again soon", "wait"),
        PayoutState::NeedsHuman => Tag::new("Needs a person", "stop"),
        PayoutState::Cancelled => Tag::new("Cancelled", "over"),
        PayoutState::Reversed => Tag::new("Came back", "stop"),
    }
}
