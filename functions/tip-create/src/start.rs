//! One key, one tip, one reference (T31, I-T8): the key is claimed for a tip's id, the tip is written down, and then
//! Paystack is asked. Whoever comes again with the key is led to the same tip, also after the first one died.

use adapters::table::{StoredTip, TipClaim};
use domain::failure::{Failure, Kind};
use domain::id::TipId;
use domain::tip::{Checkout, Payment, Tip, TipRefused};
use jiff::{SignedDuration, Timestamp};
use web::Problem;
use web::idempotency::KeyRefused;

use crate::Deps;
use crate::checkout::{NotOpened, Opened, PaymentRefused};
use crate::order::Order;

/// So long a request may hold its key: longer than the gateway waits for it.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// Whose keys these are: patrons have no account.
const PRINCIPAL: &str = "patron";
/// How often a change of a tip is tried again because another one was faster.
const TRIES_MAX: u32 = 5;

/// What became of an order.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The patron can pay.
    Started(Box<Started>),
    /// An earlier request with the same key is still at it.
    Running(TipId),
}

/// A tip that a patron can pay, or has.
#[derive(Debug)]
pub(crate) struct Started {
    pub tip: Tip,
    /// Paystack's page; none where the money was there before its address.
    pub page: Option<Checkout>,
    /// Whether an earlier request has made the tip.
    pub replayed: bool,
}

/// Others change the tip again and again.
#[derive(Debug, thiserror::Error)]
#[error("this tip is being changed; try again in a moment")]
struct Outrun;

impl Failure for Outrun {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        "tip_changed"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// Makes the tip, or finds the one that the key stands for.
pub(crate) async fn start(deps: &Deps, order: Order) -> Result<Outcome, Problem> {
    let now = deps.ids.now();
    let claim = deps
        .table
        .claim_tip(named(&order), &order.fingerprint, &order.tip.id, lease(now), now)
        .await?;
    match claim {
        TipClaim::Ours => {
            if !deps.table.insert_tip(&order.tip).await? {
                // This request was so slow that another one took the claim over, and has made the same tip.
                return Ok(Outcome::Running(order.tip.id));
            }
            let stored = StoredTip { tip: order.tip.clone(), version: 1 };
            open(deps, &order, stored, false).await
        }
        TipClaim::Standing { fingerprint_matches: false, .. } => {
            Err(KeyRefused::OtherRequest.into())
        }
        TipClaim::Standing { tip, leased_until, .. } => {
            go_on(deps, &order, tip, leased_until, now).await
        }
    }
}

/// The tip that an earlier request with this key has made, or was about to make.
async fn go_on(
    deps: &Deps,
    order: &Order,
    id: TipId,
    leased_until: Timestamp,
    now: Timestamp,
) -> Result<Outcome, Problem> {
    let stood = deps.table.tip(&id).await?;
    if let Some(stored) = &stood
        && stored.tip.payment != Payment::Initiated
    {
        return ended(stored.tip.clone());
    }
    if leased_until > now {
        // The tip of a claim may be a moment behind it; nobody is led to one that is not there yet.
        return stood.map(|_| Outcome::Running(id)).ok_or(KeyRefused::Running.into());
    }
    let holder = &order.tip.id;
    if !deps.table.take_over_tip_claim(named(order), &id, holder, lease(now), now).await? {
        return Ok(Outcome::Running(id));
    }
    let stored = match stood {
        Some(stored) => stored,
        None => {
            // The one before has died between its claim and its tip.
            let tip = Tip { id: id.clone(), ..order.tip.clone() };
            if !deps.table.insert_tip(&tip).await? {
                return Ok(Outcome::Running(id));
            }
            StoredTip { tip, version: 1 }
        }
    };
    open(deps, order, stored, true).await
}

/// The answer of the first time, as far as the tip remembers it; a tip without a page that nobody has paid is one that
/// could not be started.
fn ended(tip: Tip) -> Result<Outcome, Problem> {
    if tip.checkout.is_none() && !tip.status().is_paid() {
        return Err(PaymentRefused::NotStarted(None).into());
    }
    let page = tip.checkout.clone();
    Ok(Outcome::Started(Box::new(Started { tip, page, replayed: true })))
}

/// Asks Paystack, and writes down what it says. A refusal is the tip's end: a repetition gets the same answer, and who
/// wants to try again takes another key.
async fn open(
    deps: &Deps,
    order: &Order,
    stored: StoredTip,
    replayed: bool,
) -> Result<Outcome, Problem> {
    match deps.checkout.open(&stored.tip).await {
        Ok(Opened::Page(page)) => {
            let tip = change(deps, stored, |tip| tip.open(page.clone())).await?;
            tracing::info!(event = "tip_started", tip.id = %tip.id, "tip `{}` can be paid", tip.id);
            metrics::counter!("tips_started_total").increment(1);
            Ok(Outcome::Started(Box::new(Started { tip, page: Some(page), replayed })))
        }
        Ok(Opened::Paid) => {
            Ok(Outcome::Started(Box::new(Started { tip: stored.tip, page: None, replayed })))
        }
        Err(NotOpened::Never(problem)) => {
            change(deps, stored, Tip::fail).await?;
            Err(problem)
        }
        Err(NotOpened::Later(problem)) => {
            let (tip, now) = (&stored.tip.id, deps.ids.now());
            // The next request with this key need not wait for the lease to end.
            deps.table.take_over_tip_claim(named(order), tip, &order.tip.id, now, now).await?;
            Err(problem)
        }
    }
}

/// Changes a tip. What it refuses has been overtaken: an event may be faster than Paystack's answer to us.
async fn change(
    deps: &Deps,
    mut stored: StoredTip,
    step: impl Fn(Tip) -> Result<Tip, TipRefused>,
) -> Result<Tip, Problem> {
    for _ in 0..TRIES_MAX {
        let Ok(next) = step(stored.tip.clone()) else { return Ok(stored.tip) };
        if deps.table.replace_tip(&next, stored.version).await? {
            return Ok(next);
        }
        let id = stored.tip.id;
        stored = deps.table.tip(&id).await?.ok_or(Outrun)?;
    }
    Err(Outrun.into())
}

fn named(order: &Order) -> (&str, &str, &str) {
    (PRINCIPAL, order.token.as_str(), &order.key)
}

fn lease(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
}
