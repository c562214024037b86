//! Whatever is lost between us and Paystack, a guard is paid once: after any doubt we ask before we send.

use domain::ledger::{Reference, TransferNews, TransferPosted, TransferStep};
use domain::payout::{Payout, PayoutState, Trouble};
use futures::future::join_all;
use local::paystack::{Fault, FaultKind, Lost, Pace, Settings, TransferStatus};
use serde_json::{Value, json};

use crate::payroll::{OWED, Payroll};

const BULK: &str = "POST /transfer/bulk";
const SINGLE: &str = "POST /transfer";
const VERIFY: &str = "GET /transfer/verify/{reference}";
const CLOSE: Lost = Lost::Close;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_arrived_is_sent_again_with_the_same_reference() {
    for (guards, route) in [(1, SINGLE), (3, BULK)] {
        let payroll = Payroll::of(guards).await;
        payroll.till.breaks(Fault::once(route, FaultKind::TimeoutBefore { how: CLOSE }));
        payroll.runs().await;
        let before = payroll.payout(0).await;
        assert_eq!((before.state, before.attempt), (PayoutState::Reserved, 1), "{route}");
        payroll.balances().await;
        payroll.passes_s(120).await;
        for guard in 0..guards as usize {
            assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None), "{route}");
            assert_eq!(payroll.paid(guard).await, OWED);
        }
        payroll.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_whose_answer_was_lost_is_adopted_and_not_sent_again() {
    for (guards, route) in [(1, SINGLE), (3, BULK)] {
        let payroll = Payroll::of(guards).await;
        payroll.till.holds("transfer.*");
        payroll.till.breaks(Fault::once(route, FaultKind::TimeoutAfter { how: CLOSE }));
        payroll.runs().await;
        assert_eq!(payroll.stands(0).await, (PayoutState::Reserved, 1, None), "{route}");
        payroll.balances().await;
        payroll.passes_s(120).await;
        for guard in 0..guards as usize {
            assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None), "{route}");
            assert_eq!(payroll.paid(guard).await, OWED);
        }
        assert_eq!(payroll.calls(SINGLE) + payroll.calls(BULK), 1, "{route}");
        payroll.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_before_our_own_record_confirms_the_payout() {
    let payroll = Payroll::of(1).await;
    payroll.till.breaks(Fault::once(SINGLE, FaultKind::TimeoutAfter { how: CLOSE }));
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    payroll.passes_s(3_600).await;
    assert_eq!((payroll.calls(SINGLE), payroll.paid(0).await), (1, OWED));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_paystack_says_nothing_nothing_is_sent_twice_and_nothing_given_back() {
    let payroll = Payroll::of(2).await;
    payroll.till.holds("transfer.*");
    payroll.till.breaks(Fault::once(BULK, FaultKind::TimeoutAfter { how: CLOSE }));
    payroll.till.breaks(Fault::always(VERIFY, FaultKind::Error500));
    payroll.runs().await;
    payroll.passes_s(2 * 3_600).await;
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Reserved, 1, None));
    }
    assert_eq!(payroll.calls(SINGLE) + payroll.calls(BULK), 1);
    payroll.till.platform.simulator().clear_faults().unwrap();
    payroll.passes_s(60).await;
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    let queue = payroll.till.platform.queue("Payouts");
    assert_eq!(queue.dead, Some(0), "an outage of hours loses no message");
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_with_the_same_message_pay_once() {
    let payroll = Payroll::of(3).await;
    payroll.till.breaks(Fault::once(BULK, FaultKind::TimeoutBefore { how: CLOSE }));
    payroll.runs().await;
    let record = |number: usize, body: &Value| {
        json!({ "messageId": format!("m{number}"), "body": body.to_string(),
                "attributes": { "ApproximateReceiveCount": "1" } })
    };
    let body = json!(payroll.work(&[0, 1, 2]).await);
    payroll.passes_s(6).await;
    let platform = &payroll.till.platform;
    let calls = (0..8).map(|number| {
        let event = json!({ "Records": [record(number, &body), record(100 + number, &body)] });
        platform.invokes("payouts", event)
    });
    for answer in join_all(calls).await {
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    payroll.passes_s(600).await;
    for guard in 0..3 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (2, 0));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_waited_for_and_then_the_same_references_are_sent() {
    let payroll = Payroll::of(2).await;
    payroll.till.breaks(Fault::once(BULK, FaultKind::RateLimited));
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Reserved, 1, None));
    payroll.passes_s(29).await;
    assert_eq!(payroll.calls(BULK), 1, "the window is 30 seconds");
    payroll.passes_s(2).await;
    assert_eq!(payroll.calls(BULK), 2);
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
    }
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_somebody_has_sent_meanwhile_is_adopted() {
    let payroll = Payroll::of(2).await;
    payroll.till.breaks(Fault::once(BULK, FaultKind::RateLimited));
    payroll.till.holds("transfer.*");
    payroll.runs().await;
    // A request of ours was on its way for longer than we waited for it.
    let late = payroll.payout(0).await;
    payroll.paystack().transfer(payroll.tenant(), &payroll.wish(&late)).await.unwrap();
    payroll.passes_s(40).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 2), "one of them by the test");
    payroll.passes_s(16 * 60).await;
    for guard in 0..2 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    payroll.balances().await;
}

