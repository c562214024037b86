//! The ledger's writes. A transaction is written once per reference, together with the balances of its guard, the tip
//! that it is about, and what somebody is to hear of it.
//!
//! Deliberately absent from that write: the system's accounts, which would be hot items. They are added up afterwards,
//! from the stream, once per transaction: its own mark says whether it has been.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::alert::Outbox;
use domain::id::{GuardId, TenantId};
use domain::ledger::{Account, AccountKind, Posting, Record, Reference, Transaction};
use domain::money::Currency;
use domain::payout::{Payout, PayoutState};
use domain::tip::Tip;
use jiff::Timestamp;
use serde::Deserialize;

use super::balances::GuardBalances;
use super::keys::Key;
use super::statement::{ENTRY_KIND, Entry, EntryItem, KIND, PostingItem, StoredPosting};
use super::{Item, StoreError, Table, decode, encode, keys, number, text};

const SYSTEM_KIND: &str = "system_balance";
/// Transactions that are added up in one go: with the accounts they stay below the 100 writes of a transaction.
const COUNTED_AT_ONCE: usize = 40;

/// A transaction that is to be written, with everything that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct LedgerWrite<'a> {
    /// Whose ledger.
    pub tenant: &'a TenantId,
    /// The transaction.
    pub transaction: &'a Transaction,
    /// The guard to whom it posts, if it does.
    pub guard: Option<&'a GuardId>,
    /// The guard's balances as they were read.
    pub balances: &'a GuardBalances,
    /// The tip as it is to become, and the version that was read.
    pub tip: Option<(&'a Tip, u64)>,
    /// The payout as it is to become, and the version that was read.
    pub payout: Option<(&'a Payout, u64)>,
    /// What somebody is to hear of it.
    pub outbox: Option<&'a Outbox>,
    /// The present instant.
    pub at: Timestamp,
}

/// What came of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It was written.
    Posted,
    /// Its reference was there already; nothing was written.
    Repeat,
    /// The balances or the tip are not what was read: read again and build it anew. Nothing was written.
    Outrun,
}

/// Balances that do not allow what they were read for.
#[derive(Debug)]
pub(super) struct NotAllowed;

impl Table {
    /// Writes a transaction, at most once per reference, as a whole or not at all.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Corrupt`] also for a transaction that posts to another guard than is named, or
    /// beyond what can be counted.
    pub async fn commit_posting(&self, write: &LedgerWrite<'_>) -> Result<Posted, StoreError> {
        let writes = match self.write_posting(write)? {
            Ok(writes) => writes,
            // Balances that were read before the same transaction was written may not allow it any more.
            Err(NotAllowed) => return self.repeat_or_outrun(write).await,
        };
        Ok(match self.transact(writes).await? {
            Ok(()) => Posted::Posted,
            Err(refused) if refused.at(0) => Posted::Repeat,
            Err(_) => Posted::Outrun,
        })
    }

    /// The writes of a transaction and of all that belongs to it. The first is the transaction's own: its reason tells
    /// a repetition from everything else.
    pub(super) fn write_posting(
        &self,
        write: &LedgerWrite<'_>,
    ) -> Result<Result<Vec<TransactWriteItem>, NotAllowed>, StoreError> {
        let reference = write.transaction.reference();
        let posting = StoredPosting {
            tenant: write.tenant.clone(),
            record: Record {
                reference: reference.clone(),
                postings: write.transaction.postings().to_vec(),
            },
            recorded_at: write.at,
            tip: write.tip.map(|(tip, _)| tip.id.clone()),
            outbox: write.outbox.cloned(),
            counted: false,
        };
        let key = keys::posting(write.tenant, reference);
        let item = encode(&key, KIND, &PostingItem::from_domain(&posting))?;
        let mut writes = vec![self.put(item, Some("attribute_not_exists(PK)"), Item::new())];
        match self.write_guards_part(write)? {
            Ok(part) => writes.extend(part),
            Err(NotAllowed) => return Ok(Err(NotAllowed)),
        }
        if let Some((tip, read)) = write.tip {
            writes.push(self.write_tip(&placed(tip, write), read)?);
        }
        if let Some((payout, read)) = write.payout {
            writes.push(self.write_payout(&come_back(payout, write), read)?);
        }
        Ok(Ok(writes))
    }

