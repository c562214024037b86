//! A tip is paid: Paystack's event, the queue, the question, the ledger, the accounts of the system and the news of it.

use domain::id::GuardId;
use domain::money::Currency;
use local::Call;
use local::paystack::Payment;
use serde_json::Value;

use crate::books;
use crate::ground::{Ground, Tenancy};
use crate::rig::{Story, pairs, singles};

/// 1,000 naira, in kobo.
const TIP: i64 = 100_000;
/// What the guard has of it after both fees, in kobo.
const NET: i64 = 98_000;

/// From the event to the ledger.
struct Tip;
/// The same, to the last text message.
struct TipToTheEnd;

struct Stage {
    tenancy: Tenancy,
    guard: GuardId,
    tip: Value,
}

impl Story for Tip {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        "a tip is paid"
    }

    fn counts(&self) -> fn(&Call) -> bool {
        |call| {
            call.service == "paystack"
                || moves(call) && ["paystack-webhook", "payments"].contains(&&*call.function)
        }
    }

    async fn set(&self, ground: &Ground) -> Stage {
        let tenancy = ground.tenancy().await;
        let guard = tenancy.owner.hires("Musa", "Adebayo").await;
        let code = tenancy.owner.prints_code(&guard).await;
        let tip = ground.platform.patron().tips(code["token"].as_str().unwrap(), TIP).await;
        let guard = GuardId::parse(guard["guard_id"].as_str().unwrap()).unwrap();
        Stage { tenancy, guard, tip }
    }

    async fn begin(&self, ground: &Ground, stage: &Stage) {
        let reference = stage.tip["reference"].as_str().unwrap();
        ground.platform.simulator().pay(reference, Payment::Success).unwrap();
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let id = domain::id::TipId::parse(stage.tip["tip_id"].as_str().unwrap()).unwrap();
        let tip = ground.table.tip(&id).await.unwrap().unwrap().tip;
        if tip.status().is_paid() {
            Vec::new()
        } else {
            vec![format!("the tip is {:?}", tip.status())]
        }
    }

    async fn wrong(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let mut wrong = books::differences(ground, &stage.tenancy).await;
        let tenant = &stage.tenancy.owner.tenant;
        let purse = ground.table.guard_balances(tenant, &stage.guard, Currency::Ngn).await.unwrap();
        if purse.payable != -NET {
            wrong.push(format!("the guard has {}, not {NET}", -purse.payable));
        }
        wrong
    }
}

impl Story for TipToTheEnd {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        "a tip is paid, added up and told"
    }

    fn counts(&self) -> fn(&Call) -> bool {
        |call| {
            const FUNCTIONS: [&str; 5] =
                ["paystack-webhook", "payments", "aggregate", "relay", "notify"];
            call.service == "paystack" || moves(call) && FUNCTIONS.contains(&&*call.function)
        }
    }

    async fn set(&self, ground: &Ground) -> Stage {
        Tip.set(ground).await
    }

    async fn begin(&self, ground: &Ground, stage: &Stage) {
        Tip.begin(ground, stage).await;
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        Tip.unfinished(ground, stage).await
    }

    async fn wrong(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        Tip.wrong(ground, stage).await
    }
}

/// Secrets are read and kept in memory: there is nothing that could happen half.
fn moves(call: &Call) -> bool {
    ["dynamodb", "sqs", "events", "sns", "ses"].contains(&call.service)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_credited_once_whatever_breaks_once() {
    singles(&TipToTheEnd).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_credited_once_whatever_breaks_twice() {
    pairs(&Tip).await;
}
