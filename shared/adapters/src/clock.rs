//! The clock: the real one in Lambda, a moved one in tests (nobody sleeps to make time pass).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Clones share one time.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System,
    /// The machine's, so many milliseconds ahead.
    Ahead(AtomicI64),
    /// Stands still at this many milliseconds since the epoch until it is moved.
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// The machine's clock, put ahead: it goes on, and [`Clock::advance`] puts it further ahead.
    pub fn ahead(by: SignedDuration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(Arc::new(Source::Ahead(AtomicI64::new(by))))
    }

    /// How far it is ahead of the machine's clock; nothing where it cannot be put ahead.
    pub fn lead(&self) -> Option<SignedDuration> {
        match &*self.0 {
            Source::Ahead(millis) => {
                Some(SignedDuration::from_millis(millis.load(Ordering::SeqCst)))
            }
            Source::System | Source::Manual(_) => None,
        }
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Arc::new(Source::Manual(AtomicI64::new(start.as_millisecond()))))
    }

    /// The present instant, to the millisecond.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System => Timestamp::now(),
            Source::Ahead(millis) => {
                let lead = SignedDuration::from_millis(millis.load(Ordering::SeqCst));
                Timestamp::now().saturating_add(lead).unwrap_or(Timestamp::MAX)
            }
            Source::Manual(millis) => {
                Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock on, or one that is ahead; the machine's clock does not obey.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(millis) | Source::Ahead(millis) = &*self.0 {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// The result of `work`, if it comes within `limit`. By a manual clock no time passes while one waits, so there
    /// the work always comes to its end: a busy machine is no reason for another outcome.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        match &*self.0 {
            Source::System | Source::Ahead(_) => tokio::time::timeout(limit, work).await.ok(),
            Source::Manual(_) => Some(work.await),
        }
    }

    /// A monotonic start for measuring how long something takes; never virtual.
    pub fn stopwatch(&self) -> Instant {
        Instant::now()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
