//! A night pays a guard: from the schedule to the confirmed transfer, or back again.

use domain::id::PayoutId;
use domain::ledger::TransferReference;
use domain::message::PayoutMessage;
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Planned};
use domain::settlement::RunState;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
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
    /// Nothing of the guard's is under way, and the guard owes nothing.
    rests: bool,
    /// The payout that was planned; in a night the run plans it.
    pub(crate) payout: Option<PayoutId>,
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
        let merchant = Some(ground.tenancy.merchant);
        let mut stage = stage(ground).await;
        // A night pays all that is owed; the other ways take their part of it.
        let tips: &[i64] = if *self == Way::Night { &[TIP] } else { &[TIP; 30] };
        if stage.owed < NET {
            let earned = ground.tenancy.town.is_tipped(ground.platform.now(), tips).await;
            ground.platform.quiet().await;
            stage.owed += earned;
        }
        if *self == Way::SecondTry {
            let kind = FaultKind::Transfer { status: TransferStatus::Failed };
            let fault = Fault { integration: merchant, ..Fault::once("transfer", kind) };
            ground.platform.simulator().plan(fault).unwrap();
        }
        if *self != Way::Night {
            stage.payout = Some(plan(ground).await);
        }
        if *self == Way::Back {
            ground.platform.quiet().await;
            let paid = self::stage(ground).await;
            ground.platform.stack().clock().advance(SignedDuration::from_hours(30));
            return Stage { payout: stage.payout, ..paid };
        }
        stage
    }

    async fn begin(&self, ground: &Ground, stage: &Stage) {
        match self {
            // Its message waits in the queue.
            Way::Paid | Way::SecondTry => {}
            Way::Night => ground.falls().await,
            Way::Back => {
                let reference = TransferReference::of(stage.payout.as_ref().unwrap(), 1);
                let simulator = ground.platform.simulator();
                simulator.end_transfer(reference.as_str(), TransferStatus::Reversed).unwrap();
            }
        }
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let Some(id) = &stage.payout else { return unfinished_night(ground).await };
        let payout = ground.table.payout(id).await.unwrap().unwrap().payout;
        let open = (payout.state != self.ends()).then(|| format!("{payout:?}"));
        open.into_iter().collect()
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
        if !after.rests {
            wrong.push(
                "something of the guard's is still under way, or owed by the guard".to_owned(),
            );
        }
        wrong
    }
}

/// Whoever has a hand in a payout itself; Paystack's own calls have no function.
const WORKERS: [&str; 5] = ["", "sweeper", "payouts", "paystack-webhook", "payments"];
/// The same, with whoever plans it and whoever hears of it.
const ALL: [&str; 10] = [
    "",
    "sweeper",
    "settle",
    "payouts",
    "paystack-webhook",
    "payments",
    "reconcile",
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
    let rests = (purse.in_transit, purse.receivable, &purse.payout) == (0, 0, &None);
    Stage { owed: purse.available(), paid, rests, payout: None }
}

/// What a night has not done yet.
async fn unfinished_night(ground: &Ground) -> Vec<String> {
    let tenant = &ground.tenancy.owner.tenant;
    let payouts = ground.table.payouts_of_tenant(tenant, PageSize::largest(), None).await;
    let payouts = payouts.unwrap().entries;
    let open = payouts.iter().filter(|payout| payout.state != PayoutState::Confirmed);
    let mut left: Vec<String> = open.map(|payout| format!("{payout:?}")).collect();
    let runs = ground.table.runs_of_tenant(tenant, PageSize::largest(), None).await.unwrap();
    let open = runs.entries.iter().filter(|run| run.state != RunState::Planned);
    left.extend(open.map(|run| format!("the run of {} is {}", run.date, run.state)));
    let today = ground
        .platform
        .now()
        .duration_since(payouts.first().map_or(Timestamp::MIN, |p| p.created_at));
    if payouts.len() != runs.entries.len() || today > SignedDuration::from_hours(20) {
        left.push(format!("{} runs have made {} payouts", runs.entries.len(), payouts.len()));
    }
    left
}

/// A payout of a tip, planned as a run would; its message waits.
async fn plan(ground: &Ground) -> PayoutId {
    // Another night, so another payout.
    ground.platform.stack().clock().advance(SignedDuration::from_hours(24));
    let (tenant, guard) = (ground.tenancy.owner.tenant.clone(), ground.tenancy.guard().clone());
    let now = ground.platform.now();
    let run = now.to_zoned(TimeZone::UTC).date();
    let id = Payout::id_of(&tenant, run, now, &guard);
    let recipient = ground.tenancy.recipient.clone();
    let planned = Planned { guard, amount: NET, recipient, since: now };
    let payout = Payout::plan((id.clone(), tenant.clone(), run), planned, Currency::Ngn, now);
    assert!(ground.table.insert_payout(&payout).await.unwrap());
    let message = PayoutMessage::Work { tenant, payouts: vec![id.clone()] };
    ground.payouts.send(&message).await.unwrap();
    id
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
