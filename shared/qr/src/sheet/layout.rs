//! Papers, where labels lie on them and what lies where on a label, in micrometres from the upper
//! left corner. Whole numbers, so that sums are exact; what is drawn there is deliberately not here.

/// Least side of a printed module: four dots of a printer with 300 dots an inch are 339 µm, so that
/// an edge that is off by a dot still leaves three quarters of it; phones begin to miss finer ones.
pub(super) const MODULE_MIN_UM: u32 = 330;

/// What stays free inside a label's edge: printers pull sheets in askew by up to a millimetre.
const LABEL_INSET_UM: u32 = 1_000;
/// The same on paper that is cut by hand.
const CUT_INSET_UM: u32 = 2_000;
/// The code's most of a label's inner width, in hundredths: the words need the rest.
const CODE_WIDTH_MAX_PERCENT: u32 = 52;
/// Width of the strip in the accent colour.
const STRIP_UM: u32 = 1_500;
/// Free around words: beside the code, whose quiet zone adds to it, and at the other edges.
const GAP_UM: u32 = 1_000;
/// Heights of title, short code, terms and footer, in hundredths of the words' height.
const ROWS_PERCENT: [u32; 4] = [30, 20, 42, 8];

const A4_UM: (u32, u32) = (210_000, 297_000);
const LETTER_UM: (u32, u32) = (215_900, 279_400);

/// A sheet that is sold with labels on it, or plain paper with guides to cut along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Avery L7160: A4, 3 × 7 labels of 63.5 × 38.1 mm.
    L7160,
    /// Avery L7163: A4, 2 × 7 labels of 99.1 × 38.1 mm.
    L7163,
    /// Avery 5160: Letter, 3 × 10 labels of 2⅝ × 1 inch.
    Us5160,
    /// Avery 5163: Letter, 2 × 5 labels of 4 × 2 inches.
    Us5163,
    /// Plain A4 with cut guides: 3 × 7 cells of 63 × 39 mm.
    GridA4,
    /// Plain Letter with cut guides: 3 × 6 cells of 65 × 43 mm.
    GridLetter,
}

impl Layout {
    /// All of them.
    pub const ALL: [Layout; 6] = [
        Layout::L7160,
        Layout::L7163,
        Layout::Us5160,
        Layout::Us5163,
        Layout::GridA4,
        Layout::GridLetter,
    ];

    /// Its name in requests and in refusals: that of the printing's layout.
    pub fn name(self) -> &'static str {
        match self {
            Layout::L7160 => "a4_labels21",
            Layout::L7163 => "a4_labels14",
            Layout::Us5160 => "letter_labels30",
            Layout::Us5163 => "letter_labels10",
            Layout::GridA4 => "a4_grid",
            Layout::GridLetter => "letter_grid",
        }
    }

    /// The layout of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    /// How many codes one page has room for.
    pub fn codes_per_page(self) -> usize {
        let grid = self.grid();
        (grid.columns * grid.rows) as usize
    }

    /// Whether a code of so many modules, quiet zone included, can be printed and scanned.
    pub(super) fn holds(self, modules: u32) -> bool {
        Face::of(self, false).code.width / modules.max(1) >= MODULE_MIN_UM
    }

    pub(super) fn grid(self) -> Grid {
        let labels = |paper, (columns, rows), first, label, pitch| Grid {
            paper,
            columns,
            rows,
            first,
            label,
            pitch,
            cut: false,
        };
        let cells = |paper: (u32, u32), (columns, rows), cell: (u32, u32)| Grid {
            paper,
            columns,
            rows,
            first: ((paper.0 - columns * cell.0) / 2, (paper.1 - rows * cell.1) / 2),
            label: cell,
            pitch: cell,
            cut: true,
        };
        match self {
            Layout::L7160 => {
                labels(A4_UM, (3, 7), (7_210, 15_150), (63_500, 38_100), (66_040, 38_100))
            }
            Layout::L7163 => {
                labels(A4_UM, (2, 7), (4_650, 15_150), (99_100, 38_100), (101_600, 38_100))
            }
            Layout::Us5160 => {
                labels(LETTER_UM, (3, 10), (4_763, 12_700), (66_675, 25_400), (69_850, 25_400))
            }
            Layout::Us5163 => {
                labels(LETTER_UM, (2, 5), (3_969, 12_700), (101_600, 50_800), (106_362, 50_800))
            }
            Layout::GridA4 => cells(A4_UM, (3, 7), (63_000, 39_000)),
            Layout::GridLetter => cells(LETTER_UM, (3, 6), (65_000, 43_000)),
        }
    }
}

