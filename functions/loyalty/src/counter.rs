//! Who counts purchases and looks customers up: a key that may redeem, or the tenant's that may change everything.

use adapters::clock::Clock;
use adapters::table::Table;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use domain::id::TenantId;
use domain::restaurant::Restaurant;
use web::loyalty::staff::RestaurantStaff;
use web::{Problem, may};

/// Somebody at the counter of a restaurant.
#[derive(Clone, Debug)]
pub(crate) enum Counter {
    /// With `loyalty:redeem`.
    Staff(RestaurantStaff<may::LoyaltyRedeem>),
    /// With `loyalty:write`.
    Owner(RestaurantStaff<may::LoyaltyWrite>),
}

impl Counter {
    /// Whose restaurants.
    pub(crate) fn tenant(&self) -> &TenantId {
        match self {
            Counter::Staff(staff) => &staff.tenant,
            Counter::Owner(owner) => &owner.tenant,
        }
    }

    /// The restaurant that a request is about.
    pub(crate) async fn restaurant(
        &self,
        table: &Table,
        named: Option<&str>,
    ) -> Result<Restaurant, Problem> {
        match self {
            Counter::Staff(staff) => staff.restaurant(table, named).await,
            Counter::Owner(owner) => owner.restaurant(table, named).await,
        }
    }
}

impl<S> FromRequestParts<S> for Counter
where
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = match RestaurantStaff::from_request_parts(parts, state).await {
            Ok(staff) => return Ok(Counter::Staff(staff)),
            Err(refused) => refused,
        };
        if refused.code() != "scope_missing" {
            return Err(refused);
        }
        // The scope that is wanted in the first place is the one to name.
        let owner = RestaurantStaff::from_request_parts(parts, state).await;
        let named = |again: Problem| if again.code() == refused.code() { refused } else { again };
        owner.map(Counter::Owner).map_err(named)
    }
}
