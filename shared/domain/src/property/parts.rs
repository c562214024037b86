//! The nested structs of a property (P6). The requirements do not give their fields (X39), so these are a minimum; what
//! else a document has is kept in each struct's `extra`.
//!
//! Deliberately absent: floats. Coordinates are micro-degrees, written as decimal text.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::decimal::scaled;
use super::enums::DocumentType;
use super::fields::{Fields, WHOLE_MAX};

/// Longest short text of a nested struct, in characters.
const SHORT_TEXT_MAX_CHARS: usize = 200;
/// Longest address of a document, in characters.
const URL_MAX_CHARS: usize = 2048;
/// Most features of one property.
const FEATURES_MAX: usize = 200;

/// Where the property is: micro-degrees, so that no float is stored; 0.000001° are at most 0.11 m.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Coordinates {
    /// −90,000,000 to 90,000,000.
    pub latitude_micro: i32,
    /// −180,000,000 to 180,000,000.
    pub longitude_micro: i32,
}

/// What [`Coordinates`] look like in JSON.
#[derive(Serialize, ToSchema)]
struct CoordinatesText {
    /// Degrees north, decimal text.
    #[schema(example = "6.524379")]
    latitude: String,
    /// Degrees east, decimal text.
    #[schema(example = "3.379206")]
    longitude: String,
}

impl Serialize for Coordinates {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let latitude = degrees(self.latitude_micro);
        CoordinatesText { latitude, longitude: degrees(self.longitude_micro) }.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Coordinates {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <CoordinatesText as utoipa::PartialSchema>::schema()
    }
}

impl ToSchema for Coordinates {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("Coordinates")
    }
}

impl Coordinates {
    const LATITUDE_MAX_MICRO: i64 = 90_000_000;
    const LONGITUDE_MAX_MICRO: i64 = 180_000_000;

    /// Reads `{latitude, longitude}`, `{lat, lng}`, or a GeoJSON point (longitude first, RFC 7946). Where neither
    /// number is given, there are no coordinates.
    pub(super) fn read(mut fields: Fields<'_>) -> Option<Self> {
        if let Some(Value::Array(pair)) = fields.take(&["coordinates"]) {
            let [longitude, latitude] = pair.as_slice() else {
                return fields.wrong_type(&["coordinates"], "a longitude and a latitude");
            };
            fields.leave("longitude", longitude.clone());
            fields.leave("latitude", latitude.clone());
        }
        let latitude = fields.take(&["latitude", "lat"]);
        let longitude = fields.take(&["longitude", "lng", "lon"]);
        if latitude.is_none() && longitude.is_none() {
            return None;
        }
        let latitude = micro(&mut fields, "latitude", latitude, Self::LATITUDE_MAX_MICRO);
        let longitude = micro(&mut fields, "longitude", longitude, Self::LONGITUDE_MAX_MICRO);
        Some(Self { latitude_micro: latitude?, longitude_micro: longitude? })
    }
}

/// A number of degrees in micro-degrees; more than six decimals are cut.
fn micro(fields: &mut Fields<'_>, name: &str, value: Option<Value>, max: i64) -> Option<i32> {
    let text = match value {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return fields.wrong_type(&[name], "a number"),
        None => {
            fields.require(name);
            return None;
        }
    };
    let Ok(number) = scaled(text.trim(), 6) else {
        return fields.wrong_type(&[name], "a number of degrees");
    };
    if number.value.abs() > max {
        let detail = format!("{name} is -{0} to {0} degrees", max / 1_000_000);
        fields.refuse(name, "out_of_range", detail);
        return None;
    }
    i32::try_from(number.value).ok()
}

/// `-3.379205`.
fn degrees(micro: i32) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let micro = micro.unsigned_abs();
    format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// What a property offers (P6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amenities {
    /// Bedrooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrooms: Option<i64>,
    /// Bathrooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bathrooms: Option<i64>,
    /// Places to park a car.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parking_spaces: Option<i64>,
    /// Floor area in square metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_sqm: Option<i64>,
    /// Named extras: pool, borehole, generator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Unknown fields (X39).
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

