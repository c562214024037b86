//! What was counted, read for people: of one code, and of all a tenant's codes (P15, P16, P18, P19, P28).

mod counted;
mod guard;
mod property;
mod system;
mod voucher;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What reading may touch.
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

/// The routes of analytics.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(property::property_analytics))
        .routes(routes!(guard::guard_analytics))
        .routes(routes!(system::system_analytics))
        .routes(routes!(voucher::voucher_analytics))
        .with_state(deps)
}
