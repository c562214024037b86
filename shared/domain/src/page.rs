//! Lists in pages. What a cursor says is the storage's business; the edge seals it before a client sees it.

use crate::failure::{Failure, Kind};
use crate::limit::{PAGE_DEFAULT, PAGE_MAX};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in the list's order.
    pub entries: Vec<T>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Position>,
}

/// A place in a list, in the storage's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(pub String);

/// How many entries a page is to have: 1 to [`PAGE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// The size asked for, or the default.
    ///
    /// # Errors
    /// [`PageRefused::Size`] out of bounds.
    pub fn parse(asked: Option<u32>) -> Result<Self, PageRefused> {
        match asked {
            None => Ok(Self(PAGE_DEFAULT)),
            Some(size) if (1..=PAGE_MAX).contains(&size) => Ok(Self(size)),
            Some(_) => Err(PageRefused::Size),
        }
    }

    /// The number of entries.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The largest page.
    pub fn largest() -> Self {
        Self(PAGE_MAX)
    }
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageRefused {
    /// The size is out of bounds.
    #[error("limit is 1 to {PAGE_MAX}")]
    Size,
    /// The cursor was not made here, or for another list.
    #[error("the cursor is not valid: begin again without one")]
    Cursor,
}

impl Failure for PageRefused {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        match self {
            PageRefused::Size => "invalid_limit",
            PageRefused::Cursor => "invalid_cursor",
        }
    }
}
