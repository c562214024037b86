//! One reading of a code ([`ScanEvent`], P14, P20) and what the page's beacon reported afterwards
//! ([`OutcomeEvent`], X3, P55).
//!
//! Deliberately absent: an IP address, coordinates, a full referrer (X38, X44). The visitor is a keyed hash
//! made elsewhere, under a salt that lives for a day.

mod subject;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub use subject::CodeSubject;

use crate::device::{Device, VisitClass, words};
use crate::id::{PropertyId, ScanId, TenantId, VoucherId};

/// Longest host name, in bytes (RFC 1035).
pub const REFERRER_HOST_MAX_BYTES: usize = 253;
/// Longest city name that is kept, in characters.
pub const CITY_MAX_CHARS: usize = 80;

words! {
    /// How the code's address was reached (P20).
    pub enum ScanSource {
        /// The printed or shown code.
        QrCode = "qr_code",
        /// The same address, typed or clicked.
        Link = "link",
        /// `GET /api/v1/scan/{property_id}` (P27).
        Api = "api",
        /// A code that a camera has read (V9).
        Camera = "camera",
        /// A code that was read from a picture (V9).
        Gallery = "gallery",
        /// Unknown.
        Other = "other",
    }
}

words! {
    /// Where the scan page leads (P20, X4).
    pub enum RedirectType {
        /// The property page and the block explorer.
        DualRedirect = "dual_redirect",
        /// The property page alone: there is no on-chain id (X4).
        Single = "single",
        /// Nowhere else: it is a guard's tip page itself.
        TipPage = "tip_page",
        /// Nowhere else: it is a voucher's page itself.
        VoucherPage = "voucher_page",
    }
}

words! {
    /// How we answered a scan.
    pub enum ScanOutcome {
        /// The page or the data was served.
        Served = "served",
        /// The code's time is over (X7).
        Expired = "expired",
        /// The code's scans are used up (X7).
        LimitReached = "limit_reached",
        /// The code was taken back, or its property withdrawn.
        Retired = "retired",
        /// We could not answer; counts against the success rate (P19).
        Failed = "failed",
    }
}

words! {
    /// What the scan page could do (X3, P55).
    pub enum RedirectOutcome {
        /// Property page and explorer both opened.
        BothOpened = "both_opened",
        /// The browser blocked the second window; the button is what is left.
        SecondBlocked = "second_blocked",
        /// Only one page was wanted, and it opened.
        Single = "single",
        /// No script ran; the `meta refresh` led to the property page.
        NoScript = "no_script",
    }
}

impl RedirectOutcome {
    /// Whether all that was wanted opened (P55).
    pub fn is_success(self) -> bool {
        matches!(self, RedirectOutcome::BothOpened | RedirectOutcome::Single)
    }
}

/// A visitor for one day: a keyed hash, 16 hexadecimal digits in JSON. JSON numbers lose digits above 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VisitorHash(pub u64);

impl fmt::Display for VisitorHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<VisitorHash> for String {
    fn from(hash: VisitorHash) -> String {
        hash.to_string()
    }
}

impl TryFrom<String> for VisitorHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "a visitor hash has 16 hexadecimal digits";
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        u64::from_str_radix(&text, 16).map(VisitorHash).map_err(|_| wrong)
    }
}

/// One reading of a code (P14, P20).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanEvent {
    /// Its id; the beacon names it.
    #[schema(value_type = String)]
    pub scan_id: ScanId,
    /// The property, the guard or the voucher whose code was read. Its name is older than the others' codes.
    #[serde(rename = "property_id")]
    #[schema(value_type = String)]
    pub subject: CodeSubject,
    /// Whose property, guard or voucher it is.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// Which version of the code was read; 1 is the first. Only a property's codes have versions; others count as 1.
    pub qr_version: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How the address was reached.
    pub source: ScanSource,
    /// Where the page leads.
    pub redirect: RedirectType,
    /// Person or machine.
    pub class: VisitClass,
    /// With what.
    pub device: Device,
    /// ISO 3166-1 alpha-2, upper case; see [`country`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The part of ISO 3166-2 after the hyphen; see [`region`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The city's name; see [`city`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The host of the page that linked here; see [`referrer_host`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer_host: Option<String>,
    /// The visitor's hash of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub visitor: Option<VisitorHash>,
    /// The visitor's session (P20): a hash that holds for half an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// How long we took, in microseconds (P19, P49).
    pub handling_us: u64,
    /// How we answered.
    pub outcome: ScanOutcome,
}

