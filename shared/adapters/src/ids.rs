//! What a new thing is made of: the present instant and random bytes, from where a test can hold both.

use jiff::Timestamp;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::random::Random;

/// Makes ids, tokens and instants.
#[derive(Clone, Debug)]
pub struct Ids {
    /// Tells the time.
    pub clock: Clock,
    /// Hands out random bytes.
    pub random: Random,
}

impl Ids {
    /// The environment's clock and random source.
    pub fn from_env(env: &Environment) -> Self {
        Self { clock: env.clock.clone(), random: env.random.clone() }
    }

    /// The clock, for whoever only needs the time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The random source.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id of the present instant: `ids.make(GuardId::new)`.
    pub fn make<T, const N: usize>(&self, new: impl FnOnce(Timestamp, [u8; N]) -> T) -> T {
        new(self.now(), self.bytes())
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.random.bytes()
    }
}
