//! A property's code: its versions, its life, and what a scan of it may do.
//!
//! A code carries a link and nothing else; the link never changes with the version, so a printed code of any version
//! works as long as the code lives.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{PropertyId, TenantId};
use crate::property::PropertyQrInfo;
use crate::render::{RenderSpec, Rgb};
use crate::scan::RedirectType;
use crate::tenant::Destinations;

/// What a property's QR code says when `?format=payload` asks for the older form (P33, X1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QrCodePayload {
    /// Always `daobitat_property`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The property.
    #[schema(value_type = String)]
    pub property_id: PropertyId,
    /// The address that the code leads to.
    pub scan_url: String,
}

impl QrCodePayload {
    /// The payload of a property whose code leads to `scan_url`.
    pub fn new(property_id: PropertyId, scan_url: String) -> Self {
        Self { kind: "daobitat_property".to_owned(), property_id, scan_url }
    }
}

/// The address in a property's code (P34). `base` has no slash at its end.
pub fn scan_url(base: &str, property: &PropertyId) -> String {
    format!("{base}/scan/{property}")
}

/// Whether a code is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeStatus {
    /// It is, unless it has expired.
    Active,
    /// Its owner has deleted it; generating again brings it back with the next version.
    Deleted,
}

/// When a code stops working by itself (X7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// From this instant on it is expired.
    pub expires_at: Option<Timestamp>,
    /// After this many scans by people it is used up.
    pub max_scans: Option<u64>,
}

impl Lifetime {
    /// Checks a lifetime that a caller asks for.
    ///
    /// # Errors
    /// [`InvalidFields`]: it must not be over before it begins.
    pub fn check(self, now: Timestamp) -> Result<Self, InvalidFields> {
        let mut errors = Vec::new();
        if self.expires_at.is_some_and(|at| at <= now) {
            errors.push(FieldError::new("expires_at", "in_the_past", "expires_at must lie ahead"));
        }
        if self.max_scans == Some(0) {
            errors.push(FieldError::new("max_scans", "out_of_range", "max_scans is at least 1"));
        }
        if errors.is_empty() { Ok(self) } else { Err(InvalidFields(errors)) }
    }
}

/// One drawn and checked image of a code, and where it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawing {
    /// How it was drawn; the level is the one that was really used.
    pub spec: RenderSpec,
    /// Size of the symbol: 1 to 40 (ISO/IEC 18004).
    pub symbol_version: u8,
    /// Modules on a side, without the quiet zone.
    pub modules: u32,
    /// Pixels a module.
    pub module_px: u32,
    /// The key of the stored image, which contains its hash.
    pub key: String,
    /// SHA-256 of the image, in hexadecimal.
    pub sha256: String,
    /// Size of the image in bytes.
    pub bytes: u64,
}

/// A property's code (P10, without the counters, which are derived).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyCode {
    /// The property that it belongs to; also its id.
    pub property: PropertyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Counts the generations, from 1.
    pub version: u32,
    /// Whether it is alive.
    pub status: CodeStatus,
    /// The address that it encodes (`qr_pattern`).
    pub scan_url: String,
    /// Its present image.
    pub drawing: Drawing,
    /// When it stops working.
    pub lifetime: Lifetime,
    /// When version 1 was made.
    pub created_at: Timestamp,
    /// When the present version was made.
    pub generated_at: Timestamp,
}

impl PropertyCode {
    /// The first version of a property's code.
    pub fn new(
        property: PropertyId,
        tenant: TenantId,
        scan_url: String,
        drawing: Drawing,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Self {
        Self {
            property,
            tenant,
            version: 1,
            status: CodeStatus::Active,
            scan_url,
            drawing,
            lifetime,
            created_at: now,
            generated_at: now,
        }
    }

    /// The next version: another image, alive again if it was deleted. Scans of older versions stay counted.
    #[must_use]
    pub fn regenerate(
        self,
        scan_url: String,
        drawing: Drawing,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Self {
        Self {
            version: self.version.saturating_add(1),
            status: CodeStatus::Active,
            scan_url,
            drawing,
            lifetime,
            generated_at: now,
            ..self
        }
    }

    /// The code as its owner has deleted it.
    #[must_use]
    pub fn delete(self) -> Self {
        Self { status: CodeStatus::Deleted, ..self }
    }

    /// Whether its time is over (P12, X7).
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.lifetime.expires_at.is_some_and(|at| at <= now)
    }
}

/// What a scan needs to know, all in one record: the property, where it leads, and the code's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanTarget {
    /// Whose property it is.
    pub tenant: TenantId,
    /// What the page says about the property.
    pub info: PropertyQrInfo,
    /// The code, once one was generated.
    pub code: Option<LiveCode>,
}

