//! A customer's wallet: each voucher once, in the order in which they came, at most two hundred.

use adapters::table::Wallet;
use domain::claim::{Claim as Copy, ClaimRefused, WALLET_MAX};
use domain::customer::CustomerId;
use domain::id::{TenantId, VoucherId};
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{noon, tenant};

fn customer() -> CustomerId {
    CustomerId::parse("CUST-1").unwrap()
}

fn whose() -> TenantId {
    tenant(1).id
}

fn voucher(number: u8) -> VoucherId {
    VoucherId::new(noon(), [number; 10])
}

/// A claim of the voucher with this number, as it is after so many changes.
fn copy(number: u8, position: u32, version: u64) -> Copy {
    Copy {
        tenant: whose(),
        customer: customer(),
        voucher: voucher(number),
        claimed_at: Some(noon()),
        removed_at: None,
        expires_at: noon(),
        position,
        index: u32::from(number),
        used: 0,
        most: Some(1),
        left: None,
        redeemed_at: None,
        version,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_claims_of_one_voucher_one_is_kept() {
    let platform = Platform::start().await;
    let table = platform.table();
    let empty = table.wallet_size(&whose(), &customer()).await.unwrap();
    assert_eq!(empty, Wallet::default());
    let tries = (0..8).map(|_| table.commit_claim(Box::leak(Box::new(copy(1, 1, 1))), empty, None));
    let answers: Vec<_> = at_once(8, tries).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(ClaimRefused::Changed))));
    let size = table.wallet_size(&whose(), &customer()).await.unwrap();
    assert_eq!(size, Wallet { last: 1, held: 1 });
    let found = table.claim_of(&whose(), &customer(), &voucher(1)).await.unwrap();
    assert_eq!(found, Some(copy(1, 1, 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_voucher_comes_back_at_the_end() {
    let platform = Platform::start().await;
    let table = platform.table();
    let mut size = Wallet::default();
    for number in [1, 2] {
        let claim = copy(number, size.last + 1, 1);
        table.commit_claim(&claim, size, None).await.unwrap().unwrap();
        size = table.wallet_size(&whose(), &customer()).await.unwrap();
    }
    let removed = copy(1, 1, 1).remove(noon()).unwrap();
    table.commit_removal(&removed, size).await.unwrap().unwrap();
    let again = table.commit_removal(&removed, size).await.unwrap();
    assert_eq!(again, Err(ClaimRefused::Changed), "the wallet has moved on");
    size = table.wallet_size(&whose(), &customer()).await.unwrap();
    assert_eq!(size, Wallet { last: 2, held: 1 });
    assert_eq!(table.wallet(&whose(), &customer()).await.unwrap(), [copy(2, 2, 1)]);
    table.commit_claim(&copy(1, 3, 3), size, None).await.unwrap().unwrap();
    let held = table.wallet(&whose(), &customer()).await.unwrap();
    assert_eq!(held, [copy(2, 2, 1), copy(1, 3, 3)]);
    let other = CustomerId::parse("CUST-2").unwrap();
    assert_eq!(table.wallet(&whose(), &other).await.unwrap(), []);
    assert_eq!(table.wallet(&tenant(2).id, &customer()).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_wallet_takes_no_more_and_a_spoiled_one_is_told() {
    let platform = Platform::start().await;
    let table = platform.table();
    let full = Wallet { last: 900, held: WALLET_MAX };
    let refused = table.commit_claim(&copy(1, 901, 1), full, None).await.unwrap();
    assert_eq!(refused, Err(ClaimRefused::WalletFull));
    table.commit_claim(&copy(1, 1, 1), Wallet::default(), None).await.unwrap().unwrap();
    let pk = format!("CU#{}#{}", whose(), customer());
    platform.spoils(&pk, &format!("CV#{}", voucher(1)), "claim").await;
    is_corrupt(table.claim_of(&whose(), &customer(), &voucher(1)).await, "claim");
    is_corrupt(table.wallet(&whose(), &customer()).await, "claim");
    platform.spoils(&pk, "WALLET", "held").await;
    is_corrupt(table.wallet_size(&whose(), &customer()).await, "wallet");
}
