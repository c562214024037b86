//! POST and GET /api/v1/guards/{guard_id}/qr: the guard's printed code (T21, T37). A new one takes the one before back
//! in the same write (T39), and a scan of the old paper is told so.

use adapters::environment::{Environment, EnvironmentError};
use adapters::push::PushServices;
use adapters::signer::TokenSigner;
use adapters::table::StoredGuardCode;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use domain::failure::{Failure, Kind};
use domain::guard::{ActiveCode, Guard, GuardQr, GuardQrStatus, GuardToken, TipTarget};
use domain::id::{GuardId, GuardQrId, TenantId};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::input::GuardPath;
use web::problem::ProblemBody;
use web::{Caller, GuardReader, Once, Problem, Stopped, may};

use crate::Deps;
use crate::guard::load;

/// What the signed token of a code is (RFC 8725, 3.11).
const TOKEN_TYPE: &str = "guard-code+jwt";

/// What guards are shown with and reached at: the key that signs their codes, the addresses of their pages and photos,
/// and the push services whose addresses are taken.
#[derive(Clone, Debug)]
pub(crate) struct GuardCodes {
    signer: TokenSigner,
    pub(crate) push_services: PushServices,
    /// Without a slash at its end.
    public_url: String,
    /// Of images, without a slash at its end.
    images_url: String,
}

/// What the signed token says, for staff who check a code without a connection (X11). It does not say whether the code
/// still works: only the table knows.
#[derive(Debug, Serialize)]
struct CodeClaims<'a> {
    iss: &'a str,
    sub: &'a GuardId,
    jti: &'a GuardQrId,
    iat: i64,
    tenant: &'a TenantId,
    token: &'a GuardToken,
}

impl GuardCodes {
    /// The deployment's addresses and key.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let address = |text: String| text.trim_end_matches('/').to_owned();
        Ok(Self {
            signer: TokenSigner::from_env(env)?,
            push_services: PushServices::from_env(env)?,
            public_url: address(env.required("PUBLIC_URL")?),
            images_url: address(env.required("CDN_BASE_URL")?),
        })
    }

    /// The address in a code.
    pub(crate) fn url(&self, token: &GuardToken) -> String {
        token.url(&self.public_url)
    }

    /// Where everybody sees a photo.
    pub(crate) fn photo_url(&self, key: &str) -> String {
        format!("{}/{key}", self.images_url)
    }

    async fn sign(&self, code: &GuardQr, tenant: &TenantId) -> Result<String, Problem> {
        let claims = CodeClaims {
            iss: &self.public_url,
            sub: &code.guard,
            jti: &code.id,
            iat: code.created_at.as_second(),
            tenant,
            token: &code.token,
        };
        Ok(self.signer.sign(&claims, TOKEN_TYPE).await?)
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

/// Why there is nothing to show or to send of a guard's code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeMissing {
    /// None was issued.
    #[error("this guard has no code yet")]
    Code,
    /// The tenant is gone while its key is not.
    #[error("there is no such tenant")]
    Tenant,
}

impl Failure for CodeMissing {
    fn kind(&self) -> Kind {
        match self {
            CodeMissing::Code | CodeMissing::Tenant => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CodeMissing::Code => "guard_has_no_code",
            CodeMissing::Tenant => "not_found",
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
    let tenant = load_tenant(&deps, &caller.tenant).await?;
    let (now, token) = (deps.ids.now(), GuardToken::new(deps.ids.bytes()));
    let (guard, code) = before.clone().issue_code(deps.ids.make(GuardQrId::new), token, now)?;
    let signed = deps.codes.sign(&code, &caller.tenant).await?;
    let target = TipTarget::of(&code, &guard, &tenant);
    let reply = GuardCodeResponse::of(&code, signed.clone(), &deps.codes);
    let answer = once.key.saving(StatusCode::CREATED, &reply);
    let table = &deps.table;
    let issued = StoredGuardCode { code, signed };
    table.issue_guard_code((&guard, &before), &issued, &target, answer).await??;
    follow_tenant(&deps, &guard).await?;
    let code = &issued.code.id;
    tracing::info!(event = "guard_code_issued", guard.id = %id, code.id = %code, "issued `{code}` to `{id}`");
    Ok((StatusCode::CREATED, Reply(reply)))
}

/// The code was written with the tenant's settings as they were read. From here on it shows the present ones, and no
/// older ones that another request still carries.
pub(crate) async fn follow_tenant(deps: &Deps, guard: &Guard) -> Result<(), Problem> {
    let tenant = load_tenant(deps, &guard.tenant).await?;
    deps.table.replace_tip_settings(&tenant, guard).await?;
    Ok(())
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

/// The code that works.
pub(crate) fn active(guard: &Guard) -> Result<&ActiveCode, CodeMissing> {
    guard.code.as_ref().ok_or(CodeMissing::Code)
}

/// The tenant of a key.
pub(crate) async fn load_tenant(deps: &Deps, id: &TenantId) -> Result<Tenant, Problem> {
    Ok(deps.table.tenant(id).await?.ok_or(CodeMissing::Tenant)?)
}
