//! A tip is paid: Paystack's event, the queue, the question, the ledger, the accounts of the system and the news of it.

use domain::id::TipId;
use domain::ledger::{Account, AccountKind};
use domain::money::Currency;
use jiff::SignedDuration;
use local::Call;
use local::paystack::Payment;
use serde_json::Value;

use crate::books;
use crate::ground::Ground;
use crate::rig::{Story, is_effect, pairs, singles};

/// 1,000 naira, in kobo.
const TIP: i64 = 100_000;
/// What the guard has of it after both fees, in kobo.
const NET: i64 = 98_000;
/// Paystack's own calls have no function.
const WORKERS: [&str; 3] = ["", "paystack-webhook", "payments"];
/// Whoever hears of it.
const HEARERS: [&str; 3] = ["aggregate", "relay", "notify"];

/// How far a tip is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tip {
    /// From the event to the ledger.
    ToTheLedger,
    /// To the last text message.
    ToTheEnd,
}

struct Stage {
    tip: Value,
    /// What the guard was owed before.
    owed: i64,
}

impl Story for Tip {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        match self {
            Tip::ToTheLedger => "a tip is paid",
            Tip::ToTheEnd => "a tip is paid, added up and told",
        }
    }

    fn counts(&self) -> fn(&Call) -> bool {
        match self {
            Tip::ToTheLedger => |call| is_effect(call) && is_of(call, &WORKERS),
            Tip::ToTheEnd => {
                |call| is_effect(call) && (is_of(call, &WORKERS) || is_of(call, &HEARERS))
            }
        }
    }

    async fn set(&self, ground: &Ground) -> Stage {
        let owed = owed(ground).await;
        let tip = ground.platform.patron().tips(&ground.tenancy.token, TIP).await;
        // One address may tip thirty times a minute.
        ground.platform.stack().clock().advance(SignedDuration::from_secs(5));
        Stage { tip, owed }
    }

    async fn begin(&self, ground: &Ground, stage: &Stage) {
        let reference = stage.tip["reference"].as_str().unwrap();
        ground.platform.simulator().pay(reference, Payment::Success).unwrap();
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let id = TipId::parse(stage.tip["tip_id"].as_str().unwrap()).unwrap();
        let tip = ground.table.tip(&id).await.unwrap().unwrap().tip;
        let open = (!tip.status().is_paid()).then(|| format!("the tip is {:?}", tip.status()));
        open.into_iter().collect()
    }

    async fn wrong(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let mut wrong = Vec::new();
        let credited = owed(ground).await - stage.owed;
        if credited != NET {
            wrong.push(format!("the guard has {credited} of it, not {NET}"));
        }
        let tenant = &ground.tenancy.owner.tenant;
        let system = ground.table.system_balances(tenant, Currency::Ngn).await.unwrap();
        let clearing = Account::new(AccountKind::Clearing, Currency::Ngn);
        let ours = system.get(&clearing).copied().unwrap_or(0);
        let theirs = books::theirs(ground).map_or(0, |money| money.clearing);
        if ours != theirs {
            wrong.push(format!("Paystack has collected {theirs} for us, and we think {ours}"));
        }
        wrong
    }
}

fn is_of(call: &Call, functions: &[&str]) -> bool {
    functions.contains(&&*call.function)
}

/// What the guard is owed, in kobo.
async fn owed(ground: &Ground) -> i64 {
    let (tenant, guard) = (&ground.tenancy.owner.tenant, ground.tenancy.guard());
    ground.table.guard_balances(tenant, guard, Currency::Ngn).await.unwrap().available()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_credited_once_whatever_breaks_once() {
    singles(&Tip::ToTheEnd).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_credited_once_whatever_breaks_twice() {
    pairs(&Tip::ToTheLedger).await;
}
