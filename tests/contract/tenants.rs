//! Tenants.

use std::collections::BTreeSet;

use adapters::table::NIGHTS_MAX;
use domain::id::TenantId;
use domain::tenant::{Rollout, Tenant};
use jiff::Timestamp;
use tessera_tests::Platform;

use crate::is_corrupt;
use crate::samples::tenant;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_added_once_and_read_as_it_was_written() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1));
    assert_eq!(table.tenant(&tenant.id).await.unwrap(), None);
    assert!(table.insert_tenant(&tenant).await.unwrap());
    let other = Tenant { version: 9, ..tenant.clone() };
    assert!(!table.insert_tenant(&other).await.unwrap());
    assert_eq!(table.tenant(&tenant.id).await.unwrap(), Some(tenant));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_read_the_same_version_one_replaces_it() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1));
    assert!(!table.replace_tenant(&tenant, 1, None).await.unwrap(), "none is there");
    table.insert_tenant(&tenant).await.unwrap();
    let second = Tenant { version: 2, ..tenant.clone() };
    assert!(table.replace_tenant(&second, 1, None).await.unwrap());
    assert!(
        !table.replace_tenant(&Tenant { version: 2, ..tenant.clone() }, 1, None).await.unwrap()
    );
    assert_eq!(table.tenant(&tenant.id).await.unwrap(), Some(second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollout_moves_on_only_within_its_own_version() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1));
    let place = Rollout::Pending(Some("here".to_owned()));
    assert!(!table.replace_rollout(&tenant.id, &place, 1).await.unwrap());
    table.insert_tenant(&tenant).await.unwrap();
    for rollout in [Rollout::Pending(None), place, Rollout::Done] {
        assert!(table.replace_rollout(&tenant.id, &rollout, 1).await.unwrap());
        assert_eq!(table.tenant(&tenant.id).await.unwrap().unwrap().rollout, rollout);
    }
    assert!(!table.replace_rollout(&tenant.id, &Rollout::Pending(None), 2).await.unwrap());
    assert_eq!(table.tenant(&tenant.id).await.unwrap(), Some(tenant));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_s_night_is_found_once_on_some_page() {
    let platform = Platform::start().await;
    let (table, mut expected) = (platform.table(), BTreeSet::new());
    for number in 0..u16::try_from(NIGHTS_MAX).unwrap() + 30 {
        let [high, low] = number.to_be_bytes();
        let id = TenantId::new(Timestamp::UNIX_EPOCH, [9, 0, 0, 0, 0, 0, 0, 0, high, low]);
        assert!(table.insert_tenant(&Tenant { id: id.clone(), ..tenant(1) }).await.unwrap());
        expected.insert(id);
    }
    let (mut found, mut behind) = (Vec::new(), None);
    loop {
        let (nights, next) = table.due_nights(Timestamp::MAX, behind).await.unwrap();
        found.extend(nights.into_iter().map(|night| night.tenant));
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    let of_platform = [platform.owner().tenant.clone()];
    let count = found.len();
    let found: BTreeSet<TenantId> = found.into_iter().collect();
    assert_eq!(found.len(), count, "none twice");
    assert_eq!(found, expected.into_iter().chain(of_platform).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    let tenant = &platform.owner().tenant;
    platform.spoils(&format!("T#{tenant}"), "META", "settings").await;
    is_corrupt(platform.table().tenant(tenant).await, "tenant");
}
