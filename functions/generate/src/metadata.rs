//! What is said about a code: `QrCodeMetadata` (P10), in answers, in lists and beside the image in the bucket.

use adapters::images::{Images, Object};
use adapters::table::{Counted, Totals};
use domain::code::{CodeStatus, PropertyCode, QrCodePayload};
use domain::id::PropertyId;
use domain::render::{Format, Level};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A code without its counters: `metadata/{property_id}.json` (P41).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Metadata {
    /// The code's id, which is its property's.
    #[schema(value_type = String)]
    id: PropertyId,
    /// The property.
    #[schema(value_type = String)]
    property_id: PropertyId,
    /// The present image, always at the same address and at most a minute old.
    qr_code_url: String,
    /// This image, for ever.
    image_url: String,
    /// What the code says.
    qr_pattern: String,
    /// What the older form of the code said (P33).
    qr_pattern_legacy: QrCodePayload,
    /// Counts the generations.
    version: u32,
    /// Whether the code is alive.
    status: CodeStatus,
    /// The image's format.
    format: Format,
    /// The image's side, in pixels.
    size: u32,
    /// The error correction level that was really used.
    error_correction: Level,
    /// Size of the symbol, 1 to 40.
    symbol_version: u8,
    /// Modules on a side.
    modules: u32,
    /// Pixels a module.
    module_px: u32,
    /// The image's size, in bytes.
    bytes: u64,
    /// SHA-256 of the image, in hexadecimal.
    sha256: String,
    /// When this version was made.
    #[schema(value_type = String, format = DateTime)]
    generated_at: Timestamp,
    /// When the code stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// After how many scans by people the code stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_scans: Option<u64>,
}

impl Metadata {
    pub(crate) fn of(code: &PropertyCode, images: &Images) -> Self {
        let fixed = Object::Present(&code.property, Format::Png).key();
        let drawing = &code.drawing;
        Self {
            id: code.property.clone(),
            property_id: code.property.clone(),
            qr_code_url: images.public_url(&fixed),
            image_url: images.public_url(&drawing.key),
            qr_pattern: code.scan_url.clone(),
            qr_pattern_legacy: QrCodePayload::new(code.property.clone(), code.scan_url.clone()),
            version: code.version,
            status: code.status,
            format: drawing.spec.format,
            size: drawing.spec.size,
            error_correction: drawing.spec.error_correction,
            symbol_version: drawing.symbol_version,
            modules: drawing.modules,
            module_px: drawing.module_px,
            bytes: drawing.bytes,
            sha256: drawing.sha256.clone(),
            generated_at: code.generated_at,
            expires_at: code.lifetime.expires_at,
            max_scans: code.lifetime.max_scans,
        }
    }

    /// The file in the bucket.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Plain fields and strings: nothing that JSON cannot say.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A code with its counters.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QrCodeResponse {
    #[serde(flatten)]
    metadata: Metadata,
    /// Scans by people, over all versions.
    scan_count: i64,
    /// The last of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_scanned: Option<Timestamp>,
    /// Whether its time is over.
    is_expired: bool,
}

impl QrCodeResponse {
    pub(crate) fn of(
        code: &PropertyCode,
        totals: &Totals,
        images: &Images,
        now: Timestamp,
    ) -> Self {
        Self {
            metadata: Metadata::of(code, images),
            scan_count: totals.scans(),
            last_scanned: totals.last_scan,
            is_expired: code.is_expired(now),
        }
    }

    /// The columns of the list as CSV.
    pub(crate) const COLUMNS: [&str; 10] = [
        "property_id",
        "status",
        "is_expired",
        "version",
        "scan_count",
        "last_scanned",
        "generated_at",
        "expires_at",
        "qr_pattern",
        "qr_code_url",
    ];

    pub(crate) fn row(&self) -> [String; 10] {
        let metadata = &self.metadata;
        let instant = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let status = match metadata.status {
            CodeStatus::Active => "active",
            CodeStatus::Deleted => "deleted",
        };
        [
            metadata.property_id.to_string(),
            status.to_owned(),
            self.is_expired.to_string(),
            metadata.version.to_string(),
            self.scan_count.to_string(),
            instant(self.last_scanned),
            metadata.generated_at.to_string(),
            instant(metadata.expires_at),
            metadata.qr_pattern.clone(),
            metadata.qr_code_url.clone(),
        ]
    }
}

/// Under which name the code's scans are counted.
pub(crate) fn counted(code: &PropertyCode) -> Counted {
    Counted::Code(code.tenant.clone(), code.property.clone().into())
}
