//! A tenant, a key, a logo, a property, a guard, a voucher and a restaurant to begin with: made once, found again at
//! each later start.
//!
//! The tenant and its key are written into the table, because no route makes the first key; all else goes through the
//! platform's own API, as a customer's would. Deliberately absent: scans. The first one is the reader's.

mod guard;
mod logo;
mod loyalty;
mod voucher;

use std::fmt;
use std::path::{Path, PathBuf};

use adapters::environment::EnvironmentError;
use adapters::random::Random;
use adapters::table::{StoreError, Table};
use axum::body::Bytes;
use domain::access::{Scope, fingerprint};
use domain::code::{CodeStatus, scan_url};
use domain::customer::CustomerId;
use domain::guard::GuardToken;
use domain::id::{
    BusinessId, GuardId, InvalidId, PropertyId, RestaurantId, RewardId, TenantId, VoucherId,
};
use http::{Method, Request, Response, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};
use crate::embedded::files::{self, Readers};
use crate::stack::Stack;
use crate::tenancy::{Registrar, TenancyRefused};

pub(crate) use loyalty::CUSTOMER;

/// The file in the data folder that says where the demo is and with which key.
pub const DEMO_FILE: &str = "demo.json";
/// The property that the requirements show as their example.
const PROPERTY_ID: &str = "67ec31596333aba221e84df8";
const TENANT_NAME: &str = "DAO-Bitat (demo)";
const KEY_NAME: &str = "demo";
/// The demo tenant has the same id in every folder, so that it is found without its key: this instant, these bytes.
const TENANT_MADE_S: i64 = 1_767_225_600;
const TENANT_BYTES: [u8; 10] = *b"daobitdemo";

/// The demo tenant's key at the simulator.
const SIMULATED_KEY: &str = "sk_test_tessera_demo";

/// Where the demo is; what [`DEMO_FILE`] says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// Where the platform answers on this machine.
    pub base_url: String,
    /// The key's secret, for the header `x-api-key`.
    pub api_key: String,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The property.
    pub property_id: PropertyId,
    /// The guard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_id: Option<GuardId>,
    /// What the path of the guard's code carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard_token: Option<GuardToken>,
    /// The business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_id: Option<BusinessId>,
    /// Its voucher, a draft at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher_id: Option<VoucherId>,
    /// What the voucher's QR code carries: a signed token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher_token: Option<String>,
    /// The restaurant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restaurant_id: Option<RestaurantId>,
    /// Its customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What points are spent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_id: Option<RewardId>,
    /// Where the simulator of Paystack answers, unless the real one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulator_url: Option<String>,
    /// The tenant's secret key at the simulator; a real one is never written here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paystack_secret_key: Option<String>,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The template has none of the functions that a demo is of.
    #[error("the template has no function `{0}`")]
    NoFunction(&'static str),
    /// A function's variable is missing.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The table does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant or its key could not be made.
    #[error("{0}")]
    Tenancy(String),
    /// The file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// An id of this file is not one.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// The gateway gave no answer, or a refusal.
    #[error("{step}: {reason}")]
    Step {
        /// What was to be done.
        step: &'static str,
        /// What came of it.
        reason: String,
    },
}

impl From<TenancyRefused> for DemoError {
    fn from(refused: TenancyRefused) -> Self {
        Self::Tenancy(refused.to_string())
    }
}

impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Demo({}, {})", self.base_url, self.tenant_id)
    }
}

