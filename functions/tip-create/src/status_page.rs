//! GET /tips/{tip_id}/status: the page that Paystack sends the patron back to (T33). It says where the tip stands as we
//! know it. What the address carries proves nothing, and is not read; loading it again changes nothing.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::tip::{Tip, TipStatus, local_amount};
use serde::Deserialize;
use web::Problem;
use web::assets::TIP_STATUS_SCRIPT;
use web::page::{self, Shell};

use crate::Deps;
use crate::status::{TipPath, tip_of};

/// How often the page loads itself again without JavaScript.
const CHECKS_MAX: u16 = 20;
/// Seconds before it does so for the first time; each time it waits for one more.
const CHECK_AFTER_S: u16 = 3;

/// What the page tells itself.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Checks {
    /// How often it has loaded itself.
    #[serde(default)]
    checked: u16,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    shell: Shell,
    tip: Tip,
    status: TipStatus,
    heading: &'static str,
    amount: String,
    /// Seconds and number of the next loading without JavaScript.
    again: Option<(u16, u16)>,
    /// Where the payment goes on, and what is written on the way there.
    way: Option<(String, &'static str)>,
    script: String,
}

/// Shows what became of a tip.
#[utoipa::path(
    get,
    path = "/tips/{tip_id}/status",
    tag = "tips",
    operation_id = "tip_status_page",
    params(
        ("tip_id" = String, Path, description = "The tip's id"),
        ("checked" = Option<u16>, Query, description = "How often the page has loaded itself"),
    ),
    responses(
        (status = 200, description = "Where the tip stands, in words", content_type = "text/html"),
        (status = 404, description = "No such tip", content_type = "text/html"),
    )
)]
pub(crate) async fn tip_status_page(
    State(deps): State<Deps>,
    id: TipPath,
    checks: Result<Query<Checks>, QueryRejection>,
) -> Response {
    let checks = checks.map(|Query(checks)| checks).unwrap_or_default();
    match tip_of(&deps, id).await {
        Ok(tip) => page::html(StatusCode::OK, &page_of(tip, checks.checked)),
        Err(problem) => refused(&problem),
    }
}

fn page_of(tip: Tip, checked: u16) -> StatusPage {
    let status = tip.status();
    let (heading, way) = match status {
        TipStatus::Initiated | TipStatus::Pending => ("One moment", Some("Go to the payment")),
        TipStatus::Succeeded | TipStatus::Settled => ("Thank you!", None),
        TipStatus::Failed | TipStatus::Abandoned => ("Not paid", Some("Try again")),
        TipStatus::Disputed => ("Being looked at", None),
        TipStatus::Refunded => ("Paid back", None),
    };
    let waits = matches!(status, TipStatus::Initiated | TipStatus::Pending);
    let again = waits && checked < CHECKS_MAX;
    // The same payment, at the same place: whoever pays there pays this tip, and it can be paid once.
    let page = tip.checkout.as_ref().map(|page| page.authorization_url.clone());
    StatusPage {
        shell: Shell::titled(heading),
        status,
        heading,
        amount: local_amount(tip.amount),
        again: again.then(|| (CHECK_AFTER_S + checked, checked + 1)),
        way: page.zip(way),
        script: TIP_STATUS_SCRIPT.path(),
        tip,
    }
}

fn refused(problem: &Problem) -> Response {
    let (heading, advice) = match problem.status() {
        StatusCode::NOT_FOUND => {
            ("There is no such tip", "Check that the whole address was copied.")
        }
        _ => {
            ("Please try again", "We could not look the tip up. Load this page again in a moment.")
        }
    };
    page::problem(problem, heading, advice)
}
