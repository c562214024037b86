//! What happens at which instant of the clock.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

/// Something that happens by itself, by the number of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Task {
    /// A refund takes its next step.
    Refund(u64),
    /// A transfer ends, or its one-time password is too old.
    Transfer(u64),
    /// A dispute that nobody has answered is lost.
    Dispute(u64),
    /// The merchant is asked about a transfer.
    Approval(u64),
    /// An event is sent.
    Delivery(u64),
}

/// The tasks in their order.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    order: BTreeSet<(Timestamp, Task)>,
    times: HashMap<Task, Timestamp>,
}

impl Agenda {
    /// Sets or moves a task; no instant takes it away.
    pub(super) fn set(&mut self, task: Task, at: Option<Timestamp>) {
        if let Some(before) = self.times.remove(&task) {
            self.order.remove(&(before, task));
        }
        if let Some(at) = at {
            self.times.insert(task, at);
            self.order.insert((at, task));
        }
    }

    /// The next instant at which something happens.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes the first task that is due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Task> {
        let (at, task) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.set(task, None);
        Some(task)
    }
}
