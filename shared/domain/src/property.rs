//! A property as it comes from the property collection (P4–P9, X39), and whether a code may be made for it.
//!
//! Deliberately absent: changing one. Properties belong to the collection that they are imported from (P46, X35).
//! Floats are absent too: prices are whole numbers up to 2^53 − 1 (X6), coordinates micro-degrees.

mod decimal;
mod enums;
mod extended_json;
mod fields;
mod import;
mod parts;
mod read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use enums::{Action, DocumentType, ListingState, PropertyType};
pub use import::{LINE_MAX_BYTES, LineError, Lines, import_line, import_lines};
pub use parts::{Amenities, BlockchainInfo, Coordinates, Document};

use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::PropertyId;
use fields::Fields;

/// Longest property name, in characters.
pub const NAME_MAX_CHARS: usize = 255;
/// Longest location, in characters.
pub const LOCATION_MAX_CHARS: usize = 500;
/// Longest `onchain_id`, in characters; an address has 42.
pub const ONCHAIN_ID_MAX_CHARS: usize = 128;
/// Highest price: 2^53 − 1, the last whole number that every JSON reader keeps (X6).
pub const PRICE_MAX: i64 = fields::WHOLE_MAX;
/// Most unknown fields (X39), in bytes of JSON.
pub const EXTRA_MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of a document, in levels.
pub const DEPTH_MAX_LEVELS: usize = 32;
/// Most documents of one property.
pub const DOCUMENTS_MAX: usize = 100;

/// A property (P4–P7). JSON out is snake_case; in, each known field is read in both spellings (P5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Value")]
pub struct Property {
    /// The ObjectId's 24 digits.
    #[schema(value_type = String, example = "67ec31596333aba221e84df8")]
    pub id: PropertyId,
    /// Whose it is in the property collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The name; empty when the document has none.
    pub property_name: String,
    /// Where it is, in words; empty when the document has none.
    pub location: String,
    /// Its address on the chain; part of the explorer's URL (P40), so letters and digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onchain_id: Option<String>,
    /// The price in the listing's own whole units (X6).
    pub price: i64,
    /// What is offered.
    pub action: Action,
    /// Whether crypto is taken as payment; false when the document does not say.
    pub crypto_accepted: bool,
    /// When the listing was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property_type: Option<PropertyType>,
    /// Where the listing stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_state: Option<ListingState>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// What it offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amenities: Option<Amenities>,
    /// Its documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// What else is said about a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blockchain: Option<BlockchainInfo>,
    /// Unknown fields, as plain JSON (X39).
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

/// What the scan page and the code's maker need of a property (P8, P22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PropertyQrInfo {
    /// The property.
    #[schema(value_type = String)]
    pub property_id: PropertyId,
    /// Its name.
    pub property_name: String,
    /// Its price.
    pub price: i64,
    /// What is offered.
    pub action: Action,
    /// Its address on the chain, if it has one (X4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onchain_id: Option<String>,
    /// Where it is, in words.
    pub location: String,
}

/// Why no code may be made for a property (X39). That the id is valid is [`PropertyId`]'s promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IneligibleReason {
    /// There is no name, or a blank one.
    NameMissing,
    /// There is no location, or a blank one.
    LocationMissing,
    /// The listing was withdrawn or removed.
    Withdrawn,
}

/// No code may be made for this property; all reasons at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no code can be made for this property: {}", sentence(.0))]
pub struct Ineligible(pub Vec<IneligibleReason>);

impl IneligibleReason {
    fn field_error(self) -> FieldError {
        let (field, code) = match self {
            IneligibleReason::NameMissing => ("property_name", "required"),
            IneligibleReason::LocationMissing => ("location", "required"),
            IneligibleReason::Withdrawn => ("listing_state", "withdrawn"),
        };
        FieldError::new(field, code, self.detail())
    }

    fn detail(self) -> &'static str {
        match self {
            IneligibleReason::NameMissing => "it has no name",
            IneligibleReason::LocationMissing => "it has no location",
            IneligibleReason::Withdrawn => "its listing was withdrawn",
        }
    }
}

fn sentence(reasons: &[IneligibleReason]) -> String {
    reasons.iter().map(|reason| reason.detail()).collect::<Vec<_>>().join(", ")
}

impl Failure for Ineligible {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "property_not_eligible"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.iter().map(|reason| reason.field_error()).collect()
    }
}

impl Property {
    /// Whether a code may be made (P9).
    pub fn is_qr_eligible(&self) -> bool {
        self.qr_eligibility().is_ok()
    }

    /// Whether a code may be made, and if not, why (P9, X39).
    ///
    /// # Errors
    /// [`Ineligible`] with every reason.
    pub fn qr_eligibility(&self) -> Result<(), Ineligible> {
        let is_withdrawn = self.listing_state.as_ref().is_some_and(ListingState::is_withdrawn);
        let rules = [
            (self.property_name.trim().is_empty(), IneligibleReason::NameMissing),
            (self.location.trim().is_empty(), IneligibleReason::LocationMissing),
            (is_withdrawn, IneligibleReason::Withdrawn),
        ];
        let broken: Vec<_> = rules
            .into_iter()
            .filter(|(is_broken, _)| *is_broken)
            .map(|(_, reason)| reason)
            .collect();
        if broken.is_empty() { Ok(()) } else { Err(Ineligible(broken)) }
    }

    /// What a code and its scan page need (P8, P9).
    pub fn to_qr_info(&self) -> PropertyQrInfo {
        PropertyQrInfo {
            property_id: self.id.clone(),
            property_name: self.property_name.clone(),
            price: self.price,
            action: self.action.clone(),
            onchain_id: self.onchain_id.clone(),
            location: self.location.clone(),
        }
    }

    /// Whether the explorer has a page to show (P9): that page's address is made from `onchain_id` alone (P40, X4).
    pub fn has_blockchain_info(&self) -> bool {
        self.onchain_id.is_some()
    }

    /// Reads one document: plain JSON, our own JSON, or MongoDB Extended JSON v2, canonical or relaxed.
    ///
    /// # Errors
    /// [`InvalidFields`] with every field that breaks a rule.
    pub fn from_document(document: &Value) -> Result<Property, InvalidFields> {
        let refused =
            |code, detail: &str| Err(InvalidFields(vec![FieldError::new("", code, detail)]));
        if !extended_json::fits_depth(document, DEPTH_MAX_LEVELS) {
            return refused("too_deep", "the document is nested too deeply");
        }
        let Value::Object(map) = extended_json::simplify(document) else {
            return refused("wrong_type", "a property is a JSON object");
        };
        let mut errors = Vec::new();
        let property = read::property(Fields::new(map, "", &mut errors));
        property.filter(|_| errors.is_empty()).ok_or(InvalidFields(errors))
    }
}

impl TryFrom<Value> for Property {
    type Error = InvalidFields;

    fn try_from(document: Value) -> Result<Self, InvalidFields> {
        Property::from_document(&document)
    }
}

#[cfg(test)]
mod tests;
