//! A platform of one's own: the real one, on a free port, in a temporary folder, with a clock that is moved by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adapters::clock::Clock;
use adapters::environment::Environment;
use adapters::random::Random;
use adapters::table::Table;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::{ApiKey, Scope, fingerprint, hex, key_secret};
use domain::id::{KeyId, TenantId};
use domain::tenant::{Rollout, Tenant, TenantSettings};
use futures::stream::{StreamExt, iter};
use jiff::{SignedDuration, Timestamp};
use local::paystack::Simulator;
use local::stream::Deliveries;
use local::{DataFolder, Inbox, Meter, Options, QueueState, Registry, Stack, TemplateSource};
use reqwest::Client;
use serde_json::Value;

use crate::inventory::BackDoor;
use crate::{Inventory, Owner, Patron, Visitor};

/// Counts the tenants of this process, so that no two are called the same.
static TENANTS: AtomicU64 = AtomicU64::new(1);

/// How a platform is started, where a test wants it otherwise.
#[derive(Clone, Debug)]
pub struct Start {
    /// The first instant.
    pub at: Timestamp,
    /// How unkind the stream is.
    pub deliveries: Deliveries,
    /// Where it keeps what it must not forget.
    pub data: DataFolder,
    /// What it runs.
    pub registry: Registry,
    /// What its functions are told on top of the template.
    pub variables: BTreeMap<String, String>,
}

impl Default for Start {
    fn default() -> Self {
        let at = "2026-11-20T12:00:00Z".parse().unwrap();
        let (deliveries, data) = (Deliveries::default(), DataFolder::Temporary);
        let variables = BTreeMap::new();
        Self { at, deliveries, data, registry: local::functions::registry(), variables }
    }
}

/// The platform.
#[derive(Debug)]
pub struct Platform {
    stack: Stack,
    client: Client,
    base: Arc<str>,
    back_door: BackDoor,
    owner: Owner,
}

impl Platform {
    /// Starts it with one tenant.
    pub async fn start() -> Self {
        Self::start_with(Start::default()).await
    }

    /// Starts it as the test wants it, with one tenant.
    pub async fn start_with(start: Start) -> Self {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let options = Options {
            clock: Clock::manual(start.at),
            deliveries: start.deliveries,
            data: start.data,
            variables: start.variables,
            ..Options::for_test(TemplateSource::File(template), start.registry)
        };
        let stack = Stack::start(options).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let base: Arc<str> = stack.base_url().into();
        let back_door = BackDoor::of(stack.environment("generate").unwrap());
        let owner = connected(&stack, &client, &base).await;
        Self { stack, client, base, back_door, owner }
    }

    /// The first tenant's owner, who may do everything.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The owner of another, new tenant.
    pub async fn newcomer(&self) -> Owner {
        connected(&self.stack, &self.client, &self.base).await
    }

    /// The owner of another, new tenant that has not connected Paystack.
    pub async fn newcomer_without_paystack(&self) -> Owner {
        let (owner, _) = tenant(&self.stack, &self.client, &self.base).await;
        owner
    }

