//! Who scans, without knowing who it is: what the content network says about a request, and a hash that means
//! nothing after its day. No address is kept.

use adapters::environment::{Environment, EnvironmentError};
use adapters::salts::Salts;
use adapters::secrets::Secret;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::device::{Device, Visit, VisitClass};
use domain::id::TenantId;
use domain::scan::{self, VisitorHash};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lambda_http::request::RequestContext;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header by which the content network proves itself.
pub const ORIGIN_SECRET_HEADER: &str = "x-origin-secret";
/// A visitor's scans within this many seconds are one session.
const SESSION_S: i64 = 30 * 60;

/// Tells visitors apart for a day.
#[derive(Clone, Debug)]
pub struct Visitors {
    salts: Salts,
    origin: Secret,
}

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
        Ok(Self { salts: Salts::from_env(env)?, origin })
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
        let day = now.to_zoned(TimeZone::UTC).date();
        let salt = match self.salts.of_day(day).await {
            Ok(salt) => salt,
            Err(error) => {
                tracing::warn!(%error, "a scan is counted without a visitor");
                return None;
            }
        };
        let address = visitor.address.as_deref()?;
        let parts = [tenant.as_str(), address, &visitor.user_agent];
        let visitor = keyed_hash(salt.as_bytes(), &parts);
        let bucket = now.as_second().div_euclid(SESSION_S).to_string();
        let session = keyed_hash(salt.as_bytes(), &[&parts[..], &[&bucket]].concat());
        Some((VisitorHash(visitor), format!("{session:016x}")))
    }

    async fn came_through_network(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get(ORIGIN_SECRET_HEADER) else { return false };
        match self.origin.versions().await {
            Ok(versions) => {
                versions.iter().any(|version| bool::from(version.expose().ct_eq(sent.as_bytes())))
            }
            Err(error) => {
                tracing::warn!(%error, "the content network's headers cannot be checked");
                false
            }
        }
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
