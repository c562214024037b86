//! How far an import is: a bar on a terminal, a line each tenth elsewhere.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use adapters::clock::Clock;
use domain::money::grouped;

/// Characters of the bar.
const BAR_CHARS: usize = 24;
/// Plain lines of one import.
const STEPS: u64 = 10;

/// Where an import is.
#[derive(Debug)]
pub(super) struct Progress {
    bytes_total: u64,
    bytes: u64,
    lines: u64,
    started: Instant,
    is_terminal: bool,
    /// Tenths that were said already.
    said: u64,
}

impl Progress {
    pub(super) fn new(bytes_total: u64, clock: &Clock) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let started = clock.stopwatch();
        Self { bytes_total, bytes: 0, lines: 0, started, is_terminal, said: 0 }
    }

    /// Says so when there is something new to say.
    pub(super) fn advance(&mut self, lines: u64, bytes: u64) {
        self.lines += lines;
        self.bytes = (self.bytes + bytes).min(self.bytes_total);
        if self.is_terminal {
            eprint!("\r{} {self} ", bar(self.percent()));
            // A terminal that shows nothing does not stop an import.
            let _shown = std::io::stderr().flush();
            return;
        }
        let tenth = self.percent() * STEPS / 100;
        if tenth > self.said {
            self.said = tenth;
            eprintln!("{self}");
        }
    }

    /// Lines that the platform has answered.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Leaves the bar's line.
    pub(super) fn end(&self) {
        if self.is_terminal && self.lines > 0 {
            eprintln!();
        }
    }

    /// The time until now, for a reader.
    pub(super) fn elapsed(&self) -> String {
        let millis = self.started.elapsed().as_millis();
        format!("{}.{} s", millis / 1000, millis % 1000 / 100)
    }

    fn percent(&self) -> u64 {
        self.bytes.saturating_mul(100).checked_div(self.bytes_total).unwrap_or(100)
    }
}

/// `52 %: 5,200 lines, 1,830,000 of 3,500,000 bytes, 980 lines/s`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, bytes, total) =
            (grouped(self.lines), grouped(self.bytes), grouped(self.bytes_total));
        let rate = grouped(rate(self.lines, self.started.elapsed()));
        write!(f, "{} %: {lines} lines, {bytes} of {total} bytes, {rate} lines/s", self.percent())
    }
}

fn rate(lines: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    lines.saturating_mul(1000).checked_div(millis).unwrap_or(lines)
}

fn bar(percent: u64) -> String {
    let full = usize::try_from(percent).unwrap_or(0).min(100) * BAR_CHARS / 100;
    format!("[{}{}]", "#".repeat(full), "-".repeat(BAR_CHARS - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_and_the_rate_have_no_edge_that_breaks() {
        assert_eq!(bar(0), format!("[{}]", "-".repeat(24)));
        assert_eq!(bar(50), format!("[{}{}]", "#".repeat(12), "-".repeat(12)));
        assert_eq!(bar(100), format!("[{}]", "#".repeat(24)));
        assert_eq!(rate(10, Duration::ZERO), 10);
        assert_eq!(rate(500, Duration::from_millis(500)), 1000);
        let empty = Progress::new(0, &Clock::system());
        assert_eq!(empty.percent(), 100);
    }
}
