//! POST /wallet/{restaurant_id}/code and …/rewards/{reward_id}/code: a code for earning, and one for a reward. The
//! page's script gets JSON; without it the answer is the page with the code.
//!
//! Deliberately absent: the code from a kept place. It is shown once; whoever has lost it asks for another.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::loyalty_token::{EARN_S, Payload, REFRESH_S, REWARD_S, TokenRefused};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;
use web::desk::see;
use web::loyalty::issue::{CodeFormat, IssuedCode, Wish, issue_earn, issue_reward};
use web::problem::ProblemBody;

use crate::Deps;
use crate::door::{Place, Visit, Wants};
use crate::page;

/// A code as a page shows it. It is not printed for debugging: its picture is the code.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownCode {
    /// Its id, by which the page asks what has become of it, and gives it up.
    pub(crate) id: String,
    /// The QR code.
    pub(crate) svg: String,
    /// How long it is good, in seconds.
    pub(crate) life_s: i64,
    /// When the page gets a new one, in seconds; nothing for a reward's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) renew_s: Option<i64>,
    /// From when on it is not good.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
    /// The name of the reward that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reward: Option<String>,
}

impl ShownCode {
    fn of(issued: IssuedCode) -> Result<Self, Problem> {
        let reward = issued.reward;
        let Payload::Token(secret) = Payload::parse(&issued.token)? else {
            return Err(TokenRefused::NotDrawn.into());
        };
        Ok(Self {
            id: secret.hash().to_string(),
            svg: issued.svg,
            // It was issued just now, and the page counts from here.
            life_s: if reward.is_some() { REWARD_S } else { EARN_S },
            renew_s: reward.is_none().then_some(REFRESH_S),
            expires_at: issued.expires_at,
            reward,
        })
    }
}

/// A code for earning points. The one before it at this restaurant is over.
#[utoipa::path(
    post,
    path = "/wallet/{restaurant_id}/code",
    tag = "loyalty",
    operation_id = "earn_code",
    params(
        ("restaurant_id" = String, Path, description = "The restaurant"),
        ("as" = Option<String>, Query, description = "`json`, as the page's script asks"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`csrf` of the page"),
    responses(
        (status = 200, description = "With `as=json` the code, else the page with it", body = ShownCode),
        (status = 401, description = "No customer has signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The form is not one of this customer's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such restaurant", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("customer" = []))
)]
pub(crate) async fn earn_code(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    request: Request,
) -> Response {
    let wants = Wants::of(request.uri());
    let code = async {
        let (visit, _) = Visit::sent(&deps, &restaurant, request).await?;
        let code = earn(&deps, &visit).await?;
        answer(&deps, wants, &visit, code).await
    };
    code.await.unwrap_or_else(|problem| wants.turned_away(problem))
}

/// The page with a new code for earning, as it loads itself again without JavaScript. Whoever comes from elsewhere gets
/// the wallet, and no code is made.
#[utoipa::path(
    get,
    path = "/wallet/{restaurant_id}/code",
    tag = "loyalty",
    operation_id = "earn_code_again",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    responses(
        (status = 200, description = "The page with the code", content_type = "text/html"),
        (status = 303, description = "To the wallet"),
        (status = 401, description = "No customer has signed in", content_type = "text/html"),
        (status = 404, description = "No such restaurant", content_type = "text/html"),
    )
)]
pub(crate) async fn earn_code_again(
    State(deps): State<Deps>,
    Place { restaurant, .. }: Place,
    headers: HeaderMap,
) -> Response {
    let code = async {
        let visit = Visit::of(&deps, &headers, &restaurant).await?;
        if !is_loaded_again(&headers) {
            return Ok(see(&format!("/wallet/{}", visit.restaurant.id)));
        }
        let code = earn(&deps, &visit).await?;
        answer(&deps, Wants::Page, &visit, code).await
    };
    code.await.unwrap_or_else(|problem: Problem| Wants::Page.turned_away(problem))
}

/// Whether our own page asks for it now: no other site's link, and nobody who loads pages in advance.
fn is_loaded_again(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-site", "same-origin") && !headers.contains_key("sec-purpose")
}

/// A code for a reward, whose points are set aside while it is good.
#[utoipa::path(
    post,
    path = "/wallet/{restaurant_id}/rewards/{reward_id}/code",
    tag = "loyalty",
    operation_id = "reward_code",
    params(
        ("restaurant_id" = String, Path, description = "The restaurant"),
        ("reward_id" = String, Path, description = "The reward"),
        ("as" = Option<String>, Query, description = "`json`, as the page's script asks"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`csrf` of the page"),
    responses(
        (status = 200, description = "With `as=json` the code, else the page with it", body = ShownCode),
        (status = 401, description = "No customer has signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The form is not one of this customer's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such restaurant or reward", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The points do not suffice, or the reward cannot be had now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The reward is over", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("customer" = []))
)]
pub(crate) async fn reward_code(
    State(deps): State<Deps>,
    Place { restaurant, reward }: Place,
    request: Request,
) -> Response {
    let wants = Wants::of(request.uri());
    let code = async {
        let (visit, _) = Visit::sent(&deps, &restaurant, request).await?;
        let code = spend(&deps, &visit, &reward).await?;
        answer(&deps, wants, &visit, code).await
    };
    code.await.unwrap_or_else(|problem| wants.turned_away(problem))
}

async fn earn(deps: &Deps, visit: &Visit) -> Result<ShownCode, Problem> {
    visit.join(&deps.table, deps.ids.now()).await?;
    let own = (&deps.table, &deps.ids);
    let issued = issue_earn(own, &deps.public_url, &wish(visit)).await?;
    ShownCode::of(issued)
}

async fn spend(deps: &Deps, visit: &Visit, reward: &str) -> Result<ShownCode, Problem> {
    visit.join(&deps.table, deps.ids.now()).await?;
    let own = (&deps.table, &deps.ids);
    let issued = issue_reward(own, &deps.public_url, &wish(visit), reward).await?;
    ShownCode::of(issued)
}

fn wish(visit: &Visit) -> Wish<'_> {
    let (restaurant, customer) = (&visit.restaurant, &visit.customer.id);
    Wish { restaurant, customer, format: CodeFormat::Code }
}

async fn answer(
    deps: &Deps,
    wants: Wants,
    visit: &Visit,
    code: ShownCode,
) -> Result<Response, Problem> {
    match wants {
        Wants::Json => Ok(Json(code).into_response()),
        Wants::Page => page::draw(deps, visit, Some(code)).await,
    }
}
