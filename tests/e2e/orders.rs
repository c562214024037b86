//! Whatever order the events of a charge come in, and however often: the same money, the same tip, the same postings.

use domain::ledger::Reference;
use local::paystack::{Payment, Resolution};
use serde_json::Value;
use tessera_tests::seed;

use crate::till::{TIP, Till, charge_of, reference, tip_id};

/// What may reach us about one charge.
const NEWS: [&str; 4] = ["charge.success", "refund.processed", "dispute", "poll"];
/// The two events of a dispute, which come in both orders too.
const DISPUTE: [&str; 2] = ["charge.dispute.create", "charge.dispute.resolve"];

/// What is left in the end: balances, the tip, the postings by kind.
#[derive(Debug, PartialEq)]
struct End {
    balances: [i64; 3],
    status: String,
    returned: Vec<(bool, i64, i64)>,
    postings: Vec<Vec<(String, i64)>>,
    cases: usize,
}

/// All orders of the news, in a fixed order of their own.
fn orders(news: &[&'static str]) -> Vec<Vec<&'static str>> {
    if news.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in news.iter().enumerate() {
        let rest = [&news[..at], &news[at + 1..]].concat();
        let with = |mut order: Vec<&'static str>| {
            order.insert(0, *first);
            order
        };
        all.extend(orders(&rest).into_iter().map(with));
    }
    all
}

/// A charge of which 40,000 kobo are refunded, and a dispute about `disputed` is lost, all of it at Paystack only.
async fn charge(till: &Till, disputed: i64) -> (Value, [Reference; 3]) {
    let tip = till.tips().await;
    till.pays(&tip, Payment::Success);
    let simulator = till.platform.simulator();
    let refund = simulator.refund(reference(&tip), Some(40_000)).unwrap();
    let dispute = simulator.raise_dispute(reference(&tip), Some(disputed)).unwrap();
    till.processes(refund);
    simulator.end_dispute(dispute, Resolution::AutoAccepted, None).unwrap();
    let references = [charge_of(&tip), Reference::refund(refund), Reference::dispute(dispute)];
    (tip, references)
}

/// Tells in this order, each twice where a bit of `repeats` says so, and everything once more at the end.
async fn tell(till: &Till, tip: &Value, order: &[&str], repeats: u64) {
    for (at, news) in order.iter().enumerate() {
        for _ in 0..=((repeats >> at) & 1) {
            if *news == "poll" {
                till.passes(6).await;
            } else {
                deliver(till, tip, news, repeats % 2 == 1).await;
            }
        }
    }
    for news in order.iter().filter(|news| **news != "poll") {
        deliver(till, tip, news, repeats.is_multiple_of(2)).await;
    }
}

async fn deliver(till: &Till, tip: &Value, news: &str, backwards: bool) {
    let kinds = if news == "dispute" { DISPUTE.to_vec() } else { vec![news] };
    let mut events: Vec<u64> = kinds.iter().flat_map(|kind| till.events(tip, kind)).collect();
    if backwards {
        events.reverse();
    }
    for event in events {
        assert_eq!(till.delivers(event).await, Some(200), "{news}");
        till.platform.quiet().await;
    }
}

async fn end(till: &Till, tip: &Value, references: &[Reference]) -> End {
    let purse = till.purse().await;
    let stored = till.platform.table().tip(&tip_id(tip)).await.unwrap().unwrap().tip;
    let returned = stored.returns.iter();
    let cases = till.platform.owner().get("/api/v1/reconciliation/cases?limit=100").await.json();
    let cases = cases["cases"].as_array().unwrap().iter();
    End {
        balances: [purse.payable, purse.in_transit, purse.receivable],
        status: till.status(tip).await,
        returned: returned.map(|back| (back.asked.is_some(), back.wanted, back.taken)).collect(),
        postings: till.postings(references).await,
        cases: cases.filter(|case| case["tip_id"] == tip["tip_id"]).count(),
    }
}

async fn every_order(disputed: i64, status: &str, cases: usize) {
    let seed = seed();
    let mut till = Till::open().await;
    till.holds("charge.*");
    till.holds("refund.*");
    let mut first: Option<End> = None;
    for (number, order) in orders(&NEWS).into_iter().enumerate() {
        till.hires().await;
        let (tip, references) = charge(&till, disputed).await;
        let repeats = seed.rotate_left(u32::try_from(number % 64).unwrap());
        tell(&till, &tip, &order, repeats).await;
        let end = end(&till, &tip, &references).await;
        assert_eq!((end.status.as_str(), end.cases), (status, cases), "{order:?} {end:?}");
        match &first {
            None => first = Some(end),
            Some(first) => assert_eq!(end, *first, "{order:?} of seed {seed}"),
        }
    }
    till.balances().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_and_a_dispute_that_leave_something_end_the_same_in_every_order() {
    every_order(30_001, "succeeded", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_and_a_dispute_that_want_too_much_end_the_same_in_every_order() {
    every_order(TIP, "refunded", 1).await;
}
