//! What stands in the way of a payout and is somebody's to mend: passwords, balances, accounts, a pause.

use domain::access::Scope;
use domain::payout::{PayoutState, Trouble};
use local::paystack::{Fault, FaultKind, Settings, TransferStatus};
use local::{Call, Fault as Broken, Script};
use reqwest::{Client, Method};
use serde_json::json;
use tessera_tests::Ask;

use crate::payroll::{FEE, OWED, Payroll};

const BULK: &str = "POST /transfer/bulk";
const SINGLE: &str = "POST /transfer";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_time_passwords_are_told_once_and_nothing_is_sent_again_for_them() {
    let payroll = Payroll::of(2).await;
    payroll.behaves(Settings { otp: true, ..Settings::default() });
    payroll.runs().await;
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Sent, 1, Some(Trouble::Otp)));
    }
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 2), "bulk is refused with them");
    payroll.passes_s(20 * 60).await;
    assert_eq!(payroll.calls(SINGLE), 2);
    assert_eq!(payroll.alerts().await, ["transfer_waits", "transfer_waits"]);
    payroll.balances().await;
    // Somebody switches them off; those that wait are abandoned by Paystack after half an hour.
    payroll.behaves(Settings::default());
    for _ in 0..4 {
        payroll.passes_s(15 * 60).await;
    }
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 2, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_that_is_gone_fails_alone() {
    let payroll = Payroll::of(3).await;
    payroll.pauses(true).await;
    payroll.runs().await;
    payroll.forgets_recipient(&payroll.payout(1).await.recipient).await;
    payroll.pauses(false).await;
    payroll.passes_s(6 * 60).await;
    let gone = (PayoutState::Returned, 1, Some(Trouble::RecipientInvalid));
    assert_eq!(payroll.stands(1).await, gone);
    for guard in [0, 2] {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 3));
    payroll.balances().await;
    // The account is entered anew: this payout is for the one before, so a later run pays.
    payroll.enters_account(1, "0099887766").await;
    payroll.passes_s(25 * 3_600).await;
    payroll.runs().await;
    let (state, _, trouble) = payroll.stands_of(1, 1).await;
    assert_eq!((state, trouble), (PayoutState::Cancelled, Some(Trouble::AccountChanged)));
    assert_eq!(payroll.stands(1).await, (PayoutState::Confirmed, 1, None));
    assert_eq!(payroll.paid(1).await, OWED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_that_somebody_else_has_used_up_is_waited_for() {
    let mut payroll = Payroll::of(2).await;
    payroll.pauses(true).await;
    payroll.runs().await;
    // Enough is left for one of them.
    let minor = payroll.money().balance - FEE_OF_MUCH - (OWED + FEE);
    let wish = payroll.foreign_wish(&payroll.payout(0).await.recipient, minor);
    payroll.paystack().transfer(payroll.tenant(), &wish).await.unwrap();
    payroll.foreign = wish.amount.minor + FEE_OF_MUCH;
    payroll.pauses(false).await;
    payroll.passes_s(6 * 60).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "the oldest first");
    let short = Some(Trouble::BalanceShort);
    let (state, attempt, trouble) = payroll.stands(1).await;
    assert_eq!((state, trouble), (PayoutState::Returned, short));
    payroll.tops_up(10 * OWED);
    payroll.passes_s(20 * 60).await;
    assert_eq!(payroll.stands(1).await.0, PayoutState::Confirmed);
    assert!(payroll.stands(1).await.1 > attempt);
    assert_eq!(payroll.stands(1).await.2, None);
    payroll.till.balances().await;
}

/// What Paystack takes for a transfer above 50,000 naira, in kobo.
const FEE_OF_MUCH: i64 = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_everything_and_loses_nothing() {
    let payroll = Payroll::of(2).await;
    let failed = FaultKind::Transfer { status: TransferStatus::Failed };
    payroll.till.breaks(Fault::once("transfer", failed));
    payroll.runs().await;
    payroll.pauses(true).await;
    let states = [payroll.stands(0).await.0, payroll.stands(1).await.0];
    assert!(states.contains(&PayoutState::Returned) && states.contains(&PayoutState::Confirmed));
    payroll.passes_s(3_600).await;
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 0), "nothing is sent");
    payroll.balances().await;
    payroll.pauses(false).await;
    payroll.passes_s(6 * 60).await;
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await.0, PayoutState::Confirmed);
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    payroll.balances().await;
}

/// What the worker asks the table, and Paystack.
fn of_the_worker(call: &Call) -> bool {
    (&*call.function, call.service) == ("payouts", "dynamodb") || call.service == "paystack"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_payouts_are_paused_is_asked_right_before_each_call_that_sends() {
    for (guards, route) in [(1, SINGLE), (3, BULK)] {
        let payroll = Payroll::of(guards).await;
        let meter = payroll.till.platform.meter();
        meter.follow(Script::counting(of_the_worker));
        payroll.runs().await;
        let trail = meter.unfollow();
        let sent = trail.iter().position(|call| call.operation == route).unwrap();
        let asked = &trail[sent - 1];
        assert_eq!((&*asked.function, &*asked.operation), ("payouts", "GetItem"), "{route}");
        // Where that cannot be said, nothing is sent.
        let payroll = Payroll::of(guards).await;
        let meter = payroll.till.platform.meter();
        let nth = u64::try_from(sent).unwrap();
        meter.follow(Script::counting(of_the_worker).breaks(nth, Broken::Before));
        payroll.runs().await;
        let _trail = meter.unfollow();
        assert_eq!((payroll.calls(SINGLE), payroll.calls(BULK)), (0, 0), "{route}");
        assert_eq!(payroll.stands(0).await, (PayoutState::Reserved, 1, None), "{route}");
        payroll.pauses(true).await;
        payroll.passes_s(60 * 60).await;
        assert_eq!((payroll.calls(SINGLE), payroll.calls(BULK)), (0, 0), "{route}");
        payroll.pauses(false).await;
        payroll.passes_s(6 * 60).await;
        for guard in 0..guards as usize {
            assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None), "{route}");
            assert_eq!(payroll.paid(guard).await, OWED);
        }
        payroll.balances().await;
    }
}

impl Payroll {
    /// Finance stops all payouts, or lets them go on.
    async fn pauses(&self, stop: bool) {
        let owner = self.till.platform.owner().makes_key(&[Scope::FinanceWrite]).await;
        let path = if stop { "/api/v1/payouts/pause" } else { "/api/v1/payouts/resume" };
        let note = json!({ "note": "Something looks odd" });
        let _done = owner.post_once(path).json(&note).await.is(200);
    }

    /// Somebody deletes a recipient on Paystack's dashboard.
    async fn forgets_recipient(&self, code: &str) {
        let environment = self.till.platform.environment("payouts");
        let keys = adapters::paystack::PaystackKeys::from_env(environment).unwrap();
        let key = keys.of(self.tenant()).await.unwrap().unwrap();
        let key = String::from_utf8(key[0].expose().to_vec()).unwrap();
        let url = environment.required("PAYSTACK_URL").unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let path = format!("/transferrecipient/{code}");
        let ask = Ask::new(&client, &url, Method::DELETE, &path);
        let _gone = ask.header("authorization", &format!("Bearer {key}")).await.is(200);
    }
}
