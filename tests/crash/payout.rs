//! A night pays a guard: from the schedule to the confirmed transfer, or back again.

use adapters::queue::Queue;
use domain::message::PayoutMessage;
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Planned};
use domain::settlement::RunState;
use jiff::SignedDuration;
use local::Call;
use local::paystack::{Fault, FaultKind, TransferStatus};

use crate::books;
use crate::ground::Ground;
use crate::rig::{Story, is_effect, pairs, singles};

/// 2,000 naira, in kobo.
const TIP: i64 = 200_000;
/// What the guard has of it after Paystack's 1.5 % and our 0.5 %, in kobo.
const NET: i64 = 196_000;

/// How a payout goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is planned; the worker pays it, and Paystack says so.
    Paid,
    /// The night plans it, it is paid, and everybody hears of it.
    Night,
    /// The first transfer fails, the second one succeeds.
    SecondTry,
    /// It was paid, and days later the transfer comes back.
    Back,
}

pub(crate) struct Stage {
    /// What the guard was owed before, in kobo.
    owed: i64,
    /// What Paystack had paid to the guard before, in kobo.
    paid: i64,
    /// The guard's last payout before.
    before: Option<Payout>,
}

impl Way {
    /// How its payout ends.
    fn ends(self) -> PayoutState {
        match self {
            Way::Paid | Way::Night | Way::SecondTry => PayoutState::Confirmed,
            Way::Back => PayoutState::Reversed,
        }
    }
}

impl Story for Way {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        match self {
            Way::Paid => "a payout is paid",
            Way::Night => "a night pays, and all hear of it",
            Way::SecondTry => "a payout is paid at the second try",
            Way::Back => "a payout comes back",
        }
    }

    fn counts(&self) -> fn(&Call) -> bool {
        match self {
            Way::Night => |call| is_effect(call) && is_of(call, &ALL),
            Way::Paid | Way::SecondTry | Way::Back => {
                |call| is_effect(call) && is_of(call, &WORKERS)
            }
        }
    }

    async fn set(&self, ground: &Ground) -> Stage {
        let mut stage = stage(ground).await;
        if stage.owed < NET {
            let now = ground.platform.now();
            let earned = ground.tenancy.town.is_tipped(now, &[TIP]).await;
            assert_eq!(earned, NET);
            ground.platform.quiet().await;
            stage.owed += earned;
        }
        if *self == Way::SecondTry {
            let kind = FaultKind::Transfer { status: TransferStatus::Failed };
            let merchant = Some(ground.tenancy.merchant);
            let fault = Fault { integration: merchant, ..Fault::once("transfer", kind) };
            ground.platform.simulator().plan(fault).unwrap();
        }
        if *self != Way::Night {
            plan(ground).await;
        }
        if *self == Way::Back {
            ground.platform.quiet().await;
            let payout = last(ground).await.unwrap();
            assert_eq!(payout.state, PayoutState::Confirmed, "{payout:?}");
            stage = self::stage(ground).await;
            ground.platform.stack().clock().advance(SignedDuration::from_hours(30));
        }
        stage
    }

    async fn begin(&self, ground: &Ground, stage: &Stage) {
        match self {
            // Its message waits in the queue.
            Way::Paid | Way::SecondTry => {}
            Way::Night => ground.falls().await,
            Way::Back => {
                let reference = stage.before.as_ref().unwrap().reference().unwrap();
                let simulator = ground.platform.simulator();
                simulator.end_transfer(reference.as_str(), TransferStatus::Reversed).unwrap();
            }
        }
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let mut left = Vec::new();
        match last(ground).await {
            Some(payout) if payout.state != self.ends() => left.push(format!("{payout:?}")),
            payout if *self != Way::Back && payout == stage.before => {
                left.push("there is no payout".to_owned());
            }
            _ => {}
        }
        if *self == Way::Night {
            let tenant = &ground.tenancy.owner.tenant;
            let runs = ground.table.runs_of_tenant(tenant, PageSize::largest(), None).await;
            let open = runs.unwrap().entries.into_iter().filter(|r| r.state != RunState::Planned);
            left.extend(open.map(|run| format!("the run of {} is {}", run.date, run.state)));
        }
        left
    }

    async fn wrong(&self, ground: &Ground, before: &Stage) -> Vec<String> {
        let mut wrong = Vec::new();
        if *self == Way::Night {
            ground.sleeps().await;
        }
        let after = stage(ground).await;
        // Money that came back is owed again.
        let moved = if self.ends() == PayoutState::Confirmed { NET } else { -NET };
        if after.paid - before.paid != moved {
            wrong.push(format!("Paystack has paid {}, not {moved}", after.paid - before.paid));
        }
        if before.owed - after.owed != moved {
            wrong.push(format!("the ledger has paid {}, not {moved}", before.owed - after.owed));
        }
        let tenant = &ground.tenancy.owner.tenant;
        let of = (ground.tenancy.guard(), Currency::Ngn);
        let purse = ground.table.guard_balances(tenant, of.0, of.1).await.unwrap();
        if (purse.in_transit, purse.receivable, &purse.payout) != (0, 0, &None) {
            wrong.push(format!("the guard's balances are {purse:?}"));
        }
        wrong
    }
}

