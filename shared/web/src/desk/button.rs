//! What a button of a form says: one of the words that its page knows, or nothing is done.

use domain::failure::{Failure, Kind};

/// A word that no button of the page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this page has no such button")]
pub struct NoSuchButton;

impl Failure for NoSuchButton {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "desk_act_unknown"
    }
}
