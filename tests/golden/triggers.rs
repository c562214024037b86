//! The events that are no requests: batches of the table's stream and of a queue, and the schedule.

use adapters::salts::Salts;
use adapters::table::{Counted, GuardBalances, LedgerWrite, Posted, Table};
use domain::id::{GuardId, PayoutId, PropertyId, TipId};
use domain::ledger::{Charge, FeeBearer, PaystackReference};
use domain::money::Currency;
use domain::payout::PayoutState;
use jiff::ToSpan;
use jiff::civil::date;
use jiff::tz::TimeZone;
use local::Stack;
use serde_json::{Value, json};

use crate::fixture::{NOON, options, root};
use crate::money::{connect, earn, pay as pay_for, plan, wish};
use crate::seed::{WITH_CODE, noon, seed, tenant_id};

fn event(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join("events").join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_batch_of_the_stream_is_counted_once_and_only_its_new_scans() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let of = Counted::Code(tenant_id(), PropertyId::parse(WITH_CODE).unwrap().into());
    let batch = event("dynamodb/scan-events.json");
    let records = batch["Records"].as_array().unwrap();
    let kinds: Vec<&str> = records.iter().map(|r| r["eventName"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["INSERT", "INSERT", "INSERT", "REMOVE"]);
    for round in 1..=2 {
        let answer = stack.invoke("aggregate", batch.clone()).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }), "round {round}");
        let totals = table.totals(&of).await.unwrap();
        // A person and a bot; the foreign item and the removed scan are not counted.
        assert_eq!(totals.scans(), 1, "round {round}");
        assert_eq!(totals.last_scan, Some(NOON.parse().unwrap()), "round {round}");
    }
    stack.stop().await;
}

/// The transaction of the golden batch, written as the worker of payments writes it.
async fn pay(stack: &Stack, table: &Table) {
    let tip = TipId::parse("tip_01m7yzmhg0ecybqgxba3jgzksx").unwrap();
    let charge = Charge {
        reference: PaystackReference::of(&tip),
        guard: GuardId::parse("grd_01m7yzmhg0e40r2081040g2081").unwrap(),
        currency: Currency::Ngn,
        tip: 100_000,
        collected: 100_000,
        psp_fee: 1_500,
        platform_fee: 500,
        bearer: FeeBearer::Guard,
    };
    let write = LedgerWrite {
        tenant: &tenant_id(),
        transaction: &charge.transaction(0).unwrap(),
        guard: Some(&charge.guard),
        balances: &GuardBalances::default(),
        tip: None,
        payout: None,
        outbox: None,
        at: stack.clock().now(),
    };
    assert_eq!(table.commit_posting(&write).await.unwrap(), Posted::Posted);
}

#[tokio::test]
async fn a_batch_of_the_ledger_is_added_up_once_and_its_notices_are_relayed() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    stack.quiet().await.unwrap();
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    pay(&stack, &table).await;
    let batch = event("dynamodb/ledger.json");
    let done = json!({ "batchItemFailures": [] });
    for round in 1..=2 {
        let answer = stack.invoke("aggregate", batch.clone()).await.unwrap();
        assert_eq!(answer, done, "round {round}");
        let balances = table.system_balances(&tenant_id(), Currency::Ngn).await.unwrap();
        let moved: Vec<i64> = balances.into_values().filter(|minor| *minor != 0).collect();
        assert_eq!(moved, [98_500, -500], "round {round}");
    }
    assert_eq!(stack.queue("Notices").unwrap().waiting, 0);
    assert_eq!(stack.invoke("relay", batch).await.unwrap(), done);
    // The transaction's notice and the one of its own; neither the entry nor the mark.
    assert_eq!(stack.queue("Notices").unwrap().waiting, 2);
    stack.stop().await;
}

#[tokio::test]
async fn a_batch_of_notices_is_told_once_and_what_is_none_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    let batch = event("sqs/notices.json");
    let last = batch["Records"][3]["messageId"].clone();
    for round in 1..=2 {
        let answer = stack.invoke("notify", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": last }] });
        assert_eq!(answer, failures, "round {round}");
        let texts = stack.inbox().texts_to("+2348012345671");
        let texts: Vec<&str> = texts.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["Tessera: You received a tip of 980.00 NGN from Zoë."]);
        let letters = stack.inbox().letters_to("musa@example.com");
        let mut subjects: Vec<&str> = letters.iter().map(|mail| mail.subject.as_str()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, ["You received a tip of 980.00 NGN", "Your code for tips"]);
    }
    stack.stop().await;
}

