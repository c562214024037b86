//! What waits in a stack and how it moves: streams and queues until they are at rest, time by hand, and back from the
//! dead-letter queues.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::Stack;
use super::options::Options;
use super::services::QUEUES_FILE;
use super::start::{facts, template};
use crate::embedded::inbox::Inbox;
use crate::queue::{Home, Pump, QueueError, QueueState, QueueWatch, Queues};
use crate::template::Template;

/// A stream's batch may fail so often in a row before [`Stack::quiet`] says that it never will be.
const QUIET_FAILURES_MAX: u32 = 50;
/// So many rounds over all streams and queues: functions that write to the table feed each other.
const QUIET_ROUNDS_MAX: u32 = 10_000;

/// So often a schedule fires on one way of the clock before it leaves out what lies between here and the end.
const FIRED_ONE_BY_ONE: u32 = 60;

/// Why the stack never came to rest.
#[derive(Debug, thiserror::Error)]
#[error("the stack does not come to rest: {0}")]
pub struct NotQuiet(String);

/// Why messages cannot be sent back.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The template has none of this name.
    #[error("template.yaml has no queue {name}; there are {known}")]
    NoSuchQueue {
        /// What was asked for.
        name: String,
        /// The queues that have a dead-letter queue.
        known: String,
    },
    /// The queue has no dead-letter queue.
    #[error("the queue {0} has no dead-letter queue")]
    NoDeadLetters(String),
    /// The messages cannot be read or written.
    #[error("the messages cannot be moved: {0}")]
    Disk(String),
}

impl Stack {
    /// What would have gone out to people.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// The endpoint of a push subscription at this machine's push service.
    pub fn push_endpoint(&self, subscription: &str) -> String {
        format!("{}/push/{subscription}", self.small_url)
    }

    /// What each queue holds.
    pub fn queues(&self) -> Vec<QueueState> {
        self.queue_watch().states()
    }

    /// The same for somebody who outlives the borrow, for example the console.
    pub fn queue_watch(&self) -> QueueWatch {
        QueueWatch(self.queues.clone())
    }

    /// What one queue holds, by its logical id.
    pub fn queue(&self, id: &str) -> Option<QueueState> {
        self.queues().into_iter().find(|state| state.queue == id)
    }

    /// Sends the messages of a queue's dead-letter queue back to it, as new ones; says how many.
    ///
    /// # Errors
    /// One line that names the queue.
    pub fn redrive(&self, queue: &str) -> Result<usize, RedriveError> {
        redrive(&self.template, &self.queues, queue)
    }

    /// Moves a manual clock on. On the way schedules fire and hidden messages come again, each at its own instant; of
    /// one that fires very often on a long way, the last time alone follows the first [`FIRED_ONE_BY_ONE`].
    pub async fn advance(&self, by: SignedDuration) {
        let end = self.clock.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        let mut fired: BTreeMap<String, u32> = BTreeMap::new();
        loop {
            let schedule =
                self.schedules.iter().filter_map(|s| Some((s.due()?, s))).min_by_key(|s| s.0);
            let pump =
                self.pumps.iter().filter_map(|p| Some((p.next_due()?, p))).min_by_key(|p| p.0);
            let due = schedule.map(|s| s.0).into_iter().chain(pump.map(|p| p.0)).min();
            let Some(due) = due.filter(|due| *due <= end) else {
                break;
            };
            self.clock.advance(due.duration_since(self.clock.now()).max(SignedDuration::ZERO));
            if self.clock.now() < due {
                // The machine's clock does not obey.
                break;
            }
            if let Some((_, schedule)) = schedule.filter(|(at, _)| *at == due) {
                schedule.fire_due(due).await;
                let times = fired.entry(schedule.function().to_owned()).or_default();
                *times += 1;
                if *times >= FIRED_ONE_BY_ONE {
                    schedule.skip_towards(due, end);
                }
            }
            if let Some((_, pump)) = pump.filter(|(at, _)| *at == due) {
                empty(pump).await;
            }
        }
        self.clock.advance(end.duration_since(self.clock.now()).max(SignedDuration::ZERO));
    }

    /// Delivers everything that waits, and what comes of it, until nothing does; then alarms look at their queues.
    /// Messages that are hidden are not waited for: they come again when the clock has moved.
    ///
    /// # Errors
    /// When a function keeps failing, or two keep feeding each other.
    pub async fn quiet(&self) -> Result<(), NotQuiet> {
        let mut failures = 0;
        for _ in 0..QUIET_ROUNDS_MAX {
            let mut moved = match &self.simulator {
                Some(simulator) => simulator.pump().await > 0,
                None => false,
            };
            for reader in &self.readers {
                match reader.pump().await {
                    Ok(0) => {}
                    Ok(_) => {
                        moved = true;
                        failures = 0;
                    }
                    Err(error) => {
                        moved = true;
                        failures += 1;
                        if failures >= QUIET_FAILURES_MAX {
                            return Err(NotQuiet(error.to_string()));
                        }
                    }
                }
            }
            for pump in &self.pumps {
                moved |= empty(pump).await;
            }
            if !moved {
                self.alarms.look();
                return Ok(());
            }
        }
        Err(NotQuiet("its functions keep feeding each other".to_owned()))
    }
}

/// Delivers what a queue shows now; says whether there was anything. What fails is hidden, so this comes to an end.
async fn empty(pump: &Pump) -> bool {
    let mut moved = false;
    for _ in 0..QUIET_ROUNDS_MAX {
        match pump.pump().await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => tracing::info!("{error}"),
        }
        moved = true;
    }
    moved
}

/// As [`Stack::redrive`], in a data folder that another process may have open.
pub(crate) fn redrive_in(folder: &Path, options: &Options, name: &str) -> Result<usize, String> {
    let file = folder.join(QUEUES_FILE);
    if !file.is_file() {
        return Err(format!("{} holds no queues; name the folder with --data", folder.display()));
    }
    let facts = facts(options, "http://127.0.0.1", None);
    let template = template(options, &facts).map_err(|error| error.to_string())?;
    let (clock, random) = (options.clock.clone(), options.random.clone());
    let queues = Queues::open(&file, template.queues(), clock, random);
    let queues = queues.map_err(|error| error.to_string())?;
    redrive(&template, &queues, name).map_err(|error| error.to_string())
}

/// Sends the messages of a queue's dead-letter queue back; either may be named.
fn redrive(template: &Template, queues: &Queues, name: &str) -> Result<usize, RedriveError> {
    let all = template.queues();
    let Some(named) = all.iter().find(|queue| queue.id == name || queue.name == name) else {
        let known = all.iter().filter(|queue| queue.redrive.is_some());
        let known = known.map(|queue| queue.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(RedriveError::NoSuchQueue { name: name.to_owned(), known });
    };
    let disk = |error: QueueError| RedriveError::Disk(error.to_string());
    if let Some(redrive) = &named.redrive {
        let dead = queues.by_arn(&redrive.to).map_err(disk)?;
        return queues.move_back(&dead.name, Home::Own(named)).map_err(disk);
    }
    if all.iter().any(|queue| queue.redrive.as_ref().is_some_and(|to| to.to == named.arn)) {
        return queues.move_back(&named.name, Home::Origin).map_err(disk);
    }
    Err(RedriveError::NoDeadLetters(named.id.clone()))
}
