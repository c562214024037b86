//! A platform that is the same each time: what is in it before an event arrives.

use adapters::images::Images;
use adapters::table::{Session, Table};
use domain::access::{ApiKey, Scope, fingerprint, key_secret};
use domain::id::{KeyId, TenantId};
use domain::property::Property;
use domain::tenant::{Rollout, Tenant, TenantSettings};
use jiff::{SignedDuration, Timestamp};
use local::Stack;
use serde_json::{Value, json};

use crate::call::{Answered, call};
use crate::fixture::{NOON, root, router};
use crate::guards::hire_all;

/// A property with a code.
pub(crate) const WITH_CODE: &str = "67ec31596333aba221e84df8";
/// A property without one.
const WITHOUT_CODE: &str = "67ec31596333aba221e84df9";
/// A property that no code can be made for: it has no name.
const NOT_ELIGIBLE: &str = "67ec31596333aba221e84dfa";
/// The token of an open session.
const SESSION_TOKEN: &str = "0909090909090909090909090909090909090909090909090909090909090909";

/// The secret of the key with this number: `tsk_` and the number 32 times, in hexadecimal.
pub(crate) fn secret(number: u8) -> String {
    key_secret([number; 32])
}

/// The tenant of every golden event.
pub(crate) fn tenant_id() -> TenantId {
    TenantId::new(noon(), [1; 10])
}

pub(crate) fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

/// Adds the tenant.
pub(crate) async fn insert_tenant(table: &Table) -> TenantId {
    let tenant = Tenant {
        id: tenant_id(),
        settings: TenantSettings::named("DAO-Bitat"),
        logo: None,
        version: 1,
        rollout: Rollout::Done,
        created_at: noon(),
    };
    assert!(table.insert_tenant(&tenant).await.unwrap());
    tenant.id
}

/// Adds a key with a number, which is in its id and its secret.
pub(crate) async fn insert_key(table: &Table, tenant: &TenantId, number: u8, scopes: Vec<Scope>) {
    let key = ApiKey {
        id: KeyId::new(noon(), [number; 10]),
        tenant: tenant.clone(),
        name: format!("Key {number}"),
        scopes,
        bound_to: None,
        created_at: noon(),
    };
    assert!(table.insert_api_key(&key, &fingerprint(&secret(number))).await.unwrap());
}

fn property(id: &str, name: &str) -> Property {
    let document = json!({
        "_id": { "$oid": id },
        "owner": { "$oid": "67ec31596333aba221e84d00" },
        "propertyName": name,
        "location": "Lekki, Lagos",
        "onchainId": "0x52908400098527886E0F7030069857D2E4169EE7",
        "price": 150_000,
        "action": "for sale",
        "cryptoAccepted": true,
    });
    Property::from_document(&document).unwrap()
}

/// A tenant with keys (7 may everything, 8 may read codes, 9 is there to be deleted), a session, three properties
/// and one code, and three guards.
pub(crate) async fn seed(stack: &Stack) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let tenant = insert_tenant(&table).await;
    insert_key(&table, &tenant, 7, Scope::ALL.to_vec()).await;
    insert_key(&table, &tenant, 8, vec![Scope::CodesRead]).await;
    insert_key(&table, &tenant, 9, vec![Scope::AnalyticsRead]).await;
    let expires_at = noon() + SignedDuration::from_hours(1);
    let ttl = expires_at.as_second();
    let session = Session { key_fingerprint: fingerprint(&secret(7)), expires_at, ttl };
    assert!(table.insert_session(&fingerprint(SESSION_TOKEN), &session).await.is_ok());
    let properties = [
        property(WITH_CODE, "Lekki Pearl"),
        property(WITHOUT_CODE, "Ikoyi Gardens"),
        property(NOT_ELIGIBLE, ""),
    ];
    let taken = table.commit_properties(&tenant, &properties).await.unwrap();
    assert!(taken.is_empty(), "{taken:?}");
    let made = answer(stack, "generate", "generate_code").await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let photos = Images::from_env(stack.environment("photos").unwrap()).unwrap();
    hire_all(&table, &photos, &table.tenant(&tenant).await.unwrap().unwrap()).await;
    // The images do lie in the bucket, as the code says.
    let images = Images::from_env(stack.environment("generate").unwrap()).unwrap();
    let body: Value = serde_json::from_slice(&made.body).unwrap();
    let address = body["image_url"].as_str().unwrap();
    let key = address.strip_prefix(&images.public_url("")).unwrap();
    assert!(images.get(key).await.unwrap().is_some(), "{key}");
}

/// Two scans, counted: one by a person, one by a bot.
pub(crate) async fn scan(stack: &Stack) {
    for name in ["scan_page", "scan_page.by_a_bot"] {
        assert_eq!(answer(stack, "scan", name).await.status, 200, "{name}");
    }
    stack.quiet().await.unwrap();
}

/// The answer to one of the golden events.
async fn answer(stack: &Stack, function: &str, name: &str) -> Answered {
    let event = root().join(format!("events/http/{function}/{name}.json"));
    let event = std::fs::read_to_string(&event).unwrap();
    // The beginning of the random numbers is another one than the event's own.
    let seed = name.bytes().map(u64::from).sum();
    call(&router(stack, function, seed), &event).await
}
