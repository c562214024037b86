//! Documents of the property collection in all their spellings, and what a code needs of them.

use serde_json::json;

use super::*;

const ID: &str = "67ec31596333aba221e84df8";

/// The smallest property; tests lay over it what they look at.
pub(super) fn document(over: Value) -> Value {
    let mut document = json!({
        "_id": { "$oid": ID }, "property_name": "Lekki Pearl", "location": "Lekki, Lagos",
        "price": 150_000, "action": "for sale",
    });
    let fields = document.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    document
}

fn property(over: Value) -> Property {
    Property::from_document(&document(over)).unwrap()
}

/// Checks which fields are refused, and by which rule: `price:not_whole`.
fn refused(document: &Value, expected: &[&str]) {
    let errors = Property::from_document(document).err().map(|errors| errors.0).unwrap_or_default();
    let found: Vec<String> = errors.iter().map(|e| format!("{}:{}", e.field, e.code)).collect();
    assert_eq!(found, expected, "{document}");
}

fn full_camel() -> Value {
    json!({
        "_id": { "$oid": ID },
        "owner": { "$oid": "67ec31596333aba221e84d00" },
        "propertyName": "Lekki Pearl",
        "location": "Lekki, Lagos",
        "onchainId": "0x52908400098527886E0F7030069857D2E4169EE7",
        "price": { "$numberLong": "150000" },
        "action": "for rent",
        "cryptoAccepted": true,
        "createdAt": { "$date": "2025-04-01T18:32:57.123Z" },
        "propertyType": "Apartment",
        "listingState": "under-offer",
        "coordinates": { "lat": 6.524379, "lng": { "$numberDouble": "3.3792057" } },
        "amenities": { "bedrooms": 3, "bathrooms": 2.5, "parkingSpaces": { "$numberInt": "1" }, "features": ["pool"], "hasGarden": true },
        "documents": [{ "documentType": "Title Deed", "url": "https://example.com/deed.pdf", "verifiedBy": { "$oid": ID } }],
        "blockchainInfo": { "network": "base", "contractAddress": "0xabc", "tokenId": 7, "gasUsed": 1 },
        "agentPhone": { "$numberLong": "234" },
        "__v": 0,
    })
}

#[test]
fn every_field_is_read_in_camel_case_and_written_in_snake_case() {
    let property = Property::from_document(&full_camel()).unwrap();
    let expected = json!({
        "id": ID,
        "owner": "67ec31596333aba221e84d00",
        "property_name": "Lekki Pearl",
        "location": "Lekki, Lagos",
        "onchain_id": "0x52908400098527886E0F7030069857D2E4169EE7",
        "price": 150_000,
        "action": "for rent",
        "crypto_accepted": true,
        "created_at": "2025-04-01T18:32:57.123Z",
        "property_type": "apartment",
        "listing_state": "under offer",
        "coordinates": { "latitude": "6.524379", "longitude": "3.379205" },
        "amenities": { "bedrooms": 3, "parking_spaces": 1, "features": ["pool"], "extra": { "bathrooms": 2.5, "hasGarden": true } },
        "documents": [{ "document_type": "title deed", "url": "https://example.com/deed.pdf", "extra": { "verifiedBy": ID } }],
        "blockchain": { "network": "base", "contract_address": "0xabc", "token_id": "7", "extra": { "gasUsed": 1 } },
        "extra": { "agentPhone": 234, "__v": 0 },
    });
    assert_eq!(serde_json::to_value(&property).unwrap(), expected);
    assert!(property.is_qr_eligible() && property.has_blockchain_info());
}

#[test]
fn what_is_written_is_read_back() {
    for property in [Property::from_document(&full_camel()).unwrap(), property(json!({}))] {
        let text = serde_json::to_string(&property).unwrap();
        assert_eq!(serde_json::from_str::<Property>(&text).unwrap(), property);
    }
}

#[test]
fn snake_case_wins_and_the_other_spelling_is_kept() {
    let both = property(json!({ "property_name": "Snake", "propertyName": "Camel" }));
    assert_eq!(
        (both.property_name.as_str(), &both.extra["propertyName"]),
        ("Snake", &json!("Camel"))
    );
    let same = property(json!({ "property_name": "Same", "propertyName": "Same" }));
    assert!(same.extra.is_empty());
    let null = property(json!({ "property_name": null, "propertyName": "Camel" }));
    assert_eq!((null.property_name.as_str(), null.extra.len()), ("Camel", 0));
    let ids = property(json!({ "id": ID }));
    assert!(ids.extra.is_empty());
}

