//! What a page draws by itself: any text as a QR code, and codes that a customer's own device signs.
//!
//! Compiled to one small WebAssembly module. The page writes into a buffer whose address it is told, calls, and reads
//! the answer from another: no pointer comes from outside. Deliberately absent: keys, the clock and random bytes, which
//! the page has; and any rule, which the domain has.

#![deny(missing_docs)]
#![expect(unsafe_code, reason = "an exported name counts as unsafe; there is no unsafe block")]
// A test that unwraps says what it expects.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod outline;
pub mod signing;

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::render::Level;

/// The most that a page may write, in bytes: more than any code holds.
pub const INPUT_MAX_BYTES: usize = 16 << 10;

/// What the page writes.
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// What the page reads.
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Makes room for so many bytes and says where; null when they are too many. The place is good until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn reserve(bytes: usize) -> *const u8 {
    if bytes > INPUT_MAX_BYTES {
        return std::ptr::null();
    }
    let mut input = locked(&INPUT);
    input.clear();
    input.resize(bytes, 0);
    input.as_ptr()
}

/// Draws the text that was written at a level of error correction: 0 is L, 3 is H. Answers with the length of
/// `side path`: the side in modules with the quiet zone, a blank, and the path's `d` ([`outline::drawn`]). 0 where it
/// is no text, or no code holds it.
#[unsafe(no_mangle)]
pub extern "C" fn draw(level: usize) -> usize {
    let input = locked(&INPUT);
    let text = std::str::from_utf8(&input).ok();
    let drawn =
        text.zip(Level::ALL.get(level)).and_then(|(text, &level)| outline::drawn(text, level));
    answer(drawn.map(|(side, path)| format!("{side} {path}").into_bytes()))
}

/// Makes the message that a device signs of the lines that were written ([`signing::message`]). Answers with its
/// length; 0 where a line does not fit.
#[unsafe(no_mangle)]
pub extern "C" fn message() -> usize {
    let input = locked(&INPUT);
    answer(std::str::from_utf8(&input).ok().and_then(signing::message))
}

/// Makes a code of a message and the 64 bytes of its signature behind it. Answers with the code's length; 0 where they
/// are not of their lengths.
#[unsafe(no_mangle)]
pub extern "C" fn code() -> usize {
    answer(signing::code(&locked(&INPUT)).map(String::into_bytes))
}

/// Where the last answer is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    locked(&OUTPUT).as_ptr()
}

fn answer(bytes: Option<Vec<u8>>) -> usize {
    let bytes = bytes.unwrap_or_default();
    let length = bytes.len();
    *locked(&OUTPUT) = bytes;
    length
}

fn locked(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}
