//! The keys with which customers' wallets sign codes where there is no network: enrolled and forgotten.
//!
//! Deliberately absent: the private half, which never leaves the customer's device.

use adapters::ids::Ids;
use adapters::table::Table;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::hex;
use domain::customer::CustomerId;
use domain::id::{MemberKeyId, TenantId};
use domain::member::{MemberKey, MemberRefused};
use domain::voucher_token::PublicKey;

use crate::problem::Problem;

/// Enrols the public key of a customer's wallet: base64url of the uncompressed point, 65 bytes.
///
/// # Errors
/// [`MemberRefused`], or the store's failure.
pub async fn enrol_key(
    (table, ids): (&Table, &Ids),
    (tenant, customer): (&TenantId, &CustomerId),
    public_key: &str,
) -> Result<MemberKey, Problem> {
    let text = public_key.trim_end_matches('=');
    let point = URL_SAFE_NO_PAD.decode(text).map_err(|_| MemberRefused::InvalidKey)?;
    PublicKey::from_point(&point).ok_or(MemberRefused::InvalidKey)?;
    table.member(tenant, customer).await?.ok_or(MemberRefused::Unknown)?;
    let key = MemberKey {
        id: ids.make(MemberKeyId::new),
        tenant: tenant.clone(),
        customer: customer.clone(),
        point: hex(&point),
        created_at: ids.now(),
    };
    table.insert_member_key(&key).await??;
    Ok(key)
}

/// Forgets a key: what it signs is no code any more. One that is not there is forgotten already.
///
/// # Errors
/// [`MemberRefused::Unknown`] for a customer who is not there, or the store's failure.
pub async fn forget_key(
    table: &Table,
    (tenant, customer): (&TenantId, &CustomerId),
    key: &str,
) -> Result<(), Problem> {
    if let Ok(id) = MemberKeyId::parse(key) {
        table.delete_member_key(tenant, customer, &id).await?;
    }
    table.member(tenant, customer).await?.ok_or(MemberRefused::Unknown)?;
    Ok(())
}
