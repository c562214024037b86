//! The demo's guard: with a telephone and a mailbox that end in the local inbox, an account that the simulator knows,
//! and a code to tip it by.

use domain::guard::{Guard, GuardToken};
use domain::id::{GuardId, TenantId};
use domain::page::PageSize;
use http::Method;
use serde_json::{Value, json};

use adapters::table::Table;

use super::{Api, DemoError, Payload, step};

/// The demo's guard is found by its number, whatever else was lost.
const EMPLOYEE_ID: &str = "DEMO-1";

/// The guard and what its code's path carries.
pub(super) struct DemoGuard {
    pub id: GuardId,
    pub token: GuardToken,
}

/// Makes what is missing of the guard.
pub(super) async fn ensure(
    table: &Table,
    api: &Api<'_>,
    tenant: &TenantId,
) -> Result<DemoGuard, DemoError> {
    let guard = match find(table, tenant).await? {
        Some(guard) => guard,
        None => {
            let wishes = Payload::Json(wishes());
            api.send("making the guard", Method::POST, "/api/v1/guards", wishes).await?;
            again(find(table, tenant).await?)?
        }
    };
    let path = format!("/api/v1/guards/{}", guard.id);
    if guard.payout_account.is_none() {
        let path = format!("{path}/payout-account");
        api.send("naming the guard's account", Method::PUT, &path, Payload::Json(account()))
            .await?;
    }
    let code = match guard.code {
        Some(code) => code,
        None => {
            let path = format!("{path}/qr");
            api.send("making the guard's code", Method::POST, &path, Payload::Json(json!({})))
                .await?;
            again(again(table.guard(tenant, &guard.id).await?)?.code)?
        }
    };
    Ok(DemoGuard { id: guard.id, token: code.token })
}

async fn find(table: &Table, tenant: &TenantId) -> Result<Option<Guard>, DemoError> {
    let page = table.guards_of_tenant(tenant, PageSize::largest(), None).await?;
    Ok(page.entries.into_iter().find(|guard| guard.profile.employee_id == EMPLOYEE_ID))
}

fn again<T>(made: Option<T>) -> Result<T, DemoError> {
    made.ok_or_else(|| step("making the guard", "it was made and is not there"))
}

fn wishes() -> Value {
    json!({
        "first_name": "Musa",
        "last_name": "Adeyemi",
        "employee_id": EMPLOYEE_ID,
        "phone": "+2348030000001",
        "email": "musa@example.com",
    })
}

/// The account that Paystack's documentation gives for tests.
fn account() -> Value {
    json!({"kind": "bank", "bank_code": "057", "account_number": "0000000000"})
}
