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
    /// Stands still at this many milliseconds since the epoch until it is moved.
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Arc::new(Source::Manual(AtomicI64::new(start.as_millisecond()))))
    }

    /// The present instant, to the millisecond.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System => Timestamp::now(),
            Source::Manual(millis) => {
                Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock on; the machine's clock does not obey.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(millis) = &*self.0 {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// The result of `work`, if it comes within `limit`. By a manual clock no time passes while one waits, so there
    /// the work always comes to its end: a busy machine is no reason for another outcome.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        match &*self.0 {
            Source::System => tokio::time::timeout(limit, work).await.ok(),
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
