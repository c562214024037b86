//! API keys and the sessions that stand for them.

use adapters::table::{Answer, ClaimOutcome, Session};
use domain::id::{KeyId, TenantId};
use domain::page::PageSize;
use tessera_tests::Platform;

use crate::is_corrupt;
use crate::samples::{key, noon, tenant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_found_by_its_fingerprint_until_it_is_deleted() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1).id);
    let first = key(&tenant, 1);
    assert_eq!(table.api_key_by_fingerprint("f1").await.unwrap(), None);
    assert!(table.insert_api_key(&first, "f1").await.unwrap());
    assert!(!table.insert_api_key(&first, "f2").await.unwrap(), "the same id");
    assert!(!table.insert_api_key(&key(&tenant, 2), "f1").await.unwrap(), "the same secret");
    assert_eq!(table.api_key_by_fingerprint("f1").await.unwrap(), Some(first.clone()));
    assert_eq!(table.api_key_by_fingerprint("f2").await.unwrap(), None, "nothing half-written");
    let stranger = TenantId::new(noon(), [9; 10]);
    assert!(!table.delete_api_key(&stranger, &first.id).await.unwrap());
    assert!(table.delete_api_key(&tenant, &first.id).await.unwrap());
    assert!(!table.delete_api_key(&tenant, &first.id).await.unwrap());
    assert_eq!(table.api_key_by_fingerprint("f1").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_keys_are_listed_page_by_page_oldest_first_and_alone() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1));
    table.insert_tenant(&tenant).await.unwrap();
    for number in 0..5 {
        assert!(
            table.insert_api_key(&key(&tenant.id, number), &format!("f{number}")).await.unwrap()
        );
    }
    let size = PageSize::parse(Some(2)).unwrap();
    let (mut names, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = table.api_keys_of_tenant(&tenant.id, size, from.as_ref()).await.unwrap();
        assert!(page.entries.len() <= 2);
        names.extend(page.entries.into_iter().map(|key| key.name));
        (from, pages) = (page.next, pages + 1);
        if from.is_none() {
            break;
        }
    }
    assert_eq!(names, ["key 0", "key 1", "key 2", "key 3", "key 4"]);
    assert_eq!(pages, 3);
    let nobody = TenantId::new(noon(), [9; 10]);
    assert_eq!(table.api_keys_of_tenant(&nobody, size, None).await.unwrap().entries, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_and_its_answer_are_written_together_or_not_at_all() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1).id);
    let named = ("key_x", "POST /api/v1/api-keys", "k");
    let claim =
        async |holder: &str| table.claim(named, "print", holder.to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(ours) = claim("one").await else { panic!("not ours") };
    let answer = Answer { status: 201, body: "{}".to_owned() };
    let (one, two) = (key(&tenant, 1), key(&tenant, 2));
    assert!(table.commit_api_key(&one, "f1", (ours.clone(), answer.clone())).await.unwrap());
    assert_eq!(claim("two").await, ClaimOutcome::Done(answer.clone()));
    assert!(!table.commit_api_key(&two, "f2", (ours, answer)).await.unwrap(), "it is answered");
    assert_eq!(table.api_key_by_fingerprint("f2").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_cannot_be_read_is_corrupt_at_the_door_and_in_the_list() {
    let platform = Platform::start().await;
    let (table, tenant) = (platform.table(), tenant(1).id);
    let key = key(&tenant, 1);
    table.insert_api_key(&key, "f1").await.unwrap();
    platform.spoils("AK#f1", "META", "name").await;
    is_corrupt(table.api_key_by_fingerprint("f1").await, "api_key");
    platform.spoils(&format!("T#{tenant}"), &format!("KEY#{}", key.id), "name").await;
    is_corrupt(table.api_keys_of_tenant(&tenant, PageSize::largest(), None).await, "api_key");
    is_corrupt(table.delete_api_key(&tenant, &key.id).await, "api_key");
    let none = KeyId::new(noon(), [7; 10]);
    assert!(!table.delete_api_key(&tenant, &none).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_added_once_read_even_when_it_is_over_and_ended() {
    let platform = Platform::start().await;
    let table = platform.table();
    let session =
        Session { key_fingerprint: "f1".to_owned(), expires_at: noon(), ttl: noon().as_second() };
    assert_eq!(table.session("token").await.unwrap(), None);
    assert!(table.insert_session("token", &session).await.unwrap());
    assert!(!table.insert_session("token", &session).await.unwrap());
    assert_eq!(table.session("token").await.unwrap(), Some(session));
    platform.spoils("SE#token", "META", "expires_at").await;
    is_corrupt(table.session("token").await, "session");
    table.delete_session("token").await.unwrap();
    table.delete_session("token").await.unwrap();
    assert_eq!(table.session("token").await.unwrap(), None);
}
