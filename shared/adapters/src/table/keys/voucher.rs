//! The keys of vouchers, wallets, redemptions and the devices that make them.

use domain::customer::CustomerId;
use domain::id::{BatchId, BusinessId, DeviceId, LeaseId, RedemptionId, TenantId, VoucherId};

use super::{Key, META};

/// Codes of one chunk of a status list: 1,024 bytes of bits, one write unit.
pub(crate) const STATUS_CHUNK: u32 = 8_192;
/// Over how many partitions what a voucher was refused for is spread on a day.
pub(crate) const ATTEMPT_SHARDS: u8 = 4;
/// Over how many partitions the leases that are due are spread.
pub const LEASE_SHARDS: u8 = 4;

pub(crate) fn business(tenant: &TenantId, id: &BusinessId) -> Key {
    Key::new(format!("B#{tenant}#{id}"), META)
}

pub(crate) fn businesses_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#B")
}

/// Found before the tenant is known: a token names its voucher.
pub(crate) fn voucher(id: &VoucherId) -> Key {
    Key::new(format!("V#{id}"), META)
}

pub(crate) fn vouchers_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#V")
}

/// A code that is typed in, of one tenant.
pub(crate) fn voucher_code(tenant: &TenantId, code: &str) -> Key {
    Key::new(format!("VC#{tenant}#{code}"), META)
}

pub(crate) const BATCH_PREFIX: &str = "BA#";

/// A printing stands under its first place in the status list, so that the one that a code belongs to is found by the
/// code's own place.
pub(crate) fn batch(voucher: &VoucherId, first: u32) -> Key {
    Key::new(format!("V#{voucher}"), format!("{BATCH_PREFIX}{first:010}"))
}

/// A counter of what is left of a voucher, or of a printing that has a limit of its own.
pub(crate) fn quota(voucher: &VoucherId, batch: Option<&BatchId>, shard: u8) -> Key {
    let owner = batch.map_or("", BatchId::as_str);
    Key::new(format!("VL#{voucher}#{owner}#{shard}"), META)
}

/// All that a customer has of a tenant.
pub(crate) fn customer_pk(tenant: &TenantId, customer: &CustomerId) -> String {
    format!("{CUSTOMER_PREFIX}{tenant}#{customer}")
}

pub(crate) const CLAIM_PREFIX: &str = "CV#";

pub(crate) fn claim(tenant: &TenantId, customer: &CustomerId, voucher: &VoucherId) -> Key {
    Key::new(customer_pk(tenant, customer), format!("{CLAIM_PREFIX}{voucher}"))
}

/// How many vouchers a wallet has had.
pub(crate) fn wallet(tenant: &TenantId, customer: &CustomerId) -> Key {
    Key::new(customer_pk(tenant, customer), "WALLET")
}

pub(crate) fn redemption(tenant: &TenantId, id: &RedemptionId) -> Key {
    Key::new(format!("{REDEMPTION_PREFIX}{tenant}#{id}"), META)
}

/// The list of what was redeemed, and refused, at a business.
pub(crate) fn redemptions_of_business(tenant: &TenantId, business: &BusinessId) -> String {
    format!("B#{tenant}#{business}#R")
}

/// What is left of an unclaimed gift.
pub(crate) fn balance(voucher: &VoucherId, index: u32) -> Key {
    Key::new(format!("VB#{voucher}#{index}"), META)
}

/// What was refused on a day.
pub(crate) fn attempt(tenant: &TenantId, day: &str, shard: u8, sk: String) -> Key {
    Key::new(format!("{ATTEMPT_PREFIX}{tenant}#{day}#{shard}"), sk)
}

pub(crate) fn leases_pk(tenant: &TenantId, device: &DeviceId) -> String {
    format!("LE#{tenant}#{device}")
}

pub(crate) fn lease(tenant: &TenantId, device: &DeviceId, id: &LeaseId) -> Key {
    Key::new(leases_pk(tenant, device), id.as_str())
}

/// How many leases a device holds. No lease's id looks like this.
pub(crate) fn leases_held(tenant: &TenantId, device: &DeviceId) -> Key {
    Key::new(leases_pk(tenant, device), "HELD")
}

/// The leases of one shard that are due to go back.
pub(crate) fn due_leases(shard: u8) -> String {
    format!("DUE#lease#{shard}")
}

/// Found before the tenant is known: a device names itself.
pub(crate) fn enrolment(id: &DeviceId) -> Key {
    Key::new(format!("DV#{id}"), META)
}

pub(crate) fn enrolments_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#DV")
}

/// The code with which a device is enrolled, by its SHA-256.
pub(crate) fn enrolment_code(fingerprint: &str) -> Key {
    Key::new(format!("DE#{fingerprint}"), META)
}

/// A customer's link, which works once, by its SHA-256.
pub(crate) fn customer_link(fingerprint: &str) -> Key {
    Key::new(format!("CL#{fingerprint}"), META)
}

/// A customer's session, by its SHA-256.
pub(crate) fn customer_session(fingerprint: &str) -> Key {
    Key::new(format!("CS#{fingerprint}"), META)
}

pub(crate) fn status_pk(tenant: &TenantId) -> String {
    format!("SL#{tenant}")
}

/// The first place in the status list that no code has.
pub(crate) fn status_next(tenant: &TenantId) -> Key {
    Key::new(status_pk(tenant), "NEXT")
}

pub(crate) const STATUS_CHUNK_PREFIX: &str = "C#";

pub(crate) fn status_chunk(tenant: &TenantId, chunk: u32) -> Key {
    Key::new(status_pk(tenant), format!("{STATUS_CHUNK_PREFIX}{chunk:06}"))
}

/// Wrong codes that were typed in at a business in one window of time.
pub(crate) fn wrong_tries(tenant: &TenantId, business: &BusinessId, window: i64) -> Key {
    Key::new(format!("WT#{tenant}#{business}#{window}"), META)
}

/// What a customer has, of which the stream shows claims; `template.yaml` filters by it.
pub(crate) const CUSTOMER_PREFIX: &str = "CU#";
/// Redemptions in the stream.
pub(crate) const REDEMPTION_PREFIX: &str = "R#";
/// Refusals in the stream.
pub(crate) const ATTEMPT_PREFIX: &str = "RA#";

/// That something of a voucher is counted.
pub(crate) fn counted_event(id: &str) -> Key {
    Key::new(format!("KE#{id}"), META)
}
