//! At most one message per notice and channel: claimed in the table before it is sent, settled after it.
//!
//! What may have been sent is never sent again. That is the case when the answer was lost, and when a claim was left
//! behind by a call that died; both are counted, because somebody may not have heard.

use adapters::table::{Delivered, StoreError};
use domain::failure::chain;
use domain::guard::{Channel, Guard, GuardStatus, NotificationPreference, channels};
use domain::notice::{News, Notice};
use futures::future::join_all;
use jiff::SignedDuration;
use web::BoxError;

use crate::Deps;
use crate::sending::{Failed, send};

/// How long a claim without an outcome may belong to a call that is still at work: longer than a call can take.
const AT_WORK: SignedDuration = SignedDuration::from_secs(120);

/// Why a notice has to come again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a message was refused")]
    Refused(#[source] BoxError),
    #[error("another call is sending the same message")]
    UnderWay,
}

/// Tells a guard on each channel that it has chosen. One channel does not wait for another.
pub(crate) async fn tell(deps: &Deps, notice: &Notice) -> Result<(), Untold> {
    let Some(guard) = deps.table.guard(&notice.tenant, &notice.guard).await? else {
        tracing::error!(guard.id = %notice.guard, "a notice names a guard that does not exist");
        return Ok(());
    };
    if guard.status == GuardStatus::Archived {
        return Ok(());
    }
    let chosen = deps.table.preferences(&notice.tenant, &notice.guard).await?;
    let wanted = wanted(notice, &guard, &chosen);
    let told = wanted.into_iter().map(|channel| deliver(deps, notice, &guard, channel));
    join_all(told).await.into_iter().collect()
}

/// The channels of a notice.
fn wanted(notice: &Notice, guard: &Guard, chosen: &[NotificationPreference]) -> Vec<Channel> {
    match &notice.news {
        // Somebody has asked for just this mail; what the guard has chosen is about tips.
        News::CodeSent { .. } => guard.profile.email.iter().map(|_| Channel::Email).collect(),
        // This is told wherever the guard can be reached, whatever it has chosen to hear about tips.
        News::PayoutAccountChanged { .. } => {
            let addresses = [
                guard.profile.phone.as_ref().map(|_| Channel::Sms),
                guard.profile.email.as_ref().map(|_| Channel::Email),
            ];
            let push = channels(&guard.profile, chosen).contains(&Channel::Push);
            addresses.into_iter().flatten().chain(push.then_some(Channel::Push)).collect()
        }
        // A rounding may leave the guard's share as it was.
        News::TipReturned { net, .. } if net.minor == 0 => Vec::new(),
        News::TipReceived { .. } | News::TipReturned { .. } => channels(&guard.profile, chosen),
    }
}

async fn deliver(
    deps: &Deps,
    notice: &Notice,
    guard: &Guard,
    channel: Channel,
) -> Result<(), Untold> {
    let subject = notice.subject();
    if !deps.table.claim_delivery(&subject, channel, deps.clock.now()).await? {
        return find_out(deps, &subject, channel).await;
    }
    let outcome = match send(deps, notice, guard, channel).await {
        Ok(()) => Delivered::Sent,
        Err(Failed::Refused(cause)) => {
            count(channel, "refused");
            deps.table.release_delivery(&subject, channel).await?;
            return Err(Untold::Refused(cause));
        }
        Err(error @ Failed::Impossible(_)) => {
            tracing::warn!(error = chain(&error), %channel, "a message is given up");
            Delivered::Impossible
        }
        Err(error @ Failed::Unknown(_)) => {
            tracing::warn!(error = chain(&error), %channel, "a message is not sent again");
            Delivered::Unknown
        }
    };
    settle(deps, &subject, channel, outcome).await
}

/// What became of a message that was claimed before.
async fn find_out(deps: &Deps, subject: &str, channel: Channel) -> Result<(), Untold> {
    let Some(delivery) = deps.table.delivery(subject, channel).await? else {
        return Err(Untold::UnderWay);
    };
    if delivery.outcome.is_some() {
        return Ok(());
    }
    if deps.clock.now().duration_since(delivery.claimed_at) < AT_WORK {
        return Err(Untold::UnderWay);
    }
    tracing::warn!(%channel, "a message was left behind by a call that died, and is not sent again");
    settle(deps, subject, channel, Delivered::Unknown).await
}

/// Notes the outcome, and counts it where nobody else has noted one.
async fn settle(
    deps: &Deps,
    subject: &str,
    channel: Channel,
    outcome: Delivered,
) -> Result<(), Untold> {
    if deps.table.settle_delivery(subject, channel, outcome).await? {
        count(
            channel,
            match outcome {
                Delivered::Sent => "sent",
                Delivered::Unknown => "unknown",
                Delivered::Impossible => "impossible",
            },
        );
    }
    Ok(())
}

fn count(channel: Channel, outcome: &'static str) {
    metrics::counter!("notices_total", "channel" => channel.as_str(), "outcome" => outcome)
        .increment(1);
}
