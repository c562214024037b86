//! The lines of Paystack's balance ledger: what they say that only Paystack knows is posted.

use adapters::paystack::BalanceRow;
use domain::case::CaseKind;
use domain::ledger::{
    AccountKind, Reference, SettledInto, drawn, foreign_returned, settlement, topup,
};
use domain::money::{Currency, Money};
use domain::reconciliation::{Difference, LineMeaning, Reconciliation, moved};

use crate::Deps;
use crate::difference::report;
use crate::page::{Page, Stuck, place};
use crate::transfers::look_at;

/// A page of lines.
///
/// # Errors
/// [`Stuck`].
pub(crate) async fn page(deps: &Deps, state: &Reconciliation) -> Result<Page, Stuck> {
    let place = place(state);
    let listed = deps.paystack.balance_ledger(&state.tenant, state.since, place.as_ref()).await?;
    let mut page = Page::behind(&listed);
    for row in &listed.rows {
        page.counted();
        line(deps, state, &mut page, row).await?;
    }
    Ok(page)
}

async fn line(
    deps: &Deps,
    state: &Reconciliation,
    page: &mut Page,
    row: &BalanceRow,
) -> Result<(), Stuck> {
    let meaning = LineMeaning::of(&row.model, row.model_row, row.difference);
    let currency = Currency::of_code(&row.currency);
    let money = currency.map(|currency| Money { minor: row.difference, currency });
    match (meaning, money) {
        // Money that comes back, from a transfer of whatever age.
        (LineMeaning::Transfer, _) if row.difference > 0 => {
            let id = row.model_row.unwrap_or_default();
            let reference = deps.paystack.transfer_reference(&state.tenant, id).await?;
            if let Some(reference) = reference {
                look_at(deps, state, reference).await?;
            }
            let foreign = deps.table.posting(&state.tenant, &Reference::foreign(id)).await?;
            if let (Some(foreign), Some(money)) = (foreign, money) {
                // Of a payout's transfer only what was too much had gone there.
                let gone = moved(&foreign.record.postings, &AccountKind::Balance, money.currency);
                let minor = money.minor.min(gone.saturating_neg());
                if minor > 0 {
                    let back = foreign_returned(id, Money { minor, ..money })?;
                    page.post(deps, state, &back).await?;
                }
            }
        }
        (LineMeaning::Transfer, _) => {}
        (LineMeaning::Settled(id), Some(money)) => {
            page.post(deps, state, &settlement(id, SettledInto::Balance, money)?).await?;
        }
        (LineMeaning::Drawn, Some(money)) if money.minor != 0 => {
            page.post(deps, state, &drawn(row.id, money)?).await?;
        }
        (LineMeaning::TopUp, Some(money)) => {
            page.post(deps, state, &topup(row.id, money)?).await?;
        }
        (LineMeaning::Unexplained | LineMeaning::Settled(_), _)
        | (LineMeaning::Drawn | LineMeaning::TopUp, _) => {
            let kind = CaseKind::BalanceUnexplained;
            let difference = Difference {
                found: Some(row.difference),
                currency: Some(row.currency.clone()),
                ..Difference::new(kind, row.id.to_string(), &row.model)
            };
            page.found(report(deps, state, difference).await?);
        }
    }
    Ok(())
}
