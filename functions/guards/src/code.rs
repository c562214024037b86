//! POST and GET /api/v1/guards/{guard_id}/qr: the guard's printed code (T21, T37). A new one takes the one before back
//! in the same write (T39), and a scan of the old paper is told so.

use adapters::environment::{Environment, EnvironmentError};
use adapters::push::PushServices;
use adapters::table::StoredGuardCode;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::guard::{GuardQr, GuardQrStatus, GuardToken};
use domain::id::GuardQrId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::GuardPath;
use web::problem::ProblemBody;
use web::{Caller, GuardReader, Once, Problem, Stopped, may};

use crate::Deps;
use crate::guard::load;

/// What guards are shown with and reached at: their codes, and the push services whose addresses are taken.
#[derive(Clone, Debug)]
pub(crate) struct GuardCodes {
    of_guards: web::guard::GuardCodes,
    pub(crate) push_services: PushServices,
}

impl GuardCodes {
    /// The deployment's addresses and key.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            of_guards: web::guard::GuardCodes::from_env(env)?,
            push_services: PushServices::from_env(env)?,
        })
    }

    /// The address in a code.
    pub(crate) fn url(&self, token: &GuardToken) -> String {
        self.of_guards.url(token)
    }

    /// Where everybody sees a photo.
    pub(crate) fn photo_url(&self, key: &str) -> String {
        self.of_guards.photo_url(key)
    }
}

/// Nothing about a new code is to be chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRequest {}

/// A code of a guard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardCodeResponse {
    /// Its id.
    #[schema(value_type = String)]
    qr_id: GuardQrId,
    /// What its path carries.
    #[schema(value_type = String)]
    token: GuardToken,
    /// The address in it, short enough to be typed.
    url: String,
    /// A JWT (ES256) that staff verify offline.
    signed_token: String,
    /// Whether it works.
    status: GuardQrStatus,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// All codes of a guard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardCodesResponse {
    /// The codes, newest first; at most one is active.
    codes: Vec<GuardCodeResponse>,
}

impl GuardCodeResponse {
    fn of(code: &GuardQr, signed_token: String, codes: &GuardCodes) -> Self {
        Self {
            qr_id: code.id.clone(),
            url: codes.url(&code.token),
            token: code.token.clone(),
            signed_token,
            status: code.status,
            created_at: code.created_at,
            revoked_at: code.revoked_at,
        }
    }
}

/// Issues the guard's code, or another one in its place: the one before stops working at once. Needs an
/// `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/api/v1/guards/{guard_id}/qr",
    tag = "guards",
    operation_id = "issue_guard_code",
    params(
        ("guard_id" = String, Path, description = "The guard's id"),
        ("Idempotency-Key" = String, Header, description = "A value of your own; a repetition takes no code back"),
    ),
    request_body = IssueRequest,
    responses(
        (status = 201, description = "The code", body = GuardCodeResponse),
        (status = 400, description = "No Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Archived, changed by somebody else, or the same request is still running", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:write"]))
)]
pub(crate) async fn issue_guard_code(
    State(deps): State<Deps>,
    caller: Caller<may::GuardsWrite>,
    GuardPath(id): GuardPath,
    once: Once<IssueRequest>,
) -> Result<(StatusCode, Reply<GuardCodeResponse>), Stopped> {
    let before = load(&deps, &caller.tenant, &id).await?;
    let issued = deps.codes.of_guards.make(&deps.table, &deps.ids, &before).await?;
    let reply = GuardCodeResponse::of(&issued.code, issued.signed.clone(), &deps.codes);
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    issued.commit(&deps.table, &before, answer).await?;
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// Every code that the guard ever had.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/qr",
    tag = "guards",
    operation_id = "list_guard_codes",
    params(("guard_id" = String, Path, description = "The guard's id")),
    responses(
        (status = 200, description = "The codes", body = GuardCodesResponse),
        (status = 404, description = "No such guard", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["guards:read"]))
)]
pub(crate) async fn list_guard_codes(
    State(deps): State<Deps>,
    reader: GuardReader<may::GuardsRead>,
) -> Result<Reply<GuardCodesResponse>, Problem> {
    let guard = load(&deps, &reader.tenant, &reader.guard).await?;
    let codes = deps.table.guard_codes(&guard.tenant, &guard.id).await?;
    let shown =
        |StoredGuardCode { code, signed }| GuardCodeResponse::of(&code, signed, &deps.codes);
    Ok(Reply(GuardCodesResponse { codes: codes.into_iter().rev().map(shown).collect() }))
}
