//! The last step: the ledger against itself, Paystack's balance against ours, and who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use adapters::audit::{Findings as Checked, Scope, audit};
use domain::alert::{Alert, AlertKind};
use domain::case::CaseKind;
use domain::ledger::{Account, AccountKind};
use domain::money::{Currency, Money};
use domain::payout::transfer_fee;
use domain::reconciliation::{Difference, Reconciliation};
use domain::settlement::RunState;
use domain::tenant::Tenant;
use jiff::{SignedDuration, Timestamp};

use crate::Deps;
use crate::gap::{close_gap, report_gap};
use crate::page::{Page, Stuck};

/// How long the check of the ledger may take; a third of what the function has.
const CHECK_BUDGET: Duration = Duration::from_secs(200);
/// How often the balances are compared while they move.
const TRIES_MAX: u32 = 3;
/// The pause before they are compared again; it grows with each try.
const PAUSE: Duration = Duration::from_millis(200);
/// Transfers in these states have left Paystack's balance and are not posted yet.
const UNDER_WAY: [&str; 5] = ["pending", "processing", "queued", "otp", "received"];
/// Pages of transfers that are under way.
const PAGES_MAX: usize = 40;
/// A run that is not through after this time is late.
const RUN_LATE: SignedDuration = SignedDuration::from_hours(6);

/// Compares, and tells the operators what the whole comparison has found.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(
    deps: &Deps,
    state: &Reconciliation,
    tenant: &Tenant,
) -> Result<Page, Stuck> {
    let mut page = Page::default();
    let checked = compare(deps, state, tenant, &mut page).await?;
    if !checked.violations.is_empty() {
        tell_violations(deps, state, checked.violations.len()).await?;
    }
    tell_late_run(deps, state).await?;
    let new = state.findings.plus(page.found).new_differences;
    if new > 0 {
        let sentence = format!(
            "Paystack's books and ours differ in {new} new ways: look at the open cases of reconciliation."
        );
        tell(deps, state, AlertKind::BooksDiffer, state.date.to_string(), sentence).await?;
    }
    Ok(page)
}

/// What a look at the balances has shown, by currency: ours and Paystack's, in minor units, where they differ.
type Off = BTreeMap<Currency, (i64, i64)>;

/// Only what is off twice in the same way is off: transfers may be on their way through both books.
async fn compare(
    deps: &Deps,
    state: &Reconciliation,
    tenant: &Tenant,
    page: &mut Page,
) -> Result<Checked, Stuck> {
    let (mut before, mut tries) = (None::<Off>, 0);
    loop {
        let (checked, off) = look(deps, tenant).await?;
        tries += 1;
        let same = off.is_some() && off == before;
        match off {
            Some(off) if same || off.is_empty() => {
                say(deps, state, off, page).await?;
                return Ok(checked);
            }
            off if tries >= TRIES_MAX => {
                let moved = off.is_none();
                tracing::info!(tenant.id = %state.tenant, moved, "the balances move; not compared");
                return Ok(checked);
            }
            off => before = off,
        }
        tokio::time::sleep(PAUSE * tries).await;
    }
}

/// What is off is one case for each currency, whatever it comes to in other nights; what is not off closes it.
async fn say(deps: &Deps, state: &Reconciliation, off: Off, page: &mut Page) -> Result<(), Stuck> {
    if off.is_empty() {
        page.matched();
    }
    for currency in Currency::ALL {
        match off.get(&currency) {
            Some((ours, theirs)) => {
                page.found(report_gap(deps, state, differs(currency, *ours, *theirs)).await?);
            }
            None => close_gap(deps, state, differs(currency, 0, 0)).await?,
        }
    }
    Ok(())
}

