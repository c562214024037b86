//! GET /desk/payouts/{payout_id}: one payout, what it pays, and what the ledger and Paystack say of its transfers (T9).
//! POST tries it again, gives it up, or ends it by what became of another transfer under its reference, with a reason.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Scope;
use domain::audit::{Note, Operation};
use domain::id::PayoutId;
use domain::money::Money;
use domain::payout::{Finding, Payout, PayoutRefused, PayoutState, Trouble};
use domain::tip::local_amount;
use web::desk::{
    Field, Fields, Frame, NoSuchButton, Section, Sent, SignedIn, Staff, Tag, TurnedAway, Wrongs,
    see,
};
use web::finance::{
    Paid, TransferSeen, cancel_payout, end_payout, paid_entries, payout_of, retry_payout,
    transfer_seen, webhooks_of,
};
use web::page::{self, Shell};
use web::{Problem, may};

use crate::Deps;
use crate::names::Names;
use crate::payouts::tag_of;

/// Entries that are shown with their events.
const ENTRIES_MAX: usize = 50;

/// A tip, or what went back of one, that the payout pays.
struct EntryLine {
    when: String,
    tip: String,
    reference: String,
    amount: String,
    paid: String,
    events: String,
}

/// What a transaction moved on one account.
struct PostingLine {
    reference: String,
    when: String,
    account: String,
    amount: String,
}

/// One attempt.
struct TransferLine {
    reference: String,
    attempt: u32,
    /// What the ledger has of it, a line for each account.
    postings: Vec<PostingLine>,
    /// Paystack's events, with their instants.
    events: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "payout.html")]
struct PayoutPage {
    shell: Shell,
    frame: Frame,
    path: String,
    guard: String,
    guard_path: String,
    run: String,
    amount: String,
    tag: Tag,
    trouble: &'static str,
    owed_since: String,
    changed: String,
    next_look: Option<String>,
    entries: Vec<EntryLine>,
    entries_left: usize,
    transfers: Vec<TransferLine>,
    may_decide: bool,
    /// Paystack has taken its transfer and does not know it any more, or knows another one.
    is_odd: bool,
    note: Field,
    wrongs: Wrongs,
}

/// The path part of a payout.
type PayoutPath = Path<String>;

fn parse(Path(text): PayoutPath) -> Result<PayoutId, PayoutRefused> {
    PayoutId::parse(&text).map_err(|_| PayoutRefused::Unknown)
}

