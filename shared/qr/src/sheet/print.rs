//! Labels onto pages: fills, shapes and words at their places, in points. What may be printed has
//! been decided before.

use domain::render::{QUIET_ZONE_MIN_MODULES, Rgb};
use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::graphic::Graphic;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use super::artwork::Artwork;
use super::drawn::Drawn;
use super::layout::{Area, Grid};
use super::{FOOTER_PT, Sheet};
use crate::lettering::{LEADING, Line, Paragraph};
use crate::place::{LogoBox, MODULE_MILLI};
use crate::press::{fill, path, real};

/// Points of 1/72 inch in a micrometre.
const POINTS_PER_UM: f32 = 72.0 / 25_400.0;
/// The grey of cut guides: light, but every printer shows it.
const GUIDE: Rgb = Rgb(160, 160, 160);
/// How wide a cut guide is, and how far it reaches beyond the cells.
const GUIDE_UM: u32 = 100;
/// See [`GUIDE_UM`].
const GUIDE_BEYOND_UM: u32 = 5_000;
/// From the top of a line to its baseline, in parts of the type size: capitals with two marks fit.
const ASCENT: f32 = 1.0;
/// Height of capitals in parts of the type size.
const CAPITALS: f32 = 0.714;

/// Micrometres as points.
pub(super) fn points(um: u32) -> f32 {
    real(um) * POINTS_PER_UM
}

/// One label, with everything that is its own.
pub(super) struct Label<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) drawn: Drawn,
    pub(super) short_code: Paragraph,
    pub(super) number: Line,
    pub(super) variant: Option<Line>,
}

/// Prints the pages of one file.
pub(super) struct Press<'a> {
    sheet: &'a Sheet,
    /// The logo, once it has been drawn for this file.
    logo: Option<Graphic>,
}

impl<'a> Press<'a> {
    pub(super) fn new(sheet: &'a Sheet) -> Self {
        Self { sheet, logo: None }
    }

    /// One page more; `None` if it cannot be written.
    pub(super) fn print(&mut self, document: &mut Document, labels: &[Label<'_>]) -> Option<()> {
        let grid = self.sheet.layout.grid();
        let (width, height) = grid.paper;
        let settings = PageSettings::from_wh(points(width), points(height))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        if let (Some(artwork), None) = (&self.sheet.artwork, &self.logo) {
            self.logo = Some(graphic(&mut surface, artwork));
        }
        for (label, place) in labels.iter().zip(grid.labels()) {
            label.print(&mut surface, place, self.logo.as_ref());
        }
        if grid.cut {
            guides(&grid).for_each(|guide| paint(&mut surface, guide, GUIDE));
        }
        surface.finish();
        page.finish();
        Some(())
    }
}

impl Label<'_> {
    fn print(&self, surface: &mut Surface<'_>, label: Area, logo: Option<&Graphic>) {
        let Sheet { face, colors, accent, title, terms, .. } = self.sheet;
        if colors.light != Rgb::WHITE {
            paint(surface, face.ground.on(label), colors.light);
        }
        if let Some((strip, accent)) = face.strip.zip(*accent) {
            paint(surface, strip.on(label), accent);
        }
        self.print_code(surface, face.code.on(label), logo);
        surface.set_fill(Some(fill(self.sheet.ink())));
        self.print_lines(surface, face.title.on(label), title);
        self.print_short_code(surface, face.short_code.on(label));
        self.print_lines(surface, face.terms.on(label), terms);
        self.print_footer(surface, face.footer.on(label));
    }

    fn print_code(&self, surface: &mut Surface<'_>, code: Area, logo: Option<&Graphic>) {
        let Drawn { outline, modules, logo: place } = &self.drawn;
        let module = points(code.width) / real(*modules);
        // In modules the corners are whole numbers, which makes the file a third as large.
        let at = (points(code.left), points(code.top));
        surface.push_transform(&Transform::from_row(module, 0.0, 0.0, module, at.0, at.1));
        let quiet = real(QUIET_ZONE_MIN_MODULES);
        if let Some(shape) = path(outline, Point::from_xy(quiet, quiet), 1.0) {
            surface.set_fill(Some(fill(self.sheet.colors.dark)));
            surface.draw_path(&shape);
        }
        if let Some((logo, place)) = logo.zip(*place) {
            self.print_logo(surface, logo, place);
        }
        surface.pop();
    }