/// Whoever has a hand in a payout itself; Paystack's own calls have no function.
const WORKERS: [&str; 5] = ["", "sweeper", "payouts", "paystack-webhook", "payments"];
/// The same, with whoever plans it and whoever hears of it.
const ALL: [&str; 9] = [
    "",
    "sweeper",
    "settle",
    "payouts",
    "paystack-webhook",
    "payments",
    "aggregate",
    "relay",
    "notify",
];

fn is_of(call: &Call, functions: &[&str]) -> bool {
    functions.contains(&&*call.function)
}

/// How things stand.
async fn stage(ground: &Ground) -> Stage {
    let (tenant, guard) = (&ground.tenancy.owner.tenant, ground.tenancy.guard());
    let purse = ground.table.guard_balances(tenant, guard, Currency::Ngn).await.unwrap();
    let paid = books::theirs(ground).map_or(0, |money| money.paid_out);
    Stage { owed: purse.available(), paid, before: last(ground).await }
}

/// The guard's last payout.
pub(crate) async fn last(ground: &Ground) -> Option<Payout> {
    let (tenant, guard) = (&ground.tenancy.owner.tenant, ground.tenancy.guard());
    let payouts = ground.table.payouts_of_guard(tenant, guard, PageSize::largest(), None).await;
    payouts.unwrap().into_iter().next()
}

/// A payout of all that the guard is owed, planned as a run of tomorrow would; its message waits.
async fn plan(ground: &Ground) {
    ground.platform.stack().clock().advance(SignedDuration::from_hours(24));
    let (tenant, guard) = (&ground.tenancy.owner.tenant, ground.tenancy.guard());
    let now = ground.platform.now();
    let run = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let purse = ground.table.guard_balances(tenant, guard, Currency::Ngn).await.unwrap();
    let known = ground.table.guard(tenant, guard).await.unwrap().unwrap();
    let planned = Planned {
        guard: guard.clone(),
        amount: purse.available(),
        recipient: known.payout_account.unwrap().recipient_code,
        since: purse.since.unwrap(),
    };
    let id = Payout::id_of(tenant, run, now, guard);
    let payout = Payout::plan((id.clone(), tenant.clone(), run), planned, Currency::Ngn, now);
    assert!(ground.table.insert_payout(&payout).await.unwrap());
    let message = PayoutMessage::Work { tenant: tenant.clone(), payouts: vec![id] };
    let queue = Queue::from_env(ground.platform.environment("payouts"), "PAYOUTS_QUEUE_URL");
    queue.unwrap().send(&message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_paid_once_whatever_breaks_once_in_the_night() {
    singles(&Way::Night).await;
    pairs(&Way::Night).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_paid_once_whatever_breaks_twice() {
    singles(&Way::Paid).await;
    pairs(&Way::Paid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transfer_is_made_again_once_whatever_breaks() {
    singles(&Way::SecondTry).await;
    pairs(&Way::SecondTry).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_is_put_back_once_whatever_breaks() {
    singles(&Way::Back).await;
    pairs(&Way::Back).await;
}
