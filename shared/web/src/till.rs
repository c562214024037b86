//! Who stands at a till: somebody with a key that may redeem, or an enrolled device (`Authorization: Device
//! id.secret`), and the one business that either is bound to. What is another business's is not there for them.
//!
//! Deliberately absent: what is redeemed, and the secret of a device, of which only the SHA-256 is known.

use adapters::clock::Clock;
use adapters::table::Table;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::access::{ApiKey, BindingKind, Scope, fingerprint};
use domain::enrolment::{DeviceStatus, Enrolment, EnrolmentRefused};
use domain::failure::{FieldError, InvalidFields, chain};
use domain::id::{BusinessId, DeviceId, TenantId};
use domain::lease::LeaseRefused;
use domain::redemption::RedeemedBy;
use domain::voucher::VoucherRefused;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use crate::principal::{API_KEY_HEADER, AccessRefused, PrincipalName, enter, key_of_request};
use crate::problem::Problem;

/// What the header of a device begins with.
const SCHEME: &str = "Device ";
/// The longest header of a device that is looked at, in bytes.
const HEADER_MAX_BYTES: usize = 256;
/// When a device was heard of is noted this often at most.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// Somebody who may redeem.
#[derive(Clone, Debug)]
pub struct Till {
    /// Whose vouchers.
    pub tenant: TenantId,
    /// Who it is, for the record.
    pub by: RedeemedBy,
    /// The one business that it is bound to; all of the tenant's when there is none.
    bound_to: Option<BusinessId>,
}

/// Somebody who may invite devices and revoke them: with the tenant's `vouchers:write`, or with a key that is bound to
/// the business and may redeem.
#[derive(Clone, Debug)]
pub struct DeviceKeeper {
    /// Whose devices.
    pub tenant: TenantId,
    /// The one business whose devices they are; all of the tenant's when there is none.
    bound_to: Option<BusinessId>,
}

impl Till {
    /// The device that it is.
    ///
    /// # Errors
    /// [`LeaseRefused::DeviceNeeded`] for somebody with a key.
    pub fn device(&self) -> Result<&DeviceId, LeaseRefused> {
        match &self.by {
            RedeemedBy::Device(device) => Ok(device),
            RedeemedBy::Key(_) => Err(LeaseRefused::DeviceNeeded),
        }
    }

    /// The name under which cursors are sealed for it.
    pub fn name(&self) -> &str {
        match &self.by {
            RedeemedBy::Device(device) => device.as_str(),
            RedeemedBy::Key(key) => key.as_str(),
        }
    }

    /// Whether what belongs to this business is there for it.
    pub fn may_see(&self, business: &BusinessId) -> bool {
        self.bound_to.as_ref().is_none_or(|own| own == business)
    }

    /// The business that a request is about: the one that it names, or the only one that there is for this till.
    ///
    /// # Errors
    /// [`VoucherRefused::UnknownBusiness`] for another one's, [`InvalidFields`] where none is named, or the store's
    /// failure.
    pub async fn business(
        &self,
        table: &Table,
        named: Option<&str>,
    ) -> Result<BusinessId, Problem> {
        business_of((&self.tenant, self.bound_to.as_ref()), table, named).await
    }
}

impl DeviceKeeper {
    /// Whether what belongs to this business is there for them.
    pub fn may_see(&self, business: &BusinessId) -> bool {
        self.bound_to.as_ref().is_none_or(|own| own == business)
    }

    /// The business that a request is about, as [`Till::business`].
    ///
    /// # Errors
    /// The same.
    pub async fn business(
        &self,
        table: &Table,
        named: Option<&str>,
    ) -> Result<BusinessId, Problem> {
        business_of((&self.tenant, self.bound_to.as_ref()), table, named).await
    }
}

async fn business_of(
    (tenant, bound_to): (&TenantId, Option<&BusinessId>),
    table: &Table,
    named: Option<&str>,
) -> Result<BusinessId, Problem> {
    let named = match (named, bound_to) {
        (None, Some(own)) => return Ok(own.clone()),
        (None, None) => {
            let detail = "name the business: this key is not bound to one";
            let error = FieldError::new("business_id", "missing", detail);
            return Err(InvalidFields(vec![error]).into());
        }
        (Some(named), _) => {
            BusinessId::parse(named).map_err(|_| VoucherRefused::UnknownBusiness)?
        }
    };
    match bound_to {
        Some(own) if *own == named => Ok(named),
        Some(_) => Err(VoucherRefused::UnknownBusiness.into()),
        None => {
            let found = table.business(tenant, &named).await?;
            Ok(found.ok_or(VoucherRefused::UnknownBusiness)?.id)
        }
    }
}

