//! POST and GET /api/v1/loyalty/restaurants, GET and PUT /api/v1/loyalty/restaurants/{restaurant_id}: where codes are
//! good.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::id::{ProgrammeId, RestaurantId};
use domain::page::PageSize;
use domain::restaurant::{Restaurant, RestaurantProfile, RestaurantRefused};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::idempotency::KeyRefused;
use web::input::{Json, Params};
use web::loyalty::staff::RestaurantStaff;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;
use crate::programme;

/// What the cursors of this list are sealed for.
const LIST: &str = "restaurants";

/// A restaurant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestaurantResponse {
    /// Its id.
    #[schema(value_type = String)]
    restaurant_id: RestaurantId,
    /// Whose points it gives.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// The name that customers see.
    name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// A page of restaurants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestaurantsResponse {
    /// The restaurants, by name.
    restaurants: Vec<RestaurantResponse>,
    /// For the next page; absent on the last. A page may be shorter than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A restaurant that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRestaurantRequest {
    /// Whose points it gives; never another's later.
    #[schema(value_type = String)]
    programme_id: ProgrammeId,
    /// The name that customers see: 1 to 80 characters.
    name: String,
}

/// What a restaurant is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceRestaurantRequest {
    /// The name that customers see: 1 to 80 characters.
    name: String,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestaurantsParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The path part `restaurant_id`. A text that is no id is a restaurant that is not there.
#[derive(Debug)]
pub(crate) struct RestaurantPath(RestaurantId);

impl<S: Send + Sync> FromRequestParts<S> for RestaurantPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| RestaurantRefused::Unknown)?;
        Ok(Self(RestaurantId::parse(&text).map_err(|_| RestaurantRefused::Unknown)?))
    }
}

impl RestaurantResponse {
    fn of(restaurant: Restaurant) -> Self {
        Self {
            restaurant_id: restaurant.id,
            programme_id: restaurant.programme,
            name: restaurant.profile.name,
            created_at: restaurant.created_at,
            version: restaurant.version,
        }
    }
}

/// Adds a restaurant to a programme. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/loyalty/restaurants",
    tag = "loyalty",
    operation_id = "create_restaurant",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second restaurant")),
    request_body = CreateRestaurantRequest,
    responses(
        (status = 201, description = "The restaurant", body = RestaurantResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such programme", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A restaurant that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn create_restaurant(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    once: Once<CreateRestaurantRequest>,
) -> Result<(StatusCode, Reply<RestaurantResponse>), Stopped> {
    let CreateRestaurantRequest { programme_id, name } = once.request;
    let profile = RestaurantProfile { name }.check()?;
    let programme = programme::load(&deps, &caller.tenant, &programme_id).await?;
    let id = deps.ids.make(RestaurantId::new);
    let of = (caller.tenant, programme.id);
    let restaurant = Restaurant::open(id, of, profile, deps.ids.now());
    let reply = RestaurantResponse::of(restaurant.clone());
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.insert_restaurant(&restaurant, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tracing::info!(event = "restaurant_opened", restaurant.id = %restaurant.id, "opened restaurant `{}`", restaurant.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// One restaurant.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/restaurants/{restaurant_id}",
    tag = "loyalty",
    operation_id = "read_restaurant",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    responses(
        (status = 200, description = "The restaurant", body = RestaurantResponse),
        (status = 404, description = "No such restaurant", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn read_restaurant(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyRead>,
    RestaurantPath(id): RestaurantPath,
) -> Result<Reply<RestaurantResponse>, Problem> {
    let restaurant = staff.restaurant(&deps.table, Some(id.as_str())).await?;
    Ok(Reply(RestaurantResponse::of(restaurant)))
}

/// The tenant's restaurants; for a key that is bound to one, that one.
#[utoipa::path(
    get,
    path = "/api/v1/loyalty/restaurants",
    tag = "loyalty",
    operation_id = "list_restaurants",
    params(RestaurantsParams),
    responses(
        (status = 200, description = "A page of restaurants", body = RestaurantsResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:read"]))
)]
pub(crate) async fn list_restaurants(
    State(deps): State<Deps>,
    staff: RestaurantStaff<may::LoyaltyRead>,
    Params(params): Params<RestaurantsParams>,
) -> Result<Reply<RestaurantsResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = staff.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.restaurants(&staff.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let seen = page.entries.into_iter().filter(|restaurant| staff.may_see(&restaurant.id));
    let restaurants = seen.map(RestaurantResponse::of).collect();
    Ok(Reply(RestaurantsResponse { restaurants, next_cursor }))
}

/// Replaces what is said of a restaurant. Its programme stays.
#[utoipa::path(
    put,
    path = "/api/v1/loyalty/restaurants/{restaurant_id}",
    tag = "loyalty",
    operation_id = "replace_restaurant",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    request_body = ReplaceRestaurantRequest,
    responses(
        (status = 200, description = "The restaurant as it is now", body = RestaurantResponse),
        (status = 404, description = "No such restaurant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A restaurant that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:write"]))
)]
pub(crate) async fn replace_restaurant(
    State(deps): State<Deps>,
    caller: Caller<may::LoyaltyWrite>,
    RestaurantPath(id): RestaurantPath,
    Json(request): Json<ReplaceRestaurantRequest>,
) -> Result<Reply<RestaurantResponse>, Problem> {
    let ReplaceRestaurantRequest { name, version } = request;
    let profile = RestaurantProfile { name }.check()?;
    let before = deps.table.restaurant(&caller.tenant, &id).await?;
    let before = before.ok_or(RestaurantRefused::Unknown)?;
    let read = before.version;
    let restaurant = before.described(profile);
    let expected = version.is_none_or(|version| version == read);
    if !expected || !deps.table.replace_restaurant(&restaurant, read).await? {
        return Err(RestaurantRefused::Changed.into());
    }
    Ok(Reply(RestaurantResponse::of(restaurant)))
}
