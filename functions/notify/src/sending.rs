//! One notice on one channel, put into the channel's form and sent, and what is known of it afterwards.

use adapters::mail::{Mail, Outgoing};
use adapters::push::{Push, PushError, PushServices, Subscription};
use adapters::sending::NotSent;
use adapters::sms::Sms;
use adapters::table::PushSubscription;
use domain::failure::chain;
use domain::guard::{Channel, Guard, GuardQrStatus};
use domain::id::GuardQrId;
use domain::notice::{News, Notice};
use web::BoxError;

use crate::letter::Letter;
use crate::words::Words;
use crate::{Deps, code, push, sms};

/// How long a push service keeps a message for a browser that is not there, in seconds.
const PUSH_TTL_S: u32 = 24 * 3600;

/// The ways out.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    pub sms: Sms,
    pub mail: Mail,
    pub push: Push,
    pub services: PushServices,
}

/// Why a message is not known to be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// Surely not sent: a later try does no harm.
    #[error("the message was not accepted")]
    Refused(#[source] BoxError),
    /// Surely not sent, and never will be.
    #[error("the message can never be delivered")]
    Impossible(#[source] BoxError),
    /// It may be on its way: it is not sent again.
    #[error("whether the message was sent is not known")]
    Unknown(#[source] BoxError),
}

impl From<NotSent> for Failed {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Refused(_) => Failed::Refused(error.into()),
            NotSent::Impossible(cause) => Failed::Impossible(cause),
            NotSent::Unknown(_) => Failed::Unknown(error.into()),
        }
    }
}

impl Failed {
    fn refused(error: impl Into<BoxError>) -> Self {
        Failed::Refused(error.into())
    }

    fn impossible(reason: &'static str) -> Self {
        Failed::Impossible(reason.into())
    }

    fn no_address() -> Self {
        Failed::impossible("the guard has no address any more")
    }
}

/// Sends a notice to a guard on a channel.
///
/// # Errors
/// [`Failed`]; after [`Failed::Unknown`] it must not be sent again.
pub(crate) async fn send(
    deps: &Deps,
    notice: &Notice,
    guard: &Guard,
    channel: Channel,
) -> Result<(), Failed> {
    let words = match &notice.news {
        News::CodeSent { code, .. } => return send_code(deps, guard, code).await,
        News::TipReceived { net, alias, .. } => Words::tip_received(*net, alias.as_deref()),
        News::TipReturned { net, .. } => Words::tip_returned(*net),
        News::PayoutAccountChanged { last4, .. } => Words::payout_account_changed(last4),
    };
    match channel {
        Channel::Sms => {
            let to = guard.profile.phone.as_ref().ok_or_else(Failed::no_address)?;
            Ok(deps.channels.sms.send(to, &sms::text(&words)).await?)
        }
        Channel::Email => {
            let letter = Letter::about(&words, &guard.profile).map_err(Failed::refused)?;
            post(deps, guard, &letter, None).await
        }
        Channel::Push => {
            let payload = push::payload(&words, &notice.subject()).map_err(Failed::refused)?;
            push_all(deps, guard, &payload).await
        }
    }
}

/// Mails a guard's code, as long as it works.
async fn send_code(deps: &Deps, guard: &Guard, id: &GuardQrId) -> Result<(), Failed> {
    let stored = deps.table.guard_code(&guard.tenant, &guard.id, id).await;
    let stored = stored.map_err(Failed::refused)?;
    let works = stored.filter(|stored| stored.code.status == GuardQrStatus::Active);
    let stored = works.ok_or_else(|| Failed::impossible("the code does not work any more"))?;
    let url = stored.code.token.url(&deps.public.0);
    let letter = Letter::with_code(&url, &guard.profile).map_err(Failed::refused)?;
    let file = code::attachment(&url).map_err(Failed::refused)?;
    post(deps, guard, &letter, Some(file)).await
}

async fn post(
    deps: &Deps,
    guard: &Guard,
    letter: &Letter,
    file: Option<adapters::mail::Attachment>,
) -> Result<(), Failed> {
    let to = guard.profile.email.as_ref().ok_or_else(Failed::no_address)?;
    let outgoing = Outgoing {
        to,
        subject: &letter.subject,
        text: &letter.text,
        html: Some(&letter.html),
        attachments: file.as_slice(),
        headers: &[],
    };
    Ok(deps.channels.mail.send(&outgoing).await?)
}

/// Sends to each browser of the guard. They stand for one message: it counts as sent when one has it, and is refused
/// only when none can have it.
async fn push_all(deps: &Deps, guard: &Guard, payload: &[u8]) -> Result<(), Failed> {
    let browsers = deps.table.push_subscriptions(&guard.tenant, &guard.id).await;
    let browsers = browsers.map_err(Failed::refused)?;
    let mut worst = Err(Failed::impossible("no browser takes messages"));
    for browser in &browsers {
        worst = match (worst, push_one(deps, guard, browser, payload).await) {
            (Ok(()), _) | (_, Ok(())) => Ok(()),
            (Err(Failed::Unknown(error)), _) | (_, Err(Failed::Unknown(error))) => {
                Err(Failed::Unknown(error))
            }
            (Err(Failed::Refused(error)), _) | (_, Err(Failed::Refused(error))) => {
                Err(Failed::Refused(error))
            }
            (impossible, Err(Failed::Impossible(_))) => impossible,
        };
    }
    worst
}

/// Sends to one browser, and forgets it when it does not want to hear from us any more.
async fn push_one(
    deps: &Deps,
    guard: &Guard,
    browser: &PushSubscription,
    payload: &[u8],
) -> Result<(), Failed> {
    let PushSubscription { endpoint, p256dh, auth } = browser;
    let subscription = Subscription::parse(&deps.channels.services, endpoint, p256dh, auth);
    let sent = match &subscription {
        Ok(subscription) => deps.channels.push.send(subscription, payload, PUSH_TTL_S).await,
        // What was taken once and cannot be any more is of no use.
        Err(_) => Err(PushError::Gone),
    };
    match sent {
        Ok(()) => Ok(()),
        Err(PushError::Gone) => {
            let table = &deps.table;
            let forgotten =
                table.delete_push_subscription(&guard.tenant, &guard.id, endpoint).await;
            if let Err(error) = forgotten {
                // The next message finds it gone again.
                tracing::warn!(error = chain(&error), "a browser's subscription stays for now");
            }
            Err(Failed::impossible("the browser has withdrawn its subscription"))
        }
        Err(error @ PushError::Refused(_)) => Err(Failed::refused(error)),
        Err(error @ PushError::Unknown(_)) => Err(Failed::Unknown(error.into())),
    }
}
