//! How a printing looks on paper: its layout, its words and its colours.

use domain::campaign::{Batch, SheetLayout};
use domain::render::Level;
use domain::voucher::Voucher;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use qr::{Layout, Logo, Sheet, SheetDesign, SheetRefused, Words};
use std::sync::Arc;

/// A sheet that is ready for codes.
#[derive(Clone, Debug)]
pub(crate) struct Press(pub(crate) Arc<Sheet>);

impl Press {
    /// Lays the voucher's words out. Terms that are too long for a label are left to the voucher's page; until when it
    /// is good stands there if anything does.
    ///
    /// # Errors
    /// [`SheetRefused`] when even the title does not fit, or cannot be written.
    pub(crate) fn set_up(
        voucher: &Voucher,
        batch: &Batch,
        logo: Option<&Logo>,
    ) -> Result<Self, SheetRefused> {
        let until = until(voucher, batch);
        let all = format!("{until} {}", voucher.terms.text.terms);
        for terms in [all.as_str(), until.as_str()] {
            match sheet(voucher, batch, (terms, logo)) {
                Err(SheetRefused::WordsTooLong { words: Words::Terms, .. }) => {}
                sheet => return sheet.map(|sheet| Self(Arc::new(sheet))),
            }
        }
        sheet(voucher, batch, ("", logo)).map(|sheet| Self(Arc::new(sheet)))
    }
}

fn sheet(
    voucher: &Voucher,
    batch: &Batch,
    (terms, logo): (&str, Option<&Logo>),
) -> Result<Sheet, SheetRefused> {
    let look = batch.design.as_ref().unwrap_or(&voucher.terms.design);
    let design = SheetDesign {
        title: &voucher.terms.text.title,
        terms,
        level: Level::M,
        colors: look.colors.unwrap_or_default(),
        accent: None,
        logo,
    };
    Sheet::new(layout(batch.layout), &design)
}

/// The last day of the codes, where they are redeemed.
fn until(voucher: &Voucher, batch: &Batch) -> String {
    let zone = TimeZone::get(&voucher.zone).unwrap_or(TimeZone::UTC);
    let last = batch.expires_at.saturating_sub(SignedDuration::from_secs(1));
    let last = last.unwrap_or(batch.expires_at).to_zoned(zone);
    format!("Valid until {}.", last.strftime("%-d %B %Y"))
}

fn layout(of: SheetLayout) -> Layout {
    match of {
        SheetLayout::A4Labels21 => Layout::L7160,
        SheetLayout::A4Labels14 => Layout::L7163,
        SheetLayout::A4Grid => Layout::GridA4,
        SheetLayout::LetterLabels30 => Layout::Us5160,
        SheetLayout::LetterLabels10 => Layout::Us5163,
        SheetLayout::LetterGrid => Layout::GridLetter,
    }
}
