//! GET /g/{token}: the guard, the amounts and the form (T29, T30).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::guard::TipPageState;
use web::{Problem, page, tip};

use crate::{Deps, Token, target_of};

/// Shows a guard's page.
#[utoipa::path(
    method(get, head),
    path = "/g/{token}",
    tag = "tips",
    operation_id = "tip_page",
    params(("token" = String, Path, description = "The twelve letters and digits of the code")),
    responses(
        (status = 200, description = "The guard's page; where the guard is suspended, it says so and has no form", content_type = "text/html"),
        (status = 304, description = "The browser has this page already"),
        (status = 404, description = "No guard has this code", content_type = "text/html"),
        (status = 410, description = "The code was replaced, or the guard has left", content_type = "text/html"),
    )
)]
pub(crate) async fn tip_page(
    State(deps): State<Deps>,
    token: Token,
    headers: HeaderMap,
) -> Response {
    match draw(&deps, token).await {
        Ok(drawn) => page::kept_for_a_minute(drawn, &headers).await,
        Err(problem) => refused(&problem),
    }
}

async fn draw(deps: &Deps, token: Token) -> Result<Response, Problem> {
    let target = target_of(deps, token).await?;
    Ok(match target.state() {
        TipPageState::Open => tip::tip_page(&deps.site, &target),
        state => tip::closed_page(&deps.site, &target, state),
    })
}

/// The page of a code that leads nowhere, or could not be looked up.
pub(crate) fn refused(problem: &Problem) -> Response {
    let (heading, advice) = match problem.status() {
        StatusCode::NOT_FOUND => (
            "This code leads nowhere",
            "Check that the whole code was in the picture, or ask the guard to show it to you.",
        ),
        _ => ("Please try again", "We could not look the code up. Scan it again in a moment."),
    };
    page::problem(problem, heading, advice)
}
