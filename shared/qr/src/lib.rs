//! QR codes as images: encode a payload, draw it as PNG or SVG with a logo in the middle, and read
//! every image back before it is handed out.
//!
//! Deliberately absent: IO, `async`, a clock, randomness (the same input gives the same bytes), and
//! what a payload means. Micro QR, kanji segments and ECI headers are absent as well: cameras
//! differ on them, and UTF-8 bytes work everywhere.

#![deny(missing_docs)]
// A test that unwraps says what it expects.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod alignment;
mod bitmap;
mod card;
mod lettering;
mod logo;
mod outline;
mod palette;
mod place;
mod press;
mod read;
mod refused;
mod render;
mod segments;
mod sheet;
mod symbol;
mod vector;

pub use card::{Card, CardRefused, print_card};
pub use logo::{LOGO_BYTES_MAX, LOGO_SIDE_MAX_PX, LOGO_SIDE_MIN_PX, Logo, LogoRefused};
pub use read::{ReadRefused, decode};
pub use refused::RenderRefused;
pub use render::{Rendered, render, render_unread};
pub use sheet::{Layout, PART_CODES_MAX, Sheet, SheetCode, SheetDesign, SheetRefused, Words};
pub use symbol::{Symbol, TooLong, encode};
