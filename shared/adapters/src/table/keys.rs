//! The keys of the table, built in this one place from typed ids. `ARCHITECTURE.md` shows them as a whole.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::hex;
use domain::id::{KeyId, PropertyId, TenantId};

/// The name of the partition key.
pub(crate) const PK: &str = "PK";
/// The name of the sort key.
pub(crate) const SK: &str = "SK";
/// The index that lists by owner and time.
pub(crate) const GSI1: &str = "GSI1";
/// Its keys.
pub(crate) const GSI1_PK: &str = "GSI1PK";
/// Its keys.
pub(crate) const GSI1_SK: &str = "GSI1SK";
/// The sort key of a record that has its partition to itself.
const META: &str = "META";

/// How many partitions one code's events of one day are spread over: each takes 1,000 writes a second.
pub const EVENT_SHARDS: u8 = 10;
/// How many partitions a tenant's own totals are spread over, so that codes do not wait for each other.
pub const TENANT_SHARDS: u8 = 16;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(format!("T#{id}"), META)
}

/// A tenant's keys stand beside the tenant, so that a list shows a new one at once.
pub(crate) fn api_key(tenant: &TenantId, id: &KeyId) -> Key {
    Key::new(format!("T#{tenant}"), format!("{API_KEY_PREFIX}{id}"))
}

pub(crate) const API_KEY_PREFIX: &str = "KEY#";

/// Found before the tenant is known.
pub(crate) fn api_key_secret(fingerprint: &str) -> Key {
    Key::new(format!("AK#{fingerprint}"), META)
}

pub(crate) fn session(fingerprint: &str) -> Key {
    Key::new(format!("SE#{fingerprint}"), META)
}

pub(crate) fn property(tenant: &TenantId, id: &PropertyId) -> Key {
    Key::new(format!("P#{tenant}#{id}"), META)
}

/// Found before the tenant is known: all that a scan reads.
pub(crate) fn scan_target(id: &PropertyId) -> Key {
    Key::new(format!("S#{id}"), META)
}

pub(crate) fn code(tenant: &TenantId, id: &PropertyId) -> Key {
    Key::new(format!("C#{tenant}#{id}"), META)
}

pub(crate) fn code_version(tenant: &TenantId, id: &PropertyId, version: u32) -> Key {
    Key::new(format!("C#{tenant}#{id}"), format!("V#{version:010}"))
}

/// The list of a tenant's property codes.
pub(crate) fn codes_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#C#property")
}

/// What every partition of scan events begins with; `template.yaml` filters the stream by it.
pub const EVENT_PREFIX: &str = "E#";

pub(crate) fn event(tenant: &TenantId, code: &PropertyId, day: &str, shard: u8, sk: String) -> Key {
    Key::new(format!("{EVENT_PREFIX}{tenant}#{code}#{day}#{shard}"), sk)
}

/// Whose counters an item holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// One property's code.
    Code(TenantId, PropertyId),
    /// One shard of a tenant's totals over all codes.
    Tenant(TenantId, u8),
}

impl Counted {
    fn pk(&self) -> String {
        match self {
            Counted::Code(tenant, code) => format!("K#{tenant}#{code}"),
            Counted::Tenant(tenant, shard) => format!("K#{tenant}#*{shard}"),
        }
    }
}

pub(crate) fn total(of: &Counted) -> Key {
    Key::new(of.pk(), "TOT")
}

pub(crate) const HOUR_PREFIX: &str = "H#";

pub(crate) fn hour(of: &Counted, hour: &str) -> Key {
    Key::new(of.pk(), format!("{HOUR_PREFIX}{hour}"))
}

pub(crate) const VISITORS_PREFIX: &str = "U#";

pub(crate) fn visitors(of: &Counted, day: &str) -> Key {
    Key::new(of.pk(), format!("{VISITORS_PREFIX}{day}"))
}

/// How far a code's events of one day are counted, per event shard.
pub(crate) fn mark(of: &Counted, day: &str) -> Key {
    Key::new(of.pk(), format!("M#{day}"))
}

pub(crate) fn counters_pk(of: &Counted) -> String {
    of.pk()
}

/// `principal` and `operation` keep one caller's answers from another's; the key is hashed because it is theirs.
pub(crate) fn idempotency(principal: &str, operation: &str, key: &str) -> Key {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(key.as_bytes()));
    Key::new(format!("I#{principal}#{operation}#{digest}"), META)
}

/// An item that is never there: reading it proves that the table answers.
pub(crate) fn probe() -> Key {
    Key::new("HEALTH".to_owned(), META)
}
