//! QR codes as images: encode a payload, draw it as PNG or SVG with a logo in the middle, and read
//! every image back before it is handed out.
//!
//! Deliberately absent: IO, `async`, a clock, randomness (the same input gives the same bytes), and
//! what a payload means. Micro QR, kanji segments and ECI headers are absent as well: cameras
//! differ on them, and UTF-8 bytes work everywhere.
//!
//! Without the feature `images` it is only the encoder, small enough for a page.

#![deny(missing_docs)]
// A test that unwraps says what it expects.
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(feature = "images")]
mod alignment;
#[cfg(feature = "images")]
mod bitmap;
#[cfg(feature = "images")]
mod card;
#[cfg(feature = "images")]
mod lettering;
#[cfg(feature = "images")]
mod logo;
#[cfg(feature = "images")]
mod outline;
#[cfg(feature = "images")]
mod palette;
#[cfg(feature = "images")]
mod place;
#[cfg(feature = "images")]
mod press;
#[cfg(feature = "images")]
mod read;
#[cfg(feature = "images")]
mod refused;
#[cfg(feature = "images")]
mod render;
mod segments;
#[cfg(feature = "images")]
mod sheet;
mod symbol;
#[cfg(feature = "images")]
mod vector;

#[cfg(feature = "images")]
pub use card::{Card, CardRefused, print_card};
#[cfg(feature = "images")]
pub use logo::{LOGO_BYTES_MAX, LOGO_SIDE_MAX_PX, LOGO_SIDE_MIN_PX, Logo, LogoRefused};
#[cfg(feature = "images")]
pub use read::{ReadRefused, decode};
#[cfg(feature = "images")]
pub use refused::RenderRefused;
#[cfg(feature = "images")]
pub use render::{Rendered, render, render_unread};
#[cfg(feature = "images")]
pub use sheet::{Layout, PART_CODES_MAX, Sheet, SheetCode, SheetDesign, SheetRefused, Words};
pub use symbol::{Symbol, TooLong, encode};
