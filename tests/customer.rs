//! A customer of a tenant, with a browser of their own.

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::patron::hidden;
use crate::{Ask, IPHONE, Owner, Reply};

/// A browser that goes nowhere by itself, with a customer's cookie or without one.
#[derive(Clone, Debug)]
pub struct Customer {
    client: Client,
    base: Arc<str>,
    cookie: Option<String>,
    /// What the browser says about where a request comes from.
    site: &'static str,
}

impl Customer {
    /// Somebody who is no customer yet, at a platform that answers there.
    pub fn nobody(base: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, base: base.into(), cookie: None, site: "same-origin" }
    }

    /// The tenant's customer of this id, who has opened a link.
    pub async fn of(base: &str, owner: &Owner, id: &str) -> Self {
        let link = link(owner, id).await;
        let nobody = Self::nobody(base);
        let answer = nobody.follows(&link).await.is(303);
        nobody.with(&answer)
    }

    /// The same browser with the cookie of an answer.
    #[must_use]
    pub fn with(self, answer: &Reply) -> Self {
        let cookie = answer.header("set-cookie").split(';').next().map(str::to_owned);
        Self { cookie, ..self }
    }

    /// The same browser on a page of another site.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self { site: "cross-site", ..self.clone() }
    }

    /// Presses the button of a link.
    pub async fn follows(&self, link: &str) -> Reply {
        self.ask(Method::POST, link).body("application/x-www-form-urlencoded", "").await
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// Presses a button of a page: sends its form's hidden fields to this path.
    pub async fn presses(&self, page: &Reply, path: &str) -> Reply {
        let fields = hidden(&page.text());
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask(Method::POST, path).body("application/x-www-form-urlencoded", body).await
    }

    /// Any request, as a page would send it.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::new(&self.client, &self.base, method, path).header("user-agent", IPHONE);
        let ask = ask.header("sec-fetch-site", self.site);
        match &self.cookie {
            Some(cookie) => ask.header("cookie", cookie),
            None => ask,
        }
    }
}

/// A link for the tenant's customer of this id.
pub async fn link(owner: &Owner, id: &str) -> String {
    let made: Value = owner.post(&format!("/api/v1/customers/{id}/links")).await.is(201).json();
    made["url"].as_str().unwrap().to_owned()
}
