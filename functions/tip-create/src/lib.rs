//! A tip begins here (T31, T32): checked, written down with its reference, and only then taken to Paystack. What became
//! of it is shown here too (T33).
//!
//! Deliberately absent: money. Whether a tip was paid is found out by `payments`; a visited address proves nothing.

mod checkout;
mod create;
mod form;
mod order;
mod start;
mod status;
mod status_page;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;
use web::visitor::Visitors;

use checkout::Checkout;

/// What beginning a tip may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    checkout: Checkout,
    visitors: Visitors,
    seal: Seal,
    ids: Ids,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            checkout: Checkout::from_env(env)?,
            visitors: Visitors::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of tips, for patrons.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(create::create_tip))
        .routes(routes!(create::create_tip_as_partner))
        .routes(routes!(status::tip_status))
        .routes(routes!(status::tip_status_for_partner))
        .routes(routes!(status_page::tip_status_page))
        .with_state(deps)
}
