//! Customers' links, which work once, and their sessions.

use adapters::table::{CustomerLink, CustomerSession};
use domain::customer::CustomerId;
use jiff::SignedDuration;
use tessera_tests::{Platform, at_once};

use crate::is_corrupt;
use crate::samples::{noon, tenant};

fn link() -> CustomerLink {
    let ttl = noon().as_second() + 600;
    let customer = CustomerId::parse("CUST-1").unwrap();
    CustomerLink { tenant: tenant(1).id, customer, ttl, used_at: None }
}

fn session() -> CustomerSession {
    let CustomerLink { tenant, customer, ttl, .. } = link();
    CustomerSession { tenant, customer, ttl }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_use_a_link_one_has_the_session() {
    let platform = Platform::start().await;
    let table = platform.table();
    assert_eq!(table.customer_link("link").await.unwrap(), None);
    assert!(table.insert_customer_link("link", &link()).await.unwrap());
    assert!(!table.insert_customer_link("link", &link()).await.unwrap(), "it is taken");
    assert_eq!(table.customer_link("link").await.unwrap(), Some(link()));
    let tries = (0..8).map(|number| {
        let table = &table;
        async move {
            let name = format!("session-{number}");
            table.commit_customer_session("link", (&name, &session()), noon()).await.unwrap()
        }
    });
    let opened = at_once(8, tries).await.into_iter().filter(|opened| *opened).count();
    assert_eq!(opened, 1);
    let mut sessions = 0;
    for number in 0..8 {
        let found = table.customer_session(&format!("session-{number}")).await.unwrap();
        assert!(found.is_none() || found == Some(session()));
        sessions += usize::from(found.is_some());
    }
    assert_eq!(sessions, 1);
    let used = table.customer_link("link").await.unwrap().unwrap();
    assert!(used.used_at.is_some() && !used.works(noon()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opens_nothing_from_its_end_on() {
    let platform = Platform::start().await;
    let table = platform.table();
    table.insert_customer_link("link", &link()).await.unwrap();
    let end = noon() + SignedDuration::from_secs(600);
    let opened = table.commit_customer_session("link", ("late", &session()), end).await.unwrap();
    assert!(!opened && !link().works(end));
    let last = end - SignedDuration::from_secs(1);
    assert!(link().works(last));
    assert!(table.commit_customer_session("link", ("early", &session()), last).await.unwrap());
    assert!(!table.commit_customer_session("none", ("other", &session()), last).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_when_its_customer_wants_and_a_spoiled_one_is_told() {
    let platform = Platform::start().await;
    let table = platform.table();
    table.insert_customer_link("link", &link()).await.unwrap();
    let opened = ("session", &session());
    assert!(table.commit_customer_session("link", opened, noon()).await.unwrap());
    platform.spoils("CL#link", "META", "customer").await;
    is_corrupt(table.customer_link("link").await, "customer_link");
    platform.spoils("CS#session", "META", "tenant").await;
    is_corrupt(table.customer_session("session").await, "customer_session");
    table.delete_customer_session("session").await.unwrap();
    assert_eq!(table.customer_session("session").await.unwrap(), None);
    table.delete_customer_session("session").await.unwrap();
}
