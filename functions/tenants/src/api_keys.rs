//! /api/v1/api-keys: make, list and delete keys. A key's secret is shown once and never kept.

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::access::{ApiKey, Binding, Scope, fingerprint, key_secret};
use domain::failure::{Failure, Kind};
use domain::id::KeyId;
use domain::page::PageSize;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::idempotency;
use web::input::Params;
use web::problem::ProblemBody;
use web::{Caller, Once, Problem, Stopped, may};

use crate::Deps;

/// What the cursors of this list are sealed for.
const LIST: &str = "api-keys";

/// What a new key is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKeyRequest {
    /// What its owner calls it.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// The one record that it may act for.
    #[serde(default)]
    bound_to: Option<Binding>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyResponse {
    /// The key's id.
    #[schema(value_type = String)]
    id: KeyId,
    /// What its owner calls it.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// The one record that it may act for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_to: Option<Binding>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A new key with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedKeyResponse {
    #[serde(flatten)]
    key: KeyResponse,
    /// For the header `x-api-key`. Shown only now: the answer to a repetition of the request lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeysResponse {
    /// The keys, oldest first.
    api_keys: Vec<KeyResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParams {
    /// The cursor that the page before gave.
    cursor: Option<String>,
    /// How many entries, 1 to 100.
    limit: Option<u32>,
}

impl From<ApiKey> for KeyResponse {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            bound_to: key.bound_to,
            created_at: key.created_at,
        }
    }
}

/// Why a key is not deleted.
#[derive(Debug, thiserror::Error)]
enum KeyRefused {
    #[error("there is no such key")]
    Missing,
    #[error("a key cannot delete itself, use another one")]
    Own,
}

impl Failure for KeyRefused {
    fn kind(&self) -> Kind {
        match self {
            KeyRefused::Missing => Kind::Missing,
            KeyRefused::Own => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            KeyRefused::Missing => "not_found",
            KeyRefused::Own => "own_api_key",
        }
    }
}

/// Makes a key. Needs an `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys",
    tag = "tenant",
    operation_id = "create_api_key",
    params(("Idempotency-Key" = String, Header, description = "A value of your own; a repetition makes no second key")),
    request_body = CreateKeyRequest,
    responses(
        (status = 201, description = "The key, with its secret", body = CreatedKeyResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same request is still running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A key that breaks a rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn create_api_key(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
    once: Once<CreateKeyRequest>,
) -> Result<(StatusCode, Reply<CreatedKeyResponse>), Stopped> {
    let CreateKeyRequest { name, scopes, bound_to } = once.request;
    ApiKey::check(&name, &scopes, bound_to.as_ref())?;
    let now = deps.clock.now();
    let id = KeyId::new(now, deps.random.bytes());
    let key = ApiKey { id, tenant: caller.tenant, name, scopes, bound_to, created_at: now };
    let secret = key_secret(deps.random.bytes());
    let reply = CreatedKeyResponse { key: key.clone().into(), api_key: None };
    // The stored answer has no secret: it is shown once, and only to whoever asked first.
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    if !deps.table.commit_api_key(&key, &fingerprint(&secret), answer).await? {
        return Err(idempotency::KeyRefused::Running.into());
    }
    tracing::info!(event = "api_key_created", key.id = %key.id, "made key `{}`", key.id);
    Ok((StatusCode::CREATED, Reply(CreatedKeyResponse { api_key: Some(secret), ..reply })))
}

/// The tenant's keys.
#[utoipa::path(
    get,
    path = "/api/v1/api-keys",
    tag = "tenant",
    operation_id = "list_api_keys",
    params(PageParams),
    responses(
        (status = 200, description = "A page of keys", body = KeysResponse),
        (status = 422, description = "A limit or cursor that is not valid", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn list_api_keys(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
    Params(params): Params<PageParams>,
) -> Result<Reply<KeysResponse>, Problem> {
    let size = PageSize::parse(params.limit)?;
    let owner = caller.tenant.as_str();
    let from = deps.seal.position(owner, LIST, params.cursor.as_deref()).await?;
    let page = deps.table.api_keys_of_tenant(&caller.tenant, size, from.as_ref()).await?;
    let next_cursor = match &page.next {
        Some(next) => Some(deps.seal.cursor(owner, LIST, next).await?),
        None => None,
    };
    let api_keys = page.entries.into_iter().map(KeyResponse::from).collect();
    Ok(Reply(KeysResponse { api_keys, next_cursor }))
}

/// Deletes a key; its sessions end with it.
#[utoipa::path(
    delete,
    path = "/api/v1/api-keys/{key_id}",
    tag = "tenant",
    operation_id = "delete_api_key",
    params(("key_id" = String, Path, description = "The key's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The key that you are using", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
pub(crate) async fn delete_api_key(
    State(deps): State<Deps>,
    caller: Caller<may::Admin>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(id) = id.map_err(|_| KeyRefused::Missing)?;
    let id = KeyId::parse(&id).map_err(|_| KeyRefused::Missing)?;
    if id == caller.key {
        return Err(KeyRefused::Own.into());
    }
    if !deps.table.delete_api_key(&caller.tenant, &id).await? {
        return Err(KeyRefused::Missing.into());
    }
    tracing::info!(event = "api_key_deleted", key.id = %id, "deleted key `{id}`");
    Ok(StatusCode::NO_CONTENT)
}
