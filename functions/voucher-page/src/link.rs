//! GET and POST /my/link/{token}: the door for a customer. A link is only used by its button, so that whoever looks at
//! links in advance (a mail filter, a chat's preview) uses none up.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use web::customer::{CustomerRefused, link_of, use_link};
use web::desk::see;
use web::page::{self, Shell};

use crate::Deps;
use crate::door::Away;
use crate::look::Look;

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    shell: Shell,
    look: Look,
    organisation: String,
    token: String,
}

/// Shows the button that opens a customer's wallet on this device.
#[utoipa::path(
    method(get, head),
    path = "/my/link/{token}",
    tag = "wallet",
    operation_id = "link_page",
    params(("token" = String, Path, description = "The link's token")),
    responses(
        (status = 200, description = "The button", content_type = "text/html"),
        (status = 404, description = "There is no such link", content_type = "text/html"),
        (status = 410, description = "The link was used, or is older than ten minutes", content_type = "text/html"),
    )
)]
pub(crate) async fn link_page(
    State(deps): State<Deps>,
    token: Result<Path<String>, PathRejection>,
) -> Response {
    draw(&deps, token).await.unwrap_or_else(|Away(page)| page)
}

async fn draw(deps: &Deps, token: Result<Path<String>, PathRejection>) -> Result<Response, Away> {
    let Path(token) = token.map_err(|_| CustomerRefused::UnknownLink)?;
    let link = link_of(&deps.table, &token, deps.ids.now()).await?;
    let tenant = deps.table.tenant(&link.tenant).await?.ok_or(CustomerRefused::UnknownLink)?;
    let look = Look::of(&tenant);
    let policy = look.policy.clone();
    let organisation = tenant.settings.name;
    let page = LinkPage { shell: Shell::titled("Open my vouchers"), look, organisation, token };
    let mut response = page::html_under(StatusCode::OK, &page, policy);
    // The address is the key: no page that is visited from here learns it.
    let never = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, never);
    Ok(response)
}

/// Opens the wallet on this device, once.
#[utoipa::path(
    post,
    path = "/my/link/{token}",
    tag = "wallet",
    operation_id = "follow_link",
    params(("token" = String, Path, description = "The link's token")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the customer's vouchers, with the cookie"),
        (status = 403, description = "Another site has sent the form", content_type = "text/html"),
        (status = 404, description = "There is no such link", content_type = "text/html"),
        (status = 410, description = "The link was used, or is older than ten minutes", content_type = "text/html"),
    )
)]
pub(crate) async fn follow_link(
    State(deps): State<Deps>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    follow(&deps, token, request).await.unwrap_or_else(|Away(page)| page)
}

async fn follow(
    deps: &Deps,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Away> {
    let Path(token) = token.map_err(|_| CustomerRefused::UnknownLink)?;
    link_of(&deps.table, &token, deps.ids.now()).await?;
    // Nobody signs somebody else in from a page of their own.
    let (parts, _) = request.into_parts();
    web::customer::from_our_page(&parts)?;
    let cookie = use_link(&deps.table, &deps.ids, &token).await?;
    let mut response = see("/my/vouchers");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