    fn print_logo(&self, surface: &mut Surface<'_>, logo: &Graphic, place: LogoBox) {
        let spot = place.spot(self.drawn.modules);
        let [x, y, width, height] =
            [spot.x_milli, spot.y_milli, spot.width_milli, spot.height_milli]
                .map(|milli| real(milli) / real(MODULE_MILLI));
        let (columns, rows) = self.sheet.artwork.as_ref().map_or((1, 1), Artwork::size);
        let scale = (width / real(columns), height / real(rows));
        surface.push_transform(&Transform::from_row(scale.0, 0.0, 0.0, scale.1, x, y));
        surface.draw_graphic(logo.clone());
        surface.pop();
    }

    /// Lines from the top of an area, on its left.
    fn print_lines(&self, surface: &mut Surface<'_>, area: Area, lines: &Paragraph) {
        let mut baseline = points(area.top) + ASCENT * lines.size;
        for line in &lines.lines {
            self.print_line(surface, line, lines.size, (points(area.left), baseline));
            baseline += LEADING * lines.size;
        }
    }

    /// The short code with its capitals in the middle of an area's height.
    fn print_short_code(&self, surface: &mut Surface<'_>, area: Area) {
        let size = self.short_code.size;
        let baseline = points(area.top) + (points(area.height) + CAPITALS * size) / 2.0;
        for line in &self.short_code.lines {
            self.print_line(surface, line, size, (points(area.left), baseline));
        }
    }

    /// The number on the left and the variant on the right, at the bottom of an area.
    fn print_footer(&self, surface: &mut Surface<'_>, area: Area) {
        let baseline = points(area.top + area.height);
        self.print_line(surface, &self.number, FOOTER_PT, (points(area.left), baseline));
        if let Some(variant) = &self.variant {
            let left = points(area.left + area.width) - variant.width_em * FOOTER_PT;
            self.print_line(surface, variant, FOOTER_PT, (left, baseline));
        }
    }

    fn print_line(&self, surface: &mut Surface<'_>, line: &Line, size: f32, (x, y): (f32, f32)) {
        let font = self.sheet.typeface.font.clone();
        surface.draw_glyphs(Point::from_xy(x, y), &line.glyphs, font, &line.text, size, false);
    }
}

fn paint(surface: &mut Surface<'_>, area: Area, color: Rgb) {
    let Area { left, top, width, height } = area;
    let rectangle = Rect::from_xywh(points(left), points(top), points(width), points(height));
    let mut path = PathBuilder::new();
    if let Some(rectangle) = rectangle {
        path.push_rect(rectangle);
    }
    surface.set_fill(Some(fill(color)));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

/// The logo's layers as something that is written once and placed often.
fn graphic(surface: &mut Surface<'_>, artwork: &Artwork) -> Graphic {
    let mut builder = surface.stream_builder();
    let mut layers = builder.surface();
    for (color, outline) in &artwork.layers {
        if let Some(shape) = path(outline, Point::from_xy(0.0, 0.0), 1.0) {
            layers.set_fill(Some(fill(*color)));
            layers.draw_path(&shape);
        }
    }
    layers.finish();
    Graphic::new(builder.finish(), false)
}

/// Thin bars along all edges of the cells, from margin to margin.
fn guides(grid: &Grid) -> impl Iterator<Item = Area> {
    let (right, bottom) = grid.end();
    let (left, top) = grid.first;
    let (width, height) = grid.label;
    let beyond = |length: u32| length + 2 * GUIDE_BEYOND_UM;
    let upright = (0..=grid.columns).map(move |column| Area {
        left: left + column * width - GUIDE_UM / 2,
        top: top - GUIDE_BEYOND_UM,
        width: GUIDE_UM,
        height: beyond(bottom - top),
    });
    let level = (0..=grid.rows).map(move |row| Area {
        left: left - GUIDE_BEYOND_UM,
        top: top + row * height - GUIDE_UM / 2,
        width: beyond(right - left),
        height: GUIDE_UM,
    });
    upright.chain(level)
}
