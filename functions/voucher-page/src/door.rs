//! Who is there: a customer by the cookie, or nobody, who is told in words how to get in.

use askama::Template;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::claim::ClaimRefused;
use domain::id::VoucherId;
use web::Problem;
use web::customer::Customer;
use web::page::{self, Shell};
use web::wallet::Seen;

use crate::Deps;

/// A page that is not what was asked for.
pub(crate) struct Away(pub(crate) Response);

impl<F: Into<Problem>> From<F> for Away {
    fn from(failure: F) -> Self {
        let problem: Problem = failure.into();
        let (heading, advice) = match (problem.code(), problem.status()) {
            ("customer_link_unknown" | "customer_link_over", _) => (
                "This link does not work",
                "Each link works once, within ten minutes. Ask the organisation that sent it for a new one.",
            ),
            ("foreign_site" | "form_not_ours" | "form_expired", _) => (
                "This was not taken",
                "Nothing was changed. Load the page again, and try from there.",
            ),
            (_, StatusCode::NOT_FOUND) => (
                "There is nothing here",
                "It may be another organisation's, or the address is not whole.",
            ),
            (_, status) if status.is_server_error() => {
                ("Please try again", "We could not look that up. Try again in a moment.")
            }
            _ => ("This did not work", "Nothing was changed."),
        };
        Self(page::problem(&problem, heading, advice))
    }
}

#[derive(Template)]
#[template(path = "door.html")]
struct DoorPage {
    shell: Shell,
    /// Whose voucher was asked for, and the way back to it.
    wanted: Option<(String, String)>,
}

/// The customer; nobody where no cookie is there, or its session is over.
pub(crate) async fn customer(
    deps: &Deps,
    headers: &HeaderMap,
) -> Result<Option<Customer>, Problem> {
    match Customer::of(headers, &deps.table, deps.ids.now()).await {
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(None),
        other => other,
    }
}

/// The page for nobody in particular. It is no error: whoever follows a voucher's button comes here first.
pub(crate) fn door(seen: Option<&Seen>) -> Away {
    let wanted = seen.map(|seen| (seen.tenant.settings.name.clone(), seen.voucher.id.to_string()));
    Away(page::html(StatusCode::OK, &DoorPage { shell: Shell::titled("My vouchers"), wanted }))
}

/// The voucher that a path names.
pub(crate) fn named(path: Result<Path<String>, PathRejection>) -> Result<VoucherId, ClaimRefused> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    VoucherId::parse(&text).map_err(|_| ClaimRefused::UnknownVoucher)
}
