//! A `mongoexport` file, property by property (P46, X35): one document a line, or one array (`--jsonArray`).
//!
//! Deliberately absent: reading files, and stopping at the first error. A broken document costs itself alone.

use serde_json::Value;

use super::Property;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};

/// Longest document, in bytes: well above what a property needs, and below the table's item limit.
pub const LINE_MAX_BYTES: usize = 256 * 1024;

/// Why one document of a file is no property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The text is no JSON.
    #[error(
        "this is not a complete JSON document (column {column}); export one document a line, without --pretty"
    )]
    NotJson {
        /// Where the reader gave up, counted from 1 within the document's line.
        column: usize,
    },
    /// The document is too long.
    #[error("this document has {bytes} bytes; at most {LINE_MAX_BYTES} are taken")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The JSON array of the file has no end, or something stands after it.
    #[error("the file begins as a JSON array and does not end as one; it may have been cut off")]
    ArrayNotClosed,
    /// Fields break rules.
    #[error("{}", sentence(.0))]
    Fields(InvalidFields),
}

/// `price: price is required; id: …`.
fn sentence(invalid: &InvalidFields) -> String {
    let parts = invalid.0.iter().map(|error| match error.field.as_str() {
        "" => error.detail.clone(),
        field => format!("{field}: {}", error.detail),
    });
    parts.collect::<Vec<_>>().join("; ")
}

impl Failure for LineError {
    fn kind(&self) -> Kind {
        match self {
            LineError::NotJson { .. } | LineError::ArrayNotClosed => Kind::Malformed,
            LineError::TooLong { .. } => Kind::TooLarge,
            LineError::Fields(_) => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            LineError::NotJson { .. } => "line_not_json",
            LineError::TooLong { .. } => "line_too_long",
            LineError::ArrayNotClosed => "array_not_closed",
            LineError::Fields(invalid) => invalid.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            LineError::Fields(invalid) => invalid.fields(),
            LineError::NotJson { .. } | LineError::TooLong { .. } | LineError::ArrayNotClosed => {
                Vec::new()
            }
        }
    }
}

/// Reads one document. Blanks, a byte order mark before it and a comma after it are tolerated.
///
/// # Errors
/// [`LineError`].
pub fn import_line(line: &str) -> Result<Property, LineError> {
    let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.len() > LINE_MAX_BYTES {
        return Err(LineError::TooLong { bytes: text.len() });
    }
    let document: Value = serde_json::from_str(text)
        .map_err(|error| LineError::NotJson { column: error.column() })?;
    Property::from_document(&document).map_err(LineError::Fields)
}

/// Reads a whole file: each item is the line that the document begins in, counted from 1, and the document.
pub fn import_lines(text: &str) -> Lines<'_> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut lines = Lines { rest: text, line: 1, shape: Shape::Lines };
    lines.pass_over(char::is_whitespace);
    if lines.rest.starts_with('[') {
        lines.advance(1);
        lines.shape = Shape::Array;
    }
    lines
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The documents of a file; made by [`import_lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a str,
    /// The line that `rest` begins in.
    line: usize,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Lines,
    Array,
    Done,
}

impl Iterator for Lines<'_> {
    type Item = (usize, Result<Property, LineError>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.shape {
            Shape::Lines => self.next_line(),
            Shape::Array => self.next_element(),
            Shape::Done => None,
        }
    }
}

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<(usize, Result<Property, LineError>)> {
        self.pass_over(char::is_whitespace);
        if self.rest.is_empty() {
            return None;
        }
        let number = self.line;
        let line = self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
        Some((number, import_line(line)))
    }

    fn next_element(&mut self) -> Option<(usize, Result<Property, LineError>)> {
        self.pass_over(|c| c.is_whitespace() || c == ',');
        let number = self.line;
        if let Some(after) = self.rest.strip_prefix(']') {
            self.shape = Shape::Done;
            let is_end = after.trim().is_empty();
            return (!is_end).then_some((number, Err(LineError::ArrayNotClosed)));
        }
        let Some(end) = element_end(self.rest) else {
            self.shape = Shape::Done;
            return Some((number, Err(LineError::ArrayNotClosed)));
        };
        Some((number, import_line(self.advance(end))))
    }

    fn pass_over(&mut self, is_skipped: impl Fn(char) -> bool) {
        let end = self.rest.find(|c| !is_skipped(c)).unwrap_or(self.rest.len());
        self.advance(end);
    }

    /// Takes the next `bytes` and counts their lines.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken
    }
}

/// Where the array's next element ends: at a comma or bracket outside of its own brackets and texts.
fn element_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b',' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
