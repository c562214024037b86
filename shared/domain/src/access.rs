//! Who may do what: scopes and API keys. Deny unless a scope allows.
//!
//! Deliberately absent: the key's secret. Only its SHA-256 is ever kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::failure::{FieldError, InvalidFields};
use crate::id::{BusinessId, GuardId, KeyId, RestaurantId, TenantId};

/// What a key may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Scope {
    /// Import and change properties.
    #[serde(rename = "properties:write")]
    PropertiesWrite,
    /// Generate, regenerate and delete codes.
    #[serde(rename = "codes:write")]
    CodesWrite,
    /// Read properties and codes.
    #[serde(rename = "codes:read")]
    CodesRead,
    /// Read analytics.
    #[serde(rename = "analytics:read")]
    AnalyticsRead,
    /// Create and change guards, their codes and payout accounts.
    #[serde(rename = "guards:write")]
    GuardsWrite,
    /// Read guards and their tips.
    #[serde(rename = "guards:read")]
    GuardsRead,
    /// Read the ledger, payouts and cases.
    #[serde(rename = "finance:read")]
    FinanceRead,
    /// Refund, pay out, and resolve cases.
    #[serde(rename = "finance:write")]
    FinanceWrite,
    /// Create and change businesses, vouchers, printings and devices.
    #[serde(rename = "vouchers:write")]
    VouchersWrite,
    /// Read businesses, vouchers and what became of them.
    #[serde(rename = "vouchers:read")]
    VouchersRead,
    /// Redeem vouchers.
    #[serde(rename = "redemptions:write")]
    RedemptionsWrite,
    /// Act for customers, and make links for them.
    #[serde(rename = "customers:write")]
    CustomersWrite,
    /// Create and change programmes, restaurants, rewards and customers, and issue their tokens (L12).
    #[serde(rename = "loyalty:write")]
    LoyaltyWrite,
    /// Read programmes, restaurants, rewards, customers and tokens.
    #[serde(rename = "loyalty:read")]
    LoyaltyRead,
    /// Verify tokens, and give points for purchases (L8).
    #[serde(rename = "loyalty:redeem")]
    LoyaltyRedeem,
    /// Change the tenant and its keys.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 16] = [
        Scope::PropertiesWrite,
        Scope::CodesWrite,
        Scope::CodesRead,
        Scope::AnalyticsRead,
        Scope::GuardsWrite,
        Scope::GuardsRead,
        Scope::FinanceRead,
        Scope::FinanceWrite,
        Scope::VouchersWrite,
        Scope::VouchersRead,
        Scope::RedemptionsWrite,
        Scope::CustomersWrite,
        Scope::LoyaltyWrite,
        Scope::LoyaltyRead,
        Scope::LoyaltyRedeem,
        Scope::Admin,
    ];

    /// The scope as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::PropertiesWrite => "properties:write",
            Scope::CodesWrite => "codes:write",
            Scope::CodesRead => "codes:read",
            Scope::AnalyticsRead => "analytics:read",
            Scope::GuardsWrite => "guards:write",
            Scope::GuardsRead => "guards:read",
            Scope::FinanceRead => "finance:read",
            Scope::FinanceWrite => "finance:write",
            Scope::VouchersWrite => "vouchers:write",
            Scope::VouchersRead => "vouchers:read",
            Scope::RedemptionsWrite => "redemptions:write",
            Scope::CustomersWrite => "customers:write",
            Scope::LoyaltyWrite => "loyalty:write",
            Scope::LoyaltyRead => "loyalty:read",
            Scope::LoyaltyRedeem => "loyalty:redeem",
            Scope::Admin => "admin",
        }
    }
}

/// The one record that a key is bound to; everything else is not there for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct Binding {
    /// What kind of record.
    pub kind: BindingKind,
    /// Its id.
    pub id: String,
}

