//! Which items the counters of a code have.

use super::keys::{self, Counted, Key};

/// An item of counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterSlot {
    /// That of all time.
    Total,
    /// That of a UTC hour, `2026-11-21T13`.
    Hour(String),
    /// That of the cities of a month and a country, `2026-11#NG`.
    Cities(String),
}

impl CounterSlot {
    /// The item's key.
    pub(super) fn key(&self, of: &Counted) -> Key {
        match self {
            CounterSlot::Hour(hour) => keys::hour(of, hour),
            CounterSlot::Cities(month) => keys::cities(of, month),
            CounterSlot::Total => keys::total(of),
        }
    }
}
