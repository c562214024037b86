//! Another account for a guard's payouts: the guard hears of it, nothing is paid out for a day, and a second person or
//! a reason is needed.

use domain::access::Scope;
use domain::payout::PayoutState;
use serde_json::{Value, json};
use tessera_tests::{Owner, Reply};

use crate::payroll::{OWED, Payroll};

const DAY_S: i64 = 24 * 3_600;

struct Changed {
    payroll: Payroll,
    ada: Owner,
    obi: Owner,
}

impl Changed {
    /// A guard who is owed something, and two people who may change accounts.
    async fn start() -> Self {
        let payroll = Payroll::of(1).await;
        let owner = payroll.till.platform.owner();
        let scopes = [Scope::GuardsWrite, Scope::GuardsRead];
        let (ada, obi) = (owner.makes_key(&scopes).await, owner.makes_key(&scopes).await);
        Self { payroll, ada, obi }
    }

    fn path(&self) -> String {
        format!("/api/v1/guards/{}", self.payroll.guards[0])
    }

    async fn enters(&self, by: &Owner, number: &str, note: Option<&str>) -> Value {
        let account = json!({
            "kind": "bank", "bank_code": "057", "account_number": number, "note": note,
        });
        by.put(&format!("{}/payout-account", self.path())).json(&account).await.is(200).json()
    }

    async fn confirms(&self, by: &Owner) -> Reply {
        by.post(&format!("{}/payout-account/confirm", self.path())).json(&json!({})).await
    }

    async fn guard(&self) -> Value {
        self.ada.get(&self.path()).await.is(200).json()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_holds_payouts_for_a_day_and_the_guard_is_told() {
    let changed = Changed::start().await;
    let set = changed.enters(&changed.ada, "0022728151", Some("The guard asked at the desk")).await;
    assert_eq!(set["needs_confirmation"], false, "{set}");
    let until = set["payout_hold_until"].as_str().unwrap().to_owned();
    assert_eq!(changed.guard().await["payout_hold_until"].as_str(), Some(until.as_str()));
    changed.payroll.till.platform.quiet().await;
    let letters = changed.payroll.till.platform.inbox();
    let letters = letters.letters_to("guard@example.com");
    let told = letters.iter().filter(|letter| format!("{letter:?}").contains("8151")).count();
    assert_eq!(told, 1, "one mail about the account");
    changed.payroll.runs().await;
    assert_eq!(changed.payroll.payouts(0).await, []);
    for _ in 0..2 {
        changed.payroll.passes_s(DAY_S).await;
    }
    assert_eq!(changed.payroll.stands(0).await.0, PayoutState::Confirmed);
    assert_eq!(changed.payroll.paid(0).await, OWED);
    changed.payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_reason_a_second_person_confirms() {
    let changed = Changed::start().await;
    let set = changed.enters(&changed.ada, "0022728151", None).await;
    assert_eq!((&set["needs_confirmation"], set.get("payout_hold_until")), (&json!(true), None));
    for _ in 0..3 {
        changed.payroll.passes_s(DAY_S).await;
    }
    assert_eq!(changed.payroll.payouts(0).await, [], "nobody has confirmed it");
    changed.confirms(&changed.ada).await.problem(403, "second_person_needed");
    let confirmed = changed.confirms(&changed.obi).await.is(200).json();
    assert_eq!(confirmed.get("payout_needs_confirmation"), None, "{confirmed}");
    changed.confirms(&changed.obi).await.problem(409, "payout_account_not_waiting");
    changed.payroll.passes_s(DAY_S).await;
    assert_eq!(changed.payroll.stands(0).await.0, PayoutState::Confirmed);
    assert_eq!(changed.payroll.paid(0).await, OWED);
    let owner = changed.payroll.till.platform.owner();
    let path = format!("/api/v1/audit?subject={}", changed.payroll.guards[0]);
    let trail = owner.get(&path).await.is(200).json();
    let done: Vec<&str> = trail["records"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|record| record["operation"].as_str().unwrap())
        .collect();
    assert_eq!(done[done.len() - 2..], ["payout_account_changed", "payout_account_confirmed"]);
}
