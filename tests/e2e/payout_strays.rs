//! Paystack has another transfer under our reference than we asked for. Finance ends its payout once Paystack has said
//! how that transfer ended; nobody is paid twice, and what went elsewhere waits in suspense.

use domain::ledger::AccountKind;
use domain::money::Currency;
use domain::payout::{PayoutState, Trouble};
use local::paystack::{Fault, FaultKind, Lost, Pace, Settings, TransferStatus};
use serde_json::{Value, json};
use tessera_tests::{Reply, Staff, at_once};

use crate::desk::says;
use crate::payroll::{FEE, OWED, Payroll};

const DAY_S: i64 = 24 * 3_600;
/// Where a payout stands whose transfer is another one.
const STUCK: (PayoutState, u32, Option<Trouble>) = (PayoutState::Sent, 1, Some(Trouble::Mismatch));

/// Two guards are to be paid, and our request is lost. Under the first one's reference Paystack gets a transfer of so
/// many kobo to the account of another of them instead, which ends as it is said.
async fn strayed(minor: i64, to: usize, pace: Pace) -> Payroll {
    let payroll = Payroll::of(2).await;
    let lost = FaultKind::TimeoutBefore { how: Lost::Close };
    payroll.till.breaks(Fault::once("POST /transfer/bulk", lost));
    payroll.runs().await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Reserved, 1, None));
    let mut wish = payroll.wish(&payroll.payout(0).await);
    wish.amount.minor = minor;
    wish.recipient = payroll.payout(to).await.recipient;
    payroll.behaves(Settings { transfers: Some(pace), ..Settings::default() });
    payroll.paystack().transfer(payroll.tenant(), &wish).await.unwrap();
    payroll.till.platform.quiet().await;
    payroll.behaves(Settings::default());
    payroll.passes_s(120).await;
    assert_eq!(payroll.stands(0).await, STUCK);
    assert_eq!(payroll.stands(1).await, (PayoutState::Confirmed, 1, None));
    payroll
}

/// Finance says whether the guard has the money of the first guard's transfer.
async fn ends(payroll: &Payroll, guard_was_paid: bool) -> Reply {
    let path = format!("/api/v1/payouts/{}/end", payroll.payout(0).await.id);
    let request = json!({ "guard_was_paid": guard_was_paid, "note": "The bank has told us." });
    payroll.till.platform.owner().post_once(&path).json(&request).await
}

async fn ended(payroll: &Payroll, guard_was_paid: bool) -> Value {
    ends(payroll, guard_was_paid).await.is(200).json()
}

/// Two nights pass, each with its run and its comparison of the books.
async fn nights(payroll: &Payroll) {
    for _ in 0..2 {
        payroll.passes_s(DAY_S).await;
    }
}

/// What the ledger owes the first guard, in kobo; nothing of it is set aside.
async fn owed(payroll: &Payroll) -> i64 {
    let table = payroll.till.platform.table();
    let guard = &payroll.guards[0];
    let purse = table.guard_balances(payroll.tenant(), guard, Currency::Ngn).await.unwrap();
    assert_eq!((purse.in_transit, purse.payout), (0, None));
    -purse.payable
}

