//! Guards (T3, T20): who they are, where they are paid, how they hear of tips, and their printed codes.
//!
//! Deliberately absent: photos, which have a function of their own because they take much memory, the page behind a
//! code, and any account number: it is passed on to Paystack and forgotten.

mod code;
mod code_image;
mod code_mail;
mod guard;
mod list;
mod notifications;
mod payout_account;
mod push;
mod status;
mod tips;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::ids::Ids;
use adapters::paystack::Paystack;
use adapters::table::Table;
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::guard::Accounts;
use web::seal::Seal;

use code::GuardCodes;

/// What these routes may touch.
#[derive(Clone, Debug, FromRef)]
pub struct Deps {
    table: Table,
    paystack: Paystack,
    codes: GuardCodes,
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
            paystack: Paystack::from_env(env)?,
            codes: GuardCodes::from_env(env)?,
            seal: Seal::from_env(env)?,
            ids: Ids::from_env(env),
        })
    }
}

impl Deps {
    fn accounts(&self) -> Accounts<'_> {
        Accounts { table: &self.table, paystack: &self.paystack }
    }
}

impl FromRef<Deps> for Clock {
    fn from_ref(deps: &Deps) -> Self {
        deps.ids.clock().clone()
    }
}

/// The routes of guards.
pub fn routes(deps: Deps) -> web::Routes {
    OpenApiRouter::new()
        .routes(routes!(guard::create_guard, list::list_guards))
        .routes(routes!(guard::read_guard, guard::replace_guard))
        .routes(routes!(status::suspend_guard))
        .routes(routes!(status::resume_guard))
        .routes(routes!(status::archive_guard))
        .routes(routes!(payout_account::replace_payout_account))
        .routes(routes!(payout_account::confirm_payout_account))
        .routes(routes!(payout_account::list_banks))
        .routes(routes!(notifications::read_notifications, notifications::replace_notifications))
        .routes(routes!(push::add_push_subscription, push::delete_push_subscription))
        .routes(routes!(code::issue_guard_code, code::list_guard_codes))
        .routes(routes!(code_image::draw_guard_code))
        .routes(routes!(code_mail::mail_guard_code))
        .routes(routes!(tips::list_guard_tips))
        .with_state(deps)
}
