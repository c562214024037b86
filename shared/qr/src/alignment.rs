//! Logos that look like an alignment pattern, where one is covered: from version 7 on there is one in the middle.
//! zbar searches four modules around the place where a pattern should be, takes what resembles it, and bends its grid
//! to it; then nothing can be read. Decoders that do not search (`rqrr`, zxing-cpp) are deliberately not modelled.

use domain::render::{Colors, Rgb};

use crate::logo::{Logo, Tile};
use crate::place::{LogoBox, MODULE_MILLI};
use crate::symbol::Symbol;

/// Steps a module in which zbar searches.
const STEPS: u32 = 4;
/// How far it searches, in modules.
const SEARCH_MODULES: u32 = 4;
/// zbar takes what differs in 6 of the 25 modules; one more for blur.
const DIFFERENT_MAX: u32 = 7;
/// What is dark depends on the surroundings, so several thresholds are tried: thousandths of the way to the light colour.
const THRESHOLDS_PERMILLE: [u32; 3] = [300, 500, 700];
/// zbar also compares each pixel with the mean of a window that is an eighth of the picture wide ...
const WINDOWS: usize = 8;
/// ... and takes it for dark when it is darker by three grey levels (thousandths).
const DARKER_MILLI: u32 = 3_000;
/// First version with alignment patterns that a centred logo can reach.
const VERSION_MIN: u8 = 7;

/// Whether something near a covered alignment pattern looks like one.
pub(crate) fn misleads(symbol: &Symbol, logo: &Logo, place: LogoBox, colors: Colors) -> bool {
    if symbol.version() < VERSION_MIN {
        return false;
    }
    let covered: Vec<_> = covered_centres(symbol, place);
    if covered.is_empty() {
        return false;
    }
    let pixels = |milli: u32| (milli * STEPS / MODULE_MILLI).max(1);
    let [width, height] = [
        pixels(place.picture_width_milli),
        pixels(place.picture_height_milli),
    ];
    let tile = logo.tile(width, height, colors.light);
    let brightness = Brightness::of(symbol, place, &tile, colors);
    let [dark, light] = [colors.dark, colors.light].map(Rgb::luma_milli);
    let fixed = THRESHOLDS_PERMILLE.map(|permille| dark + (light - dark) / 1_000 * permille);
    let grids = fixed
        .into_iter()
        .map(|threshold| brightness.below(threshold));
    let mut grids = grids.chain(std::iter::once_with(|| brightness.below_surroundings()));
    grids.any(|grid| covered.iter().any(|&centre| grid.has_look_alike(centre)))
}

/// Centres of the alignment patterns that the logo touches, in modules.
fn covered_centres(symbol: &Symbol, place: LogoBox) -> Vec<(u32, u32)> {
    let rows = centres(symbol);
    let touches =
        |centre: u32, first: u32, side: u32| centre + 2 >= first && centre < first + side + 2;
    let all = rows.iter().flat_map(|&y| rows.iter().map(move |&x| (x, y)));
    all.filter(|&(x, y)| touches(x, place.x, place.width) && touches(y, place.y, place.height))
        .collect()
}

