//! For whoever keeps the books (T4): refunds, the ledger's check and statements, and the cases that need a person.
//!
//! Deliberately absent: postings at somebody's wish. A refund counts when Paystack has processed it, and the worker
//! writes it down; a payout that a person ends is posted by what Paystack says of its transfer.

mod audit;
mod case;
mod cases;
mod entries;
mod erasure;
mod invariants;
mod pause;
mod payout;
mod payout_end;
mod payout_statement;
mod payout_tips;
mod payouts;
mod period;
mod reconciliation;
mod refund;
mod statement;
mod tip;
mod tips;
mod totals;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::seal::Seal;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    seal: Seal,
    ids: Ids,
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Clock {
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
            paystack: Paystack::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

/// The routes of finance.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(refund::refund_tip))
        .routes(routes!(entries::list_entries))
        .routes(routes!(erasure::erase_patron))
        .routes(routes!(invariants::check_ledger))
        .routes(routes!(statement::read_statement))
        .routes(routes!(cases::list_cases))
        .routes(routes!(reconciliation::list_reconciliations))
        .routes(routes!(case::assign_case))
        .routes(routes!(case::resolve_case))
        .routes(routes!(pause::pause_payouts))
        .routes(routes!(pause::resume_payouts))
        .routes(routes!(payouts::list_payouts))
        .routes(routes!(payout::read_payout))
        .routes(routes!(payout::retry_payout))
        .routes(routes!(payout::cancel_payout))
        .routes(routes!(payout_end::end_payout))
        .routes(routes!(payout_statement::read_payout_statement))
        .routes(routes!(payout_tips::list_payout_tips))
        .routes(routes!(tips::list_tips))
        .routes(routes!(totals::read_totals))
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::export_audit))
        .routes(routes!(audit::check_audit))
        .with_state(deps)
}
