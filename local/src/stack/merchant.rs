//! Tenants as merchants of Paystack: the key that a tenant's functions call it with, and where its events go.

use domain::id::TenantId;
use domain::money::Currency;
use serde_json::json;

use super::Stack;
use crate::paystack::{Merchant, Simulator};
use crate::registry::BoxError;

/// A function that knows where the tenants' keys lie.
const KNOWS_THE_PREFIX: &str = "payments";

impl Stack {
    /// The simulator of Paystack, unless the real one is used.
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// The demo tenant's key at the real Paystack, where that is used.
    pub(crate) fn paystack_key(&self) -> Option<&str> {
        self.paystack_key.as_deref()
    }

    /// Where the simulator answers, without a slash at the end.
    pub fn simulator_url(&self) -> Option<String> {
        self.simulator_url.clone()
    }

    /// Gives the tenant this secret key of Paystack's. With the simulator it becomes a merchant there too.
    ///
    /// # Errors
    /// When a file cannot be written; or when no function asks Paystack for anything.
    pub fn ensure_merchant(
        &self,
        tenant: &TenantId,
        name: &str,
        secret_key: &str,
    ) -> Result<(), BoxError> {
        let environment = self.environment(KNOWS_THE_PREFIX).ok_or("nobody calls Paystack")?;
        let prefix = environment.required("PAYSTACK_SECRET_PREFIX")?;
        let text = json!({ "secret_key": secret_key }).to_string();
        self.secrets.ensure_text(&format!("{prefix}{tenant}"), &text)?;
        if let Some(simulator) = &self.simulator {
            simulator.ensure_merchant(Merchant {
                secret_key: secret_key.to_owned(),
                webhook_url: format!("{}/webhooks/paystack/{tenant}", self.base_url),
                approval_url: None,
                currencies: vec![
                    Currency::Ngn,
                    Currency::Ghs,
                    Currency::Kes,
                    Currency::Zar,
                    Currency::Usd,
                ],
                business_name: name.to_owned(),
            })?;
        }
        Ok(())
    }
}