/// Rows, and columns, of alignment patterns (ISO/IEC 18004, annex E, as a formula).
fn centres(symbol: &Symbol) -> Vec<u32> {
    let version = u32::from(symbol.version());
    let count = version / 7 + 2;
    let step = match version {
        32 => 26,
        _ => (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2,
    };
    let last = symbol.width() - 7;
    (0..count - 1)
        .map(|at| last - at * step)
        .chain([6])
        .collect()
}

/// Thousandths of a grey level, [`STEPS`] to a module.
struct Brightness {
    side: u32,
    milli: Vec<u32>,
}

impl Brightness {
    fn of(symbol: &Symbol, place: LogoBox, tile: &Tile, colors: Colors) -> Self {
        let side = symbol.width() * STEPS;
        let [left, top] = [(side - tile.width) / 2, (side - tile.height) / 2];
        let in_tile = |x: u32, y: u32| {
            let column = x.checked_sub(left).filter(|&column| column < tile.width)?;
            let row = y.checked_sub(top).filter(|&row| row < tile.height)?;
            tile.pixels
                .get((row * tile.width + column) as usize)
                .copied()
        };
        let module = |x: u32, y: u32| {
            let dark = symbol.is_dark(x, y) && !place.covers(x, y);
            if dark { colors.dark } else { colors.light }
        };
        let points = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let color = |(x, y)| in_tile(x, y).unwrap_or_else(|| module(x / STEPS, y / STEPS));
        Self {
            side,
            milli: points.map(|point| color(point).luma_milli()).collect(),
        }
    }

    fn below(&self, threshold_milli: u32) -> Grid {
        let dark = self
            .milli
            .iter()
            .map(|&milli| milli < threshold_milli)
            .collect();
        Grid {
            side: self.side,
            dark,
        }
    }

    /// What is darker than the mean of a window around it: the inside of a large dark area is not.
    fn below_surroundings(&self) -> Grid {
        let side = self.side as usize;
        let reach = side / WINDOWS / 2;
        let sums = self.sums();
        let mut dark = Vec::with_capacity(side * side);
        for y in 0..side {
            let (top, bottom) = (y.saturating_sub(reach), (y + reach).min(side));
            for x in 0..side {
                let (left, right) = (x.saturating_sub(reach), (x + reach).min(side));
                let sum = |x: usize, y: usize| sums[y * (side + 1) + x];
                let area = (bottom - top) * (right - left);
                let total =
                    sum(right, bottom) + sum(left, top) - sum(left, bottom) - sum(right, top);
                let mean = total / area.max(1) as u64;
                dark.push(u64::from(self.milli[y * side + x] + DARKER_MILLI) < mean);
            }
        }
        Grid {
            side: self.side,
            dark,
        }
    }

    /// Sums of everything above and left of each point.
    fn sums(&self) -> Vec<u64> {
        let side = self.side as usize;
        let mut sums = vec![0; (side + 1) * (side + 1)];
        for y in 0..side {
            let mut row = 0;
            for x in 0..side {
                row += u64::from(self.milli[y * side + x]);
                sums[(y + 1) * (side + 1) + x + 1] = sums[y * (side + 1) + x + 1] + row;
            }
        }
        sums
    }
}

/// Dark or light, [`STEPS`] to a module.
struct Grid {
    side: u32,
    dark: Vec<bool>,
}

impl Grid {
    fn has_look_alike(&self, (x, y): (u32, u32)) -> bool {
        let reach = SEARCH_MODULES * STEPS;
        let middle = |module: u32| module * STEPS + STEPS / 2;
        let around = |at: u32| at.saturating_sub(reach)..=at + reach;
        let near = |a: u32, b: u32| a.abs_diff(b) <= STEPS / 2;
        let [x, y] = [middle(x), middle(y)];
        // What is left of the pattern itself wins if it is nearer.
        let different_max = self.different_at(x, y).min(DIFFERENT_MAX);
        around(y).any(|at_y| {
            around(x).any(|at_x| {
                let elsewhere = !near(at_x, x) || !near(at_y, y);
                elsewhere && self.different_at(at_x, at_y) <= different_max
            })
        })
    }

    /// In how many of its 25 modules the surroundings of a point differ from an alignment pattern.
    fn different_at(&self, x: u32, y: u32) -> u32 {
        let mut different = 0;
        for row in 0..5_u32 {
            for column in 0..5_u32 {
                let ring = row.abs_diff(2).max(column.abs_diff(2));
                let at = |start: u32, module: u32| (start + module * STEPS).wrapping_sub(2 * STEPS);
                let [at_x, at_y] = [at(x, column), at(y, row)];
                let inside = at_x < self.side && at_y < self.side;
                let dark = inside && self.dark[(at_y * self.side + at_x) as usize];
                different += u32::from(dark != (ring != 1));
            }
        }
        different
    }
}

#[cfg(test)]
mod tests {
    use domain::render::Level;

    use super::*;
    use crate::symbol::encode;

    #[test]
    fn alignment_patterns_lie_where_the_standard_puts_them() {
        let check = |bytes: usize, version: u8, rows: &[u32]| {
            let symbol = encode(&"a".repeat(bytes), Level::L).unwrap();
            assert_eq!(symbol.version(), version);
            let mut found = centres(&symbol);
            found.sort();
            assert_eq!(found, rows, "version {version}");
        };
        check(154, 7, &[6, 22, 38]);
        check(458, 14, &[6, 26, 46, 66]);
        check(1_952, 32, &[6, 34, 60, 86, 112, 138]);
        check(2_953, 40, &[6, 30, 58, 86, 114, 142, 170]);
    }
}
