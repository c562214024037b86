//! Photos of guards (T36): an address to send one to, and what is published of it.
//!
//! Deliberately absent: photos in the requests themselves, which would not fit through the gateway, and the originals,
//! which are deleted: they say when and where they were taken.

mod complete;
mod picture;
mod upload;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::images::Images;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What photos may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    images: Images,
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
            images: Images::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

/// The routes of photos.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(upload::begin_photo))
        .routes(routes!(complete::complete_photo))
        .with_state(deps)
}
