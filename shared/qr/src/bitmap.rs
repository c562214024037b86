//! A symbol as PNG: whole pixels a module, one bit a pixel, or a small palette where there is a
//! logo. Reading it back is deliberately not here, so that a mistake here cannot agree with itself.

use domain::render::Colors;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

use crate::logo::{Logo, Tile};
use crate::palette::{DARK, LIGHT, Palette};
use crate::place::{LogoBox, MODULE_MILLI};
use crate::symbol::Symbol;

/// zlib's middle level (`png`'s "balanced"); the best gains nothing. The fast one makes such images
/// 25 to 50 times larger.
const PLAIN_DEFLATE_LEVEL: u8 = 6;
/// With a logo the best level takes a sixth longer and saves up to 40 %.
const LOGO_DEFLATE_LEVEL: u8 = 9;

/// What is drawn, and how large.
pub(crate) struct Bitmap<'a> {
    pub(crate) symbol: &'a Symbol,
    pub(crate) colors: Colors,
    /// Side of the image in pixels.
    pub(crate) size_px: u32,
    /// Side of a module in pixels.
    pub(crate) module_px: u32,
    pub(crate) logo: Option<(&'a Logo, LogoBox)>,
}

impl Bitmap<'_> {
    /// The PNG file, or `None` if the encoder fails (it writes to memory, so it does not).
    pub(crate) fn png(&self) -> Option<Vec<u8>> {
        let picture = self.logo.map(|(logo, place)| self.picture(logo, place));
        let (palette, picture) = match &picture {
            Some(picture) => {
                let (palette, indices) = Palette::with_pixels(self.colors, &picture.tile.pixels);
                (palette, Some((picture, indices)))
            }
            None => (Palette::of_code(self.colors), None),
        };
        let depth = Depth::of(palette.colors.len());
        let mut packed = Vec::with_capacity(depth.row_bytes(self.size_px) * self.size_px as usize);
        let mut row = vec![LIGHT; self.size_px as usize];
        let mut drawn: Option<u32> = None;
        for y in 0..self.size_px {
            let module_row = self.module_at(y);
            let logo_row = picture.as_ref().and_then(|(picture, indices)| {
                picture.row(y).map(|range| (picture.left as usize, &indices[range]))
            });
            if logo_row.is_none() && drawn == Some(module_row) {
                packed.extend_from_within(packed.len() - depth.row_bytes(self.size_px)..);
                continue;
            }
            self.paint_modules(module_row, &mut row);
            drawn = Some(module_row);
            if let Some((left, indices)) = logo_row {
                row[left..left + indices.len()].copy_from_slice(indices);
                // The next row without the logo must not repeat this one.
                drawn = None;
            }
            depth.pack(&row, &mut packed);
        }
        write(&palette, depth, (self.size_px, self.size_px), &packed).ok()
    }

    /// First pixel of the symbol; what is left over of the size goes to both sides of the quiet
    /// zone.
    fn offset_px(&self) -> u32 {
        (self.size_px - self.symbol.width() * self.module_px) / 2
    }

    /// The row of modules at a row of pixels; `u32::MAX`, where everything is light, in the quiet
    /// zone.
    fn module_at(&self, y: u32) -> u32 {
        let row = y.checked_sub(self.offset_px()).map(|inside| inside / self.module_px);
        row.filter(|&row| row < self.symbol.width()).unwrap_or(u32::MAX)
    }

    fn paint_modules(&self, module_row: u32, row: &mut [u8]) {
        row.fill(LIGHT);
        if module_row == u32::MAX {
            return;
        }
        let (module_px, offset) = (self.module_px as usize, self.offset_px() as usize);
        let covered = |x: u32| self.logo.is_some_and(|(_, place)| place.covers(x, module_row));
        for (x, pixels) in (0..self.symbol.width()).zip(row[offset..].chunks_mut(module_px)) {
            if self.symbol.is_dark(x, module_row) && !covered(x) {
                pixels.fill(DARK);
            }
        }
    }

    fn picture(&self, logo: &Logo, place: LogoBox) -> Picture {
        let pixels = |milli: u32| (milli * self.module_px / MODULE_MILLI).max(1);
        let [width, height] =
            [pixels(place.picture_width_milli), pixels(place.picture_height_milli)];
        let symbol_px = self.symbol.width() * self.module_px;
        Picture {
            left: self.offset_px() + (symbol_px - width) / 2,
            top: self.offset_px() + (symbol_px - height) / 2,
            tile: logo.tile(width, height, self.colors.light),
        }
    }
}

/// The logo's pixels and where they go.
struct Picture {
    left: u32,
    top: u32,
    tile: Tile,
}

impl Picture {
    /// The pixels of the logo in a row of the image.
    fn row(&self, y: u32) -> Option<std::ops::Range<usize>> {
        let inside = y.checked_sub(self.top).filter(|&row| row < self.tile.height)?;
        let width = self.tile.width as usize;
        let start = inside as usize * width;
        Some(start..start + width)
    }
}

/// Bits a pixel.
#[derive(Clone, Copy)]
struct Depth(u32);

impl Depth {
    fn of(colors: usize) -> Self {
        match colors {
            0..=2 => Depth(1),
            3..=4 => Depth(2),
            _ => Depth(4),
        }
    }

    fn row_bytes(self, pixels: u32) -> usize {
        (pixels * self.0).div_ceil(8) as usize
    }

    /// The leftmost pixel goes into the highest bits.
    fn pack(self, row: &[u8], packed: &mut Vec<u8>) {
        for pixels in row.chunks((8 / self.0) as usize) {
            let byte = pixels.iter().fold(0, |byte: u8, pixel| byte << self.0 | pixel);
            let missing = 8 / self.0 - pixels.len() as u32;
            packed.push(byte << (missing * self.0));
        }
    }

    fn bits(self) -> BitDepth {
        match self.0 {
            1 => BitDepth::One,
            2 => BitDepth::Two,
            _ => BitDepth::Four,
        }
    }
}

fn write(
    palette: &Palette,
    depth: Depth,
    (width, height): (u32, u32),
    packed: &[u8],
) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::with_capacity(1024);
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_depth(depth.bits());
    if palette.is_black_and_white() {
        encoder.set_color(ColorType::Grayscale);
    } else {
        encoder.set_color(ColorType::Indexed);
        let flat: Vec<u8> = palette.colors.iter().flat_map(|rgb| [rgb.0, rgb.1, rgb.2]).collect();
        encoder.set_palette(flat);
    }
    let plain = palette.colors.len() <= 2;
    let level = if plain { PLAIN_DEFLATE_LEVEL } else { LOGO_DEFLATE_LEVEL };
    encoder.set_deflate_compression(DeflateCompression::Level(level));
    // Rows repeat, which deflate sees best in unfiltered bytes.
    encoder.set_filter(Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(packed)?;
    writer.finish()?;
    Ok(file)
}

/// A tile as a PNG of at most sixteen colours, for embedding into an SVG. `None` as in
/// [`Bitmap::png`].
pub(crate) fn tile_png(tile: &Tile, colors: Colors) -> Option<Vec<u8>> {
    let (palette, indices) = Palette::with_pixels(colors, &tile.pixels);
    let depth = Depth::of(palette.colors.len());
    let mut packed = Vec::new();
    for row in indices.chunks(tile.width.max(1) as usize) {
        depth.pack(row, &mut packed);
    }
    write(&palette, depth, (tile.width, tile.height), &packed).ok()
}
