//! The page of a restaurant's staff (L6, L7, L9): customers' codes are scanned, points given, rewards handed out.
//!
//! Deliberately absent: giving points. The page asks the platform's own routes, with the session of whoever has signed
//! in; this function draws the page and tells for what there are points.

mod page;
mod programme;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the page may touch.
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

/// The routes of the page.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(page::staff_page))
        .routes(routes!(programme::staff_programme))
        .with_state(deps)
}