/// Makes what is missing of the demo, and writes [`DEMO_FILE`] into the data folder.
///
/// # Errors
/// One line that names the step.
pub async fn make(stack: &Stack) -> Result<Demo, DemoError> {
    let demo = ensure_key(stack).await?;
    let table = table(stack)?;
    let api = Api { client: Client::plain(), demo: &demo };
    let tenant = table.tenant(&demo.tenant_id).await?;
    if tenant.is_some_and(|tenant| tenant.logo.is_none()) {
        let logo = logo::png().map_err(|error| step("drawing the logo", error))?;
        api.send("storing the logo", Method::PUT, "/api/v1/tenant/logo", Payload::Png(logo))
            .await?;
    }
    if table.property(&demo.tenant_id, &demo.property_id).await?.is_none() {
        let path = format!("/api/v1/properties/{PROPERTY_ID}");
        api.send("storing the property", Method::PUT, &path, Payload::Json(property())).await?;
    }
    // A code that its owner has changed stays as it is, as long as it leads here.
    let leads_here = scan_url(stack.public_url(), &demo.property_id);
    let code = table.code(&demo.tenant_id, &demo.property_id).await?;
    if !code.is_some_and(|c| c.status == CodeStatus::Active && c.scan_url == leads_here) {
        let path = format!("/api/v1/qr/generate/{PROPERTY_ID}");
        api.send("making the code", Method::POST, &path, Payload::Json(code_wishes())).await?;
    }
    let simulated = ensure_merchant(stack, &demo.tenant_id)?;
    let guard = guard::ensure(&table, &api, &demo.tenant_id).await?;
    let voucher = voucher::ensure(&table, &api, &demo.tenant_id, stack.clock().now()).await?;
    let loyalty = loyalty::ensure(&table, &api, &demo.tenant_id).await?;
    let demo = Demo {
        guard_id: Some(guard.id),
        guard_token: Some(guard.token),
        business_id: Some(voucher.business),
        voucher_id: Some(voucher.id),
        voucher_token: Some(voucher.token),
        restaurant_id: Some(loyalty.restaurant),
        customer_id: Some(loyalty.customer),
        reward_id: Some(loyalty.reward),
        simulator_url: stack.simulator_url(),
        paystack_secret_key: simulated,
        ..demo.clone()
    };
    write(stack, &demo)?;
    stack.show_demo(demo.clone());
    Ok(demo)
}

/// Gives the demo's tenant its key at Paystack: the one of the variable, for the real one, else the simulator's, which
/// is no secret.
fn ensure_merchant(stack: &Stack, tenant: &TenantId) -> Result<Option<String>, DemoError> {
    let failed = |reason| step("giving the tenant its key at Paystack", reason);
    if stack.simulator().is_some() {
        let key = SIMULATED_KEY.to_owned();
        stack.ensure_merchant(tenant, TENANT_NAME, &key).map_err(failed)?;
        stack.ask_before_transfers(tenant, true).map_err(failed)?;
        return Ok(Some(key));
    }
    if let Some(key) = stack.paystack_key() {
        stack.ensure_merchant(tenant, TENANT_NAME, key).map_err(failed)?;
    }
    Ok(None)
}

/// The demo's tenant and key alone: those that the file names if the table knows them, else new ones.
pub(crate) async fn ensure_key(stack: &Stack) -> Result<Demo, DemoError> {
    let table = table(stack)?;
    let kept = read(&stack.data_path(DEMO_FILE))?;
    let base_url = stack.base_url().to_owned();
    if let Some(kept) = kept {
        let key = table.api_key_by_fingerprint(&fingerprint(&kept.api_key)).await?;
        if key.is_some_and(|key| key.tenant == kept.tenant_id) {
            return Ok(Demo { base_url, ..kept });
        }
    }
    let made = Timestamp::from_second(TENANT_MADE_S).unwrap_or_default();
    let tenant_id = TenantId::new(made, TENANT_BYTES);
    let random = random(stack)?;
    let registrar = Registrar { table, clock: stack.clock().clone(), random };
    registrar.ensure_tenant(&tenant_id, TENANT_NAME).await?;
    // Before anybody has a key to ask with: that there is none is remembered for a while.
    ensure_merchant(stack, &tenant_id)?;
    let api_key = registrar.insert_key(&tenant_id, KEY_NAME, &Scope::ALL).await?;
    let demo = Demo {
        base_url,
        api_key,
        tenant_id,
        property_id: PropertyId::parse(PROPERTY_ID)?,
        guard_id: None,
        guard_token: None,
        business_id: None,
        voucher_id: None,
        voucher_token: None,
        restaurant_id: None,
        customer_id: None,
        reward_id: None,
        simulator_url: None,
        paystack_secret_key: None,
    };
    // At once: a key that nobody has written down cannot be shown again.
    write(stack, &demo)?;
    Ok(demo)
}

