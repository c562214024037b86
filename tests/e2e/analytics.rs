//! What the page reports, and how the numbers are read.

use jiff::SignedDuration;
use serde_json::json;
use tessera_tests::{House, Platform, Start, Visitor, house, houses};

/// Scans, and takes the sealed report from the page.
async fn report_of(visitor: &Visitor, house: &House) -> String {
    let html = visitor.scans(house).await.is(200).text();
    let report = html.split("data-report=\"").nth(1).and_then(|rest| rest.split('"').next());
    report
        .filter(|report| !report.is_empty())
        .unwrap_or_else(|| panic!("no report in {html}"))
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_counts_once_and_a_forged_or_late_one_not_at_all() {
    let platform = Platform::start().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    let houses = houses(2);
    owner.imports(&houses).await;
    let _made = owner.generates_all(&houses).await.is(200);
    let says = |house: &House, report: &str, outcome: &str| {
        let path = format!("/api/v1/scan/{}/outcome", house.id);
        visitor.post(&path).json(&json!({ "report": report, "outcome": outcome }))
    };
    let (first, second) =
        (report_of(&visitor, &houses[0]).await, report_of(&visitor, &houses[0]).await);
    let _noted = says(&houses[0], &first, "both_opened").await.is(204);
    let _noted = says(&houses[0], &first, "both_opened").await.is(204);
    let _noted = says(&houses[0], &first, "second_blocked").await.is(204);
    let _noted = says(&houses[0], &second, "second_blocked").await.is(204);

    let before = platform.inventory().await;
    let mut forged = second.clone();
    forged.replace_range(0..1, if second.starts_with('A') { "B" } else { "A" });
    for report in [&forged, "", "AAAA", &second[..20], &"A".repeat(5000)] {
        says(&houses[0], report, "both_opened").await.problem(422, "invalid_report");
    }
    says(&houses[1], &second, "both_opened").await.problem(422, "invalid_report");
    says(&houses[0], &second, "won_the_lottery").await.problem(422, "invalid_fields");
    platform.inventory().await.is_still(&before, "forged reports");

    let late = report_of(&visitor, &houses[0]).await;
    platform.passes(SignedDuration::from_secs(600)).await;
    let _noted = says(&houses[0], &late, "both_opened").await.is(204);
    let later = report_of(&visitor, &houses[0]).await;
    platform.passes(SignedDuration::from_secs(601)).await;
    says(&houses[0], &later, "both_opened").await.problem(422, "invalid_report");

    platform.quiet().await;
    let seen = owner.analytics(&houses[0]).await;
    let outcomes =
        json!([{ "name": "both_opened", "count": 2 }, { "name": "second_blocked", "count": 1 }]);
    assert_eq!(seen["outcomes"], outcomes);
    assert_eq!(seen["redirect_success_permille"], 666);
    assert_eq!(seen["total_scans"], 4, "a report is no scan");
    let other = owner.analytics(&houses[1]).await;
    assert_eq!(
        (&other["outcomes"], &other["redirect_success_permille"]),
        (&json!([]), &json!(null))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_numbers_are_the_sum_of_its_codes_and_nobody_elses() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let (mine, theirs) = (houses(2), house());
    owner.imports(&mine).await;
    let _made = owner.generates_all(&mine).await.is(200);
    stranger.imports(std::slice::from_ref(&theirs)).await;
    stranger.generates(&theirs).await;
    for (house, scans) in [(&mine[0], 3), (&mine[1], 2), (&theirs, 4)] {
        for number in 0..scans {
            let _page = platform.visitor().number(number).from("KE").scans(house).await.is(200);
        }
    }
    platform.quiet().await;
    let system = owner.get("/api/v1/analytics/system").await.is(200).json();
    assert_eq!((&system["all_time_scans"], &system["total_scans"]), (&5.into(), &5.into()));
    assert_eq!(system["tenant_id"], owner.tenant.as_str());
    assert_eq!(system["countries"], json!([{ "name": "KE", "count": 5 }]));
    assert_eq!(system["unique_visitors"], 3, "three phones were at two codes");
    let bare = owner.get("/api/v1/analytics/system?details=false").await.is(200).json();
    assert_eq!(
        (&bare["total_scans"], &bare["by_day"], &bare["countries"]),
        (&5.into(), &json!([]), &json!([]))
    );
    let theirs = stranger.get("/api/v1/analytics/system").await.is(200).json();
    assert_eq!(theirs["total_scans"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_shortly_before_midnight_utc_is_tomorrows_in_lagos() {
    let at = "2026-11-20T23:30:00Z".parse().unwrap();
    let platform = Platform::start_with(Start { at, ..Start::default() }).await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    let _page = platform.visitor().scans(&house).await.is(200);
    platform.quiet().await;
    let day = async |day: &str, tz: &str| {
        let query = format!("?from={day}&to={day}&tz={tz}");
        owner.analytics_with(&house, &query).await.is(200).json()
    };
    let cases = [
        ("2026-11-20", "UTC", 1),
        ("2026-11-21", "UTC", 0),
        ("2026-11-20", "Africa/Lagos", 0),
        ("2026-11-21", "Africa/Lagos", 1),
        ("2026-11-20", "America/New_York", 1),
        // Half past: its offset is five and a half hours.
        ("2026-11-21", "Asia/Kolkata", 1),
    ];
    for (date, tz, scans) in cases {
        let seen = day(date, tz).await;
        assert_eq!(seen["total_scans"], scans, "{date} {tz}: {seen}");
        assert_eq!(seen["by_day"][0]["day"], date);
        assert_eq!(seen["by_day"][0]["scans"], scans);
        assert_eq!((&seen["tz"], &seen["all_time_scans"]), (&tz.into(), &1.into()));
    }
    let lagos = day("2026-11-21", "Africa/Lagos").await;
    assert_eq!(lagos["hour_of_day"][0], 1, "{lagos}");
    assert_eq!(day("2026-11-20", "UTC").await["hour_of_day"][23], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitors_hash_means_nothing_on_another_day_or_at_another_tenant() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    let _page = platform.visitor().scans(&house).await.is(200);
    platform.passes(SignedDuration::from_hours(24)).await;
    let _page = platform.visitor().scans(&house).await.is(200);
    platform.quiet().await;
    let inventory = platform.inventory().await;
    let events = inventory.items.iter().filter(|((pk, _), _)| pk.starts_with("E#"));
    let visitors: Vec<_> = events.map(|(_, item)| item["event"]["visitor"].clone()).collect();
    assert_eq!(visitors.len(), 2);
    assert!(visitors[0] != visitors[1] && visitors[0].is_string(), "{visitors:?}");
    for item in inventory.items.values().filter(|item| item["kind"] == "scan_event") {
        assert!(!item.to_string().contains("127.0.0.1"), "an address is kept: {item}");
    }
}
