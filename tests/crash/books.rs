//! Paystack's books beside ours: neither knows of the other, and both must say the same.

use domain::ledger::{Account, AccountKind};
use domain::money::Currency;
use local::paystack::Money;
use serde_json::json;

use crate::ground::Ground;

/// What is wrong with the tenant's books, in words: within ours, within Paystack's, and between the two.
pub(crate) async fn differences(ground: &Ground) -> Vec<String> {
    let mut wrong = Vec::new();
    let owner = &ground.tenancy.owner;
    let found = owner.get("/api/v1/ledger/invariants").await;
    if found.status != 200 {
        return vec![format!("the ledger cannot be checked: {}", found.text())];
    }
    let found = found.json();
    let whole = (&found["ok"], &found["complete"]) == (&json!(true), &json!(true));
    if !whole || found["waiting"] != 0 {
        wrong.push(format!("the ledger is not whole: {found}"));
    }
    let Some(theirs) = theirs(ground) else {
        return vec!["Paystack has no books of this tenant".to_owned()];
    };
    if theirs.sum != 0 {
        wrong.push(format!("Paystack has made or lost {}", theirs.sum));
    }
    let system = ground.table.system_balances(&owner.tenant, Currency::Ngn).await.unwrap();
    let ours = |kind| system.get(&Account::new(kind, Currency::Ngn)).copied().unwrap_or(0);
    // A top-up is in our books once a night has compared them, and comes from the bank.
    let balance = ours(AccountKind::Balance) + ours(AccountKind::Bank);
    let balance = (balance, theirs.balance + theirs.bank - theirs.topped_up);
    if balance.0 != balance.1 {
        wrong.push(format!("Paystack's balance by our books and by theirs: {balance:?}"));
    }
    if theirs.in_transit != 0 {
        wrong.push(format!("Paystack still moves {}", theirs.in_transit));
    }
    wrong
}

/// Paystack's books of the tenant.
pub(crate) fn theirs(ground: &Ground) -> Option<Money> {
    let mut all = ground.platform.simulator().money().into_iter();
    let merchant = ground.tenancy.merchant;
    all.find(|money| money.integration == merchant && money.currency == Currency::Ngn)
}
