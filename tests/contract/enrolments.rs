//! Devices of businesses and the codes that enrol them.

use domain::enrolment::{DeviceStatus, Enrolment, EnrolmentRefused};
use domain::id::{BusinessId, DeviceId, TenantId};
use domain::page::PageSize;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::noon;
use crate::tipping::{after, answered, bytes};

fn invited(tenant: &TenantId, business: u32, number: u32) -> Enrolment {
    let whose = (tenant.clone(), BusinessId::new(noon(), bytes(business)));
    let (id, name) = (DeviceId::new(noon(), bytes(number)), format!("Till {number}"));
    Enrolment::invite(id, whose, name, after(i64::from(number)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_added_with_its_code_and_enrolled_once() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let device = invited(&tenant, 1, 1);
    assert_eq!(table.enrolment(&device.id).await.unwrap(), None);
    assert_eq!(table.enrolment_of_code("c").await.unwrap(), None);
    let (claim, answer) = answered(&platform, "one").await;
    assert!(table.insert_enrolment(&device, "c", (claim.clone(), answer.clone())).await.unwrap());
    let second = invited(&tenant, 1, 2);
    assert!(!table.insert_enrolment(&second, "d", (claim, answer)).await.unwrap(), "answered");
    assert_eq!(table.enrolment(&second.id).await.unwrap(), None, "all or nothing");
    assert_eq!(table.enrolment_of_code("c").await.unwrap(), Some(device.clone()));
    let enrols = (0..12).map(|number| {
        let device = device.clone().enrol(format!("secret {number}"), after(60)).unwrap();
        let table = table.clone();
        async move { table.commit_enrolment(&device, "c").await.unwrap() }
    });
    let outcomes = at_once(12, enrols).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.contains(&Err(EnrolmentRefused::WrongCode)));
    assert_eq!(table.enrolment_of_code("c").await.unwrap(), None, "the code is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_heard_of_only_while_it_is_enrolled() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    let device = invited(&tenant, 1, 1);
    let answer = answered(&platform, "one").await;
    assert!(table.insert_enrolment(&device, "c", answer).await.unwrap());
    let seen = async || table.enrolment(&device.id).await.unwrap().unwrap().seen_at;
    table.touch_enrolment(&device.id, after(1)).await.unwrap();
    assert_eq!(seen().await, None, "it is only invited");
    let enrolled = device.clone().enrol("00".to_owned(), after(2)).unwrap();
    table.commit_enrolment(&enrolled, "c").await.unwrap().unwrap();
    table.touch_enrolment(&device.id, after(1_000)).await.unwrap();
    assert_eq!(seen().await, Some(after(1_000)));
    let revoked = enrolled.clone().revoke();
    table.commit_revocation(&revoked).await.unwrap().unwrap();
    let again = table.commit_revocation(&enrolled.revoke()).await.unwrap();
    assert_eq!(again, Err(EnrolmentRefused::Changed));
    table.touch_enrolment(&device.id, after(2_000)).await.unwrap();
    assert_ne!(seen().await, Some(after(2_000)));
    assert_eq!(table.enrolment(&device.id).await.unwrap().unwrap().status, DeviceStatus::Revoked);
    platform.spoils(&format!("DV#{}", device.id), "META", "enrolment").await;
    is_corrupt(table.enrolment(&device.id).await, "enrolment");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_devices_of_a_business_come_in_pages_oldest_first() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), platform.owner().tenant.clone());
    for number in 0..7 {
        let device = invited(&tenant, number % 2, number);
        let answer = answered(&platform, &number.to_string()).await;
        assert!(table.insert_enrolment(&device, &number.to_string(), answer).await.unwrap());
    }
    let business = BusinessId::new(noon(), bytes(0));
    let size = PageSize::parse(Some(3)).unwrap();
    let first = table.enrolments((&tenant, &business), size, None).await.unwrap();
    let names: Vec<_> = first.entries.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["Till 0", "Till 2", "Till 4"]);
    let rest = table.enrolments((&tenant, &business), size, first.next.as_ref()).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next.is_some()), (1, false));
    let stranger = TenantId::new(noon(), [9; 10]);
    let none = table.enrolments((&stranger, &business), size, None).await.unwrap();
    assert_eq!(none.entries, []);
}
