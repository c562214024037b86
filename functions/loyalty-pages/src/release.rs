//! POST /wallet/{restaurant_id}/release: a customer gives up a code for a reward, and its points are free again.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use web::Problem;
use web::desk::see;
use web::loyalty::issue::{Released, release_held};
use web::problem::ProblemBody;

use crate::Deps;
use crate::door::{Place, Visit, Wants};

/// Gives up a code for a reward. The page's script gets JSON, a form leads back to the wallet.
#[utoipa::path(
    post,
    path = "/wallet/{restaurant_id}/release",
    tag = "loyalty",
    operation_id = "release_code",
    params(
        ("restaurant_id" = String, Path, description = "The restaurant"),
        ("as" = Option<String>, Query, description = "`json`, as the page's script asks"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`csrf` of the page, and `hold`: the id of the code"),
    responses(
        (status = 200, description = "With `as=json`: the points are free, also if they were so before", body = Released),
        (status = 303, description = "Back to the wallet"),
        (status = 401, description = "No customer has signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The form is not one of this customer's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such restaurant, or no such code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The code was used", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("customer" = []))
)]
pub(crate) async fn release_code(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    request: Request,
) -> Response {
    let wants = Wants::of(request.uri());
    match (give_up(&deps, &restaurant, request).await, wants) {
        (Ok(released), Wants::Json) => Json(released).into_response(),
        (Ok(_), Wants::Page) => see(&format!("/wallet/{restaurant}")),
        (Err(problem), wants) => wants.turned_away(problem),
    }
}

async fn give_up(deps: &Deps, restaurant: &str, request: Request) -> Result<Released, Problem> {
    let (visit, fields) = Visit::sent(deps, restaurant, request).await?;
    let whose = (&visit.customer.tenant, &visit.customer.id, &visit.restaurant.programme);
    release_held((&deps.table, &deps.ids), whose, fields.get("hold")).await
}
