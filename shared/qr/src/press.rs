//! What printed files share: colours as a printer takes them, and outlines as shapes. Pages and
//! words are deliberately not here.

use domain::render::Rgb;
use krilla::color::{luma, rgb};
use krilla::geom::{Path, PathBuilder, Point};
use krilla::paint::{Fill, FillRule};

use crate::outline::Outline;

/// A filling in one colour. Greys have a channel of their own, so that a printer takes black ink
/// for them and does not mix it.
pub(crate) fn fill(color: Rgb) -> Fill {
    let Rgb(red, green, blue) = color;
    let paint = if red == green && green == blue {
        luma::Color::new(red).into()
    } else {
        rgb::Color::new(red, green, blue).into()
    };
    Fill { paint, rule: FillRule::EvenOdd, ..Fill::default() }
}

/// One shape of everything that an outline surrounds; `unit` is the side of a module. `None` if it
/// surrounds nothing.
pub(crate) fn path(outline: &Outline, origin: Point, unit: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    for corners in &outline.loops {
        for (index, (column, row)) in corners.iter().enumerate() {
            let [x, y] = [origin.x + real(*column) * unit, origin.y + real(*row) * unit];
            if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
    }
    path.finish()
}

/// A whole number for arithmetic with lengths; exact up to 2²⁴.
pub(crate) fn real(whole: u32) -> f32 {
    whole as f32
}