/// A payout whose transfer Paystack had taken, and does not know when it is asked; finance has decided about it.
async fn gone(decision: &str) -> (Payroll, Payout) {
    let payroll = Payroll::of(1).await;
    payroll.behaves(Settings { transfers: Some(Pace::ByHand), ..Settings::default() });
    payroll.runs().await;
    let sent = payroll.payout(0).await;
    let reference = sent.reference().map(|reference| reference.to_string());
    payroll.till.breaks(Fault { reference, ..Fault::always(VERIFY, FaultKind::Missing) });
    payroll.passes_s(16 * 60).await;
    let stuck = (PayoutState::Sent, 1, Some(Trouble::Mismatch));
    assert_eq!(payroll.stands(0).await, stuck);
    payroll.passes_s(24 * 3_600).await;
    assert_eq!((payroll.stands(0).await, payroll.calls(SINGLE)), (stuck, 1), "nobody guesses");
    let path = format!("/api/v1/payouts/{}/{decision}", sent.id);
    let note = json!({ "note": "Paystack's support has never seen it" });
    let owner = payroll.till.platform.owner();
    let decided = owner.post_once(&path).json(&note).await.is(200).json();
    assert_eq!(decided["status"], "sent", "Paystack is asked first");
    owner.post_once(&path).json(&note).await.problem(409, "payout_state");
    (payroll, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_gone_is_made_anew_when_finance_says_so() {
    let (payroll, sent) = gone("retry").await;
    payroll.behaves(Settings::default());
    payroll.passes_s(3 * 60).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 2, None));
    assert_eq!((payroll.paid(0).await, payroll.calls(SINGLE)), (OWED, 2));
    // What was gone turns up and has failed: nothing of it is ours any more.
    payroll.till.platform.simulator().clear_faults().unwrap();
    payroll.ends(&sent, TransferStatus::Failed);
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 2, None));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_gone_is_given_up_when_finance_says_so() {
    let (payroll, sent) = gone("cancel").await;
    payroll.passes_s(60).await;
    let given_up = (PayoutState::Cancelled, 1, Some(Trouble::GivenUp));
    assert_eq!(payroll.stands(0).await, given_up);
    payroll.till.platform.simulator().clear_faults().unwrap();
    payroll.ends(&sent, TransferStatus::Failed);
    payroll.behaves(Settings::default());
    payroll.passes_s(25 * 3_600).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "the next run pays");
    assert_eq!(payroll.paid(0).await, OWED);
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_there_again_is_not_made_anew_whatever_finance_says() {
    for decision in ["retry", "cancel"] {
        let (payroll, sent) = gone(decision).await;
        payroll.till.platform.simulator().clear_faults().unwrap();
        payroll.passes_s(60).await;
        assert_eq!(payroll.stands(0).await, (PayoutState::Sent, 1, None), "{decision}");
        payroll.ends(&sent, TransferStatus::Success);
        payroll.till.platform.quiet().await;
        assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "{decision}");
        assert_eq!((payroll.paid(0).await, payroll.calls(SINGLE)), (OWED, 1), "{decision}");
        payroll.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_after_its_money_had_come_back_is_a_case_and_posts_nothing() {
    let payroll = Payroll::of(1).await;
    payroll.behaves(Settings { transfers: Some(Pace::ByHand), ..Settings::default() });
    payroll.runs().await;
    let sent = payroll.stored(&payroll.payout(0).await.id).await;
    // Paystack says that it has failed.
    let now = payroll.till.platform.now();
    let returned = sent.payout.clone().give_back(1, Trouble::TransferFailed, now).unwrap();
    let news = TransferNews::Returned { fee_back: 0 };
    let step = sent.payout.transfer(1).step(news, TransferPosted::default()).unwrap();
    let TransferStep::Post(transaction) = step else { panic!("{step:?}") };
    payroll.writes(&transaction, (&returned, sent.version)).await;
    // And then that it has succeeded.
    payroll.ends(&sent.payout, TransferStatus::Success);
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.till.cases().await, ["success_after_return"]);
    let success = Reference::transfer_success(&sent.payout.reference().unwrap());
    assert_eq!(payroll.till.posting(&success).await, None);
    for event in payroll.events(&sent.payout) {
        payroll.till.delivers(event).await;
    }
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.till.cases().await, ["success_after_return"], "once");
    // The guard may have been paid: no other attempt begins, and nobody begins one before that is explained.
    let halted = (PayoutState::NeedsHuman, 1, Some(Trouble::Mismatch));
    assert_eq!(payroll.stands(0).await, halted);
    payroll.passes_s(24 * 3_600).await;
    assert_eq!(payroll.stands(0).await, halted);
    let owner = payroll.till.platform.owner();
    for decision in ["retry", "cancel"] {
        let path = format!("/api/v1/payouts/{}/{decision}", sent.payout.id);
        let refused = owner.post_once(&path).json(&json!({ "note": "again" })).await;
        refused.problem(409, "payout_unexplained");
    }
    payroll.till.balances().await;
}
