//! The sheet of a printing: the voucher's title, until when the codes are good, and its terms as far as there is room.
//!
//! Whoever orders a printing and whoever makes it lay it out alike, so that words without room are refused by the
//! first.

use domain::campaign::{Batch, SheetLayout};
use domain::render::Level;
use domain::voucher::Voucher;

use super::{Layout, Sheet, SheetDesign, SheetRefused, Words};
use crate::logo::Logo;

impl Sheet {
    /// Lays the voucher's words out. Terms that are too long for a label are left to the voucher's page; until when it
    /// is good stands there if anything does.
    ///
    /// # Errors
    /// [`SheetRefused`] when even the title does not fit, or cannot be written.
    pub fn of_batch(
        voucher: &Voucher,
        batch: &Batch,
        logo: Option<&Logo>,
    ) -> Result<Self, SheetRefused> {
        let last = voucher.last_day(batch.expires_at).strftime("%-d %B %Y");
        let until = format!("Valid until {last}.");
        let all = format!("{until} {}", voucher.terms.text.terms);
        let look = batch.design.as_ref().unwrap_or(&voucher.terms.design);
        let with = |terms: &str| {
            let design = SheetDesign {
                title: &voucher.terms.text.title,
                terms,
                level: Level::M,
                colors: look.colors.unwrap_or_default(),
                accent: None,
                logo,
            };
            Self::new(Layout::from(batch.layout), &design)
        };
        for terms in [all.as_str(), until.as_str()] {
            match with(terms) {
                Err(SheetRefused::WordsTooLong { words: Words::Terms, .. }) => {}
                sheet => return sheet,
            }
        }
        with("")
    }
}

impl From<SheetLayout> for Layout {
    fn from(of: SheetLayout) -> Self {
        match of {
            SheetLayout::A4Labels21 => Layout::L7160,
            SheetLayout::A4Labels14 => Layout::L7163,
            SheetLayout::A4Grid => Layout::GridA4,
            SheetLayout::LetterLabels30 => Layout::Us5160,
            SheetLayout::LetterLabels10 => Layout::Us5163,
            SheetLayout::LetterGrid => Layout::GridLetter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_called_in_refusals_as_it_is_in_requests() {
        let requested = [
            SheetLayout::A4Labels21,
            SheetLayout::A4Labels14,
            SheetLayout::A4Grid,
            SheetLayout::LetterLabels30,
            SheetLayout::LetterLabels10,
            SheetLayout::LetterGrid,
        ];
        for layout in requested {
            assert_eq!(Layout::from(layout).name(), layout.as_str());
        }
    }
}