/// What the scan page's beacon reported about one scan (X3, P55).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeEvent {
    /// The scan that it is about.
    #[schema(value_type = String)]
    pub scan_id: ScanId,
    /// The property whose code was read.
    #[schema(value_type = String)]
    pub property_id: PropertyId,
    /// Whose property it is.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// When the report came.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What the page could do.
    pub outcome: RedirectOutcome,
}

/// Anything that happens to a code and is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CodeEvent {
    /// A scan.
    Scan(ScanEvent),
    /// A report about a scan.
    Outcome(OutcomeEvent),
}

impl CodeEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            CodeEvent::Scan(scan) => scan.at,
            CodeEvent::Outcome(report) => report.at,
        }
    }

    /// The scan that it is or is about.
    pub fn scan_id(&self) -> &ScanId {
        match self {
            CodeEvent::Scan(scan) => &scan.scan_id,
            CodeEvent::Outcome(report) => &report.scan_id,
        }
    }

    /// The property, the guard or the voucher that it concerns.
    pub fn subject(&self) -> CodeSubject {
        match self {
            CodeEvent::Scan(scan) => scan.subject.clone(),
            CodeEvent::Outcome(report) => report.property_id.clone().into(),
        }
    }

    /// Whose property, guard or voucher it is.
    pub fn tenant_id(&self) -> &TenantId {
        match self {
            CodeEvent::Scan(scan) => &scan.tenant_id,
            CodeEvent::Outcome(report) => &report.tenant_id,
        }
    }
}

/// Within how many seconds the same visitor's readings of a voucher's code are one (X24).
const VOUCHER_SCAN_S: i64 = 60;

/// When the minute began in which a voucher's code was read.
pub fn voucher_minute(at: Timestamp) -> Timestamp {
    let minute = at.as_second().div_euclid(VOUCHER_SCAN_S).saturating_mul(VOUCHER_SCAN_S);
    Timestamp::from_second(minute).unwrap_or(at)
}

/// The id of a visitor's scan of a voucher: the same for the whole minute, so that a repetition counts nothing (X24).
pub fn voucher_scan(voucher: &VoucherId, visitor: VisitorHash, at: Timestamp) -> ScanId {
    let minute = voucher_minute(at).as_second().to_string();
    let parts = ["voucher", voucher.as_str(), &visitor.to_string(), &minute];
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    let mut first = [0_u8; 16];
    first.copy_from_slice(&digest[..16]);
    ScanId::from_bytes(first)
}

/// A country of `CloudFront-Viewer-Country`: two letters, written in upper case. Anything else is `None`, because it
/// becomes part of a counter's name.
pub fn country(text: &str) -> Option<String> {
    let letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then(|| text.to_ascii_uppercase())
}

/// A region of `CloudFront-Viewer-Country-Region`: one to three letters or digits, written in upper case.
pub fn region(text: &str) -> Option<String> {
    let fits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_ascii_uppercase())
}

/// A city's name, cut to [`CITY_MAX_CHARS`], without control characters.
pub fn city(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !c.is_control()).take(CITY_MAX_CHARS).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// The host of a `Referer`, without path and query: they may name people.
pub fn referrer_host(text: &str) -> Option<String> {
    let address =
        url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = address.host_str()?;
    (host.len() <= REFERRER_HOST_MAX_BYTES).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