/// Where labels lie on a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Width and height.
    pub(super) paper: (u32, u32),
    pub(super) columns: u32,
    pub(super) rows: u32,
    /// The first label's upper left corner.
    pub(super) first: (u32, u32),
    pub(super) label: (u32, u32),
    /// From one label to the next.
    pitch: (u32, u32),
    /// Whether the labels are cut out of plain paper.
    pub(super) cut: bool,
}

impl Grid {
    /// The labels of a page, row by row.
    pub(super) fn labels(&self) -> impl Iterator<Item = Area> {
        let Grid { columns, rows, first, label, pitch, .. } = *self;
        let places = (0..rows).flat_map(move |row| (0..columns).map(move |column| (column, row)));
        places.map(move |(column, row)| Area {
            left: first.0 + column * pitch.0,
            top: first.1 + row * pitch.1,
            width: label.0,
            height: label.1,
        })
    }

    /// The right and the lower edge of the last label.
    pub(super) fn end(&self) -> (u32, u32) {
        let Grid { columns, rows, first, label, pitch, .. } = *self;
        (first.0 + (columns - 1) * pitch.0 + label.0, first.1 + (rows - 1) * pitch.1 + label.1)
    }
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Area {
    /// The same rectangle on a page, if it was one on this label.
    pub(super) fn on(self, label: Area) -> Area {
        Area { left: label.left + self.left, top: label.top + self.top, ..self }
    }

    fn shrunk(self, by: u32) -> Area {
        Area {
            left: self.left + by,
            top: self.top + by,
            width: self.width - 2 * by,
            height: self.height - 2 * by,
        }
    }
}

/// What lies where on a label, from the label's upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// What has the light colour. Where neighbours are cut apart it reaches the edge: a cut that
    /// is off then shows no white.
    pub(super) ground: Area,
    /// The code with its quiet zone, a square.
    pub(super) code: Area,
    pub(super) strip: Option<Area>,
    pub(super) title: Area,
    pub(super) short_code: Area,
    pub(super) terms: Area,
    /// The number on the left and the label of the variant on the right.
    pub(super) footer: Area,
}

