//! GET /health: whether the platform works (P32, P57): the table answers, the bucket answers, a code can be made, a
//! scan can be answered.

mod health;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::images::Images;
use adapters::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the checks may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    table: Table,
    images: Images,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let clock = env.clock.clone();
        Ok(Self { table: Table::from_env(env)?, images: Images::from_env(env)?, clock })
    }
}

/// The route of the checks.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new().routes(routes!(health::check_health)).with_state(deps)
}