/// A payout with its drill-down.
#[utoipa::path(
    get,
    path = "/desk/payouts/{payout_id}",
    tag = "desk",
    operation_id = "payout_page",
    params(
        ("payout_id" = String, Path, description = "The payout"),
        ("done" = Option<String>, Query, description = "What has just been done"),
    ),
    responses(
        (status = 200, description = "The payout", content_type = "text/html"),
        (status = 303, description = "To signing in"),
        (status = 403, description = "The key lacks the scope", content_type = "text/html"),
        (status = 404, description = "No such payout", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn payout_page(
    State(deps): State<Deps>,
    staff: Staff<may::FinanceRead>,
    path: PayoutPath,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let payout = payout_of(&deps.table, &staff.who.tenant, &parse(path)?).await?.payout;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let said = match query.get("done") {
        "retried" => {
            Some("Within a minute Paystack is asked, or another round of attempts begins.")
        }
        "ended" => Some("It is ended, and the case of its transfer is explained."),
        "cancelled" => Some(
            "It is given up unless Paystack knows its transfer. Its money waits for the next run.",
        ),
        _ => None,
    };
    let again = (StatusCode::OK, "", Wrongs::default());
    Ok(draw(&deps, &staff.who, &payout, said, again).await?)
}

async fn draw(
    deps: &Deps,
    who: &SignedIn,
    payout: &Payout,
    said: Option<&'static str>,
    (status, note, wrongs): (StatusCode, &str, Wrongs),
) -> Result<Response, Problem> {
    let frame = deps.frame(who, Section::Payouts).await?.saying(said);
    let guard = Names::of(deps, &who.tenant, [&payout.guard].into_iter()).await?;
    let guard = guard.name(&payout.guard);
    let all = paid_entries(&deps.table, payout, deps.ids.now()).await?;
    let entries_left = all.len().saturating_sub(ENTRIES_MAX);
    let mut entries = Vec::new();
    for paid in all.into_iter().take(ENTRIES_MAX) {
        entries.push(entry(deps, payout, &frame, paid).await?);
    }
    let mut transfers = Vec::new();
    for attempt in (1..=payout.attempt).rev() {
        transfers.push(transfer(transfer_seen(&deps.table, payout, attempt).await?, &frame));
    }
    let page = PayoutPage {
        shell: Shell::titled(format!("Payout to {guard}")),
        path: format!("/desk/payouts/{}", payout.id),
        guard,
        guard_path: format!("/desk/guards/{}", payout.guard),
        run: payout.run.to_string(),
        amount: local_amount(payout.amount),
        tag: tag_of(payout.state),
        trouble: payout.trouble.map(Trouble::sentence).unwrap_or_default(),
        owed_since: frame.when(payout.since),
        changed: frame.when(payout.changed_at),
        next_look: payout.due_at.map(|at| frame.when(at)),
        entries,
        entries_left,
        transfers,
        may_decide: who.may(Scope::FinanceWrite) && payout.needs_decision(),
        is_odd: payout.state == PayoutState::Sent,
        note: Field::text("note", "Why").most(500).holding(note).checked(&wrongs),
        wrongs,
        frame,
    };
    Ok(page::html(status, &page))
}

async fn entry(
    deps: &Deps,
    payout: &Payout,
    frame: &Frame,
    paid: Paid,
) -> Result<EntryLine, Problem> {
    let Paid { entry, minor } = paid;
    let money = |minor| local_amount(Money { minor, currency: payout.amount.currency });
    let events = match &entry.tip {
        Some(tip) => {
            let reference = domain::ledger::PaystackReference::of(tip);
            webhooks_of(&deps.table, &payout.tenant, reference.as_str()).await?
        }
        None => Vec::new(),
    };
    let events: Vec<String> = events.into_iter().map(|event| event.event).collect();
    Ok(EntryLine {
        when: frame.when(entry.recorded_at),
        tip: entry.tip.map(|tip| tip.to_string()).unwrap_or_default(),
        reference: entry.reference.to_string(),
        amount: money(entry.minor.saturating_neg()),
        paid: money(minor),
        events: events.join(", "),
    })
}

fn transfer(seen: TransferSeen, frame: &Frame) -> TransferLine {
    let mut postings = Vec::new();
    for posting in seen.postings {
        let moved = posting.record.postings.iter().map(|one| PostingLine {
            reference: posting.record.reference.to_string(),
            when: frame.when(posting.recorded_at),
            account: one.account.kind.to_string(),
            amount: local_amount(Money { minor: one.minor, currency: one.account.currency }),
        });
        postings.extend(moved);
    }
    let events =
        seen.webhooks.into_iter().map(|event| (event.event, frame.when(event.received_at)));
    TransferLine {
        reference: seen.reference.to_string(),
        attempt: seen.attempt,
        postings,
        events: events.collect(),
    }
}

/// Tries a payout again that needs a person, gives it up, or ends it by what became of another transfer.
#[utoipa::path(
    post,
    path = "/desk/payouts/{payout_id}",
    tag = "desk",
    operation_id = "decide_payout",
    params(("payout_id" = String, Path, description = "The payout")),
    responses(
        (status = 303, description = "To the payout"),
        (status = 401, description = "The session has ended", content_type = "text/html"),
        (status = 403, description = "The key lacks the scope, or the form is not ours", content_type = "text/html"),
        (status = 404, description = "No such payout", content_type = "text/html"),
        (status = 409, description = "It needs no person, Paystack says otherwise, or it was changed meanwhile", content_type = "text/html"),
        (status = 422, description = "No reason was given", content_type = "text/html"),
    ),
    security(("api_key" = ["finance:write"]))
)]
pub(crate) async fn decide_payout(
    State(deps): State<Deps>,
    path: PayoutPath,
    sent: Sent<may::FinanceWrite>,
) -> Result<Response, TurnedAway> {
    let id = parse(path)?;
    let payout = payout_of(&deps.table, &sent.who.tenant, &id).await?.payout;
    match decide(&deps, &sent, &id).await {
        Ok(done) => Ok(see(&format!("/desk/payouts/{id}?done={done}"))),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            let again = (problem.status(), sent.fields.get("note"), Wrongs::from(&problem));
            Ok(draw(&deps, &sent.who, &payout, None, again).await?)
        }
    }
}

async fn decide(
    deps: &Deps,
    sent: &Sent<may::FinanceWrite>,
    id: &PayoutId,
) -> Result<&'static str, Problem> {
    let (note, now) = (Note::parse(sent.fields.get("note"))?, deps.ids.now());
    let change = |operation| sent.who.change(operation, id.as_str(), now);
    match sent.fields.get("act") {
        "cancel" => {
            cancel_payout(&deps.table, id, note, change(Operation::PayoutCancelled)).await?;
            Ok("cancelled")
        }
        "retry" => {
            retry_payout(&deps.table, id, note, change(Operation::PayoutRetried)).await?;
            Ok("retried")
        }
        act @ ("paid" | "unpaid") => {
            let finding = if act == "paid" { Finding::GuardPaid } else { Finding::GuardUnpaid };
            let (both, change) = ((&deps.table, &deps.paystack), change(Operation::PayoutEnded));
            end_payout(both, id, finding, note, change).await?;
            Ok("ended")
        }
        _ => Err(NoSuchButton.into()),
    }
}
