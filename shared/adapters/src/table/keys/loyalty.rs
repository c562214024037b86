//! The keys of loyalty: programmes, restaurants, rewards, customers, their points and their tokens.

use domain::customer::CustomerId;
use domain::id::{MemberKeyId, ProgrammeId, RestaurantId, RewardId, TenantId};
use domain::loyalty_token::TokenHash;
use domain::member::EmailHash;
use domain::points::PointsReference;

use super::{BALANCE, Key, META};

/// Over how many partitions what is due in purses is spread.
pub const PURSE_SHARDS: u8 = 8;

pub(crate) fn programme(tenant: &TenantId, id: &ProgrammeId) -> Key {
    Key::new(format!("PR#{tenant}#{id}"), META)
}

pub(crate) fn programmes_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#PR")
}

/// The accounts of a programme that no customer has.
pub(crate) fn points_totals(tenant: &TenantId, id: &ProgrammeId) -> Key {
    Key::new(format!("PR#{tenant}#{id}"), BALANCE)
}

pub(crate) fn restaurant(tenant: &TenantId, id: &RestaurantId) -> Key {
    Key::new(format!("RS#{tenant}#{id}"), META)
}

pub(crate) fn restaurants_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#RS")
}

pub(crate) fn reward(tenant: &TenantId, id: &RewardId) -> Key {
    Key::new(format!("RW#{tenant}#{id}"), META)
}

pub(crate) fn rewards_of_programme(tenant: &TenantId, id: &ProgrammeId) -> String {
    format!("PR#{tenant}#{id}#RW")
}

pub(crate) fn member_pk(tenant: &TenantId, id: &CustomerId) -> String {
    format!("LM#{tenant}#{id}")
}

pub(crate) fn member(tenant: &TenantId, id: &CustomerId) -> Key {
    Key::new(member_pk(tenant, id), META)
}

pub(crate) fn members_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#LM")
}

/// The address of a customer, which no other of its tenant has.
pub(crate) fn member_email(tenant: &TenantId, email: &EmailHash) -> Key {
    Key::new(format!("ME#{tenant}#{email}"), META)
}

pub(crate) const MEMBER_KEY_PREFIX: &str = "KEY#";

/// A key of a customer's wallet, beside its customer.
pub(crate) fn member_key(tenant: &TenantId, customer: &CustomerId, id: &MemberKeyId) -> Key {
    Key::new(member_pk(tenant, customer), format!("{MEMBER_KEY_PREFIX}{id}"))
}

/// How many those are.
pub(crate) fn member_keys_held(tenant: &TenantId, customer: &CustomerId) -> Key {
    Key::new(member_pk(tenant, customer), "KEYS")
}

/// The same, as a code names it.
pub(crate) fn named_member_key(tenant: &TenantId, id: &MemberKeyId) -> Key {
    Key::new(format!("MK#{tenant}#{id}"), META)
}

pub(crate) const PURSE_PREFIX: &str = "PU#";

/// A customer's points in a programme.
pub(crate) fn purse(tenant: &TenantId, programme: &ProgrammeId, customer: &CustomerId) -> Key {
    Key::new(format!("{PURSE_PREFIX}{tenant}#{programme}#{customer}"), META)
}

/// What has happened to them.
pub(crate) fn points_of_customer(
    tenant: &TenantId,
    programme: &ProgrammeId,
    customer: &CustomerId,
) -> String {
    format!("{PURSE_PREFIX}{tenant}#{programme}#{customer}#PT")
}

/// The purses of one shard in which something runs out.
pub(crate) fn due_purses(shard: u8) -> String {
    format!("DUE#purse#{shard}")
}

/// What every transaction of points begins with; `template.yaml` filters the stream by it.
pub const POINTS_PREFIX: &str = "PT#";

pub(crate) fn points(
    tenant: &TenantId,
    programme: &ProgrammeId,
    reference: &PointsReference,
) -> Key {
    Key::new(format!("{POINTS_PREFIX}{tenant}#{programme}#{reference}"), META)
}

/// Found by what a scanner has read, before anything else is known.
pub(crate) fn loyalty_token(hash: &TokenHash) -> Key {
    Key::new(format!("QT#{hash}"), META)
}

pub(crate) fn tokens_of_restaurant(tenant: &TenantId, restaurant: &RestaurantId) -> String {
    format!("RS#{tenant}#{restaurant}#QT")
}

/// A customer's present code for earning at a restaurant: a new one ends the one before.
pub(crate) fn current_token(
    tenant: &TenantId,
    restaurant: &RestaurantId,
    customer: &CustomerId,
) -> Key {
    Key::new(format!("QC#{tenant}#{restaurant}#{customer}"), META)
}
