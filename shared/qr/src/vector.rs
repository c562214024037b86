//! A symbol as SVG: one stroked path of row runs, and the pixels that it stands for, to be read
//! back. Scripts, styles and references to other files are deliberately absent; a logo is embedded
//! as our own PNG.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::render::Colors;

use crate::bitmap::tile_png;
use crate::logo::{Logo, Tile};
use crate::place::{LogoBox, MODULE_MILLI, Spot};
use crate::read::{Luma, brightness_of};
use crate::symbol::Symbol;

/// Device pixels that the embedded logo has for each CSS pixel, for screens of double density.
const LOGO_DENSITY: u32 = 2;
/// Largest side of the embedded logo in pixels.
const LOGO_SIDE_MAX_PX: u32 = 256;

/// What is drawn, and how large.
pub(crate) struct Vector<'a> {
    pub(crate) symbol: &'a Symbol,
    pub(crate) colors: Colors,
    /// Side of the image in CSS pixels.
    pub(crate) size_px: u32,
    /// Quiet zone in modules.
    pub(crate) margin: u32,
    pub(crate) logo: Option<(&'a Logo, LogoBox)>,
}

impl Vector<'_> {
    /// The SVG file and its pixels, or `None` if the logo cannot be embedded.
    pub(crate) fn draw(&self) -> Option<(String, Luma)> {
        let picture = self.logo.map(|(logo, place)| self.picture(logo, place));
        Some((self.svg(picture.as_ref())?, self.luma(picture.as_ref())))
    }

    /// Side of the image in modules.
    fn modules(&self) -> u32 {
        self.symbol.width() + 2 * self.margin
    }

    fn svg(&self, picture: Option<&Picture>) -> Option<String> {
        let (size, modules, Colors { dark, light }) = (self.size_px, self.modules(), self.colors);
        let mut svg = String::with_capacity(4096);
        // Writing to a string does not fail, and every value is a number or a colour: nothing needs
        // escaping.
        write!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}""#)
            .ok()?;
        write!(svg, r#" viewBox="0 0 {modules} {modules}" shape-rendering="crispEdges">"#).ok()?;
        write!(svg, r#"<rect width="{modules}" height="{modules}" fill="{light}"/>"#).ok()?;
        write!(svg, r#"<path stroke="{dark}" d="{}"/>"#, self.path()).ok()?;
        if let Some(Picture { spot, tile }) = picture {
            let [x, y, width, height] =
                [spot.x_milli, spot.y_milli, spot.width_milli, spot.height_milli].map(decimal);
            let png = STANDARD.encode(tile_png(tile, self.colors)?);
            write!(svg, r#"<image x="{x}" y="{y}" width="{width}" height="{height}""#).ok()?;
            svg.push_str(r#" preserveAspectRatio="none" href="data:image/png;base64,"#);
            svg.push_str(&png);
            svg.push_str(r#""/>"#);
        }
        svg.push_str("</svg>");
        Some(svg)
    }

    /// The dark runs of each row as strokes one module wide; every step is relative to the one
    /// before.
    fn path(&self) -> String {
        let mut path = String::with_capacity(2048);
        // Twice the row, because a stroke runs along the middle of its row.
        let mut at: Option<(u32, u32)> = None;
        for y in 0..self.symbol.width() {
            let mut x = 0;
            while x < self.symbol.width() {
                let start = x;
                while self.is_dark(x, y) {
                    x += 1;
                }
                if x == start {
                    x += 1;
                    continue;
                }
                let run = x - start;
                let step = match at {
                    None => write!(path, "M{} {}.5h{run}", start + self.margin, y + self.margin),
                    Some((last_x, last_y)) => {
                        let dx = i64::from(start) - i64::from(last_x);
                        write!(path, "m{dx} {}h{run}", y - last_y)
                    }
                };
                debug_assert!(step.is_ok());
                at = Some((x, y));
            }
        }
        path
    }

    fn is_dark(&self, x: u32, y: u32) -> bool {
        self.symbol.is_dark(x, y) && !self.logo.is_some_and(|(_, place)| place.covers(x, y))
    }

    fn picture(&self, logo: &Logo, place: LogoBox) -> Picture {
        let [width_milli, height_milli] = [place.picture_width_milli, place.picture_height_milli];
        let wanted = |milli: u32| {
            (LOGO_DENSITY * milli * self.size_px).div_ceil(self.modules() * MODULE_MILLI)
        };
        let longest = wanted(width_milli.max(height_milli)).clamp(1, LOGO_SIDE_MAX_PX);
        let pixels = |milli: u32| (longest * milli / width_milli.max(height_milli)).max(1);
        let tile = logo.tile(pixels(width_milli), pixels(height_milli), self.colors.light);
        Picture { spot: place.spot(self.modules()), tile }
    }

    /// What a browser paints at the file's own size: each pixel has the colour of the point in its
    /// middle.
    fn luma(&self, picture: Option<&Picture>) -> Luma {
        let [dark, light] = [self.colors.dark, self.colors.light].map(brightness_of);
        let middle_milli =
            |pixel: u32| (2 * pixel + 1) * self.modules() * (MODULE_MILLI / 2) / self.size_px;
        let mut pixels = Vec::with_capacity((self.size_px * self.size_px) as usize);
        for y in (0..self.size_px).map(middle_milli) {
            let row = (y / MODULE_MILLI).wrapping_sub(self.margin);
            pixels.extend((0..self.size_px).map(middle_milli).map(|x| {
                let column = (x / MODULE_MILLI).wrapping_sub(self.margin);
                match picture.and_then(|picture| picture.spot.color(&picture.tile, x, y)) {
                    Some(color) => brightness_of(color),
                    None if row < self.symbol.width() && self.is_dark(column, row) => dark,
                    None => light,
                }
            }));
        }
        Luma { width: self.size_px, height: self.size_px, pixels }
    }
}

/// The logo and where it goes.
struct Picture {
    spot: Spot,
    tile: Tile,
}

/// Thousandths as a decimal number without trailing zeros.
fn decimal(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
