//! Tables as CSV (RFC 4180), safe to open in a spreadsheet: a cell that it would take for a formula begins with an
//! apostrophe.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, Kind};

use crate::problem::Problem;

/// What a formula begins with, in the common spreadsheets.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The table could not be written.
#[derive(Debug, thiserror::Error)]
#[error("a table could not be written")]
struct NotWritten(#[source] csv::Error);

impl Failure for NotWritten {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "csv_not_written"
    }
}

/// A table as a download of this name.
pub fn table<R>(name: &str, heads: &[&str], rows: impl IntoIterator<Item = R>) -> Response
where
    R: IntoIterator<Item = String>,
{
    let written = write(heads, rows).map_err(NotWritten);
    let text = match written {
        Ok(text) => text,
        Err(error) => return Problem::from(error).into_response(),
    };
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let disposition =
        HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, text).into_response()
}

/// Rows of a table as bytes of a file, for whoever writes it piece by piece.
///
/// # Errors
/// [`csv::Error`] for rows of different lengths.
pub fn rows<R>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, csv::Error>
where
    R: IntoIterator<Item = String>,
{
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(cell))?;
    }
    Ok(writer.into_inner().unwrap_or_default())
}

/// Digits, with a point between them and a minus before them at most.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let absolute = text.strip_prefix('-').unwrap_or(text);
    match absolute.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(absolute),
    }
}

fn write<R>(heads: &[&str], rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, csv::Error>
where
    R: IntoIterator<Item = String>,
{
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(heads)?;
    for row in rows {
        writer.write_record(row.into_iter().map(cell))?;
    }
    Ok(writer.into_inner().unwrap_or_default())
}

/// Numbers stay numbers.
fn cell(text: String) -> String {
    if !is_number(&text) && text.starts_with(FORMULA_STARTS) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        let check = |text: &str, expected: &str| assert_eq!(cell(text.to_owned()), expected);
        check("Villa", "Villa");
        check("-5", "-5");
        check("-5.00", "-5.00");
        check("-5.0.0", "'-5.0.0");
        check("-.5", "'-.5");
        check("=1+1", "'=1+1");
        check("+cmd", "'+cmd");
        check("-cmd", "'-cmd");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\tx", "'\tx");
        check("\rx", "'\rx");
    }
}
