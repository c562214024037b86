//! A thousand at once (P51).

use std::sync::Arc;

use tessera_tests::{Platform, house};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_at_once_get_a_thousand_pages_and_all_are_counted() {
    let platform = Platform::start().await;
    let house = house();
    platform.owner().imports(std::slice::from_ref(&house)).await;
    platform.owner().generates(&house).await;
    let address: Arc<str> = platform.base().strip_prefix("http://").unwrap().into();
    let all_open = Arc::new(Barrier::new(CONNECTIONS));
    let started = std::time::Instant::now();
    let mut people = JoinSet::new();
    for number in 0..CONNECTIONS {
        let (address, all_open) = (address.clone(), all_open.clone());
        let request = format!(
            "GET /scan/{} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             user-agent: {} Phone/{number}\r\n\r\n",
            house.id,
            tessera_tests::IPHONE
        );
        people.spawn(async move {
            let mut socket = TcpStream::connect(&*address).await.unwrap();
            // Nobody asks before everybody is connected.
            all_open.wait().await;
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        });
    }
    let answers = people.join_all().await;
    println!("{CONNECTIONS} connections were answered within {:?}", started.elapsed());
    let page = house.page_url();
    let wrong = answers.iter().find(|a| !a.starts_with("HTTP/1.1 200") || !a.contains(&page));
    assert_eq!(wrong, None);
    platform.quiet().await;
    let seen = platform.owner().analytics(&house).await;
    assert_eq!(seen["all_time_scans"], CONNECTIONS);
}
