//! A guard is paid once, and the books of both sides say so: the usual night, and each way in which a transfer can end.

use domain::ledger::{AccountKind, Reference, TransferReference};
use domain::payout::{PayoutState, Trouble};
use local::paystack::{Fault, FaultKind, Pace, Settings, TransferStatus};
use serde_json::json;

use crate::payroll::{FEE, OWED, Payroll};

const BULK: &str = "POST /transfer/bulk";
const SINGLE: &str = "POST /transfer";
const VERIFY: &str = "GET /transfer/verify/{reference}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_pays_all_guards_in_one_call_and_once() {
    let payroll = Payroll::of(3).await;
    payroll.runs().await;
    for guard in 0..3 {
        assert_eq!(payroll.stands(guard).await, (PayoutState::Confirmed, 1, None));
        assert_eq!(payroll.paid(guard).await, OWED);
    }
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 0));
    assert_eq!(payroll.system(AccountKind::Balance).await, -3 * (OWED + FEE));
    // Pressing the button again, and the message again, pays nobody again.
    payroll.runs().await;
    payroll.queue().send(&payroll.work(&[0, 1, 2]).await).await.unwrap();
    payroll.passes_s(3_600).await;
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (1, 0));
    assert_eq!(payroll.alerts().await, Vec::<String>::new());
    payroll.balances().await;
    let queue = payroll.till.platform.queue("Payouts");
    assert_eq!((queue.waiting, queue.in_flight, queue.dead), (0, 0, Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_guard_is_paid_by_a_single_transfer() {
    let payroll = Payroll::of(1).await;
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    assert_eq!((payroll.calls(BULK), payroll.calls(SINGLE)), (0, 1));
    let payout = payroll.payout(0).await;
    let posted = payroll.till.posting(&Reference::payout_start(&payout.id, 1)).await;
    assert!(posted.is_some());
    assert_eq!((payout.from_seq, payout.to_seq, payout.part), (1, 1, 0), "the tip is paid by it");
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_end_puts_the_money_back_and_the_next_attempt_pays() {
    for (end, trouble, has_event) in [
        (TransferStatus::Failed, Trouble::TransferFailed, true),
        (TransferStatus::Reversed, Trouble::TransferReversed, true),
        (TransferStatus::Abandoned, Trouble::TransferAbandoned, false),
        (TransferStatus::Blocked, Trouble::TransferBlocked, false),
        (TransferStatus::Rejected, Trouble::TransferRejected, false),
    ] {
        let payroll = Payroll::of(1).await;
        payroll.till.breaks(Fault::once("transfer", FaultKind::Transfer { status: end }));
        payroll.runs().await;
        if !has_event {
            assert_eq!(payroll.stands(0).await.0, PayoutState::Sent, "{end:?}");
            payroll.passes_s(17 * 60).await;
        }
        assert_eq!(payroll.stands(0).await, (PayoutState::Returned, 1, Some(trouble)), "{end:?}");
        let first = payroll.payout(0).await.reference().unwrap();
        let returned = payroll.till.posting(&Reference::transfer_returned(&first)).await.unwrap();
        assert!(returned.outbox.is_some(), "the operators hear of it");
        payroll.balances().await;
        payroll.passes_s(120).await;
        assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 2, None), "{end:?}");
        assert_eq!(payroll.paid(0).await, OWED);
        payroll.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_six_failures_a_person_decides() {
    let payroll = Payroll::of(1).await;
    let failed = FaultKind::Transfer { status: TransferStatus::Failed };
    payroll.till.breaks(Fault::always("transfer", failed));
    payroll.runs().await;
    for (attempt, minutes) in [(2, 1), (3, 5), (4, 15), (5, 60), (6, 240)] {
        payroll.passes_s(minutes * 60 - 30).await;
        assert_eq!(payroll.stands(0).await.1, attempt - 1, "it waits {minutes} minutes");
        payroll.passes_s(90).await;
        assert_eq!(payroll.stands(0).await.1, attempt, "after {minutes} minutes");
    }
    let trouble = Some(Trouble::TransferFailed);
    assert_eq!(payroll.stands(0).await, (PayoutState::NeedsHuman, 6, trouble));
    payroll.passes_s(24 * 3_600).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::NeedsHuman, 6, trouble));
    assert_eq!((payroll.payouts(0).await.len(), payroll.paid(0).await), (1, 0));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_days_later_is_put_back_once_and_paid_anew() {
    let payroll = Payroll::of(1).await;
    payroll.runs().await;
    payroll.passes_s(3 * 24 * 3_600).await;
    let paid = payroll.payout(0).await;
    payroll.ends(&paid, TransferStatus::Reversed);
    payroll.till.platform.quiet().await;
    let (state, attempt, trouble) = payroll.stands(0).await;
    assert_eq!((state, attempt), (PayoutState::Reversed, 1));
    assert_eq!(trouble, Some(Trouble::TransferReversed));
    // Paystack gives its fee back with the money, as its balance says.
    assert_eq!(payroll.system(AccountKind::Balance).await, 0);
    payroll.balances().await;
    for event in payroll.events(&paid) {
        payroll.till.delivers(event).await;
        payroll.till.delivers(event).await;
    }
    payroll.till.platform.quiet().await;
    assert_eq!((payroll.payouts(0).await.len(), payroll.paid(0).await), (1, 0));
    payroll.balances().await;
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    assert_eq!((payroll.payouts(0).await.len(), payroll.paid(0).await), (2, OWED));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_without_a_word_is_found_by_the_night_s_comparison_and_paid_anew() {
    let payroll = Payroll::of(1).await;
    payroll.runs().await;
    // Long before the night whose comparison finds it.
    payroll.passes_s(9 * 24 * 3_600).await;
    let paid = payroll.payout(0).await;
    payroll.till.breaks(Fault::always("transfer.reversed", FaultKind::Drop));
    payroll.ends(&paid, TransferStatus::Reversed);
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "nobody has told us");
    payroll.passes_s(3 * 24 * 3_600).await;
    let payouts = payroll.payouts(0).await;
    let states: Vec<PayoutState> = payouts.iter().map(|payout| payout.state).collect();
    assert_eq!(states.len(), 2, "{states:?}");
    assert!(states.contains(&PayoutState::Reversed), "{states:?}");
    assert!(states.contains(&PayoutState::Confirmed), "{states:?}");
    assert_eq!(payroll.paid(0).await, OWED);
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_may_come_often_late_or_never() {
    let payroll = Payroll::of(1).await;
    payroll.behaves(Settings { transfers: Some(Pace::ByHand), ..Settings::default() });
    payroll.till.breaks(Fault::once("transfer.success", FaultKind::Drop));
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Sent, 1, None));
    // Under way for hours: nothing is sent again.
    payroll.passes_s(5 * 3_600).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Sent, 1, None));
    let sent = payroll.payout(0).await;
    payroll.ends(&sent, TransferStatus::Success);
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.stands(0).await.0, PayoutState::Sent, "its event was lost");
    payroll.passes_s(16 * 60).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    for event in payroll.events(&sent) {
        for _ in 0..3 {
            payroll.till.delivers(event).await;
        }
    }
    payroll.till.platform.quiet().await;
    assert_eq!((payroll.calls(SINGLE), payroll.paid(0).await), (1, OWED));
    payroll.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_from_what_was_asked_for_is_a_case_and_moves_nothing() {
    for (kind, case) in [
        (FaultKind::WrongAmount { amount: Some(OWED * 10) }, "transfer_mismatch amount_mismatch"),
        (FaultKind::WrongCurrency { currency: None }, "transfer_mismatch currency"),
    ] {
        let payroll = Payroll::of(1).await;
        payroll.till.breaks(Fault::once(VERIFY, kind));
        payroll.runs().await;
        let (state, _, trouble) = payroll.stands(0).await;
        assert_eq!((state, trouble), (PayoutState::Sent, Some(Trouble::Mismatch)), "{case}");
        assert_eq!(payroll.till.cases().await, [case]);
        let reference = payroll.payout(0).await.reference().unwrap();
        let success = Reference::transfer_success(&reference);
        assert_eq!(payroll.till.posting(&success).await, None, "{case}");
        // The truth is what counts: at the next look Paystack says it rightly.
        payroll.passes_s(16 * 60).await;
        assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "{case}");
        payroll.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_no_payout_of_ours_is_a_case() {
    let mut payroll = Payroll::of(1).await;
    payroll.runs().await;
    // Somebody pays from the same balance on Paystack's dashboard.
    let mut wish = payroll.foreign_wish(&payroll.payout(0).await.recipient, 5_000);
    payroll.paystack().transfer(payroll.tenant(), &wish).await.unwrap();
    payroll.foreign = 5_000 + FEE;
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.till.cases().await, ["unknown_reference"]);
    assert_eq!(payroll.alerts().await, ["foreign_transfer"]);
    // The name of an attempt that we have never made.
    let ours = payroll.payout(0).await;
    (wish.reference, wish.amount) = (TransferReference::of(&ours.id, 9), ours.amount);
    payroll.paystack().transfer(payroll.tenant(), &wish).await.unwrap();
    payroll.foreign += OWED + FEE;
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.till.cases().await, ["success_after_return", "unknown_reference"]);
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_says_nothing_lies_with_the_dead_and_holds_nobody_up() {
    let payroll = Payroll::of(1).await;
    payroll.queue().send(&json!({ "neither": "fish" })).await.unwrap();
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    payroll.passes_s(5 * 3_600).await;
    assert_eq!(payroll.till.platform.queue("Payouts").dead, Some(0));
    payroll.passes_s(2 * 3_600).await;
    let queue = payroll.till.platform.queue("Payouts");
    assert_eq!((queue.waiting, queue.in_flight, queue.dead), (0, 0, Some(1)), "{queue:?}");
}
