//! Cutting a file into parts that the API takes, at line ends.

use std::io::{self, BufRead, Read};

use domain::limit::IMPORT_MAX_BYTES;

/// Lines of one part: so few that the platform is done with them long before the gateway gives up.
const LINES_MAX: u64 = 1000;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some lines of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The lines; or why it is one line that is not sent.
    pub(super) text: Result<Vec<u8>, Unfit>,
    /// The number of the first line, from 1.
    pub(super) first_line: u64,
    /// How many lines.
    pub(super) lines: u64,
    /// How many bytes of the file.
    pub(super) file_bytes: u64,
}

/// Why a line is not sent: it would cost the other lines of its part too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("the line is longer than a request can be")]
    TooLong,
    #[error("the line is not UTF-8 text")]
    NotText,
}

impl Unfit {
    /// The code that the platform has for it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Unfit::TooLong => "line_too_long",
            Unfit::NotText => "body_not_text",
        }
    }
}

/// The parts of a file.
#[derive(Debug)]
pub(super) struct Parts<R> {
    reader: R,
    /// A line that did not fit into the part before.
    waiting: Option<Vec<u8>>,
    /// Lines that were given out.
    lines: u64,
    lines_max: u64,
    bytes_max: usize,
    is_whole: bool,
}

impl<R: BufRead> Parts<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            waiting: None,
            lines: 0,
            lines_max: LINES_MAX,
            bytes_max: IMPORT_MAX_BYTES,
            is_whole: false,
        }
    }

    /// Whether the file begins as a JSON array.
    pub(super) fn is_array(&mut self) -> io::Result<bool> {
        let start = self.reader.fill_buf()?;
        let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
        Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'['))
    }

    /// An array has no lines to cut at: it goes as one part.
    pub(super) fn keep_whole(&mut self) {
        self.is_whole = true;
        self.lines_max = u64::MAX;
    }

    /// The next part.
    pub(super) fn next(&mut self) -> io::Result<Option<Part>> {
        let first_line = self.lines + 1;
        let mut text = Vec::new();
        while self.lines - (first_line - 1) < self.lines_max {
            let Some(line) = self.next_line()? else { break };
            let unfit = self.unfit(&line);
            if let Some(unfit) = unfit.filter(|_| text.is_empty()) {
                let file_bytes = length(&line) + self.skip_line(&line)?;
                self.lines += 1;
                return Ok(Some(Part { text: Err(unfit), first_line, lines: 1, file_bytes }));
            }
            if unfit.is_some() || text.len() + line.len() > self.bytes_max {
                self.waiting = Some(line);
                break;
            }
            text.extend(line);
            self.lines += 1;
        }
        let (lines, file_bytes) = (self.lines + 1 - first_line, length(&text));
        let part = Part { text: Ok(text), first_line, lines, file_bytes };
        Ok((lines > 0).then_some(part))
    }

    fn unfit(&self, line: &[u8]) -> Option<Unfit> {
        if line.len() > self.bytes_max {
            return Some(Unfit::TooLong);
        }
        // An array is one text: the platform judges it as a whole.
        let is_text = self.is_whole || std::str::from_utf8(line).is_ok();
        (!is_text).then_some(Unfit::NotText)
    }

    /// The next line with its end; of one that no part takes only as much as shows that.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.waiting.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let limit = u64::try_from(self.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        self.reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
        Ok((!line.is_empty()).then_some(line))
    }

    /// Passes over the rest of a line that begins like this, and says how long the rest is. The file's last line has
    /// no rest.
    fn skip_line(&mut self, start: &[u8]) -> io::Result<u64> {
        let mut skipped = 0;
        let mut ended = start.ends_with(b"\n");
        while !ended {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(buffer.len(), |end| end + 1);
            ended = end.is_some() || buffer.is_empty();
            self.reader.consume(passed);
            skipped += u64::try_from(passed).unwrap_or(0);
        }
        Ok(skipped)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, first line and number of lines of each part; no text for a line that is not sent.
    fn check(file: &[u8], expected: &[(Result<&str, Unfit>, u64, u64)]) {
        let reader = io::BufReader::with_capacity(4, file);
        let mut parts = Parts { lines_max: 3, bytes_max: 10, ..Parts::new(reader) };
        let mut bytes = 0;
        for (text, first_line, lines) in expected {
            let part = parts.next().unwrap().unwrap();
            let found = part.text.map(|text| String::from_utf8(text).unwrap());
            let found = (found.as_deref().map_err(|unfit| *unfit), part.first_line, part.lines);
            assert_eq!(found, (*text, *first_line, *lines));
            bytes += part.file_bytes;
        }
        assert_eq!(parts.next().unwrap(), None);
        assert_eq!(bytes, length(file));
    }

    #[test]
    fn a_file_is_cut_at_line_ends_and_no_line_is_lost() {
        check(b"", &[]);
        check(b"a", &[(Ok("a"), 1, 1)]);
        check(b"a\nb\nc\n", &[(Ok("a\nb\nc\n"), 1, 3)]);
        check(b"a\nb\nc\nd", &[(Ok("a\nb\nc\n"), 1, 3), (Ok("d"), 4, 1)]);
        check(b"12345\n12345\n", &[(Ok("12345\n"), 1, 1), (Ok("12345\n"), 2, 1)]);
        check(b"a\r\n\n\n", &[(Ok("a\r\n\n\n"), 1, 3)]);
        check(b"123456789\n", &[(Ok("123456789\n"), 1, 1)]);
    }

    #[test]
    fn a_line_that_no_request_carries_is_passed_over_alone() {
        let (long, not_text) = (Err(Unfit::TooLong), Err(Unfit::NotText));
        let around = |line| [(Ok("a\n"), 1, 1), (line, 2, 1), (Ok("b\n"), 3, 1)];
        check(b"a\n12345678901234\nb\n", &around(long));
        check(b"a\n\xff\nb\n", &around(not_text));
        check(b"1234567890\nb", &[(long, 1, 1), (Ok("b"), 2, 1)]);
        check(b"12345678901", &[(long, 1, 1)]);
        check(b"\xff", &[(not_text, 1, 1)]);
    }

    #[test]
    fn an_array_is_told_from_lines() {
        let check = |file: &[u8], expected: bool| {
            assert_eq!(Parts::new(file).is_array().unwrap(), expected, "{file:?}");
        };
        check(b"[{}]", true);
        check(b"\xef\xbb\xbf\n [\n{}]", true);
        check(b"{\"a\":[]}", false);
        check(b"", false);
    }
}
