//! One code of a sheet: its outline, where its logo lies, and the proof that both together read back
//! as the payload. Pages are deliberately not here.

use domain::render::{Colors, Level, QUIET_ZONE_MIN_MODULES};

use super::artwork::Artwork;
use super::layout::{Face, Layout, MODULE_MIN_UM};
use super::refused::SheetRefused;
use crate::outline::{Outline, READ_MODULE_PX};
use crate::place::LogoBox;
use crate::read::brightness_of;
use crate::render::{first_level, levels, place};
use crate::symbol::{Symbol, encode};

/// A code that was read back.
pub(super) struct Drawn {
    pub(super) outline: Outline,
    /// Side in modules, quiet zone included.
    pub(super) modules: u32,
    pub(super) logo: Option<LogoBox>,
}

/// How codes of a sheet are to look.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) layout: Layout,
    pub(super) level: Level,
    pub(super) colors: Colors,
    pub(super) artwork: Option<&'a Artwork>,
}

impl Look<'_> {
    /// Draws a code that reads back as exactly `payload`; a logo raises the level while it covers
    /// too much.
    pub(super) fn draw(self, payload: &str, number: u32) -> Result<Drawn, SheetRefused> {
        let logo = self.artwork.map(|artwork| &artwork.logo);
        let first = first_level(self.level, logo);
        for level in levels(first, logo) {
            let symbol = encode(payload, level);
            let fitting = symbol.map_err(SheetRefused::TooLong).and_then(|it| self.fitting(it));
            match fitting.map(|symbol| self.drawn(&symbol)) {
                Ok(drawn) if self.reads_as(&drawn, payload) => return Ok(drawn),
                Ok(_) => {}
                Err(refused) if level == first => return Err(refused),
                // A stronger level needs more modules; that they do not fit is not what was wrong
                // at first.
                Err(_) => break,
            }
        }
        Err(SheetRefused::Unreadable { number })
    }

    fn fitting(self, symbol: Symbol) -> Result<Symbol, SheetRefused> {
        let modules = symbol.width() + 2 * QUIET_ZONE_MIN_MODULES;
        let module_um = Face::of(self.layout, false).code.width / modules;
        if module_um >= MODULE_MIN_UM {
            return Ok(symbol);
        }
        let fits = Layout::ALL.into_iter().filter(|layout| layout.holds(modules)).collect();
        let (layout, level) = (self.layout, symbol.level());
        Err(SheetRefused::TooFine { layout, modules, module_um, level, fits })
    }

    fn drawn(self, symbol: &Symbol) -> Drawn {
        let logo = self.artwork.and_then(|artwork| place(symbol, self.colors, &artwork.logo));
        let width = symbol.width();
        let outline = Outline::around((width, width), |x, y| {
            symbol.is_dark(x, y) && !logo.is_some_and(|logo| logo.covers(x, y))
        });
        Drawn { outline, modules: width + 2 * QUIET_ZONE_MIN_MODULES, logo }
    }

    fn reads_as(self, drawn: &Drawn, payload: &str) -> bool {
        let brightness = [self.colors.dark, self.colors.light].map(brightness_of);
        let mut picture = drawn.outline.picture(QUIET_ZONE_MIN_MODULES, brightness);
        if let Some((artwork, place)) = self.artwork.zip(drawn.logo) {
            artwork.lay_over(&mut picture, place, drawn.modules);
        }
        picture.read_drawn(READ_MODULE_PX).as_deref() == Some(payload)
    }
}
