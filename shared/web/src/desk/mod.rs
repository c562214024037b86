//! What the pages of staff share: who is signed in, the frame around each page, and forms that prove where they come
//! from (T47).
//!
//! Deliberately absent: any page's own content, and what a person may do; that is the API's own scopes.

mod button;
mod field;
mod form;
mod frame;
mod staff;

pub use button::NoSuchButton;
pub use field::{Choice, Field, Wrongs};
pub use form::{Fields, FormToken, Sent, Turn};
pub use frame::{Frame, Section, Tab, Tag, next_page, see, tip_tag};
pub use staff::{SignedIn, Staff, TurnedAway};

/// Where one signs in.
pub const SIGN_IN: &str = "/desk/sign-in";
