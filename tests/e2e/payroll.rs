//! Guards with accounts who were tipped, and whoever pays them: what the stories about payouts share.

use adapters::paystack::{Paystack, TransferWish};
use adapters::queue::Queue;
use adapters::table::{LedgerWrite, Posted, StoredPayout};
use domain::id::{GuardId, PayoutId, TenantId};
use domain::ledger::{Account, AccountKind, Transaction, TransferReference};
use domain::message::PayoutMessage;
use domain::money::Currency;
use domain::page::PageSize;
use domain::payout::{Payout, PayoutState, Trouble};
use jiff::SignedDuration;
use local::paystack::{Money, Payment, Settings, TransferStatus};
use serde_json::{Value, json};

use crate::till::{Till, reference};

/// 2,000 naira, in kobo.
const TIP: i64 = 200_000;
/// What a guard has of it, in kobo: Paystack keeps 1.5 %, and the platform 0.5 %.
pub(crate) const OWED: i64 = 196_000;
/// What Paystack takes for a transfer of up to 5,000 naira, in kobo.
pub(crate) const FEE: i64 = 1_000;
/// What the merchant has put into its balance, in kobo.
const TOP_UP: i64 = 10_000_000;

/// A platform with guards who are owed something.
pub(crate) struct Payroll {
    pub(crate) till: Till,
    pub(crate) merchant: u64,
    pub(crate) guards: Vec<GuardId>,
    /// What others have taken out of the balance, in kobo.
    pub(crate) foreign: i64,
}

impl Payroll {
    /// So many guards, each of whom is owed [`OWED`], and a balance that lasts for all of them.
    pub(crate) async fn of(guards: u32) -> Self {
        let payroll = Self::without_balance(guards).await;
        payroll.tops_up(TOP_UP);
        payroll
    }

    /// The same with nothing in Paystack's balance.
    pub(crate) async fn without_balance(guards: u32) -> Self {
        let till = Till::open().await;
        let merchants = till.asks_paystack("merchants").await;
        let merchant = merchants[0]["integration"].as_u64().unwrap();
        let mut payroll = Self { till, merchant, guards: Vec::new(), foreign: 0 };
        for number in 0..guards {
            payroll.hires(number).await;
        }
        payroll
    }

    async fn hires(&mut self, number: u32) {
        let owner = self.till.platform.owner();
        let guard = owner.hires("Musa", "Adebayo").await;
        let account_number = format!("00227{number:05}");
        let account =
            json!({ "kind": "bank", "bank_code": "057", "account_number": account_number });
        let path = format!("{}/payout-account", owner.path_of(&guard));
        let _set = owner.put(&path).json(&account).await.is(200);
        let code = owner.prints_code(&guard).await;
        self.guards.push(GuardId::parse(guard["guard_id"].as_str().unwrap()).unwrap());
        self.tips(code["token"].as_str().unwrap()).await;
        // Whose money is older is paid first.
        self.passes_s(1).await;
    }

    /// A patron tips 2,000 naira.
    async fn tips(&self, token: &str) {
        let tip = self.till.platform.patron().tips(token, TIP).await;
        self.till.platform.simulator().pay(reference(&tip), Payment::Success).unwrap();
        self.till.platform.quiet().await;
    }

    pub(crate) fn tops_up(&self, minor: i64) {
        self.till.platform.simulator().top_up(self.merchant, Currency::Ngn, minor).unwrap();
    }

    /// How the sandbox behaves.
    pub(crate) fn behaves(&self, settings: Settings) {
        self.till.platform.simulator().set_settings(self.merchant, settings).unwrap();
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.till.platform.owner().tenant
    }

    /// Finance presses "run settlement", and everything follows that follows at once. A run pays what was owed before
    /// it began.
    pub(crate) async fn runs(&self) {
        self.passes_s(1).await;
        let answer = self.till.platform.owner().post("/api/v1/settlements/run").await;
        assert!([200, 202].contains(&answer.status), "{}", answer.text());
        self.till.platform.quiet().await;
    }

