//! What a payout costs the table, arrow by arrow: a budget that holds on AWS, because DynamoDB itself says the units.

use domain::payout::PayoutState;
use jiff::SignedDuration;
use local::paystack::{Fault, FaultKind, Lost, Pace, Payment, Settings, TransferStatus};
use serde_json::json;

use crate::payroll::Payroll;

/// The most write units of one guard's payout, from planned to confirmed, with the event about it and its part of the
/// adding up.
const UNITS_MAX: f64 = 44.0;
/// Write units of taking the slot and of giving it back.
const SLOT: f64 = 2.0;

/// The write units of each function since the last time.
fn units(payroll: &Payroll, functions: &[&str]) -> f64 {
    let meter = payroll.till.platform.meter();
    let sum = functions.iter().map(|function| meter.write_units(function)).sum();
    meter.reset();
    sum
}

async fn stands(payroll: &Payroll, state: PayoutState) {
    let (is, _, _) = payroll.stands(0).await;
    assert_eq!(is, state);
}

/// The arrows of one guard's payout, and what each costs. The first transfer does not arrive, so that the money is set
/// aside in one turn and sent in the next.
async fn arrows(payroll: &Payroll) -> [f64; 5] {
    payroll.behaves(Settings { transfers: Some(Pace::ByHand), ..Settings::default() });
    let lost = FaultKind::TimeoutBefore { how: Lost::Close };
    payroll.till.breaks(Fault::once("POST /transfer", lost));
    payroll.till.platform.meter().reset();
    payroll.runs().await;
    stands(payroll, PayoutState::Reserved).await;
    let meter = payroll.till.platform.meter();
    let planned = meter.write_units("settle");
    let counted = meter.write_units("aggregate");
    let reserved = units(payroll, &["payouts"]) - SLOT;
    payroll.till.platform.passes(SignedDuration::from_mins(2)).await;
    payroll.till.platform.quiet().await;
    stands(payroll, PayoutState::Sent).await;
    let sent = units(payroll, &["payouts"]) - SLOT;
    let payout = payroll.payout(0).await;
    payroll.ends(&payout, TransferStatus::Success);
    payroll.till.platform.quiet().await;
    stands(payroll, PayoutState::Confirmed).await;
    let meter = payroll.till.platform.meter();
    let counted = counted + meter.write_units("aggregate");
    let kept = meter.write_units("payments");
    let confirmed = units(payroll, &["payouts"]);
    println!(
        "planned {planned} (with the run), reserved {reserved}, sent {sent}, confirmed {confirmed}, \
         the event kept {kept}, added up {counted} write units; the slot {SLOT}"
    );
    [reserved, sent, confirmed, kept, counted]
}

/// The guard has so many tips more.
async fn tip_again(payroll: &Payroll, times: u32) {
    let platform = &payroll.till.platform;
    let guard = json!({ "guard_id": payroll.guards[0].as_str() });
    let code = platform.owner().prints_code(&guard).await;
    for _ in 0..times {
        let tip = platform.patron().tips(code["token"].as_str().unwrap(), 200_000).await;
        payroll.till.pays(&tip, Payment::Success);
        platform.quiet().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_costs_at_most_forty_four_write_units_and_no_more_for_more_tips() {
    let one = Payroll::of(1).await;
    let of_one = arrows(&one).await;
    // Adding up costs less for each of many: the accounts are written once for all of them.
    assert!(of_one[..4].iter().sum::<f64>() <= UNITS_MAX, "{of_one:?}");
    let many = Payroll::of(1).await;
    tip_again(&many, 6).await;
    assert_eq!(arrows(&many).await, of_one, "tips cost nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guards_share_a_slot_and_each_costs_the_same() {
    let mut sums = Vec::new();
    for guards in [2, 12] {
        let payroll = Payroll::of(guards).await;
        payroll.till.platform.meter().reset();
        payroll.runs().await;
        for guard in 0..guards as usize {
            assert_eq!(payroll.stands(guard).await.0, PayoutState::Confirmed);
        }
        let all = ["settle", "payouts", "payments", "aggregate"];
        let each = all.map(|name| payroll.till.platform.meter().write_units(name));
        println!("{guards} guards: settle, payouts, payments, aggregate {each:?} write units");
        sums.push((each[0], each[1..].iter().sum::<f64>()));
    }
    let (planned, rest) = ((sums[1].0 - sums[0].0) / 10.0, (sums[1].1 - sums[0].1) / 10.0);
    println!("each further guard: {planned} write units to be planned, {rest} from there on");
    assert!(rest <= UNITS_MAX && planned <= 6.0, "{planned} {rest}");
}
