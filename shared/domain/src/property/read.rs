//! From the fields of a document to a [`Property`]: names, bounds, and what is required.
//!
//! Deliberately absent: what the fields mean afterwards. A missing name or location is no error here: such a property
//! is imported and is not eligible for a code (X39).

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::parts::unfold_extra;
use super::{
    Action, Amenities, BlockchainInfo, Coordinates, DOCUMENTS_MAX, Document, EXTRA_MAX_BYTES,
    LOCATION_MAX_CHARS, ListingState, NAME_MAX_CHARS, ONCHAIN_ID_MAX_CHARS, Property, PropertyType,
};
use crate::id::PropertyId;

/// Longest owner id, type, state or action, in characters.
const WORD_MAX_CHARS: usize = 128;

/// `None` is always accompanied by an error.
pub(super) fn property(mut fields: Fields<'_>) -> Option<Property> {
    let id = read_id(&mut fields);
    let owner = fields.text(&["owner"], WORD_MAX_CHARS);
    let property_name = fields.text(&["property_name"], NAME_MAX_CHARS).unwrap_or_default();
    let location = fields.text(&["location"], LOCATION_MAX_CHARS).unwrap_or_default();
    let onchain_id = read_onchain_id(&mut fields);
    let price = required(&mut fields, "price", |fields| fields.whole(&["price"]));
    let action = required(&mut fields, "action", |fields| fields.text(&["action"], WORD_MAX_CHARS));
    let crypto_accepted = fields.flag(&["crypto_accepted"]).unwrap_or(false);
    let created_at = fields.instant(&["created_at"]);
    let property_type = fields.text(&["property_type"], WORD_MAX_CHARS);
    let listing_state = fields.text(&["listing_state"], WORD_MAX_CHARS);
    let coordinates = read_coordinates(&mut fields);
    let amenities = read_amenities(&mut fields);
    let documents = read_documents(&mut fields);
    let blockchain =
        read_nested(&mut fields, &["blockchain", "blockchain_info"], BlockchainInfo::read);
    let extra = unfold_extra(fields.take_rest());
    let nested = documents.iter().map(|document| &document.extra);
    let nested = nested.chain(amenities.iter().map(|amenities| &amenities.extra));
    let nested = nested.chain(blockchain.iter().map(|blockchain| &blockchain.extra));
    check_extra(&mut fields, nested.chain([&extra]));
    Some(Property {
        id: id?,
        owner,
        property_name,
        location,
        onchain_id,
        price: price?,
        action: Action::parse(&action?),
        crypto_accepted,
        created_at,
        property_type: property_type.map(PropertyType::from),
        listing_state: listing_state.map(ListingState::from),
        coordinates,
        amenities,
        documents,
        blockchain,
        extra,
    })
}

/// Runs `read`, and refuses the field when it is not there at all.
fn required<T>(
    fields: &mut Fields<'_>,
    name: &str,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Option<T> {
    let before = fields.error_count();
    let found = read(fields);
    if found.is_none() && fields.error_count() == before {
        fields.require(name);
    }
    found
}

fn read_id(fields: &mut Fields<'_>) -> Option<PropertyId> {
    let text = required(fields, "id", |fields| fields.text(&["_id", "id"], WORD_MAX_CHARS))?;
    match PropertyId::parse(&text) {
        Ok(id) => Some(id),
        Err(invalid) => {
            fields.refuse("id", "invalid_id", invalid.to_string());
            None
        }
    }
}

fn read_onchain_id(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text(&["onchain_id"], ONCHAIN_ID_MAX_CHARS)?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(text);
    }
    fields.refuse("onchain_id", "invalid_onchain_id", "onchain_id has letters and digits only");
    None
}

fn read_nested<T>(
    fields: &mut Fields<'_>,
    names: &[&str],
    read: impl FnOnce(Fields<'_>) -> T,
) -> Option<T> {
    let map = fields.object(names)?;
    Some(read(fields.nested(map, names.first().copied().unwrap_or_default())))
}

/// An object, or MongoDB's legacy pair, which is the inside of a GeoJSON point.
fn read_coordinates(fields: &mut Fields<'_>) -> Option<Coordinates> {
    let map = match fields.take(&["coordinates"])? {
        Value::Object(map) => map,
        pair @ Value::Array(_) => Map::from_iter([("coordinates".to_owned(), pair)]),
        _ => {
            return fields.wrong_type(&["coordinates"], "an object, or a longitude and a latitude");
        }
    };
    Coordinates::read(fields.nested(map, "coordinates"))
}

fn read_amenities(fields: &mut Fields<'_>) -> Option<Amenities> {
    match fields.take(&["amenities"])? {
        Value::Object(map) => Some(Amenities::read(fields.nested(map, "amenities"))),
        Value::Array(values) => {
            let mut nested = fields.nested(Map::new(), "amenities");
            Some(Amenities::of_features(values, &mut nested))
        }
        _ => fields.wrong_type(&["amenities"], "an object, or a list of texts"),
    }
}

fn read_documents(fields: &mut Fields<'_>) -> Vec<Document> {
    let values = match fields.take(&["documents"]) {
        Some(Value::Array(values)) => values,
        Some(_) => {
            return fields.wrong_type(&["documents"], "a list").unwrap_or_default();
        }
        None => return Vec::new(),
    };
    if values.len() > DOCUMENTS_MAX {
        fields.refuse(
            "documents",
            "too_many",
            format!("there are at most {DOCUMENTS_MAX} documents"),
        );
        return Vec::new();
    }
    let mut documents = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let name = format!("documents[{index}]");
        match value {
            Value::Object(map) => documents.push(Document::read(fields.nested(map, &name))),
            // A bare text is the document's address.
            Value::String(url) => {
                let map = Map::from_iter([("url".to_owned(), Value::String(url))]);
                documents.push(Document::read(fields.nested(map, &name)));
            }
            _ => fields.refuse(&name, "wrong_type", "a document is an object"),
        }
    }
    documents
}

/// Refuses unknown fields, nested ones included, that are too many bytes together.
fn check_extra<'a>(fields: &mut Fields<'_>, extras: impl Iterator<Item = &'a Map<String, Value>>) {
    // An empty one costs nothing.
    let bytes = |extra: &Map<String, Value>| json!(extra).to_string().len() - "{}".len();
    if extras.map(bytes).sum::<usize>() > EXTRA_MAX_BYTES {
        let detail = format!("unknown fields have at most {EXTRA_MAX_BYTES} bytes");
        fields.refuse("extra", "too_large", detail);
    }
}
