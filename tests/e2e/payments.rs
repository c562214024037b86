//! Money arrives once, however Paystack tells of it, and only where it is what was asked for.

use adapters::paystack::PaystackKeys;
use adapters::queue::Queue;
use domain::page::PageSize;
use local::paystack::{Fault, FaultKind, Payment};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tessera_tests::{Ask, at_once};

use crate::till::{FEE, NET, TIP, Till, charge_of, reference};

const VERIFY: &str = "GET /transaction/verify/{reference}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_lands_sixty_four_times_at_once_credits_once() {
    let till = Till::open().await;
    till.holds("charge.success");
    let tip = till.tips().await;
    till.pays(&tip, Payment::Success);
    let event = till.events(&tip, "charge.success")[0];
    let answers = at_once(64, (0..64).map(|_| till.delivers(event))).await;
    assert!(answers.iter().all(|status| *status == Some(200)), "{answers:?}");
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "succeeded");
    assert_eq!(till.purse().await.payable, -NET);
    till.balances().await;
    assert_eq!(till.system().await, [TIP - FEE, -(TIP - FEE - NET), 0]);
    assert_eq!(till.clearing(), TIP - FEE);
    // It was kept once, to the byte.
    let (table, tenant) = (till.platform.table(), &till.platform.owner().tenant);
    let kept = table.webhooks(tenant, reference(&tip)).await.unwrap();
    let sent = till.platform.simulator().webhooks().into_iter().find(|sent| sent.id == event);
    assert_eq!(kept.iter().map(|event| &event.raw).collect::<Vec<_>>(), [&sent.unwrap().body]);
    let queue = till.platform.queue("Payments");
    assert_eq!((queue.waiting, queue.in_flight, queue.dead), (0, 0, Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tips_for_one_guard_at_once_are_sixty_four_tips() {
    let till = Till::open().await;
    till.holds("charge.success");
    // One address may tip thirty times a minute.
    for _ in 0..4 {
        for tip in at_once(8, (0..16).map(|_| till.tips())).await {
            till.pays(&tip, Payment::Success);
        }
        till.passes(1).await;
    }
    let held: Vec<u64> = till.platform.simulator().held().iter().map(|event| event.id).collect();
    assert_eq!(held.len(), 64);
    at_once(64, held.iter().map(|event| till.delivers(*event))).await;
    till.platform.quiet().await;
    // Whoever was outrun too often comes again.
    till.passes(7).await;
    assert_eq!(till.purse().await.payable, -64 * NET);
    till.balances().await;
    assert_eq!(till.system().await[0], till.clearing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_faster_than_our_own_answer_is_not_lost() {
    let till = Till::open().await;
    // Paystack begins the charge, and its answer never comes; the patron pays all the same.
    let lost = FaultKind::TimeoutAfter { how: local::paystack::Lost::Close };
    till.breaks(Fault::once("POST /transaction/initialize", lost));
    let wish = tessera_tests::wish(&till.token, TIP);
    let answer = till.platform.patron().asks_for("slow", &wish).await;
    assert!(answer.status < 300 || answer.status >= 500, "{}", answer.text());
    let (table, tenant) = (till.platform.table(), &till.platform.owner().tenant);
    let made = table.tips_of_guard(tenant, &till.guard, PageSize::largest(), None).await.unwrap();
    let known = made.entries[0].reference();
    till.platform.simulator().pay(known.as_str(), Payment::Success).unwrap();
    till.platform.quiet().await;
    assert_eq!(till.purse().await.payable, -NET);
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_what_was_asked_for_is_a_case_and_moves_nothing() {
    let till = Till::open().await;
    let mut expected = Vec::new();
    for (kind, case) in [
        (FaultKind::WrongAmount { amount: None }, "charge_mismatch amount_mismatch"),
        (FaultKind::WrongAmount { amount: Some(TIP * 10) }, "charge_mismatch amount_mismatch"),
        (FaultKind::WrongCurrency { currency: None }, "charge_mismatch currency"),
    ] {
        till.breaks(Fault::once(VERIFY, kind));
        till.holds("charge.success");
        let tip = till.tips().await;
        till.pays(&tip, Payment::Success);
        let event = till.events(&tip, "charge.success")[0];
        till.delivers(event).await;
        till.platform.quiet().await;
        assert_eq!(till.status(&tip).await, "pending", "{case}");
        assert_eq!(till.posting(&charge_of(&tip)).await, None, "{case}");
        expected.push(case);
        assert_eq!(till.cases().await, expected);
        // The truth is what counts: the same event again, and Paystack says it rightly.
        till.delivers(event).await;
        till.platform.quiet().await;
        assert_eq!(till.status(&tip).await, "succeeded");
    }
    // What an event itself says is nothing: the amount in it may be anything.
    till.platform.simulator().clear_faults().unwrap();
    till.breaks(Fault::once("charge.success", FaultKind::WrongAmount { amount: Some(1) }));
    till.earns().await;
    assert_eq!(till.purse().await.payable, -4 * NET);
    assert_eq!(till.cases().await.len(), 3);
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_is_no_tip_of_the_tenant_is_a_case() {
    let till = Till::open().await;
    // Somebody sells something with the same Paystack account.
    let environment = till.platform.environment("payments");
    let keys = PaystackKeys::from_env(environment).unwrap();
    let key = keys.of(&till.platform.owner().tenant).await.unwrap().unwrap();
    let key = String::from_utf8(key[0].expose().to_vec()).unwrap();
    let paystack = environment.required("PAYSTACK_URL").unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let begin = Ask::new(&client, &paystack, Method::POST, "/transaction/initialize");
    let charge = json!({ "email": "shop@example.com", "amount": 5_000, "reference": "shop-0001" });
    begin.header("authorization", &format!("Bearer {key}")).json(&charge).await.is(200).json();
    till.platform.simulator().pay("shop-0001", Payment::Success).unwrap();
    till.platform.quiet().await;
    assert_eq!(till.cases().await, ["unknown_reference"]);
    let event = till.platform.simulator().webhooks().first().unwrap().id;
    till.delivers(event).await;
    till.platform.quiet().await;
    assert_eq!(till.cases().await, ["unknown_reference"], "once");
    assert_eq!(till.platform.queue("Payments").dead, Some(0));
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_paystack_events_wait_and_poison_ends_where_a_person_finds_it() {
    let till = Till::open().await;
    let queue =
        Queue::from_env(till.platform.environment("sweeper"), "PAYMENTS_QUEUE_URL").unwrap();
    queue.send(&json!({ "neither": "fish" })).await.unwrap();
    till.breaks(Fault::always(VERIFY, FaultKind::Error500));
    let tip = till.tips().await;
    till.pays(&tip, Payment::Success);
    till.platform.quiet().await;
    assert_eq!(till.status(&tip).await, "pending");
    till.platform.simulator().clear_faults().unwrap();
    till.passes(7).await;
    assert_eq!(till.status(&tip).await, "succeeded");
    // The poison has had its thirty chances in three hours, and nobody else waited for it.
    till.passes(160).await;
    assert_eq!(till.platform.queue("Payments").dead, Some(0), "an outage of hours loses no event");
    till.passes(30).await;
    let state = till.platform.queue("Payments");
    assert_eq!((state.waiting, state.in_flight, state.dead), (0, 0, Some(1)), "{state:?}");
    assert_eq!(till.platform.redrives("Payments"), 1);
    till.platform.quiet().await;
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_its_verification_contradicts_is_tried_again_and_then_a_case() {
    let till = Till::open().await;
    let tip = till.tips().await;
    // A signed event says that it was paid; Paystack itself says that it was not.
    till.pays(&tip, Payment::Declined);
    let body = json!({ "event": "charge.success", "data": { "reference": reference(&tip) } });
    let message: Value = json!({ "webhook": {
        "tenant": till.platform.owner().tenant, "received_at": till.platform.now(),
        "event": body.to_string(),
    }});
    let queue =
        Queue::from_env(till.platform.environment("sweeper"), "PAYMENTS_QUEUE_URL").unwrap();
    queue.send(&message).await.unwrap();
    till.platform.quiet().await;
    assert_eq!(till.cases().await, Vec::<String>::new(), "Paystack may be behind");
    till.passes(14).await;
    assert_eq!(till.cases().await, ["charge_mismatch status"]);
    assert_eq!(till.purse().await.payable, 0);
    assert_eq!(till.platform.queue("Payments").dead, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_charge_costs_the_table_is_bounded() {
    let till = Till::open().await;
    // The units of the charge itself, without those of the event that is kept as it came.
    let applied = async || {
        let tip = till.tips().await;
        let body = json!({ "event": "charge.success", "data": { "reference": reference(&tip) } });
        till.holds("charge.success");
        till.pays(&tip, Payment::Success);
        till.platform.meter().reset();
        let (tenant, now) = (&till.platform.owner().tenant, till.platform.now());
        let message = json!({ "webhook": {
            "tenant": tenant, "received_at": now, "event": body.to_string(),
        }});
        let queue = Queue::from_env(till.platform.environment("sweeper"), "PAYMENTS_QUEUE_URL");
        queue.unwrap().send(&message).await.unwrap();
        till.platform.quiet().await;
        assert_eq!(till.status(&tip).await, "succeeded");
        let kept = 1.0;
        till.platform.meter().write_units("payments") - kept
    };
    let first = applied().await;
    let second = applied().await;
    println!("a charge: {first} write units, the next one: {second}");
    assert!(first <= 26.0 && second <= 26.0, "{first} {second}");
    let calls = till.platform.simulator().calls();
    assert_eq!(calls.get(VERIFY), Some(&2), "one question for each");
}
