//! Somebody with an API key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::access::Scope;
use domain::id::TenantId;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{Ask, House, Reply, lines};

/// Makes each `Idempotency-Key` another one.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A tenant's key and what is done with it.
#[derive(Clone, Debug)]
pub struct Owner {
    client: Client,
    base: Arc<str>,
    /// The key's secret.
    pub key: String,
    /// Whose key it is.
    pub tenant: TenantId,
}

impl Owner {
    pub(crate) fn new(client: Client, base: Arc<str>, key: String, tenant: TenantId) -> Self {
        Self { client, base, key, tenant }
    }

    /// Takes houses in, all of them.
    pub async fn imports(&self, houses: &[House]) {
        let report = self.imports_text(&lines(houses)).await.is(200).json();
        assert_eq!(report["imported"], houses.len(), "{report}");
    }

    /// Sends a file of houses.
    pub async fn imports_text(&self, text: &str) -> Reply {
        self.post("/api/v1/properties/import").body("application/x-ndjson", text.to_owned()).await
    }

    /// Makes a new version of a house's code.
    pub async fn generates(&self, house: &House) -> Value {
        self.generates_with(house, &json!({})).await.is(201).json()
    }

    /// Asks for a code with these settings.
    pub async fn generates_with(&self, house: &House, settings: &Value) -> Reply {
        self.post(&format!("/api/v1/qr/generate/{}", house.id)).json(settings).await
    }

    /// Asks for the codes of these houses at once.
    pub async fn generates_all(&self, houses: &[House]) -> Reply {
        let ids: Vec<&str> = houses.iter().map(|house| house.id.as_str()).collect();
        self.post("/api/v1/qr/batch-generate").json(&json!({ "property_ids": ids })).await
    }

    /// Makes the next version of a code, whatever stands there.
    pub async fn regenerates(&self, house: &House, settings: &Value) -> Reply {
        self.put(&format!("/api/v1/qr/{}/regenerate", house.id)).json(settings).await
    }

    /// Takes a code back.
    pub async fn deletes(&self, house: &House) -> Reply {
        self.delete(&format!("/api/v1/qr/{}", house.id)).await
    }

    /// Reads what is known of a code.
    pub async fn reads(&self, house: &House) -> Reply {
        self.get(&format!("/api/v1/qr/{}", house.id)).await
    }

    /// The scans of a code.
    pub async fn analytics(&self, house: &House) -> Value {
        self.analytics_with(house, "").await.is(200).json()
    }

    /// The scans of a code, within what the query says.
    pub async fn analytics_with(&self, house: &House, query: &str) -> Reply {
        self.get(&format!("/api/v1/qr/{}/analytics{query}", house.id)).await
    }

    /// Takes on a guard of this name, whose employee id no other of this process has.
    pub async fn hires(&self, first_name: &str, last_name: &str) -> Value {
        let employee_id = format!("G-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let request = json!({
            "first_name": first_name, "last_name": last_name, "employee_id": employee_id,
            "phone": "+234 801 234 5678", "email": "guard@example.com",
        });
        self.post_once("/api/v1/guards").json(&request).await.is(201).json()
    }

    /// Issues a code to a guard, in the place of the one before.
    pub async fn prints_code(&self, guard: &Value) -> Value {
        self.post_once(&format!("{}/qr", self.path_of(guard))).json(&json!({})).await.is(201).json()
    }

    /// The path of a guard.
    pub fn path_of(&self, guard: &Value) -> String {
        format!("/api/v1/guards/{}", guard["guard_id"].as_str().unwrap())
    }

    /// A POST with an `Idempotency-Key` of its own.
    pub fn post_once(&self, path: &str) -> Ask {
        let fresh = format!("once-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.post(path).header("idempotency-key", &fresh)
    }

    /// Makes another key of the tenant, bound to nothing.
    pub async fn makes_key(&self, scopes: &[Scope]) -> Owner {
        let request = json!({ "name": "another", "scopes": scopes });
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let made = self.asks_for_key(&request, &fresh).await.is(201).json();
        self.with_key(made["api_key"].as_str().unwrap())
    }

    /// Asks for a key under an `Idempotency-Key`.
    pub async fn asks_for_key(&self, request: &Value, idempotency_key: &str) -> Reply {
        let ask = self.post("/api/v1/api-keys").header("idempotency-key", idempotency_key);
        ask.json(request).await
    }

    /// The same owner with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Owner {
        Owner { key: key.to_owned(), ..self.clone() }
    }

    /// The same owner at another address, after the platform was started again.
    #[must_use]
    pub fn at(&self, base: &str) -> Owner {
        Owner { base: base.into(), ..self.clone() }
    }

    /// A GET with the key.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// A POST with the key.
    pub fn post(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }

    /// A PUT with the key.
    pub fn put(&self, path: &str) -> Ask {
        self.ask(Method::PUT, path)
    }

    /// A DELETE with the key.
    pub fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path)
    }

    /// Any request with the key; with none when the key is empty.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::new(&self.client, &self.base, method, path);
        if self.key.is_empty() { ask } else { ask.header("x-api-key", &self.key) }
    }
}
