//! What finance finds on the platform that is the same each time: cases, a payout that is planned, and one that needs a
//! person; and a guard whose account was changed.

use adapters::paystack::{Paystack, RecipientKind, RecipientWish, TransferWish};
use adapters::table::{Answer, ClaimOutcome, LedgerWrite, Posted, Table};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::case::{Case, CaseKind};
use domain::export::{Export, ExportKind, ExportState, Progress};
use domain::guard::{AccountChange, PayoutAccount};
use domain::id::{ExportId, GuardId, KeyId, PayoutId};
use domain::ledger::payout_start;
use domain::money::{Currency, Money};
use domain::payout::{Payout, PayoutState, Planned, Trouble};
use jiff::SignedDuration;
use local::Stack;
use serde_json::{Value, json};

use crate::fixture::{options, root};
use crate::seed::{noon, seed, tenant_id};

/// A payout with a number, which is in its id.
fn payout(number: u8) -> Payout {
    let planned = Planned {
        guard: GuardId::new(noon(), [1; 10]),
        amount: 98_000,
        recipient: "RCP_golden".to_owned(),
        since: noon(),
    };
    let id = PayoutId::new(noon(), [number; 10]);
    let run = "2026-11-20".parse().unwrap();
    Payout::plan((id, tenant_id(), run), planned, Currency::Ngn, noon())
}

pub(crate) async fn lay_out(stack: &Stack) {
    let table = Table::from_env(stack.environment("finance").unwrap()).unwrap();
    let case = Case::open(tenant_id(), CaseKind::RefundFailed, "tip-1", "7", noon());
    assert!(table.insert_case(&case).await.unwrap());
    let given = Case::open(tenant_id(), CaseKind::RefundFailed, "tip-2", "8", noon());
    assert!(table.insert_case(&given).await.unwrap());
    let key = Actor::Key(KeyId::new(noon(), [9; 10]));
    let change = AuditChange {
        tenant: tenant_id(),
        at: noon(),
        actor: key.clone(),
        operation: Operation::CaseAssigned,
        subject: given.id.clone(),
        before: Facts::none(),
        after: Facts::of(&key),
        note: None,
    };
    let assigned = given.assign(key).unwrap();
    assert!(table.replace_case(&assigned, 1, &change).await.unwrap());
    assert!(table.insert_payout(&payout(1)).await.unwrap());
    let failed = Payout {
        state: PayoutState::NeedsHuman,
        attempt: 6,
        failures: 6,
        trouble: Some(Trouble::TransferFailed),
        from_seq: 1,
        to_seq: 1,
        due_at: None,
        ..payout(2)
    };
    assert!(table.insert_payout(&failed).await.unwrap());
}

/// A payout of Musa's under whose reference Paystack has a transfer of 900 naira instead of 980.
pub(crate) async fn go_astray(stack: &Stack) {
    let environment = stack.environment("finance").unwrap();
    let (table, paystack) =
        (Table::from_env(environment).unwrap(), Paystack::from_env(environment).unwrap());
    let (simulator, currency) = (stack.simulator().unwrap(), Currency::Ngn);
    simulator.top_up(simulator.money()[0].integration, currency, 1_000_000).unwrap();
    let wish = RecipientWish {
        kind: RecipientKind::Nuban,
        name: "Musa Adebayo".to_owned(),
        account_number: "0022728151".to_owned(),
        bank_code: "057".to_owned(),
        currency,
    };
    let recipient = paystack.create_recipient(&tenant_id(), &wish).await.unwrap();
    let stuck = Payout {
        state: PayoutState::Sent,
        attempt: 1,
        trouble: Some(Trouble::Mismatch),
        from_seq: 1,
        to_seq: 1,
        recipient: recipient.clone(),
        ..payout(3)
    };
    assert!(table.insert_payout(&stuck).await.unwrap());
    let balances = table.guard_balances(&tenant_id(), &stuck.guard, currency).await.unwrap();
    let transaction = payout_start(&stuck.id, 1, &stuck.guard, stuck.amount).unwrap();
    let write = LedgerWrite {
        tenant: &tenant_id(),
        transaction: &transaction,
        guard: Some(&stuck.guard),
        balances: &balances,
        tip: None,
        payout: Some((&stuck, 1)),
        outbox: None,
        at: noon(),
    };
    assert_eq!(table.commit_posting(&write).await.unwrap(), Posted::Posted);
    let amount = Money { minor: 90_000, currency };
    let reference = stuck.reference().unwrap();
    let wish = TransferWish { reference, recipient, amount, reason: "Tips".to_owned() };
    let _made = paystack.transfer(&tenant_id(), &wish).await.unwrap();
}

/// Ada's account, which one key has changed and another has yet to confirm.
pub(crate) async fn change_account(stack: &Stack) {
    let table = Table::from_env(stack.environment("guards").unwrap()).unwrap();
    let id = GuardId::new(noon(), [2; 10]);
    let ada = table.guard(&tenant_id(), &id).await.unwrap().unwrap();
    let by = Actor::Key(KeyId::new(noon(), [9; 10]));
    let account = |number: u8| {
        PayoutAccount::new(&format!("RCP_{number}"), "0022728151", "Zenith Bank").unwrap()
    };
    let change = || AccountChange { by: by.clone(), at: noon(), explained: false };
    let first = ada.clone().pay_to(account(1), change()).unwrap();
    table.replace_guard(&first, &ada).await.unwrap().unwrap();
    let second = first.clone().pay_to(account(2), change()).unwrap();
    table.replace_guard(&second, &first).await.unwrap().unwrap();
}

/// An export that nobody has begun.
pub(crate) async fn ask(stack: &Stack) {
    let table = Table::from_env(stack.environment("export-jobs").unwrap()).unwrap();
    let export = Export {
        id: ExportId::new(noon(), [1; 10]),
        tenant: tenant_id(),
        kind: ExportKind::Ledger,
        from: noon() - SignedDuration::from_hours(24),
        to: noon(),
        by: Actor::Key(KeyId::new(noon(), [9; 10])),
        state: ExportState::Requested,
        rows: 0,
        created_at: noon(),
        finished_at: None,
        progress: Progress::default(),
        version: 1,
    };
    let claim = table.claim(("seed", "seed", "export"), "export", "seed".to_owned(), noon()).await;
    let ClaimOutcome::Ours(claim) = claim.unwrap() else { panic!("the key is new") };
    let answer = Answer { status: 202, body: "{}".to_owned() };
    assert!(table.insert_export(&export, (claim, answer)).await.unwrap());
}

#[tokio::test]
async fn a_batch_of_exports_is_written_once_and_poison_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    ask(&stack).await;
    let batch = std::fs::read_to_string(root().join("events/sqs/exports.json")).unwrap();
    let batch: Value = serde_json::from_str(&batch).unwrap();
    let poison = batch["Records"][2]["messageId"].clone();
    let table = Table::from_env(stack.environment("exports").unwrap()).unwrap();
    for round in 1..=2 {
        let answer = stack.invoke("exports", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": poison }] });
        assert_eq!(answer, failures, "round {round}");
        let id = ExportId::new(noon(), [1; 10]);
        let export = table.export(&tenant_id(), &id).await.unwrap().unwrap();
        assert_eq!((export.state, export.progress.parts.len()), (ExportState::Done, 1));
    }
    stack.stop().await;
}