    /// Time passes, and everything follows.
    pub(crate) async fn passes_s(&self, seconds: i64) {
        self.till.platform.passes(SignedDuration::from_secs(seconds)).await;
        self.till.platform.quiet().await;
    }

    /// The payouts of a guard, newest first.
    pub(crate) async fn payouts(&self, guard: usize) -> Vec<Payout> {
        let (table, guard) = (self.till.platform.table(), &self.guards[guard]);
        table.payouts_of_guard(self.tenant(), guard, PageSize::largest(), None).await.unwrap()
    }

    /// A guard's newest payout.
    pub(crate) async fn payout(&self, guard: usize) -> Payout {
        let mut payouts = self.payouts(guard).await;
        assert!(!payouts.is_empty(), "the guard has no payout");
        payouts.remove(0)
    }

    pub(crate) async fn stored(&self, id: &PayoutId) -> StoredPayout {
        self.till.platform.table().payout(id).await.unwrap().unwrap()
    }

    /// Where a guard's newest payout stands: state, attempt, trouble.
    pub(crate) async fn stands(&self, guard: usize) -> (PayoutState, u32, Option<Trouble>) {
        let payout = self.payout(guard).await;
        (payout.state, payout.attempt, payout.trouble)
    }

    /// The same of an older payout: 0 is the newest.
    pub(crate) async fn stands_of(
        &self,
        guard: usize,
        older: usize,
    ) -> (PayoutState, u32, Option<Trouble>) {
        let payout = &self.payouts(guard).await[older];
        (payout.state, payout.attempt, payout.trouble)
    }

    /// Writes a payout together with a transaction, as the worker does.
    pub(crate) async fn writes(&self, transaction: &Transaction, (payout, read): (&Payout, u64)) {
        let table = self.till.platform.table();
        let currency = payout.amount.currency;
        let balances = table.guard_balances(self.tenant(), &payout.guard, currency).await.unwrap();
        let write = LedgerWrite {
            tenant: self.tenant(),
            transaction,
            guard: Some(&payout.guard),
            balances: &balances,
            tip: None,
            payout: Some((payout, read)),
            outbox: None,
            at: self.till.platform.now(),
        };
        assert_eq!(table.commit_posting(&write).await.unwrap(), Posted::Posted);
    }

    /// A guard is paid at this account from now on; it is said why.
    pub(crate) async fn enters_account(&self, guard: usize, number: &str) {
        let account = json!({
            "kind": "bank", "bank_code": "057", "account_number": number,
            "note": "The guard has called from the known number",
        });
        let path = format!("/api/v1/guards/{}/payout-account", self.guards[guard]);
        let _set = self.till.platform.owner().put(&path).json(&account).await.is(200);
    }

    /// The message that asks for work on these guards' newest payouts.
    pub(crate) async fn work(&self, guards: &[usize]) -> PayoutMessage {
        let mut payouts = Vec::new();
        for guard in guards {
            payouts.push(self.payout(*guard).await.id);
        }
        PayoutMessage::Work { tenant: self.tenant().clone(), payouts }
    }

    /// The queue of the worker.
    pub(crate) fn queue(&self) -> Queue {
        let environment = self.till.platform.environment("payouts");
        Queue::from_env(environment, "PAYOUTS_QUEUE_URL").unwrap()
    }

    /// Paystack, asked past the platform.
    pub(crate) fn paystack(&self) -> Paystack {
        Paystack::from_env(self.till.platform.environment("payouts")).unwrap()
    }

    /// The transfer that a payout's present attempt asks for.
    pub(crate) fn wish(&self, payout: &Payout) -> TransferWish {
        let reference = payout.reference().unwrap();
        TransferWish { reference, ..self.foreign_wish(&payout.recipient, payout.amount.minor) }
    }

    /// A transfer that is no payout of ours, of so many kobo.
    pub(crate) fn foreign_wish(&self, recipient: &str, minor: i64) -> TransferWish {
        TransferWish {
            reference: TransferReference::parse("rent-2026-11-of-the-gate").unwrap(),
            recipient: recipient.to_owned(),
            amount: domain::money::Money { minor, currency: Currency::Ngn },
            reason: "Rent".to_owned(),
        }
    }

