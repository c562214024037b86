//! What a device has to know of a business's vouchers to redeem them while it is offline.
//!
//! Deliberately absent: what is left of them, which a lease says, and the codes that people type, which only the table
//! knows.

use adapters::table::{StoreError, Table};
use domain::campaign::Batch;
use domain::id::{BatchId, BusinessId, TenantId};
use domain::page::PageSize;
use domain::voucher::{Voucher, VoucherState};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::response::VoucherView;

/// Pages of a hundred of the tenant's vouchers that are looked through at most, the newest first.
const PAGES_MAX: usize = 10;
/// Vouchers of one business that a device is told of at most.
const VOUCHERS_MAX: usize = 200;

/// A printing: which places of the status list are its codes'.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BatchRule {
    /// Its id.
    #[schema(value_type = String)]
    batch_id: BatchId,
    /// What it is called.
    name: String,
    /// The place of its first code; the others follow.
    first: u32,
    /// How many codes.
    count: u32,
    /// Its variants, which the codes take in turn.
    #[schema(value_type = Vec<String>)]
    variants: Vec<char>,
    /// From when on its codes are not redeemed any more.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it has a limit of its own, of which leases are taken then.
    limited: bool,
}

/// A voucher with its rules.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VoucherRule {
    #[serde(flatten)]
    voucher: VoucherView,
    /// The place of its own token in the status list.
    index: u32,
    /// Whether there is a limit in all or per day, so that a device needs a lease to be sure.
    counted: bool,
    /// Its printings.
    batches: Vec<BatchRule>,
}

/// The published vouchers of a business with their rules.
pub(crate) async fn rules_of(
    table: &Table,
    (tenant, business): (&TenantId, &BusinessId),
    now: Timestamp,
) -> Result<Vec<VoucherRule>, StoreError> {
    let mut rules = Vec::new();
    let mut from = None;
    for _ in 0..PAGES_MAX {
        let page = table.vouchers_of_tenant(tenant, PageSize::largest(), from.as_ref()).await?;
        for voucher in page.entries {
            let open = voucher.state(now, None) == VoucherState::Published;
            if open && voucher.business == *business && rules.len() < VOUCHERS_MAX {
                let batches = table.batches_of_voucher(&voucher.id).await?;
                rules.push(VoucherRule::of(&voucher, &batches, now));
            }
        }
        from = page.next;
        if from.is_none() || rules.len() >= VOUCHERS_MAX {
            break;
        }
    }
    Ok(rules)
}

impl VoucherRule {
    fn of(voucher: &Voucher, batches: &[Batch], now: Timestamp) -> Self {
        let limits = voucher.terms.limits;
        let limited = |batch: &Batch| voucher.limited.contains(&batch.id);
        let good = batches.iter().filter(|batch| batch.expires_at > now);
        let batches = good.map(|batch| BatchRule {
            batch_id: batch.id.clone(),
            name: batch.name.clone(),
            first: batch.first,
            count: batch.count,
            variants: batch.variants.clone(),
            expires_at: batch.expires_at,
            limited: limited(batch),
        });
        Self {
            voucher: VoucherView::of(voucher, now),
            index: voucher.index,
            counted: limits.total.is_some() || limits.per_day.is_some(),
            batches: batches.collect(),
        }
    }
}
