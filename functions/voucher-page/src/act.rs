//! POST /my/vouchers/{voucher_id}, …/remove, and /my/sign-out: what the buttons of a customer's pages do.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use domain::claim::ClaimRefused;
use domain::id::VoucherId;
use web::customer::{Customer, end_session, from_our_page};
use web::desk::{Fields, FormToken, see};
use web::{Problem, input, wallet};

use crate::Deps;
use crate::door::{Away, customer, door, named};

/// Where a customer's pages begin.
const WALLET: &str = "/my/vouchers";

/// Puts a voucher into the wallet, and leads to its code. One that is there already is no error: the button was pressed
/// twice.
#[utoipa::path(
    post,
    path = "/my/vouchers/{voucher_id}",
    tag = "wallet",
    operation_id = "add_voucher",
    params(("voucher_id" = String, Path, description = "The voucher's id")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the voucher's code"),
        (status = 403, description = "The form is not one of this customer's", content_type = "text/html"),
        (status = 404, description = "There is no such voucher", content_type = "text/html"),
        (status = 409, description = "It cannot be claimed now", content_type = "text/html"),
        (status = 410, description = "It has expired", content_type = "text/html"),
    )
)]
pub(crate) async fn add_voucher(
    State(deps): State<Deps>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    add(&deps, path, request).await.unwrap_or_else(|Away(page)| page)
}

async fn add(
    deps: &Deps,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Away> {
    let id = named(path)?;
    let customer = sent(deps, request).await?;
    let whose = (&customer.tenant, &customer.id);
    let claimed = wallet::claim(&deps.table, whose, &id, deps.ids.now(), |_, _| None).await;
    match claimed {
        Ok(_) => {
            tracing::info!(event = "voucher_claimed", voucher.id = %id, "claimed voucher `{id}`")
        }
        Err(problem) if is_there(&problem) => {}
        Err(problem) => return Err(problem.into()),
    }
    Ok(see(&page_of(&id)))
}

/// Takes a voucher out of the wallet.
#[utoipa::path(
    post,
    path = "/my/vouchers/{voucher_id}/remove",
    tag = "wallet",
    operation_id = "remove_voucher",
    params(("voucher_id" = String, Path, description = "The voucher's id")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the other vouchers"),
        (status = 403, description = "The form is not one of this customer's", content_type = "text/html"),
        (status = 404, description = "It is not in the wallet", content_type = "text/html"),
    )
)]
pub(crate) async fn remove_voucher(
    State(deps): State<Deps>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    remove(&deps, path, request).await.unwrap_or_else(|Away(page)| page)
}

async fn remove(
    deps: &Deps,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Away> {
    let id = named(path)?;
    let customer = sent(deps, request).await?;
    let whose = (&customer.tenant, &customer.id);
    wallet::remove(&deps.table, whose, &id, deps.ids.now()).await?;
    Ok(see(WALLET))
}

/// Ends the customer's session on this device.
#[utoipa::path(
    post,
    path = "/my/sign-out",
    tag = "wallet",
    operation_id = "leave_wallet",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the page that says how one gets in"),
        (status = 403, description = "The form is not one of this customer's", content_type = "text/html"),
    )
)]
pub(crate) async fn leave(
    State(deps): State<Deps>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    end(&deps, &headers, request).await.unwrap_or_else(|Away(page)| page)
}

async fn end(deps: &Deps, headers: &HeaderMap, request: Request) -> Result<Response, Away> {
    if customer(deps, headers).await?.is_some() {
        sent(deps, request).await?;
    }
    let mut response = see(WALLET);
    let cookie = end_session(&deps.table, headers).await?;
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The customer who has sent a form of ours, from our own page.
async fn sent(deps: &Deps, request: Request) -> Result<Customer, Away> {
    let (parts, body): (Parts, _) = request.into_parts();
    let customer = customer(deps, &parts.headers).await?.ok_or_else(|| door(None))?;
    from_our_page(&parts)?;
    let bytes = input::bytes(Request::from_parts(parts, body), deps).await?;
    let fields = Fields::parse(&bytes);
    let (token, now) = (fields.get("csrf"), deps.ids.now());
    FormToken::open(&deps.seal, &customer.forms(), token, now).await??;
    Ok(customer)
}

fn is_there(problem: &Problem) -> bool {
    use domain::failure::Failure;
    problem.code() == ClaimRefused::AlreadyClaimed.code()
}

fn page_of(id: &VoucherId) -> String {
    format!("{WALLET}/{id}")
}
