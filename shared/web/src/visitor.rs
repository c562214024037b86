//! Who scans, without knowing who it is: what the content network says about a request, and a hash that means
//! nothing after its day. No address is kept.

use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters::clock::Clock;
use adapters::environment::{Environment, EnvironmentError};
use adapters::salts::Salts;
use adapters::secrets::Secret;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::device::{Device, Visit, VisitClass};
use domain::failure::chain;
use domain::id::TenantId;
use domain::scan::{self, VisitorHash};
use hmac::{Hmac, KeyInit, Mac};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::RequestContext;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use tracing::Instrument;

/// The header by which the content network proves itself.
pub const ORIGIN_SECRET_HEADER: &str = "x-origin-secret";
/// A visitor's scans within this many seconds are one session.
const SESSION_S: i64 = 30 * 60;
/// A scan waits so long for the salt, and so long for the secret; its write must not wait for either to recover.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// After a failure no scan waits for so long.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// Tells visitors apart for a day.
#[derive(Clone, Debug)]
pub struct Visitors {
    salts: Salts,
    origin: Secret,
    clock: Clock,
    salts_failed: LastFailure,
    origin_failed: LastFailure,
}

/// When a service last failed a scan.
#[derive(Clone, Debug, Default)]
struct LastFailure(Arc<Mutex<Option<Timestamp>>>);

/// What a request says about its visitor.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// A person, a bot, a preview or a HEAD.
    pub class: VisitClass,
    /// The device, from the user agent (P17).
    pub device: Device,
    /// Two letters, from the content network.
    pub country: Option<String>,
    /// The region's code within the country.
    pub region: Option<String>,
    /// The city's name.
    pub city: Option<String>,
    /// The host of the page that led here.
    pub referrer_host: Option<String>,
    /// For the hash, and never for anything else.
    address: Option<String>,
    user_agent: String,
}

impl Visitors {
    /// Salts and the content network's secret.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let origin = Secret::from_env(env, "ORIGIN_SECRET_ID")?;
        Ok(Self {
            salts: Salts::from_env(env)?,
            origin,
            clock: env.clock.clone(),
            salts_failed: LastFailure::default(),
            origin_failed: LastFailure::default(),
        })
    }

    /// What the request says. The content network's headers are believed only with its secret; else the address is
    /// the gateway's, and a place is not known. `X-Forwarded-For` is never believed.
    pub async fn of(&self, parts: &Parts) -> Visitor {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let visit = Visit {
            is_head: parts.method == Method::HEAD,
            user_agent: text("user-agent"),
            sec_purpose: text("sec-purpose"),
            purpose: text("purpose"),
            x_purpose: text("x-purpose"),
            x_moz: text("x-moz"),
        };
        let trusted = self.came_through_network(&parts.headers).await;
        let told = |name| if trusted { text(name) } else { None };
        let address = told("cloudfront-viewer-address").map(|address| {
            // The port behind the last colon changes with each connection.
            address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned()
        });
        Visitor {
            class: visit.class(),
            device: Device::of(visit.user_agent),
            country: told("cloudfront-viewer-country").and_then(scan::country),
            region: told("cloudfront-viewer-country-region").and_then(scan::region),
            city: told("cloudfront-viewer-city").and_then(scan::city),
            referrer_host: text("referer").and_then(scan::referrer_host),
            address: address.or_else(|| gateway_address(parts)),
            user_agent: text("user-agent").unwrap_or_default().to_owned(),
        }
    }

    /// The visitor's hash for the day, and for the session. Without the day's salt a scan has neither.
    pub async fn hash(
        &self,
        tenant: &TenantId,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Option<(VisitorHash, String)> {
        let salt = self.salt_of(now).await?;
        let address = visitor.address.as_deref()?;
        let parts = [tenant.as_str(), address, &visitor.user_agent];
        let visitor = keyed_hash(salt.as_bytes(), &parts);
        let bucket = now.as_second().div_euclid(SESSION_S).to_string();
        let session = keyed_hash(salt.as_bytes(), &[&parts[..], &[&bucket]].concat());
        Some((VisitorHash(visitor), format!("{session:016x}")))
    }

    /// The visitor's address as a keyed hash of the day, whatever the device: for a limit, or to be kept with what it
    /// has made (X38). Under another scope it is another hash. Without the day's salt, or an address, there is none.
    pub async fn address_hash(
        &self,
        scope: &str,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Option<VisitorHash> {
        let salt = self.salt_of(now).await?;
        let place = place_of(visitor.address.as_deref()?);
        Some(VisitorHash(keyed_hash(salt.as_bytes(), &["address", scope, &place])))
    }

    async fn salt_of(&self, now: Timestamp) -> Option<Arc<str>> {
        let day = now.to_zoned(TimeZone::UTC).date();
        let salts = self.salts.clone();
        let asked = async move { salts.of_day(day).await };
        let without = "a scan is counted without a visitor";
        self.salts_failed.wait(&self.clock, without, asked).await
    }

    async fn came_through_network(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get(ORIGIN_SECRET_HEADER) else { return false };
        let origin = self.origin.clone();
        let asked = async move { origin.versions().await };
        let without = "the content network's headers cannot be checked";
        let versions =
            self.origin_failed.wait(&self.clock, without, asked).await.unwrap_or_default();
        versions.iter().any(|version| bool::from(version.expose().ct_eq(sent.as_bytes())))
    }
}

impl LastFailure {
    /// The answer, if it comes in time and the service did not fail just now. A line in the log tells of a failure,
    /// in the words of `without`.
    async fn wait<T, E>(
        &self,
        clock: &Clock,
        without: &'static str,
        asked: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Option<T>
    where
        T: Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let now = clock.now();
        if self.at().is_some_and(|at| now.duration_since(at) < PAUSE) {
            return None;
        }
        // A task of its own: an answer that comes too late for this scan is kept for the next, which then need not
        // go without it.
        let failure = self.clone();
        let answered = async move { asked.await.inspect(|_| failure.set(None)) };
        let task = tokio::spawn(answered.in_current_span());
        let error = match clock.within(WAIT_MAX, task).await {
            Some(Ok(Ok(answer))) => return Some(answer),
            Some(Ok(Err(error))) => chain(&error),
            Some(Err(lost)) => chain(&lost),
            None => "it did not answer in time".to_owned(),
        };
        self.set(Some(now));
        tracing::warn!(error, "{without}");
        None
    }

    fn at(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Option<Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

/// What one connection stands for: an IPv4 address, or the half of an IPv6 address that its network gives to one
/// subscriber, who has all the rest of it.
fn place_of(address: &str) -> String {
    match address.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        Ok(IpAddr::V4(v4)) => v4.to_string(),
        Err(_) => address.to_owned(),
    }
}

fn gateway_address(parts: &Parts) -> Option<String> {
    match parts.extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    }
}

/// The first 64 bits of an HMAC-SHA256; the lengths keep two parts from being read as one.
fn keyed_hash(salt: &[u8], parts: &[&str]) -> u64 {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt) else { return 0 };
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part.as_bytes());
    }
    let digest = mac.finalize().into_bytes();
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
