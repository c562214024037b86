//! What a scan reads: one item per property, under its public id, with everything that the page needs.
//!
//! The public id belongs to the first tenant that took the property in (X49): each write names the tenant.

use domain::code::{CodeStatus, Lifetime, LiveCode, ScanTarget};
use domain::id::{PropertyId, TenantId};
use domain::property::PropertyQrInfo;
use domain::render::Rgb;
use domain::tenant::{Destinations, Tenant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, Table, keys, number, text};

pub(super) const KIND: &str = "scan_target";

#[derive(Serialize, Deserialize)]
pub(super) struct TargetItem {
    tenant: TenantId,
    info: PropertyQrInfo,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<LiveCodeItem>,
    /// Outside `code`, so that a scan counts without rewriting it.
    #[serde(default)]
    scans_used: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LiveCodeItem {
    pub version: u32,
    pub status: CodeStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_scans: Option<u64>,
    pub destinations: Destinations,
    pub tenant_name: String,
    pub brand_color: Rgb,
    /// The version of the tenant's settings that the three above come from: an older one never replaces a newer.
    pub tenant_version: u64,
}

impl TargetItem {
    fn into_domain(self) -> ScanTarget {
        let scans_used = self.scans_used;
        let code = self.code.map(|code| LiveCode {
            version: code.version,
            status: code.status,
            lifetime: Lifetime { expires_at: code.expires_at, max_scans: code.max_scans },
            scans_used,
            destinations: code.destinations,
            tenant_name: code.tenant_name,
            brand_color: code.brand_color,
        });
        ScanTarget { tenant: self.tenant, info: self.info, code }
    }
}

impl Table {
    /// What a scan of this property leads to: the one read of a scan.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scan_target(&self, id: &PropertyId) -> Result<Option<ScanTarget>, StoreError> {
        let item: Option<TargetItem> = self.read_as(&keys::scan_target(id), KIND).await?;
        Ok(item.map(TargetItem::into_domain))
    }

    /// Leads a code to its tenant's destinations, as of this version of the tenant; `false` when the code is not there,
    /// not the tenant's, or led to those of this version or a later one already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_destinations(
        &self,
        tenant: &Tenant,
        id: &PropertyId,
    ) -> Result<bool, StoreError> {
        let settings = &tenant.settings;
        let values = Item::from([
            (":tenant".to_owned(), text(tenant.id.as_str())),
            (":to".to_owned(), attribute(&settings.destinations)?),
            (":name".to_owned(), text(settings.name.clone())),
            (":color".to_owned(), attribute(&settings.brand_color)?),
            (":version".to_owned(), number(tenant.version)),
        ]);
        self.update_if(
            &keys::scan_target(id),
            "SET #code.destinations = :to, #code.tenant_name = :name, \
             #code.brand_color = :color, #code.tenant_version = :version",
            "tenant = :tenant AND #code.tenant_version < :version",
            values,
        )
        .await
    }

    /// The write that takes a property's public facts in, if the id is free or the tenant's.
    pub(super) fn write_target_info(
        &self,
        tenant: &TenantId,
        info: &PropertyQrInfo,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StoreError> {
        let values = Item::from([
            (":tenant".to_owned(), text(tenant.as_str())),
            (":info".to_owned(), attribute(info)?),
            (":kind".to_owned(), text(KIND)),
            (":zero".to_owned(), number(0)),
        ]);
        Ok(self.update(
            &keys::scan_target(&info.property_id),
            "SET tenant = :tenant, info = :info, kind = :kind, \
             scans_used = if_not_exists(scans_used, :zero)",
            "attribute_not_exists(PK) OR tenant = :tenant",
            values,
        ))
    }
}

/// A value as one attribute.
pub(super) fn attribute<T: Serialize>(
    value: &T,
) -> Result<aws_sdk_dynamodb::types::AttributeValue, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)
        .map_err(|error| StoreError::Corrupt { what: KIND, source: error.into() })
}
