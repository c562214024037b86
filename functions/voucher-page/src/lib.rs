//! The pages of vouchers: what everybody sees of one (V8), and "My Vouchers" of a customer with the code for the till
//! (V6, V24, V27).
//!
//! The first is the same for everybody and kept for a minute at the content network; it therefore leads to the second
//! for whatever concerns one customer, which is kept nowhere. Deliberately absent: counting. The page's script tells
//! `wallet` that somebody has looked.

mod act;
mod code;
mod door;
mod draw;
mod link;
mod look;
mod my;
mod page;
mod pass;
mod read;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::signer::VoucherSigner;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What the pages may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    signer: VoucherSigner,
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
            signer: VoucherSigner::from_env(env)?,
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
        .routes(routes!(page::voucher_page))
        .routes(routes!(page::printed_voucher_page))
        .routes(routes!(my::my_vouchers))
        .routes(routes!(pass::my_voucher, act::add_voucher))
        .routes(routes!(act::remove_voucher))
        .routes(routes!(act::leave))
        .routes(routes!(link::link_page, link::follow_link))
        .routes(routes!(code::voucher_code))
        .with_state(deps)
}
