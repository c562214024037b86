//! The demo's business and its voucher: a draft, so that whoever tries the platform publishes it.

use domain::id::{BusinessId, TenantId, VoucherId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use adapters::table::Table;

use super::{Api, DemoError};

/// The demo's voucher is found by its fixed code, whatever else was lost.
const STATIC_CODE: &str = "COFFEE10";
/// How long it is good.
const LIFE: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// The business, the voucher, and what its QR code carries.
pub(super) struct DemoVoucher {
    pub business: BusinessId,
    pub id: VoucherId,
    pub token: String,
}

/// Makes what is missing of the voucher.
pub(super) async fn ensure(
    table: &Table,
    api: &Api<'_>,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<DemoVoucher, DemoError> {
    let found = table.typed_code(tenant, STATIC_CODE).await?;
    let shown: Value = match found {
        Some(code) => {
            let path = format!("/api/v1/vouchers/{}", code.voucher);
            api.shown("reading the voucher", &path).await?
        }
        None => {
            let place = json!({
                "name": "Marina", "address": "12 Marina, Lagos Island, Lagos",
                "latitude_e6": 6_451_140, "longitude_e6": 3_387_530,
            });
            let business = json!({ "name": "Kofi's Café", "locations": [place] });
            let business = api.made("making the business", "/api/v1/businesses", business).await?;
            let wishes = wishes(&business["business_id"], now.saturating_add(LIFE).unwrap_or(now));
            api.made("making the voucher", "/api/v1/vouchers", wishes).await?
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(DemoVoucher {
        business: BusinessId::parse(&text(&shown["business_id"]))?,
        id: VoucherId::parse(&text(&shown["voucher_id"]))?,
        token: text(&shown["codes"][0]["code"]),
    })
}

fn wishes(business: &Value, expires_at: Timestamp) -> Value {
    json!({
        "business_id": business,
        "static_code": STATIC_CODE,
        "title": "Free coffee",
        "description": "A cup of Kofi's best, on the house.",
        "terms": "One cup for each customer. Not with other offers.",
        "benefit": { "type": "free_item", "item": "A coffee" },
        "expires_at": expires_at,
        "limits": { "total": 1000, "per_customer": 1 },
        "design": { "colors": { "dark": "#1a365d", "light": "#ffffff" }, "logo": true },
    })
}
