//! Who is asking. A handler names what it needs (`Caller<may::CodesWrite>`) and is not reached without it; nothing
//! is allowed that no scope allows.

use std::marker::PhantomData;

use adapters::clock::Clock;
use adapters::table::Table;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use domain::access::{ApiKey, Binding, BindingKind, KEY_SECRET_PREFIX, Scope, fingerprint};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::failure::{Failure, Kind};
use domain::id::{BusinessId, GuardId, KeyId, TenantId};
use jiff::Timestamp;

use crate::input::GuardPath;
use crate::problem::Problem;

/// The header with the key's secret.
pub const API_KEY_HEADER: &str = "x-api-key";
/// The cookie that stands for a key on pages. The prefix binds it to this host over TLS (RFC 6265bis).
pub const SESSION_COOKIE: &str = "__Host-session";
/// The longest secret that is looked up, in bytes.
const SECRET_MAX_BYTES: usize = 128;

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefused {
    /// No key came with it.
    #[error("send an API key in the header x-api-key")]
    NoKey,
    /// The key is not known.
    #[error("the API key is not valid")]
    UnknownKey,
    /// The session is over.
    #[error("the session has ended, sign in again")]
    SessionEnded,
    /// The key lacks the scope.
    #[error("the API key needs the scope {}", .0.as_str())]
    MissingScope(Scope),
    /// The key is bound to a record that this route has nothing to do with.
    #[error("there is nothing at this address")]
    Bound,
    /// A form of another site sent it.
    #[error("the request did not come from our own page")]
    ForeignSite,
}

impl Failure for AccessRefused {
    fn kind(&self) -> Kind {
        match self {
            AccessRefused::NoKey | AccessRefused::UnknownKey | AccessRefused::SessionEnded => {
                Kind::Unauthenticated
            }
            AccessRefused::MissingScope(_) | AccessRefused::ForeignSite => Kind::Forbidden,
            AccessRefused::Bound => Kind::Missing,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            AccessRefused::NoKey => "api_key_missing",
            AccessRefused::UnknownKey => "api_key_unknown",
            AccessRefused::SessionEnded => "session_ended",
            AccessRefused::MissingScope(_) => "scope_missing",
            AccessRefused::Bound => "not_found",
            AccessRefused::ForeignSite => "foreign_site",
        }
    }
}

/// A permission that a handler asks for.
pub trait Permission: Send + Sync + 'static {
    /// The scope that grants it.
    const SCOPE: Scope;
}

/// The permissions, named as a handler reads: `Caller<may::CodesWrite>`.
pub mod may {
    use super::{Permission, Scope};

    macro_rules! permissions {
        ($($(#[$doc:meta])* $name:ident),*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Permission for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*};
    }

    permissions!(
        /// May import and change properties.
        PropertiesWrite,
        /// May generate and delete codes.
        CodesWrite,
        /// May read properties and codes.
        CodesRead,
        /// May read analytics.
        AnalyticsRead,
        /// May create and change guards, their codes and payout accounts.
        GuardsWrite,
        /// May read guards and their tips.
        GuardsRead,
        /// May read the ledger, payouts and cases.
        FinanceRead,
        /// May refund, pay out, and resolve cases.
        FinanceWrite,
        /// May create and change businesses, vouchers, printings and devices.
        VouchersWrite,
        /// May read businesses, vouchers and what became of them.
        VouchersRead,
        /// May redeem vouchers.
        RedemptionsWrite,
        /// May act for customers, and make links for them.
        CustomersWrite,
        /// May create and change programmes, restaurants, rewards and customers.
        LoyaltyWrite,
        /// May read programmes, restaurants, rewards, customers and tokens.
        LoyaltyRead,
        /// May verify tokens, and give points for purchases.
        LoyaltyRedeem,
        /// May change the tenant and its keys.
        Admin
    );
}

/// A tenant's key that holds the permission.
#[derive(Clone, Debug)]
pub struct Caller<P> {
    /// Whose data it may see.
    pub tenant: TenantId,
    /// The key, for the log and the audit.
    pub key: KeyId,
    permission: PhantomData<P>,
}

impl<P> Caller<P> {
    /// Whoever acts, for the audit.
    pub fn actor(&self) -> Actor {
        Actor::Key(self.key.clone())
    }

    /// A change by this caller to the record of this id, so far without what was before and after, and without a note.
    pub fn change(&self, operation: Operation, subject: &str, at: Timestamp) -> AuditChange {
        AuditChange {
            tenant: self.tenant.clone(),
            at,
            actor: self.actor(),
            operation,
            subject: subject.to_owned(),
            before: Facts::none(),
            after: Facts::none(),
            note: None,
        }
    }
}

/// The name under which the caller's idempotency keys and cursors are kept apart from others'.
#[derive(Clone, Debug)]
pub(crate) struct PrincipalName(pub String);

impl<P, S> FromRequestParts<S> for Caller<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key_of_request(parts, &Table::from_ref(state), &Clock::from_ref(state)).await?;
        if key.bound_to.is_some() {
            return Err(AccessRefused::Bound.into());
        }
        let key = permitted::<P>(key, parts)?;
        Ok(Self { tenant: key.tenant, key: key.id, permission: PhantomData })
    }
}

/// A key that holds the permission, and the guard in the path: the tenant's, or the one that the key is bound to. It
/// is for reading; whatever changes something asks for a [`Caller`].
#[derive(Clone, Debug)]
pub struct GuardReader<P> {
    /// Whose data it may see.
    pub tenant: TenantId,
    /// The guard that the path names; whether it is there the table knows.
    pub guard: GuardId,
    permission: PhantomData<P>,
}

impl<P, S> FromRequestParts<S> for GuardReader<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key_of_request(parts, &Table::from_ref(state), &Clock::from_ref(state)).await?;
        let key = permitted::<P>(key, parts)?;
        let GuardPath(guard) = GuardPath::from_request_parts(parts, state).await?;
        let own = |of: &Binding| of.kind == BindingKind::Guard && of.id == guard.as_str();
        if key.bound_to.as_ref().is_some_and(|of| !own(of)) {
            return Err(AccessRefused::Bound.into());
        }
        Ok(Self { tenant: key.tenant, guard, permission: PhantomData })
    }
}

