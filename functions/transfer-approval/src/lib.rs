//! Answers Paystack's question whether a transfer may go: the second lock before money leaves, which holds even for
//! whoever has the tenant's key or its dashboard.
//!
//! Deliberately absent: any write, and any look at Paystack. One read of our own record decides.

mod address;
mod approve;

use adapters::environment::{Environment, EnvironmentError};
use adapters::paystack::PaystackKeys;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What this route may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    keys: PaystackKeys,
    table: Table,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { keys: PaystackKeys::from_env(env)?, table: Table::from_env(env)? })
    }
}

/// The route of Paystack's question.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new().routes(routes!(approve::approve_transfer)).with_state(deps)
}
