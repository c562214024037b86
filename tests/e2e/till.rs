//! A guard who is tipped, and whoever keeps the books of it: what the stories about money share.

use adapters::table::{GuardBalances, StoredPosting};
use domain::id::{GuardId, TipId};
use domain::ledger::{AccountKind, PaystackReference, Reference};
use domain::money::Currency;
use futures::future::join_all;
use jiff::SignedDuration;
use local::paystack::{ChargeStatus, Fault, FaultKind, Payment, RefundStatus, Settings};
use serde_json::{Value, json};
use tessera_tests::{Platform, Reply};

/// What Paystack keeps of 1,000 naira, in kobo: 1.5 %, and the flat part is waived below 2,500.
pub(crate) const FEE: i64 = 1_500;
/// What the guard has of 1,000 naira, in kobo: the platform takes 0.5 %.
pub(crate) const NET: i64 = 98_000;
/// 1,000 naira, in kobo.
pub(crate) const TIP: i64 = 100_000;

/// A guard with a code, and the platform.
pub(crate) struct Till {
    pub(crate) platform: Platform,
    pub(crate) guard: GuardId,
    pub(crate) token: String,
}

impl Till {
    /// A platform with one guard. Refunds move on when a story says so.
    pub(crate) async fn open() -> Self {
        Self::on(Platform::start().await).await
    }

    pub(crate) async fn on(platform: Platform) -> Self {
        let (guard, token) = hire(&platform).await;
        let till = Self { platform, guard, token };
        let settings = Settings { refunds_by_hand: true, ..Settings::default() };
        let merchants = till.asks_paystack("merchants").await;
        let merchant = merchants[0]["integration"].as_u64().unwrap();
        till.platform.simulator().set_settings(merchant, settings).unwrap();
        till
    }

    /// Another guard of the same platform, on this platform's till.
    pub(crate) async fn hires(&mut self) {
        (self.guard, self.token) = hire(&self.platform).await;
    }

    /// A patron wants to tip 1,000 naira.
    pub(crate) async fn tips(&self) -> Value {
        self.platform.patron().tips(&self.token, TIP).await
    }

    /// A patron tips 1,000 naira, pays, and everything that follows from it happens.
    pub(crate) async fn earns(&self) -> Value {
        let tip = self.tips().await;
        self.pays(&tip, Payment::Success);
        self.platform.quiet().await;
        tip
    }

    pub(crate) fn pays(&self, tip: &Value, payment: Payment) -> ChargeStatus {
        self.platform.simulator().pay(reference(tip), payment).unwrap()
    }

    /// From now on, events of these kinds wait until they are delivered by hand.
    pub(crate) fn holds(&self, events: &str) {
        self.breaks(Fault::always(events, FaultKind::Hold));
    }

    pub(crate) fn breaks(&self, fault: Fault) {
        self.platform.simulator().plan(fault).unwrap();
    }

    /// The numbers of the events of a kind, about a tip.
    pub(crate) fn events(&self, tip: &Value, kind: &str) -> Vec<u64> {
        let events = self.platform.simulator().webhooks().into_iter();
        let wanted =
            events.filter(|event| event.reference == reference(tip) && event.event == kind);
        wanted.map(|event| event.id).collect()
    }

    /// Delivers an event; says what it was answered.
    pub(crate) async fn delivers(&self, event: u64) -> Option<u16> {
        self.platform.simulator().deliver_now(event).await.unwrap().status
    }

