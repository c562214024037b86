//! Tenants as merchants of Paystack: the key that a tenant's functions call it with, where its events go, and where its
//! transfers are approved.

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

    /// Gives the tenant this secret key of Paystack's, and an approval secret beside it, which stays as it is where
    /// there is one. With the simulator it becomes a merchant there too, whose transfers go without a question at
    /// first.
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
        let secret = self.secret_name(tenant).ok_or("nobody calls Paystack")?;
        let approval = self.approval_secret(&secret);
        let approval = approval.unwrap_or_else(|| hex::encode(environment.random.bytes::<32>()));
        let text = json!({ "secret_key": secret_key, "approval_secret": approval }).to_string();
        self.secrets.ensure_text(&secret, &text)?;
        if let Some(simulator) = &self.simulator {
            simulator.ensure_merchant(Merchant {
                secret_key: secret_key.to_owned(),
                webhook_url: self.webhook_url(tenant),
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

    /// The address at which the tenant approves its transfers; nothing before it has a key.
    pub fn approval_url(&self, tenant: &TenantId) -> Option<String> {
        let approval = self.approval_secret(&self.secret_name(tenant)?)?;
        Some(format!("{}/approve/{approval}", self.webhook_url(tenant)))
    }

    /// Lets the simulator ask about each of the tenant's transfers before it goes, as a merchant sets it up in
    /// Paystack's dashboard; or no longer.
    ///
    /// # Errors
    /// When the tenant is no merchant of the simulator's, or its file cannot be written.
    pub fn ask_before_transfers(&self, tenant: &TenantId, asks: bool) -> Result<(), BoxError> {
        let simulator = self.simulator.as_ref().ok_or("the real Paystack is used")?;
        let merchant = simulator.merchant_at(&self.webhook_url(tenant)).ok_or("no merchant")?;
        let url = if asks { self.approval_url(tenant) } else { None };
        Ok(simulator.set_approval_url(merchant, url)?)
    }

    fn webhook_url(&self, tenant: &TenantId) -> String {
        format!("{}/webhooks/paystack/{tenant}", self.base_url)
    }

    /// The name of the tenant's secret.
    fn secret_name(&self, tenant: &TenantId) -> Option<String> {
        let prefix = self.environment(KNOWS_THE_PREFIX)?.required("PAYSTACK_SECRET_PREFIX").ok()?;
        Some(format!("{prefix}{tenant}"))
    }

    fn approval_secret(&self, secret: &str) -> Option<String> {
        let reference =
            format!("{{{{resolve:secretsmanager:{secret}:SecretString:approval_secret}}}}");
        self.secrets.resolve(&reference)
    }
}
