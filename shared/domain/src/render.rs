//! How a code is to look: one [`RenderSpec`] for every kind of code (X33), checked before anything is drawn.
//! Drawing itself is the `qr` crate's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::{FieldError, InvalidFields};

/// Smallest and largest side of an image in pixels (C40 sets the upper bound; L3 draws at 224).
pub const SIZE_MIN_PX: u32 = 64;
/// See [`SIZE_MIN_PX`].
pub const SIZE_MAX_PX: u32 = 2048;
/// The quiet zone that ISO/IEC 18004 asks for, in modules.
pub const QUIET_ZONE_MIN_MODULES: u32 = 4;
/// A quiet zone wider than this is a mistake.
pub const QUIET_ZONE_MAX_MODULES: u32 = 16;
/// Cameras fail below this many pixels a module; `force` goes below it (X33).
pub const MODULE_MIN_PX: u32 = 3;

/// Error correction level: about 7, 15, 25 and 30 % of the codewords may be lost.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Level {
    /// 7 %.
    L,
    /// 15 %.
    M,
    /// 25 %.
    Q,
    /// 30 %.
    H,
}

impl Level {
    /// All levels, weakest first.
    pub const ALL: [Level; 4] = [Level::L, Level::M, Level::Q, Level::H];

    /// The largest side of a logo, in thousandths of the symbol's side, that four decoders read. None at L.
    pub fn logo_max_permille(self) -> Option<u32> {
        match self {
            Level::L => None,
            Level::M => Some(200),
            Level::Q => Some(250),
            Level::H => Some(300),
        }
    }
}

/// File format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One bit a pixel, or a palette when there is a logo.
    Png,
    /// One path of row runs.
    Svg,
}

impl Format {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Svg => "image/svg+xml",
        }
    }

    /// The file's ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Svg => "svg",
        }
    }
}

/// A colour, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// Black.
    pub const BLACK: Rgb = Rgb(0, 0, 0);
    /// White.
    pub const WHITE: Rgb = Rgb(255, 255, 255);

    /// Reads `#rrggbb`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii())?;
        let channel = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
        hex.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        Some(Rgb(channel(0)?, channel(2)?, channel(4)?))
    }

    /// Perceived brightness in thousandths (ITU-R BT.601 weights): 0 is black, 255,000 is white.
    pub fn luma_milli(self) -> u32 {
        299 * u32::from(self.0) + 587 * u32::from(self.1) + 114 * u32::from(self.2)
    }
}

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl From<Rgb> for String {
    fn from(rgb: Rgb) -> Self {
        rgb.to_string()
    }
}

impl TryFrom<String> for Rgb {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Rgb::parse(&text).ok_or_else(|| "a colour is written #rrggbb".to_owned())
    }
}

/// The two colours of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Colors {
    /// Modules.
    #[schema(value_type = String, example = "#000000")]
    pub dark: Rgb,
    /// Background and quiet zone.
    #[schema(value_type = String, example = "#ffffff")]
    pub light: Rgb,
}

impl Default for Colors {
    fn default() -> Self {
        Self { dark: Rgb::BLACK, light: Rgb::WHITE }
    }
}

/// Least distance of the two colours' brightness, in thousandths: cameras threshold on it.
const CONTRAST_MIN_LUMA_MILLI: u32 = 100_000;

impl Colors {
    /// Whether a camera can tell the modules from the background: dark on light, far enough apart.
    pub fn readable(self) -> bool {
        self.light.luma_milli() >= self.dark.luma_milli() + CONTRAST_MIN_LUMA_MILLI
    }
}

/// Everything that decides how a code looks, but for its payload and the logo's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct RenderSpec {
    /// Side of the image in pixels, quiet zone included.
    pub size: u32,
    /// The error correction level asked for; a logo raises it when it must.
    pub error_correction: Level,
    /// The file format.
    pub format: Format,
    /// Quiet zone in modules on each side, at least; what is left over of the size is added to it.
    pub margin: u32,
    /// The two colours.
    pub colors: Colors,
    /// Whether the tenant's logo is put in the middle.
    pub logo: bool,
    /// Draw even below [`MODULE_MIN_PX`] pixels a module.
    pub force: bool,
}

impl RenderSpec {
    /// Property codes: 256 × 256 PNG, level M, the tenant's logo (P35–P37).
    pub const PROPERTY: RenderSpec = RenderSpec {
        size: 256,
        error_correction: Level::M,
        format: Format::Png,
        margin: QUIET_ZONE_MIN_MODULES,
        colors: Colors { dark: Rgb::BLACK, light: Rgb::WHITE },
        logo: true,
        force: false,
    };

