//! GET and PUT /api/v1/guards/{guard_id}/notifications: on which channels a guard hears of tips (T26).

use axum::Json as Reply;
use axum::extract::State;
use domain::guard::{Channel, Guard, NotificationPreference};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::{GuardPath, Json};
use web::problem::ProblemBody;
use web::{Caller, GuardReader, Problem, may};

use crate::Deps;
use crate::guard::load;

/// How a guard hears of tips.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationsResponse {
    /// Text messages.
    sms: ChannelResponse,
    /// Mail.
    email: ChannelResponse,
    /// Push messages of browsers.
    push: ChannelResponse,
}

/// One channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelResponse {
    /// Whether the guard wants it. Where nothing was chosen: SMS and mail yes, push no.
    opted_in: bool,
    /// Whether there is a number, an address or a browser to send to.
    reachable: bool,
    /// When it was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

/// What is chosen; a channel that is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceNotificationsRequest {
    /// Text messages.
    #[serde(default)]
    sms: Option<bool>,
    /// Mail.
    #[serde(default)]
    email: Option<bool>,
    /// Push messages of browsers.
    #[serde(default)]
    push: Option<bool>,
}

/// How the guard hears of tips.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/notifications",
    tag = "guards",
    operation_id = "read_notifications",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The channels", body = NotificationsResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn read_notifications(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
) -> Result<Reply<NotificationsResponse>, Problem> {
    let guard = load(&deps, &reader.tenant, &reader.guard).await?;
    Ok(Reply(channels(&deps, &guard).await?))
}

/// Chooses how the guard hears of tips.
#[utoipa::path(
    put,
    path = "/api/v1/guards/{guard_id}/notifications",
    tag = "guards",
    operation_id = "replace_notifications",
    params(("guard_id" = String, Path, description = "The guard's id")),
    request_body = ReplaceNotificationsRequest,
    responses(
        (status = 200, description = "The channels as they are now", body = NotificationsResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The guard is archived", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Something that is no choice", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn replace_notifications(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    Json(request): Json<ReplaceNotificationsRequest>,
) -> Result<Reply<NotificationsResponse>, Problem> {
    let guard = load(&deps, &caller.tenant, &id).await?.still_here()?;
    let updated_at = deps.ids.now();
    let wanted = [
        (Channel::Sms, request.sms),
        (Channel::Email, request.email),
        (Channel::Push, request.push),
    ];
    for (channel, choice) in wanted {
        let Some(opted_in) = choice else { continue };
        let choice = NotificationPreference { channel, opted_in, updated_at };
        // A choice that was made later than this one stands; the answer shows it.
        deps.table.replace_preference(&guard.tenant, &guard.id, &choice).await?;
    }
    Ok(Reply(channels(&deps, &guard).await?))
}

async fn channels(deps: &Deps, guard: &Guard) -> Result<NotificationsResponse, Problem> {
    let chosen = deps.table.preferences(&guard.tenant, &guard.id).await?;
    let browsers = deps.table.push_subscriptions(&guard.tenant, &guard.id).await?;
    let channel = |channel: Channel, reachable: bool| {
        let choice = chosen.iter().find(|choice| choice.channel == channel);
        ChannelResponse {
            opted_in: choice.map_or(channel != Channel::Push, |choice| choice.opted_in),
            reachable,
            updated_at: choice.map(|choice| choice.updated_at),
        }
    };
    Ok(NotificationsResponse {
        sms: channel(Channel::Sms, guard.profile.phone.is_some()),
        email: channel(Channel::Email, guard.profile.email.is_some()),
        push: channel(Channel::Push, !browsers.is_empty()),
    })
}
