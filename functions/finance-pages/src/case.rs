//! GET /desk/cases/{case_id}: one case. POST takes it into one's hands, or closes it with an explanation.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::audit::{Note, Operation};
use domain::case::{Case, CaseStatus};
use web::desk::{
    Field, Fields, Frame, NoSuchButton, Section, Sent, SignedIn, Staff, Tag, TurnedAway, Wrongs,
    see,
};
use web::finance::{assign_case, case_of, resolve_case};
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;
use crate::cases::{difference, tag_of, words_of};

/// How a case was closed.
struct Explained {
    by: String,
    when: String,
    note: String,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    shell: Shell,
    frame: Frame,
    path: String,
    kind: &'static str,
    reference: String,
    tip: Option<String>,
    difference: String,
    mismatch: Option<String>,
    opened: String,
    assignee: Option<String>,
    is_mine: bool,
    tag: Tag,
    explained: Option<Explained>,
    may_change: bool,
    version: u64,
    note: Field,
    wrongs: Wrongs,
}

/// A case.
#[utoipa::path(
    get,
    path = "/desk/cases/{case_id}",
    tag = "desk",
    operation_id = "case_page",
    params(
        ("case_id" = String, Path, description = "The case's id"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "The case", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such case", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn case_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let case = case_of(&deps.table, &staff.who.tenant, &id).await?;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let said = match query.get("done") {
        "taken" => Some("The case is yours."),
        "explained" => Some("The case is explained."),
        _ => None,
    };
    let again = (StatusCode::OK, "", Wrongs::default());
    Ok(draw(&deps, &staff.who, case, said, again).await?)
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    case: Case,
    said: Option<&'static str>,
    (status, note, wrongs): (StatusCode, &str, Wrongs),
) -> Result<Response, Problem> {
    let frame = deps.frame(who, Section::Cases).await?.saying(said);
    let explained = case.resolution.as_ref().map(|so| Explained {
        by: so.by.to_string(),
        when: frame.when(so.at),
        note: so.note.as_str().to_owned(),
    });
    let note = Field::text("note", "What it was").long().most(500).holding(note).checked(&wrongs);
    let page = CasePage {
        shell: Shell::titled("Case"),
        path: format!("/desk/cases/{}", case.id),
        kind: words_of(case.kind),
        difference: difference(&case),
        mismatch: case.mismatch.map(|mismatch| mismatch.to_string().replace('_', " ")),
        opened: frame.when(case.opened_at),
        is_mine: case.assignee.as_ref() == Some(&who.actor()),
        assignee: case.assignee.as_ref().map(ToString::to_string),
        tag: tag_of(case.status),
        may_change: who.may(Scope::FinanceWrite) && case.status == CaseStatus::Open,
        version: case.version,
        tip: case.tip.map(|tip| tip.to_string()),
        reference: case.reference,
        explained,
        note: note.hint("It stays with the case, and in the audit trail."),
        wrongs,
        frame,
    };
    Ok(page::html(status, &page))
}

/// Takes a case into one's hands, or closes it with an explanation.
#[utoipa::path(
    post,
    path = "/desk/cases/{case_id}",
    tag = "desk",
    operation_id = "change_case",
    params(("case_id" = String, Path, description = "The case's id")),
    responses(
        (status = 303, description = "To the case"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 404, description = "No such case", content_type = "text/html"),
        (status = 409, description = "Explained before, or changed meanwhile", content_type = "text/html"),
        (status = 422, description = "No explanation; what was typed is kept", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn change_case(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    sent: Sent<may::FinanceWrite>,
) -> Result<Response, TurnedAway> {
    let before = case_of(&deps.table, &sent.who.tenant, &id).await?;
    match change(&deps, &sent, before).await {
        Ok(done) => Ok(see(&format!("/desk/cases/{id}?done={done}"))),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            let case = case_of(&deps.table, &sent.who.tenant, &id).await?;
            let again = (problem.status(), sent.fields.get("note"), Wrongs::from(&problem));
            Ok(draw(&deps, &sent.who, case, None, again).await?)
        }
    }
}

async fn change(
    deps: &Deps,
    sent: &Sent<may::FinanceWrite>,
    before: Case,
) -> Result<&'static str, Problem> {
    let (now, id) = (deps.ids.now(), before.id.clone());
    let version = sent.fields.get("version").parse().ok();
    let change = |operation| sent.who.change(operation, &id, now);
    match sent.fields.get("act") {
        "take" => {
            let (to, change) = (sent.who.actor(), change(Operation::CaseAssigned));
            assign_case(&deps.table, before, to, version, change).await?;
            Ok("taken")
        }
        "resolve" => {
            let note = Note::parse(sent.fields.get("note"))?;
            let change = change(Operation::CaseResolved);
            resolve_case(&deps.table, before, note, version, change).await?;
            Ok("explained")
        }
        _ => Err(NoSuchButton.into()),
    }
}
