//! The money of the platform that is the same each time: one tip that is paid, one that nobody pays, and one payout
//! that is under way.

use adapters::paystack::{Initialize, Paystack, RecipientKind, RecipientWish};
use adapters::table::Table;
use domain::audit::Actor;
use domain::contact::Email;
use domain::guard::{AccountChange, PayoutAccount};
use domain::id::{GuardId, PayoutId, TipId};
use domain::money::{Currency, Money};
use domain::payout::{Payout, PayoutSettings, PayoutState, Planned};
use domain::settlement::{Candidate, Run, SCHEDULE};
use domain::tip::{Checkout, Patron, Tip, TipSettings, TipWish};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use local::Stack;
use local::paystack::Payment;
use serde_json::json;

use crate::seed::{noon, tenant_id};

/// The tenant's key at Paystack, with which the golden events are signed.
const SECRET_KEY: &str = "sk_test_golden";
/// 1,000 naira, in kobo.
const AMOUNT: i64 = 100_000;

/// Makes the tenant a merchant of Paystack's.
pub(crate) fn connect(stack: &Stack) {
    stack.ensure_merchant(&tenant_id(), "DAO-Bitat", SECRET_KEY).unwrap();
}

/// A tip for Musa with a number, which is in its id, made so many minutes before noon; Paystack has a page for it.
pub(crate) async fn wish(stack: &Stack, number: u8, minutes: i64) -> Tip {
    let at: Timestamp = noon() - SignedDuration::from_mins(minutes);
    let wish = TipWish {
        guard: GuardId::new(noon(), [1; 10]),
        amount: Money { minor: AMOUNT, currency: Currency::Ngn },
        patron: Patron::parse("Zoë", "", "").unwrap(),
        source_ip: None,
    };
    let id = TipId::new(noon(), [number; 10]);
    let tip = Tip::initiate(id, tenant_id(), wish, &TipSettings::default(), at).unwrap();
    let environment = stack.environment("finance").unwrap();
    let (table, paystack) =
        (Table::from_env(environment).unwrap(), Paystack::from_env(environment).unwrap());
    let page = paystack.initialize(&tenant_id(), &charge(&tip)).await.unwrap();
    let (authorization_url, access_code) = (page.authorization_url, page.access_code);
    let tip = tip.open(Checkout { authorization_url, access_code }).unwrap();
    assert!(table.insert_tip(&tip).await.unwrap());
    tip
}

fn charge(tip: &Tip) -> Initialize {
    Initialize {
        reference: tip.reference(),
        email: Email::parse("zoe@example.com").unwrap(),
        amount: tip.amount,
        callback_url: "https://qr.example.com/".to_owned(),
        metadata: json!({}),
    }
}

/// The patron pays; nobody has heard of it yet.
pub(crate) fn pay(stack: &Stack, tip: &Tip) {
    let simulator = stack.simulator().unwrap();
    simulator.pay(tip.reference().as_str(), Payment::Success).unwrap();
}

/// A tip that has arrived in the ledger.
pub(crate) async fn earn(stack: &Stack) {
    connect(stack);
    let tip = wish(stack, 1, 0).await;
    pay(stack, &tip);
    stack.quiet().await.unwrap();
}

/// A payout whose first transfer may go.
pub(crate) async fn reserve(stack: &Stack) {
    connect(stack);
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let payout = Payout {
        id: PayoutId::new(noon(), [1; 10]),
        tenant: tenant_id(),
        guard: GuardId::new(noon(), [1; 10]),
        run: date(2026, 11, 21),
        amount: Money { minor: AMOUNT, currency: Currency::Ngn },
        recipient: "RCP_golden".to_owned(),
        state: PayoutState::Reserved,
        attempt: 1,
        failures: 0,
        trouble: None,
        from_seq: 1,
        to_seq: 1,
        part: 0,
        back_seq: None,
        since: noon(),
        created_at: noon(),
        changed_at: noon(),
        due_at: None,
    };
    assert!(table.insert_payout(&payout).await.unwrap());
}

/// The run of the night before, which has paid one guard and has nothing for another.
pub(crate) async fn settle(stack: &Stack) {
    connect(stack);
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let at = noon() - SignedDuration::from_hours(11);
    let terms = (Currency::Ngn, PayoutSettings::default());
    let run = Run::ask(tenant_id(), date(2026, 11, 20), SCHEDULE, terms, at);
    assert!(table.insert_run(&run).await.unwrap());
    let begun = run.begin(AMOUNT + 1_000);
    assert!(table.replace_run(&begun, 1).await.unwrap());
    let candidate = |number: u8| Candidate {
        guard: GuardId::new(noon(), [number; 10]),
        available: AMOUNT,
        since: at - SignedDuration::from_hours(1),
        recipient: Some(format!("RCP_golden{number}")),
        held_until: None,
    };
    let mut planner = begun.planner();
    let lines = planner.page(vec![candidate(1), candidate(2)], at);
    let read = begun.version;
    let planned = begun.advance(&planner, None, at);
    assert!(table.commit_run_page(&planned, read, &lines).await.unwrap());
}

/// A payout of what Musa is owed, planned a moment ago, and a balance that lasts for it.
pub(crate) async fn plan(stack: &Stack) {
    earn(stack).await;
    let environment = stack.environment("guards").unwrap();
    let (table, paystack) =
        (Table::from_env(environment).unwrap(), Paystack::from_env(environment).unwrap());
    let (simulator, currency) = (stack.simulator().unwrap(), Currency::Ngn);
    simulator.top_up(simulator.money()[0].integration, currency, 10 * AMOUNT).unwrap();
    let wish = RecipientWish {
        kind: RecipientKind::Nuban,
        name: "Musa Adebayo".to_owned(),
        account_number: "0022728151".to_owned(),
        bank_code: "057".to_owned(),
        currency,
    };
    let recipient = paystack.create_recipient(&tenant_id(), &wish).await.unwrap();
    let account = PayoutAccount::new(&recipient, &wish.account_number, "Zenith Bank").unwrap();
    let musa = table.guard(&tenant_id(), &GuardId::new(noon(), [1; 10])).await.unwrap().unwrap();
    let change = AccountChange { by: Actor::System, at: noon(), explained: true };
    let paid = musa.clone().pay_to(account, change).unwrap();
    table.replace_guard(&paid, &musa).await.unwrap().unwrap();
    let purse = table.guard_balances(&tenant_id(), &musa.id, currency).await.unwrap();
    let (amount, since) = (purse.available(), noon());
    let planned = Planned { guard: musa.id, amount, recipient, since };
    let of = (PayoutId::new(noon(), [1; 10]), tenant_id(), date(2026, 11, 21));
    assert!(table.insert_payout(&Payout::plan(of, planned, currency, noon())).await.unwrap());
}
