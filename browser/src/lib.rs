//! What a scanning page does without asking us: read codes in the camera's frames, and verify a voucher's token.
//!
//! Compiled to one WebAssembly module. The page writes into a buffer whose address it is told, calls, and reads the
//! answer from another: no pointer comes from outside. Deliberately absent: the camera, the clock and keys of ours,
//! which the page has; and any rule, which the domain has.

#![deny(missing_docs)]
#![expect(unsafe_code, reason = "an exported name counts as unsafe; there is no unsafe block")]

pub mod frame;
mod picture;

use std::sync::{Mutex, MutexGuard, PoisonError};

use frame::{Frame, Looks};

/// The most that a page may write: a question with a tenant's whole status list, in bytes.
pub const INPUT_MAX_BYTES: usize = 8 << 20;

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

/// Reads the greyscale frame that was written, row by row; `looks` are the bits of [`Looks`]. Answers with the length
/// of a JSON array of texts, which is empty when there is no code and when the frame is refused.
#[unsafe(no_mangle)]
pub extern "C" fn read_frame(width: usize, height: usize, looks: u32) -> usize {
    let input = locked(&INPUT);
    let texts = Frame::of(width, height, &input).map(|frame| frame.read(Looks::of_bits(looks)));
    answer(serde_json::to_vec(&texts.unwrap_or_default()).unwrap_or_default())
}

/// Asks the verifier with the JSON that was written; answers with the length of its JSON
/// ([`domain::voucher_token::verify_json`]).
#[unsafe(no_mangle)]
pub extern "C" fn verify() -> usize {
    let input = locked(&INPUT);
    // What is no text is no question, and is answered as one.
    let question = std::str::from_utf8(&input).unwrap_or_default();
    answer(domain::voucher_token::verify_json(question).into_bytes())
}

/// Where the last answer is.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    locked(&OUTPUT).as_ptr()
}

fn answer(bytes: Vec<u8>) -> usize {
    let length = bytes.len();
    *locked(&OUTPUT) = bytes;
    length
}

fn locked(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}
