//! Reading a code back from an image, as a camera's decoder would: the code is found in the pixels
//! first. Repairing bad photographs is deliberately not here: what this reads is clean, so what it
//! cannot read is broken.

use std::io::Cursor;

use domain::failure::{Failure, Kind};
use domain::render::Rgb;
use png::{ColorType, Decoder, Transformations};
use rqrr::PreparedImage;

/// Pixels a module that the decoder gets: more only costs time, fewer and it misses finder
/// patterns.
const READ_MODULE_PX: u32 = 4;
/// Largest side of an image that is read, in pixels.
const READ_SIDE_MAX_PX: u32 = 4096;

/// Reads the code in a PNG; for tests and probes that hold nothing but the file.
///
/// # Errors
/// [`ReadRefused`] when the file is no PNG or no code in it can be read.
pub fn decode(png: &[u8]) -> Result<String, ReadRefused> {
    let luma = Luma::of_png(png).ok_or(ReadRefused::NotPng)?;
    let scales = [Scale::Same, Scale::Up(2), Scale::Down(2), Scale::Up(3), Scale::Down(4)];
    scales.into_iter().find_map(|scale| luma.scaled(scale).read()).ok_or(ReadRefused::NoCode)
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadRefused {
    /// Not a PNG of at most 4096 × 4096 pixels.
    #[error("this is not a PNG file, or it is damaged")]
    NotPng,
    /// No code was found, or more was damaged than its error correction repairs.
    #[error("no QR code can be read in this image")]
    NoCode,
}

impl Failure for ReadRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            ReadRefused::NotPng => "qr_not_png",
            ReadRefused::NoCode => "qr_no_code",
        }
    }
}

/// Brightness, row by row: 0 is black, 255 white.
pub(crate) struct Luma {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

impl Luma {
    /// Decodes any PNG; transparency is laid over white.
    pub(crate) fn of_png(png: &[u8]) -> Option<Luma> {
        let mut decoder = Decoder::new(Cursor::new(png));
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().ok()?;
        let [width, height] = [reader.info().width, reader.info().height];
        if width.max(height) > READ_SIDE_MAX_PX {
            return None;
        }
        let mut bytes = vec![0; reader.output_buffer_size()?];
        let frame = reader.next_frame(&mut bytes).ok()?;
        bytes.truncate(frame.buffer_size());
        let pixels = match frame.color_type {
            ColorType::Grayscale => bytes,
            ColorType::GrayscaleAlpha => {
                bytes.chunks_exact(2).map(|pixel| over_white(pixel[0], pixel[1])).collect()
            }
            ColorType::Rgb => bytes.chunks_exact(3).map(brightness).collect(),
            ColorType::Rgba => bytes
                .chunks_exact(4)
                .map(|pixel| over_white(brightness(&pixel[..3]), pixel[3]))
                .collect(),
            ColorType::Indexed => return None,
        };
        Some(Luma { width, height, pixels })
    }

    /// Reads a picture that was drawn with so many pixels a module.
    ///
    /// The decoder is not perfect even on clean pictures, so it may look a second and a third time
    /// at another scale.
    pub(crate) fn read_drawn(&self, module_px: u32) -> Option<String> {
        let down = (module_px / READ_MODULE_PX).max(1);
        let up = READ_MODULE_PX.div_ceil(module_px.max(1));
        let first = if down > 1 { Scale::Down(down) } else { Scale::Same };
        let first = if module_px < 3 { Scale::Up(up) } else { first };
        let second = if down > 1 { Scale::Down(down - 1) } else { Scale::Up(up.max(2)) };
        let third = if down > 1 { Scale::Same } else { Scale::Up(up.max(2) + 1) };
        [first, second, third].into_iter().find_map(|scale| self.scaled(scale).read())
    }

    /// The text of the code in this picture, if there is exactly one text.
    fn read(&self) -> Option<String> {
        let at = |x: usize, y: usize| self.pixels[y * self.width as usize + x];
        let [width, height] = [self.width as usize, self.height as usize];
        let mut prepared = PreparedImage::prepare_from_greyscale(width, height, at);
        let mut texts = prepared.detect_grids().into_iter().filter_map(|grid| {
            let (_, text) = grid.decode().ok()?;
            Some(text)
        });
        let text = texts.next()?;
        texts.all(|other| other == text).then_some(text)
    }

    fn scaled(&self, scale: Scale) -> Luma {
        let [width, height] = [self.width, self.height].map(|side| scale.side(side));
        let mut pixels = Vec::with_capacity((width * height) as usize);
        for y in 0..height {
            let row = (scale.source(y) * self.width) as usize;
            pixels.extend((0..width).map(|x| self.pixels[row + scale.source(x) as usize]));
        }
        Luma { width, height, pixels }
    }
}

/// By how much a picture is made larger or smaller.
#[derive(Clone, Copy)]
enum Scale {
    Same,
    Up(u32),
    Down(u32),
}

impl Scale {
    fn side(self, side: u32) -> u32 {
        match self {
            Scale::Same => side,
            Scale::Up(by) => side * by,
            Scale::Down(by) => side / by,
        }
    }

    /// The pixel that a scaled pixel shows; the middle of each square stands for it.
    fn source(self, at: u32) -> u32 {
        match self {
            Scale::Same => at,
            Scale::Up(by) => at / by,
            Scale::Down(by) => at * by + by / 2,
        }
    }
}

fn brightness(rgb: &[u8]) -> u8 {
    brightness_of(Rgb(rgb[0], rgb[1], rgb[2]))
}

/// How bright a colour is.
pub(crate) fn brightness_of(color: Rgb) -> u8 {
    u8::try_from(color.luma_milli() / 1_000).unwrap_or(u8::MAX)
}

fn over_white(grey: u8, opacity: u8) -> u8 {
    let [grey, opacity] = [u32::from(grey), u32::from(opacity)];
    u8::try_from((grey * opacity + 255 * (255 - opacity)) / 255).unwrap_or(u8::MAX)
}