impl Amenities {
    /// A list of texts is a list of features.
    pub(super) fn of_features(values: Vec<Value>, fields: &mut Fields<'_>) -> Self {
        Self { features: features(values, fields), ..Self::default() }
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Self {
        let bedrooms = count(&mut fields, "bedrooms");
        let bathrooms = count(&mut fields, "bathrooms");
        let parking_spaces = count(&mut fields, "parking_spaces");
        let area_sqm = count(&mut fields, "area_sqm");
        let features = match fields.take(&["features"]) {
            Some(Value::Array(values)) => features(values, &mut fields),
            Some(_) => fields.wrong_type(&["features"], "a list of texts").unwrap_or_default(),
            None => Vec::new(),
        };
        let extra = unfold_extra(fields.rest());
        Self { bedrooms, bathrooms, parking_spaces, area_sqm, features, extra }
    }
}

/// A count, where the document has a whole number. Anything else (2.5 bathrooms, "many") stays in `extra`: no rule
/// uses these numbers, and a guess at a schema that was not given (X39) is no reason to lose a property.
fn count(fields: &mut Fields<'_>, name: &str) -> Option<i64> {
    let value = fields.take(&[name])?;
    let found = value.as_i64().filter(|count| (0..=WHOLE_MAX).contains(count));
    if found.is_none() {
        fields.leave(name, value);
    }
    found
}

fn features(values: Vec<Value>, fields: &mut Fields<'_>) -> Vec<String> {
    if values.len() > FEATURES_MAX {
        fields.refuse("features", "too_many", format!("there are at most {FEATURES_MAX} features"));
        return Vec::new();
    }
    let fits = |text: &str| {
        text.chars().count() <= SHORT_TEXT_MAX_CHARS && !text.chars().any(char::is_control)
    };
    let texts: Option<Vec<String>> = values
        .iter()
        .map(|value| value.as_str().filter(|text| fits(text)).map(str::to_owned))
        .collect();
    texts.or_else(|| fields.wrong_type(&["features"], "a list of short texts")).unwrap_or_default()
}

/// One document of a property (P6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Document {
    /// What it is.
    pub document_type: DocumentType,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it lies. Shown to nobody and followed by nobody here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Unknown fields (X39).
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

impl Document {
    pub(super) fn read(mut fields: Fields<'_>) -> Self {
        let kind = fields.text(&["document_type", "type"], SHORT_TEXT_MAX_CHARS);
        let name = fields.text(&["name"], SHORT_TEXT_MAX_CHARS);
        let url = fields.text(&["url"], URL_MAX_CHARS);
        let document_type = DocumentType::parse(&kind.unwrap_or_default());
        Self { document_type, name, url, extra: unfold_extra(fields.rest()) }
    }
}

/// What a property's documents say about a chain (P6). The explorer's address is made from `onchain_id` alone (P40).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockchainInfo {
    /// The network's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_address: Option<String>,
    /// The token within the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The transaction that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
    /// Unknown fields (X39).
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

impl BlockchainInfo {
    pub(super) fn read(mut fields: Fields<'_>) -> Self {
        let network = fields.text(&["network"], SHORT_TEXT_MAX_CHARS);
        let contract_address = fields.text(&["contract_address"], SHORT_TEXT_MAX_CHARS);
        let token_id = fields.text(&["token_id"], SHORT_TEXT_MAX_CHARS);
        let transaction_hash = fields.text(&["transaction_hash"], SHORT_TEXT_MAX_CHARS);
        let extra = unfold_extra(fields.rest());
        Self { network, contract_address, token_id, transaction_hash, extra }
    }
}

/// The unknown fields. Our own JSON has them under `extra`; they come back to where they were.
pub(super) fn unfold_extra(mut rest: Map<String, Value>) -> Map<String, Value> {
    match rest.remove("extra") {
        Some(Value::Object(mut inner)) => {
            inner.extend(rest);
            inner
        }
        Some(other) => {
            rest.insert("extra".to_owned(), other);
            rest
        }
        None => rest,
    }
}
