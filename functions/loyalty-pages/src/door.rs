//! Who is there: a customer by the cookie, at a restaurant of the customer's own organisation; and what everybody else
//! is told, in words or as a problem.

use std::convert::Infallible;

use adapters::table::Table;
use askama::Template;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::id::RestaurantId;
use domain::member::{Member, MemberRefused};
use domain::restaurant::{Restaurant, RestaurantRefused};
use jiff::Timestamp;
use web::assets::{WALLET_KEPT, WALLET_SCRIPT};
use web::customer::{Customer, CustomerRefused, from_our_page};
use web::desk::{Fields, FormToken};
use web::page::{self, Shell};
use web::{Problem, input};

use crate::Deps;

/// A customer at a restaurant.
pub(crate) struct Visit {
    pub(crate) customer: Customer,
    pub(crate) restaurant: Restaurant,
}

/// What a path names: a restaurant, and a reward where it has one. What is no text names nothing.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) restaurant: String,
    pub(crate) reward: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Ok(named) = RawPathParams::from_request_parts(parts, state).await else {
            return Ok(Self::default());
        };
        let part = |name: &str| {
            let found = named.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        Ok(Self { restaurant: part("restaurant_id"), reward: part("reward_id") })
    }
}

/// Whether a page's script asks, or a person who looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Json,
    Page,
}

#[derive(Template)]
#[template(path = "door.html")]
struct DoorPage {
    shell: Shell,
    script: String,
    kept: String,
}

impl Visit {
    /// Whoever the cookie stands for, at the restaurant that a path names.
    ///
    /// # Errors
    /// [`CustomerRefused`], [`RestaurantRefused::Unknown`] also for another organisation's, or the store's failure.
    pub(crate) async fn of(
        deps: &Deps,
        headers: &HeaderMap,
        restaurant: &str,
    ) -> Result<Self, Problem> {
        let customer = Customer::of(headers, &deps.table, deps.ids.now()).await?;
        Self::at(&deps.table, customer.ok_or(CustomerRefused::NotSignedIn)?, restaurant).await
    }

    /// The same for a form that was sent from our own page of this very session; with its fields.
    ///
    /// # Errors
    /// As [`Visit::of`], and what a form is refused for.
    pub(crate) async fn sent(
        deps: &Deps,
        restaurant: &str,
        request: Request,
    ) -> Result<(Self, Fields), Problem> {
        let (parts, body): (Parts, _) = request.into_parts();
        let customer = Customer::of(&parts.headers, &deps.table, deps.ids.now()).await?;
        let customer = customer.ok_or(CustomerRefused::NotSignedIn)?;
        from_our_page(&parts)?;
        let bytes = input::bytes(Request::from_parts(parts, body), deps).await?;
        let fields = Fields::parse(&bytes);
        let (token, now) = (fields.get("csrf"), deps.ids.now());
        FormToken::open(&deps.seal, &customer.forms(), token, now).await??;
        Ok((Self::at(&deps.table, customer, restaurant).await?, fields))
    }

    async fn at(table: &Table, customer: Customer, restaurant: &str) -> Result<Self, Problem> {
        let id = RestaurantId::parse(restaurant).map_err(|_| RestaurantRefused::Unknown)?;
        let restaurant = table.restaurant(&customer.tenant, &id).await?;
        Ok(Self { customer, restaurant: restaurant.ok_or(RestaurantRefused::Unknown)? })
    }

    /// Lets the customer join, who may have done so before.
    ///
    /// # Errors
    /// The store's failure.
    pub(crate) async fn join(&self, table: &Table, now: Timestamp) -> Result<(), Problem> {
        let Customer { tenant, id, .. } = &self.customer;
        if table.member(tenant, id).await?.is_some() {
            return Ok(());
        }
        let member = Member::join(tenant.clone(), id.clone(), now);
        match table.insert_member(&member, None).await? {
            Ok(()) | Err(MemberRefused::Exists) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }
}

impl Wants {
    /// What the query says: `as=json` is the script. The content network passes no `Accept` on.
    pub(crate) fn of(uri: &Uri) -> Self {
        match Fields::parse(uri.query().unwrap_or_default().as_bytes()).get("as") {
            "json" => Self::Json,
            _ => Self::Page,
        }
    }

    /// What somebody is told for whom it did not work.
    pub(crate) fn turned_away(self, problem: Problem) -> Response {
        match self {
            Wants::Json => problem.into_response(),
            Wants::Page if problem.status() == StatusCode::UNAUTHORIZED => door(problem.status()),
            Wants::Page => in_words(&problem),
        }
    }
}

/// The page for nobody in particular.
pub(crate) fn door(status: StatusCode) -> Response {
    let shell = Shell::titled("My points");
    let page = DoorPage { shell, script: WALLET_SCRIPT.path(), kept: WALLET_KEPT.path() };
    page::html(status, &page)
}

fn in_words(problem: &Problem) -> Response {
    let (heading, advice) = match (problem.code(), problem.status()) {
        ("foreign_site" | "form_not_ours" | "form_expired", _) => {
            ("This was not taken", "Nothing was changed. Load the page again, and try from there.")
        }
        (_, StatusCode::NOT_FOUND) => (
            "There is nothing here",
            "It may be another organisation's, or the address is not whole.",
        ),
        ("loyalty_token_not_drawn", _) => ("Failed to generate QR", "Go back, and try again."),
        (_, status) if status.is_server_error() => {
            ("Please try again", "We could not look that up. Try again in a moment.")
        }
        _ => ("This did not work", "Go back to your points, and try from there."),
    };
    page::problem(problem, heading, advice)
}
