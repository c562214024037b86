//! Where a logo lies in a symbol, in modules. Pixels are deliberately not here: PNG and SVG scale
//! for themselves.

use domain::render::{Level, Rgb};

use crate::logo::Tile;

/// A module in the unit of the logo's picture, which does not end on whole modules.
pub(crate) const MODULE_MILLI: u32 = 1_000;
/// Light margin around the logo's picture, in thousandths of a module; the box that it lies in ends
/// on whole modules.
const LOGO_MARGIN_MILLI: u32 = 500;

/// By how much a picture on a square plate shrinks from one try to the next, in thousandths of a
/// module.
const PLATE_STEP_MILLI: usize = 500;
/// Smallest side of a logo's box in modules.
const LOGO_MODULES_MIN: u32 = 3;

/// The modules that a logo replaces, and the picture within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogoBox {
    /// First column and row that are replaced.
    pub(crate) x: u32,
    /// See [`LogoBox::x`].
    pub(crate) y: u32,
    /// Columns and rows that are replaced; both odd, so that the box is centred.
    pub(crate) width: u32,
    /// See [`LogoBox::width`].
    pub(crate) height: u32,
    /// Size of the picture in thousandths of a module; it has the symbol's centre.
    pub(crate) picture_width_milli: u32,
    /// See [`LogoBox::picture_width_milli`].
    pub(crate) picture_height_milli: u32,
}

impl LogoBox {
    /// The boxes that a logo of `width` × `height` pixels may have, best first; none at a level
    /// that carries no logo.
    ///
    /// First as large as the level allows; then smaller and smaller on a square plate of that size.
    pub(crate) fn candidates(
        symbol_width: u32,
        level: Level,
        size: (u32, u32),
    ) -> impl Iterator<Item = Self> {
        let cap = symbol_width * level.logo_max_permille().unwrap_or(0) / 1_000;
        let side = (LOGO_MODULES_MIN..=cap).rev().find(|side| !side.is_multiple_of(2));
        side.into_iter().flat_map(move |side| {
            let plate = side * MODULE_MILLI;
            let largest = plate - 2 * LOGO_MARGIN_MILLI;
            let smaller = (plate / 3..=largest).rev().step_by(PLATE_STEP_MILLI);
            let fitted = Self::of(symbol_width, largest, 0, size);
            let plated = move |picture: u32| Self::of(symbol_width, picture, plate, size);
            fitted.into_iter().chain(smaller.filter_map(plated))
        })
    }

    fn of(
        symbol_width: u32,
        picture_longest_milli: u32,
        plate_min_milli: u32,
        (width, height): (u32, u32),
    ) -> Option<Self> {
        let scaled = |side: u32| (picture_longest_milli * side / width.max(height).max(1)).max(1);
        let [picture_width_milli, picture_height_milli] = [scaled(width), scaled(height)];
        let covered = |milli: u32| {
            let needed = (milli + 2 * LOGO_MARGIN_MILLI).max(plate_min_milli);
            odd_at_least(needed.div_ceil(MODULE_MILLI))
        };
        let [box_width, box_height] = [covered(picture_width_milli), covered(picture_height_milli)];
        Some(Self {
            x: symbol_width.checked_sub(box_width)? / 2,
            y: symbol_width.checked_sub(box_height)? / 2,
            width: box_width,
            height: box_height,
            picture_width_milli,
            picture_height_milli,
        })
    }

    /// Whether the module is replaced by the logo or its margin.
    pub(crate) fn covers(&self, x: u32, y: u32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    /// Where the picture lies in an image of so many modules a side, margins included.
    pub(crate) fn spot(&self, modules: u32) -> Spot {
        let [width_milli, height_milli] = [self.picture_width_milli, self.picture_height_milli];
        let side_milli = modules * MODULE_MILLI;
        Spot {
            x_milli: (side_milli - width_milli) / 2,
            y_milli: (side_milli - height_milli) / 2,
            width_milli,
            height_milli,
        }
    }
}

/// Where a logo's picture lies in an image, in thousandths of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) x_milli: u32,
    pub(crate) y_milli: u32,
    pub(crate) width_milli: u32,
    pub(crate) height_milli: u32,
}

impl Spot {
    /// The colour that the picture has at a point of the image; none beside the picture.
    pub(crate) fn color(&self, tile: &Tile, x_milli: u32, y_milli: u32) -> Option<Rgb> {
        let x = x_milli.checked_sub(self.x_milli).filter(|&x| x < self.width_milli)?;
        let y = y_milli.checked_sub(self.y_milli).filter(|&y| y < self.height_milli)?;
        let column = x * tile.width / self.width_milli;
        let row = y * tile.height / self.height_milli;
        tile.pixels.get((row * tile.width + column) as usize).copied()
    }
}

fn odd_at_least(modules: u32) -> u32 {
    modules | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_centred_on_whole_modules_within_its_cap() {
        let check = |symbol: u32, level: Level, pixels: (u32, u32), covered: (u32, u32)| {
            let logo = LogoBox::candidates(symbol, level, pixels).next().unwrap();
            let cap = symbol * level.logo_max_permille().unwrap() / 1_000;
            assert_eq!((logo.width, logo.height), covered, "{symbol} {level:?} {pixels:?}");
            assert!(logo.width.max(logo.height) <= cap, "{symbol} {level:?} {pixels:?}");
            assert_eq!(2 * logo.x + logo.width, symbol, "{symbol} {level:?} {pixels:?}");
            assert_eq!(2 * logo.y + logo.height, symbol, "{symbol} {level:?} {pixels:?}");
        };
        check(21, Level::M, (100, 100), (3, 3));
        check(33, Level::M, (100, 100), (5, 5));
        check(33, Level::Q, (100, 100), (7, 7));
        check(33, Level::H, (100, 100), (9, 9));
        check(41, Level::H, (400, 100), (11, 5));
        check(41, Level::H, (100, 400), (5, 11));
        check(177, Level::H, (2_048, 16), (53, 3));
        assert_eq!(LogoBox::candidates(33, Level::L, (100, 100)).next(), None);
        let pictures = LogoBox::candidates(33, Level::Q, (100, 50));
        let pictures = pictures.map(|logo| (logo.width, logo.height, logo.picture_width_milli));
        let expected = [(7, 5, 6_000), (7, 7, 6_000), (7, 7, 5_500), (7, 7, 5_000)];
        assert_eq!(pictures.take(4).collect::<Vec<_>>(), expected);
    }
}
