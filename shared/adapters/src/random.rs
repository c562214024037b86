//! The random source: the operating system's in Lambda, a seeded one where a run must replay.

use std::fmt;
use std::sync::Arc;

/// Hands out random bytes. Clones share one source.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Random {
    /// The operating system's cryptographic source.
    pub fn system() -> Self {
        // A machine without randomness must not go on: every token would be guessable.
        #[expect(clippy::panic, reason = "no random source means that no token may be made")]
        Self(Arc::new(|bytes| {
            if let Err(error) = getrandom::fill(bytes) {
                panic!("the operating system gives no random bytes: {error}");
            }
        }))
    }

    /// Bytes from `fill`, for tests that replay.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
