//! Settlement runs, as finance sees them: what a run would do, starting one by hand, and what the past ones did (T42).
//!
//! Deliberately absent: planning itself, which `settle` does, so that no request has to last as long as a run.

mod list;
mod plan;
mod read;
mod run;

use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::queue::Queue;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    queue: Queue,
    seal: Seal,
    ids: Ids,
}

impl FromRef<Deps> for adapters::clock::Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            table: Table::from_env(env)?,
            paystack: Paystack::from_env(env)?,
            queue: Queue::from_env(env, "SETTLEMENTS_QUEUE_URL")?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of settlements.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(run::run_settlement))
        .routes(routes!(list::list_settlements))
        .routes(routes!(read::read_settlement))
        .with_state(deps)
}
