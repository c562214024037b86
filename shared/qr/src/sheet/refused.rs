//! Why there is no sheet, and what would fit instead.

use domain::failure::{Failure, Kind};
use domain::render::Level;
use serde_json::json;

use super::layout::{Layout, MODULE_MIN_UM};
use super::{PART_CODES_MAX, Words};
use crate::symbol::TooLong;

/// One reason per variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetRefused {
    /// The typeface lacks letters.
    #[error("the sheet cannot be printed: its typeface does not have {letters}")]
    Letters {
        /// Those letters.
        letters: String,
    },
    /// Cameras cannot tell the colours apart.
    #[error("the dark colour must be clearly darker than the light one")]
    LowContrast,
    /// Words do not fit even in the smallest type.
    #[error("{words} does not fit onto a label of {}: {}", layout.name(), roomy(fits, "it"))]
    WordsTooLong {
        /// Which words.
        words: Words,
        /// The layout asked for.
        layout: Layout,
        /// The layouts with room for these words.
        fits: Vec<Layout>,
    },
    /// No symbol holds the payload.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The code's modules would be finer than printers and phones can do.
    #[error(
        "the code has {modules} modules a side with its quiet zone at level {level:?}, and each \
         would have {module_um} µm on {}; it needs {MODULE_MIN_UM}: {}", layout.name(),
        roomy(fits, "what it holds")
    )]
    TooFine {
        /// The layout asked for.
        layout: Layout,
        /// Side of the code in modules, quiet zone included.
        modules: u32,
        /// What each would measure.
        module_um: u32,
        /// The level of error correction.
        level: Level,
        /// The layouts on which this code can be printed.
        fits: Vec<Layout>,
    },
    /// The code was drawn, and a decoder does not read the payload in it.
    #[error("the code of number {number} could not be read back; try it without the logo")]
    Unreadable {
        /// The number printed beside it.
        number: u32,
    },
    /// None at all, or more than one file is made for.
    #[error("one file has 1 to {PART_CODES_MAX} codes, not {codes}")]
    Count {
        /// How many were given.
        codes: usize,
    },
    /// The file could not be made.
    #[error("the sheet could not be written")]
    NotWritten,
}

impl Failure for SheetRefused {
    fn kind(&self) -> Kind {
        match self {
            SheetRefused::Letters { .. }
            | SheetRefused::LowContrast
            | SheetRefused::WordsTooLong { .. }
            | SheetRefused::TooLong(_)
            | SheetRefused::TooFine { .. }
            | SheetRefused::Unreadable { .. }
            | SheetRefused::Count { .. } => Kind::Invalid,
            SheetRefused::NotWritten => Kind::Bug,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            SheetRefused::Letters { .. } => "sheet_letters_missing",
            SheetRefused::LowContrast => "qr_low_contrast",
            SheetRefused::WordsTooLong { .. } => "sheet_words_too_long",
            SheetRefused::TooLong(_) => "qr_payload_too_large",
            SheetRefused::TooFine { .. } => "sheet_code_too_fine",
            SheetRefused::Unreadable { .. } => "qr_unreadable",
            SheetRefused::Count { .. } => "sheet_count",
            SheetRefused::NotWritten => "sheet_not_written",
        }
    }

    fn suggestion(&self) -> Option<serde_json::Value> {
        match self {
            SheetRefused::TooFine { fits, .. } | SheetRefused::WordsTooLong { fits, .. } => {
                fits.first().map(|layout| json!({ "layout": layout.name() }))
            }
            SheetRefused::Unreadable { .. } => Some(json!({ "logo": false })),
            _ => None,
        }
    }
}

fn roomy(fits: &[Layout], long: &str) -> String {
    if fits.is_empty() {
        return format!("no layout has room for it, so shorten {long}");
    }
    let names: Vec<&str> = fits.iter().map(|layout| layout.name()).collect();
    format!("there is room on {}", names.join(", "))
}
