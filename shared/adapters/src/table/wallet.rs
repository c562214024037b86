//! A customer's wallet: the copies of vouchers that were claimed (V23 to V26), and what customers have redeemed without
//! claiming. All of it lies in one partition, so that a list shows a new one at once.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::claim::{Claim as Copy, ClaimRefused, WALLET_MAX};
use domain::customer::CustomerId;
use domain::id::{TenantId, VoucherId};
use domain::tally::VoucherEvent;
use serde::{Deserialize, Serialize};

use super::stream::{Images, of_image};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "claim";
const WALLET_KIND: &str = "wallet";

#[derive(Serialize, Deserialize)]
struct ClaimItem {
    claim: Copy,
}

/// How many places a wallet has given, and how many are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// The last place that was given; places grow.
    pub last: u32,
    /// Vouchers in it.
    pub held: u32,
}

impl Table {
    /// The customer's record of a voucher.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_of(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        voucher: &VoucherId,
    ) -> Result<Option<Copy>, StoreError> {
        let key = keys::claim(tenant, customer, voucher);
        let item: Option<ClaimItem> = self.read_as(&key, KIND).await?;
        Ok(item.map(|item| item.claim))
    }

    /// All that the customer has claimed and not removed, by its place in the wallet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wallet(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
    ) -> Result<Vec<Copy>, StoreError> {
        let pk = keys::customer_pk(tenant, customer);
        let items: Vec<ClaimItem> = self.all_of(&pk, keys::CLAIM_PREFIX, KIND).await?;
        let held = |claim: &Copy| claim.claimed_at.is_some() && claim.removed_at.is_none();
        let mut claims: Vec<Copy> = items.into_iter().map(|item| item.claim).filter(held).collect();
        claims.sort_by_key(|claim| claim.position);
        Ok(claims)
    }

    /// How full the wallet is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wallet_size(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
    ) -> Result<Wallet, StoreError> {
        let key = keys::wallet(tenant, customer);
        let wallet: Option<Wallet> = self.read_as(&key, WALLET_KIND).await?;
        Ok(wallet.unwrap_or_default())
    }

    /// Puts the claim into the wallet whose size was read as `wallet`, at the next place, with the answer to the
    /// request where there is one. [`ClaimRefused::Changed`] where something was faster: read both again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_claim(
        &self,
        claim: &Copy,
        wallet: Wallet,
        answer: Option<(Claim, Answer)>,
    ) -> Result<Result<(), ClaimRefused>, StoreError> {
        let held = wallet.held.saturating_add(1);
        if held > WALLET_MAX {
            return Ok(Err(ClaimRefused::WalletFull));
        }
        let after = Wallet { last: claim.position, held };
        self.commit_wallet(claim, (wallet, after), answer).await
    }

    /// Takes the claim out of the wallet whose size was read as `wallet`. [`ClaimRefused::Changed`] where something was
    /// faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_removal(
        &self,
        claim: &Copy,
        wallet: Wallet,
    ) -> Result<Result<(), ClaimRefused>, StoreError> {
        let after = Wallet { held: wallet.held.saturating_sub(1), ..wallet };
        self.commit_wallet(claim, (wallet, after), None).await
    }

    async fn commit_wallet(
        &self,
        claim: &Copy,
        (before, after): (Wallet, Wallet),
        answer: Option<(Claim, Answer)>,
    ) -> Result<Result<(), ClaimRefused>, StoreError> {
        let key = keys::wallet(&claim.tenant, &claim.customer);
        let values = Item::from([
            (":last".to_owned(), number(before.last)),
            (":held".to_owned(), number(before.held)),
            (":kind".to_owned(), text(WALLET_KIND)),
        ]);
        let mut item = encode(&key, WALLET_KIND, &after)?;
        item.extend(key.attributes());
        let same = "attribute_not_exists(PK) OR (#last = :last AND held = :held AND #kind = :kind)";
        let mut writes = vec![self.put(item, Some(same), values), self.write_claim(claim)?];
        if let Some((held, answer)) = answer {
            writes.push(self.write_answer(&held, &answer)?);
        }
        Ok(self.transact(writes).await?.map_err(|_| ClaimRefused::Changed))
    }

    /// The write of a claim on the condition that it is still what was read: its version counts from there.
    pub(super) fn write_claim(&self, claim: &Copy) -> Result<TransactWriteItem, StoreError> {
        let key = keys::claim(&claim.tenant, &claim.customer, &claim.voucher);
        let item = encode(&key, KIND, &ClaimItem { claim: claim.clone() })?;
        Ok(match claim.version.saturating_sub(1) {
            0 => self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            read => {
                let values = Item::from([(":read".to_owned(), number(read))]);
                self.put(item, Some("#claim.#version = :read"), values)
            }
        })
    }
}

/// What the stream shows of a customer's record.
pub(super) fn event(images: Images) -> Result<Option<VoucherEvent>, StoreError> {
    let is_claim = matches!(
        images.new.inner().get(keys::SK),
        Some(serde_dynamo::AttributeValue::S(sk)) if sk.starts_with(keys::CLAIM_PREFIX)
    );
    if !is_claim {
        return Ok(None);
    }
    let before = of_image::<ClaimItem>(images.old, KIND)?.map(|item| item.claim);
    let after = of_image::<ClaimItem>(images.new, KIND)?.map(|item| item.claim);
    Ok(after.and_then(|claim| VoucherEvent::of_claim(before.as_ref(), &claim)))
}
