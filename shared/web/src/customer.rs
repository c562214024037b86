//! A tenant's customer: somebody who has opened a one-time link and holds its cookie, or somebody whom a key of the
//! tenant acts for. Nobody is a customer without one of the two.
//!
//! Deliberately absent: names, passwords and addresses. Who a customer is the tenant knows.

use adapters::clock::Clock;
use adapters::ids::Ids;
use adapters::table::{CustomerLink, CustomerSession, Table};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use domain::access::{fingerprint, hex};
use domain::customer::CustomerId;
use domain::failure::{Failure, Kind};
use domain::id::{KeyId, TenantId};
use jiff::{SignedDuration, Timestamp};

use crate::principal::{API_KEY_HEADER, AccessRefused, Caller, PrincipalName, may};
use crate::problem::Problem;

/// The cookie of a customer. The prefix binds it to this host over TLS (RFC 6265bis).
pub const CUSTOMER_COOKIE: &str = "__Host-customer";
/// How long a link works, in seconds.
pub const LINK_S: i64 = 600;
/// How long a customer's session lives, in seconds: thirty days.
pub const CUSTOMER_SESSION_S: i64 = 30 * 24 * 3_600;
/// The random bytes of a link's token, and of a session's.
const TOKEN_BYTES: usize = 32;

/// Why somebody is not taken for a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRefused {
    /// The cookie's session is over.
    #[error(
        "your visit has ended; open a new link from the organisation that gave you the last one"
    )]
    SessionEnded,
    /// Nobody has signed in.
    #[error("open the link that the organisation has sent you")]
    NotSignedIn,
    /// A key acts, and does not say for whom.
    #[error("say in customer_id for which customer")]
    Unnamed,
    /// A customer names another one.
    #[error("customer_id names somebody else than who has signed in")]
    Another,
    /// There is no such link.
    #[error("this link is not one of ours, or it is not whole")]
    UnknownLink,
    /// The link was used, or is too old.
    #[error("this link was used already, or is older than ten minutes")]
    LinkOver,
}

impl Failure for CustomerRefused {
    fn kind(&self) -> Kind {
        match self {
            CustomerRefused::SessionEnded | CustomerRefused::NotSignedIn => Kind::Unauthenticated,
            CustomerRefused::Unnamed => Kind::Invalid,
            CustomerRefused::Another => Kind::Forbidden,
            CustomerRefused::UnknownLink => Kind::Missing,
            CustomerRefused::LinkOver => Kind::Gone,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CustomerRefused::SessionEnded => "customer_session_ended",
            CustomerRefused::NotSignedIn => "customer_not_signed_in",
            CustomerRefused::Unnamed => "customer_unnamed",
            CustomerRefused::Another => "customer_other",
            CustomerRefused::UnknownLink => "customer_link_unknown",
            CustomerRefused::LinkOver => "customer_link_over",
        }
    }
}

/// A customer with a session.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Whose customer.
    pub tenant: TenantId,
    /// Which one.
    pub id: CustomerId,
    session: String,
}

impl Customer {
    /// Whoever the cookie stands for; nobody without a cookie.
    ///
    /// # Errors
    /// [`CustomerRefused::SessionEnded`], or the store's failure.
    pub async fn of(
        headers: &HeaderMap,
        table: &Table,
        now: Timestamp,
    ) -> Result<Option<Self>, Problem> {
        let Some(token) = token_of(headers) else { return Ok(None) };
        let session = fingerprint(token);
        let found = table.customer_session(&session).await?;
        let open = found.filter(|found| now.as_second() < found.ttl);
        let CustomerSession { tenant, customer, .. } = open.ok_or(CustomerRefused::SessionEnded)?;
        Ok(Some(Self { tenant, id: customer, session }))
    }

    /// What the tokens of this session's forms are bound to; no session of staff is called the same.
    pub fn forms(&self) -> String {
        format!("customer#{}", self.session)
    }
}

/// Who acts for a customer: the customer, or a key of the tenant.
#[derive(Clone, Debug)]
pub enum Acting {
    /// The customer.
    Customer(Customer),
    /// A key that may act for customers.
    Key {
        /// Whose customers.
        tenant: TenantId,
        /// Which key.
        key: KeyId,
    },
}

impl Acting {
    /// Whose customers.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Acting::Customer(customer) => &customer.tenant,
            Acting::Key { tenant, .. } => tenant,
        }
    }

    /// For whom: a key has to say so, a customer acts for nobody else.
    ///
    /// # Errors
    /// [`CustomerRefused`], or the rule of an id.
    pub fn customer(&self, named: Option<&str>) -> Result<CustomerId, Problem> {
        match (self, named) {
            (Acting::Customer(own), None) => Ok(own.id.clone()),
            (Acting::Customer(own), Some(named)) if own.id.as_str() == named => Ok(own.id.clone()),
            (Acting::Customer(_), Some(_)) => Err(CustomerRefused::Another.into()),
            (Acting::Key { .. }, Some(named)) => Ok(CustomerId::parse(named)?),
            (Acting::Key { .. }, None) => Err(CustomerRefused::Unnamed.into()),
        }
    }
}

