//! What is the same for everybody: the API's description, its reference, the list of problems, the pages' files.
//!
//! Deliberately absent: any permission. This function reads nothing but itself.

mod asset;
mod docs;
mod openapi;
mod problems;

use adapters::environment::{Environment, EnvironmentError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Nothing.
#[derive(Clone, Debug)]
pub struct Deps;

impl Deps {
    /// From nothing.
    ///
    /// # Errors
    /// None; the signature is every function's.
    pub fn from_env(_env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self)
    }
}

/// The routes of what is the same for everybody.
pub fn routes(_deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(openapi::read_openapi))
        .routes(routes!(docs::read_docs))
        .routes(routes!(problems::read_problems))
        .routes(routes!(asset::read_asset))
}
