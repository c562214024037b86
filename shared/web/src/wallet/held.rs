//! What a customer holds: claiming, listing, removing (V23, V24, V26).

use std::collections::HashMap;

use adapters::table::{Answer, Claim, Table};
use domain::claim::{Claim as Copy, ClaimRefused};
use domain::customer::CustomerId;
use domain::id::{TenantId, VoucherId};
use domain::voucher::{Voucher, VoucherState};
use jiff::Timestamp;

use crate::problem::Problem;

/// How often a change of a wallet is tried anew when another one was faster. Each time one of the others has come
/// through, so more than this only happens to somebody who claims many vouchers in the same second.
const TRIES_MAX: u32 = 20;
/// Vouchers that are read at once.
const READ_AT_ONCE: usize = 100;

/// A voucher in a wallet.
#[derive(Clone, Debug)]
pub struct Held {
    /// The customer's copy.
    pub claim: Copy,
    /// The voucher.
    pub voucher: Voucher,
}

/// A voucher in the list of a wallet.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The customer's copy of which voucher.
    pub held: Held,
    /// What the voucher is now, for this customer.
    pub state: VoucherState,
    /// Whether the customer's codes of it were taken back.
    pub revoked: bool,
}

impl Held {
    /// What the voucher is for this customer when so many are left of its limit. A gift of which something was spent
    /// has had its one.
    pub fn state(&self, left: Option<u32>, now: Timestamp) -> VoucherState {
        self.voucher.state(now, left.filter(|_| self.claim.is_whole(&self.voucher)))
    }
}

/// Puts a voucher into a customer's wallet, once however many requests come at once. `answer` is what a repetition of
/// the request gets, where the request has a key.
///
/// # Errors
/// [`ClaimRefused`], or the store's failure.
pub async fn claim(
    table: &Table,
    (tenant, customer): (&TenantId, &CustomerId),
    voucher: &VoucherId,
    now: Timestamp,
    answer: impl Fn(&Voucher, &Copy) -> Option<(Claim, Answer)>,
) -> Result<Held, Problem> {
    let voucher = table.voucher_of(tenant, voucher).await?.ok_or(ClaimRefused::UnknownVoucher)?;
    let mut index = None;
    for _ in 0..TRIES_MAX {
        let (found, size) = futures::try_join!(
            table.claim_of(tenant, customer, &voucher.id),
            table.wallet_size(tenant, customer),
        )?;
        Copy::claimable(&voucher, (customer, found.clone()), now)?;
        // A claim that was removed and comes again keeps its place: taking it back holds.
        let kept = found.as_ref().filter(|claim| claim.claimed_at.is_some());
        let place = match index.or(kept.map(|claim| claim.index)) {
            Some(place) => place,
            None => {
                some_left(table, &voucher, now).await?;
                table.take_status_places(tenant, 1).await?
            }
        };
        index = Some(place);
        let position = size.last.saturating_add(1);
        let claim = Copy::made(&voucher, (customer, found), (position, place), now)?;
        match table.commit_claim(&claim, size, answer(&voucher, &claim)).await? {
            Ok(()) => return Ok(Held { claim, voucher }),
            Err(ClaimRefused::Changed) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(ClaimRefused::Changed.into())
}

/// A voucher that is used up is not put into wallets any more. The redemption decides; this only spares people a
/// voucher that they cannot use.
async fn some_left(table: &Table, voucher: &Voucher, now: Timestamp) -> Result<(), Problem> {
    let left = table.voucher_left(voucher).await?;
    match voucher.state(now, left) {
        VoucherState::Exhausted => Err(ClaimRefused::NotPublished.into()),
        _ => Ok(()),
    }
}

/// Takes a voucher out of a customer's wallet. Codes that were shown of it find no claim any more; a reader that is not
/// connected takes one for the rest of its five minutes.
///
/// # Errors
/// [`ClaimRefused`], or the store's failure.
pub async fn remove(
    table: &Table,
    (tenant, customer): (&TenantId, &CustomerId),
    voucher: &VoucherId,
    now: Timestamp,
) -> Result<(), Problem> {
    for _ in 0..TRIES_MAX {
        let (found, size) = futures::try_join!(
            table.claim_of(tenant, customer, voucher),
            table.wallet_size(tenant, customer),
        )?;
        let removed = found.ok_or(ClaimRefused::NotClaimed)?.remove(now)?;
        match table.commit_removal(&removed, size).await? {
            Ok(()) => return Ok(()),
            Err(ClaimRefused::Changed) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(ClaimRefused::Changed.into())
}

/// A voucher in a customer's wallet.
///
/// # Errors
/// [`ClaimRefused::NotClaimed`], or the store's failure.
pub async fn held(
    table: &Table,
    (tenant, customer): (&TenantId, &CustomerId),
    voucher: &VoucherId,
    now: Timestamp,
) -> Result<Held, Problem> {
    let claim = table.claim_of(tenant, customer, voucher).await?;
    let in_wallet = |claim: &Copy| claim.state(now).is_some() && claim.removed_at.is_none();
    let claim = claim.filter(in_wallet).ok_or(ClaimRefused::NotClaimed)?;
    let voucher = table.voucher_of(tenant, voucher).await?.ok_or(ClaimRefused::UnknownVoucher)?;
    Ok(Held { claim, voucher })
}

/// All that a customer holds, in the wallet's order: at most [`domain::claim::WALLET_MAX`]. What is left of the
/// vouchers and which codes were taken back is read in batches.
///
/// # Errors
/// The store's failure.
pub async fn wallet(
    table: &Table,
    (tenant, customer): (&TenantId, &CustomerId),
    now: Timestamp,
) -> Result<Vec<Listed>, Problem> {
    let claims = table.wallet(tenant, customer).await?;
    let ids: Vec<VoucherId> = claims.iter().map(|claim| claim.voucher.clone()).collect();
    let mut vouchers = HashMap::new();
    for ids in ids.chunks(READ_AT_ONCE) {
        let read = table.vouchers_by_id(ids).await?;
        vouchers.extend(read.into_iter().map(|voucher| (voucher.id.clone(), voucher)));
    }
    let held = |claim: Copy| Some(Held { voucher: vouchers.remove(&claim.voucher)?, claim });
    let held: Vec<Held> = claims.into_iter().filter_map(held).collect();
    let vouchers: Vec<&Voucher> = held.iter().map(|held| &held.voucher).collect();
    let places: Vec<u32> = held.iter().map(|held| held.claim.index).collect();
    let (left, revoked) =
        futures::try_join!(table.vouchers_left(&vouchers), table.revoked_of(tenant, &places))?;
    let listed = |held: Held| Listed {
        state: held.state(left.get(&held.voucher.id).copied(), now),
        revoked: revoked.contains(&held.claim.index),
        held,
    };
    Ok(held.into_iter().map(listed).collect())
}
