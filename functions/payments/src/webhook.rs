//! An event that Paystack has sent: kept as it came, then taken as a reason to ask.

use domain::ledger::PaystackReference;
use domain::message::{PayoutMessage, SignedEvent};

use crate::Deps;
use crate::cases;
use crate::event::{About, Event, News};
use crate::post::Unsettled;
use crate::settle::{Outcome, apply, contradiction};
use crate::truth::Truth;

/// How often an event that its verification contradicts is delivered before a person has to look at it. Paystack may be
/// behind its own event; with the queue's pause of six minutes that is twelve minutes.
const CONTRADICTED_MAX: u32 = 3;

/// Keeps an event and does what follows from it. `delivery` counts from 1.
///
/// # Errors
/// [`Unsettled`]: it has to come again.
pub(crate) async fn receive(
    deps: &Deps,
    signed: &SignedEvent,
    delivery: u32,
) -> Result<(), Unsettled> {
    let event = Event::read(&signed.event);
    let (tenant, raw, at) = (&signed.tenant, &*signed.event, signed.received_at);
    deps.table.insert_webhook(tenant, &event.reference, &event.name, raw, at).await?;
    metrics::counter!("paystack_events_total", "event" => event.name.clone()).increment(1);
    match &event.about {
        About::Charge(reference, news) => settle(deps, signed, reference, *news, delivery).await,
        About::Transfer(reference) => {
            // Only `payouts` applies anything to a payout; it asks, whatever the event says.
            let (tenant, reference) = (signed.tenant.clone(), reference.clone());
            Ok(deps.payouts.send(&PayoutMessage::Look { tenant, reference }).await?)
        }
        About::ForeignTransfer => {
            cases::unknown_transfer(deps, &signed.tenant, &event.reference).await
        }
        About::Unreadable => cases::unreadable(deps, signed, &event.name).await,
        About::Nothing => Ok(()),
    }
}

async fn settle(
    deps: &Deps,
    signed: &SignedEvent,
    reference: &PaystackReference,
    news: News,
    delivery: u32,
) -> Result<(), Unsettled> {
    let stored = match reference.tip() {
        Some(id) => deps.table.tip(&id).await?,
        None => None,
    };
    // Another tenant's tip is as unknown here as one that never was.
    let Some(stored) = stored.filter(|stored| stored.tip.tenant == signed.tenant) else {
        return unknown(deps, signed, reference).await;
    };
    let tip = stored.tip;
    if news == News::Success && tip.status().is_paid() {
        return Ok(());
    }
    let truth = Truth::ask(&deps.paystack, &tip, news != News::Success).await?;
    match apply(deps, &tip, &truth).await? {
        Outcome::Paid | Outcome::Quarantined => Ok(()),
        Outcome::Open | Outcome::Failed if delivery < CONTRADICTED_MAX => {
            Err(Unsettled::Contradiction)
        }
        Outcome::Open | Outcome::Failed => contradiction(deps, &tip, &truth).await,
    }
}

/// A charge that we did not begin, if it is one.
async fn unknown(
    deps: &Deps,
    signed: &SignedEvent,
    reference: &PaystackReference,
) -> Result<(), Unsettled> {
    match deps.paystack.verify(&signed.tenant, reference).await? {
        Some(verified) => {
            let named = reference.as_str();
            cases::unknown_reference(deps, &signed.tenant, &verified.facts, named).await
        }
        None => {
            let tenant = &signed.tenant;
            tracing::warn!(%tenant, %reference, "Paystack does not know `{reference}`, nor do we");
            Ok(())
        }
    }
}
