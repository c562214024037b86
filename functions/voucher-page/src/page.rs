//! GET /v/{code}: a voucher as everybody sees it (V8), the same for everybody.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::claim::ClaimRefused;
use domain::voucher::VoucherState;
use jiff::Timestamp;
use web::Problem;
use web::assets::VOUCHER_SCRIPT;
use web::page::{self, Shell};
use web::wallet::{Seen, VoucherDetails};

use crate::Deps;
use crate::look::Look;
use crate::read::read;

#[derive(Template)]
#[template(path = "voucher.html")]
struct VoucherPage {
    shell: Shell,
    look: Look,
    shown: VoucherDetails,
    until: String,
    left: Option<String>,
    /// What is in the way of using it, in words.
    notice: Option<(&'static str, String)>,
    script: String,
}

/// Shows a voucher.
#[utoipa::path(
    method(get, head),
    path = "/v/{code}",
    tag = "wallet",
    operation_id = "voucher_page",
    params(("code" = String, Path, description = "A signed code, or the voucher's id")),
    responses(
        (status = 200, description = "The voucher's page; where it cannot be used now, it says so", content_type = "text/html"),
        (status = 304, description = "The browser has this page already"),
        (status = 404, description = "No voucher has this code", content_type = "text/html"),
        (status = 410, description = "The voucher or the code is over", content_type = "text/html"),
        (status = 422, description = "The code is not one of ours", content_type = "text/html"),
    )
)]
pub(crate) async fn voucher_page(
    State(deps): State<Deps>,
    code: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    show(&deps, code, &headers).await
}

/// The same page by a printed code, whose address is in capitals.
#[utoipa::path(
    method(get, head),
    path = "/V/{code}",
    tag = "wallet",
    operation_id = "printed_voucher_page",
    params(("code" = String, Path, description = "A printed code")),
    responses(
        (status = 200, description = "The voucher's page; where it cannot be used now, it says so", content_type = "text/html"),
        (status = 304, description = "The browser has this page already"),
        (status = 404, description = "No voucher has this code", content_type = "text/html"),
        (status = 410, description = "The voucher or the code is over", content_type = "text/html"),
        (status = 422, description = "The code is not one of ours", content_type = "text/html"),
    )
)]
pub(crate) async fn printed_voucher_page(
    State(deps): State<Deps>,
    code: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    show(&deps, code, &headers).await
}

async fn show(
    deps: &Deps,
    code: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Response {
    match draw(deps, code).await {
        Ok(drawn) => page::kept_for_a_minute(drawn, headers).await,
        Err(problem) => refused(&problem),
    }
}

async fn draw(deps: &Deps, code: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(code) = code.map_err(|_| ClaimRefused::UnknownVoucher)?;
    let now = deps.ids.now();
    let seen = read(deps, &code, now).await?;
    let base = deps.signer.realm(&seen.voucher.tenant).issuer().to_owned();
    let (voucher, look) = (&seen.voucher, Look::of(&seen.tenant));
    let (ends, policy) = (voucher.terms.expires_at, look.policy.clone());
    let drawn = VoucherPage {
        shell: Shell::titled(format!(
            "{} · {}",
            voucher.terms.text.title, seen.tenant.settings.name
        )),
        look,
        shown: seen.details(&base),
        until: voucher.until_words(ends),
        left: voucher.left_words(ends, now),
        notice: notice(&seen, now),
        script: VOUCHER_SCRIPT.path(),
    };
    Ok(page::html_under(status_of(seen.state), &drawn, policy))
}

/// A voucher that is paused or used up may be had again, so its address is no error; what has ended is gone.
fn status_of(state: VoucherState) -> StatusCode {
    match state {
        VoucherState::Published | VoucherState::Paused | VoucherState::Exhausted => StatusCode::OK,
        VoucherState::Draft => StatusCode::NOT_FOUND,
        VoucherState::Expired | VoucherState::Ended => StatusCode::GONE,
    }
}

/// What is in the way of using it now.
pub(crate) fn notice(seen: &Seen, now: Timestamp) -> Option<(&'static str, String)> {
    let (voucher, who) = (&seen.voucher, &seen.tenant.settings.name);
    let said = match seen.state {
        VoucherState::Published if voucher.terms.valid_from > now => {
            let from = voucher.day(voucher.terms.valid_from).strftime("%-d %B %Y").to_string();
            ("Not yet", format!("This voucher can be used from {from} on."))
        }
        VoucherState::Published => return None,
        VoucherState::Paused => {
            ("Not at the moment", format!("{who} has paused this voucher. Please try again later."))
        }
        VoucherState::Exhausted => {
            ("All used", "As many of this voucher as there were have been used.".to_owned())
        }
        VoucherState::Expired => {
            let ended =
                voucher.last_day(voucher.terms.expires_at).strftime("%-d %B %Y").to_string();
            ("Expired", format!("The last day of this voucher was {ended}."))
        }
        VoucherState::Ended | VoucherState::Draft => {
            ("Ended", format!("{who} has ended this voucher."))
        }
    };
    Some(said)
}

/// The page of a code that leads to no voucher.
pub(crate) fn refused(problem: &Problem) -> Response {
    let (heading, advice) = match (problem.code(), problem.status()) {
        ("voucher_token_expired", _) => (
            "This code's time is over",
            "A code on a phone is good for five minutes: ask for a new one.",
        ),
        ("voucher_printed_code_over", _) => (
            "This printed code is over",
            "The voucher itself is still good: ask for a new one where you have this code from.",
        ),
        ("voucher_token_revoked", _) => {
            ("This code was taken back", "Ask whoever gave it to you for a new one.")
        }
        (_, StatusCode::NOT_FOUND) => (
            "This code leads nowhere",
            "Check that the whole code was in the picture, or ask whoever showed it to you.",
        ),
        (_, StatusCode::UNPROCESSABLE_ENTITY) => (
            "This is not one of our codes",
            "Use the code that the organisation itself has printed or sent.",
        ),
        _ => ("Please try again", "We could not look the code up. Scan it again in a moment."),
    };
    page::problem(problem, heading, advice)
}
