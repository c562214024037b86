//! The last page before the payment, for who has no JavaScript: it repeats guard and amount, and carries a key of its
//! own so that sending it twice makes one tip, and a seal that proves that we have made it (T47).

use adapters::ids::Ids;
use adapters::secrets::SecretError;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::hex;
use domain::failure::{Failure, Kind};
use domain::guard::{GuardToken, TipTarget};
use domain::ledger::FeeBearer;
use domain::money::Money;
use domain::tip::{Patron, asked_with_fee, local_amount};
use jiff::Timestamp;

use super::look::{Look, Site};
use crate::page::{self, Shell};
use crate::seal::Seal;

/// How long the page may be sent off, in seconds.
const TICKET_MAX_AGE_S: i64 = 3_600;
/// What it is sealed for.
const PURPOSE: &str = "tip-form";

/// Why a sent page is not taken. The patron gets it again, and may send it once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormRefused {
    /// It was not made here, or for another guard.
    #[error("this form is not one of ours; please check it and send it again")]
    Foreign,
    /// It has been open for too long.
    #[error("this page was open for a long time; please check it and send it again")]
    Expired,
}

impl Failure for FormRefused {
    fn kind(&self) -> Kind {
        match self {
            FormRefused::Foreign => Kind::Forbidden,
            FormRefused::Expired => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            FormRefused::Foreign => "form_not_ours",
            FormRefused::Expired => "form_expired",
        }
    }
}

/// What a page is sent off with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The `Idempotency-Key` of the tip.
    pub key: String,
    /// The seal over guard, key and time (T47).
    pub csrf: String,
}

impl Ticket {
    /// A ticket with a new key.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn new(seal: &Seal, token: &GuardToken, ids: &Ids) -> Result<Self, SecretError> {
        Self::of_key(seal, token, hex(&ids.bytes::<16>()), ids.now()).await
    }

    /// A new ticket for a key that was given out before: whatever it was sent for is not made twice.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn of_key(
        seal: &Seal,
        token: &GuardToken,
        key: String,
        now: Timestamp,
    ) -> Result<Self, SecretError> {
        let value = format!("{key}|{}", now.as_second());
        let csrf = seal.close(&[PURPOSE, token.as_str()], &value).await?;
        Ok(Self { key, csrf })
    }

    /// Looks whether we have made it for this guard, and when.
    ///
    /// # Errors
    /// [`SecretError`]; inside, [`FormRefused`].
    pub async fn check(
        &self,
        seal: &Seal,
        token: &GuardToken,
        now: Timestamp,
    ) -> Result<Result<(), FormRefused>, SecretError> {
        let opened = seal.open(&[PURPOSE, token.as_str()], &self.csrf).await?;
        let parts = opened.as_deref().and_then(|value| value.split_once('|'));
        let made_at = parts.filter(|(key, _)| *key == self.key).map(|(_, at)| at.parse::<i64>());
        Ok(match made_at {
            Some(Ok(at)) if now.as_second().saturating_sub(at) <= TICKET_MAX_AGE_S => Ok(()),
            Some(Ok(_)) => Err(FormRefused::Expired),
            Some(Err(_)) | None => Err(FormRefused::Foreign),
        })
    }
}

#[derive(Template)]
#[template(path = "tip_pay.html")]
struct PayPage<'a> {
    shell: Shell,
    look: Look,
    target: &'a TipTarget,
    tip: &'a (Money, Patron),
    amount: String,
    /// What is paid where that is more than the tip.
    asked: Option<String>,
    ticket: &'a Ticket,
    change: String,
    notice: Option<String>,
}

impl PayPage<'_> {
    fn alias(&self) -> &str {
        self.tip.1.alias.as_ref().map(|text| text.as_str()).unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.tip.1.message.as_ref().map(|text| text.as_str()).unwrap_or_default()
    }

    fn email(&self) -> &str {
        self.tip.1.email.as_ref().map(|email| email.as_str()).unwrap_or_default()
    }
}

/// The page. `notice` says why it is shown again.
pub fn pay_page(
    site: &Site,
    target: &TipTarget,
    tip: &(Money, Patron),
    ticket: &Ticket,
    (status, notice): (StatusCode, Option<String>),
) -> Response {
    let asked = match target.tips.fee_bearer {
        FeeBearer::Guard | FeeBearer::Platform => None,
        FeeBearer::Patron => asked_with_fee(tip.0).ok().map(local_amount),
    };
    let look = site.look(target);
    let policy = look.policy.clone();
    let mut page = PayPage {
        shell: Shell::titled(format!("Tip {}", target.name)),
        look,
        target,
        tip,
        amount: local_amount(tip.0),
        asked,
        ticket,
        change: String::new(),
        notice: notice.map(|detail| page::sentence(&detail)),
    };
    page.change = change_address(&page);
    page::html_under(status, &page, policy)
}

/// The form again, filled in as it was.
fn change_address(page: &PayPage<'_>) -> String {
    let amount = page.tip.0.minor.to_string();
    let is_preset = page.target.tips.presets.contains(&page.tip.0.minor);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if is_preset {
        query.append_pair("amount", &amount);
    } else {
        query.append_pair("amount", super::OTHER_AMOUNT).append_pair("custom", &page.amount);
    }
    query.append_pair("patron_alias", page.alias()).append_pair("message", page.message());
    query.append_pair("email", page.email()).append_pair("edit", "1");
    format!("/g/{}/pay?{}", page.target.token, query.finish())
}
