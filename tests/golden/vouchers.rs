//! The vouchers of the platform that is the same each time: a draft, and one that is published and printed.

use adapters::table::{BatchInserted, Table};
use domain::audit::{Actor, AuditChange, Facts, Operation};
use domain::business::{Business, BusinessProfile, Location};
use domain::campaign::{Batch, BatchState, BatchWishes};
use domain::id::{BatchId, BusinessId, VoucherId};
use domain::short_code::{ShortCode, StaticCode};
use domain::voucher::{
    Benefit, Design, Limits, Voucher, VoucherChange, VoucherStatus, VoucherWishes,
};
use jiff::SignedDuration;
use local::Stack;
use serde_json::{Value, json};

use crate::fixture::{options, root};
use crate::guards::answer;
use crate::seed::{noon, seed, tenant_id};

/// A café, a draft (1) with a fixed code, a published voucher (2) of at most a hundred, and a printing (1) of that.
pub(crate) async fn offer(stack: &Stack) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let business = business();
    let saved = answer(&table, "business").await;
    assert!(table.insert_business(&business, saved).await.unwrap());
    draft(&table, &business, 1).await;
    let before = draft(&table, &business, 2).await;
    let published = before.clone().changed(VoucherChange::Publish, noon()).unwrap();
    let change = AuditChange {
        tenant: tenant_id(),
        at: noon(),
        actor: Actor::System,
        operation: Operation::VoucherStatusChanged,
        subject: published.id.to_string(),
        before: Facts::none(),
        after: Facts::none(),
        note: None,
    };
    table.replace_voucher(&published, &before, &change).await.unwrap().unwrap();
    print(&table, &published).await;
}

fn business() -> Business {
    let place = Location {
        name: "Marina".to_owned(),
        address: "12 Marina, Lagos".to_owned(),
        latitude_e6: Some(6_451_140),
        longitude_e6: Some(3_387_530),
    };
    let profile = BusinessProfile { name: "Kofi's Café".to_owned(), locations: vec![place] };
    Business::open(BusinessId::new(noon(), [1; 10]), tenant_id(), profile, noon())
}

/// Adds a draft with a number, which is in its id, its place and its codes.
async fn draft(table: &Table, business: &Business, number: u8) -> Voucher {
    let wishes = VoucherWishes {
        title: "Free coffee".to_owned(),
        description: "A cup of our best.".to_owned(),
        terms: "One a day.".to_owned(),
        benefit: Benefit::FreeItem { item: "A coffee".to_owned() },
        valid_from: None,
        expires_at: noon() + SignedDuration::from_hours(24 * 365),
        limits: Limits { total: Some(100), ..Limits::default() },
        claim_required: false,
        rollback_s: None,
        design: Design::default(),
    };
    let voucher = Voucher {
        id: VoucherId::new(noon(), [number; 10]),
        tenant: tenant_id(),
        business: business.id.clone(),
        terms: wishes.check(noon()).unwrap(),
        status: VoucherStatus::Draft,
        index: table.take_status_places(&tenant_id(), 1).await.unwrap(),
        short: ShortCode::generate([number; 16]),
        fixed: Some(StaticCode::parse(&format!("COFFEE-1{number}")).unwrap()),
        zone: "Africa/Lagos".to_owned(),
        limited: Vec::new(),
        created_at: noon(),
        version: 1,
    };
    let saved = answer(table, voucher.id.as_str()).await;
    table.insert_voucher(&voucher, saved).await.unwrap().unwrap();
    voucher
}

async fn print(table: &Table, voucher: &Voucher) {
    let wishes = BatchWishes {
        name: "BATCH2024".to_owned(),
        count: 20,
        limit: None,
        days: None,
        layout: None,
        variants: vec!['A', 'B'],
        design: None,
    };
    let id = (BatchId::new(noon(), [1; 10]), [1; 16]);
    let whose = (voucher.tenant.clone(), voucher.id.clone());
    let first = table.take_status_places(&voucher.tenant, wishes.count).await.unwrap();
    let batch = Batch::order(id, whose, (wishes, first), (noon(), voucher.terms.expires_at));
    let saved = answer(table, batch.id.as_str()).await;
    let inserted = table.insert_batch(&batch, (voucher, voucher), saved).await.unwrap();
    assert_eq!(inserted, BatchInserted::Done);
}

#[tokio::test]
async fn a_batch_of_printings_is_made_once_and_poison_is_named() {
    let stack = Stack::start(options()).await.unwrap();
    seed(&stack).await;
    offer(&stack).await;
    let batch = std::fs::read_to_string(root().join("events/sqs/printings.json")).unwrap();
    let batch: Value = serde_json::from_str(&batch).unwrap();
    let poison = batch["Records"][2]["messageId"].clone();
    let table = Table::from_env(stack.environment("printing").unwrap()).unwrap();
    for round in 1..=2 {
        let answer = stack.invoke("printing", batch.clone()).await.unwrap();
        let failures = json!({ "batchItemFailures": [{ "itemIdentifier": poison }] });
        assert_eq!(answer, failures, "round {round}");
        let made = table.batch_at(&VoucherId::new(noon(), [2; 10]), 2).await.unwrap().unwrap();
        assert_eq!((made.state, made.progress.done), (BatchState::Done, 20));
        // The list and one part of sheets; the same message again has made nothing.
        assert_eq!((made.progress.files.len(), made.version), (2, 4));
    }
    stack.stop().await;
}
