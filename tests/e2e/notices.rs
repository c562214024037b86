//! A guard hears of a tip at most once per channel, whatever the stream, the bus, the queue and the services do, and
//! the system's accounts are added up once.

use std::time::Duration;

use adapters::table::{Delivered, LedgerWrite, Posted, PushSubscription};
use domain::alert::Outbox;
use domain::guard::{Channel, GuardToken, NotificationPreference};
use domain::id::{GuardId, TipId};
use domain::ledger::{Account, AccountKind, Charge, FeeBearer, PaystackReference};
use domain::money::{Currency, Money};
use domain::notice::{News, Notice};
use jiff::SignedDuration;
use local::stream::Deliveries;
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::{Platform, Start, seed};

const PHONE: &str = "+2348012345678";
const MAILBOX: &str = "guard@example.com";
/// Longer than the queue hides a message, as often as it shows it.
const UNTIL_GIVEN_UP: SignedDuration = SignedDuration::from_hours(1);
/// Real time after which a call counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(2);

/// A guard with a telephone and a mailbox.
struct Guarded {
    platform: Platform,
    guard: Value,
}

impl Guarded {
    async fn start_with(start: Start) -> Self {
        let platform = Platform::start_with(start).await;
        let guard = platform.owner().hires("Ada", "Obi").await;
        Self { platform, guard }
    }

    async fn start() -> Self {
        Self::start_with(Start::default()).await
    }

    fn id(&self) -> GuardId {
        GuardId::parse(self.guard["guard_id"].as_str().unwrap()).unwrap()
    }

    /// A tip of 1,000.00 NGN is paid: the ledger's write of it, with the notice in its outbox.
    async fn earns(&self, number: u8, alias: &str) -> TipId {
        let (table, tenant) = (self.platform.table(), &self.platform.owner().tenant);
        let (guard, at) = (self.id(), self.platform.now());
        let tip = TipId::new(at, [number; 10]);
        let currency = Currency::Ngn;
        let charge = Charge {
            reference: PaystackReference::of(&tip),
            guard: guard.clone(),
            currency,
            tip: 100_000,
            collected: 100_000,
            psp_fee: 1_500,
            platform_fee: 500,
            bearer: FeeBearer::Guard,
        };
        let net = Money { minor: 98_000, currency };
        let alias = Some(alias.to_owned()).filter(|alias| !alias.is_empty());
        let news = News::TipReceived { tip: tip.clone(), net, alias };
        let notice: Outbox =
            Notice { tenant: tenant.clone(), guard: guard.clone(), at, news }.into();
        let balances = table.guard_balances(tenant, &guard, currency).await.unwrap();
        let write = LedgerWrite {
            tenant,
            transaction: &charge.transaction(0).unwrap(),
            guard: Some(&guard),
            balances: &balances,
            tip: None,
            payout: None,
            outbox: Some(&notice),
            at,
        };
        assert_eq!(table.commit_posting(&write).await.unwrap(), Posted::Posted);
        tip
    }

    /// Lets everything happen that is going to happen.
    async fn settles(&self) {
        self.platform.quiet().await;
        self.platform.passes(UNTIL_GIVEN_UP).await;
        self.platform.quiet().await;
    }

    async fn chooses(&self, channel: Channel, opted_in: bool) {
        let choice = NotificationPreference { channel, opted_in, updated_at: self.platform.now() };
        let (table, tenant) = (self.platform.table(), &self.platform.owner().tenant);
        assert!(table.replace_preference(tenant, &self.id(), &choice).await.unwrap());
    }

    fn texts(&self) -> Vec<String> {
        let texts = self.platform.inbox().texts_to(PHONE);
        texts.into_iter().map(|message| message.text).collect()
    }

    fn letters(&self) -> usize {
        self.platform.inbox().letters_to(MAILBOX).len()
    }

    async fn outcome(&self, tip: &TipId, channel: Channel) -> Option<Delivered> {
        let delivery = self.platform.table().delivery(tip.as_str(), channel).await.unwrap();
        delivery.and_then(|delivery| delivery.outcome)
    }

    fn dead(&self) -> Option<u64> {
        self.platform.queue("Notices").dead
    }
}

fn of_sns() -> Filter {
    Filter::any().function("notify").service("sns")
}