    async fn repeat_or_outrun(&self, write: &LedgerWrite<'_>) -> Result<Posted, StoreError> {
        let there = self.read(&keys::posting(write.tenant, write.transaction.reference())).await?;
        Ok(if there.is_some() { Posted::Repeat } else { Posted::Outrun })
    }

    /// The guard's entries, and its balances on the condition that they are those that were read: so each condition of
    /// the transaction holds when it is written.
    fn write_guards_part(
        &self,
        write: &LedgerWrite<'_>,
    ) -> Result<Result<Vec<TransactWriteItem>, NotAllowed>, StoreError> {
        let postings = write.transaction.postings().iter();
        let mine: Vec<&Posting> = postings.filter(|p| p.account.guard().is_some()).collect();
        if mine.iter().any(|posting| posting.account.guard() != write.guard) {
            return Err(impossible("a transaction posts to another guard than it names"));
        }
        let (Some(guard), false) = (write.guard, mine.is_empty()) else {
            return Ok(Ok(Vec::new()));
        };
        let Some(after) = write.balances.after(write)? else { return Ok(Err(NotAllowed)) };
        let mut writes = Vec::with_capacity(mine.len() + 1);
        for (number, (posting, seq)) in mine.iter().zip(write.balances.seq + 1..).enumerate() {
            let entry = Entry {
                account: posting.account.clone(),
                minor: posting.minor,
                seq,
                reference: write.transaction.reference().clone(),
                tip: write.tip.map(|(tip, _)| tip.id.clone()),
                recorded_at: write.at,
            };
            let key = keys::entry(write.tenant, write.transaction.reference(), number);
            let item = EntryItem::from_domain(write.tenant, guard, &entry);
            writes.push(self.put(encode(&key, ENTRY_KIND, &item)?, None, Item::new()));
        }
        let seq = write.balances.seq + mine.len() as u64;
        let of = (write.tenant, guard, write.transaction.currency());
        writes.push(GuardBalances { seq, ..after }.write(self, of, write.balances)?);
        Ok(Ok(writes))
    }

    /// The balance of a system account, in minor units, as far as it was added up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn system_balance(
        &self,
        tenant: &TenantId,
        account: &Account,
    ) -> Result<i64, StoreError> {
        let item = self.read(&keys::system_balance(tenant, account)).await?;
        item.map_or(Ok(0), balance_of)
    }

    /// The balances of all system accounts of a currency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn system_balances(
        &self,
        tenant: &TenantId,
        currency: Currency,
    ) -> Result<BTreeMap<Account, i64>, StoreError> {
        let accounts = SYSTEM.map(|kind| Account::new(kind, currency));
        let keys = accounts.each_ref().map(|account| keys::system_balance(tenant, account));
        let items = self.read_batch(keys.iter().map(keys::Key::attributes).collect()).await?;
        let mut balances = BTreeMap::new();
        for (account, key) in accounts.into_iter().zip(keys) {
            let mine = |item: &&Item| item.get(keys::PK) == Some(&text(key.pk.clone()));
            let balance = items.iter().find(mine).cloned().map_or(Ok(0), balance_of)?;
            balances.insert(account, balance);
        }
        Ok(balances)
    }

    /// Adds transactions up in the system's accounts, each once, whoever else does so at the same time; says how many
    /// were new.
    ///
    /// # Errors
    /// [`StoreError`]; what was added up until then stays, and doing it again is harmless.
    pub async fn count_postings(
        &self,
        postings: &[(TenantId, Reference, Vec<Posting>)],
    ) -> Result<usize, StoreError> {
        let mut by_tenant: BTreeMap<&TenantId, BTreeMap<&Reference, &[Posting]>> = BTreeMap::new();
        for (tenant, reference, each) in postings {
            by_tenant.entry(tenant).or_default().insert(reference, each);
        }
        let mut counted = 0;
        for (tenant, postings) in by_tenant {
            let marked = |(reference, each)| (keys::posting(tenant, reference), each);
            let postings: Vec<(Key, &[Posting])> = postings.into_iter().map(marked).collect();
            for group in postings.chunks(COUNTED_AT_ONCE) {
                let add = |new: &[(Key, &[Posting])]| self.write_sums(tenant, new);
                counted += self.count_once(group.to_vec(), add).await?;
            }
        }
        Ok(counted)
    }

    fn write_sums(
        &self,
        tenant: &TenantId,
        new: &[(Key, &[Posting])],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let add = |(account, sum): (&Account, i64)| {
            let key = keys::system_balance(tenant, account);
            let values = Item::from([
                (":sum".to_owned(), number(sum)),
                (":kind".to_owned(), text(SYSTEM_KIND)),
            ]);
            self.update(&key, "SET #kind = :kind ADD balance :sum", "", values)
        };
        Ok(sums(new)?.into_iter().map(add).collect())
    }
}

