//! A scan: one read, one write, and the way to the property's page and the explorer (P26, P27, P38).
//!
//! Deliberately absent: counters. What is written here is an event; `aggregate` counts it.

mod outcome;
mod page;
mod scan_data;
mod targets;
mod visit;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::random::Random;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;
use web::visitor::Visitors;

use targets::Targets;

/// What a scan may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    targets: Targets,
    seal: Seal,
    visitors: Visitors,
    clock: Clock,
    random: Random,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            targets: Targets::from_env(env)?,
            seal: Seal::from_env(env)?,
            visitors: Visitors::from_env(env)?,
            clock: env.clock.clone(),
            random: env.random.clone(),
        })
    }
}

/// The routes of a scan.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(page::scan_page))
        .routes(routes!(scan_data::scan_data))
        .routes(routes!(outcome::report_outcome))
        .with_state(deps)
}
