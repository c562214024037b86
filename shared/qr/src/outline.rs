//! The edge between dark and light as closed lines. Filled as one shape there is no seam between
//! rows, which viewers of PDF paint as hairlines between rectangles that touch.

use std::collections::BTreeMap;

use crate::read::Luma;
use crate::symbol::Symbol;

/// Pixels a module of the picture that is read back.
pub(crate) const READ_MODULE_PX: u32 = 4;

/// Corner points of closed lines, in modules from the upper left corner. What an odd number of them
/// surrounds is dark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) loops: Vec<Vec<Point>>,
    width: u32,
    height: u32,
}

/// A corner of modules: column and row.
pub(crate) type Point = (u32, u32);

impl Outline {
    /// The outline of a symbol.
    pub(crate) fn of(symbol: &Symbol) -> Self {
        Self::around((symbol.width(), symbol.width()), |x, y| symbol.is_dark(x, y))
    }

    /// The outline of what is dark within a width and a height. Outside of them nothing is.
    pub(crate) fn around((width, height): Point, dark: impl Fn(u32, u32) -> bool) -> Self {
        let mut edges = edges((width, height), dark);
        let mut loops = Vec::new();
        while let Some((start, _)) = edges.first_key_value().map(|(point, to)| (*point, to.len())) {
            let mut corners = vec![start];
            let mut at = start;
            while let Some(next) = take(&mut edges, at).filter(|next| *next != start) {
                corners.push(next);
                at = next;
            }
            loops.push(without_straights(&corners));
        }
        Self { loops, width, height }
    }

    /// The text of what these lines surround, with a quiet zone of so many modules around it.
    pub(crate) fn read(&self, margin: u32) -> Option<String> {
        self.picture(margin, [0, u8::MAX]).read_drawn(READ_MODULE_PX)
    }

    /// What these lines surround, [`READ_MODULE_PX`] pixels a module, in the brightness of dark and
    /// of light, with a margin of so many modules.
    pub(crate) fn picture(&self, margin: u32, [dark, light]: [u8; 2]) -> Luma {
        let [width, height] =
            [self.width, self.height].map(|modules| (modules + 2 * margin) * READ_MODULE_PX);
        let mut pixels = vec![light; (width * height) as usize];
        let surrounded = self.surrounded();
        for (y, row) in (0..self.height).zip(surrounded.chunks(self.width.max(1) as usize)) {
            for (x, _) in (0..self.width).zip(row).filter(|(_, inside)| **inside) {
                let [left, top] = [x, y].map(|at| (at + margin) * READ_MODULE_PX);
                for row in top..top + READ_MODULE_PX {
                    let from = (row * width + left) as usize;
                    pixels[from..from + READ_MODULE_PX as usize].fill(dark);
                }
            }
        }
        Luma { width, height, pixels }
    }

    /// For each module, row by row, whether its middle is inside: a ray from the left edge to it
    /// crosses an odd number of lines.
    fn surrounded(&self) -> Vec<bool> {
        let width = self.width as usize;
        let mut inside = vec![false; width * self.height as usize];
        let sides = self.loops.iter().flat_map(|corners| {
            corners.iter().zip(corners.iter().cycle().skip(1)).take(corners.len())
        });
        for (from, to) in sides.filter(|(from, to)| from.0 == to.0 && from.0 < self.width) {
            for row in from.1.min(to.1)..from.1.max(to.1) {
                let crossed = &mut inside[row as usize * width + from.0 as usize];
                *crossed = !*crossed;
            }
        }
        for row in inside.chunks_mut(width.max(1)) {
            let mut odd = false;
            for module in row {
                odd ^= *module;
                *module = odd;
            }
        }
        inside
    }
}

/// Each side of a dark module that has a light one beyond it, with the dark to its right.
fn edges((width, height): Point, dark: impl Fn(u32, u32) -> bool) -> BTreeMap<Point, Vec<Point>> {
    let dark = |x: Option<u32>, y: Option<u32>| {
        x.zip(y).is_some_and(|(x, y)| x < width && y < height && dark(x, y))
    };
    let mut edges: BTreeMap<Point, Vec<Point>> = BTreeMap::new();
    for y in 0..height {
        for x in (0..width).filter(|x| dark(Some(*x), Some(y))) {
            let sides = [
                (dark(Some(x), y.checked_sub(1)), (x, y), (x + 1, y)),
                (dark(Some(x + 1), Some(y)), (x + 1, y), (x + 1, y + 1)),
                (dark(Some(x), Some(y + 1)), (x + 1, y + 1), (x, y + 1)),
                (dark(x.checked_sub(1), Some(y)), (x, y + 1), (x, y)),
            ];
            for (_, from, to) in sides.into_iter().filter(|(beyond, ..)| !beyond) {
                edges.entry(from).or_default().push(to);
            }
        }
    }
    edges
}

/// The next point after `at`; each edge is walked once.
fn take(edges: &mut BTreeMap<Point, Vec<Point>>, at: Point) -> Option<Point> {
    let ways = edges.get_mut(&at)?;
    let next = ways.pop();
    if ways.is_empty() {
        edges.remove(&at);
    }
    next
}

/// The corners at which a line turns.
fn without_straights(corners: &[Point]) -> Vec<Point> {
    let count = corners.len();
    let turns = |index: &usize| {
        let [before, after] = [(index + count - 1) % count, (index + 1) % count];
        let (before, at, after) = (corners[before], corners[*index], corners[after]);
        !(before.0 == at.0 && at.0 == after.0 || before.1 == at.1 && at.1 == after.1)
    };
    (0..count).filter(turns).map(|index| corners[index]).collect()
}

#[cfg(test)]
mod tests {
    use domain::render::Level;

    use super::*;
    use crate::symbol::encode;

    #[test]
    fn what_the_lines_surround_is_what_is_dark() {
        for payload in ["1", "https://tips.example.com/g/0123456789ab", &"a long one ".repeat(40)] {
            let symbol = encode(payload, Level::Q).unwrap();
            let outline = Outline::of(&symbol);
            let modules =
                (0..symbol.width()).flat_map(|y| (0..symbol.width()).map(move |x| (x, y)));
            let dark: Vec<bool> = modules.map(|(x, y)| symbol.is_dark(x, y)).collect();
            assert_eq!(outline.surrounded(), dark, "{payload}");
            assert_eq!(outline.read(4).as_deref(), Some(payload));
        }
    }
}
