//! Codes of properties: generated, regenerated, shown, listed, deleted (P23–P25, P29–P31).
//!
//! Deliberately absent: what a scan does, and any image that was not read back before it was stored.

mod batch;
mod commit;
mod delete;
mod draw;
mod generate;
mod list;
mod metadata;
mod read;
mod regenerate;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::images::Images;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What making codes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    images: Images,
    seal: Seal,
    clock: Clock,
    public: PublicUrl,
}

/// The address that codes lead to, without a slash at its end, unless their tenant has its own.
#[derive(Clone, Debug)]
struct PublicUrl(String);

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let public = env.required("PUBLIC_URL")?.trim_end_matches('/').to_owned();
        Ok(Self {
            table: Table::from_env(env)?,
            images: Images::from_env(env)?,
            seal: Seal::from_env(env)?,
            clock: env.clock.clone(),
            public: PublicUrl(public),
        })
    }
}

/// The routes of codes. `list` and `batch-generate` are no property ids (X5), so no route hides another.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(generate::generate_code))
        .routes(routes!(batch::generate_batch))
        .routes(routes!(list::list_codes))
        .routes(routes!(read::read_code, delete::delete_code))
        .routes(routes!(regenerate::regenerate_code))
        .with_state(deps)
}
