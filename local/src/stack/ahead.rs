//! How far the platform's clock goes ahead of the machine's: with the simulator, a person may want to see the next
//! night now. It is kept, so that after a restart nothing lies in the future.

use std::path::{Path, PathBuf};

use adapters::clock::Clock;
use jiff::SignedDuration;

/// The file in the data folder, with milliseconds.
pub(super) const FILE: &str = "clock-ahead-ms";

/// Where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Ahead(PathBuf);

impl Ahead {
    /// Kept in this file.
    pub(super) fn at(file: PathBuf) -> Self {
        Self(file)
    }

    /// Kept in this data folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self::at(folder.join(FILE))
    }

    /// The machine's clock, put ahead as it was when the folder was last used.
    pub(crate) fn clock(&self) -> Clock {
        let kept = std::fs::read_to_string(&self.0).ok();
        let ms = kept.and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0);
        Clock::ahead(SignedDuration::from_millis(ms.max(0)))
    }

    /// Puts the clock ahead by so much more. Kept first, so that whoever dies in between finds nothing in the future.
    ///
    /// # Errors
    /// The file cannot be written, or the clock is the machine's and does not obey.
    pub(crate) fn put(&self, clock: &Clock, by: SignedDuration) -> std::io::Result<()> {
        let Some(lead) = clock.lead() else {
            return Err(std::io::Error::other("with the real Paystack, time is the real one"));
        };
        let ms = lead.saturating_add(by).as_millis();
        std::fs::write(&self.0, ms.to_string())?;
        clock.advance(by);
        Ok(())
    }
}
