//! A tenant's comparison of a day, page by page: each page is written down before the next one begins.

use std::time::{Duration, Instant};

use adapters::paystack::PaystackError;
use domain::message::{Day, ReconciliationMessage};
use domain::page::PageSize;
use domain::reconciliation::{Reconciliation, Step};
use domain::tenant::Tenant;

use crate::page::{Page, Stuck};
use crate::{Deps, balances, charges, lines, ours, settlements, transfers};

/// So long pages are worked on before the rest is left to another call: a third of what the function has, because the
/// last steps are done in one go.
const BUDGET: Duration = Duration::from_secs(200);
/// Comparisons among which the last one that came to its end is looked for.
const LOOK_BACK: u32 = 30;

/// Compares a day's books, or goes on with that. Harmless when it is done.
///
/// # Errors
/// [`Stuck`]: it goes on when the message comes again.
pub(crate) async fn compare(deps: &Deps, day: &Day) -> Result<(), Stuck> {
    let Some(tenant) = deps.table.tenant(&day.tenant).await? else { return Ok(()) };
    if deps.paystack.keys().of(&day.tenant).await?.is_none() {
        return Ok(());
    }
    let (started, mut state) = (Instant::now(), begin(deps, day, &tenant).await?);
    while !state.is_done() {
        if started.elapsed() > BUDGET {
            return again(deps, day, 0).await;
        }
        let page = match step(deps, &state, &tenant).await {
            // Asking too often is no failure: the message would be hidden for an hour.
            Err(Stuck::Paystack(PaystackError::Limited { retry_after_s })) => {
                return again(deps, day, retry_after_s).await;
            }
            page => page?,
        };
        state = write(deps, state, page).await?;
    }
    Ok(())
}

async fn again(deps: &Deps, day: &Day, delay_s: u64) -> Result<(), Stuck> {
    let message = ReconciliationMessage::Compare(day.clone());
    let delay_s = u32::try_from(delay_s).unwrap_or(u32::MAX);
    Ok(deps.queue.send_after(&message, delay_s).await?)
}

/// The comparison of the day, as far as it has come.
async fn begin(deps: &Deps, day: &Day, tenant: &Tenant) -> Result<Reconciliation, Stuck> {
    if let Some(state) = deps.table.reconciliation(&day.tenant, day.date).await? {
        return Ok(state);
    }
    let size = PageSize::parse(Some(LOOK_BACK)).unwrap_or_else(|_| PageSize::largest());
    let earlier = deps.table.reconciliations_of_tenant(&day.tenant, size, None).await?;
    let last = earlier.entries.into_iter().find(Reconciliation::is_done);
    let whose = (day.tenant.clone(), day.date);
    let last_until = last.map(|last| last.until);
    let state = Reconciliation::begin(whose, tenant.created_at, last_until, deps.clock.now());
    if deps.table.insert_reconciliation(&state).await? {
        return Ok(state);
    }
    // Another call was faster; what it has written is there by now.
    let there = deps.table.reconciliation(&day.tenant, day.date).await?;
    Ok(there.unwrap_or(state))
}

async fn step(deps: &Deps, state: &Reconciliation, tenant: &Tenant) -> Result<Page, Stuck> {
    match state.step {
        Step::Lines => lines::page(deps, state).await,
        Step::Settlements => settlements::page(deps, state).await,
        Step::Charges => charges::page(deps, state).await,
        Step::Transfers => transfers::page(deps, state).await,
        Step::Ours => ours::page(deps, state).await,
        Step::Balances => balances::page(deps, state, tenant).await,
        Step::Done => Ok(Page::default()),
    }
}

/// Writes down how far it has come. Whoever was outrun goes on from where the other one is.
async fn write(deps: &Deps, state: Reconciliation, page: Page) -> Result<Reconciliation, Stuck> {
    let (read, now) = (state.version, deps.clock.now());
    let pages = state.pages.saturating_add(u32::from(!page.aside.is_empty()));
    let next = Reconciliation { pages, ..state }.after(page.place, page.found, now);
    if deps.table.commit_reconciliation(&next, read, page.aside).await? {
        if next.is_done() {
            report(&next);
        }
        return Ok(next);
    }
    let there = deps.table.reconciliation(&next.tenant, next.date).await?;
    Ok(there.unwrap_or(next))
}

fn report(state: &Reconciliation) {
    let (matched, differences) = (state.findings.matched, state.findings.differences);
    tracing::info!(
        event = "reconciled",
        tenant.id = %state.tenant,
        counted = state.findings.counted,
        matched,
        posted = state.findings.posted,
        differences,
        "{matched} alike, {differences} different"
    );
}