#[test]
fn a_price_is_a_whole_number_up_to_two_to_the_53_less_one() {
    let check = |price: Value, expected: Result<i64, &str>| {
        let document = document(json!({ "price": price }));
        match expected {
            Ok(price) => assert_eq!(Property::from_document(&document).unwrap().price, price),
            Err(code) => refused(&document, &[&format!("price:{code}")]),
        }
    };
    check(json!(0), Ok(0));
    check(json!(2_147_483_648_i64), Ok(2_147_483_648));
    check(json!(PRICE_MAX), Ok(PRICE_MAX));
    check(json!(PRICE_MAX + 1), Err("out_of_range"));
    check(json!(u64::MAX), Err("out_of_range"));
    check(json!(-1), Err("out_of_range"));
    check(json!(150_000.0), Ok(150_000));
    check(json!(0.5), Err("not_whole"));
    check(json!({ "$numberDouble": "150000.0" }), Ok(150_000));
    check(json!({ "$numberDouble": "1.5E7" }), Ok(15_000_000));
    check(json!({ "$numberDouble": "NaN" }), Err("wrong_type"));
    check(json!({ "$numberDecimal": "150000.00" }), Ok(150_000));
    check(json!({ "$numberDecimal": "9007199254740991" }), Ok(PRICE_MAX));
    check(json!({ "$numberDecimal": "9007199254740991.5" }), Err("not_whole"));
    check(json!({ "$numberInt": "5" }), Ok(5));
    check(json!(true), Err("wrong_type"));
    check(json!("a lot"), Err("wrong_type"));
    check(Value::Null, Err("required"));
}

#[test]
fn all_broken_rules_are_told_at_once() {
    refused(&json!({}), &["id:required", "price:required", "action:required"]);
    refused(&json!([]), &[":wrong_type"]);
    let broken = document(json!({
        "_id": "list",
        "propertyName": null,
        "property_name": "a\u{0}b",
        "location": "x".repeat(LOCATION_MAX_CHARS + 1),
        "onchain_id": "0x/../admin",
        "price": -1,
        "cryptoAccepted": "yes",
        "created_at": "yesterday",
        "coordinates": { "latitude": 91, "longitude": "east" },
        "amenities": 3,
        "documents": [{ "name": 5 }, 7, { "url": {} }],
        "blockchain": [],
    }));
    refused(
        &broken,
        &[
            "id:invalid_id",
            "property_name:control_character",
            "location:too_long",
            "onchain_id:invalid_onchain_id",
            "price:out_of_range",
            "crypto_accepted:wrong_type",
            "created_at:wrong_type",
            "coordinates.latitude:out_of_range",
            "coordinates.longitude:wrong_type",
            "amenities:wrong_type",
            "documents[1]:wrong_type",
            "documents[2].url:wrong_type",
            "blockchain:wrong_type",
        ],
    );
}

