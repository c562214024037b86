//! GET /desk: leads to the first page that one may see.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};
use web::desk::{SIGN_IN, Section, SignedIn, TurnedAway, see};

use crate::Deps;

/// The key is good for other things.
#[derive(Debug, thiserror::Error)]
#[error("these pages need a key with the scope guards:read or finance:read")]
struct NoPages;

impl Failure for NoPages {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        "scope_missing"
    }
}

/// The desk's entrance: leads to the first page that the session may see, or to signing in.
#[utoipa::path(
    get,
    path = "/desk",
    tag = "desk",
    operation_id = "desk_home",
    responses(
        (status = 303, description = "To the first page, or to signing in"),
        (status = 403, description = "The key is for none of the pages", content_type = "text/html"),
    )
)]
pub(crate) async fn desk_home(State(deps): State<Deps>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let who = match SignedIn::of(&mut parts, &deps.table, deps.ids.clock()).await {
        Ok(who) => who,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => return see(SIGN_IN),
        Err(problem) => return TurnedAway::from(problem).into_response(),
    };
    let open = Section::ALL.into_iter().find(|(.., scope)| who.may(*scope));
    open.map_or_else(|| TurnedAway::from(NoPages).into_response(), |(_, _, href, _)| see(href))
}
