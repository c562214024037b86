//! What happens by itself as the clock goes on: steps of refunds and transfers, disputes that nobody answers, events.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;

use super::Simulator;
use super::agenda::Task;
use super::dispute::Resolution;
use super::state::State;
use super::transfer::TransferStatus;
use super::webhook::{Addressee, Attempt, Letter, exchange};

/// Letters that are taken from the agenda at once.
const TAKEN_MAX: usize = 64;
/// Letters under way at once in the background.
const AT_ONCE: usize = 16;
/// Rounds of one call at most: each letter may make others.
const ROUNDS_MAX: usize = 10_000;
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(200);

impl Simulator {
    /// Does everything that is due at the clock's present instant, one after the other, and what comes of it. Says
    /// how many letters it has sent.
    pub async fn pump(&self) -> usize {
        self.pump_at_once(1).await
    }

    /// Does what becomes due as the clock goes on, for ever. Several events may be under way at once.
    pub async fn run(self) {
        loop {
            self.pump_at_once(AT_ONCE).await;
            // Whichever comes first; a clock that is moved by hand wakes nobody.
            let _either = tokio::time::timeout(TICK, self.0.wake.notified()).await;
        }
    }

    /// When something happens next by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.read(|state| state.agenda.next())
    }

    async fn pump_at_once(&self, at_once: usize) -> usize {
        let mut sent = 0;
        for _ in 0..ROUNDS_MAX {
            let letters = match self.change(take_due) {
                Ok(letters) => letters,
                Err(error) => {
                    tracing::error!("the simulator's file cannot be written: {error}");
                    return sent;
                }
            };
            if letters.is_empty() {
                return sent;
            }
            sent += letters.len();
            stream::iter(letters).for_each_concurrent(at_once, |letter| self.send(letter)).await;
        }
        sent
    }

    async fn send(&self, letter: Letter) {
        // Who sees it in the log sees neither the address nor the body.
        if let Err(error) = self.deliver(letter, false).await {
            tracing::error!("an event's answer cannot be written down: {error}");
        }
    }

    /// Sends a letter and writes down what was answered.
    pub(super) async fn deliver(&self, letter: Letter, by_hand: bool) -> std::io::Result<Attempt> {
        let answer = exchange(&letter, &self.0.clock, &self.0.client).await;
        let (status, mut error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        if letter.is_late {
            error = Some("the answer came too late".to_owned());
        }
        self.change(|state| {
            let attempt = Attempt { at: state.now, status, error };
            match letter.to {
                Addressee::Event(id) => state.attempted(id, attempt.clone(), by_hand),
                Addressee::Approval(id) => state.approved(id, status),
            }
            attempt
        })
    }
}

/// Takes the steps that are due, and the letters.
pub(super) fn take_due(state: &mut State) -> Vec<Letter> {
    let mut letters = Vec::new();
    while letters.len() < TAKEN_MAX {
        let Some(task) = state.agenda.take(state.now) else { break };
        match task {
            Task::Refund(id) => state.step_refund(id),
            Task::Transfer(id) => state.step_transfer(id),
            Task::Dispute(id) => {
                state.end_dispute(id, Resolution::AutoAccepted, None);
            }
            Task::Approval(id) => letters.extend(state.question(id)),
            Task::Delivery(id) => letters.extend(state.letter(id)),
        }
    }
    letters
}

impl State {
    /// The merchant has said whether a transfer may go: 200, 400, or nothing that counts.
    fn approved(&mut self, id: u64, status: Option<u16>) {
        if self.transfers.get(id).map(|t| t.status) != Some(TransferStatus::Received) {
            return;
        }
        match status {
            Some(200) => self.go(id),
            Some(400) => {
                self.end_transfer(id, TransferStatus::Rejected);
            }
            _ => {
                self.end_transfer(id, TransferStatus::Blocked);
            }
        }
    }
}
