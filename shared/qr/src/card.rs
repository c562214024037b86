//! A card to print: a code with words above and below it, as PDF of one page in A6.
//!
//! The code is one filled shape and the words are text, so that both are sharp at any size. It is
//! read back from the shape before it is handed out. Pictures and colours are deliberately absent:
//! any printer can do it.

use domain::failure::{Failure, Kind};
use domain::render::{Level, QUIET_ZONE_MIN_MODULES, Rgb};
use krilla::Document;
use krilla::geom::{Path, Point};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use crate::lettering::{LEADING, Line, Typeface};
use crate::outline::Outline;
use crate::press::{fill, path, real};
use crate::symbol::{TooLong, encode};

/// A6: 105 × 148 mm, in points of 1/72 inch.
const PAGE_WIDTH: f32 = 297.64;
/// See [`PAGE_WIDTH`].
const PAGE_HEIGHT: f32 = 419.53;
/// What stays free on the left and on the right: printers do not reach the edge.
const EDGE: f32 = 22.0;
/// Side of the code with its quiet zone. Nothing else is printed there.
const CODE_SIDE: f32 = 226.0;
/// The code's upper edge.
const CODE_TOP: f32 = 100.0;
/// For what matters most.
const INK: Rgb = Rgb::BLACK;
/// A dark grey for what matters less; it has a contrast of 7 to 1 on white.
const GREY: Rgb = Rgb(89, 89, 89);

/// What stands on a card.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    /// What the code holds.
    pub payload: &'a str,
    /// What to do with it, at the top.
    pub heading: &'a str,
    /// Whose it is.
    pub name: &'a str,
    /// What somebody types who cannot scan it, under the code.
    pub address: &'a str,
    /// The organisation, at the bottom.
    pub owner: &'a str,
}

/// Why there is no card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRefused {
    /// The typeface lacks letters.
    #[error("the card cannot be printed: its typeface does not have {letters}")]
    Letters {
        /// Those letters.
        letters: String,
    },
    /// No symbol holds it.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The code could not be read back.
    #[error("the code on the card cannot be read")]
    Unreadable,
    /// The file could not be made.
    #[error("the card could not be written")]
    NotWritten,
}

impl Failure for CardRefused {
    fn kind(&self) -> Kind {
        match self {
            CardRefused::Letters { .. } | CardRefused::TooLong(_) => Kind::Invalid,
            CardRefused::Unreadable | CardRefused::NotWritten => Kind::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            CardRefused::Letters { .. } => "card_letters_missing",
            CardRefused::TooLong(_) => "qr_payload_too_large",
            CardRefused::Unreadable => "card_unreadable",
            CardRefused::NotWritten => "card_not_written",
        }
    }
}

/// Draws a card at this level of error correction.
///
/// # Errors
/// [`CardRefused`].
pub fn print_card(card: &Card<'_>, level: Level) -> Result<Vec<u8>, CardRefused> {
    let typeface = Typeface::open().ok_or(CardRefused::NotWritten)?;
    let words = [card.heading, card.name, card.address, card.owner].concat();
    let letters = typeface.missing(&words);
    if !letters.is_empty() {
        return Err(CardRefused::Letters { letters });
    }
    let symbol = encode(card.payload, level)?;
    let outline = Outline::of(&symbol);
    if outline.read(QUIET_ZONE_MIN_MODULES).as_deref() != Some(card.payload) {
        return Err(CardRefused::Unreadable);
    }
    let modules = symbol.width() + 2 * QUIET_ZONE_MIN_MODULES;
    let code = shape(&outline, modules).ok_or(CardRefused::NotWritten)?;
    write(card, &typeface, &code).ok_or(CardRefused::NotWritten)
}

fn write(card: &Card<'_>, typeface: &Typeface, code: &Path) -> Option<Vec<u8>> {
    let mut document = Document::new();
    let title = format!("{}: {}", card.heading, card.name);
    document.set_metadata(Metadata::new().title(title).language("en".to_owned()));
    let mut page = document.start_page_with(PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)?);
    let mut surface = page.surface();
    let mut press = Press { surface: &mut surface, typeface };
    press.print(card.heading, GREY, Place { middle: 34.0, most: 16.0, least: 8.0 });
    press.print(card.name, INK, Place { middle: 74.0, most: 24.0, least: 14.0 });
    press.print(card.address, INK, Place { middle: 344.0, most: 13.0, least: 6.0 });
    press.print(card.owner, GREY, Place { middle: 384.0, most: 11.0, least: 8.0 });
    surface.set_fill(Some(fill(INK)));
    surface.draw_path(code);
    surface.finish();
    page.finish();
    document.finish().ok()
}

/// Where a text stands, in points: the middle of its lines from the top, and its type sizes.
#[derive(Clone, Copy)]
struct Place {
    middle: f32,
    most: f32,
    least: f32,
}

/// Puts words onto the page.
struct Press<'a, 'page> {
    surface: &'a mut Surface<'page>,
    typeface: &'a Typeface,
}

impl Press<'_, '_> {
    fn print(&mut self, text: &str, ink: Rgb, place: Place) {
        let width = PAGE_WIDTH - 2.0 * EDGE;
        let (lines, size) = self.typeface.fit(text, place.most, place.least, width);
        // The middle of the capitals, which are about 0.72 of the type size high.
        let between = LEADING * size;
        let first = place.middle + 0.36 * size;
        let mut baseline = if lines.len() > 1 { first - between / 2.0 } else { first };
        self.surface.set_fill(Some(fill(ink)));
        for Line { text, glyphs, width_em } in &lines {
            let start = Point::from_xy((PAGE_WIDTH - width_em * size) / 2.0, baseline);
            self.surface.draw_glyphs(start, glyphs, self.typeface.font.clone(), text, size, false);
            baseline += between;
        }
    }
}

/// The dark modules at their place on the page.
fn shape(outline: &Outline, modules: u32) -> Option<Path> {
    let module = CODE_SIDE / real(modules);
    let quiet = real(QUIET_ZONE_MIN_MODULES) * module;
    path(outline, Point::from_xy((PAGE_WIDTH - CODE_SIDE) / 2.0 + quiet, CODE_TOP + quiet), module)
}
