//! Why a code is not drawn. Settings that work instead are found in `render`, by trying them; they
//! are only carried here.

use domain::failure::{Failure, Kind};
use domain::render::{
    Level, MODULE_MIN_PX, QUIET_ZONE_MIN_MODULES, RenderWishes, SIZE_MAX_PX, SIZE_MIN_PX,
};

/// One reason per variant. `works` are wishes that were drawn and read back with this payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderRefused {
    /// There is nothing to encode.
    #[error("a QR code needs a payload; this one is empty")]
    EmptyPayload,
    /// No version holds the payload at the level (X19).
    #[error("{bytes} bytes do not fit into a QR code at level {level:?}; {}", fitting(*largest_level))]
    PayloadTooLarge {
        /// The level that was needed: the one asked for, or the least that carries a logo.
        level: Level,
        /// Length of the payload in bytes.
        bytes: usize,
        /// The strongest weaker level at which the payload fits.
        largest_level: Option<Level>,
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// Fewer pixels a module than cameras need (X33).
    #[error(
        "{size} pixels are too few: the code has {modules} modules a side with its quiet zone, \
         and each needs {MODULE_MIN_PX} pixels"
    )]
    TooSmall {
        /// The size asked for, in pixels.
        size: u32,
        /// Side of the image in modules, quiet zone included.
        modules: u32,
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// The quiet zone is narrower than ISO/IEC 18004 asks for.
    #[error("the quiet zone must have at least {QUIET_ZONE_MIN_MODULES} modules, not {margin}")]
    NoQuietZone {
        /// The margin asked for, in modules.
        margin: u32,
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// The size is out of bounds.
    #[error("the size must be {SIZE_MIN_PX} to {SIZE_MAX_PX} pixels, not {size}")]
    SizeOutOfRange {
        /// The size asked for, in pixels.
        size: u32,
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// Cameras cannot tell the colours apart.
    #[error("the dark colour must be clearly darker than the light one")]
    LowContrast {
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// A logo is asked for, and there is none.
    #[error("a logo is asked for, but none has been uploaded")]
    LogoMissing {
        /// Settings that work.
        works: Option<RenderWishes>,
    },
    /// The image was drawn, and a decoder does not read the payload in it.
    #[error("the code could not be read back with these settings")]
    Unreadable {
        /// Settings that work.
        works: Option<RenderWishes>,
    },
}

impl RenderRefused {
    fn works(&self) -> Option<RenderWishes> {
        match *self {
            RenderRefused::EmptyPayload => None,
            RenderRefused::PayloadTooLarge { works, .. }
            | RenderRefused::TooSmall { works, .. }
            | RenderRefused::NoQuietZone { works, .. }
            | RenderRefused::SizeOutOfRange { works, .. }
            | RenderRefused::LowContrast { works }
            | RenderRefused::LogoMissing { works }
            | RenderRefused::Unreadable { works } => works,
        }
    }
}

impl Failure for RenderRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            RenderRefused::EmptyPayload => "qr_payload_empty",
            RenderRefused::PayloadTooLarge { .. } => "qr_payload_too_large",
            RenderRefused::TooSmall { .. } => "qr_too_small",
            RenderRefused::NoQuietZone { .. } => "qr_no_quiet_zone",
            RenderRefused::SizeOutOfRange { .. } => "qr_size_out_of_range",
            RenderRefused::LowContrast { .. } => "qr_low_contrast",
            RenderRefused::LogoMissing { .. } => "qr_logo_missing",
            RenderRefused::Unreadable { .. } => "qr_unreadable",
        }
    }

    fn suggestion(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self.works()?).ok()
    }
}

fn fitting(largest_level: Option<Level>) -> String {
    match largest_level {
        Some(level) => format!("the largest level that fits is {level:?}"),
        None => "it fits at no level".to_owned(),
    }
}
