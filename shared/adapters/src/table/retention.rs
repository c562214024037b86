//! What the table forgets by itself, and when: scans, reports about them, and codes that were refused are written with
//! the usual time, so that a scan stays one read and one write. Where their tenant keeps them for another time, that is
//! set afterwards, from the stream.

use std::collections::BTreeMap;

use domain::id::TenantId;
use domain::limit::{ATTEMPT_DAYS, EVENT_DAYS};
use domain::payout::PayoutSettings;

use super::keys::Key;
use super::{Item, StoreError, Table, keys, number};

const SECONDS_OF_DAY: i64 = 86_400;

/// What is forgotten by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A scan, or a report about one.
    Scan,
    /// A code that was refused.
    Attempt,
}

impl Kind {
    /// Days by which a tenant keeps it longer than usual; negative where that is shorter.
    fn beyond_usual(self, settings: &PayoutSettings) -> i64 {
        let (kept, usual) = match self {
            Kind::Scan => (settings.retention_scan_days, EVENT_DAYS),
            Kind::Attempt => (settings.retention_attempt_days, ATTEMPT_DAYS),
        };
        i64::from(kept).saturating_sub(usual)
    }
}

/// An item as it was written, with the usual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    tenant: TenantId,
    kind: Kind,
    pk: String,
    sk: String,
    /// The second at which the table forgets it.
    ttl: i64,
}

impl Passing {
    /// Reads a new item from its image in the stream; nothing for one that stays.
    pub fn of_image(image: &serde_dynamo::Item) -> Option<Self> {
        let text = |name: &str| match image.inner().get(name) {
            Some(serde_dynamo::AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        let (pk, sk) = (text(keys::PK)?, text(keys::SK)?);
        let (kind, rest) = match pk.strip_prefix(keys::EVENT_PREFIX) {
            Some(rest) => (Kind::Scan, rest),
            None => (Kind::Attempt, pk.strip_prefix(keys::ATTEMPT_PREFIX)?),
        };
        let tenant = TenantId::parse(rest.split('#').next()?).ok()?;
        let Some(serde_dynamo::AttributeValue::N(ttl)) = image.inner().get("ttl") else {
            return None;
        };
        let ttl = ttl.parse().ok()?;
        Some(Self { tenant, kind, pk, sk, ttl })
    }
}

impl Table {
    /// Has items forgotten when their tenants say, where that is another time than the usual one. Doing it again is
    /// harmless; an item that is gone stays gone.
    ///
    /// # Errors
    /// [`StoreError`]; some may have been done.
    pub async fn keep_as_tenants_say(&self, items: &[Passing]) -> Result<(), StoreError> {
        let mut by_tenant: BTreeMap<&TenantId, Vec<&Passing>> = BTreeMap::new();
        for item in items {
            by_tenant.entry(&item.tenant).or_default().push(item);
        }
        for (tenant, items) in by_tenant {
            let Some(tenant) = self.tenant(tenant).await? else { continue };
            for item in items {
                let days = item.kind.beyond_usual(&tenant.settings.payouts);
                if days != 0 {
                    self.forget_after(item, days).await?;
                }
            }
        }
        Ok(())
    }

    async fn forget_after(&self, item: &Passing, days: i64) -> Result<(), StoreError> {
        let ttl = item.ttl.saturating_add(days.saturating_mul(SECONDS_OF_DAY));
        let key = Key { pk: item.pk.clone(), sk: item.sk.clone() };
        let values = Item::from([(":ttl".to_owned(), number(ttl))]);
        self.update_if(&key, "SET #ttl = :ttl", "attribute_exists(PK)", values).await.map(drop)
    }
}