impl<S> FromRequestParts<S> for Acting
where
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(API_KEY_HEADER) {
            let (table, clock) = (Table::from_ref(state), Clock::from_ref(state));
            if token_of(&parts.headers).is_some() {
                from_our_page(parts)?;
            }
            if let Some(customer) = Customer::of(&parts.headers, &table, clock.now()).await? {
                let name = format!("customer#{}#{}", customer.tenant, customer.id);
                parts.extensions.insert(PrincipalName(name));
                return Ok(Acting::Customer(customer));
            }
        }
        let caller = Caller::<may::CustomersWrite>::from_request_parts(parts, state).await?;
        Ok(Acting::Key { tenant: caller.tenant, key: caller.key })
    }
}

/// A cookie is sent by the browser whoever asks, so a change must come from our own page. `Sec-Fetch-Site` says so, and
/// every browser that knows `SameSite` sends it; a client without it and with a matching `Origin` reaches us directly.
///
/// # Errors
/// [`AccessRefused::ForeignSite`].
pub fn from_our_page(parts: &Parts) -> Result<(), AccessRefused> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (header("sec-fetch-site"), header("origin"), header("host")) {
        (Some(site), _, _) => site == "same-origin",
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        _ => false,
    };
    if own { Ok(()) } else { Err(AccessRefused::ForeignSite) }
}

/// Makes a link for a customer: its token, and when it ends.
///
/// # Errors
/// The store's failure.
pub async fn make_link(
    table: &Table,
    ids: &Ids,
    (tenant, customer): (&TenantId, &CustomerId),
) -> Result<(String, Timestamp), Problem> {
    let token = hex(&ids.bytes::<TOKEN_BYTES>());
    let ttl = ids.now().as_second().saturating_add(LINK_S);
    let (tenant, customer) = (tenant.clone(), customer.clone());
    let link = CustomerLink { tenant, customer, ttl, used_at: None };
    // A token of 256 random bits is nobody else's.
    table.insert_customer_link(&fingerprint(&token), &link).await?;
    Ok((token, Timestamp::from_second(ttl).unwrap_or(Timestamp::MAX)))
}

/// The link of this token, if it still works.
///
/// # Errors
/// [`CustomerRefused`], or the store's failure.
pub async fn link_of(table: &Table, token: &str, now: Timestamp) -> Result<CustomerLink, Problem> {
    // What cannot be a token is not worth a read.
    let is_token = token.len() == 2 * TOKEN_BYTES && token.bytes().all(|b| b.is_ascii_hexdigit());
    let link = match is_token {
        true => table.customer_link(&fingerprint(token)).await?,
        false => None,
    };
    let link = link.ok_or(CustomerRefused::UnknownLink)?;
    if link.works(now) { Ok(link) } else { Err(CustomerRefused::LinkOver.into()) }
}

/// Uses the link of this token, once; the value of `Set-Cookie` for the customer's browser.
///
/// # Errors
/// [`CustomerRefused`], or the store's failure.
pub async fn use_link(table: &Table, ids: &Ids, token: &str) -> Result<String, Problem> {
    let now = ids.now();
    let CustomerLink { tenant, customer, .. } = link_of(table, token, now).await?;
    let secret = hex(&ids.bytes::<TOKEN_BYTES>());
    let lasts = SignedDuration::from_secs(CUSTOMER_SESSION_S);
    let ttl = now.saturating_add(lasts).unwrap_or(Timestamp::MAX).as_second();
    let session = CustomerSession { tenant, customer, ttl };
    let opened = (fingerprint(&secret), session);
    let opened = (opened.0.as_str(), &opened.1);
    if !table.commit_customer_session(&fingerprint(token), opened, now).await? {
        return Err(CustomerRefused::LinkOver.into());
    }
    Ok(cookie(&secret, CUSTOMER_SESSION_S))
}

/// Ends the session of the cookie, and answers the value of `Set-Cookie` that takes it away.
///
/// # Errors
/// The store's failure.
pub async fn end_session(table: &Table, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(token) = token_of(headers) {
        table.delete_customer_session(&fingerprint(token)).await?;
    }
    Ok(cookie("", 0))
}

fn cookie(token: &str, max_age_s: i64) -> String {
    format!(
        "{CUSTOMER_COOKIE}={token}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax"
    )
}

/// The token in the customer's cookie.
fn token_of(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == CUSTOMER_COOKIE).map(|(_, token)| token)
}