/// The accounts that no guard has.
const SYSTEM: [AccountKind; 6] = [
    AccountKind::Clearing,
    AccountKind::Balance,
    AccountKind::Bank,
    AccountKind::PlatformFees,
    AccountKind::PspFees,
    AccountKind::Suspense,
];

/// What a group adds to each system account.
fn sums<'a>(group: &[(Key, &'a [Posting])]) -> Result<BTreeMap<&'a Account, i64>, StoreError> {
    let mut sums: BTreeMap<&Account, i64> = BTreeMap::new();
    let postings = group.iter().flat_map(|(_, postings)| postings.iter());
    for posting in postings.filter(|posting| posting.account.guard().is_none()) {
        let sum = sums.entry(&posting.account).or_default();
        *sum = sum.checked_add(posting.minor).ok_or_else(|| impossible("a sum is too large"))?;
    }
    sums.retain(|_, sum| *sum != 0);
    Ok(sums)
}

/// The tip, which remembers the place of its charge among the guard's entries: a payout that covers it settles the tip.
fn placed(tip: &Tip, write: &LedgerWrite<'_>) -> Tip {
    let is_charge = *write.transaction.reference() == Reference::charge(&tip.reference());
    let has_entry = write.transaction.postings().iter().any(|p| p.account.guard().is_some());
    let seq = (is_charge && has_entry).then(|| write.balances.seq.saturating_add(1));
    Tip { seq: seq.or(tip.seq), ..tip.clone() }
}

/// The payout, which remembers the place of the entry by which it came back: what pays that settles what it had paid.
fn come_back(payout: &Payout, write: &LedgerWrite<'_>) -> Payout {
    let is_reversed = payout.state == PayoutState::Reversed && payout.back_seq.is_none();
    let seq = is_reversed.then(|| write.balances.seq.saturating_add(1));
    Payout { back_seq: seq.or(payout.back_seq), ..payout.clone() }
}

fn balance_of(item: Item) -> Result<i64, StoreError> {
    #[derive(Deserialize)]
    struct SystemItem {
        balance: i64,
    }
    decode::<SystemItem>(item, SYSTEM_KIND).map(|item| item.balance)
}

fn impossible(reason: &'static str) -> StoreError {
    StoreError::Corrupt { what: KIND, source: reason.into() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_group_leaves_room_for_every_system_account() {
        let currencies = 5;
        assert!(COUNTED_AT_ONCE + SYSTEM.len() * currencies <= 100);
        assert_eq!(SYSTEM.iter().collect::<BTreeSet<_>>().len(), SYSTEM.len());
    }
}
