//! Somebody at the desk: signed in with a key, and sending its pages' forms as a browser does.

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::form_urlencoded;

use crate::patron::hidden;
use crate::{Ask, Owner, Platform, Reply};

/// A browser at the desk. It goes nowhere by itself: where an answer leads to is looked at.
#[derive(Clone, Debug)]
pub struct Staff {
    client: Client,
    base: Arc<str>,
    cookies: Vec<(String, String)>,
}

impl Staff {
    /// A browser that has not signed in.
    pub fn at(platform: &Platform) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, base: platform.base().into(), cookies: Vec::new() }
    }

    /// Somebody who has signed in with this owner's key.
    pub async fn with_key_of(platform: &Platform, owner: &Owner) -> Self {
        let mut staff = Self::at(platform);
        let page = staff.opens("/desk/sign-in").await.is(200);
        let said = staff.sends(&page, "/desk/sign-in", &[("api_key", &owner.key)]).await;
        assert_eq!((said.status, said.header("location")), (303, "/desk"), "{}", said.text());
        staff
    }

    /// Signs in as a page of a business does, with any key.
    pub async fn opens_session(&mut self, key: &str) {
        let ask = self.ask(Method::POST, "/session").header("sec-fetch-site", "same-origin");
        let reply = ask.json(&serde_json::json!({ "api_key": key })).await.is(201);
        self.kept(reply);
    }

    /// Opens a page.
    pub async fn opens(&mut self, path: &str) -> Reply {
        let ask = self.ask(Method::GET, path);
        self.kept(ask.await)
    }

    /// Sends a form of a page with these fields.
    pub async fn sends(&mut self, page: &Reply, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = hidden(&page.text()).get("csrf").cloned().unwrap_or_default();
        let fields: Vec<_> = [("csrf", csrf.as_str())].iter().chain(fields).copied().collect();
        self.sends_raw(path, &fields).await
    }

    /// Sends these fields and nothing else.
    pub async fn sends_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let ask = self.ask(Method::POST, path).header("sec-fetch-site", "same-origin");
        let reply = ask.body("application/x-www-form-urlencoded", encoded(fields)).await;
        self.kept(reply)
    }

    /// Sends a form, and opens the page that it leads to.
    pub async fn does(&mut self, page: &Reply, path: &str, fields: &[(&str, &str)]) -> Reply {
        let reply = self.sends(page, path, fields).await.is(303);
        self.opens(reply.header("location")).await.is(200)
    }

    /// Any request with the browser's cookies.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::new(&self.client, &self.base, method, path).header("accept", "text/html");
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { ask } else { ask.header("cookie", &pairs.join("; ")) }
    }

    /// Takes the cookies of an answer in, as a browser does.
    fn kept(&mut self, reply: Reply) -> Reply {
        for line in reply.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{line}");
            for part in ["Path=/", "Secure", "HttpOnly", "SameSite="] {
                assert!(line.contains(part), "{part} is not in {line}");
            }
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        reply
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
