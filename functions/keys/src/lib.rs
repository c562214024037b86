//! What verifies vouchers' codes offline (V16): the public keys, and which codes were taken back.
//!
//! Deliberately absent: private keys, which never leave the signer, and anything of one voucher.

mod jwks;
mod status;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::signer::VoucherSigner;
use adapters::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the keys may touch.
#[derive(Clone, Debug)]
pub struct Deps {
    signer: VoucherSigner,
    table: Table,
    clock: Clock,
}

impl Deps {
    /// From the function's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names the variable that is missing.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let clock = env.clock.clone();
        Ok(Self { signer: VoucherSigner::from_env(env)?, table: Table::from_env(env)?, clock })
    }
}

/// The routes of the keys.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(jwks::read_jwks))
        .routes(routes!(status::read_status))
        .with_state(deps)
}
