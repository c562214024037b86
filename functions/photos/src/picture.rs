//! From the file that somebody has sent to the photo that everybody sees. What a file claims is looked at before it is
//! unpacked, and what unpacking may take is bounded.
//!
//! Deliberately absent: cropping, because only a person knows where the face is, and colour profiles: a photo of a
//! telephone that has one is shown a little paler.

use std::io::Cursor;

use domain::failure::{Failure, Kind};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ExtendedColorType, ImageDecoder, Rgb, RgbImage};

/// The largest file that is taken, in bytes: 8 MB.
pub(crate) const FILE_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// The longest side that is taken, in pixels.
const SIDE_MAX_PX: u32 = 12_000;
/// The most pixels that are taken: those of the largest sensors that telephones have, 12,000 by 9,000.
const PIXELS_MAX: u64 = 108_000_000;
/// The most bytes that the pixels may unpack to: 108 million of four channels.
const UNPACKED_MAX_BYTES: u64 = 4 * PIXELS_MAX;
/// The longest side that is shown, in pixels.
const SHOWN_SIDE_MAX_PX: u32 = 512;
/// The largest photo that is shown, in bytes: 60 KB.
const SHOWN_MAX_BYTES: usize = 60 * 1024;
/// The qualities that are tried, best first.
const QUALITIES: [u8; 7] = [84, 76, 66, 55, 42, 30, 18];
/// How often a picture is made smaller by a quarter when no quality fits.
const SMALLER_MAX: usize = 5;

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_MAGIC: &[u8] = b"\xff\xd8\xff";

/// Why a file is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PhotoRefused {
    /// Nothing lies where the file was to be sent.
    #[error("no photo has arrived yet; send the file to the upload address first")]
    NotUploaded,
    /// More than [`FILE_MAX_BYTES`].
    #[error("the photo has more than 8 MB")]
    TooLarge,
    /// The first bytes are neither a JPEG's nor a PNG's.
    #[error("the photo must be a JPEG or a PNG file")]
    NotJpegOrPng,
    /// A side is longer than [`SIDE_MAX_PX`].
    #[error("the photo is {width} × {height} pixels; each side may have 12,000")]
    Sides {
        /// What the header says, in pixels.
        width: u32,
        /// See `width`.
        height: u32,
    },
    /// Each side is short enough, and the two together are too much.
    #[error("the photo is {width} × {height} pixels; that is more than 108 million, or too deep")]
    TooManyPixels {
        /// What the header says, in pixels.
        width: u32,
        /// See `width`.
        height: u32,
    },
    /// Damaged or cut off.
    #[error("the photo's file is damaged or cut off")]
    Unreadable,
}

impl Failure for PhotoRefused {
    fn kind(&self) -> Kind {
        match self {
            PhotoRefused::NotUploaded => Kind::Conflict,
            PhotoRefused::TooLarge
            | PhotoRefused::NotJpegOrPng
            | PhotoRefused::Sides { .. }
            | PhotoRefused::TooManyPixels { .. }
            | PhotoRefused::Unreadable => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            PhotoRefused::NotUploaded => "photo_not_uploaded",
            PhotoRefused::TooLarge => "photo_too_large",
            PhotoRefused::NotJpegOrPng => "photo_not_jpeg_or_png",
            PhotoRefused::Sides { .. } => "photo_sides_too_long",
            PhotoRefused::TooManyPixels { .. } => "photo_has_too_many_pixels",
            PhotoRefused::Unreadable => "photo_unreadable",
        }
    }
}

/// The photo that everybody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The file, without metadata.
    pub(crate) jpeg: Vec<u8>,
}