/// The part of a code that a scan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCode {
    /// The present version.
    pub version: u32,
    /// Whether it is alive.
    pub status: CodeStatus,
    /// When it stops working.
    pub lifetime: Lifetime,
    /// How many of `max_scans` are used; counted only where there is such a limit.
    pub scans_used: u64,
    /// Where it leads, as the tenant had it when they last changed it.
    pub destinations: Destinations,
    /// The tenant's name, for the page.
    pub tenant_name: String,
    /// The tenant's colour, for the page.
    pub brand_color: Rgb,
}

/// Why a scan leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefused {
    /// There is no such property or it has no code.
    #[error("no code belongs to this address")]
    Unknown,
    /// Its owner has deleted it.
    #[error("this code was withdrawn by its owner")]
    Deleted,
    /// Its time is over.
    #[error("this code has expired")]
    Expired,
    /// It was scanned as often as it may be.
    #[error("this code has been scanned as often as it may be")]
    UsedUp,
}

impl Failure for ScanRefused {
    fn kind(&self) -> Kind {
        match self {
            ScanRefused::Unknown => Kind::Missing,
            ScanRefused::Deleted | ScanRefused::Expired | ScanRefused::UsedUp => Kind::Gone,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            ScanRefused::Unknown => "code_unknown",
            ScanRefused::Deleted => "code_deleted",
            ScanRefused::Expired => "code_expired",
            ScanRefused::UsedUp => "code_used_up",
        }
    }
}

impl ScanTarget {
    /// The code, if a scan may go through at `now`: the rule behind `record_scan` (P12).
    ///
    /// # Errors
    /// [`ScanRefused`]. The last of `max_scans` is decided by the write, not here.
    pub fn admit(&self, now: Timestamp) -> Result<&LiveCode, ScanRefused> {
        let code = self.code.as_ref().ok_or(ScanRefused::Unknown)?;
        if code.status == CodeStatus::Deleted {
            return Err(ScanRefused::Deleted);
        }
        if code.lifetime.expires_at.is_some_and(|at| at <= now) {
            return Err(ScanRefused::Expired);
        }
        if code.lifetime.max_scans.is_some_and(|max| code.scans_used >= max) {
            return Err(ScanRefused::UsedUp);
        }
        Ok(code)
    }

    /// Both destinations, or the property's page alone where there is no chain address (X4).
    pub fn redirect(&self) -> RedirectType {
        match self.info.onchain_id {
            Some(_) => RedirectType::DualRedirect,
            None => RedirectType::Single,
        }
    }
}

/// What `GET /api/v1/scan/{property_id}` answers (P22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QrScanData {
    /// The property.
    #[schema(value_type = String)]
    pub property_id: PropertyId,
    /// The property's page.
    pub daobitat_url: String,
    /// The explorer's page; null without a chain address (X4).
    pub blockchain_url: Option<String>,
    /// The property's name.
    pub property_name: String,
    /// Its price, as the property collection has it.
    pub price: i64,
    /// `for sale` or `for rent`.
    pub action: String,
}

impl QrScanData {
    /// What a scan of this code leads to.
    pub fn of(info: &PropertyQrInfo, destinations: &Destinations) -> Self {
        Self {
            property_id: info.property_id.clone(),
            daobitat_url: destinations.property_url(&info.property_id),
            blockchain_url: info.onchain_id.as_deref().map(|id| destinations.explorer_url(id)),
            property_name: info.property_name.clone(),
            price: info.price,
            action: info.action.to_string(),
        }
    }
}
