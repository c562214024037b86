//! Goes through a run's guards, a page at a time: the oldest money first.

use adapters::paystack::PaystackError;
use domain::alert::{Alert, AlertKind};
use domain::id::PayoutId;
use domain::message::{Day, PayoutMessage, SettlementMessage};
use domain::money::Money;
use domain::page::Position;
use domain::payout::{Payout, Planned};
use domain::settlement::{Line, Run, RunState, Verdict};
use domain::tip::local_amount;
use futures::stream::{StreamExt, TryStreamExt, iter};

use crate::{Deps, Unsettled};

/// Steps, most of them a page, that one call takes before it asks to be called again: about 5,000 guards, far below the
/// time that a call has.
const STEPS_PER_CALL: u32 = 50;
/// Payouts that are written at the same time.
const AT_ONCE: usize = 16;
/// Goes on with a run where it stands, until it is through or has to be called again.
///
/// # Errors
/// [`Unsettled`]; what was written stays, and the next call goes on from there.
pub(crate) async fn go_on(deps: &Deps, day: &Day) -> Result<(), Unsettled> {
    let mut run = read(deps, day).await?;
    // Whoever planned its last page may have died before it was handed over.
    hand_over(deps, &run).await?;
    for _ in 0..STEPS_PER_CALL {
        run = match run.state {
            RunState::Requested => begin(deps, day, run).await?,
            RunState::Planning => page(deps, day, run).await?,
            RunState::Planned => return tell(deps, &run).await,
        };
    }
    deps.settlements.send(&SettlementMessage::Run(day.clone())).await?;
    Ok(())
}

/// Tells the operators, once, where the balance did not last for everybody.
async fn tell(deps: &Deps, run: &Run) -> Result<(), Unsettled> {
    let short = run.totals.short;
    if short.guards == 0 {
        return Ok(());
    }
    let amount = local_amount(Money { minor: short.amount, currency: run.currency });
    let sentence = format!(
        "In the settlement of {} {} guards wait for {amount}: Paystack's balance does not last. Top it up; the next \
        run pays them.",
        run.date, short.guards
    );
    let (tenant, subject) = (run.tenant.clone(), run.date.to_string());
    let alert = AlertKind::BalanceShort;
    let alert = Alert { tenant, alert, subject, at: deps.ids.now(), sentence };
    deps.table.insert_alert(&alert).await?;
    Ok(())
}

async fn read(deps: &Deps, day: &Day) -> Result<Run, Unsettled> {
    deps.table.run(&day.tenant, day.date).await?.ok_or(Unsettled::RunGone)
}

/// The run with what Paystack's balance holds; as it stands when somebody else was faster.
async fn begin(deps: &Deps, day: &Day, run: Run) -> Result<Run, Unsettled> {
    let balance = balance(deps, &run).await?;
    let version = run.version;
    let begun = run.begin(balance);
    let written = deps.table.replace_run(&begun, version).await?;
    if written { Ok(begun) } else { read(deps, day).await }
}

/// A tenant without an account at Paystack has nothing to pay from: the run says so for each of its guards.
async fn balance(deps: &Deps, run: &Run) -> Result<i64, Unsettled> {
    let balances = match deps.paystack.balances(&run.tenant).await {
        Err(PaystackError::NotConnected) => Vec::new(),
        balances => balances?,
    };
    let ours = balances.iter().find(|balance| balance.currency == run.currency);
    Ok(ours.map_or(0, |balance| balance.minor))
}

/// The run with the next page of its plan, written down and handed over; as it stands when somebody else was faster.
async fn page(deps: &Deps, day: &Day, run: Run) -> Result<Run, Unsettled> {
    let now = deps.ids.now();
    let place = run.place.clone().map(Position);
    let candidates =
        deps.table.candidates(&run.tenant, run.currency, run.started_at, place.as_ref()).await?;
    let mut planner = run.planner();
    let lines = planner.page(candidates.entries, now);
    let version = run.version;
    let run = run.advance(&planner, candidates.next.map(|place| place.0), now);
    if !deps.table.commit_run_page(&run, version, &lines).await? {
        // Whoever was faster may have died before its page was handed over.
        let standing = read(deps, day).await?;
        hand_over(deps, &standing).await?;
        return Ok(standing);
    }
    hand_over(deps, &run).await?;
    let (date, pages, paid) = (run.date, run.pages, run.totals.paid.guards);
    tracing::info!(
        event = "run_planned", run.date = %date, pages, paid,
        "run `{date}` has planned {paid} payouts on {pages} pages"
    );
    Ok(run)
}

/// Writes the payouts of the page that was planned last, and hands them to their worker. What was written before
/// stays as it is, whatever has become of it.
async fn hand_over(deps: &Deps, run: &Run) -> Result<(), Unsettled> {
    if run.pages == 0 {
        return Ok(());
    }
    let lines = deps.table.run_page(&run.tenant, run.date, run.pages).await?;
    let lines = lines.ok_or(Unsettled::PageGone)?;
    let payouts: Vec<Payout> =
        lines.into_iter().filter_map(|line| payout(deps, run, line)).collect();
    if payouts.is_empty() {
        return Ok(());
    }
    let ids: Vec<PayoutId> = payouts.iter().map(|payout| payout.id.clone()).collect();
    iter(payouts)
        .map(|payout| async move { deps.table.insert_payout(&payout).await })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<bool>>()
        .await?;
    let tenant = run.tenant.clone();
    deps.payouts.send(&PayoutMessage::Work { tenant, payouts: ids }).await?;
    Ok(())
}

fn payout(deps: &Deps, run: &Run, line: Line) -> Option<Payout> {
    let Line { guard, verdict: Verdict::Pay, amount, since, recipient, .. } = line else {
        return None;
    };
    let id = Payout::id_of(&run.tenant, run.date, run.started_at, &guard);
    let planned = Planned { guard, amount, recipient: recipient?, since };
    let of = (id, run.tenant.clone(), run.date);
    Some(Payout::plan(of, planned, run.currency, deps.ids.now()))
}