/// The ledger holds, and its balance is Paystack's once the night has compared them; the one case is explained.
async fn agrees(payroll: &Payroll, case: &str) {
    payroll.till.balances().await;
    let ours = payroll.system(AccountKind::Balance).await;
    assert_eq!(ours, payroll.money().balance, "our balance and Paystack's");
    assert_eq!(payroll.till.cases().await, [format!("transfer_mismatch {case}")]);
    let cases = "/api/v1/reconciliation/cases";
    let page = payroll.till.platform.owner().get(cases).await.is(200).json();
    let case = &page["cases"][0];
    assert_eq!(
        (&case["status"], &case["note"]),
        (&json!("resolved"), &json!("The bank has told us."))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_who_got_less_is_paid_the_rest_by_the_next_run() {
    let payroll = strayed(50_000, 0, Pace::AtOnce).await;
    // Nobody decides for Paystack: the money is at the guard's account.
    for decision in ["retry", "cancel"] {
        let path = format!("/api/v1/payouts/{}/{decision}", payroll.payout(0).await.id);
        let owner = payroll.till.platform.owner();
        let _asked = owner.post_once(&path).json(&json!({ "note": "again" })).await.is(200);
        payroll.passes_s(60).await;
        assert_eq!(payroll.stands(0).await, STUCK, "{decision}");
    }
    ends(&payroll, false).await.problem(409, "payout_was_paid");
    let confirmed = ended(&payroll, true).await;
    assert_eq!((&confirmed["status"], &confirmed["amount"]), (&json!("confirmed"), &json!(50_000)));
    assert_eq!(owed(&payroll).await, OWED - 50_000);
    ends(&payroll, true).await.problem(409, "payout_state");
    let subject = payroll.payout(0).await.id;
    let path = format!("/api/v1/audit?subject={subject}");
    let trail = payroll.till.platform.owner().get(&path).await.is(200).json();
    let last = &trail["records"][0];
    assert_eq!(
        (&last["operation"], &last["note"], &last["before"]["amount"], &last["after"]["amount"]),
        (&json!("payout_ended"), &json!("The bank has told us."), &json!(OWED), &json!(50_000))
    );
    payroll.balances().await;
    payroll.passes_s(DAY_S).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    assert_eq!((payroll.paid(0).await, owed(&payroll).await), (OWED, 0));
    payroll.balances().await;
    // The tip is on both statements, with what each has paid of it.
    let mut paid = Vec::new();
    for payout in payroll.payouts(0).await {
        let path = format!("/api/v1/payouts/{}/tips", payout.id);
        let tips = payroll.till.platform.owner().get(&path).await.is(200).json();
        assert_eq!(tips["entries"][0]["amount"], OWED, "{tips}");
        paid.push(tips["paid"].as_i64().unwrap());
    }
    assert_eq!(paid, [OWED - 50_000, 50_000]);
    payroll.passes_s(DAY_S).await;
    agrees(&payroll, "amount_mismatch").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guard_got_too_much_waits_in_suspense_and_leaves_it_when_it_comes_back() {
    let payroll = strayed(OWED + 70_000, 0, Pace::AtOnce).await;
    let confirmed = ended(&payroll, true).await;
    assert_eq!((&confirmed["status"], &confirmed["amount"]), (&json!("confirmed"), &json!(OWED)));
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.system(AccountKind::Suspense).await, 70_000);
    assert_eq!(owed(&payroll).await, 0, "and owes nothing");
    nights(&payroll).await;
    agrees(&payroll, "amount_mismatch").await;
    // Days later the bank gives all of it back.
    payroll.ends(&payroll.payout(0).await, TransferStatus::Reversed);
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.stands(0).await.0, PayoutState::Reversed);
    assert_eq!(owed(&payroll).await, OWED);
    nights(&payroll).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None), "the next run pays");
    assert_eq!((payroll.paid(0).await, owed(&payroll).await), (OWED, 0));
    assert_eq!(payroll.system(AccountKind::Suspense).await, 0);
    agrees(&payroll, "amount_mismatch").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_got_waits_in_suspense_and_the_guard_is_paid_by_the_next_run() {
    let payroll = strayed(OWED, 1, Pace::AtOnce).await;
    let cancelled = ended(&payroll, false).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["trouble"]),
        (&json!("cancelled"), &json!("given_up"))
    );
    payroll.till.platform.quiet().await;
    assert_eq!(payroll.system(AccountKind::Suspense).await, OWED + FEE);
    assert_eq!(owed(&payroll).await, OWED);
    // Whatever is told of it afterwards moves nothing.
    for event in payroll.events(&payroll.payout(0).await) {
        payroll.till.delivers(event).await;
    }
    nights(&payroll).await;
    assert_eq!(payroll.stands(0).await, (PayoutState::Confirmed, 1, None));
    assert_eq!((payroll.paid(0).await, payroll.paid(1).await), (OWED, 2 * OWED));
    assert_eq!(payroll.system(AccountKind::Suspense).await, OWED + FEE, "a person explains it");
    agrees(&payroll, "recipient").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_ended_before_paystack_has_said_how_and_what_failed_is_owed_again() {
    let payroll = strayed(OWED * 2, 0, Pace::ByHand).await;
    for finding in [true, false] {
        ends(&payroll, finding).await.problem(409, "payout_transfer_open");
    }
    assert_eq!(payroll.stands(0).await, STUCK);
    payroll.ends(&payroll.payout(0).await, TransferStatus::Failed);
    payroll.till.platform.quiet().await;
    ends(&payroll, true).await.problem(409, "payout_not_paid");
    assert_eq!(ended(&payroll, false).await["status"], "cancelled");
    assert_eq!(owed(&payroll).await, OWED);
    nights(&payroll).await;
    assert_eq!((payroll.paid(0).await, owed(&payroll).await), (OWED, 0), "once, by the next run");
    assert_eq!(payroll.system(AccountKind::Suspense).await, 0);
    agrees(&payroll, "amount_mismatch").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_end_a_payout_at_once_one_does() {
    let payroll = strayed(OWED, 1, Pace::AtOnce).await;
    let findings = [true, false, true, false, true, false];
    let replies = at_once(6, findings.map(|finding| ends(&payroll, finding))).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status)));
    payroll.till.platform.quiet().await;
    // Either the guard had it, or it went elsewhere and is owed.
    let (owed, astray) = (owed(&payroll).await, payroll.system(AccountKind::Suspense).await);
    assert!([(0, 0), (OWED, OWED + FEE)].contains(&(owed, astray)), "{owed} {astray}");
    payroll.till.balances().await;
    let owner = payroll.till.platform.owner();
    assert_eq!(owner.get("/api/v1/audit/check").await.is(200).json()["ok"], true);
    let trail = owner.get("/api/v1/audit?operation=payout_ended").await.is(200).json();
    assert_eq!(trail["records"].as_array().unwrap().len(), 1, "{trail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_is_ended_on_its_page_and_only_where_there_is_such_a_transfer() {
    let payroll = strayed(50_000, 0, Pace::AtOnce).await;
    let platform = &payroll.till.platform;
    let mut staff = Staff::with_key_of(platform, platform.owner()).await;
    let path = format!("/desk/payouts/{}", payroll.payout(0).await.id);
    let page = staff.opens(&path).await;
    says(&page, 200, "The guard has the money");
    let unpaid = [("act", "unpaid"), ("note", "The bank has told us.")];
    says(&staff.sends(&page, &path, &unpaid).await, 409, "is not owed again");
    let silent = [("act", "paid"), ("note", " ")];
    says(&staff.sends(&page, &path, &silent).await, 422, "A note has 1 to 500 characters.");
    let paid = [("act", "paid"), ("note", "The bank has told us.")];
    let done = staff.does(&page, &path, &paid).await;
    says(&done, 200, "It is ended");
    says(&done, 200, "₦500");
    assert!(!done.text().contains("The guard has the money"), "{}", done.text());
    // Another tenant has no such payout, and one that is over is not ended.
    let stranger = platform.newcomer().await;
    let api = format!("/api/v1/payouts/{}/end", payroll.payout(0).await.id);
    let request = json!({ "guard_was_paid": true, "note": "mine" });
    stranger.post_once(&api).json(&request).await.problem(404, "payout_unknown");
    let other = format!("/api/v1/payouts/{}/end", payroll.payout(1).await.id);
    platform.owner().post_once(&other).json(&request).await.problem(409, "payout_state");
    payroll.balances().await;
}
