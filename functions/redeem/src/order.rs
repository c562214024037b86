//! What somebody at a till wants, once it is checked: which code, at which business, for whom, how much.

use domain::customer::CustomerId;
use domain::enrolment::{DeviceStatus, EnrolmentRefused};
use domain::id::{BusinessId, DeviceId, TenantId};
use domain::redemption::RedeemedBy;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Problem;
use web::till::Till;

use crate::Deps;

/// What is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemRequest {
    /// What was scanned or typed in: the address in a QR code, a token, a short code or a fixed one.
    code: String,
    /// At which business; a device and a key that is bound to one need not say.
    #[serde(default)]
    business_id: Option<String>,
    /// Whose voucher, as the tenant itself calls the customer.
    #[serde(default)]
    customer_id: Option<String>,
    /// With which enrolled device of the business, where a key asks for it.
    #[serde(default)]
    device_id: Option<String>,
    /// How much of a gift balance, in minor units.
    #[serde(default)]
    amount: Option<i64>,
}

/// The same, checked.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Whose vouchers.
    pub tenant: TenantId,
    /// At which business.
    pub business: BusinessId,
    /// By whom.
    pub by: RedeemedBy,
    /// What was scanned or typed in.
    pub code: String,
    /// Whose voucher.
    pub customer: Option<CustomerId>,
    /// How much of a gift, in minor units.
    pub amount: Option<i64>,
    /// When: for a device that was offline, then.
    pub at: Timestamp,
}

impl Order {
    /// What this till wants now.
    pub(crate) async fn parse(
        deps: &Deps,
        till: &Till,
        request: RedeemRequest,
    ) -> Result<Self, Problem> {
        let business = till.business(&deps.table, request.business_id.as_deref()).await?;
        let customer = request.customer_id.as_deref().map(CustomerId::parse).transpose()?;
        let by = by(deps, till, &business, request.device_id.as_deref()).await?;
        Ok(Self {
            tenant: till.tenant.clone(),
            business,
            by,
            code: request.code,
            customer,
            amount: request.amount,
            at: deps.ids.now(),
        })
    }
}

/// The device itself, or the one of the business that a key names.
async fn by(
    deps: &Deps,
    till: &Till,
    business: &BusinessId,
    named: Option<&str>,
) -> Result<RedeemedBy, Problem> {
    let Some(named) = named else { return Ok(till.by.clone()) };
    let id = DeviceId::parse(named).map_err(|_| EnrolmentRefused::Unknown)?;
    match &till.by {
        RedeemedBy::Device(own) if *own == id => return Ok(till.by.clone()),
        RedeemedBy::Device(_) => return Err(EnrolmentRefused::Unknown.into()),
        RedeemedBy::Key(_) => {}
    }
    let device = deps.table.enrolment(&id).await?.ok_or(EnrolmentRefused::Unknown)?;
    let own = device.tenant == till.tenant && device.business == *business;
    if !own || device.status != DeviceStatus::Enrolled {
        return Err(EnrolmentRefused::Unknown.into());
    }
    Ok(RedeemedBy::Device(id))
}
