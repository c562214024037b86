//! Paystack in this process: its API, its checkout page, its events, its transfers, and its money.
//!
//! What it answers follows Paystack's documentation, its odd spellings and traps included. Each merchant is a secret
//! key, and sees only its own. Time is the stack's clock, so an event that nobody acknowledged is sent again when the
//! clock says so. What was answered survives `kill -9`. Deliberately absent: the real Paystack. Nothing here leaves
//! the machine but events to the addresses that the merchants have named.

mod agenda;
mod api;
mod balance;
mod bank;
mod books;
mod checkout;
mod control;
mod dispute;
mod fault;
mod fee;
mod fields;
mod integration;
mod limit;
mod page;
mod paging;
mod popup;
mod pump;
mod recipient;
mod refund;
mod reply;
mod server;
mod settlement;
mod shelf;
mod state;
#[cfg(test)]
mod tests;
mod transaction;
mod transfer;
mod webhook;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use adapters::clock::Clock;
use adapters::random::Random;
use tokio::sync::Notify;

pub use books::{Money, PaidOut};
pub use control::ControlRefused;
pub use dispute::Resolution;
pub use fault::{Fault, FaultKind, Lost};
pub use integration::{Merchant, Pace, Settings};
pub(crate) use popup::INLINE_SCRIPT_PATH;
pub use refund::RefundStatus;
pub use settlement::SettleTo;
pub use transaction::{ChargeStatus, Payment};
pub use transfer::TransferStatus;
pub use webhook::{Attempt, DeliveryStatus, Webhook};

use crate::client::Client;
use crate::meter::Meter;
use fault::Planned;
use integration::Integration;
use state::State;

/// The file in its folder.
const FILE: &str = "paystack.sqlite";

/// The simulator. Clones share everything.
#[derive(Clone)]
pub struct Simulator(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    calls: Mutex<BTreeMap<String, u64>>,
    clock: Clock,
    client: Client,
    /// Follows scripts of faults, which number the calls of AWS and of Paystack together.
    meter: OnceLock<Meter>,
    /// Something is due, perhaps.
    wake: Notify,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulator")
    }
}

impl Simulator {
    /// Opens what an earlier run has left in the folder, and makes it when there is nothing.
    ///
    /// # Errors
    /// When the file cannot be read or made.
    pub fn open(folder: &Path, clock: Clock, random: Random) -> io::Result<Self> {
        let state = State::open(&folder.join(FILE), random)?;
        let (client, wake) = (Client::plain(), Notify::new());
        let (state, calls) = (Mutex::new(state), Mutex::default());
        let meter = OnceLock::new();
        Ok(Self(Arc::new(Shared { state, calls, clock, client, meter, wake })))
    }

    /// Counts each call in the meter's script too, and breaks it there. Only the first meter is heard.
    pub(crate) fn count_in(&self, meter: Meter) {
        let _first = self.0.meter.set(meter);
    }

    /// Says where people reach the checkout page, without a slash at the end. [`Simulator::serve`] says its own
    /// listener's address unless this was called.
    pub fn set_base_url(&self, url: &str) {
        self.lock().base_url = url.trim_end_matches('/').to_owned();
    }

    /// Makes the merchant, or brings the one with this key up to date; its settings stay. Says its number.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ensure_merchant(&self, merchant: Merchant) -> io::Result<u64> {
        self.change(|state| {
            if let Some(id) = state.with_key(&merchant.secret_key).map(|found| found.id) {
                if let Some(integration) = state.integrations.edit(id) {
                    integration.update(merchant);
                }
                return id;
            }
            let id = state.integrations.next_id();
            state.integrations.put(Integration::new(id, merchant));
            id
        })
    }

    /// Counts a call of a route.
    fn count(&self, label: &str) {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(label.to_owned()).or_default() += 1;
    }

    /// Makes a change and writes it down before anybody hears of it.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let mut state = self.lock();
        state.now = self.0.clock.now();
        let outcome = act(&mut state);
        state.commit().map_err(io::Error::other)?;
        let is_due = state.agenda.next().is_some_and(|next| next <= state.now);
        drop(state);
        if is_due {
            self.0.wake.notify_one();
        }
        Ok(outcome)
    }

    /// Reads without a change.
    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
