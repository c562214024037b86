//! What a scanner reads: the address with the opaque code (X28), the code alone, the base64 JSON of L18 and L19, or a
//! code that a customer's own device has signed. Nothing of it is believed but the token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LoyaltyToken, SignedCode, TokenRefused, TokenSecret};
use crate::id::RestaurantId;

/// The longest text that is looked at, in bytes: twice the longest that there is.
const PAYLOAD_MAX_BYTES: usize = 1_024;
/// The characters of an opaque code.
const CODE_CHARS: usize = 48;
/// What stands before the code in an address.
const BEFORE_CODE: [&str; 2] = ["/L/", "/l/"];

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A token of ours.
    Token(TokenSecret),
    /// A token with what the older payload says of it.
    Legacy(TokenSecret, Legacy),
    /// What a customer's device has signed.
    Signed(SignedCode),
}

/// The JSON of L18 and L19.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Legacy {
    /// Whose code.
    pub customer_id: String,
    /// Where it is good.
    pub restaurant_id: String,
    /// When it was issued, in milliseconds since 1970.
    pub timestamp: i64,
    /// 64 hexadecimal digits (L10).
    pub token: String,
    /// `redemption` for a reward; else nothing.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_id: Option<String>,
}

impl Payload {
    /// Reads what a scanner has read.
    ///
    /// # Errors
    /// [`TokenRefused::Unknown`] for whatever is no code of this kind.
    pub fn parse(text: &str) -> Result<Self, TokenRefused> {
        let text = text.trim();
        if text.len() > PAYLOAD_MAX_BYTES {
            return Err(TokenRefused::Unknown);
        }
        let code = BEFORE_CODE.iter().find_map(|before| text.rsplit_once(before));
        let code = code.map_or(text, |(_, code)| code);
        if code.len() == CODE_CHARS
            && let Some(token) = TokenSecret::of_code(code)
        {
            return Ok(Self::Token(token));
        }
        if let Some(signed) = SignedCode::parse(code) {
            return Ok(Self::Signed(signed));
        }
        let legacy = STANDARD.decode(text).ok();
        let legacy = legacy.and_then(|json| serde_json::from_slice::<Legacy>(&json).ok());
        let read = legacy.and_then(|legacy| Some((TokenSecret::of_hex(&legacy.token)?, legacy)));
        read.map(|(token, legacy)| Self::Legacy(token, legacy)).ok_or(TokenRefused::Unknown)
    }
}

impl Legacy {
    /// What the older payload says of a token.
    pub fn of(token: &LoyaltyToken, secret: &TokenSecret) -> Self {
        Self {
            customer_id: token.customer.to_string(),
            restaurant_id: token.restaurant.to_string(),
            timestamp: token.issued_at.as_millisecond(),
            token: secret.hex(),
            purpose: token.claimed.as_ref().map(|_| token.purpose().to_string()),
            reward_id: token.claimed.as_ref().map(|claimed| claimed.reward.to_string()),
        }
    }

    /// As it is shown: the base64 of the JSON.
    pub fn encoded(&self) -> String {
        // A struct of texts and numbers always has a JSON.
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether it says of the token what we know of it; whatever else it says was changed by somebody.
    pub fn fits(&self, token: &LoyaltyToken) -> bool {
        let reward = token.claimed.as_ref().map(|claimed| claimed.reward.as_str());
        self.customer_id == token.customer.as_str()
            && RestaurantId::parse(&self.restaurant_id).is_ok_and(|id| id == token.restaurant)
            && Timestamp::from_millisecond(self.timestamp).is_ok()
            && self.reward_id.as_deref() == reward
    }
}
