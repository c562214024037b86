//! Somebody who tips a guard, with and without JavaScript.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{Ask, IPHONE, Reply};

/// Makes each `Idempotency-Key` another one.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A phone that goes nowhere by itself: where an answer leads to is looked at.
#[derive(Clone, Debug)]
pub struct Patron {
    client: Client,
    base: Arc<str>,
}

impl Patron {
    /// Somebody at a platform that answers there.
    pub fn at(base: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, base: base.into() }
    }

    /// Scans a guard's code.
    pub async fn scans(&self, token: &str) -> Reply {
        self.ask(Method::GET, &format!("/g/{token}")).await
    }

    /// What the page's script says about the visit.
    pub async fn is_counted(&self, token: &str, referrer: &str) -> Reply {
        let ask = self.ask(Method::POST, &format!("/g/{token}/scan"));
        ask.json(&json!({ "referrer": referrer })).await
    }

    /// Fills the page's form in without JavaScript.
    pub async fn fills_in(&self, token: &str, fields: &[(&str, &str)]) -> Reply {
        let query = encoded(fields.iter().copied());
        self.ask(Method::GET, &format!("/g/{token}/pay?{query}")).await
    }

    /// Sends the form of a page off, as it stands there.
    pub async fn sends(&self, page: &Reply) -> Reply {
        self.sends_with(page, &[]).await
    }

    /// Sends the form of a page off with some of its fields altered.
    pub async fn sends_with(&self, page: &Reply, altered: &[(&str, &str)]) -> Reply {
        let mut fields = hidden(&page.text());
        let altered = altered.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        fields.extend(altered);
        let body = encoded(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let ask = self.ask(Method::POST, "/tips");
        ask.body("application/x-www-form-urlencoded", body).await
    }

    /// Tips as the page's script does, with a key of its own.
    pub async fn tips(&self, token: &str, amount: i64) -> Value {
        let key = format!("tip-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.asks_for(&key, &wish(token, amount)).await.is(201).json()
    }

    /// Tips under this key.
    pub async fn asks_for(&self, key: &str, wish: &Value) -> Reply {
        self.ask(Method::POST, "/tips").header("idempotency-key", key).json(wish).await
    }

    /// Asks what became of a tip.
    pub async fn looks_after(&self, tip: &Value) -> Value {
        let id = tip["tip_id"].as_str().unwrap();
        self.ask(Method::GET, &format!("/tips/{id}")).await.is(200).json()
    }

    /// The page after the payment.
    pub async fn comes_back(&self, tip: &Value) -> Reply {
        let id = tip["tip_id"].as_str().unwrap();
        self.ask(Method::GET, &format!("/tips/{id}/status?trxref=x&reference=x")).await
    }

    /// Any request.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        Ask::new(&self.client, &self.base, method, path).header("user-agent", IPHONE)
    }
}

/// A tip of so many kobo for the guard with this code.
pub fn wish(token: &str, amount: i64) -> Value {
    json!({ "guard_token": token, "amount": amount, "currency": "NGN" })
}

fn encoded<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The hidden fields of a page's form.
pub(crate) fn hidden(page: &str) -> BTreeMap<String, String> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(unescaped(rest.split('"').next()?))
    };
    let fields = page.split("<input type=\"hidden\"").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next()?;
        Some((attribute(tag, "name")?, attribute(tag, "value")?))
    });
    fields.collect()
}

fn unescaped(text: &str) -> String {
    let entities =
        [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}
