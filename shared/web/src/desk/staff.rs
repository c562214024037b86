//! Who is at the desk. For now an API key's session stands for a person; a page asks for what it needs and does not
//! know how somebody has signed in. Whoever is not let in is told so on a page.

use std::marker::PhantomData;

use adapters::clock::Clock;
use adapters::table::Table;
use askama::Template;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Scope, fingerprint};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::failure::Failure;
use domain::id::{KeyId, TenantId};
use jiff::Timestamp;
use url::{Url, form_urlencoded};

use super::form::Fields;
use super::{SIGN_IN, see};
use crate::page::{self, Shell};
use crate::principal::{self, AccessRefused, Permission, session_token};
use crate::problem::Problem;

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Whose data it may see.
    pub tenant: TenantId,
    /// The key, for the log and the audit.
    pub key: KeyId,
    scopes: Vec<Scope>,
    /// What the tokens of its forms are bound to: this session, and no other of the same key.
    pub(super) session: String,
}

impl SignedIn {
    /// Whether it may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whoever acts, for the audit.
    pub fn actor(&self) -> Actor {
        Actor::Key(self.key.clone())
    }

    /// A change by this person to the record of this id, so far without what was before and after, and without a note.
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

    /// Whoever the request comes from, whatever it may do.
    ///
    /// # Errors
    /// [`AccessRefused`], or the store's failure.
    pub async fn of(parts: &mut Parts, table: &Table, clock: &Clock) -> Result<Self, Problem> {
        let key = principal::key_of_request(parts, table, clock).await?;
        if key.bound_to.is_some() {
            return Err(AccessRefused::Bound.into());
        }
        principal::enter(&key, parts);
        let session = session_token(&parts.headers).map_or(key.id.to_string(), fingerprint);
        Ok(Self { tenant: key.tenant, key: key.id, scopes: key.scopes, session })
    }
}

/// Somebody who may do what a page is for.
#[derive(Clone, Debug)]
pub struct Staff<P> {
    /// Who.
    pub who: SignedIn,
    permission: PhantomData<P>,
}

impl<P: Permission> Staff<P> {
    /// Somebody who holds the permission.
    ///
    /// # Errors
    /// [`AccessRefused::MissingScope`] says which scope is missing.
    pub(super) fn of(who: SignedIn) -> Result<Self, AccessRefused> {
        if !who.may(P::SCOPE) {
            return Err(AccessRefused::MissingScope(P::SCOPE));
        }
        Ok(Self { who, permission: PhantomData })
    }
}

impl<P, S> FromRequestParts<S> for Staff<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = TurnedAway;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, TurnedAway> {
        let who = SignedIn::of(parts, &Table::from_ref(state), &Clock::from_ref(state)).await;
        let staff = who.and_then(|who| Ok(Self::of(who)?));
        staff.map_err(|problem| TurnedAway::from(parts, problem))
    }
}

/// Somebody is not let in, or a form is not taken.
#[derive(Clone, Debug)]
pub struct TurnedAway {
    problem: Problem,
    /// Where they wanted to go, if it was a page.
    wanted: Option<String>,
    /// What they had typed, if it was a form of ours whose session has ended meanwhile.
    form: Option<Unsent>,
}

/// A form that was not taken. It is shown once, and kept nowhere.
#[derive(Clone, Debug)]
struct Unsent {
    /// The page with the form.
    page: String,
    typed: Fields,
}

impl TurnedAway {
    pub(super) fn from(parts: &Parts, problem: Problem) -> Self {
        let is_page = matches!(parts.method, Method::GET | Method::HEAD);
        // Lambda's requests name the host too.
        let wanted = parts.uri.path_and_query().map(ToString::to_string).filter(|_| is_page);
        Self { problem, wanted, form: None }
    }

    /// The same with what was typed: whoever has to sign in again has it before their eyes.
    pub(super) fn with_typed(self, head: &Parts, typed: Fields) -> Self {
        let said =
            |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        // Signing in leads to pages of the desk only, whatever stands here.
        let from = said(header::REFERER).and_then(|address| Url::parse(address).ok());
        let page = from.map_or_else(|| head.uri.path().to_owned(), |url| url.path().to_owned());
        Self { form: Some(Unsent { page, typed }), ..self }
    }

    /// Whether somebody has to sign in again.
    pub(super) fn is_out(&self) -> bool {
        self.problem.status() == StatusCode::UNAUTHORIZED
    }
}

/// Whether a browser says that a page of ours has sent this. Another site's words are not shown as somebody's own.
pub(super) fn is_from_our_page(head: &Parts) -> bool {
    head.headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

impl<F: Failure> From<F> for TurnedAway {
    fn from(failure: F) -> Self {
        Problem::from(failure).into()
    }
}

impl From<Problem> for TurnedAway {
    fn from(problem: Problem) -> Self {
        Self { problem, wanted: None, form: None }
    }
}

/// The page of whoever is not let in.
#[derive(Template)]
#[template(path = "desk_refused.html")]
struct RefusedPage {
    shell: Shell,
    heading: &'static str,
    sentence: String,
    advice: &'static str,
    code: &'static str,
    sign_in: String,
    /// What was typed: the fields' names and what they held.
    typed: Vec<(String, String)>,
}

impl IntoResponse for TurnedAway {
    fn into_response(self) -> Response {
        let is_out = self.is_out();
        let Self { problem, wanted, form } = self;
        if let Some(wanted) = wanted.filter(|_| is_out) {
            return see(&sign_in(&wanted));
        }
        let leads_to = form.as_ref().map(|form| sign_in(&form.page));
        problem.log();
        let (heading, advice) = words_of(&problem);
        let page = RefusedPage {
            shell: Shell::titled(heading),
            heading,
            sentence: page::sentence(&problem.detail()),
            advice,
            code: problem.code(),
            sign_in: leads_to.unwrap_or_else(|| SIGN_IN.to_owned()),
            typed: form.map(|form| form.typed.shown()).unwrap_or_default(),
        };
        page::later(page::html(problem.status(), &page), &problem)
    }
}

/// Where one signs in to see a page.
fn sign_in(wanted: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{SIGN_IN}?{}", query.append_pair("next", wanted).finish())
}

/// What it means to a person, and what to do.
fn words_of(problem: &Problem) -> (&'static str, &'static str) {
    match (problem.code(), problem.status()) {
        ("session_ended" | "api_key_missing" | "api_key_unknown", _) => {
            ("Please sign in again", "Nothing was changed.")
        }
        ("scope_missing", _) => (
            "Your key may not do this",
            "Ask whoever manages your keys for one with this scope, and sign in with it.",
        ),
        ("foreign_site" | "form_not_ours" | "form_expired", _) => (
            "This was not taken",
            "Nothing was changed. Go back, load the page again, and send it from there.",
        ),
        (_, StatusCode::NOT_FOUND) => (
            "There is nothing here",
            "It may be another organisation's, or the address is not whole.",
        ),
        (_, status) if status.is_server_error() => (
            "Please try again",
            "It may have happened nevertheless; look before you send it again.",
        ),
        _ => ("This did not work", "Nothing was changed."),
    }
}
