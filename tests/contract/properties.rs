//! Properties and what a scan reads of them.

use std::collections::BTreeSet;

use adapters::table::{TakenOver, Uses};
use domain::id::TenantId;
use domain::property::Property;
use domain::tenant::{Destinations, Tenant, TenantSettings};
use tessera_tests::Platform;

use crate::is_corrupt;
use crate::samples::{code, noon, property, tenant_with_property};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn properties_go_in_together_with_what_a_scan_says_about_them() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), &platform.owner().tenant);
    let many: Vec<Property> = std::iter::repeat_with(property).take(60).collect();
    assert_eq!(table.commit_properties(tenant, &many).await.unwrap(), []);
    let ids: BTreeSet<_> = many.iter().map(|property| property.id.clone()).collect();
    let found = table.properties(tenant, &ids).await.unwrap();
    assert_eq!(found.into_values().collect::<Vec<_>>(), many);
    for property in &many {
        assert_eq!(table.property(tenant, &property.id).await.unwrap().as_ref(), Some(property));
        let target = table.scan_target(&property.id).await.unwrap().unwrap();
        assert_eq!((target.tenant, target.info), (tenant.clone(), property.to_qr_info()));
        assert_eq!(target.code, None);
    }
    assert_eq!(table.commit_properties(tenant, &[]).await.unwrap(), []);
    assert!(table.properties(tenant, &BTreeSet::new()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_and_twenty_ids_those_that_are_there_are_found() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), &platform.owner().tenant);
    let there: Vec<Property> = std::iter::repeat_with(property).take(3).collect();
    table.commit_properties(tenant, &there).await.unwrap();
    let absent = std::iter::repeat_with(property).take(117).map(|property| property.id);
    let ids: BTreeSet<_> = absent.chain(there.iter().map(|property| property.id.clone())).collect();
    assert_eq!(table.properties(tenant, &ids).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_belongs_to_the_first_tenant_and_the_others_of_the_batch_go_in() {
    let platform = Platform::start().await;
    let (table, first) = (platform.table(), &platform.owner().tenant);
    let second = TenantId::new(noon(), [9; 10]);
    let theirs = property();
    table.commit_properties(first, std::slice::from_ref(&theirs)).await.unwrap();
    let changed = Property { price: 1, ..theirs.clone() };
    let mine: Vec<Property> = std::iter::repeat_with(property).take(30).collect();
    let mut all = mine.clone();
    all.insert(7, changed);
    let taken = table.commit_properties(&second, &all).await.unwrap();
    assert_eq!(taken, [TakenOver(theirs.id.clone())]);
    assert_eq!(table.property(&second, &theirs.id).await.unwrap(), None);
    assert_eq!(table.property(first, &theirs.id).await.unwrap().unwrap().price, theirs.price);
    for property in mine {
        assert!(table.property(&second, &property.id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_property_that_changes_keeps_its_code() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let code = code(&tenant.id, &property.id, noon());
    table.commit_code(&code, &tenant, Uses::Kept).await.unwrap().unwrap();
    let before = table.scan_target(&property.id).await.unwrap().unwrap();
    let dearer = Property { price: 2, ..property };
    table.commit_properties(&tenant.id, std::slice::from_ref(&dearer)).await.unwrap();
    let after = table.scan_target(&dearer.id).await.unwrap().unwrap();
    assert_eq!((after.info.price, after.code), (2, before.code));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_led_elsewhere_only_by_its_tenant_and_never_back() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    let destinations = Destinations {
        property_base: "https://homes.example/".to_owned(),
        ..Destinations::default()
    };
    let settings = TenantSettings { destinations, ..TenantSettings::named("Homes") };
    let moved = |version| Tenant { version, settings: settings.clone(), ..tenant.clone() };
    let lead =
        async |tenant: &Tenant| table.replace_destinations(tenant, &property.id).await.unwrap();
    assert!(!lead(&moved(2)).await, "there is no code yet");
    let code = code(&tenant.id, &property.id, noon());
    table.commit_code(&code, &tenant, Uses::Kept).await.unwrap().unwrap();
    let foreign = Tenant { id: TenantId::new(noon(), [9; 10]), ..moved(2) };
    assert!(!lead(&foreign).await);
    assert!(!lead(&tenant).await, "it leads there already");
    assert!(lead(&moved(3)).await);
    assert!(!lead(&moved(2)).await, "an older change that comes later changes nothing");
    let code = table.scan_target(&property.id).await.unwrap().unwrap().code.unwrap();
    assert_eq!((code.destinations, code.tenant_name.as_str()), (settings.destinations, "Homes"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_property_that_cannot_be_read_is_corrupt() {
    let platform = Platform::start().await;
    let (table, (tenant, property)) = (platform.table(), tenant_with_property(&platform).await);
    platform.spoils(&format!("S#{}", property.id), "META", "info").await;
    is_corrupt(table.scan_target(&property.id).await, "scan_target");
    platform.spoils(&format!("P#{}#{}", tenant.id, property.id), "META", "document").await;
    is_corrupt(table.property(&tenant.id, &property.id).await, "property");
    let ids = BTreeSet::from([property.id.clone()]);
    is_corrupt(table.properties(&tenant.id, &ids).await, "property");
    assert_eq!(table.scan_target(&crate::samples::property().id).await.unwrap(), None);
}
