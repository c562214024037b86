//! Printings of vouchers, as whoever wants one sees them (V7): ordering one, how far it is, and where its files are
//! fetched.
//!
//! Deliberately absent: making the codes and the files, which `printing` does, so that no request has to last as long
//! as ten thousand codes.

mod order;
mod read;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::files::Files;
use adapters::ids::Ids;
use adapters::queue::Queue;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    files: Files,
    queue: Queue,
    ids: Ids,
}

impl FromRef<Deps> for Clock {
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
            files: Files::from_env(env)?,
            queue: Queue::from_env(env, "PRINTINGS_QUEUE_URL")?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of printings.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(order::order_batch, read::list_batches))
        .routes(routes!(read::read_batch))
        .with_state(deps)
}
