//! The pages of exports (T44): asking for a table as a file, how far it is, and fetching it.
//!
//! Deliberately absent: writing it, which `exports` does, and any rule that the API of exports does not have.

mod download;
mod exports;

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

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    files: Files,
    queue: Queue,
    seal: Seal,
    ids: Ids,
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

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

/// The routes of the pages.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(exports::exports_page, exports::ask_export))
        .routes(routes!(download::fetch_export))
        .with_state(deps)
}
