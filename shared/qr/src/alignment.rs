//! Logos that look like an alignment pattern, where one is covered: from version 7 on there is one
//! in the middle. zbar searches four modules around the place where a pattern should be, takes what
//! resembles it, and bends its grid to it; then nothing can be read. Decoders that do not search
//! (`rqrr`, zxing-cpp) are deliberately not modelled.

use domain::render::{Colors, Rgb};

use crate::logo::Tile;
use crate::place::{LogoBox, MODULE_MILLI};
use crate::symbol::Symbol;

/// Steps a module in which zbar searches.
const STEPS: u32 = 4;
/// How far it searches: four modules.
const REACH: u32 = 4 * STEPS;
/// Points that a pattern of five modules covers while it is moved about: they fit into a `u64`.
const WINDOW: u32 = 2 * REACH + 4 * STEPS + 1;
/// The five columns of a pattern, [`STEPS`] apart, and the dark ones in each of its rows.
const COLUMNS: u64 = 0b1_0001_0001_0001_0001;
const PATTERN: [u64; 5] =
    [COLUMNS, 0b1_0000_0000_0000_0001, 0b1_0000_0001_0000_0001, 0b1_0000_0000_0000_0001, COLUMNS];
/// zbar takes what differs in 6 of the 25 modules; one more for blur and for half pixels.
const DIFFERENT_MAX: u32 = 7;
/// What is dark depends on the surroundings, so several thresholds are tried: thousandths of the
/// way to the light colour.
const THRESHOLDS_PERMILLE: [u32; 3] = [300, 500, 700];
/// First version with alignment patterns that a centred logo can reach.
const VERSION_MIN: u8 = 7;

/// Whether something near a covered alignment pattern looks like one. The logo may have any size: it
/// is sampled, not scaled.
pub(crate) fn misleads(symbol: &Symbol, logo: &Tile, place: LogoBox, colors: Colors) -> bool {
    if symbol.version() < VERSION_MIN {
        return false;
    }
    let covered: Vec<_> = covered_centres(symbol, place);
    if covered.is_empty() {
        return false;
    }
    let points = |milli: u32| (milli * STEPS / MODULE_MILLI).max(1);
    let [width, height] = [points(place.picture_width_milli), points(place.picture_height_milli)];
    let picture = Picture { symbol, place, logo, width, height, colors };
    let [dark, light] = [colors.dark, colors.light].map(Rgb::luma_milli);
    let thresholds = THRESHOLDS_PERMILLE.map(|permille| dark + (light - dark) / 1_000 * permille);
    covered.into_iter().any(|centre| {
        let mut windows = thresholds.iter().map(|&below| picture.window(centre, below));
        windows.any(|window| window.has_look_alike())
    })
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
    (0..count - 1).map(|at| last - at * step).chain([6]).collect()
}

/// The symbol with its logo, [`STEPS`] points to a module.
struct Picture<'a> {
    symbol: &'a Symbol,
    place: LogoBox,
    logo: &'a Tile,
    /// Size of the logo in points.
    width: u32,
    height: u32,
    colors: Colors,
}

impl Picture<'_> {
    /// What is darker than a threshold around the middle of a module.
    fn window(&self, (x, y): (u32, u32), threshold_milli: u32) -> Window {
        // What lies left of the symbol wraps around to far right of it, and is as light.
        let first = |module: u32| (module * STEPS + STEPS / 2).wrapping_sub(WINDOW / 2);
        let is_dark = |x: u32, y: u32| self.color(x, y).luma_milli() < threshold_milli;
        let row = |y: u32| {
            let points = (0..WINDOW).map(|at| is_dark(first(x).wrapping_add(at), y));
            points.zip(0..).fold(0, |row: u64, (dark, at)| row | u64::from(dark) << at)
        };
        Window { rows: (0..WINDOW).map(|at| row(first(y).wrapping_add(at))).collect() }
    }

    fn color(&self, x: u32, y: u32) -> Rgb {
        let side = self.symbol.width() * STEPS;
        let [left, top] = [(side - self.width) / 2, (side - self.height) / 2];
        let [column, row] = [x.wrapping_sub(left), y.wrapping_sub(top)];
        if column < self.width && row < self.height {
            let column = column * self.logo.width / self.width;
            let row = row * self.logo.height / self.height;
            return self.logo.pixels[(row * self.logo.width + column) as usize];
        }
        let [x, y] = [x / STEPS, y / STEPS];
        let dark = self.symbol.is_dark(x, y) && !self.place.covers(x, y);
        if dark { self.colors.dark } else { self.colors.light }
    }
}

/// Dark points around the centre of an alignment pattern: a row each, the leftmost in the lowest bit.
struct Window {
    rows: Vec<u64>,
}

impl Window {
    fn has_look_alike(&self) -> bool {
        let offsets = 0..=2 * REACH;
        let near = |offset: u32| offset.abs_diff(REACH) <= STEPS / 2;
        // What is left of the pattern itself wins if it is nearer.
        let different_max = self.different_at(REACH, REACH).min(DIFFERENT_MAX);
        offsets.clone().any(|y| {
            let elsewhere = |&x: &u32| !near(x) || !near(y);
            offsets.clone().filter(elsewhere).any(|x| self.different_at(x, y) <= different_max)
        })
    }

    /// In how many of its 25 modules an alignment pattern differs from what lies at an offset.
    fn different_at(&self, x: u32, y: u32) -> u32 {
        let rows = self.rows.iter().skip(y as usize).step_by(STEPS as usize);
        let different = |(row, pattern): (&u64, u64)| (row >> x & COLUMNS ^ pattern).count_ones();
        rows.zip(PATTERN).map(different).sum()
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
