//! GET /desk/cases: what does not fit, until a person has explained it (T44).

use adapters::table::CaseFilter;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::case::{Case, CaseKind, CaseStatus};
use domain::page::PageSize;
use domain::tip::local_amount;
use web::desk::{
    Choice, Field, Fields, Frame, Section, SignedIn, Staff, Tag, TurnedAway, next_page,
};
use web::may;
use web::page::{self, Shell};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "desk-cases";
/// Where the list is.
const PATH: &str = "/desk/cases";
/// Cases of a page.
const PER_PAGE: u32 = 25;

/// A case in a line.
struct Line {
    path: String,
    kind: &'static str,
    reference: String,
    difference: String,
    opened: String,
    who: &'static str,
    tag: Tag,
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    shell: Shell,
    frame: Frame,
    lines: Vec<Line>,
    status: Field,
    assignee: Field,
    next: Option<String>,
    first: bool,
}

/// The tenant's cases; the open ones when nothing is said.
#[utoipa::path(
    get,
    path = "/desk/cases",
    tag = "desk",
    operation_id = "cases_page",
    params(
        ("status" = Option<String>, Query, description = "`open`, `resolved` or `all`; open when absent"),
        ("assignee" = Option<String>, Query, description = "`mine` for those that one has taken"),
        ("cursor" = Option<String>, Query, description = "The cursor that the page before gave"),
    ),
    responses(
        (status = 200, description = "A page of cases", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn cases_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let (who, owner) = (&staff.who, staff.who.tenant.as_str());
    let filter = CaseFilter {
        status: match query.get("status") {
            "all" => None,
            "resolved" => Some(CaseStatus::Resolved),
            _ => Some(CaseStatus::Open),
        },
        kind: None,
        assignee: (query.get("assignee") == "mine").then(|| who.actor()),
    };
    let cursor = Some(query.get("cursor")).filter(|cursor| !cursor.is_empty());
    let place = deps.seal.position(owner, LIST, cursor).await?;
    let size = PageSize::parse(Some(PER_PAGE))?;
    let found = deps.table.cases_where(&who.tenant, &filter, size, place.as_ref()).await?;
    let said = [("status", query.get("status")), ("assignee", query.get("assignee"))];
    let frame = deps.frame(who, Section::Cases).await?;
    let page = CasesPage {
        shell: Shell::titled("Cases"),
        lines: found.entries.iter().map(|case| line(case, who, &frame)).collect(),
        status: Field::choice("status", "Status", statuses()).loose().holding(said[0].1),
        assignee: Field::choice("assignee", "Whose", owners()).loose().holding(said[1].1),
        next: next_page(&deps.seal, (owner, LIST), (PATH, &said), found.next.as_ref()).await?,
        first: cursor.is_none(),
        frame,
    };
    Ok(page::html(StatusCode::OK, &page))
}

fn line(case: &Case, who: &SignedIn, frame: &Frame) -> Line {
    Line {
        path: format!("{PATH}/{}", case.id),
        kind: words_of(case.kind),
        reference: case.reference.clone(),
        difference: difference(case),
        opened: frame.when(case.opened_at),
        who: match &case.assignee {
            None => "nobody",
            Some(actor) if *actor == who.actor() => "you",
            Some(_) => "somebody else",
        },
        tag: tag_of(case.status),
    }
}

/// What was expected and what was found, as far as it is known.
pub(crate) fn difference(case: &Case) -> String {
    let code = case.currency.as_deref().unwrap_or_default();
    let currency = serde_json::from_value(serde_json::Value::from(code)).ok();
    let money = |minor: i64| match currency {
        Some(currency) => local_amount(domain::money::Money { minor, currency }),
        None => format!("{minor} {code}"),
    };
    match (case.expected, case.found) {
        (Some(expected), Some(found)) => {
            format!("expected {}, found {}", money(expected), money(found))
        }
        (Some(expected), None) => format!("expected {}, found nothing", money(expected)),
        (None, Some(found)) => format!("found {}", money(found)),
        (None, None) => String::new(),
    }
}

pub(crate) fn tag_of(status: CaseStatus) -> Tag {
    match status {
        CaseStatus::Open => Tag::new("Open", "stop"),
        CaseStatus::Resolved => Tag::new("Explained", "fine"),
    }
}

/// What does not fit, in words.
pub(crate) fn words_of(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::UnknownReference => "Paystack has a charge that we know nothing of",
        CaseKind::UnreadableEvent => "An event of Paystack says nothing that can be read",
        CaseKind::ChargeMismatch => "A charge differs from its tip",
        CaseKind::ReturnExceedsCharge => "More was to go back than was paid",
        CaseKind::RefundFailed => "Paystack could not carry out a refund",
        CaseKind::RefundNeedsAttention => "A refund needs somebody",
        CaseKind::SuccessAfterReturn => "A transfer succeeded after its money had come back",
        CaseKind::TransferMismatch => "A transfer differs from its payout",
        CaseKind::ChargeNotInLedger => "Our ledger lacks a charge of Paystack's",
        CaseKind::ChargeMissingAtPaystack => "Paystack lacks a charge of our ledger",
        CaseKind::TransferNotInLedger => "Our ledger lacks a transfer of Paystack's",
        CaseKind::TransferMissingAtPaystack => "Paystack lacks a transfer of our ledger",
        CaseKind::SettlementDiffers => "A settlement of Paystack's differs from our ledger",
        CaseKind::BalanceUnexplained => "Paystack's balance has changed, and nobody knows why",
        CaseKind::BalanceDiffers => "Paystack's balance is not what our ledger says",
    }
}

fn statuses() -> Vec<Choice> {
    vec![Choice::new("", "Open"), Choice::new("resolved", "Explained"), Choice::new("all", "All")]
}

fn owners() -> Vec<Choice> {
    vec![Choice::new("", "Everybody's"), Choice::new("mine", "Mine")]
}
