//! Where a story is told: a platform that serves one story after the other, each with a tenant of its own.
//!
//! Deliberately absent: a platform for each story. To start one takes longer than to tell a story on it.

use adapters::table::Table;
use jiff::SignedDuration;
use tessera_tests::{Owner, Platform};

/// A platform and its table.
pub(crate) struct Ground {
    pub(crate) platform: Platform,
    pub(crate) table: Table,
}

/// A tenant with an account at Paystack.
pub(crate) struct Tenancy {
    pub(crate) owner: Owner,
    /// Its number at Paystack.
    pub(crate) merchant: u64,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let platform = Platform::start().await;
        let table = platform.table();
        Self { platform, table }
    }

    /// A tenant that nobody has told a story about.
    pub(crate) async fn tenancy(&self) -> Tenancy {
        let owner = self.platform.newcomer().await;
        let url = self.platform.environment("payments").required("PAYSTACK_URL").unwrap();
        let all = owner.get(&format!("{url}/_simulator/merchants")).await.is(200).json();
        let numbers = all.as_array().unwrap().iter().map(|m| m["integration"].as_u64().unwrap());
        Tenancy { owner, merchant: numbers.max().unwrap() }
    }

    /// Lets time pass at once: what would have been done on the way is done at its end.
    pub(crate) async fn leaps(&self, by: SignedDuration) {
        self.platform.stack().clock().advance(by);
        // A sweep that breaks off is followed by the next minute's.
        let _swept = self.platform.stack().fire("sweeper").await;
        self.platform.quiet().await;
    }

    /// What still waits somewhere, in words; nothing when all is done.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let mut waiting = Vec::new();
        for state in self.platform.stack().queues() {
            let (of, dead) = (&state.queue, state.dead.unwrap_or(0));
            let moving = state.waiting + state.in_flight + state.delayed;
            if moving + dead > 0 {
                waiting.push(format!("{of}: {moving} messages, {dead} dead"));
            }
        }
        if let Some(at) = self.platform.simulator().next_due() {
            waiting.push(format!("Paystack has something to do at {at}"));
        }
        waiting
    }
}
