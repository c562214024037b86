//! A guard's code: made, put in the place of the one before, and mailed; and the guard's profile, which its page shows.

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::signer::TokenSigner;
use adapters::table::{Answer, Claim, StoredGuardCode, Table};
use domain::access::hex;
use domain::failure::{Failure, Kind};
use domain::guard::{ActiveCode, Guard, GuardProfile, GuardQr, GuardToken, TipTarget};
use domain::id::{GuardId, GuardQrId, TenantId};
use domain::notice::{News, Notice};
use domain::tenant::Tenant;
use serde::Serialize;

use crate::problem::Problem;

/// What the signed token of a code is (RFC 8725, 3.11).
const TOKEN_TYPE: &str = "guard-code+jwt";

/// What guards are shown with: the key that signs their codes, and the addresses of their pages and photos.
#[derive(Clone, Debug)]
pub struct GuardCodes {
    signer: TokenSigner,
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

/// Why there is nothing to show or to send of a guard's code.
#[derive(Debug, thiserror::Error)]
pub enum CodeMissing {
    /// None was issued.
    #[error("this guard has no code yet")]
    Code,
    /// The tenant is gone while its key is not.
    #[error("there is no such tenant")]
    Tenant,
    /// There is nowhere to send it.
    #[error("this guard has no e-mail address")]
    Email,
}

impl Failure for CodeMissing {
    fn kind(&self) -> Kind {
        match self {
            CodeMissing::Code | CodeMissing::Tenant => Kind::Missing,
            CodeMissing::Email => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CodeMissing::Code => "guard_has_no_code",
            CodeMissing::Tenant => "not_found",
            CodeMissing::Email => "guard_has_no_email",
        }
    }
}

/// A new code that is not written yet.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The guard with it.
    pub guard: Guard,
    /// The code.
    pub code: GuardQr,
    /// Its signed token.
    pub signed: String,
    target: TipTarget,
}

impl GuardCodes {
    /// The deployment's addresses and key: `SIGNING_SECRET_ID`, `PUBLIC_URL` and `CDN_BASE_URL`.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let address = |text: String| text.trim_end_matches('/').to_owned();
        Ok(Self {
            signer: TokenSigner::from_env(env)?,
            public_url: address(env.required("PUBLIC_URL")?),
            images_url: address(env.required("CDN_BASE_URL")?),
        })
    }

    /// The address in a code.
    pub fn url(&self, token: &GuardToken) -> String {
        token.url(&self.public_url)
    }

    /// Where photos lie, without a slash at its end.
    pub fn images_url(&self) -> &str {
        &self.images_url
    }

    /// Where everybody sees a photo.
    pub fn photo_url(&self, key: &str) -> String {
        format!("{}/{key}", self.images_url)
    }

    /// Makes a new code for a guard, in the place of the one before; [`Issued::commit`] writes it.
    ///
    /// # Errors
    /// The guard is archived, or the table or the key cannot be read.
    pub async fn make(&self, table: &Table, ids: &Ids, before: &Guard) -> Result<Issued, Problem> {
        let tenant = tenant_of(table, &before.tenant).await?;
        let (now, token) = (ids.now(), GuardToken::new(ids.bytes()));
        let (guard, code) = before.clone().issue_code(ids.make(GuardQrId::new), token, now)?;
        let claims = CodeClaims {
            iss: &self.public_url,
            sub: &code.guard,
            jti: &code.id,
            iat: code.created_at.as_second(),
            tenant: &tenant.id,
            token: &code.token,
        };
        let signed = self.signer.sign(&claims, TOKEN_TYPE).await?;
        let target = TipTarget::of(&code, &guard, &tenant);
        Ok(Issued { guard, code, signed, target })
    }
}

impl Issued {
    /// Writes the code and takes the one before back, together with the answer to the request.
    ///
    /// # Errors
    /// [`domain::guard::GuardRefused::Changed`] where somebody else was faster, or the store's failure.
    pub async fn commit(
        &self,
        table: &Table,
        before: &Guard,
        answer: (Claim, Answer),
    ) -> Result<(), Problem> {
        let Self { guard, code, signed, target } = self;
        let stored = StoredGuardCode { code: code.clone(), signed: signed.clone() };
        table.issue_guard_code((guard, before), &stored, target, answer).await??;
        follow_tenant(table, guard).await?;
        let (id, code) = (&guard.id, &code.id);
        tracing::info!(event = "guard_code_issued", guard.id = %id, code.id = %code, "issued `{code}` to `{id}`");
        Ok(())
    }
}

/// The code was written with the tenant's settings as they were read. From here on it shows the present ones, and no
/// older ones that another request still carries.
async fn follow_tenant(table: &Table, guard: &Guard) -> Result<(), Problem> {
    let tenant = tenant_of(table, &guard.tenant).await?;
    table.replace_tip_settings(&tenant, guard).await?;
    Ok(())
}

/// Replaces what is known about a guard. Its page follows at once.
///
/// # Errors
/// [`domain::guard::GuardRefused`], or the store's failure.
pub async fn replace_profile(
    table: &Table,
    before: &Guard,
    profile: GuardProfile,
) -> Result<Guard, Problem> {
    let guard = before.clone().update(profile)?;
    table.replace_guard(&guard, before).await??;
    if guard.code.is_some() {
        // The list is by name: whoever walks it to tell all codes of new settings may have missed this guard.
        follow_tenant(table, &guard).await?;
    }
    let id = &guard.id;
    tracing::info!(event = "guard_changed", guard.id = %id, "changed guard `{id}`");
    Ok(guard)
}

/// The code that works.
///
/// # Errors
/// [`CodeMissing::Code`].
pub fn active(guard: &Guard) -> Result<&ActiveCode, CodeMissing> {
    guard.code.as_ref().ok_or(CodeMissing::Code)
}

/// The mail that brings a guard its code, for the outbox; each call makes another one.
///
/// # Errors
/// [`CodeMissing`] where there is no code or no address.
pub fn code_notice(ids: &Ids, guard: &Guard) -> Result<Notice, CodeMissing> {
    let code = active(guard)?.id.clone();
    guard.profile.email.as_ref().ok_or(CodeMissing::Email)?;
    let news = News::CodeSent { code, request: hex(&ids.bytes::<8>()) };
    let (tenant, guard) = (guard.tenant.clone(), guard.id.clone());
    Ok(Notice { tenant, guard, at: ids.now(), news })
}

/// The tenant of a key.
///
/// # Errors
/// [`CodeMissing::Tenant`], or the store's failure.
pub async fn tenant_of(table: &Table, id: &TenantId) -> Result<Tenant, Problem> {
    Ok(table.tenant(id).await?.ok_or(CodeMissing::Tenant)?)
}
