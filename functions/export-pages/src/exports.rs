//! GET and POST /desk/exports: exports and how far they are, and asking for another one.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::export::{Export, ExportKind, ExportState};
use domain::page::PageSize;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use web::assets::DESK_LIVE_SCRIPT;
use web::desk::{
    Choice, Field, Fields, Frame, Section, Sent, SignedIn, Staff, Tag, TurnedAway, Wrongs,
    next_page, see,
};
use web::finance::{export_of, new_export, tell_worker};
use web::guard::tenant_of;
use web::idempotency::KeyRefused;
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "desk-exports";
/// Where the list is.
const PATH: &str = "/desk/exports";
/// Exports of a page.
const PER_PAGE: u32 = 20;

/// An export in a line.
struct Line {
    kind: &'static str,
    period: String,
    asked: String,
    rows: u64,
    tag: Tag,
    /// Where its file is fetched.
    file: Option<String>,
}

#[derive(Template)]
#[template(path = "exports.html")]
struct ExportsPage {
    shell: Shell,
    frame: Frame,
    fields: [Field; 3],
    lines: Vec<Line>,
    /// Whether one of them is still being written.
    moves: bool,
    wrongs: Wrongs,
    next: Option<String>,
    first: bool,
    script: String,
}

/// The tenant's exports.
#[utoipa::path(
    get,
    path = "/desk/exports",
    tag = "desk",
    operation_id = "exports_page",
    params(
        ("cursor" = Option<String>, Query, description = "The cursor that the page before gave"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "A page of exports", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn exports_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let again = (Fields::default(), StatusCode::OK, Wrongs::default());
    Ok(draw(&deps, &staff.who, &query, again).await?)
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    query: &Fields,
    (typed, status, wrongs): (Fields, StatusCode, Wrongs),
) -> Result<Response, Problem> {
    let frame = Frame::of((&deps.table, &deps.seal, &deps.ids), who, Section::Exports).await?;
    let (frame, now) = (frame.saying(words_of(query.get("done"))), deps.ids.now());
    let owner = who.tenant.as_str();
    let cursor = Some(query.get("cursor")).filter(|cursor| !cursor.is_empty());
    let place = deps.seal.position(owner, LIST, cursor).await?;
    let size = PageSize::parse(Some(PER_PAGE))?;
    let found = deps.table.exports(&who.tenant, size, place.as_ref()).await?;
    for export in found.entries.iter().filter(|export| !export.is_over()) {
        // Looking at it tells a worker that has forgotten it.
        export_of((&deps.table, &deps.queue), &who.tenant, &export.id, now).await?;
    }
    let page = ExportsPage {
        shell: Shell::titled("Exports"),
        fields: fields_of(&typed, now.to_zoned(frame.zone.clone()).date(), &wrongs),
        lines: found.entries.iter().map(|export| line(export, &frame)).collect(),
        moves: found.entries.iter().any(|export| !export.is_over()),
        next: next_page(&deps.seal, (owner, LIST), (PATH, &[]), found.next.as_ref()).await?,
        first: cursor.is_none(),
        script: DESK_LIVE_SCRIPT.path(),
        wrongs,
        frame,
    };
    Ok(page::html(status, &page))
}

fn fields_of(typed: &Fields, today: Date, wrongs: &Wrongs) -> [Field; 3] {
    let kinds = KINDS.map(|(kind, label)| Choice::new(kind.as_str(), label)).into();
    let or = |name: &str, date: Date| typed.given(name).unwrap_or(date.to_string());
    let fields = [
        Field::choice("kind", "What", kinds).holding(typed.get("kind")),
        Field::text("from", "First day").of("date").holding(or("from", today.first_of_month())),
        Field::text("to", "Last day").of("date").holding(or("to", today)),
    ];
    fields.map(|field| field.checked(wrongs))
}

fn line(export: &Export, frame: &Frame) -> Line {
    let is_done = export.state == ExportState::Done;
    Line {
        kind: KINDS
            .into_iter()
            .find(|(kind, _)| *kind == export.kind)
            .map_or("", |(_, label)| label),
        period: format!("{} to {}", frame.when(export.from), frame.when(export.to)),
        asked: frame.when(export.created_at),
        rows: export.rows,
        tag: match export.state {
            ExportState::Requested => Tag::new("Waits", "over"),
            ExportState::Running => Tag::new("Being written", "wait"),
            ExportState::Done => Tag::new("Ready", "fine"),
            ExportState::Failed => Tag::new("Failed", "stop"),
        },
        file: is_done.then(|| format!("{PATH}/{}", export.id)),
    }
}

/// Asks for an export, once however often the form is sent.
#[utoipa::path(
    post,
    path = "/desk/exports",
    tag = "desk",
    operation_id = "ask_export",
    responses(
        (status = 303, description = "To the exports"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 422, description = "No such period; what was typed is kept", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn ask_export(
    State(deps): State<Deps>,
    sent: Sent<may::FinanceRead>,
) -> Result<Response, TurnedAway> {
    match ask(&deps, &sent).await {
        Ok(leads_to) => Ok(see(&leads_to)),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            let again = (sent.fields.clone(), problem.status(), Wrongs::from(&problem));
            Ok(draw(&deps, &sent.who, &Fields::default(), again).await?)
        }
    }
}

async fn ask(deps: &Deps, sent: &Sent<may::FinanceRead>) -> Result<String, Problem> {
    let (who, fields) = (&sent.who, &sent.fields);
    let settings = tenant_of(&deps.table, &who.tenant).await?.settings;
    let zone = TimeZone::get(&settings.payouts.time_zone).unwrap_or(TimeZone::UTC);
    let kind = KINDS.into_iter().find(|(kind, _)| kind.as_str() == fields.get("kind"));
    let kind = kind.map_or(ExportKind::Tips, |(kind, _)| kind);
    // The last day is part of the period.
    let from = begin(fields, "from", 0, &zone)?;
    let to = begin(fields, "to", 1, &zone)?;
    let export = new_export(&deps.ids, (&who.tenant, who.actor()), kind, (from, Some(to)))?;
    let leads_to = "/desk/exports?done=asked".to_owned();
    let store = (&deps.table, &deps.ids);
    let led = sent.once(store, "desk export", leads_to, async |answer| {
        match deps.table.insert_export(&export, answer).await? {
            true => Ok(()),
            false => Err(KeyRefused::Running.into()),
        }
    });
    let led = led.await?;
    tell_worker(&deps.queue, &export).await;
    Ok(led)
}

/// When a day that was typed begins, or the one so many days later.
fn begin(fields: &Fields, name: &str, later: i64, zone: &TimeZone) -> Result<Timestamp, Problem> {
    let wrong = || Wrongs::day(name);
    let day: Date = fields.get(name).trim().parse().map_err(|_| wrong())?;
    let day = day.checked_add(later.days()).map_err(|_| wrong())?;
    let at = day.to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(at.timestamp())
}

const KINDS: [(ExportKind, &str); 3] =
    [(ExportKind::Tips, "Tips"), (ExportKind::Ledger, "Ledger"), (ExportKind::Payouts, "Payouts")];

fn words_of(done: &str) -> Option<&'static str> {
    match done {
        "asked" => Some("The export is being written. It appears below when it is ready."),
        "waits" => Some("This export is not ready yet."),
        "failed" => Some("This export could not be written. Ask for it again."),
        _ => None,
    }
}
