//! Paystack's settlements. One that was paid and is not in the balance went to the tenant's bank; one that is late is
//! told, and one that differs is a case.

use adapters::paystack::SettlementSeen;
use domain::alert::{Alert, AlertKind};
use domain::case::CaseKind;
use domain::ledger::{AccountKind, Reference, SettledInto, settlement};
use domain::money::{Currency, Money};
use domain::reconciliation::{
    Difference, Reconciliation, SETTLEMENT_LATE, SETTLEMENTS_BACK, moved,
};
use jiff::Timestamp;

use crate::Deps;
use crate::difference::report;
use crate::page::{Page, Stuck, place};

/// A page of settlements. The lines of the balance were read before, so that those that went there are known.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(deps: &Deps, state: &Reconciliation) -> Result<Page, Stuck> {
    let now = deps.clock.now();
    let since = state.since.checked_sub(SETTLEMENTS_BACK).unwrap_or(state.since);
    let place = place(state);
    let listed = deps.paystack.settlements(&state.tenant, (since, now), place.as_ref()).await?;
    let mut page = Page::behind(&listed);
    for seen in &listed.rows {
        page.counted();
        let at = seen.settled_at.or(seen.created_at).unwrap_or(now);
        match seen.status.as_str() {
            "success" if at < state.until => paid(deps, state, &mut page, seen).await?,
            // The next night looks at it.
            "success" => {}
            "failed" => page.found(report(deps, state, differs(seen, "failed", None)).await?),
            _ => tell_if_late(deps, state, seen, at).await?,
        }
    }
    Ok(page)
}

async fn paid(
    deps: &Deps,
    state: &Reconciliation,
    page: &mut Page,
    seen: &SettlementSeen,
) -> Result<(), Stuck> {
    let Some(currency) = Currency::of_code(&seen.currency) else {
        page.found(report(deps, state, differs(seen, "currency", None)).await?);
        return Ok(());
    };
    if seen.effective <= 0 {
        return Ok(());
    }
    if let (Some(processed), Some(fees)) = (seen.processed, seen.fees) {
        let sum = processed.saturating_sub(fees).saturating_sub(seen.deductions.unwrap_or(0));
        if sum != seen.effective {
            page.found(report(deps, state, differs(seen, "sum", Some(sum))).await?);
        }
    }
    let stored = deps.table.posting(&state.tenant, &Reference::settlement(seen.id)).await?;
    let Some(posting) = stored else {
        let money = Money { minor: seen.effective, currency };
        return page.post(deps, state, &settlement(seen.id, SettledInto::Bank, money)?).await;
    };
    let ours = moved(&posting.record.postings, &AccountKind::Clearing, currency).saturating_neg();
    if ours == seen.effective {
        page.matched();
    } else {
        page.found(report(deps, state, differs(seen, "amount", Some(ours))).await?);
    }
    Ok(())
}

fn differs(seen: &SettlementSeen, cause: &str, ours: Option<i64>) -> Difference {
    Difference {
        expected: ours,
        found: Some(seen.effective),
        currency: Some(seen.currency.clone()),
        ..Difference::new(CaseKind::SettlementDiffers, seen.id.to_string(), cause)
    }
}

async fn tell_if_late(
    deps: &Deps,
    state: &Reconciliation,
    seen: &SettlementSeen,
    at: Timestamp,
) -> Result<(), Stuck> {
    let now = deps.clock.now();
    if now.duration_since(at) < SETTLEMENT_LATE {
        return Ok(());
    }
    let alert = Alert {
        tenant: state.tenant.clone(),
        alert: AlertKind::SettlementLate,
        subject: format!("settlement:{}", seen.id),
        at: now,
        sentence: format!(
            "Paystack's settlement {} is not paid two days after its date. Look at it in Paystack's dashboard.",
            seen.id
        ),
    };
    deps.table.insert_alert(&alert).await?;
    Ok(())
}
