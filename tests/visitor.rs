//! Somebody, or something, that scans.

use std::sync::Arc;

use reqwest::{Client, Method};

use crate::{Ask, House, Reply};

/// A person's phone.
pub const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
/// A crawler.
pub const GOOGLEBOT: &str =
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// A preview of a link in a chat.
pub const WHATSAPP: &str = "WhatsApp/2.23.20.0";

/// One device. All come from this machine, so it is the user agent that tells them apart.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
    base: Arc<str>,
    headers: Vec<(String, String)>,
}

impl Visitor {
    /// Somebody with an iPhone, at a platform that answers there.
    pub fn at(base: &str) -> Self {
        Self::new(Client::builder().no_proxy().build().unwrap(), base.into())
    }

    pub(crate) fn new(client: Client, base: Arc<str>) -> Self {
        Self { client, base, headers: Vec::new() }.agent(IPHONE)
    }

    /// With this user agent.
    #[must_use]
    pub fn agent(self, agent: &str) -> Self {
        self.sending("user-agent", agent)
    }

    /// Another phone of the same kind.
    #[must_use]
    pub fn number(self, number: usize) -> Self {
        self.agent(&format!("{IPHONE} Phone/{number}"))
    }

    /// From this country.
    #[must_use]
    pub fn from(self, country: &str) -> Self {
        self.sending("cloudfront-viewer-country", country)
    }

    /// In this city.
    #[must_use]
    pub fn city(self, city: &str) -> Self {
        self.sending("cloudfront-viewer-city", city)
    }

    /// With a header.
    #[must_use]
    pub fn sending(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads the code of a house.
    pub async fn scans(&self, house: &House) -> Reply {
        self.get(&format!("/scan/{}", house.id)).await
    }

    /// Asks for the head of the scan page only.
    pub async fn looks_ahead(&self, house: &House) -> Reply {
        self.ask(Method::HEAD, &format!("/scan/{}", house.id)).await
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// A POST.
    pub fn post(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }

    /// Any request.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::new(&self.client, &self.base, method, path);
        self.headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value))
    }
}