/// What a device says of itself: in `Authorization`, or, where a content network does not let that through, in the
/// header of keys.
fn sent_by_device(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let in_scheme =
        text(header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix(SCHEME));
    let as_key = || text(API_KEY_HEADER).filter(|value| value.starts_with(DeviceId::PREFIX));
    in_scheme.or_else(as_key)
}

impl<S> FromRequestParts<S> for Till
where
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (table, clock) = (Table::from_ref(state), Clock::from_ref(state));
        if let Some(sent) = sent_by_device(&parts.headers) {
            let device = device_of(&table, sent).await?;
            note_seen(&table, &device, clock.now()).await;
            tracing::Span::current().record("user_id", device.id.as_str());
            parts.extensions.insert(PrincipalName(device.id.to_string()));
            let by = RedeemedBy::Device(device.id);
            return Ok(Self { tenant: device.tenant, by, bound_to: Some(device.business) });
        }
        let key = key_of_request(parts, &table, &clock).await?;
        if !key.scopes.contains(&Scope::RedemptionsWrite) {
            return Err(AccessRefused::MissingScope(Scope::RedemptionsWrite).into());
        }
        let bound_to = business_bound(&key)?;
        enter(&key, parts);
        Ok(Self { tenant: key.tenant, by: RedeemedBy::Key(key.id), bound_to })
    }
}

impl<S> FromRequestParts<S> for DeviceKeeper
where
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key_of_request(parts, &Table::from_ref(state), &Clock::from_ref(state)).await?;
        let bound_to = business_bound(&key)?;
        let own_till = bound_to.is_some() && key.scopes.contains(&Scope::RedemptionsWrite);
        if !own_till && !key.scopes.contains(&Scope::VouchersWrite) {
            return Err(AccessRefused::MissingScope(Scope::VouchersWrite).into());
        }
        enter(&key, parts);
        Ok(Self { tenant: key.tenant, bound_to })
    }
}

/// The business that a key is bound to, where it is; one that is bound to something else finds nothing here.
fn business_bound(key: &ApiKey) -> Result<Option<BusinessId>, AccessRefused> {
    match &key.bound_to {
        None => Ok(None),
        Some(of) if of.kind == BindingKind::Business => {
            BusinessId::parse(&of.id).map(Some).map_err(|_| AccessRefused::Bound)
        }
        Some(_) => Err(AccessRefused::Bound),
    }
}

/// The enrolled device behind `id.secret`.
async fn device_of(table: &Table, sent: &str) -> Result<Enrolment, Problem> {
    let parts = sent.split_once('.').filter(|_| sent.len() <= HEADER_MAX_BYTES);
    let (id, secret) = parts.ok_or(EnrolmentRefused::NotEnrolled)?;
    let id = DeviceId::parse(id).map_err(|_| EnrolmentRefused::NotEnrolled)?;
    let device = table.enrolment(&id).await?.ok_or(EnrolmentRefused::NotEnrolled)?;
    let kept = device.secret.as_deref().unwrap_or_default();
    let same = bool::from(fingerprint(secret).as_bytes().ct_eq(kept.as_bytes()));
    if !same || device.status != DeviceStatus::Enrolled {
        return Err(EnrolmentRefused::NotEnrolled.into());
    }
    Ok(device)
}

/// Notes that the device was heard of. What it asks for does not wait for that to succeed.
async fn note_seen(table: &Table, device: &Enrolment, now: Timestamp) {
    let recent = |seen: Timestamp| now.duration_since(seen) < SEEN_EVERY;
    if device.seen_at.is_some_and(recent) {
        return;
    }
    if let Err(error) = table.touch_enrolment(&device.id, now).await {
        tracing::warn!(error = chain(&error), "when a device was heard of could not be noted");
    }
}