    /// A transfer that a test has left open ends.
    pub(crate) fn ends(&self, payout: &Payout, status: TransferStatus) {
        let reference = payout.reference().unwrap();
        self.till.platform.simulator().end_transfer(reference.as_str(), status).unwrap();
    }

    /// The numbers of Paystack's events about a payout's present attempt.
    pub(crate) fn events(&self, payout: &Payout) -> Vec<u64> {
        let reference = payout.reference().unwrap();
        let events = self.till.platform.simulator().webhooks().into_iter();
        let mine = events.filter(|event| event.reference == reference.as_str());
        mine.map(|event| event.id).collect()
    }

    /// How often Paystack was asked something, for example `POST /transfer`.
    pub(crate) fn calls(&self, route: &str) -> u64 {
        self.till.platform.simulator().calls().get(route).copied().unwrap_or(0)
    }

    /// Paystack's own books.
    pub(crate) fn money(&self) -> Money {
        let all = self.till.platform.simulator().money().into_iter();
        let mut mine = all
            .filter(|money| money.integration == self.merchant && money.currency == Currency::Ngn);
        mine.next().unwrap()
    }

    /// What Paystack has paid to the account of a guard, in kobo.
    pub(crate) async fn paid(&self, guard: usize) -> i64 {
        let recipient = self.payout(guard).await.recipient;
        let recipients = self.money().recipients;
        let mine = recipients.iter().filter(|paid| paid.recipient_code == recipient);
        mine.map(|paid| paid.amount).sum()
    }

    /// What our ledger says of an account of the system, in kobo.
    pub(crate) async fn system(&self, kind: AccountKind) -> i64 {
        let table = self.till.platform.table();
        let balances = table.system_balances(self.tenant(), Currency::Ngn).await.unwrap();
        balances.get(&Account::new(kind, Currency::Ngn)).copied().unwrap_or(0)
    }

    /// The bodies of the alerts that the operators were told, sorted.
    pub(crate) async fn alerts(&self) -> Vec<String> {
        self.till.platform.quiet().await;
        let inventory = self.till.platform.inventory().await;
        let alert = |item: &Value| {
            let kind = item["outbox"]["alert"].as_str()?;
            Some(kind.to_owned())
        };
        let mut alerts: Vec<String> = inventory.items.values().filter_map(alert).collect();
        alerts.sort();
        alerts
    }

    /// Each guard has what is owed, with us, on its way or at the bank, and nothing twice; Paystack's books and ours
    /// say the same; the ledger is whole.
    pub(crate) async fn balances(&self) {
        self.till.balances().await;
        let (table, mut moving) = (self.till.platform.table(), 0);
        for (number, guard) in self.guards.iter().enumerate() {
            let purse = table.guard_balances(self.tenant(), guard, Currency::Ngn).await.unwrap();
            let payouts = self.payouts(number).await;
            let confirmed = payouts.iter().filter(|payout| payout.state == PayoutState::Confirmed);
            let paid: i64 = confirmed.map(|payout| payout.amount.minor).sum();
            let at_bank = if payouts.is_empty() { 0 } else { self.paid(number).await };
            assert_eq!(-purse.payable - purse.in_transit + paid, OWED, "guard {number}: {purse:?}");
            // What Paystack has paid and we have not heard of is still on its way for us.
            assert!(at_bank == paid || at_bank == paid - purse.in_transit, "guard {number}");
            moving += at_bank - paid;
        }
        let theirs = self.money();
        assert_eq!(theirs.sum, 0);
        let balance = self.system(AccountKind::Balance).await;
        if moving == 0 && theirs.in_transit == 0 {
            // What the nightly comparison has posted of the top-ups came from the bank.
            let bank = self.system(AccountKind::Bank).await;
            let ours = balance + theirs.topped_up + bank - self.foreign;
            assert_eq!(ours, theirs.balance, "our balance and Paystack's");
        }
    }
}