#[tokio::test]
async fn the_daily_schedule_destroys_the_salts_before_yesterday() {
    let stack = Stack::start(options()).await.unwrap();
    let salts = Salts::from_env(stack.environment("scan").unwrap()).unwrap();
    let today = stack.clock().now().to_zoned(TimeZone::UTC).date();
    for days in 0..4 {
        salts.of_day(today.checked_sub(days.days()).unwrap()).await.unwrap();
    }
    let daily = event("schedule/daily.json");
    let report = stack.invoke("janitor", daily.clone()).await.unwrap();
    let cleaned = |salts: u64| {
        json!({
            "salts_destroyed": salts, "tips_cleared": 0, "tokens_forgotten": 0, "vouchers_low": 0,
        })
    };
    assert_eq!(report, cleaned(2));
    let report = stack.invoke("janitor", daily.clone()).await.unwrap();
    assert_eq!(report, cleaned(0));

    // What the local process sends by itself has the same form.
    let fields =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(daily["source"], "aws.scheduler");
    assert_eq!(
        fields(&daily),
        [
            "account",
            "detail",
            "detail-type",
            "id",
            "region",
            "resources",
            "source",
            "time",
            "version"
        ]
    );
    assert!(stack.fire("janitor").await.is_ok());
    stack.stop().await;
}

#[tokio::test]
async fn a_batch_of_payments_is_settled_once_and_poison_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    connect(&stack);
    let tip = wish(&stack, 1, 0).await;
    pay_for(&stack, &tip);
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let batch = event("sqs/payments.json");
    let poison = batch["Records"][4]["messageId"].clone();
    for round in 1..=2 {
        let answer = stack.invoke("payments", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": poison }] });
        assert_eq!(answer, failures, "round {round}");
        let (tenant, guard) = (tenant_id(), &tip.guard);
        let balances = table.guard_balances(&tenant, guard, Currency::Ngn).await.unwrap();
        assert_eq!((balances.payable, balances.seq), (-98_000, 1), "round {round}");
        let kept = table.webhooks(&tenant, tip.reference().as_str()).await.unwrap();
        assert_eq!(kept.len(), 1, "round {round}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_batch_of_payouts_is_paid_once_and_poison_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    plan(&stack).await;
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let batch = event("sqs/payouts.json");
    let poison = batch["Records"][3]["messageId"].clone();
    for round in 1..=2 {
        let answer = stack.invoke("payouts", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": poison }] });
        assert_eq!(answer, failures, "round {round}");
        let payout = table.payout(&PayoutId::new(noon(), [1; 10])).await.unwrap().unwrap().payout;
        assert_eq!((payout.state, payout.attempt), (PayoutState::Confirmed, 1), "round {round}");
        let balances = table.guard_balances(&tenant_id(), &payout.guard, Currency::Ngn).await;
        let balances = balances.unwrap();
        assert_eq!((balances.payable, balances.in_transit), (0, 0), "round {round}");
        let money = &stack.simulator().unwrap().money()[0];
        assert_eq!(money.paid_out, 98_000, "round {round}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn every_minute_what_is_due_is_sent_to_its_queue() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    connect(&stack);
    wish(&stack, 1, 10).await;
    let minute = event("schedule/every-minute.json");
    let swept = |polls: u64, payouts: u64, lag_s: u64| {
        json!({
            "polls_sent": polls, "payouts_sent": payouts, "nights_sent": 0, "leases_returned": 0,
            "purses_tidied": 0, "lag_s": lag_s, "unreadable": 0,
        })
    };
    for waiting in 1..=2 {
        let report = stack.invoke("sweeper", minute.clone()).await.unwrap();
        assert_eq!(report, swept(1, 0, 300), "due five minutes ago");
        assert_eq!(stack.queue("Payments").unwrap().waiting, waiting);
    }
    stack.quiet().await.unwrap();
    let report = stack.invoke("sweeper", minute).await.unwrap();
    assert_eq!(report, swept(0, 0, 0), "it was asked about");
    stack.stop().await;
}

#[tokio::test]
async fn a_batch_of_reconciliations_compares_a_day_once_and_poison_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    earn(&stack).await;
    let batch = event("sqs/reconciliations.json");
    let last = batch["Records"][2]["messageId"].clone();
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let mut versions = Vec::new();
    for round in 1..=2 {
        let answer = stack.invoke("reconcile", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": last }] });
        assert_eq!(answer, failures, "round {round}");
        let day = table.reconciliation(&tenant_id(), date(2026, 11, 21)).await.unwrap().unwrap();
        assert!(day.is_done(), "{day:?}");
        versions.push(day.version);
    }
    assert_eq!(versions[0], versions[1], "a comparison that is done is left alone");
    stack.stop().await;
}
