//! `tessera tenant create`: a tenant and its first key, in the cloud's table or in the data folder's.

use std::process::ExitCode;

use adapters::environment::Environment;
use adapters::table::Table;
use domain::access::Scope;

use crate::stack::{Options, StartError, Store};
use crate::tenancy::Registrar;

/// Says which table is meant.
const TABLE_NAME: &str = "TABLE_NAME";
/// The function whose permissions cover what is written here.
const FUNCTION: &str = "tenants";
const KEY_NAME: &str = "first key";

/// Makes the tenant and prints its id and its key.
pub(super) async fn create(
    name: &str,
    scopes: Vec<Scope>,
    options: &Options,
) -> Result<ExitCode, String> {
    let mut scopes = if scopes.is_empty() { Scope::ALL.to_vec() } else { scopes };
    scopes.sort_unstable();
    scopes.dedup();
    let process = Environment::of_process().map_err(|error| error.to_string())?;
    if let Some(table) = process.optional(TABLE_NAME) {
        let made = register(&process, name, &scopes).await?;
        return Ok(report(&made, &format!("in the table {table}")));
    }
    let store = Store::open(options, FUNCTION).map_err(advice)?;
    let made = register(store.environment(), name, &scopes).await;
    store.close().await;
    Ok(report(&made?, "in the data folder"))
}

/// A new tenant's id and its key's secret.
struct Made {
    tenant_id: String,
    api_key: String,
}

async fn register(environment: &Environment, name: &str, scopes: &[Scope]) -> Result<Made, String> {
    let registrar = Registrar {
        table: Table::from_env(environment).map_err(|error| error.to_string())?,
        clock: environment.clock.clone(),
        random: environment.random.clone(),
    };
    let tenant = registrar.insert_tenant(name).await.map_err(|error| error.to_string())?;
    let key = registrar.insert_key(&tenant, KEY_NAME, scopes).await;
    let api_key = key.map_err(|error| format!("the tenant {tenant} has no key: {error}"))?;
    Ok(Made { tenant_id: tenant.to_string(), api_key })
}

fn report(made: &Made, place: &str) -> ExitCode {
    eprintln!("Made {place}. The key is shown only now.");
    println!("tenant_id: {}", made.tenant_id);
    println!("api_key: {}", made.api_key);
    ExitCode::SUCCESS
}

/// What to do when the folder is taken.
fn advice(error: StartError) -> String {
    match error {
        StartError::InUse(folder) => format!(
            "the data folder {folder} is in use by a running tessera; stop it, make the tenant, and start it again"
        ),
        other => other.to_string(),
    }
}
