//! POST and DELETE /api/v1/guards/{guard_id}/push-subscriptions: a browser of the guard takes push messages (X41), or
//! takes them no more. The body is what a browser's `PushSubscription` gives as JSON.

use adapters::push::Subscription;
use adapters::table::{PUSH_SUBSCRIPTIONS_MAX, PushSubscription};
use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{Failure, InvalidFields, Kind};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;
use web::input::{GuardPath, Json};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::guard::load;

/// A browser that takes push messages.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PushRequest {
    /// Where its push service takes messages.
    endpoint: String,
    /// Its keys.
    keys: PushKeys,
    /// Browsers name it; push services say themselves when a subscription is over.
    #[serde(default, rename = "expirationTime")]
    #[schema(value_type = Option<f64>)]
    _expiration_time: IgnoredAny,
}

/// The keys of a browser, in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushKeys {
    /// Its public key.
    p256dh: String,
    /// Its secret.
    auth: String,
}

/// A browser that takes no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeletePushRequest {
    /// Where its push service takes messages.
    endpoint: String,
}

/// Why a browser is not added or taken away.
#[derive(Debug, thiserror::Error)]
enum PushRefused {
    #[error("this guard has {PUSH_SUBSCRIPTIONS_MAX} browsers already; take one away first")]
    TooMany,
    #[error("this browser is not there")]
    Unknown,
}

impl Failure for PushRefused {
    fn kind(&self) -> Kind {
        match self {
            PushRefused::TooMany => Kind::Conflict,
            PushRefused::Unknown => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PushRefused::TooMany => "push_subscriptions_full",
            PushRefused::Unknown => "push_subscription_unknown",
        }
    }
}

/// Adds a browser of the guard, or its new keys. Push messages come once the guard has chosen them.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/push-subscriptions",
    tag = "guards",
    operation_id = "add_push_subscription",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = PushRequest,
    responses(
        (status = 204, description = "The browser is known"),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard is archived, or has five browsers already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Not a subscription of a push service that we know", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn add_push_subscription(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<PushRequest>,
) -> Result<StatusCode, Problem> {
    let subscription = checked(request, &deps)?;
    let guard = load(&deps, &caller.tenant, &id).await?.still_here()?;
    let table = &deps.table;
    if !table.insert_push_subscription(&guard.tenant, &guard.id, &subscription).await? {
        return Err(PushRefused::TooMany.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn checked(request: PushRequest, deps: &Deps) -> Result<PushSubscription, InvalidFields> {
    let PushRequest { endpoint, keys: PushKeys { p256dh, auth }, .. } = request;
    Subscription::parse(&deps.codes.push_services, &endpoint, &p256dh, &auth)?;
    Ok(PushSubscription { endpoint, p256dh, auth })
}

/// Takes a browser of the guard away.
#[utoipa::path(
    delete,
    path = "/api/v1/guards/{guard_id}/push-subscriptions",
    tag = "guards",
    operation_id = "delete_push_subscription",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = DeletePushRequest,
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such guard, or no such browser", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn delete_push_subscription(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<DeletePushRequest>,
) -> Result<StatusCode, Problem> {
    let guard = load(&deps, &caller.tenant, &id).await?;
    let table = &deps.table;
    if !table.delete_push_subscription(&guard.tenant, &guard.id, &request.endpoint).await? {
        return Err(PushRefused::Unknown.into());
    }
    Ok(StatusCode::NO_CONTENT)
}
