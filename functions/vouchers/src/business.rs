//! POST and GET /api/v1/businesses, GET and PUT /api/v1/businesses/{business_id}: who redeems vouchers, and where.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use domain::business::{Business, BusinessProfile, BusinessRefused, Location};
use domain::id::BusinessId;
use domain::page::PageSize;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::idempotency::KeyRefused;
use web::input::{Json, Params};
use web::problem::ProblemBody;
use web::{BusinessReader, Caller, Once, Problem, Stopped, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "businesses";

/// A business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessResponse {
    /// Its id.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// The name that customers see.
    name: String,
    /// Where its vouchers are redeemed.
    locations: Vec<Location>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Counts the changes.
    version: u64,
}

/// A page of businesses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessesResponse {
    /// The businesses, by name.
    businesses: Vec<BusinessResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What a business is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceBusinessRequest {
    /// The name that customers see: 1 to 80 characters.
    name: String,
    /// Where its vouchers are redeemed; at most 50 places.
    #[serde(default)]
    locations: Vec<Location>,
    /// The version that this change is made to; without it, whatever is there is changed.
    #[serde(default)]
    version: Option<u64>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BusinessesParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

/// The path part `business_id`. A text that is no id is a business that is not there.
#[derive(Debug)]
pub(crate) struct BusinessPath(BusinessId);

impl<S: Send + Sync> FromRequestParts<S> for BusinessPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| BusinessRefused::Unknown)?;
        Ok(Self(BusinessId::parse(&text).map_err(|_| BusinessRefused::Unknown)?))
    }
}

impl BusinessResponse {
    fn of(business: Business) -> Self {
        let BusinessProfile { name, locations } = business.profile;
        Self {
            business_id: business.id,
            name,
            locations,
            created_at: business.created_at,
            version: business.version,
        }
    }
}

/// Makes a business. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/businesses",
    tag = "vouchers",
    operation_id = "create_business",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second business")),
    request_body = BusinessProfile,
    responses(
        (status = 201, description = "The business", body = BusinessResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A business that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn create_business(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    once: Once<BusinessProfile>,
) -> Result<(StatusCode, Reply<BusinessResponse>), Stopped> {
    let profile = once.request.check()?;
    let id = deps.ids.make(BusinessId::new);
    let business = Business::open(id, caller.tenant, profile, deps.ids.now());
    let reply = BusinessResponse::of(business.clone());
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.insert_business(&business, answer).await? {
        return Err(KeyRefused::Running.into());
    }
    tracing::info!(event = "business_created", business.id = %business.id, "made business `{}`", business.id);
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// One business.
#[utoipa::path(
    get,
    path = "/api/v1/businesses/{business_id}",
    tag = "vouchers",
    operation_id = "read_business",
    params(("business_id" = String, Path, description = "The business")),
    responses(
        (status = 200, description = "The business", body = BusinessResponse),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn read_business(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    BusinessPath(id): BusinessPath,
) -> Result<Reply<BusinessResponse>, Problem> {
    let business = deps.table.business(&reader.tenant, &id).await?;
    let business = business.filter(|business| reader.may_see(&business.id));
    Ok(Reply(BusinessResponse::of(business.ok_or(BusinessRefused::Unknown)?)))
}

/// The tenant's businesses.
#[utoipa::path(
    get,
    path = "/api/v1/businesses",
    tag = "vouchers",
    operation_id = "list_businesses",
    params(BusinessesParams),
    responses(
        (status = 200, description = "A page of businesses", body = BusinessesResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:read"]))
)]
pub(crate) async fn list_businesses(
    State(deps): State<Deps>,
    reader: BusinessReader<may::VouchersRead>,
    Params(params): Params<BusinessesParams>,
) -> Result<Reply<BusinessesResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = reader.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.businesses(&reader.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let seen = page.entries.into_iter().filter(|business| reader.may_see(&business.id));
    Ok(Reply(BusinessesResponse {
        businesses: seen.map(BusinessResponse::of).collect(),
        next_cursor,
    }))
}

/// Replaces what is said of a business. Its vouchers and pages follow at once.
#[utoipa::path(
    put,
    path = "/api/v1/businesses/{business_id}",
    tag = "vouchers",
    operation_id = "replace_business",
    params(("business_id" = String, Path, description = "The business")),
    request_body = ReplaceBusinessRequest,
    responses(
        (status = 200, description = "The business as it is now", body = BusinessResponse),
        (status = 404, description = "No such business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Changed by somebody else", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A business that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["vouchers:write"]))
)]
pub(crate) async fn replace_business(
    State(deps): State<Deps>,
    caller: Caller<may::VouchersWrite>,
    BusinessPath(id): BusinessPath,
    Json(request): Json<ReplaceBusinessRequest>,
) -> Result<Reply<BusinessResponse>, Problem> {
    let ReplaceBusinessRequest { name, locations, version } = request;
    let profile = BusinessProfile { name, locations }.check()?;
    let before = deps.table.business(&caller.tenant, &id).await?;
    let before = before.ok_or(BusinessRefused::Unknown)?;
    let read = before.version;
    let business = before.described(profile);
    let expected = version.is_none_or(|version| version == read);
    if !expected || !deps.table.replace_business(&business, read).await? {
        return Err(BusinessRefused::Changed.into());
    }
    Ok(Reply(BusinessResponse::of(business)))
}
