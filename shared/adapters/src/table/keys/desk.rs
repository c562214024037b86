//! The keys of what finance works with: cases, comparisons with Paystack's books, the pause, the audit trail, and what
//! the operators are told.

use domain::id::ExportId;
use domain::id::TenantId;
use jiff::civil::Date;

use super::{Key, META, bounded};

pub(crate) fn export(tenant: &TenantId, id: &ExportId) -> Key {
    Key::new(format!("X#{tenant}#{id}"), META)
}

/// The list of a tenant's exports.
pub(crate) fn exports_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#X")
}

/// How far back a tenant's tips say nothing of their patrons.
pub(crate) fn retention(tenant: &TenantId) -> Key {
    Key::new(format!("T#{tenant}"), "RETENTION")
}

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

/// A tenant's comparison with Paystack's books of a day.
pub(crate) fn reconciliation(tenant: &TenantId, date: Date) -> Key {
    Key::new(format!("REC#{tenant}#{date}"), META)
}

pub(crate) const RECONCILIATION_PAGE_PREFIX: &str = "P#";

/// References that a comparison has set aside.
pub(crate) fn reconciliation_page(tenant: &TenantId, date: Date, page: u32) -> Key {
    let sk = format!("{RECONCILIATION_PAGE_PREFIX}{page:06}");
    Key::new(format!("REC#{tenant}#{date}"), sk)
}

/// The list of a tenant's comparisons.
pub(crate) fn reconciliations_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#REC")
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