impl Binding {
    /// What is wrong with the id: it has the form of its kind's. Whether there is such a record is not asked.
    fn wrong(&self) -> Option<FieldError> {
        let (fits, what) = match self.kind {
            BindingKind::Business => (BusinessId::parse(&self.id).is_ok(), "a business"),
            BindingKind::Restaurant => (RestaurantId::parse(&self.id).is_ok(), "a restaurant"),
            BindingKind::Guard => (GuardId::parse(&self.id).is_ok(), "a guard"),
        };
        let detail = || format!("this is not the id of {what}");
        (!fits).then(|| FieldError::new("bound_to.id", "invalid_id", detail()))
    }
}

/// The kinds of record that a key can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BindingKind {
    /// A business that redeems vouchers.
    Business,
    /// A restaurant of a loyalty programme.
    Restaurant,
    /// A guard who receives tips.
    Guard,
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id.
    pub id: KeyId,
    /// Whose key it is.
    pub tenant: TenantId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The one record that it is bound to, when it is.
    pub bound_to: Option<Binding>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The longest name of a key, in characters.
const NAME_MAX_CHARS: usize = 100;

impl ApiKey {
    /// Checks what a caller wants of a new key.
    ///
    /// # Errors
    /// [`InvalidFields`]: a name of 1 to 100 characters, at least one scope, no scope twice.
    pub fn check(
        name: &str,
        scopes: &[Scope],
        bound_to: Option<&Binding>,
    ) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        let length = name.trim().chars().count();
        if length == 0 || length > NAME_MAX_CHARS || name.chars().any(char::is_control) {
            let detail = format!("name has 1 to {NAME_MAX_CHARS} printable characters");
            errors.push(FieldError::new("name", "invalid_name", detail));
        }
        if scopes.is_empty() {
            errors.push(FieldError::new("scopes", "empty", "a key needs at least one scope"));
        }
        let distinct: std::collections::BTreeSet<_> = scopes.iter().collect();
        if distinct.len() != scopes.len() {
            errors.push(FieldError::new("scopes", "duplicate", "a scope is named twice"));
        }
        if let Some(error) = bound_to.and_then(Binding::wrong) {
            errors.push(error);
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }
}

/// What each secret of a key begins with, so that a leaked one is recognised.
pub const KEY_SECRET_PREFIX: &str = "tsk_";

/// The secret of a key from 32 random bytes: the prefix and 64 hexadecimal digits.
pub fn key_secret(random: [u8; 32]) -> String {
    format!("{KEY_SECRET_PREFIX}{}", hex(&random))
}

/// SHA-256 of a secret, in hexadecimal: what is stored instead of it.
pub fn fingerprint(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognisable_and_only_its_hash_is_kept() {
        let secret = key_secret([0xab; 32]);
        assert!(secret.starts_with("tsk_abab") && secret.len() == 68, "{secret}");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(fingerprint(""), empty, "FIPS 180-4's digest of nothing");
    }

    #[test]
    fn a_new_key_needs_a_name_and_scopes() {
        let check = |name: &str, scopes: &[Scope], wrong: &[&str]| {
            let fields: Vec<String> = ApiKey::check(name, scopes, None)
                .err()
                .map(|errors| errors.0.into_iter().map(|error| error.field).collect())
                .unwrap_or_default();
            assert_eq!(fields, wrong, "{name:?} {scopes:?}");
        };
        check("till 1", &[Scope::CodesRead], &[]);
        check(" ", &[Scope::CodesRead], &["name"]);
        check("a\nb", &[Scope::CodesRead], &["name"]);
        check("till 1", &[], &["scopes"]);
        check("till 1", &[Scope::Admin, Scope::Admin], &["scopes"]);
    }

    #[test]
    fn a_scope_is_written_the_same_everywhere() {
        for scope in Scope::ALL {
            let json = serde_json::to_string(&scope).unwrap();
            assert_eq!(json, format!("\"{}\"", scope.as_str()));
        }
    }
}
