//! Paystack's page for a tip: asked for once, under one reference, whatever happens on the way.

use std::sync::Arc;

use adapters::environment::{Environment, EnvironmentError};
use adapters::paystack::{Initialize, Paystack, PaystackError, Reason};
use domain::contact::{Email, is_mail_domain};
use domain::failure::{Failure, Kind};
use domain::money::Money;
use domain::tip::{self, ChargeState, Tip};
use serde_json::json;
use web::Problem;
use web::tip::Site;

/// Why a patron cannot pay now. Nobody was given the address of a page, so nothing can have been taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentRefused {
    /// This tip will have no page: Paystack has refused it, or has one whose address was lost on the way here and
    /// cannot be had again. Another tip may be tried at once.
    #[error("the payment could not be started; nothing was taken, please try again")]
    NotStarted(#[source] Option<PaystackError>),
    /// It is not known whether there is a page. The same request goes on where this one stopped.
    #[error("the payment service does not answer; nothing was taken, please try again in a moment")]
    Unclear(#[source] PaystackError),
}

impl Failure for PaymentRefused {
    fn kind(&self) -> Kind {
        match self {
            PaymentRefused::NotStarted(_) | PaymentRefused::Unclear(_) => Kind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PaymentRefused::NotStarted(_) => "payment_not_started",
            PaymentRefused::Unclear(_) => "payment_unclear",
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, PaymentRefused::Unclear(_)).then_some(2)
    }
}

/// What Paystack has for a tip.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A page to pay on.
    Page(tip::Checkout),
    /// The money already. `payments` learns of it by itself.
    Paid,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// There never will be one.
    Never(Problem),
    /// Asking again may help.
    Later(Problem),
}

/// Where a payment goes on, and what Paystack is told about it.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    paystack: Paystack,
    public_url: Arc<str>,
    mail_domain: Arc<str>,
    /// For the pages that are shown when a form cannot be taken.
    pub site: Site,
}

impl Checkout {
    /// Paystack, `PUBLIC_URL` and `MAIL_DOMAIN`.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let mail_domain = env.required("MAIL_DOMAIN")?;
        if !is_mail_domain(&mail_domain) {
            let reason = format!("`{mail_domain}` is no domain that mail goes to");
            return Err(EnvironmentError::Invalid { name: "MAIL_DOMAIN", reason });
        }
        Ok(Self {
            paystack: Paystack::from_env(env)?,
            public_url: env.required("PUBLIC_URL")?.trim_end_matches('/').into(),
            mail_domain: mail_domain.into(),
            site: Site::from_env(env)?,
        })
    }

    /// Our own page about a tip, where Paystack sends the patron back to.
    pub(crate) fn status_url(&self, tip: &Tip) -> String {
        format!("{}/tips/{}/status", self.public_url, tip.id)
    }

    /// Asks Paystack for the tip's page. Where an answer is lost, the reference tells what became of it: a page that
    /// Paystack has is not made a second time, and its address cannot be had again (`initialize` refuses a known
    /// reference, `verify` does not say it). Then the tip ends here, and the patron begins another one: nobody can pay
    /// on a page whose address nobody has.
    ///
    /// At most four requests of five seconds: two that begin the charge, and the question between them, which is
    /// repeated once where it gets no answer. Together they stay below the gateway's 30 seconds.
    pub(crate) async fn open(&self, tip: &Tip) -> Result<Opened, NotOpened> {
        let charge = self.charge_of(tip)?;
        for last in [false, true] {
            let error = match self.paystack.initialize(&tip.tenant, &charge).await {
                Ok(page) => {
                    return Ok(Opened::Page(tip::Checkout {
                        authorization_url: page.authorization_url,
                        access_code: page.access_code,
                    }));
                }
                Err(error) => error,
            };
            let known = error.reason() == Some(Reason::DuplicateReference);
            if !known && !error.may_have_happened() {
                return Err(surely_not(error));
            }
            if last {
                return Err(if known { lost() } else { unclear(error) });
            }
            match self.paystack.verify(&tip.tenant, &charge.reference).await {
                Ok(Some(seen)) if ChargeState::of(&seen.facts.status) == ChargeState::Collected => {
                    return Ok(Opened::Paid);
                }
                Ok(Some(_)) => return Err(lost()),
                Ok(None) if known => return Err(lost()),
                // The request never arrived: the same may be sent once more.
                Ok(None) => {}
                Err(error) => return Err(unclear(error)),
            }
        }
        Err(lost())
    }

    /// What Paystack is told. Of the patron it learns the address for the receipt, if there is one, and nothing else.
    fn charge_of(&self, tip: &Tip) -> Result<Initialize, NotOpened> {
        let email = tip.patron.email.clone();
        let email = email.map_or_else(|| Email::of_tip(&tip.id, &self.mail_domain), Ok);
        let back = self.status_url(tip);
        Ok(Initialize {
            reference: tip.reference(),
            // The domain was looked at when the function started.
            email: email.map_err(|_| lost())?,
            amount: Money { minor: tip.asked, currency: tip.amount.currency },
            metadata: json!({ "tip_id": tip.id, "guard_id": tip.guard, "cancel_action": back }),
            callback_url: back,
        })
    }
}

fn lost() -> NotOpened {
    NotOpened::Never(PaymentRefused::NotStarted(None).into())
}

fn unclear(error: PaystackError) -> NotOpened {
    NotOpened::Later(PaymentRefused::Unclear(error).into())
}

/// Nothing has happened. What is busy or cannot be read now is asked again; any other "no" stays one. Of a tenant
/// without Paystack that is said, because no other try helps until it has connected its account.
fn surely_not(error: PaystackError) -> NotOpened {
    match error {
        PaystackError::Limited { .. } | PaystackError::KeyUnavailable(_) => {
            NotOpened::Later(error.into())
        }
        PaystackError::NotConnected => NotOpened::Never(error.into()),
        error => NotOpened::Never(PaymentRefused::NotStarted(Some(error)).into()),
    }
}
