//! `tessera ledger check`: the whole ledger of a tenant, in the cloud's table or in the data folder's, with all the
//! time that it takes.

use std::collections::BTreeSet;
use std::process::ExitCode;

use adapters::audit::{Findings, Scope, audit};
use adapters::environment::Environment;
use adapters::table::Table;
use domain::id::TenantId;

use crate::stack::{Options, StartError, Store};

/// Says which table is meant.
const TABLE_NAME: &str = "TABLE_NAME";
/// The function that may read what is checked.
const FUNCTION: &str = "finance";
/// What the process ends with when something is off.
const EXIT_OFF: u8 = 1;

/// Checks the ledger and prints what is off. Ends with 0 when nothing is, with 1 when something is, and with 2 when it
/// could not be checked as a whole.
pub(super) async fn check(tenant: &str, options: &Options) -> Result<ExitCode, String> {
    let tenant = TenantId::parse(tenant).map_err(|error| error.to_string())?;
    let process = Environment::of_process().map_err(|error| error.to_string())?;
    if process.optional(TABLE_NAME).is_some() {
        return report(&read(&process, &tenant).await?);
    }
    let store = Store::open(options, FUNCTION).map_err(advice)?;
    let found = read(store.environment(), &tenant).await;
    store.close().await;
    report(&found?)
}

async fn read(environment: &Environment, tenant: &TenantId) -> Result<Findings, String> {
    let table = Table::from_env(environment).map_err(|error| error.to_string())?;
    let stored = table.tenant(tenant).await.map_err(|error| error.to_string())?;
    let stored = stored.ok_or_else(|| format!("there is no tenant {tenant}"))?;
    let scope = Scope {
        tenant: stored.id,
        since: stored.created_at,
        now: environment.clock.now(),
        currencies: BTreeSet::from([stored.settings.tips.currency]),
        budget: None,
    };
    audit(&table, &scope).await.map_err(|error| error.to_string())
}

fn report(found: &Findings) -> Result<ExitCode, String> {
    println!(
        "{} transactions, {} accounts, {} not added up yet",
        found.transactions, found.accounts, found.waiting
    );
    for violation in &found.violations {
        println!("off: {violation}");
    }
    if !found.violations.is_empty() {
        return Ok(ExitCode::from(EXIT_OFF));
    }
    if !found.complete {
        let moving: Vec<String> = found.moving.iter().map(ToString::to_string).collect();
        return Err(format!(
            "these accounts change all the time, try again: {}",
            moving.join(", ")
        ));
    }
    println!("Everything balances.");
    Ok(ExitCode::SUCCESS)
}

/// What to do when the folder is taken.
fn advice(error: StartError) -> String {
    match error {
        StartError::InUse(folder) => format!(
            "the data folder {folder} is in use by a running tessera; ask it with GET /api/v1/ledger/invariants, or stop it"
        ),
        other => other.to_string(),
    }
}
