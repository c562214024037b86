//! GET /g/{token}/pay: where the form leads without JavaScript. It writes nothing: what is wrong is shown in place, and
//! what is right is repeated, to be sent off.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::guard::TipPageState;
use url::form_urlencoded;
use web::Problem;
use web::tip::{self, Ticket, TipFields};

use crate::page::refused;
use crate::{Deps, Token, target_of};

/// Repeats a tip before it is paid, or says what is wrong about it.
#[utoipa::path(
    get,
    path = "/g/{token}/pay",
    tag = "tips",
    operation_id = "confirm_tip",
    params(
        ("token" = String, Path, description = "The twelve letters and digits of the code"),
        ("amount" = Option<String>, Query, description = "A preset in minor units, or `other`"),
        ("custom" = Option<String>, Query, description = "An amount as it is written locally, for example 1,500"),
        ("patron_alias" = Option<String>, Query, description = "How the patron wants to be called"),
        ("message" = Option<String>, Query, description = "A word for the guard"),
        ("email" = Option<String>, Query, description = "Where the receipt goes"),
        ("edit" = Option<String>, Query, description = "Present when the form itself is wanted, filled in"),
    ),
    responses(
        (status = 200, description = "The tip repeated, with a form that pays it", content_type = "text/html"),
        (status = 404, description = "No guard has this code", content_type = "text/html"),
        (status = 410, description = "The code was replaced, or the guard has left", content_type = "text/html"),
        (status = 422, description = "The form with what is wrong", content_type = "text/html"),
    )
)]
pub(crate) async fn confirm_tip(
    State(deps): State<Deps>,
    token: Token,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    draw(&deps, token, &query).await.unwrap_or_else(|problem| refused(&problem))
}

async fn draw(deps: &Deps, token: Token, query: &str) -> Result<Response, Problem> {
    let target = target_of(deps, token).await?;
    let (site, state) = (&deps.site, target.state());
    if state != TipPageState::Open {
        return Ok(tip::closed_page(site, &target, state));
    }
    let fields = TipFields::parse(query.as_bytes());
    let edit = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "edit");
    if edit || query.is_empty() {
        return Ok(tip::form_page(site, &target, &fields, &[]));
    }
    Ok(match fields.read(&target.tips) {
        Err(invalid) => tip::form_page(site, &target, &fields, &invalid.0),
        Ok(wanted) => {
            let ticket = Ticket::new(&deps.seal, &target.token, &deps.ids).await?;
            tip::pay_page(site, &target, &wanted, &ticket, (StatusCode::OK, None))
        }
    })
}