/// What SNS answers to a request that it does not take.
fn refusal(code: &str) -> Fault {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{PHONE} is not valid to publish to</Message></Error></ErrorResponse>"
    );
    Fault::Answer { status: 400, body }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_gets_one_text_and_one_mail_for_each_tip_however_often_it_is_delivered() {
    let unkind = Deliveries {
        twice: true,
        split: true,
        shuffle: true,
        fail_before_percent: 20,
        fail_after_percent: 20,
        seed: seed(),
    };
    for deliveries in [Deliveries::default(), unkind] {
        let guarded = Guarded::start_with(Start { deliveries, ..Start::default() }).await;
        for number in 1..=5 {
            let _tip = guarded.earns(number, &format!("Zoë {number}")).await;
        }
        guarded.settles().await;
        let mut texts = guarded.texts();
        texts.sort();
        let text = |n| format!("Tessera: You received a tip of 980.00 NGN from Zoë {n}.");
        assert_eq!(texts, (1..=5).map(text).collect::<Vec<_>>());
        let letters = guarded.platform.inbox().letters_to(MAILBOX);
        assert_eq!(letters.len(), 5);
        for letter in letters {
            assert_eq!(letter.subject, "You received a tip of 980.00 NGN");
            assert!(letter.text.starts_with("Hello Ada,"), "{}", letter.text);
            assert!(letter.html.unwrap().contains("from Zoë"));
        }
        assert_eq!(guarded.dead(), Some(0));
        // The stream's other reader has added the same tips up, each once.
        let (table, tenant) = (guarded.platform.table(), &guarded.platform.owner().tenant);
        let balances = table.system_balances(tenant, Currency::Ngn).await.unwrap();
        let balance = |kind| balances[&Account::new(kind, Currency::Ngn)];
        assert_eq!(balance(AccountKind::Clearing), 5 * 98_500);
        assert_eq!(balance(AccountKind::PlatformFees), -5 * 500);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_may_have_gone_out_is_not_sent_again_and_one_that_was_refused_is() {
    // What meets the first attempt, what the guard has in the end, and what we know of it.
    let cases = [
        (Fault::LoseReply, 1, Delivered::Unknown),
        (Fault::Before, 0, Delivered::Unknown),
        (Fault::Answer { status: 500, body: String::new() }, 0, Delivered::Unknown),
        (refusal("Throttled"), 1, Delivered::Sent),
        (refusal("InvalidParameter"), 0, Delivered::Impossible),
    ];
    for (number, (fault, texts, outcome)) in (1..).zip(cases) {
        let guarded = Guarded::start().await;
        guarded.platform.meter().break_call(1, of_sns(), fault.clone(), false);
        let tip = guarded.earns(number, "").await;
        guarded.settles().await;
        assert_eq!(guarded.texts().len(), texts, "{fault:?}");
        assert_eq!(guarded.outcome(&tip, Channel::Sms).await, Some(outcome), "{fault:?}");
        // The other channel does not care.
        assert_eq!(guarded.letters(), 1, "{fault:?}");
        assert_eq!(guarded.outcome(&tip, Channel::Email).await, Some(Delivered::Sent));
        assert_eq!(guarded.dead(), Some(0), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_dies_after_sending_leaves_nothing_that_is_sent_twice() {
    let sns = of_sns().operation("Publish");
    let mail = Filter::any().function("notify").service("ses");
    let settling = Filter::any().function("notify").service("dynamodb").operation("UpdateItem");
    for (number, at) in (1..).zip([sns, mail, settling]) {
        let guarded = Guarded::start().await;
        guarded.platform.meter().break_call(1, at.clone(), Fault::NeverReply, true);
        let tip = guarded.earns(number, "").await;
        let dies = tokio::time::timeout(DEAD_AFTER, guarded.platform.quiet()).await;
        assert!(dies.is_err(), "{at:?}: nothing died");
        guarded.platform.meter().clear_faults();
        guarded.settles().await;
        assert_eq!((guarded.texts().len(), guarded.letters()), (1, 1), "{at:?}");
        for channel in [Channel::Sms, Channel::Email] {
            let outcome = guarded.outcome(&tip, channel).await;
            let fine = [Some(Delivered::Sent), Some(Delivered::Unknown)].contains(&outcome);
            assert!(fine, "{at:?} {channel}: {outcome:?}");
        }
        assert_eq!(guarded.dead(), Some(0), "{at:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_again_and_again_is_put_aside_and_can_be_sent_back() {
    let guarded = Guarded::start().await;
    for nth in 1..=5 {
        guarded.platform.meter().break_call(nth, of_sns(), refusal("AuthorizationError"), false);
    }
    let tip = guarded.earns(1, "Zoë").await;
    guarded.settles().await;
    assert_eq!((guarded.texts().len(), guarded.letters()), (0, 1));
    assert_eq!(guarded.dead(), Some(1));
    assert_eq!(guarded.platform.redrives("Notices"), 1);
    guarded.settles().await;
    assert_eq!((guarded.texts().len(), guarded.letters()), (1, 1), "the mail is not repeated");
    assert_eq!(guarded.outcome(&tip, Channel::Sms).await, Some(Delivered::Sent));
    assert_eq!(guarded.dead(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_told_as_it_has_chosen_and_not_after_it_has_left() {
    let guarded = Guarded::start().await;
    let (table, tenant) = (guarded.platform.table(), guarded.platform.owner().tenant.clone());
    // The keys are those of RFC 8291's example.
    let browser = |name: &str| {
        PushSubscription {
        endpoint: guarded.platform.push_endpoint(name),
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
            .to_owned(),
        auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned(),
    }
    };
    for name in ["phone", "lost"] {
        let added = table.insert_push_subscription(&tenant, &guarded.id(), &browser(name)).await;
        assert!(added.unwrap());
    }
    guarded.platform.inbox().answer_pushes("lost", 410);
    guarded.chooses(Channel::Sms, false).await;
    guarded.chooses(Channel::Push, true).await;
    let tip = guarded.earns(1, "").await;
    guarded.settles().await;
    assert_eq!((guarded.texts().len(), guarded.letters()), (0, 1));
    let pushed = guarded.platform.inbox().pushes_to("phone");
    assert_eq!(pushed.len(), 1);
    assert!(pushed[0].body.len() < 400, "{} bytes", pushed[0].body.len());
    assert_eq!(guarded.outcome(&tip, Channel::Sms).await, None);
    assert_eq!(guarded.outcome(&tip, Channel::Push).await, Some(Delivered::Sent));
    let left = table.push_subscriptions(&tenant, &guarded.id()).await.unwrap();
    assert_eq!(left, [browser("phone")], "a browser that is gone is forgotten");

    guarded.platform.inbox().answer_pushes("phone", 404);
    guarded.chooses(Channel::Email, false).await;
    let tip = guarded.earns(2, "").await;
    guarded.settles().await;
    assert_eq!(guarded.outcome(&tip, Channel::Push).await, Some(Delivered::Impossible));
    assert_eq!(table.push_subscriptions(&tenant, &guarded.id()).await.unwrap(), []);

    guarded.chooses(Channel::Sms, true).await;
    let archive = format!("{}/archive", guarded.platform.owner().path_of(&guarded.guard));
    let _gone = guarded.platform.owner().post(&archive).await.is(200);
    let tip = guarded.earns(3, "").await;
    guarded.settles().await;
    assert_eq!((guarded.texts().len(), guarded.letters()), (0, 1));
    assert_eq!(guarded.outcome(&tip, Channel::Sms).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_comes_by_mail_as_a_picture_and_as_an_address_also_to_who_wants_no_mail() {
    let guarded = Guarded::start().await;
    guarded.chooses(Channel::Email, false).await;
    let owner = guarded.platform.owner();
    let code = owner.prints_code(&guarded.guard).await;
    let path = format!("{}/qr/email", owner.path_of(&guarded.guard));
    let asked = owner.post_once(&path).json(&json!({})).await.is(202).json();
    assert_eq!(asked["qr_id"], code["qr_id"]);
    guarded.settles().await;
    assert_eq!(guarded.texts().len(), 0);
    let letters = guarded.platform.inbox().letters_to(MAILBOX);
    let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    assert_eq!(letter.subject, "Your code for tips");
    let [file] = letter.attachments.as_slice() else { panic!("no file") };
    assert_eq!((&*file.name, &*file.content_type), ("tip-code.png", "image/png"));
    let address = qr::decode(&file.bytes).unwrap();
    assert!(letter.text.contains(&address), "{}", letter.text);
    assert!(letter.html.as_ref().unwrap().contains(&format!("href=\"{address}\"")));
    let (_, token) = address.rsplit_once("/g/").unwrap();
    let target = guarded.platform.table().tip_target(&GuardToken::parse(token).unwrap()).await;
    assert_eq!(target.unwrap().unwrap().guard, guarded.id());

    // A code that was replaced meanwhile is not sent: its paper would be old at once.
    let _asked = owner.post_once(&path).json(&json!({})).await.is(202);
    let _code = owner.prints_code(&guarded.guard).await;
    guarded.settles().await;
    assert_eq!(guarded.letters(), 1);
}
