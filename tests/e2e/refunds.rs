//! Money goes back once, to whom it came from, and never more than came.

use adapters::table::{LedgerWrite, Posted};
use domain::access::Scope;
use domain::id::PayoutId;
use domain::ledger::{Reference, payout_start};
use domain::money::{Currency, Money};
use local::paystack::{Fault, FaultKind, Lost, RefundStatus, Resolution};
use serde_json::{Value, json};
use tessera_tests::at_once;

use crate::till::{NET, TIP, Till, reference};

const REFUND: &str = "POST /refund";
const DISPUTES: &str = "GET /dispute";
const DAY_MIN: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tip_is_paid_back_whole_and_everybody_gives_back_their_share() {
    let till = Till::open().await;
    let tip = till.earns().await;
    let answer = till.refunds(&tip, "one", &json!({ "reason": "Paid twice" })).await.is(202);
    let asked = answer.json();
    assert_eq!((&asked["amount"], &asked["status"]), (&json!(TIP), &json!("pending")));
    assert_eq!((&asked["tip_id"], &asked["currency"]), (&tip["tip_id"], &json!("NGN")));
    let [(id, note, amount)] = till.at_paystack().await.try_into().unwrap();
    assert_eq!((note.as_str(), amount), (asked["refund_id"].as_str().unwrap(), TIP));
    till.platform.quiet().await;
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("succeeded", -NET));
    // The same request again asks nobody.
    let again = till.refunds(&tip, "one", &json!({ "reason": "Paid twice" })).await.is(202);
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", asked));
    assert_eq!(till.at_paystack().await.len(), 1);
    till.processes(id);
    till.platform.quiet().await;
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("refunded", 0));
    till.balances().await;
    // Paystack keeps its fee, so the platform has spent it.
    assert_eq!(till.system().await, [-1_500, 0, 1_500]);
    assert_eq!(till.clearing(), -1_500);
    till.refunds(&tip, "two", &json!({})).await.problem(422, "refund_exceeds_rest");

    let path = format!("/api/v1/tips/{}/entries", tip["tip_id"].as_str().unwrap());
    let entries = till.platform.owner().get(&path).await.is(200).json();
    let amounts = |name: &str| {
        let entries = entries["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry[name].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(amounts("net_amount"), [NET, -NET], "{entries}");
    assert_eq!(amounts("fees"), [TIP - NET, NET - TIP], "{entries}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_paid_back_until_nothing_is_left_whatever_their_rounding() {
    let till = Till::open().await;
    let tip = till.earns().await;
    for (number, amount) in [33_333, 33_333, 33_334].into_iter().enumerate() {
        let request = json!({ "amount": amount });
        till.pays_back(&tip, &format!("part {number}"), &request).await;
        // What is under way counts as gone.
        let more = till.refunds(&tip, &format!("more {number}"), &json!({ "amount": TIP })).await;
        assert_eq!(more.status, 422);
    }
    for (id, _, _) in till.at_paystack().await {
        till.processes(id);
        till.platform.quiet().await;
        till.balances().await;
    }
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("refunded", 0));
    assert_eq!(till.system().await, [-1_500, 0, 1_500]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_paid_back_is_refused_in_words() {
    let till = Till::open().await;
    let unpaid = till.tips().await;
    till.refunds(&unpaid, "1", &json!({})).await.problem(409, "tip_not_paid");
    let tip = till.earns().await;
    for (key, request, status, code) in [
        ("2", json!({ "amount": TIP + 1 }), 422, "refund_exceeds_rest"),
        ("3", json!({ "amount": 0 }), 422, "refund_of_nothing"),
        ("4", json!({ "amount": -5 }), 422, "refund_of_nothing"),
        ("5", json!({ "amount": 1.5 }), 422, "invalid_fields"),
        ("6", json!({ "reason": "x".repeat(201) }), 422, "invalid_fields"),
        ("7", json!({ "sum": 5 }), 422, "invalid_fields"),
    ] {
        till.refunds(&tip, key, &request).await.problem(status, code);
    }
    let path = format!("/api/v1/tips/{}/refund", tip["tip_id"].as_str().unwrap());
    let owner = till.platform.owner();
    owner.post(&path).json(&json!({})).await.problem(400, "idempotency_key_missing");
    let reader = owner.makes_key(&[Scope::FinanceRead]).await;
    reader.post_once(&path).json(&json!({})).await.problem(403, "scope_missing");
    let stranger = till.platform.newcomer().await;
    stranger.post_once(&path).json(&json!({})).await.problem(404, "tip_unknown");
    owner.post_once("/api/v1/tips/x/refund").json(&json!({})).await.problem(404, "tip_unknown");
    till.pays_back(&tip, "8", &json!({ "amount": 5 })).await;
    till.refunds(&tip, "8", &json!({ "amount": 6 })).await.problem(422, "idempotency_key_reused");

    till.platform.simulator().raise_dispute(reference(&tip), None).unwrap();
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "disputed");
    till.refunds(&tip, "9", &json!({})).await.problem(409, "tip_under_dispute");
    assert_eq!(till.at_paystack().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_requests_at_once_pay_back_no_more_than_there_is() {
    let till = Till::open().await;
    let tip = till.earns().await;
    let requests = (0..16).map(|number| {
        let (till, tip) = (&till, &tip);
        async move {
            till.refunds(tip, &format!("key {}", number / 2), &json!({ "amount": 30_000 })).await
        }
    });
    let answers = at_once(16, requests).await;
    let fine = answers.iter().filter(|answer| answer.status == 202);
    let ids: std::collections::BTreeSet<String> =
        fine.map(|answer| answer.json()["refund_id"].as_str().unwrap().to_owned()).collect();
    let others = answers.iter().filter(|answer| answer.status != 202);
    assert!(others.clone().all(|answer| [409, 422].contains(&answer.status)), "{answers:?}");
    assert_eq!((ids.len(), till.at_paystack().await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_is_found_and_a_lost_request_is_a_case_and_never_a_second_one() {
    let till = Till::open().await;
    let tip = till.earns().await;
    // It happens, and nobody hears of it.
    till.breaks(Fault::once(REFUND, FaultKind::TimeoutAfter { how: Lost::Close }));
    till.pays_back(&tip, "after", &json!({ "amount": 40_000 })).await;
    till.passes(16).await;
    assert_eq!(till.cases().await, Vec::<String>::new(), "it is there, and under way");
    // It does not even arrive.
    till.breaks(Fault::once(REFUND, FaultKind::TimeoutBefore { how: Lost::Close }));
    till.pays_back(&tip, "before", &json!({ "amount": 10_000 })).await;
    till.passes(14).await;
    assert_eq!(till.cases().await, Vec::<String>::new(), "it may still be on its way");
    till.passes(60).await;
    assert_eq!(till.cases().await, ["refund_needs_attention"]);
    assert_eq!(till.at_paystack().await.len(), 1);
    // Until somebody has looked, it counts as gone.
    till.refunds(&tip, "more", &json!({ "amount": 50_001 }))
        .await
        .problem(422, "refund_exceeds_rest");
    till.processes(till.at_paystack().await[0].0);
    till.platform.quiet().await;
    assert_eq!(till.purse().await.payable, -NET * 6 / 10);
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_paystack_refuses_leaves_the_tip_as_it_was() {
    let till = Till::open().await;
    let tip = till.earns().await;
    till.breaks(Fault::once(REFUND, FaultKind::RateLimited));
    till.refunds(&tip, "one", &json!({})).await.problem(429, "paystack_limited");
    // Somebody has paid half of it back on Paystack's dashboard, and we have not heard of it.
    till.holds("refund.*");
    let id = till.platform.simulator().refund(reference(&tip), Some(TIP / 2)).unwrap();
    till.refunds(&tip, "one", &json!({})).await.problem(409, "refund_refused");
    assert_eq!(till.status(&tip).await, "succeeded");
    till.pays_back(&tip, "one", &json!({ "amount": TIP / 2 })).await;
    assert_eq!(till.at_paystack().await.len(), 2);
    till.processes(id);
    till.platform.simulator().clear_faults().unwrap();
    let all = till.at_paystack().await;
    for (id, _, _) in &all[1..] {
        till.processes(*id);
    }
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "refunded", "one event tells of both");
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_fails_is_a_case_and_can_be_asked_for_again() {
    let till = Till::open().await;
    let tip = till.earns().await;
    for (key, status, case) in [
        ("1", RefundStatus::Failed, "refund_failed"),
        ("2", RefundStatus::NeedsAttention, "refund_needs_attention"),
    ] {
        till.pays_back(&tip, key, &json!({})).await;
        let (id, _, _) = till.at_paystack().await.pop().unwrap();
        till.platform.simulator().move_refund(id, status).unwrap();
        till.platform.quiet().await;
        assert!(till.cases().await.contains(&case.to_owned()), "{case}");
        assert_eq!(till.purse().await.payable, -NET);
    }
    // The one that needs attention is still under way.
    till.refunds(&tip, "3", &json!({ "amount": 1 })).await.problem(422, "refund_exceeds_rest");
    let (id, _, _) = till.at_paystack().await.pop().unwrap();
    till.processes(id);
    till.platform.quiet().await;
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("refunded", 0));
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_out_becomes_a_debt_that_the_next_tip_repays() {
    let till = Till::open().await;
    let tip = till.earns().await;
    let (table, tenant) = (till.platform.table(), &till.platform.owner().tenant);
    let payout = PayoutId::new(till.platform.now(), [1; 10]);
    let all = Money { minor: NET, currency: Currency::Ngn };
    let balances = till.purse().await;
    let write = LedgerWrite {
        tenant,
        transaction: &payout_start(&payout, 1, &till.guard, all).unwrap(),
        guard: Some(&till.guard),
        balances: &balances,
        tip: None,
        payout: None,
        outbox: None,
        at: till.platform.now(),
    };
    assert_eq!(table.commit_posting(&write).await.unwrap(), Posted::Posted);
    till.pays_back(&tip, "one", &json!({})).await;
    let (id, _, _) = till.at_paystack().await.pop().unwrap();
    till.processes(id);
    till.platform.quiet().await;
    let purse = till.purse().await;
    assert_eq!((purse.payable, purse.in_transit, purse.receivable), (0, -NET, NET));
    till.earns().await;
    let purse = till.purse().await;
    assert_eq!((purse.payable, purse.in_transit, purse.receivable), (0, -NET, 0));
    till.earns().await;
    assert_eq!(till.purse().await.payable, -NET);
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_and_a_lost_dispute_never_take_more_than_the_tip() {
    let till = Till::open().await;
    let tip = till.earns().await;
    let dispute = till.platform.simulator().raise_dispute(reference(&tip), None).unwrap();
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "disputed");
    // While the bank thinks, somebody pays a part back on the dashboard.
    let refund = till.platform.simulator().refund(reference(&tip), Some(30_000)).unwrap();
    till.processes(refund);
    till.platform.quiet().await;
    let end = till.platform.simulator().end_dispute(dispute, Resolution::MerchantAccepted, None);
    end.unwrap();
    till.platform.quiet().await;
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("refunded", 0));
    assert_eq!(till.cases().await, ["return_exceeds_charge"]);
    till.balances().await;
    let lost = till.posting(&Reference::dispute(dispute)).await.unwrap().record.postings;
    let clearing = lost.iter().find(|p| p.account.to_string() == "psp:clearing:NGN").unwrap();
    assert_eq!(clearing.minor, -70_000, "the rest, not all");

    // One that is won leaves everything where it is.
    let tip = till.earns().await;
    let dispute = till.platform.simulator().raise_dispute(reference(&tip), None).unwrap();
    till.platform.quiet().await;
    till.platform.simulator().end_dispute(dispute, Resolution::Declined, None).unwrap();
    till.platform.quiet().await;
    assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("succeeded", -NET));
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_that_ends_in_a_way_nobody_can_act_on_is_one_case_and_may_still_be_settled() {
    for (field, case) in [
        ("resolution", "charge_mismatch status"),
        ("refund_amount", "charge_mismatch amount_mismatch"),
    ] {
        let till = Till::open().await;
        let tip = till.earns().await;
        let dispute = till.platform.simulator().raise_dispute(reference(&tip), None).unwrap();
        till.platform.quiet().await;
        let asked = || till.platform.simulator().calls().get(DISPUTES).copied().unwrap_or(0);
        till.breaks(Fault::always(DISPUTES, FaultKind::Without { field: field.to_owned() }));
        let end = Resolution::AutoAccepted;
        till.platform.simulator().end_dispute(dispute, end, None).unwrap();
        till.platform.quiet().await;
        assert_eq!(till.cases().await, [case]);
        // Nothing moves, and Paystack is asked ever less often: after one day, two, four, eight.
        let before = asked();
        for (days, looks) in [(1, 1), (1, 2), (1, 2), (1, 3)] {
            till.passes(days * DAY_MIN + 1).await;
            assert_eq!((till.cases().await.len(), asked() - before), (1, looks), "{field}");
        }
        let status = till.status(&tip).await;
        assert_eq!((status.as_str(), till.purse().await.payable), ("disputed", -NET));
        till.balances().await;
        // Somebody has had Paystack say it in full.
        till.platform.simulator().clear_faults().unwrap();
        till.passes(4 * DAY_MIN).await;
        assert_eq!((till.status(&tip).await.as_str(), till.purse().await.payable), ("refunded", 0));
        till.balances().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_begins_and_ends_with_the_balance_and_goes_on_where_it_stopped() {
    let till = Till::open().await;
    let first = till.earns().await;
    till.passes(60).await;
    let noon = till.platform.now();
    till.earns().await;
    till.pays_back(&first, "one", &json!({ "amount": 50_000 })).await;
    let (id, _, _) = till.at_paystack().await.pop().unwrap();
    till.processes(id);
    till.passes(1).await;
    let owner = till.platform.owner();
    let of = async |account: String, period: &str| -> Value {
        owner
            .get(&format!("/api/v1/ledger/statement?account={account}{period}"))
            .await
            .is(200)
            .json()
    };
    for (account, amounts) in [
        (format!("guard:{}:payable:NGN", till.guard), [-NET, -NET, NET / 2]),
        ("psp:clearing:NGN".to_owned(), [98_500, 98_500, -50_000]),
    ] {
        let whole = of(account.clone(), "").await;
        let lines = whole["entries"].as_array().unwrap();
        let said: Vec<i64> = lines.iter().map(|line| line["amount"].as_i64().unwrap()).collect();
        assert_eq!(said, amounts, "{whole}");
        let sum: i64 = amounts.iter().sum();
        assert_eq!(
            (&whole["opening_balance"], &whole["closing_balance"]),
            (&json!(0), &json!(sum))
        );
        assert_eq!(lines[1]["balance"], amounts[0] + amounts[1], "{whole}");
        let late = of(account.clone(), &format!("&from={noon}")).await;
        assert_eq!(late["opening_balance"], amounts[0], "{late}");
        assert_eq!(late["entries"].as_array().unwrap().len(), 2, "{late}");
        let early = of(account, &format!("&to={noon}")).await;
        assert_eq!(
            (&early["closing_balance"], &early["next_cursor"]),
            (&json!(amounts[0]), &Value::Null)
        );
    }
    let empty = of("suspense:NGN".to_owned(), "").await;
    assert_eq!((&empty["entries"], &empty["closing_balance"]), (&json!([]), &json!(0)));
    for bad in ["account=nobody", "account=bank:NGN&from=x", "account=bank:NGN&cursor=AAAA", ""] {
        assert_eq!(
            owner.get(&format!("/api/v1/ledger/statement?{bad}")).await.status,
            422,
            "{bad}"
        );
    }
    let period = format!("account=bank:NGN&from={noon}&to={noon}");
    owner.get(&format!("/api/v1/ledger/statement?{period}")).await.problem(422, "invalid_fields");
}
