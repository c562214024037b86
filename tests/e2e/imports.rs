//! Taking properties in, and making their codes in one go.

use serde_json::{Value, json};
use tessera_tests::{House, Platform, at_once, house, houses, lines};

/// The property of the answer, as far as the two spellings must agree.
async fn imported(document: Value) -> Value {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let report = owner.imports_text(&document.to_string()).await.is(200).json();
    assert_eq!(report, json!({ "imported": 1, "failed": 0, "errors": [] }), "{document}");
    owner.get("/api/v1/properties/67ec31596333aba221e84df8").await.is(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn camel_case_snake_case_canonical_and_relaxed_json_are_the_same_property() {
    let canonical = json!({
        "_id": { "$oid": "67ec31596333aba221e84df8" },
        "owner": { "$oid": "67ec31596333aba221e84d00" },
        "propertyName": "Lekki Pearl", "location": "Lekki, Lagos", "onchainId": "0xAB12",
        "price": { "$numberInt": "150000" }, "action": "for rent", "cryptoAccepted": true,
        "createdAt": { "$date": { "$numberLong": "1743532377123" } },
        "listingState": "active", "propertyType": "Apartment",
        "coordinates": { "lat": { "$numberDouble": "6.524379" }, "lng": { "$numberDouble": "3.379205" } },
        "amenities": { "bedrooms": { "$numberInt": "3" }, "parkingSpaces": { "$numberInt": "1" } },
        "blockchainInfo": { "network": "base", "contractAddress": "0xabc" },
        "agentPhone": { "$numberLong": "234" },
    });
    let relaxed = json!({
        "_id": { "$oid": "67ec31596333aba221e84df8" }, "owner": "67ec31596333aba221e84d00",
        "propertyName": "Lekki Pearl", "location": "Lekki, Lagos", "onchainId": "0xAB12",
        "price": 150_000, "action": "for rent", "cryptoAccepted": true,
        "createdAt": { "$date": "2025-04-01T18:32:57.123Z" },
        "listingState": "active", "propertyType": "Apartment",
        "coordinates": { "lat": 6.524_379, "lng": 3.379_205 },
        "amenities": { "bedrooms": 3, "parkingSpaces": 1 },
        "blockchainInfo": { "network": "base", "contractAddress": "0xabc" },
        "agentPhone": 234,
    });
    let snake = json!({
        "id": "67EC31596333ABA221E84DF8", "owner": "67ec31596333aba221e84d00",
        "property_name": "Lekki Pearl", "location": "Lekki, Lagos", "onchain_id": "0xAB12",
        "price": 150_000, "action": "for rent", "crypto_accepted": true,
        "created_at": "2025-04-01T18:32:57.123Z",
        "listing_state": "active", "property_type": "Apartment",
        "coordinates": { "lat": 6.524_379, "lng": 3.379_205 },
        "amenities": { "bedrooms": 3, "parking_spaces": 1 },
        "blockchain_info": { "network": "base", "contract_address": "0xabc" },
        "agentPhone": 234,
    });
    let first = imported(canonical).await;
    assert_eq!(first["id"], "67ec31596333aba221e84df8");
    assert_eq!((&first["price"], &first["crypto_accepted"]), (&150_000.into(), &true.into()));
    assert_eq!(
        (&first["is_qr_eligible"], &first["has_blockchain_info"]),
        (&true.into(), &true.into())
    );
    assert_eq!(imported(relaxed).await, first);
    assert_eq!(imported(snake).await, first);
    // What we answer can be sent back.
    let mut ours = first.clone();
    for made in ["is_qr_eligible", "has_blockchain_info"] {
        ours.as_object_mut().unwrap().remove(made);
    }
    assert_eq!(imported(ours).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_line_is_named_with_its_reason_and_the_good_ones_go_in() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let good = houses(3);
    let lines = [
        good[0].document.to_string(),
        "{\"_id\": 1".to_owned(),
        house().without("price").document.to_string(),
        String::new(),
        good[1].document.to_string(),
        house().with("_id", "list").document.to_string(),
        house().with("price", 9_007_199_254_740_992_i64).document.to_string(),
        good[2].document.to_string(),
    ];
    let report = owner.imports_text(&lines.join("\n")).await.is(200).json();
    assert_eq!((&report["imported"], &report["failed"]), (&3.into(), &4.into()), "{report}");
    let errors = report["errors"].as_array().unwrap();
    let named: Vec<_> =
        errors.iter().map(|e| (e["line"].as_u64().unwrap(), e["code"].as_str().unwrap())).collect();
    let fields = "invalid_fields";
    assert_eq!(named, [(2, "line_not_json"), (3, fields), (6, fields), (7, fields)]);
    for (error, word) in errors.iter().zip(["JSON", "price", "id", "price"]) {
        assert!(error["detail"].as_str().unwrap().contains(word), "{error}");
    }
    for house in &good {
        let _there = owner.get(&format!("/api/v1/properties/{}", house.id)).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_properties_get_their_codes_in_one_batch_that_one_bad_id_does_not_harm() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let houses = houses(500);
    owner.imports(&houses).await;
    let before = platform.inventory().await;
    owner.imports(&houses).await;
    platform.inventory().await.is_still(&before, "importing again changes nothing");

    let mut ids: Vec<String> = houses.iter().map(|house| house.id.to_string()).collect();
    ids.insert(250, "not-an-id".to_owned());
    let batch = async |ids: &[String]| {
        let ask = owner.post("/api/v1/qr/batch-generate").json(&json!({ "property_ids": ids }));
        ask.await.is(200).json()
    };
    let mut made = batch(&ids).await;
    let mut counts = (count(&made, "generated"), count(&made, "unchanged"));
    let mut rounds = 1;
    assert_eq!(
        (&made["failed"], made["results"][250]["status"].as_str()),
        (&1.into(), Some("failed"))
    );
    assert_eq!(made["results"][250]["error"]["code"], "invalid_id");
    assert_eq!(made["results"][250]["error"]["status"], 422);
    // A slow machine does not finish within a request's time: then it says so, and the rest is sent again.
    while made["not_started"] != 0 {
        let rest = of_status(&made, "not_started");
        made = batch(&rest).await;
        counts = (counts.0 + count(&made, "generated"), counts.1 + count(&made, "unchanged"));
        rounds += 1;
        assert!(rounds < 20, "a batch gets nowhere");
    }
    println!("500 codes in {rounds} request(s)");
    assert_eq!(counts, (500, 0), "each is made exactly once");

    // Sending a part of it again, with what was missing, makes only what is missing.
    let late = house();
    owner.imports(std::slice::from_ref(&late)).await;
    ids[250] = late.id.to_string();
    let (mut generated, mut waiting) = (Vec::new(), ids.split_off(200));
    waiting.truncate(100);
    while !waiting.is_empty() {
        let again = batch(&waiting).await;
        assert_eq!(again["failed"], 0, "{again}");
        generated.extend(of_status(&again, "generated"));
        waiting = of_status(&again, "not_started");
    }
    assert_eq!(generated, [late.id.to_string()]);
    let images =
        at_once(16, houses.iter().step_by(25).map(|house| image_says(&platform, house))).await;
    assert!(images.into_iter().all(|fine| fine));
}

async fn image_says(platform: &Platform, house: &House) -> bool {
    let image = platform.visitor().get(&format!("/qr-images/{}.png", house.id)).await.is(200);
    qr::decode(&image.body).unwrap() == format!("{}/scan/{}", platform.base(), house.id)
}

fn of_status(batch: &Value, status: &str) -> Vec<String> {
    let results = batch["results"].as_array().unwrap().iter();
    let of = results.filter(|result| result["status"] == status);
    of.map(|result| result["property_id"].as_str().unwrap().to_owned()).collect()
}

fn count(batch: &Value, status: &str) -> usize {
    of_status(batch, status).len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_with_one_bad_item_at_any_place_makes_all_the_others() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let absent = house();
    let withdrawn = house().with("listingState", "withdrawn");
    owner.imports(std::slice::from_ref(&withdrawn)).await;
    let bad = [
        (json!("x"), "invalid_id"),
        (json!(absent.id), "property_unknown"),
        (json!(withdrawn.id), "property_not_eligible"),
    ];
    for (bad, code) in bad {
        for place in [0, 2, 4] {
            let houses = houses(4);
            owner.imports(&houses).await;
            let mut ids: Vec<Value> = houses.iter().map(|house| json!(house.id)).collect();
            ids.insert(place, bad.clone());
            let ask = owner.post("/api/v1/qr/batch-generate").json(&json!({ "property_ids": ids }));
            let made = ask.await.is(200).json();
            assert_eq!((&made["succeeded"], &made["failed"]), (&4.into(), &1.into()), "{made}");
            assert_eq!(made["results"][place]["error"]["code"], code, "{made}");
            assert_eq!(made["results"][place]["property_id"], bad);
            assert!(made["results"][place].get("qr").is_none());
            let again = owner.generates_all(&houses).await.is(200).json();
            assert_eq!(count(&again, "unchanged"), 4, "{again}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_stands_twice_in_a_batch_or_a_file_is_taken_once() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let first = house();
    let second = House { document: first.clone().with("price", 1).document, ..first.clone() };
    owner.imports(&[first.clone(), second]).await;
    let read = owner.get(&format!("/api/v1/properties/{}", first.id)).await.is(200).json();
    assert_eq!(read["price"], 1, "the last one stands");
    let made = owner.generates_all(&[first.clone(), first.clone()]).await.is(200).json();
    assert_eq!(made["succeeded"], 2, "{made}");
    assert_eq!(owner.reads(&first).await.is(200).json()["version"], 1);
    assert_eq!(platform.inventory().await.count("P#"), 1);
    assert_eq!(lines(&[first]).lines().count(), 1);
}
