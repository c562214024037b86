//! Exports, as whoever wants one sees them: asking for one, how far it is, and where it is fetched.
//!
//! Deliberately absent: writing it, which `exports` does, so that no request has to last as long as a table is long.

mod create;
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
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    files: Files,
    queue: Queue,
    seal: Seal,
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
            queue: Queue::from_env(env, "EXPORTS_QUEUE_URL")?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of exports.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(create::create_export, read::list_exports))
        .routes(routes!(read::read_export))
        .with_state(deps)
}