#[test]
fn texts_are_bounded_in_characters_and_trimmed() {
    let named = |name: String| Property::from_document(&document(json!({ "property_name": name })));
    assert_eq!(named("é".repeat(NAME_MAX_CHARS)).unwrap().property_name.chars().count(), 255);
    assert!(named("é".repeat(NAME_MAX_CHARS + 1)).is_err());
    assert_eq!(named("  Pearl ".to_owned()).unwrap().property_name, "Pearl");
    for bad in ["a\nb", "a\u{7f}", "a\u{85}b"] {
        assert!(named(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[test]
fn an_onchain_id_is_letters_and_digits_or_absent() {
    let check = |value: Value, expected: Option<&str>| {
        assert_eq!(property(json!({ "onchain_id": value })).onchain_id.as_deref(), expected);
    };
    check(Value::Null, None);
    check(json!(""), None);
    check(json!("  "), None);
    check(json!("0xAb12"), Some("0xAb12"));
    for bad in ["0x 12", "0x12?x=1", "..", "0x12#", "é", "a/b"] {
        refused(&document(json!({ "onchain_id": bad })), &["onchain_id:invalid_onchain_id"]);
    }
    refused(&document(json!({ "onchain_id": "a".repeat(129) })), &["onchain_id:too_long"]);
}

#[test]
fn coordinates_come_as_numbers_as_text_and_as_geojson() {
    let check = |value: Value, expected: Option<(i32, i32)>| {
        let found = property(json!({ "coordinates": value })).coordinates;
        assert_eq!(found.map(|at| (at.latitude_micro, at.longitude_micro)), expected, "{value}");
    };
    check(json!({ "latitude": "6.5", "longitude": "-3" }), Some((6_500_000, -3_000_000)));
    check(json!({ "lat": -90, "lon": 180 }), Some((-90_000_000, 180_000_000)));
    check(json!({ "type": "Point", "coordinates": [3.25, 6.5] }), Some((6_500_000, 3_250_000)));
    check(json!([3.25, 6.5]), Some((6_500_000, 3_250_000)));
    check(json!({ "lat": 0.00000001, "lng": 0 }), Some((0, 0)));
    check(json!({ "lat": null, "lng": null }), None);
    check(Value::Null, None);
    refused(&document(json!({ "coordinates": { "lat": 1 } })), &["coordinates.longitude:required"]);
    refused(
        &document(json!({ "coordinates": [1, 2, 3] })),
        &["coordinates.coordinates:wrong_type"],
    );
    let south = Coordinates { latitude_micro: -5, longitude_micro: -180_000_000 };
    assert_eq!(
        serde_json::to_value(south).unwrap(),
        json!({ "latitude": "-0.000005", "longitude": "-180.000000" })
    );
}

#[test]
fn unknown_words_are_kept_as_they_came() {
    let odd = property(
        json!({ "action": "Auction", "propertyType": "Tree House", "listingState": "LIVE", "documents": ["https://example.com/a"] }),
    );
    assert_eq!(odd.action, Action::Other("Auction".to_owned()));
    assert_eq!(odd.property_type, Some(PropertyType::Other("Tree House".to_owned())));
    assert_eq!(serde_json::to_value(&odd.listing_state).unwrap(), "LIVE");
    assert_eq!(odd.documents[0].url.as_deref(), Some("https://example.com/a"));
    for text in ["for sale", "For Sale", "FOR_SALE", "forSale", "for-sale"] {
        assert_eq!(Action::parse(text), Action::ForSale, "{text}");
    }
    let listed = property(json!({ "amenities": ["pool", "borehole"] })).amenities.unwrap();
    assert_eq!(listed.features, ["pool", "borehole"]);
}

#[test]
fn a_code_needs_a_name_a_location_and_a_listing() {
    use IneligibleReason::{LocationMissing, NameMissing, Withdrawn};
    let check = |over: Value, expected: &[IneligibleReason]| {
        let property = property(over);
        let reasons =
            property.qr_eligibility().err().map(|ineligible| ineligible.0).unwrap_or_default();
        assert_eq!(reasons, expected);
        assert_eq!(property.is_qr_eligible(), expected.is_empty());
    };
    check(json!({}), &[]);
    for state in ["active", "sold", "draft", "something new"] {
        check(json!({ "listing_state": state }), &[]);
    }
    for state in ["withdrawn", "Removed", "DELISTED", "deleted", "archived"] {
        check(json!({ "listingState": state }), &[Withdrawn]);
    }
    check(json!({ "property_name": " " }), &[NameMissing]);
    check(json!({ "location": null }), &[LocationMissing]);
    check(
        json!({ "property_name": "", "location": "", "listing_state": "withdrawn" }),
        &[NameMissing, LocationMissing, Withdrawn],
    );
    let error = Ineligible(vec![NameMissing, Withdrawn]);
    assert_eq!(
        error.to_string(),
        "no code can be made for this property: it has no name, its listing was withdrawn"
    );
    assert_eq!(error.fields().len(), 2);
}

#[test]
fn the_simplified_form_has_what_the_scan_page_shows() {
    let plain = property(json!({}));
    assert!(!plain.has_blockchain_info(), "X4: no on-chain id, a single redirect");
    let shown = serde_json::to_value(plain.to_qr_info()).unwrap();
    let expected = json!({ "property_id": ID, "property_name": "Lekki Pearl", "price": 150_000, "action": "for sale", "location": "Lekki, Lagos" });
    assert_eq!(shown, expected);
    assert_eq!(
        property(json!({ "onchain_id": "0x1" })).to_qr_info().onchain_id.as_deref(),
        Some("0x1")
    );
}

#[test]
fn depth_and_unknown_fields_are_bounded() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| Value::Array(vec![inner]));
    assert!(
        Property::from_document(&document(json!({ "deep": nested(DEPTH_MAX_LEVELS - 1) }))).is_ok()
    );
    refused(&document(json!({ "deep": nested(DEPTH_MAX_LEVELS) })), &[":too_deep"]);
    refused(&document(json!({ "deep": nested(1_000) })), &[":too_deep"]);
    let over_head = r#""big":"""#.len();
    assert!(
        Property::from_document(&document(
            json!({ "big": "x".repeat(EXTRA_MAX_BYTES - over_head) })
        ))
        .is_ok()
    );
    refused(
        &document(json!({ "big": "x".repeat(EXTRA_MAX_BYTES - over_head + 1) })),
        &["extra:too_large"],
    );
    refused(
        &document(json!({ "amenities": { "big": "x".repeat(EXTRA_MAX_BYTES) } })),
        &["extra:too_large"],
    );
    refused(
        &document(json!({ "documents": vec![json!({}); DOCUMENTS_MAX + 1] })),
        &["documents:too_many"],
    );
}
