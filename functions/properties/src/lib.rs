//! Properties: taken in from the property collection, and shown. Everything else only reads them (P46).

mod import;
mod property;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use axum::extract::{DefaultBodyLimit, FromRef};
use domain::limit::IMPORT_MAX_BYTES;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What these routes may touch.
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

/// The routes of properties.
pub fn routes(deps: Deps) -> web::Routes {
    let import = OpenApiRouter::new()
        .routes(routes!(import::import_properties))
        .layer(DefaultBodyLimit::max(IMPORT_MAX_BYTES));
    OpenApiRouter::new()
        .routes(routes!(property::read_property, property::replace_property))
        .merge(import)
        .with_state(deps)
}
