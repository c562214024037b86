//! Codes: versions that follow each other, and the list of them.

use adapters::table::{CodeLost, Table, Uses};
use domain::code::{CodeStatus, Lifetime, PropertyCode};
use domain::id::TenantId;
use domain::page::{PageSize, Position};
use domain::tenant::Tenant;
use jiff::SignedDuration;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{code, next, noon, property, scan, tenant_with_property};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_follow_each_other_and_a_scan_sees_the_present_one() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    assert_eq!(table.code(&tenant.id, &property.id).await.unwrap(), None);
    let first = code(&tenant.id, &property.id, noon());
    table.commit_code(&first, &tenant, Uses::Kept).await.unwrap().unwrap();
    assert_eq!(table.code(&tenant.id, &property.id).await.unwrap(), Some(first.clone()));
    assert_eq!(
        table.commit_code(&first, &tenant, Uses::Kept).await.unwrap(),
        Err(CodeLost::Outrun)
    );
    let lifetime = Lifetime { expires_at: Some(noon()), max_scans: Some(3) };
    let second = next(&first, lifetime);
    table.commit_code(&second, &tenant, Uses::Kept).await.unwrap().unwrap();
    assert_eq!(
        table.commit_code(&second, &tenant, Uses::Kept).await.unwrap(),
        Err(CodeLost::Outrun)
    );
    assert_eq!(
        table.commit_code(&next(&first, lifetime), &tenant, Uses::Kept).await.unwrap(),
        Err(CodeLost::Outrun)
    );
    assert_eq!(table.code(&tenant.id, &property.id).await.unwrap(), Some(second));
    let live = table.scan_target(&property.id).await.unwrap().unwrap().code.unwrap();
    assert_eq!((live.version, live.lifetime, live.scans_used), (2, lifetime, 0));
    assert_eq!(live.destinations, tenant.settings.destinations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_not_written_past_its_owner() {
    let platform = Platform::start().await;
    let (table, (tenant, there)) = (platform.table(), tenant_with_property(&platform).await);
    let unknown = code(&tenant.id, &property().id, noon());
    assert_eq!(
        table.commit_code(&unknown, &tenant, Uses::Kept).await.unwrap(),
        Err(CodeLost::NotYours)
    );
    let thief = Tenant { id: TenantId::new(noon(), [9; 10]), ..tenant.clone() };
    table.insert_tenant(&thief).await.unwrap();
    let stolen = code(&thief.id, &there.id, noon());
    assert_eq!(
        table.commit_code(&stolen, &thief, Uses::Kept).await.unwrap(),
        Err(CodeLost::NotYours)
    );
    assert_eq!(table.scan_target(&there.id).await.unwrap().unwrap().code, None);
    let code = code(&tenant.id, &there.id, noon());
    table.commit_code(&code, &tenant, Uses::Kept).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_counts_on_unless_its_limit_is_set_anew() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let limit = Lifetime { expires_at: None, max_scans: Some(5) };
    let first = PropertyCode { lifetime: limit, ..code(&tenant.id, &property.id, noon()) };
    table.commit_code(&first, &tenant, Uses::Kept).await.unwrap().unwrap();
    table.commit_limited_scan(scan(&first, noon(), 1)).await.unwrap().unwrap();
    let used =
        async || table.scan_target(&property.id).await.unwrap().unwrap().code.unwrap().scans_used;
    let second = next(&first, limit);
    table.commit_code(&second, &tenant, Uses::Kept).await.unwrap().unwrap();
    assert_eq!(used().await, 1);
    table.commit_code(&next(&second, limit), &tenant, Uses::BegunAnew).await.unwrap().unwrap();
    assert_eq!(used().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_make_the_same_version_one_does() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let first = code(&tenant.id, &property.id, noon());
    let outcomes =
        at_once(20, (0..20).map(|_| table.commit_code(&first, &tenant, Uses::Kept))).await;
    let made = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Ok(())))).count();
    assert_eq!(made, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_names_the_version_that_it_deletes() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let first = code(&tenant.id, &property.id, noon());
    let deleted = first.clone().delete();
    assert_eq!(
        table.commit_deletion(&deleted).await.unwrap(),
        Err(CodeLost::Outrun),
        "none is there"
    );
    table.commit_code(&first, &tenant, Uses::Kept).await.unwrap().unwrap();
    let second = next(&first, Lifetime::default());
    table.commit_code(&second, &tenant, Uses::Kept).await.unwrap().unwrap();
    assert_eq!(
        table.commit_deletion(&deleted).await.unwrap(),
        Err(CodeLost::Outrun),
        "an older one"
    );
    let deleted = second.delete();
    table.commit_deletion(&deleted).await.unwrap().unwrap();
    table.commit_deletion(&deleted).await.unwrap().unwrap();
    let read = table.code(&tenant.id, &property.id).await.unwrap().unwrap();
    assert_eq!(read.status, CodeStatus::Deleted);
    let live = table.scan_target(&property.id).await.unwrap().unwrap().code.unwrap();
    assert_eq!(live.status, CodeStatus::Deleted);
    let third = next(&read, Lifetime::default());
    table.commit_code(&third, &tenant, Uses::Kept).await.unwrap().unwrap();
    assert_eq!(table.code(&tenant.id, &property.id).await.unwrap(), Some(third));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_listed_oldest_first_from_any_place_on() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), &platform.owner().tenant);
    let owner = table.tenant(tenant).await.unwrap().unwrap();
    let mut made = Vec::new();
    for age in [3, 1, 4, 0, 2] {
        let property = property();
        table.commit_properties(tenant, std::slice::from_ref(&property)).await.unwrap();
        let code = code(tenant, &property.id, noon() - SignedDuration::from_hours(age));
        table.commit_code(&code, &owner, Uses::Kept).await.unwrap().unwrap();
        made.push(code);
    }
    made.sort_by_key(|code| code.created_at);
    let size = PageSize::parse(Some(2)).unwrap();
    let (mut listed, mut from) = (Vec::new(), None);
    loop {
        let page = table.codes_of_tenant(tenant, size, from.as_ref()).await.unwrap();
        listed.extend(page.entries);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(listed, made);
    let behind = Table::place_of(&made[2]);
    let rest = table.codes_of_tenant(tenant, PageSize::largest(), Some(&behind)).await.unwrap();
    assert_eq!(rest.entries, made[3..]);
    let stranger = TenantId::new(noon(), [9; 10]);
    let page = table.codes_of_tenant(&stranger, PageSize::largest(), None).await.unwrap();
    assert_eq!((page.entries, page.next), (Vec::new(), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_or_a_place_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let code = code(&tenant.id, &property.id, noon());
    table.commit_code(&code, &tenant, Uses::Kept).await.unwrap().unwrap();
    let largest = PageSize::largest();
    for nonsense in ["", "no place", "1#list"] {
        let place = Position(nonsense.to_owned());
        is_corrupt(table.codes_of_tenant(&tenant.id, largest, Some(&place)).await, "property_code");
    }
    platform.spoils(&format!("C#{}#{}", tenant.id, property.id), "META", "drawing").await;
    is_corrupt(table.code(&tenant.id, &property.id).await, "property_code");
    is_corrupt(table.codes_of_tenant(&tenant.id, largest, None).await, "property_code");
}
