//! Paystack's books beside ours: neither knows of the other, and both must say the same.

use domain::ledger::{Account, AccountKind};
use domain::money::Currency;
use local::paystack::Money;
use serde_json::json;

use crate::ground::{Ground, Tenancy};

/// What is wrong with the books of a tenant, in words: within ours, within Paystack's, and between the two.
pub(crate) async fn differences(ground: &Ground, tenancy: &Tenancy) -> Vec<String> {
    let mut wrong = Vec::new();
    let found = tenancy.owner.get("/api/v1/ledger/invariants").await;
    if found.status != 200 {
        return vec![format!("the ledger cannot be checked: {}", found.text())];
    }
    let found = found.json();
    let whole = (&found["ok"], &found["complete"]) == (&json!(true), &json!(true));
    if !whole || found["waiting"] != 0 {
        wrong.push(format!("the ledger is not whole: {found}"));
    }
    let theirs = theirs(ground, tenancy);
    let sum: i64 = theirs.iter().map(|money| money.sum).sum();
    if sum != 0 {
        wrong.push(format!("Paystack has made or lost {sum}"));
    }
    let system = ground.table.system_balances(&tenancy.owner.tenant, Currency::Ngn).await.unwrap();
    let ours = |kind| system.get(&Account::new(kind, Currency::Ngn)).copied().unwrap_or(0);
    let assets = ours(AccountKind::Clearing) + ours(AccountKind::Balance) + ours(AccountKind::Bank);
    let held = |money: &Money| money.clearing + money.balance + money.bank - money.topped_up;
    let held: i64 = theirs.iter().map(held).sum();
    if assets != held {
        wrong.push(format!("we think that Paystack holds {assets} of ours, and it holds {held}"));
    }
    wrong
}

/// Paystack's books of a tenant.
pub(crate) fn theirs(ground: &Ground, tenancy: &Tenancy) -> Vec<Money> {
    let all = ground.platform.simulator().money().into_iter();
    let mine =
        |money: &Money| money.integration == tenancy.merchant && money.currency == Currency::Ngn;
    all.filter(mine).collect()
}
