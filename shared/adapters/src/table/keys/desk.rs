//! The keys of what finance works with: cases, the pause, the audit trail, and what the operators are told.

use domain::id::TenantId;

use super::{Key, META, bounded};

/// The switch that stops a tenant's payouts.
pub(crate) fn pause(tenant: &TenantId) -> Key {
    Key::new(format!("T#{tenant}"), "PAUSE")
}

/// A month of a tenant's audit trail, `2026-11`.
pub(crate) fn audit_pk(tenant: &TenantId, month: &str) -> String {
    format!("AU#{tenant}#{month}")
}

/// A record's place in its month, so that it sorts by it.
pub(crate) fn audit_place(seq: u64) -> String {
    format!("{seq:012}")
}

pub(crate) fn audit_record(tenant: &TenantId, month: &str, seq: u64) -> Key {
    Key::new(audit_pk(tenant, month), audit_place(seq))
}

/// Where a tenant's audit trail ends.
pub(crate) fn audit_head(tenant: &TenantId) -> Key {
    Key::new(format!("AU#{tenant}"), "HEAD")
}

/// What the operators are told, once per cause.
pub(crate) fn alert(tenant: &TenantId, cause: &str) -> Key {
    Key::new(format!("AL#{tenant}#{}", bounded(cause)), META)
}

pub(crate) fn case(tenant: &TenantId, id: &str) -> Key {
    Key::new(format!("CASE#{tenant}#{}", bounded(id)), META)
}

/// The list of a tenant's cases.
pub(crate) fn cases_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#CASE")
}