    /// The spec with the caller's wishes laid over it.
    ///
    /// # Errors
    /// [`InvalidFields`] names each wish that is out of bounds.
    pub fn with(self, wishes: &RenderWishes) -> Result<RenderSpec, InvalidFields> {
        let spec = RenderSpec {
            size: wishes.size.unwrap_or(self.size),
            error_correction: wishes.error_correction.unwrap_or(self.error_correction),
            format: wishes.format.unwrap_or(self.format),
            margin: wishes.margin.unwrap_or(self.margin),
            colors: wishes.colors.unwrap_or(self.colors),
            logo: wishes.logo.unwrap_or(self.logo),
            force: wishes.force.unwrap_or(self.force),
        };
        spec.check()
    }

    fn check(self) -> Result<RenderSpec, InvalidFields> {
        let mut errors = Vec::new();
        if !(SIZE_MIN_PX..=SIZE_MAX_PX).contains(&self.size) {
            let detail = format!("size is {SIZE_MIN_PX} to {SIZE_MAX_PX} pixels");
            errors.push(FieldError::new("size", "out_of_range", detail));
        }
        if !(QUIET_ZONE_MIN_MODULES..=QUIET_ZONE_MAX_MODULES).contains(&self.margin) {
            let detail =
                format!("margin is {QUIET_ZONE_MIN_MODULES} to {QUIET_ZONE_MAX_MODULES} modules");
            errors.push(FieldError::new("margin", "out_of_range", detail));
        }
        if !self.colors.readable() {
            let detail = "the dark colour must be clearly darker than the light one";
            errors.push(FieldError::new("colors", "low_contrast", detail));
        }
        if errors.is_empty() { Ok(self) } else { Err(InvalidFields(errors)) }
    }
}

/// What a caller may ask for; what is absent comes from the tenant's defaults or the kind's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenderWishes {
    /// See [`RenderSpec::size`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// See [`RenderSpec::error_correction`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_correction: Option<Level>,
    /// See [`RenderSpec::format`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// See [`RenderSpec::margin`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<u32>,
    /// See [`RenderSpec::colors`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colors: Option<Colors>,
    /// See [`RenderSpec::logo`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<bool>,
    /// See [`RenderSpec::force`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

impl RenderWishes {
    /// These wishes where they say something, else the other's.
    pub fn or(self, other: RenderWishes) -> RenderWishes {
        RenderWishes {
            size: self.size.or(other.size),
            error_correction: self.error_correction.or(other.error_correction),
            format: self.format.or(other.format),
            margin: self.margin.or(other.margin),
            colors: self.colors.or(other.colors),
            logo: self.logo.or(other.logo),
            force: self.force.or(other.force),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_lie_over_the_defaults_and_are_bounded() {
        let check = |wishes: RenderWishes, wrong: &[&str]| {
            let fields: Vec<String> = RenderSpec::PROPERTY
                .with(&wishes)
                .err()
                .map(|errors| errors.0.into_iter().map(|error| error.field).collect())
                .unwrap_or_default();
            assert_eq!(fields, wrong, "{wishes:?}");
        };
        let low = Colors { dark: Rgb(200, 200, 200), light: Rgb::WHITE };
        let inverted = Colors { dark: Rgb::WHITE, light: Rgb::BLACK };
        check(RenderWishes::default(), &[]);
        check(RenderWishes { size: Some(64), ..Default::default() }, &[]);
        check(RenderWishes { size: Some(63), ..Default::default() }, &["size"]);
        check(RenderWishes { size: Some(2048), ..Default::default() }, &[]);
        check(RenderWishes { size: Some(2049), ..Default::default() }, &["size"]);
        check(RenderWishes { margin: Some(3), ..Default::default() }, &["margin"]);
        check(RenderWishes { margin: Some(17), ..Default::default() }, &["margin"]);
        check(RenderWishes { colors: Some(low), ..Default::default() }, &["colors"]);
        check(RenderWishes { colors: Some(inverted), ..Default::default() }, &["colors"]);
    }

    #[test]
    fn a_colour_is_six_hex_digits() {
        assert_eq!(Rgb::parse("#3182CE"), Some(Rgb(0x31, 0x82, 0xce)));
        for bad in ["3182CE", "#3182C", "#3182CEE", "#31 2CE", "#+182CE", "#3é82C", ""] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }
}