/// A key that holds the permission: the tenant's, or one that is bound to a business and sees what is that business's.
/// It is for reading; whatever changes something asks for a [`Caller`].
#[derive(Clone, Debug)]
pub struct BusinessReader<P> {
    /// Whose data it may see.
    pub tenant: TenantId,
    /// The one business whose data it may see; all of the tenant's when there is none.
    pub business: Option<BusinessId>,
    permission: PhantomData<P>,
}

impl<P> BusinessReader<P> {
    /// Whether what belongs to this business is there for it.
    pub fn may_see(&self, business: &BusinessId) -> bool {
        self.business.as_ref().is_none_or(|own| own == business)
    }
}

impl<P, S> FromRequestParts<S> for BusinessReader<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key_of_request(parts, &Table::from_ref(state), &Clock::from_ref(state)).await?;
        let key = permitted::<P>(key, parts)?;
        let business = match &key.bound_to {
            None => None,
            Some(Binding { kind: BindingKind::Business, id }) => {
                Some(BusinessId::parse(id).map_err(|_| AccessRefused::Bound)?)
            }
            Some(_) => return Err(AccessRefused::Bound.into()),
        };
        Ok(Self { tenant: key.tenant, business, permission: PhantomData })
    }
}

/// The key that a request brings, in its header or by its session.
pub(crate) async fn key_of_request(
    parts: &Parts,
    table: &Table,
    clock: &Clock,
) -> Result<ApiKey, Problem> {
    match header_key(&parts.headers) {
        Some(secret) => key_of_secret(table, secret).await,
        None => {
            same_site(parts)?;
            key_of_session(table, clock, &parts.headers).await
        }
    }
}

/// The key, if it has the scope; from here on the request is known by it.
fn permitted<P: Permission>(key: ApiKey, parts: &mut Parts) -> Result<ApiKey, AccessRefused> {
    if !key.scopes.contains(&P::SCOPE) {
        return Err(AccessRefused::MissingScope(P::SCOPE));
    }
    enter(&key, parts);
    Ok(key)
}

/// From here on the request is known by this key.
pub(crate) fn enter(key: &ApiKey, parts: &mut Parts) {
    tracing::Span::current().record("user_id", key.id.as_str());
    parts.extensions.insert(PrincipalName(key.id.to_string()));
}

/// The key behind a secret.
///
/// # Errors
/// [`AccessRefused::UnknownKey`], or the store's failure.
pub async fn key_of_secret(table: &Table, secret: &str) -> Result<ApiKey, Problem> {
    // What cannot be a secret is not worth a read.
    if !secret.starts_with(KEY_SECRET_PREFIX) || secret.len() > SECRET_MAX_BYTES {
        return Err(AccessRefused::UnknownKey.into());
    }
    let key = table.api_key_by_fingerprint(&fingerprint(secret)).await?;
    Ok(key.ok_or(AccessRefused::UnknownKey)?)
}

async fn key_of_session(
    table: &Table,
    clock: &Clock,
    headers: &HeaderMap,
) -> Result<ApiKey, Problem> {
    let token = session_token(headers).ok_or(AccessRefused::NoKey)?;
    let session = table.session(&fingerprint(token)).await?;
    let session = session
        .filter(|session| session.expires_at > clock.now())
        .ok_or(AccessRefused::SessionEnded)?;
    let key = table.api_key_by_fingerprint(&session.key_fingerprint).await?;
    Ok(key.ok_or(AccessRefused::SessionEnded)?)
}

fn header_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(API_KEY_HEADER).map(|value| value.to_str().unwrap_or_default())
}

/// The token in the session cookie.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let cookies =
        headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| token)
}

/// A cookie is sent by the browser whoever asks, so a change must come from our own page. `Sec-Fetch-Site` decides
/// where it is sent. `Origin` counts only where a client reaches the API itself: behind the content network `Host` is
/// the API's own, and `template.yaml` does not let `Origin` through.
fn same_site(parts: &Parts) -> Result<(), AccessRefused> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (header("sec-fetch-site"), header("origin"), header("host")) {
        (Some(site), _, _) => site == "same-origin",
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        _ => session_token(&parts.headers).is_none(),
    };
    if own { Ok(()) } else { Err(AccessRefused::ForeignSite) }
}
