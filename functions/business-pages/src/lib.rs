//! The pages of a business that redeems vouchers (V10, V14, V16, V30): the till, and what became of its vouchers.
//!
//! Deliberately absent: redeeming. The till asks the platform's own routes, as a device or with the session of whoever
//! has signed in; this function only reads.

mod figures;
mod heat;
mod page;
mod worker;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { table: Table::from_env(env)?, clock: env.clock.clone() })
    }
}

/// The routes of the pages.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(worker::read_worker))
        .routes(routes!(page::business_page))
        .routes(routes!(figures::figures_page))
        .with_state(deps)
}