/// One look; nothing is said of balances that moved meanwhile, or where our ledger could not be read to its end.
async fn look(deps: &Deps, tenant: &Tenant) -> Result<(Checked, Option<Off>), Stuck> {
    let first = theirs(deps, tenant).await?;
    let under_way = under_way(deps, tenant).await?;
    let tips = tenant.settings.tips.currency;
    let scope = Scope {
        tenant: tenant.id.clone(),
        since: tenant.created_at,
        now: deps.clock.now(),
        currencies: [tips].into(),
        budget: Some(CHECK_BUDGET),
    };
    let checked = audit(&deps.table, &scope).await?;
    let read = checked.complete || !checked.system.is_empty();
    if !read || theirs(deps, tenant).await? != first {
        return Ok((checked, None));
    }
    let of = |currency: Currency| {
        let account = Account::new(AccountKind::Balance, currency);
        let ours = checked.system.get(&account).copied().unwrap_or(0);
        let gone = under_way.get(&currency).copied().unwrap_or(0);
        (ours.saturating_sub(gone), first.get(&currency).copied().unwrap_or(0))
    };
    let off = Currency::ALL.map(|currency| (currency, of(currency)));
    let off = off.into_iter().filter(|(_, (ours, theirs))| ours != theirs).collect();
    Ok((checked, Some(off)))
}

async fn theirs(deps: &Deps, tenant: &Tenant) -> Result<BTreeMap<Currency, i64>, Stuck> {
    let balances = deps.paystack.balances(&tenant.id).await?.into_iter();
    Ok(balances.map(|balance| (balance.currency, balance.minor)).collect())
}

/// What transfers that are under way have taken out of Paystack's balance, with their fees.
async fn under_way(deps: &Deps, tenant: &Tenant) -> Result<BTreeMap<Currency, i64>, Stuck> {
    let window = (tenant.created_at, deps.clock.now());
    let mut rows = BTreeMap::new();
    for status in UNDER_WAY {
        let mut place = None;
        for _ in 0..PAGES_MAX {
            let listed =
                deps.paystack.transfers(&tenant.id, window, Some(status), place.as_ref()).await?;
            // Where the filter is not understood, other states come too.
            let fitting = listed.rows.into_iter().filter(|row| row.status == status);
            rows.extend(fitting.map(|row| (row.id, row)));
            place = listed.next;
            if place.is_none() {
                break;
            }
        }
    }
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for row in rows.into_values() {
        let Some(currency) = Currency::of_code(&row.currency) else { continue };
        let money = Money { minor: row.amount, currency };
        let fee = row.fee.unwrap_or_else(|| transfer_fee(money));
        let sum = sums.entry(currency).or_default();
        *sum = sum.saturating_add(row.amount).saturating_add(fee);
    }
    Ok(sums)
}

fn differs(currency: Currency, ours: i64, theirs: i64) -> Difference {
    Difference {
        expected: Some(ours),
        found: Some(theirs),
        currency: Some(currency.code().to_owned()),
        ..Difference::new(CaseKind::BalanceDiffers, currency.code(), "")
    }
}

async fn tell_violations(
    deps: &Deps,
    state: &Reconciliation,
    violations: usize,
) -> Result<(), Stuck> {
    metrics::counter!("ledger_violations_total").increment(1);
    tracing::error!(tenant.id = %state.tenant, violations, "the ledger does not hold");
    let sentence = format!(
        "The ledger does not hold: {violations} rules are broken. `tessera ledger check` names them; stop payouts until it is understood."
    );
    tell(deps, state, AlertKind::LedgerViolated, state.date.to_string(), sentence).await
}

/// The run of the day before should be through by now.
async fn tell_late_run(deps: &Deps, state: &Reconciliation) -> Result<(), Stuck> {
    let Ok(day) = state.date.yesterday() else { return Ok(()) };
    let Some(run) = deps.table.run(&state.tenant, day).await? else { return Ok(()) };
    let age = deps.clock.now().duration_since(run.started_at);
    if run.state == RunState::Planned || age < RUN_LATE {
        return Ok(());
    }
    let sentence = format!(
        "The settlement run of {day} is still {}: its guards are not all paid. Look at the queue of settlements.",
        run.state
    );
    tell(deps, state, AlertKind::SettlementLate, format!("run:{day}"), sentence).await
}

async fn tell(
    deps: &Deps,
    state: &Reconciliation,
    alert: AlertKind,
    subject: String,
    sentence: String,
) -> Result<(), Stuck> {
    let at: Timestamp = deps.clock.now();
    let alert = Alert { tenant: state.tenant.clone(), alert, subject, at, sentence };
    deps.table.insert_alert(&alert).await?;
    Ok(())
}