impl Face {
    pub(super) fn of(layout: Layout, strip: bool) -> Self {
        let grid = layout.grid();
        let label = Area { left: 0, top: 0, width: grid.label.0, height: grid.label.1 };
        let inner = label.shrunk(if grid.cut { CUT_INSET_UM } else { LABEL_INSET_UM });
        let side = inner.height.min(inner.width * CODE_WIDTH_MAX_PERCENT / 100);
        let top = inner.top + (inner.height - side) / 2;
        let code = Area { left: inner.left, top, width: side, height: side };
        let right = inner.left + inner.width;
        let strip = strip.then_some(Area { left: right - STRIP_UM, width: STRIP_UM, ..inner });
        let left = inner.left + side + GAP_UM;
        let width = strip.map_or(right, |strip| strip.left) - GAP_UM - left;
        let height = inner.height - 2 * GAP_UM;
        let row = |index: usize| {
            let above: u32 = ROWS_PERCENT[..index].iter().sum();
            let top = inner.top + GAP_UM + height * above / 100;
            Area { left, top, width, height: height * ROWS_PERCENT[index] / 100 }
        };
        let [title, short_code, terms, footer] = [0, 1, 2, 3].map(row);
        let ground = if grid.cut { label } else { inner };
        Self { ground, code, strip, title, short_code, terms, footer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(inner: Area, outer: Area) -> bool {
        inner.left >= outer.left
            && inner.top >= outer.top
            && inner.left + inner.width <= outer.left + outer.width
            && inner.top + inner.height <= outer.top + outer.height
    }

    fn apart(one: Area, other: Area) -> bool {
        one.left + one.width <= other.left
            || other.left + other.width <= one.left
            || one.top + one.height <= other.top
            || other.top + other.height <= one.top
    }

    #[test]
    fn no_label_leaves_its_page_or_touches_another() {
        for layout in Layout::ALL {
            let grid = layout.grid();
            let page = Area { left: 0, top: 0, width: grid.paper.0, height: grid.paper.1 };
            let labels: Vec<Area> = grid.labels().collect();
            assert_eq!(labels.len(), layout.codes_per_page(), "{layout:?}");
            for (index, label) in labels.iter().enumerate() {
                assert!(inside(*label, page), "{layout:?} {index}");
                let mut others = labels.iter().skip(index + 1);
                assert!(others.all(|other| apart(*label, *other)), "{layout:?} {index}");
            }
            // The sheets that are sold are symmetric, to a hundredth of a millimetre.
            let (right, bottom) = grid.end();
            let (left, top) = grid.first;
            assert!((grid.paper.0 - right).abs_diff(left) <= 10, "{layout:?} {right}");
            assert!((grid.paper.1 - bottom).abs_diff(top) <= 10, "{layout:?} {bottom}");
        }
    }

    #[test]
    fn nothing_on_a_label_leaves_it_or_touches_anything_else() {
        for layout in Layout::ALL {
            for strip in [false, true] {
                let face = Face::of(layout, strip);
                let (width, height) = layout.grid().label;
                let label = Area { left: 0, top: 0, width, height };
                let words = [face.title, face.short_code, face.terms, face.footer];
                let all: Vec<Area> =
                    words.into_iter().chain([face.code]).chain(face.strip).collect();
                assert!(inside(face.ground, label), "{layout:?}");
                for (index, area) in all.iter().enumerate() {
                    assert!(inside(*area, label.shrunk(LABEL_INSET_UM)), "{layout:?} {area:?}");
                    let mut others = all.iter().skip(index + 1);
                    assert!(others.all(|other| apart(*area, *other)), "{layout:?} {area:?}");
                }
                assert_eq!(face.strip.is_some(), strip);
                assert_eq!(face.code.width, face.code.height);
                assert!(face.code.width >= 15_000, "{layout:?}: {} µm", face.code.width);
            }
        }
    }

    #[test]
    fn each_layout_has_its_measures() {
        let check = |name: &str, codes: usize, code_um: u32, words_um: u32, last: (u32, u32)| {
            let layout = Layout::parse(name).unwrap();
            let face = Face::of(layout, false);
            let end = layout.grid().end();
            let found = (layout.codes_per_page(), face.code.width, face.title.width, end);
            assert_eq!(found, (codes, code_um, words_um, last), "{name}");
        };
        check("a4_labels21", 21, 31_980, 27_520, (202_790, 281_850));
        check("a4_labels14", 14, 36_100, 59_000, (205_350, 281_850));
        check("letter_labels30", 30, 23_400, 39_275, (211_138, 266_700));
        check("letter_labels10", 10, 48_800, 48_800, (211_931, 266_700));
        check("a4_grid", 21, 30_680, 26_320, (199_500, 285_000));
        check("letter_grid", 18, 31_720, 27_280, (205_450, 268_700));
        assert_eq!(Layout::parse("A4_labels21"), None);
    }

    #[test]
    fn a_code_that_printers_and_phones_cannot_tell_apart_is_not_held() {
        let check = |layout: Layout, modules_max: u32| {
            assert!(layout.holds(modules_max), "{layout:?}");
            assert!(!layout.holds(modules_max + 1), "{layout:?}");
        };
        // Version 7 has 53 modules with its quiet zone, version 14 has 81.
        check(Layout::L7160, 96);
        check(Layout::L7163, 109);
        check(Layout::Us5160, 70);
        check(Layout::Us5163, 147);
        check(Layout::GridA4, 92);
        check(Layout::GridLetter, 96);
    }
}
