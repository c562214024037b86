//! Each scan is counted exactly once, whatever the stream and the store do (I-P1).

use jiff::SignedDuration;
use local::stream::Deliveries;
use local::{Fault, Filter};
use serde_json::{Value, json};
use tessera_tests::{GOOGLEBOT, House, Owner, Platform, Start, at_once, house, houses, seed};

/// Platforms at the same time: the SDK waits before it tries again.
const LANES: usize = 12;
const COUNTRIES: [&str; 4] = ["NG", "GH", "KE", "ZA"];

/// The sum of a list's counts.
fn sum(list: &Value, count: &str) -> i64 {
    list.as_array().unwrap().iter().map(|row| row[count].as_i64().unwrap()).sum()
}

/// Everything that adds up must add up to this.
fn adds_up(seen: &Value, people: i64) {
    for total in ["all_time_scans", "total_scans"] {
        assert_eq!(seen[total], people, "{total} of {seen}");
    }
    for series in ["by_day", "by_hour"] {
        assert_eq!(sum(&seen[series], "scans"), people, "{series} of {seen}");
    }
    for list in
        ["countries", "regions", "devices", "os", "browsers", "sources", "versions", "redirects"]
    {
        assert_eq!(sum(&seen[list], "count"), people, "{list} of {seen}");
    }
    let hours: i64 =
        seen["hour_of_day"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).sum();
    assert_eq!(hours, people, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scans_from_everywhere_are_counted_however_many_names_that_takes() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    // More countries and regions in one batch than one expression of the store has room for.
    let countries =
        ('A'..='Z').flat_map(|first| ('A'..='P').map(move |last| format!("{first}{last}")));
    let countries: Vec<String> = countries.collect();
    let scans = countries.iter().map(|country| {
        let visitor = platform.visitor().from(country);
        let (visitor, house) = (visitor.sending("cloudfront-viewer-country-region", "X"), &house);
        async move { visitor.scans(house).await.is(200) }
    });
    let answers = at_once(LANES, scans).await;
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    adds_up(&seen, i64::try_from(answers.len()).unwrap());
    assert_eq!(seen["countries"].as_array().unwrap().len(), countries.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_scans_are_two_thousand_however_unkind_the_stream_is() {
    let seed = seed();
    let deliveries = Deliveries {
        twice: true,
        split: true,
        fail_before_percent: 20,
        fail_after_percent: 20,
        seed,
        ..Deliveries::default()
    };
    let platform = Platform::start_with(Start { deliveries, ..Start::default() }).await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    // Four times 500 phones: at noon and in the evening of one day, at midnight and in the morning of the next.
    for _ in 0..4 {
        let phones: Vec<_> = (0..500)
            .map(|n| platform.visitor().number(n).from(COUNTRIES[n % COUNTRIES.len()]))
            .collect();
        let scans = at_once(64, phones.iter().map(|phone| phone.scans(&house)));
        // Counting goes on meanwhile.
        let counting = async {
            for _ in 0..5 {
                platform.quiet().await;
                tokio::task::yield_now().await;
            }
        };
        let (replies, ()) = futures::join!(scans, counting);
        assert!(replies.iter().all(|reply| reply.status == 200), "a scan was not answered");
        platform.passes(SignedDuration::from_hours(6)).await;
    }
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    adds_up(&seen, 2000);
    let each = COUNTRIES.map(|country| json!({ "name": country, "count": 500 }));
    for country in &each {
        assert!(seen["countries"].as_array().unwrap().contains(country), "{seen}");
    }
    let days = seen["by_day"].as_array().unwrap();
    let scans: Vec<_> = days.iter().map(|day| day["scans"].as_i64().unwrap()).collect();
    assert_eq!(scans[scans.len() - 2..], [1000, 1000], "{seen}");
    assert_eq!(seen["by_hour"].as_array().unwrap().len(), 4);
    let visitors = seen["unique_visitors"].as_i64().unwrap();
    println!("about {visitors} visitors, really 1,000");
    assert!((900..=1100).contains(&visitors), "{visitors}");
    assert_eq!(platform.inventory().await.count("E#"), 2000);
    let system = owner.get("/api/v1/analytics/system").await.is(200).json();
    adds_up(&system, 2000);
}

/// Six people and two machines at three codes, on two days; then everything is counted.
async fn counted(platform: &Platform, houses: &[House]) {
    for (number, house) in houses.iter().enumerate() {
        let phone = platform.visitor().number(number);
        let _page = phone.scans(house).await.is(200);
    }
    let _page = platform.visitor().agent(GOOGLEBOT).scans(&houses[0]).await.is(200);
    let _page = platform.visitor().looks_ahead(&houses[1]).await.is(200);
    platform.passes(SignedDuration::from_hours(24)).await;
    for house in houses {
        let _page = platform.visitor().number(7).scans(house).await.is(200);
    }
    platform.quiet().await;
}

/// A new tenant with three codes.
async fn three_codes(platform: &Platform) -> (Owner, Vec<House>) {
    let (owner, houses) = (platform.newcomer().await, houses(3));
    owner.imports(&houses).await;
    let _made = owner.generates_all(&houses).await.is(200);
    platform.meter().reset();
    (owner, houses)
}

/// What [`counted`] scanned is counted to the last visitor.
async fn is_exact(platform: &Platform, owner: &Owner, houses: &[House], fault: &str) {
    let (last, first) = (platform.now(), platform.now() - SignedDuration::from_hours(24));
    for house in houses {
        let seen = owner.analytics(house).await;
        adds_up(&seen, 2);
        let days = seen["by_day"].as_array().unwrap();
        for day in &days[days.len() - 2..] {
            assert_eq!((&day["scans"], &day["unique_visitors"]), (&1.into(), &1.into()), "{fault}");
        }
        assert_eq!(seen["first_scan"], first.to_string(), "{fault}");
        assert_eq!(seen["last_scan"], last.to_string(), "{fault}");
    }
    let seen = owner.get("/api/v1/analytics/system").await.is(200).json();
    adds_up(&seen, 6);
    assert_eq!(seen["bot_scans"], 2, "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_single_fault_of_the_counting_loses_or_doubles_a_scan() {
    let calls_of = Filter::any().function("aggregate");
    let platform = Platform::start().await;
    let (owner, houses) = three_codes(&platform).await;
    counted(&platform, &houses).await;
    is_exact(&platform, &owner, &houses, "none").await;
    let calls = platform.meter().count(&calls_of);
    let faults = [
        (Fault::Before, true),
        (Fault::LoseReply, true),
        (Fault::LoseReply, false),
        (Fault::Twice, false),
        (Fault::throttled(), true),
    ];
    println!("K = {calls} calls of the counting, each broken in {} ways", faults.len());
    assert!(calls > 0);
    let runs: Vec<_> =
        (1..=calls).flat_map(|call| faults.clone().map(|fault| (call, fault))).collect();
    let lane = async |number: usize| {
        let platform = Platform::start().await;
        for (call, (fault, and_retries)) in runs.iter().skip(number).step_by(LANES).cloned() {
            let name = format!("call {call}, {fault:?}, retries too: {and_retries}");
            let (owner, houses) = three_codes(&platform).await;
            platform.meter().break_call(call, calls_of.clone(), fault, and_retries);
            counted(&platform, &houses).await;
            assert_eq!(platform.meter().clear_faults(), 0, "{name} never struck");
            is_exact(&platform, &owner, &houses, &name).await;
        }
    };
    at_once(LANES, (0..LANES).map(lane)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_is_counted_if_it_was_written_whatever_call_of_it_broke() {
    let calls_of = Filter::any().function("scan");
    let prepared = async |limit: &Value| {
        let (platform, house) = (Platform::start().await, house());
        platform.owner().imports(std::slice::from_ref(&house)).await;
        let _made = platform.owner().generates_with(&house, limit).await.is(201);
        platform.meter().reset();
        (platform, house)
    };
    let mut runs = Vec::new();
    for limit in [json!({}), json!({ "max_scans": 3 })] {
        let (platform, house) = prepared(&limit).await;
        let _page = platform.visitor().scans(&house).await.is(200);
        let calls = platform.meter().count(&calls_of);
        println!("K = {calls} calls of a first scan, {limit}, each broken in five ways");
        for call in 1..=calls {
            for fault in [Fault::Before, Fault::LoseReply] {
                runs.extend([true, false].map(|too| (limit.clone(), call, fault.clone(), too)));
            }
            runs.push((limit.clone(), call, Fault::Twice, false));
        }
    }
    let run = async |(limit, call, fault, and_retries): (Value, u64, Fault, bool)| {
        let name = format!("{limit}, call {call}, {fault:?}, retries too: {and_retries}");
        let (platform, house) = prepared(&limit).await;
        platform.meter().break_call(call, calls_of.clone(), fault, and_retries);
        let page = platform.visitor().scans(&house).await;
        assert_eq!(platform.meter().clear_faults(), 0, "{name} never struck");
        platform.quiet().await;
        let inventory = platform.inventory().await;
        let written = inventory.count("E#");
        let seen = platform.owner().analytics(&house).await;
        assert_eq!(seen["all_time_scans"], written, "{name}");
        assert!(written <= 1 && (page.status != 200 || written == 1), "{name}: {}", page.status);
        if limit["max_scans"].is_number() {
            let target = &inventory.items[&(format!("S#{}", house.id), "META".to_owned())];
            assert_eq!(target["scans_used"], written.to_string(), "{name}");
        } else if page.status == 503 && page.text().contains("http-equiv") {
            assert!(page.text().contains(&house.page_url()), "{name}: it leads on all the same");
        }
    };
    at_once(12, runs.into_iter().map(run)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_transactions_that_meet_count_both_batches_once() {
    let platform = Platform::start().await;
    let (owner, houses) = three_codes(&platform).await;
    let writes = Filter::any().function("aggregate").operation("TransactWriteItems");
    for nth in 1..=5 {
        platform.meter().break_call(nth, writes.clone(), Fault::transaction_conflict(), false);
    }
    counted(&platform, &houses).await;
    assert_eq!(platform.meter().clear_faults(), 0);
    is_exact(&platform, &owner, &houses, "conflicts").await;
}