    /// Where a tip stands, for its patron.
    pub(crate) async fn status(&self, tip: &Value) -> String {
        let seen = self.platform.patron().looks_after(tip).await;
        seen["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn purse(&self) -> GuardBalances {
        let (table, tenant) = (self.platform.table(), &self.platform.owner().tenant);
        table.guard_balances(tenant, &self.guard, Currency::Ngn).await.unwrap()
    }

    /// What stands in the system's accounts: clearing, platform, expense.
    pub(crate) async fn system(&self) -> [i64; 3] {
        let (table, tenant) = (self.platform.table(), &self.platform.owner().tenant);
        let balances = table.system_balances(tenant, Currency::Ngn).await.unwrap();
        [AccountKind::Clearing, AccountKind::PlatformFees, AccountKind::PspFees].map(|kind| {
            let account = domain::ledger::Account::new(kind, Currency::Ngn);
            balances.get(&account).copied().unwrap_or(0)
        })
    }

    /// What Paystack has collected for the tenant and not settled; it knows nothing of our ledger.
    pub(crate) fn clearing(&self) -> i64 {
        let all = self.platform.simulator().money().into_iter();
        all.filter(|money| money.currency == Currency::Ngn).map(|money| money.clearing).sum()
    }

    /// Paystack's refunds, oldest first: its number, the note with our id, and the amount.
    pub(crate) async fn at_paystack(&self) -> Vec<(u64, String, i64)> {
        let all = self.asks_paystack("refunds").await;
        let refund = |refund: &Value| {
            let note = refund["merchant_note"].as_str().unwrap_or_default().to_owned();
            (refund["id"].as_u64().unwrap(), note, refund["amount"].as_i64().unwrap())
        };
        all.as_array().unwrap().iter().rev().map(refund).collect()
    }

    /// Looks into the simulator, as a person could.
    pub(crate) async fn asks_paystack(&self, what: &str) -> Value {
        let url = self.platform.environment("payments").required("PAYSTACK_URL").unwrap();
        self.platform.owner().get(&format!("{url}/_simulator/{what}")).await.is(200).json()
    }

    /// A refund has reached the patron.
    pub(crate) fn processes(&self, refund: u64) {
        let moved = self.platform.simulator().move_refund(refund, RefundStatus::Processed);
        moved.unwrap();
    }

    /// The ledger is whole and right, and Paystack has as much for us as we think.
    pub(crate) async fn balances(&self) {
        self.platform.quiet().await;
        let found = self.platform.owner().get("/api/v1/ledger/invariants").await.is(200).json();
        assert_eq!((&found["ok"], &found["complete"]), (&json!(true), &json!(true)), "{found}");
        assert_eq!(found["waiting"], 0, "{found}");
    }

    /// The kinds of the cases that somebody has to look at, sorted.
    pub(crate) async fn cases(&self) -> Vec<String> {
        let page = self.platform.owner().get("/api/v1/reconciliation/cases").await.is(200).json();
        let cases = page["cases"].as_array().unwrap().iter();
        let kind = |case: &Value| match &case["mismatch"] {
            Value::Null => case["kind"].as_str().unwrap().to_owned(),
            mismatch => {
                format!("{} {}", case["kind"].as_str().unwrap(), mismatch.as_str().unwrap())
            }
        };
        let mut kinds: Vec<String> = cases.map(kind).collect();
        kinds.sort();
        kinds
    }

    /// Asks for a refund under this key.
    pub(crate) async fn refunds(&self, tip: &Value, key: &str, request: &Value) -> Reply {
        let path = format!("/api/v1/tips/{}/refund", tip["tip_id"].as_str().unwrap());
        let ask = self.platform.owner().post(&path).header("idempotency-key", key);
        ask.json(request).await
    }

    /// Asks for a refund that is taken.
    pub(crate) async fn pays_back(&self, tip: &Value, key: &str, request: &Value) -> Value {
        self.refunds(tip, key, request).await.is(202).json()
    }

    /// What a transaction of the ledger has posted.
    pub(crate) async fn posting(&self, reference: &Reference) -> Option<StoredPosting> {
        let (table, tenant) = (self.platform.table(), &self.platform.owner().tenant);
        table.posting(tenant, reference).await.unwrap()
    }

    /// The postings of the references, with the guard left out, so that two guards can be compared.
    pub(crate) async fn postings(&self, references: &[Reference]) -> Vec<Vec<(String, i64)>> {
        let found = join_all(references.iter().map(|reference| self.posting(reference))).await;
        let plain = |posting: Option<StoredPosting>| {
            let postings = posting.map(|posting| posting.record.postings).unwrap_or_default();
            let account = |text: String| text.replace(self.guard.as_str(), "");
            postings.into_iter().map(|p| (account(p.account.to_string()), p.minor)).collect()
        };
        found.into_iter().map(plain).collect()
    }

    pub(crate) async fn passes(&self, minutes: i64) {
        self.platform.passes(SignedDuration::from_mins(minutes)).await;
        self.platform.quiet().await;
    }
}

/// Paystack's reference of a tip.
pub(crate) fn reference(tip: &Value) -> &str {
    tip["reference"].as_str().unwrap()
}

pub(crate) fn tip_id(tip: &Value) -> TipId {
    TipId::parse(tip["tip_id"].as_str().unwrap()).unwrap()
}

/// The ledger's reference of a tip's charge.
pub(crate) fn charge_of(tip: &Value) -> Reference {
    Reference::charge(&PaystackReference::of(&tip_id(tip)))
}

async fn hire(platform: &Platform) -> (GuardId, String) {
    let guard = platform.owner().hires("Musa", "Adebayo").await;
    let code = platform.owner().prints_code(&guard).await;
    let id = GuardId::parse(guard["guard_id"].as_str().unwrap()).unwrap();
    (id, code["token"].as_str().unwrap().to_owned())
}
