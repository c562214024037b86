//! The switch that stops a tenant's payouts. It is read with certainty before each turn of its transfers.

use domain::alert::{Alert, AlertKind};
use domain::audit::AuditChange;
use domain::id::TenantId;
use domain::pause::Pause;

use super::{Item, StoreError, Table, encode, keys};

const KIND: &str = "pause";

impl Table {
    /// Who has stopped the tenant's payouts, if somebody has; as it was last written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payouts_paused(&self, tenant: &TenantId) -> Result<Option<Pause>, StoreError> {
        self.read_as(&keys::pause(tenant), KIND).await
    }

    /// Stops the payouts of the change's tenant and tells the operators; `false` when somebody else has done so before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pause_payouts(
        &self,
        pause: &Pause,
        change: &AuditChange,
    ) -> Result<bool, StoreError> {
        let item = encode(&keys::pause(&change.tenant), KIND, pause)?;
        let write = self.put(item, Some("attribute_not_exists(PK)"), Item::new());
        let alert = self.write_alert(&alert(pause, &change.tenant))?;
        Ok(self.transact_audited(change, vec![write, alert]).await?.is_ok())
    }

    /// Lets the payouts of the change's tenant go on; `false` when nobody has stopped them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume_payouts(&self, change: &AuditChange) -> Result<bool, StoreError> {
        let key = keys::pause(&change.tenant);
        let write = self.delete(&key, "attribute_exists(PK)", Item::new());
        Ok(self.transact_audited(change, vec![write]).await?.is_ok())
    }
}

fn alert(pause: &Pause, tenant: &TenantId) -> Alert {
    Alert {
        tenant: tenant.clone(),
        alert: AlertKind::PayoutsPaused,
        subject: pause.at.to_string(),
        at: pause.at,
        sentence: format!(
            "{} has stopped all payouts. Nothing is paid out until somebody resumes them.",
            pause.by
        ),
    }
}
