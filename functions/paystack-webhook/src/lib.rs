//! Takes Paystack's events in (T15, T33): the signature is checked, the raw event goes into the queue, and only then
//! is it answered.
//!
//! Deliberately absent: the table, and any look into the event. Both are the worker's.

mod receive;
mod signed;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::paystack::PaystackKeys;
use adapters::queue::Queue;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What this route may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    keys: PaystackKeys,
    queue: Queue,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self {
            keys: PaystackKeys::from_env(env)?,
            queue: Queue::from_env(env, "PAYMENTS_QUEUE_URL")?,
            clock: env.clock.clone(),
        })
    }
}

/// The route of Paystack's events.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new().routes(routes!(receive::receive_event)).with_state(deps)
}