    /// Somebody with an iPhone.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.client.clone(), self.base.clone())
    }

    /// Somebody who tips.
    pub fn patron(&self) -> Patron {
        Patron::at(&self.base)
    }

    /// Paystack, with its own books.
    pub fn simulator(&self) -> &Simulator {
        self.stack.simulator().unwrap()
    }

    /// The table, as a function has it.
    pub fn table(&self) -> Table {
        // Tenants: the only one of whose requests no test counts.
        Table::from_env(self.stack.environment("tenants").unwrap()).unwrap()
    }

    /// What a function finds around it, to make adapters of one's own.
    pub fn environment(&self, function: &str) -> &Environment {
        self.stack.environment(function).unwrap()
    }

    /// Where it answers.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What runs it.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// What the functions ask of AWS, and the faults that meet them.
    pub fn meter(&self) -> &Meter {
        self.stack.meter()
    }

    /// What would have gone out to people.
    pub fn inbox(&self) -> &Inbox {
        self.stack.inbox()
    }

    /// The address of a browser at this machine's push service.
    pub fn push_endpoint(&self, browser: &str) -> String {
        self.stack.push_endpoint(browser)
    }

    /// What a queue holds, by its name in the template.
    pub fn queue(&self, id: &str) -> QueueState {
        self.stack.queue(id).unwrap()
    }

    /// Sends what a queue has put aside back to it; says how many messages.
    pub fn redrives(&self, queue: &str) -> usize {
        self.stack.redrive(queue).unwrap()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.stack.clock().now()
    }

    /// Calls a function with an event, as often as a test wants to.
    pub async fn invokes(&self, function: &str, event: Value) -> Value {
        self.stack.invoke(function, event).await.unwrap()
    }

    /// Lets time pass.
    pub async fn passes(&self, by: SignedDuration) {
        self.stack.advance(by).await;
    }

    /// Delivers everything that waits in the stream.
    pub async fn quiet(&self) {
        self.stack.quiet().await.unwrap();
    }

    /// Stops it, and what it keeps stays.
    pub async fn stops(self) {
        self.stack.stop().await;
    }

    /// Everything that lies in the table and the bucket.
    pub async fn inventory(&self) -> Inventory {
        self.back_door.inventory().await
    }

    /// Spoils an item of the table: the attribute becomes a list, which no item has there.
    pub async fn spoils(&self, pk: &str, sk: &str, attribute: &str) {
        self.back_door.spoil(pk, sk, attribute, AttributeValue::L(Vec::new())).await;
    }

    /// Writes a text into an item, or into a new one, past everything that would object.
    pub async fn plants(&self, pk: &str, sk: &str, attribute: &str, text: &str) {
        self.back_door.spoil(pk, sk, attribute, AttributeValue::S(text.to_owned())).await;
    }

    /// Writes another number into an item, past everything that would object.
    pub async fn forges(&self, pk: &str, sk: &str, attribute: &str, number: i64) {
        self.back_door.spoil(pk, sk, attribute, AttributeValue::N(number.to_string())).await;
    }
}

/// What random choices are made of: the variable `TESSERA_SEED`, else another number each time. It is printed.
pub fn seed() -> u64 {
    let given =
        std::env::var_os("TESSERA_SEED").and_then(|seed| seed.into_string().ok()?.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from_be_bytes(Random::system().bytes()));
    println!("TESSERA_SEED={seed}");
    seed
}

/// Runs all of them, so many at a time.
pub async fn at_once<F: Future>(most: usize, all: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    iter(all).buffer_unordered(most).collect().await
}

/// A new tenant whose key Paystack knows.
async fn connected(stack: &Stack, client: &Client, base: &Arc<str>) -> Owner {
    let (owner, name) = tenant(stack, client, base).await;
    let key = format!("sk_test_{}", hex(&Random::system().bytes::<20>()));
    stack.ensure_merchant(&owner.tenant, &name, &key).unwrap();
    owner
}

/// Makes a tenant and a key with all scopes, as the command line does; says what the tenant is called.
async fn tenant(stack: &Stack, client: &Client, base: &Arc<str>) -> (Owner, String) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let (now, random) = (stack.clock().now(), Random::system());
    let id = TenantId::new(now, random.bytes());
    let name = format!("DAO-Bitat {}", TENANTS.fetch_add(1, Ordering::Relaxed));
    let tenant = Tenant {
        id: id.clone(),
        settings: TenantSettings::named(&name),
        logo: None,
        version: 1,
        rollout: Rollout::Done,
        created_at: now,
    };
    assert!(table.insert_tenant(&tenant).await.unwrap());
    let secret = key_secret(random.bytes());
    let key = ApiKey {
        id: KeyId::new(now, random.bytes()),
        tenant: id.clone(),
        name: "first".to_owned(),
        scopes: Scope::ALL.to_vec(),
        bound_to: None,
        created_at: now,
    };
    assert!(table.insert_api_key(&key, &fingerprint(&secret)).await.unwrap());
    (Owner::new(client.clone(), base.clone(), secret, id), name)
}
