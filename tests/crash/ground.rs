//! Where stories are told: a platform with a tenant for some stories one after the other, then another one.
//!
//! Deliberately absent: a platform for each story. To start one takes longer than to tell a story on it.

use adapters::queue::Queue;
use adapters::table::Table;
use domain::id::GuardId;
use domain::payout::PayoutSettings;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tessera_tests::{Owner, Platform, Start, Town};

/// What a merchant has put into its balance, in kobo: enough for all stories of a tenant.
const TOP_UP: i64 = 1_000_000_000;

/// A platform, its table, and the tenant that the present stories are about.
pub(crate) struct Ground {
    pub(crate) platform: Platform,
    pub(crate) table: Table,
    /// Where payouts wait for their worker.
    pub(crate) payouts: Queue,
    pub(crate) tenancy: Tenancy,
}

/// A tenant with an account at Paystack and one guard.
pub(crate) struct Tenancy {
    pub(crate) owner: Owner,
    /// Its number at Paystack.
    pub(crate) merchant: u64,
    pub(crate) town: Town,
    /// The guard's code.
    pub(crate) token: String,
    /// The guard's account at Paystack.
    pub(crate) recipient: String,
}

impl Tenancy {
    pub(crate) fn guard(&self) -> &GuardId {
        &self.town.guards[0]
    }

    async fn on(platform: &Platform, guards: u32) -> Self {
        let owner = platform.newcomer().await;
        let url = platform.environment("payments").required("PAYSTACK_URL").unwrap();
        let all = owner.get(&format!("{url}/_simulator/merchants")).await.is(200).json();
        let numbers = all.as_array().unwrap().iter().map(|m| m["integration"].as_u64().unwrap());
        let merchant = numbers.max().unwrap();
        let currency = domain::money::Currency::Ngn;
        platform.simulator().top_up(merchant, currency, TOP_UP).unwrap();
        let town = Town::of(platform, &owner.tenant, guards).await;
        let code = owner.prints_code(&json!({ "guard_id": town.guards[0].as_str() })).await;
        let token = code["token"].as_str().unwrap().to_owned();
        let known = platform.table().guard(&owner.tenant, &town.guards[0]).await.unwrap();
        let recipient = known.unwrap().payout_account.unwrap().recipient_code;
        Self { owner, merchant, town, token, recipient }
    }
}

impl Ground {
    /// With one guard, on a kind platform.
    pub(crate) async fn new() -> Self {
        Self::with(1, Start::default()).await
    }

    /// With so many guards, on a platform that is started so.
    pub(crate) async fn with(guards: u32, start: Start) -> Self {
        let platform = Platform::start_with(start).await;
        let table = platform.table();
        move_night(&table, platform.owner(), never()).await;
        let tenancy = Tenancy::on(&platform, guards).await;
        let payouts =
            Queue::from_env(platform.environment("payouts"), "PAYOUTS_QUEUE_URL").unwrap();
        let ground = Self { platform, table, payouts, tenancy };
        ground.sleeps().await;
        ground
    }

    /// The next stories are about another tenant.
    pub(crate) async fn turns(&mut self) {
        self.tenancy = Tenancy::on(&self.platform, 1).await;
        self.sleeps().await;
    }

    /// Lets time pass at once, without a sweep: what was hidden shows itself again.
    pub(crate) async fn leaps(&self, by: SignedDuration) {
        self.platform.stack().clock().advance(by);
        self.platform.quiet().await;
    }

    /// Sweeps, and does what was found.
    pub(crate) async fn sweeps(&self) {
        // A sweep that breaks off is followed by the next minute's.
        let _swept = self.platform.stack().fire("sweeper").await;
        self.platform.quiet().await;
    }

    /// No night of the tenant comes any more, until one [falls](Self::falls).
    pub(crate) async fn sleeps(&self) {
        move_night(&self.table, &self.tenancy.owner, never()).await;
    }

    /// The tenant's next night falls, and the sweeper sees it.
    pub(crate) async fn falls(&self) {
        self.dusk().await;
        self.sweeps().await;
    }

    /// The tenant's next night falls, and nobody has seen it yet.
    pub(crate) async fn dusk(&self) {
        let now = self.platform.now();
        move_night(&self.table, &self.tenancy.owner, now).await;
        let at = PayoutSettings::default().night().next_after(now);
        self.platform.stack().clock().advance(at.duration_since(now));
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

/// The tenant's next night is the first one after this instant.
async fn move_night(table: &Table, owner: &Owner, after: Timestamp) {
    let (nights, _) = table.due_nights(Timestamp::MAX, None).await.unwrap();
    let due = nights.into_iter().find(|due| due.tenant == owner.tenant).unwrap();
    let night = PayoutSettings::default().night();
    assert!(table.advance_night(&due, &night, after).await.unwrap());
}

/// Later than all stories.
fn never() -> Timestamp {
    "9000-01-01T00:00:00Z".parse().unwrap()
}