/// What the file says, when it is there and is one of ours.
///
/// # Errors
/// [`DemoError::File`] when it cannot be read.
pub fn read(path: &Path) -> Result<Option<Demo>, DemoError> {
    match std::fs::read(path) {
        // A file that somebody has broken is as good as none: it is written anew.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(path, &error)),
    }
}

/// What the next generation of the demo's code is to look like: a vector image too, and the logo.
pub(crate) fn code_wishes() -> Value {
    json!({"format": "svg", "logo": true})
}

fn write(stack: &Stack, demo: &Demo) -> Result<(), DemoError> {
    let path: PathBuf = stack.data_path(DEMO_FILE);
    files::replace(&path, demo, Readers::Owner).map_err(|error| file_error(&path, &error))
}

fn file_error(path: &Path, error: &std::io::Error) -> DemoError {
    DemoError::File { path: path.display().to_string(), reason: error.to_string() }
}

/// The function that makes keys also has what a demo needs of the table.
const FUNCTION: &str = "tenants";

fn table(stack: &Stack) -> Result<Table, DemoError> {
    let environment = stack.environment(FUNCTION).ok_or(DemoError::NoFunction(FUNCTION))?;
    Ok(Table::from_env(environment)?)
}

fn random(stack: &Stack) -> Result<adapters::random::Random, DemoError> {
    let environment = stack.environment(FUNCTION).ok_or(DemoError::NoFunction(FUNCTION))?;
    Ok(environment.random.clone())
}

fn property() -> Value {
    json!({
        "property_name": "Bitat Garden Villa",
        "location": "Lagos",
        "onchain_id": "0x4f3c2b1a09e8d7c6b5a4938271605f4e3d2c1b0a",
        "price": 185_000,
        "action": "for sale",
        "crypto_accepted": true,
        "property_type": "villa",
        "coordinates": {"latitude": "6.447500", "longitude": "3.472300"},
        "amenities": {"bedrooms": 4, "bathrooms": 3, "features": ["garden", "borehole", "solar roof"]},
    })
}

/// What a request carries.
pub(crate) enum Payload {
    Nothing,
    Json(Value),
    Png(Vec<u8>),
}

/// The platform's API with the demo's key.
pub(crate) struct Api<'d> {
    pub(crate) client: Client,
    pub(crate) demo: &'d Demo,
}

impl Api<'_> {
    /// Reads something.
    pub(crate) async fn read(
        &self,
        what: &'static str,
        path: &str,
    ) -> Result<Response<Bytes>, DemoError> {
        self.send(what, Method::GET, path, Payload::Nothing).await
    }

    /// What a route says of something.
    pub(crate) async fn shown(&self, what: &'static str, path: &str) -> Result<Value, DemoError> {
        let answer = self.read(what, path).await?;
        serde_json::from_slice(answer.body()).map_err(|error| step(what, error))
    }

    /// Makes something, and says what the route says of it.
    pub(crate) async fn made(
        &self,
        what: &'static str,
        path: &str,
        wishes: Value,
    ) -> Result<Value, DemoError> {
        let answer = self.send(what, Method::POST, path, Payload::Json(wishes)).await?;
        serde_json::from_slice(answer.body()).map_err(|error| step(what, error))
    }

    /// Sends one request; anything but success is an error that quotes the problem's own sentence.
    pub(crate) async fn send(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        payload: Payload,
    ) -> Result<Response<Bytes>, DemoError> {
        let key = hex::encode(Random::system().bytes::<16>());
        let (media_type, body) = match payload {
            Payload::Nothing => ("application/json", Vec::new()),
            Payload::Json(value) => ("application/json", value.to_string().into_bytes()),
            Payload::Png(bytes) => ("image/png", bytes),
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.demo.base_url))
            .header("x-api-key", &self.demo.api_key)
            .header("idempotency-key", key)
            .header(header::CONTENT_TYPE, media_type)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| step(what, error))?;
        let sent: Result<_, ClientError> = self.client.send(request).await;
        let answer = sent.map_err(|error| step(what, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let text: String = String::from_utf8_lossy(answer.body()).chars().take(300).collect();
        Err(step(what, format!("{} {text}", answer.status())))
    }
}

fn step(step: &'static str, reason: impl fmt::Display) -> DemoError {
    DemoError::Step { step, reason: reason.to_string() }
}
