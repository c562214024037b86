//! What a patron orders: the request as it arrives, looked at against the guard and the tenant's settings, and the tip
//! that it would be.

use axum::http::request::Parts;
use domain::access::hex;
use domain::failure::InvalidFields;
use domain::guard::{GuardToken, TipPageRefused, TipTarget};
use domain::id::TipId;
use domain::money::{Currency, Money};
use domain::tip::{AmountRefused, Patron, Tip, TipWish};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use web::Problem;
use web::limit::RateLimit;
use web::tip::{amount_error, both};

use crate::Deps;

/// One address begins so many tips in a minute, whatever for: behind a carrier's address are many people.
const TIPS_OF_ADDRESS: RateLimit = RateLimit { scope: "tip-address", window_s: 60, most: 100 };
/// One guard is tipped so often in a minute.
const TIPS_OF_GUARD: RateLimit = RateLimit { scope: "tip-guard", window_s: 60, most: 1_200 };

/// A tip as a client asks for it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TipRequest {
    /// The twelve letters and digits of the guard's code.
    #[schema(value_type = String)]
    pub guard_token: GuardToken,
    /// What the guard is to get, in minor units (kobo, cents): a whole number.
    pub amount: i64,
    /// The currency that the guard's page names.
    pub currency: Currency,
    /// How the patron wants to be called; up to 40 characters.
    #[serde(default)]
    pub patron_alias: String,
    /// A word for the guard; up to 200 characters.
    #[serde(default)]
    pub message: String,
    /// Where the receipt goes.
    #[serde(default)]
    pub email: String,
}

impl TipRequest {
    /// The amount and the patron's words.
    ///
    /// # Errors
    /// [`InvalidFields`] names each field that is wrong.
    pub(crate) fn read(&self, target: &TipTarget) -> Result<(Money, Patron), InvalidFields> {
        let amount = Money::new(self.amount, self.currency).map_err(|_| AmountRefused::TooLarge);
        let amount = amount.and_then(|amount| target.tips.admit(amount)).map_err(|refused| {
            let field = match refused {
                AmountRefused::Currency { .. } => "currency",
                _ => "amount",
            };
            amount_error(field, &refused)
        });
        both(amount, Patron::parse(&self.patron_alias, &self.message, &self.email))
    }
}

/// A tip that may be made.
#[derive(Debug)]
pub(crate) struct Order {
    /// The code that was scanned: keys of one guard's patrons are not those of another's.
    pub token: GuardToken,
    /// The tip, should the key be a new one.
    pub tip: Tip,
    /// The patron's `Idempotency-Key`.
    pub key: String,
    /// A hash of what the request says.
    pub fingerprint: String,
}

/// The guard behind a code, if the guard takes tips.
pub(crate) async fn target_of(deps: &Deps, token: &GuardToken) -> Result<TipTarget, Problem> {
    let target = deps.table.tip_target(token).await?.ok_or(TipPageRefused::Unknown)?;
    target.state().admit()?;
    Ok(target)
}

/// The tip that a patron wants of a guard who takes tips, unless somebody asks too often. The address goes first: one
/// that asks too often must not use up what the guard has.
pub(crate) async fn order(
    deps: &Deps,
    target: &TipTarget,
    (amount, patron): (Money, Patron),
    key: &str,
    parts: &Parts,
) -> Result<Order, Problem> {
    let now = deps.ids.now();
    let visitor = deps.visitors.of(parts).await;
    // Without the day's salt there is no hash, and the guard's limit alone holds.
    if let Some(address) = deps.visitors.address_hash("tip", &visitor, now).await {
        TIPS_OF_ADDRESS.take(&deps.table, &address.to_string(), now).await?;
    }
    TIPS_OF_GUARD.take(&deps.table, target.guard.as_str(), now).await?;
    let source_ip = deps.visitors.address_hash(target.tenant.as_str(), &visitor, now).await;
    let fingerprint = fingerprint(amount, &patron);
    let wish = TipWish { guard: target.guard.clone(), amount, patron, source_ip };
    let id = deps.ids.make(TipId::new);
    let tip = Tip::initiate(id, target.tenant.clone(), wish, &target.tips, now)?;
    Ok(Order { token: target.token.clone(), tip, key: key.to_owned(), fingerprint })
}

/// The same for every way to write the same wish.
fn fingerprint(amount: Money, patron: &Patron) -> String {
    // Both are texts and numbers, which always serialise. Were they ever not to, two wishes under one key would pass
    // for one: the patron is led to the tip that is there, and nothing is paid twice.
    let said = serde_json::to_vec(&(amount, patron)).unwrap_or_default();
    hex(&Sha256::digest(said))
}
