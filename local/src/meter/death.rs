//! The deaths of processes, as a script of faults wants them: who calls a function hears of it and drops the call.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells of deaths.
#[derive(Debug, Default)]
pub(super) struct Deaths(watch::Sender<Death>);

/// The last process that died, and how many did.
#[derive(Clone, Debug, Default)]
struct Death {
    count: u64,
    /// Whose it was; nobody in particular when the call does not say who made it.
    function: Option<Arc<str>>,
}

/// Hears when the process of a function dies.
#[derive(Debug)]
pub(crate) struct Deathwatch(watch::Receiver<Death>);

impl Deaths {
    pub(super) fn tell(&self, function: Option<Arc<str>>) {
        self.0.send_modify(|death| {
            death.count += 1;
            death.function = function;
        });
    }

    pub(super) fn watch(&self) -> Deathwatch {
        Deathwatch(self.0.subscribe())
    }
}

impl Deathwatch {
    /// Waits until the process of this function dies.
    pub(crate) async fn died(&mut self, function: &str) {
        while self.0.changed().await.is_ok() {
            if self.0.borrow().function.as_deref().is_none_or(|meant| meant == function) {
                return;
            }
        }
        // Nobody is left who could tell.
        std::future::pending().await
    }
}
