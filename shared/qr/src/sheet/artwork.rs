//! A logo as shapes, a colour each: it is drawn once for a file and then only placed. The shapes lie
//! on each other, lightest first, so that no seam shows between two colours. Pixels in the file are
//! deliberately absent, and with them the codecs that a PDF writer needs for them.

use domain::render::{Colors, Rgb};

use crate::logo::{Logo, Tile};
use crate::outline::{Outline, READ_MODULE_PX};
use crate::palette::Palette;
use crate::place::{LogoBox, MODULE_MILLI};
use crate::read::{Luma, brightness_of};

/// Longest side of the logo in pixels: 500 an inch where it is six millimetres large.
const SIDE_PX: u32 = 128;

/// A logo in few colours.
pub(super) struct Artwork {
    pub(super) logo: Logo,
    /// Its pixels, as they are printed.
    tile: Tile,
    /// What each colour covers, lightest first, with everything darker below which it shows.
    pub(super) layers: Vec<(Rgb, Outline)>,
}

impl Artwork {
    pub(super) fn of(logo: &Logo, colors: Colors) -> Self {
        let longest = logo.width().max(logo.height()).max(1);
        let [width, height] =
            [logo.width(), logo.height()].map(|side| (side * SIDE_PX / longest).max(1));
        let tile = logo.tile(width, height, colors.light);
        let (palette, indices) = Palette::with_pixels(colors, &tile.pixels);
        let pixels: Vec<Rgb> =
            indices.iter().map(|&index| palette.colors[usize::from(index)]).collect();
        let mut used: Vec<Rgb> = palette.colors;
        used.retain(|color| pixels.contains(color));
        used.sort_by_key(|color| std::cmp::Reverse(color.luma_milli()));
        let rank = |color: &Rgb| used.iter().position(|other| other == color);
        let ranks: Vec<_> = pixels.iter().map(rank).collect();
        let layer = |(at, color): (usize, &Rgb)| {
            let covered = |x: u32, y: u32| ranks[(y * width + x) as usize] >= Some(at);
            (*color, Outline::around((width, height), covered))
        };
        let layers = used.iter().enumerate().map(layer).collect();
        Self { logo: logo.clone(), tile: Tile { width, height, pixels }, layers }
    }

    /// Width and height in the unit of [`Artwork::layers`].
    pub(super) fn size(&self) -> (u32, u32) {
        (self.tile.width, self.tile.height)
    }

    /// Puts the logo onto a code's picture of so many modules a side.
    pub(super) fn lay_over(&self, picture: &mut Luma, place: LogoBox, modules: u32) {
        let spot = place.spot(modules);
        let milli = |pixel: u32| (2 * pixel + 1) * MODULE_MILLI / (2 * READ_MODULE_PX);
        for y in 0..picture.height {
            for x in 0..picture.width {
                if let Some(color) = spot.color(&self.tile, milli(x), milli(y)) {
                    picture.pixels[(y * picture.width + x) as usize] = brightness_of(color);
                }
            }
        }
    }
}
