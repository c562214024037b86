//! For whoever keeps the books (T4): refunds, the ledger's check and statements, and the cases that need a person.

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    seal: Seal,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            seal: Seal::from_env(env)?,
            clock: env.clock.clone(),
        })
    }
}

/// The routes of finance.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new().with_state(deps)
}