/// Makes the photo that everybody sees.
pub(crate) fn publish(file: &[u8]) -> Result<Published, PhotoRefused> {
    if u64::try_from(file.len()).is_ok_and(|bytes| bytes > FILE_MAX_BYTES) {
        return Err(PhotoRefused::TooLarge);
    }
    let small = if file.starts_with(PNG_MAGIC) {
        let decoder = PngDecoder::new(Cursor::new(file));
        unpack(decoder.map_err(|_| PhotoRefused::Unreadable)?)
    } else if file.starts_with(JPEG_MAGIC) {
        if !ends(file) {
            return Err(PhotoRefused::Unreadable);
        }
        let decoder = JpegDecoder::new(Cursor::new(file));
        unpack(decoder.map_err(|_| PhotoRefused::Unreadable)?)
    } else {
        Err(PhotoRefused::NotJpegOrPng)
    }?;
    pack(small).ok_or(PhotoRefused::Unreadable)
}

/// The picture, upright and small. The decoder has read no more than the header when it comes here.
fn unpack(mut decoder: impl ImageDecoder) -> Result<RgbImage, PhotoRefused> {
    let (width, height) = decoder.dimensions();
    if width.max(height) > SIDE_MAX_PX {
        return Err(PhotoRefused::Sides { width, height });
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || decoder.total_bytes() > UNPACKED_MAX_BYTES {
        return Err(PhotoRefused::TooManyPixels { width, height });
    }
    // A photo whose metadata is broken is shown as it lies.
    let turned = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|_| PhotoRefused::Unreadable)?;
    let mut small = DynamicImage::ImageRgb8(shrink(picture));
    small.apply_orientation(turned);
    Ok(small.into_rgb8())
}

/// The picture fitted into the square that is shown; a smaller one stays as it is.
fn shrink(picture: DynamicImage) -> RgbImage {
    let (width, height) = (picture.width(), picture.height());
    let fitted = |most: u32| {
        let longest = width.max(height).max(1);
        let side = |side: u32| {
            let scaled = u64::from(side) * u64::from(most) / u64::from(longest);
            u32::try_from(scaled).unwrap_or(most).max(1)
        };
        (side(width), side(height))
    };
    // A quick way down to twice the size, and a careful one from there.
    let twice = 2 * SHOWN_SIDE_MAX_PX;
    let picture = if width.max(height) > twice {
        let (width, height) = fitted(twice);
        picture.thumbnail_exact(width, height)
    } else {
        picture
    };
    let opaque = over_white(picture);
    if width.max(height) <= SHOWN_SIDE_MAX_PX {
        return opaque;
    }
    let (width, height) = fitted(SHOWN_SIDE_MAX_PX);
    resize(&opaque, width, height, FilterType::CatmullRom)
}

/// What is transparent becomes white: a JPEG has no transparency.
fn over_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let over = |channel: u8, opacity: u8| {
        let (channel, opacity) = (u32::from(channel), u32::from(opacity));
        let mixed = (channel * opacity + 255 * (255 - opacity) + 127) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, opacity] = picture.get_pixel(x, y).0;
        Rgb([red, green, blue].map(|channel| over(channel, opacity)))
    })
}

/// The picture as JPEG in the best quality that fits. What does not fit even in the last one is noise, and is made
/// smaller until it does.
fn pack(mut picture: RgbImage) -> Option<Published> {
    for _ in 0..SMALLER_MAX {
        let (width, height) = picture.dimensions();
        for quality in QUALITIES {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, quality)
                .encode(&picture, width, height, ExtendedColorType::Rgb8)
                .ok()?;
            if jpeg.len() <= SHOWN_MAX_BYTES {
                return Some(Published { width, height, jpeg });
            }
        }
        let smaller = |side: u32| (side * 3 / 4).max(1);
        picture = resize(&picture, smaller(width), smaller(height), FilterType::Triangle);
    }
    None
}

/// Whether a JPEG reaches its end marker: the decoder fills what was cut off with grey and says nothing.
fn ends(jpeg: &[u8]) -> bool {
    const END_OF_IMAGE: u8 = 0xd9;
    const START_OF_SCAN: u8 = 0xda;
    let mut rest = jpeg.get(2..).unwrap_or_default();
    // An embedded thumbnail has an end marker of its own, so segments are skipped up to the first scan.
    while let [0xff, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            return rest.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]);
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests;
