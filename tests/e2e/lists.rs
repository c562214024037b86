//! Lists, tables and images, as programs and browsers read them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, house, houses};

/// The ids of a whole list, page by page, and the sizes of its pages.
async fn paged(owner: &Owner, query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/api/v1/qr/list?{query}{cursor}")).await.is(200).json();
        let codes = page["codes"].as_array().unwrap();
        sizes.push(codes.len());
        ids.extend(codes.iter().map(|code| code["property_id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, sizes),
        }
        assert!(sizes.len() < 300, "the list has no end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_code_stands_once_in_a_list_that_is_read_page_by_page() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let mine = houses(250);
    owner.imports(&mine).await;
    // A batch goes on where the last one stopped, until nothing is left.
    while owner.generates_all(&mine).await.is(200).json()["not_started"] != 0 {}
    let theirs = house();
    stranger.imports(std::slice::from_ref(&theirs)).await;
    stranger.generates(&theirs).await;

    let expected: BTreeSet<String> = mine.iter().map(|house| house.id.to_string()).collect();
    for (query, sizes_expected) in [("limit=100", vec![100, 100, 50]), ("", vec![50; 5])] {
        let (ids, mut sizes) = paged(owner, query).await;
        assert_eq!(ids.len(), 250, "{query}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected, "{query}");
        // A last page that is full may be followed by an empty one.
        sizes.retain(|size| *size > 0);
        assert_eq!(sizes, sizes_expected, "{query}");
    }
    let _gone = owner.deletes(&mine[3]).await.is(204);
    let soon = json!({ "expires_at": "2026-11-20T13:00:00Z" });
    let _made = owner.generates_with(&mine[5], &soon).await.is(201);
    platform.passes(SignedDuration::from_hours(2)).await;
    let of = async |status: &str| paged(owner, &format!("limit=7&status={status}")).await.0;
    assert_eq!(of("deleted").await, [mine[3].id.to_string()]);
    assert_eq!(of("expired").await, [mine[5].id.to_string()]);
    let active = of("active").await;
    assert_eq!(active.len(), 248);
    assert!(!active.contains(&mine[3].id.to_string()) && !active.contains(&mine[5].id.to_string()));
    owner.get("/api/v1/qr/list?status=lost").await.problem(422, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_opens_in_a_spreadsheet_and_has_no_formula() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let evil =
        house().with("propertyName", "=HYPERLINK(\"http://evil.example\")").with("location", "+1");
    owner.imports(std::slice::from_ref(&evil)).await;
    owner.generates(&evil).await;
    let phone = platform.visitor().from("=1").sending("cloudfront-viewer-country-region", "+1");
    let _page = phone.scans(&evil).await.is(200);
    platform.quiet().await;
    let codes = owner.get("/api/v1/qr/list?format=csv").await.is(200);
    let scans = owner.analytics_with(&evil, "?format=csv").await.is(200);
    let system = owner.get("/api/v1/analytics/system?format=csv").await.is(200);
    for table in [&codes, &scans, &system] {
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8", "{}", table.asked);
        assert!(table.header("content-disposition").starts_with("attachment; filename=\""));
        let text = table.text();
        assert!(text.ends_with("\r\n"));
        let cells = text.split("\r\n").flat_map(|line| line.split(','));
        let formula =
            cells.filter(|cell| cell.trim_matches('"').starts_with(['=', '+', '-', '@'])).count();
        assert_eq!(formula, 0, "{text}");
    }
    let lines: Vec<String> = codes.text().lines().map(str::to_owned).collect();
    assert!(
        lines[0].starts_with("property_id,status,is_expired,version,scan_count,"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with(&format!("{},active,false,1,1,2026-11-20T12:00:00Z", evil.id)),
        "{}",
        lines[1]
    );
    assert!(
        scans.text().contains("total,people,1\r\n") && scans.text().contains("country,ZZ,1\r\n"),
        "{}",
        scans.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_says_how_long_it_may_be_kept_and_is_not_sent_twice() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    let code = owner.generates(&house).await;
    let visitor = platform.visitor();
    let kept = [
        ("qr_code_url", "public, max-age=60"),
        ("image_url", "public, max-age=31536000, immutable"),
    ];
    for (address, rule) in kept {
        let url = code[address].as_str().unwrap();
        let image = visitor.get(url).await.is(200);
        assert_eq!(image.header("cache-control"), rule, "{address}");
        assert_eq!(image.header("content-type"), "image/png", "{address}");
        assert_eq!(code["bytes"], image.body.len(), "{address}");
        let again = visitor.get(url).header("if-none-match", image.header("etag")).await.is(304);
        assert!(again.body.is_empty(), "{address}");
    }
    // What is not an image is not served at all.
    let metadata = visitor.get(&format!("/metadata/{}.json", house.id)).await;
    assert!([403, 404].contains(&metadata.status), "{}", metadata.text());
    let svg = owner.regenerates(&house, &json!({ "format": "svg" })).await.is(200).json();
    let image = visitor.get(svg["image_url"].as_str().unwrap()).await.is(200);
    assert_eq!(image.header("content-type"), "image/svg+xml");
    assert!(image.text().starts_with("<svg "), "{}", image.text());
    let png = visitor.get(svg["qr_code_url"].as_str().unwrap()).await.is(200);
    assert_eq!(
        qr::decode(&png.body).unwrap(),
        svg["qr_pattern"].as_str().unwrap(),
        "P41 stays a PNG"
    );
    let fixed_svg = format!("/qr-images/{}.svg", house.id);
    let _there = visitor.get(&fixed_svg).await.is(200);
    let _made = owner.regenerates(&house, &json!({ "format": "png" })).await.is(200);
    assert_ne!(visitor.get(&fixed_svg).await.status, 200, "no older image under the fixed path");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_shown_in_any_size_and_as_its_older_payload() {
    let platform = Platform::start().await;
    let (owner, house) = (platform.owner(), house());
    owner.imports(std::slice::from_ref(&house)).await;
    let code = owner.generates(&house).await;
    let scan_url = code["qr_pattern"].as_str().unwrap();
    let path = format!("/api/v1/qr/{}", house.id);
    for query in [
        "",
        "&size=512",
        "&size=1024&error_correction=H&margin=8",
        "&dark=%23003366&light=%23ffffee",
    ] {
        let image = owner.get(&format!("{path}?format=png{query}")).await.is(200);
        assert_eq!(image.header("content-type"), "image/png", "{query}");
        assert_eq!(qr::decode(&image.body).unwrap(), scan_url, "{query}");
    }
    let svg = owner.get(&format!("{path}?format=svg")).await.is(200);
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    let payload = owner.get(&format!("{path}?format=payload")).await.is(200).json();
    let expected =
        json!({ "type": "daobitat_property", "property_id": house.id, "scan_url": scan_url });
    assert_eq!(payload, expected);
    assert_eq!(code["qr_pattern_legacy"], expected);
    let again: Value = owner.generates_with(&house, &json!({})).await.is(200).json();
    assert_eq!(again, code, "asking for the same again changes nothing");
}
