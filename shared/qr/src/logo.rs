//! A tenant's logo (C41): checked before it is decoded, then kept in halving sizes so that drawing
//! it is cheap. SVG and animated formats are deliberately absent, and so is EXIF's orientation. The
//! uploaded bytes never leave here.

use std::io::Cursor;
use std::sync::Arc;

use domain::failure::{Failure, Kind};
use domain::render::Rgb;
use image::imageops::{FilterType, resize};
use image::{ImageFormat, ImageReader, Limits, RgbaImage};

/// C41: 100 KB.
pub const LOGO_BYTES_MAX: usize = 100 * 1024;
/// Largest side in pixels, the same as an image's.
pub const LOGO_SIDE_MAX_PX: u32 = 2048;
/// Smallest side in pixels; below it there is nothing to see.
pub const LOGO_SIDE_MIN_PX: u32 = 16;

/// Bounds what a decoder may allocate: 2048 × 2048 pixels of four 16-bit channels, and as much
/// again to work in.
const DECODE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Largest side that is kept, in pixels: the cap at H is 0.30 of an image of 2048.
const KEPT_SIDE_MAX_PX: u32 = 640;
/// Halving stops here, in pixels.
const KEPT_SIDE_MIN_PX: u32 = 32;

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_MAGIC: &[u8] = b"\xff\xd8\xff";

/// A decoded and checked logo. Cloning it is cheap.
#[derive(Clone)]
pub struct Logo {
    kept: Arc<Kept>,
}

struct Kept {
    width: u32,
    height: u32,
    /// Largest first, each half of the one before; colours multiplied by their opacity, so that
    /// they can be averaged.
    halves: Vec<RgbaImage>,
}

impl Logo {
    /// Checks and decodes an uploaded PNG or JPEG.
    ///
    /// # Errors
    /// [`LogoRefused`]. Size, kind and dimensions are read before anything is decoded.
    pub fn parse(bytes: &[u8]) -> Result<Logo, LogoRefused> {
        if bytes.len() > LOGO_BYTES_MAX {
            return Err(LogoRefused::TooLarge { bytes: bytes.len() });
        }
        let format = match Logo::sniff(bytes) {
            Some("image/png") => ImageFormat::Png,
            Some(_) if !ends(bytes) => return Err(LogoRefused::Unreadable),
            Some(_) => ImageFormat::Jpeg,
            None => return Err(LogoRefused::NotPngOrJpeg),
        };
        let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
            .into_dimensions()
            .map_err(|_| LogoRefused::Unreadable)?;
        let sides = LOGO_SIDE_MIN_PX..=LOGO_SIDE_MAX_PX;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(LogoRefused::Dimensions { width, height });
        }
        let pixels = decode(bytes, format).ok_or(LogoRefused::Unreadable)?;
        let halves = halves(pixels);
        Ok(Logo { kept: Arc::new(Kept { width, height, halves }) })
    }

    /// Width of the upload in pixels.
    pub fn width(&self) -> u32 {
        self.kept.width
    }

    /// Height of the upload in pixels.
    pub fn height(&self) -> u32 {
        self.kept.height
    }

    /// The media type by the first bytes: PNG, JPEG, or nothing that is accepted.
    pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
        if bytes.starts_with(PNG_MAGIC) {
            Some("image/png")
        } else if bytes.starts_with(JPEG_MAGIC) {
            Some("image/jpeg")
        } else {
            None
        }
    }

    /// The logo at a size in pixels, laid over `light`.
    pub(crate) fn tile(&self, width: u32, height: u32, light: Rgb) -> Tile {
        let large_enough = |half: &&RgbaImage| half.width() >= width && half.height() >= height;
        let halves = &self.kept.halves;
        let source = halves.iter().rev().find(large_enough).or(halves.first());
        let scaled = source.map(|from| resize(from, width, height, FilterType::Triangle));
        let over = |pixel: &image::Rgba<u8>| {
            let [r, g, b, opacity] = pixel.0;
            let channel =
                |own: u8, under: u8| own.saturating_add(multiply(under, u8::MAX - opacity));
            Rgb(channel(r, light.0), channel(g, light.1), channel(b, light.2))
        };
        let pixels = scaled.map(|image| image.pixels().map(over).collect()).unwrap_or_default();
        Tile { width, height, pixels }
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({} × {})", self.kept.width, self.kept.height)
    }
}

/// Opaque pixels, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<Rgb>,
}

/// Why an upload is not taken as a logo.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoRefused {
    /// More than [`LOGO_BYTES_MAX`].
    #[error("the logo has {bytes} bytes; at most 102400 (100 KB) are accepted")]
    TooLarge {
        /// Length of the upload in bytes.
        bytes: usize,
    },
    /// The first bytes are neither a PNG's nor a JPEG's.
    #[error("the logo must be a PNG or a JPEG file")]
    NotPngOrJpeg,
    /// A side is out of bounds.
    #[error("the logo is {width} × {height} pixels; each side must have 16 to 2048")]
    Dimensions {
        /// What the header says, in pixels.
        width: u32,
        /// See `width`.
        height: u32,
    },
    /// Truncated or corrupt.
    #[error("the logo's file is damaged or cut off; save it again as PNG or JPEG")]
    Unreadable,
}

impl Failure for LogoRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            LogoRefused::TooLarge { .. } => "logo_too_large",
            LogoRefused::NotPngOrJpeg => "logo_not_png_or_jpeg",
            LogoRefused::Dimensions { .. } => "logo_dimensions",
            LogoRefused::Unreadable => "logo_unreadable",
        }
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Option<RgbaImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LOGO_SIDE_MAX_PX);
    limits.max_image_height = Some(LOGO_SIDE_MAX_PX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    Some(reader.decode().ok()?.to_rgba8())
}

/// Whether a JPEG reaches its end marker: the decoder fills what was cut off with grey and says
/// nothing.
fn ends(jpeg: &[u8]) -> bool {
    const END_OF_IMAGE: u8 = 0xd9;
    const START_OF_SCAN: u8 = 0xda;
    let mut rest = jpeg.get(2..).unwrap_or_default();
    // An embedded thumbnail has an end marker of its own, so segments are skipped up to the first
    // scan.
    while let [0xff, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            return rest.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]);
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    false
}

/// The picture in halving sizes, from [`KEPT_SIDE_MAX_PX`] down.
fn halves(mut pixels: RgbaImage) -> Vec<RgbaImage> {
    for pixel in pixels.pixels_mut() {
        let [r, g, b, opacity] = pixel.0;
        pixel.0 = [multiply(r, opacity), multiply(g, opacity), multiply(b, opacity), opacity];
    }
    let longest = pixels.width().max(pixels.height());
    if longest > KEPT_SIDE_MAX_PX {
        let scaled = |side: u32| (side * KEPT_SIDE_MAX_PX / longest).max(1);
        pixels =
            resize(&pixels, scaled(pixels.width()), scaled(pixels.height()), FilterType::Triangle);
    }
    let mut halves = vec![pixels];
    while let Some(last) = halves.last() {
        let [width, height] = [last.width().div_ceil(2), last.height().div_ceil(2)];
        if width.max(height) < KEPT_SIDE_MIN_PX {
            break;
        }
        halves.push(resize(last, width, height, FilterType::Triangle));
    }
    halves
}

/// `a` × `b` / 255, rounded.
fn multiply(a: u8, b: u8) -> u8 {
    let product = (u32::from(a) * u32::from(b) + 127) / 255;
    u8::try_from(product).unwrap_or(u8::MAX)
}
