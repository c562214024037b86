//! From a property to a scan that is counted.

use tessera_tests::{GOOGLEBOT, Platform, WHATSAPP, house};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_property_gets_a_code_that_leads_a_phone_on_and_counts_it() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    let code = owner.generates(&house).await;
    let scan_url = format!("{}/scan/{}", platform.base(), house.id);
    assert_eq!(code["qr_pattern"], scan_url);
    assert_eq!((&code["version"], &code["size"]), (&1.into(), &256.into()));

    let visitor = platform.visitor();
    let fixed = format!("{}/qr-images/{}.png", platform.base(), house.id);
    assert_eq!(code["qr_code_url"], fixed);
    for address in ["qr_code_url", "image_url"] {
        let image = visitor.get(code[address].as_str().unwrap()).await.is(200);
        assert_eq!(image.header("content-type"), "image/png");
        assert_eq!(qr::decode(&image.body).unwrap(), scan_url, "{address}");
    }

    let page = visitor.clone().from("NG").scans(&house).await.is(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("cache-control"), "no-store", "a kept page would not be counted");
    let html = page.text();
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"1;url={}\">", house.page_url());
    assert!(html.contains(&refresh), "{html}");
    for link in [house.page_url(), house.explorer_url()] {
        assert!(html.contains(&format!("href=\"{link}\"")), "{link} is not in {html}");
    }

    assert_eq!(owner.analytics(&house).await["all_time_scans"], 0, "the stream comes later");
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    assert_eq!((&seen["all_time_scans"], &seen["total_scans"]), (&1.into(), &1.into()));
    assert_eq!(seen["unique_visitors"], 1);
    let shown = |list: &str| {
        let rows = seen[list].as_array().unwrap();
        let rows =
            rows.iter().map(|row| format!("{}={}", row["name"].as_str().unwrap(), row["count"]));
        rows.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("countries"), "NG=1");
    assert_eq!(shown("devices"), "mobile=1");
    assert_eq!(shown("os"), "ios=1");
    assert_eq!(shown("browsers"), "safari=1");
    assert_eq!(shown("redirects"), "dual_redirect=1");
    assert_eq!(seen["success_rate_permille"], 1000);
    let read = owner.reads(&house).await.is(200).json();
    assert_eq!(read["scan_count"], 1);
    assert_eq!(read["last_scanned"], platform.now().to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_a_person_is_served_and_not_counted_as_one() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    let visitor = platform.visitor();
    let head = visitor.looks_ahead(&house).await.is(200);
    assert!(head.body.is_empty() && head.header("content-length") != "0", "{head:?}");
    let others = [
        visitor.clone().sending("sec-purpose", "prefetch;prerender"),
        visitor.clone().sending("purpose", "prefetch"),
        visitor.clone().agent(GOOGLEBOT),
        visitor.clone().agent(WHATSAPP),
        visitor.clone().agent("curl/8.5.0"),
    ];
    for other in &others {
        let _page = other.scans(&house).await.is(200);
    }
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    assert_eq!((&seen["all_time_scans"], &seen["total_scans"]), (&0.into(), &0.into()));
    assert_eq!(seen["bot_scans"], 6, "{seen}");
    assert_eq!(seen["unique_visitors"], 0);
    assert_eq!(seen["first_scan"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_place_on_the_chain_there_is_one_redirect_and_no_broken_link() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house().without("onchainId"));
    owner.imports(std::slice::from_ref(&house)).await;
    owner.generates(&house).await;
    let html = platform.visitor().scans(&house).await.is(200).text();
    assert!(html.contains(&format!("content=\"0;url={}\"", house.page_url())), "{html}");
    assert!(!html.contains("basescan") && !html.contains("data-explorer-url"), "{html}");
    let data = platform.visitor().get(&format!("/api/v1/scan/{}", house.id)).await.is(200).json();
    assert_eq!(data["daobitat_url"], house.page_url());
    assert_eq!(data["blockchain_url"], serde_json::Value::Null);
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    assert_eq!(seen["redirects"], serde_json::json!([{ "name": "single", "count": 2 }]));
    let sources =
        serde_json::json!([{ "name": "api", "count": 1 }, { "name": "qr_code", "count": 1 }]);
    assert_eq!(seen["sources"], sources);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_visitor_sends_is_never_markup_on_the_page() {
    let platform = Platform::start().await;
    let evil = "\"><script>alert(1)</script>";
    let house = house().with("propertyName", evil).with("location", evil).with("action", evil);
    platform.owner().imports(std::slice::from_ref(&house)).await;
    platform.owner().generates(&house).await;
    let page = platform.visitor().sending("referer", evil).scans(&house).await.is(200);
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}
