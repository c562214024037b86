//! How redemptions, refusals and vouchers are shown.

use adapters::table::Attempt;
use domain::customer::CustomerId;
use domain::id::{BatchId, BusinessId, DeviceId, KeyId, LeaseId, RedemptionId, ScanId, VoucherId};
use domain::money::Currency;
use domain::redemption::{CodeForm, Decided, Offline, RedeemedBy, Redemption, RedemptionStatus};
use domain::voucher::{Benefit, Voucher, VoucherState, VoucherText};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Who has redeemed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ByResponse {
    /// Somebody with this key.
    #[schema(value_type = String)]
    Key(KeyId),
    /// This device.
    #[schema(value_type = String)]
    Device(DeviceId),
}

/// What a device did while it was offline.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OfflineResponse {
    /// What the device calls the redemption.
    id: String,
    /// Out of which lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    lease_id: Option<LeaseId>,
    /// When it was brought.
    #[schema(value_type = String, format = DateTime)]
    synced_at: Timestamp,
}

/// A redemption.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RedemptionResponse {
    /// Its id.
    #[schema(value_type = String)]
    redemption_id: RedemptionId,
    /// Whether it stands.
    status: RedemptionStatus,
    /// How the code was read.
    form: CodeForm,
    /// Of which voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// What the voucher is called; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What the holder gets; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    benefit: Option<Benefit>,
    /// At which business.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// Of which printing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// Its variant, where variants are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    variant: Option<char>,
    /// Whose, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// By whom.
    by: ByResponse,
    /// How much of a gift, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// What is left of the gift, in minor units; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    gift_left: Option<i64>,
    /// The currency of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    /// Until when it can be taken back.
    #[schema(value_type = String, format = DateTime)]
    rollback_until: Timestamp,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    rolled_back_at: Option<Timestamp>,
    /// What a device did while it was offline.
    #[serde(skip_serializing_if = "Option::is_none")]
    offline: Option<OfflineResponse>,
}

/// A code that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RefusalResponse {
    /// Its id.
    #[schema(value_type = String)]
    attempt_id: ScanId,
    /// Of which voucher, where that could be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    voucher_id: Option<VoucherId>,
    /// How it was read, where that could be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<CodeForm>,
    /// Why: the code of the problem.
    reason: String,
    /// By whom it was scanned.
    by: ByResponse,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A voucher, as whoever redeems it sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VoucherView {
    /// Its id.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// Where it is redeemed.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// What it is called.
    title: String,
    /// What it is for.
    description: String,
    /// Under which conditions.
    terms: String,
    /// What the holder gets.
    benefit: Benefit,
    /// What it is now.
    state: VoucherState,
    /// From when on it is redeemed.
    #[schema(value_type = String, format = DateTime)]
    valid_from: Timestamp,
    /// From when on it is not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether a customer has to claim it first.
    claim_required: bool,
    /// How often one customer may redeem it.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_customer: Option<u32>,
    /// Within how many seconds a redemption can be taken back.
    rollback_s: u32,
}

impl From<&RedeemedBy> for ByResponse {
    fn from(by: &RedeemedBy) -> Self {
        match by {
            RedeemedBy::Key(key) => Self::Key(key.clone()),
            RedeemedBy::Device(device) => Self::Device(device.clone()),
        }
    }
}

impl From<&Offline> for OfflineResponse {
    fn from(offline: &Offline) -> Self {
        let Offline { named, lease, synced_at } = offline.clone();
        Self { id: named, lease_id: lease, synced_at }
    }
}

impl From<&Redemption> for RedemptionResponse {
    fn from(redemption: &Redemption) -> Self {
        Self {
            redemption_id: redemption.id.clone(),
            status: redemption.status,
            form: redemption.form,
            voucher_id: redemption.voucher.clone(),
            title: None,
            benefit: None,
            business_id: redemption.business.clone(),
            batch_id: redemption.batch.clone(),
            variant: redemption.variant,
            customer_id: redemption.customer.clone(),
            by: (&redemption.by).into(),
            amount: redemption.amount.map(|amount| amount.minor),
            gift_left: None,
            currency: redemption.amount.map(|amount| amount.currency),
            redeemed_at: redemption.at,
            rollback_until: redemption.rollback_until,
            rolled_back_at: redemption.rolled_back_at,
            offline: redemption.offline.as_ref().map(OfflineResponse::from),
        }
    }
}

impl RedemptionResponse {
    /// A redemption with its voucher, and with what is left of its gift.
    pub(crate) fn of(redemption: &Redemption, voucher: &Voucher, gift_left: Option<i64>) -> Self {
        Self {
            title: Some(voucher.terms.text.title.clone()),
            benefit: Some(voucher.terms.benefit.clone()),
            gift_left,
            ..redemption.into()
        }
    }

    /// A redemption that was just decided.
    pub(crate) fn decided(decided: &Decided, voucher: &Voucher) -> Self {
        let of_claim = decided.claim.as_ref().and_then(|claim| claim.left);
        let left = decided.balance.map(|balance| balance.left).or(of_claim);
        let left = left.filter(|_| decided.redemption.amount.is_some());
        Self::of(&decided.redemption, voucher, left)
    }
}

impl From<&Attempt> for RefusalResponse {
    fn from(attempt: &Attempt) -> Self {
        Self {
            attempt_id: attempt.id.clone(),
            voucher_id: attempt.voucher.clone(),
            form: attempt.form,
            reason: attempt.reason.clone(),
            by: (&attempt.by).into(),
            at: attempt.at,
        }
    }
}

impl VoucherView {
    /// A voucher as it is now.
    pub(crate) fn of(voucher: &Voucher, now: Timestamp) -> Self {
        let VoucherText { title, description, terms } = voucher.terms.text.clone();
        Self {
            voucher_id: voucher.id.clone(),
            business_id: voucher.business.clone(),
            title,
            description,
            terms,
            benefit: voucher.terms.benefit.clone(),
            state: voucher.state(now, None),
            valid_from: voucher.terms.valid_from,
            expires_at: voucher.terms.expires_at,
            claim_required: voucher.terms.claim_required,
            per_customer: voucher.per_customer(),
            rollback_s: voucher.terms.rollback_s,
        }
    }
}
