//! Redemptions: the record, the limit, the customer's copy and the gift's rest, written together or not at all.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::id::{BusinessId, RedemptionId, TenantId, VoucherId};
use domain::lease::Lease;
use domain::page::{Page, PageSize, Position};
use domain::redemption::{
    Balance, Decided, RedeemRefused, Redemption, RedemptionStatus, RollbackRefused, TakenBack,
};
use domain::tally::VoucherEvent;
use domain::voucher::Voucher;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, AttemptItem};
use super::list::{List, Order};
use super::quota::{Giving, NoneTaken, QuotaName, Taking};
use super::stream::{Images, of_image};
use super::transaction::Refused;
use super::{Answer, Claim, Item, StoreError, Table, decode, encode, keys, number, text};

const KIND: &str = "redemption";
const BALANCE_KIND: &str = "gift_balance";
/// Each counter is asked again when its day has changed, and once more when somebody else has changed it meanwhile.
const ASKS_PER_SHARD: u8 = 3;

#[derive(Serialize, Deserialize)]
struct RedemptionItem {
    redemption: Redemption,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

/// An item of the list of a business: each kind has an attribute of its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum LineItem {
    Redeemed(Box<RedemptionItem>),
    Refused(Box<AttemptItem>),
}

/// Out of what a redemption is taken.
#[derive(Clone, Debug)]
pub enum Source {
    /// The voucher's limit, now.
    Limit,
    /// A device's lease, as it is after it.
    Lease(Box<Lease>),
}

/// How a redemption ended when nothing broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It is written, like this.
    Done(Redemption),
    /// It is not, and this is why.
    Refused(RedeemRefused),
    /// The same redemption stands already, like this: it was brought twice.
    Stands(Redemption),
    /// What was read has changed: read it again.
    Changed,
    /// Another request has taken the key over.
    KeyLost,
}

/// One line of what happened at a business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtTill {
    /// A redemption.
    Redeemed(Redemption),
    /// A code that was refused.
    Refused(Attempt),
}

/// The place of each write in the transaction.
struct Places {
    record: usize,
    limit: usize,
    answer: Option<usize>,
}

impl RedemptionItem {
    fn from_domain(redemption: &Redemption) -> Self {
        let Redemption { tenant, business, at, id, .. } = redemption;
        Self {
            redemption: redemption.clone(),
            gsi1_pk: keys::redemptions_of_business(tenant, business),
            gsi1_sk: format!("{}#{id}", keys::instant(*at)),
        }
    }
}

impl Table {
    /// The tenant's redemption.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redemption(
        &self,
        tenant: &TenantId,
        id: &RedemptionId,
    ) -> Result<Option<Redemption>, StoreError> {
        let item: Option<RedemptionItem> =
            self.read_as(&keys::redemption(tenant, id), KIND).await?;
        Ok(item.map(|item| item.redemption))
    }

    /// What is left of an unclaimed gift; nothing where nobody has begun with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn gift_balance(
        &self,
        voucher: &VoucherId,
        index: u32,
    ) -> Result<Option<Balance>, StoreError> {
        self.read_as(&keys::balance(voucher, index), BALANCE_KIND).await
    }

    /// Writes what was decided. `place` is the printed code's place in the status list, `limited` says that its
    /// printing has a limit of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_redemption(
        &self,
        decided: &Decided,
        voucher: &Voucher,
        (place, limited): (Option<u32>, bool),
        source: &Source,
        answer: impl Fn(&Redemption) -> Option<(Claim, Answer)>,
    ) -> Result<Redeemed, StoreError> {
        let shards = match source {
            Source::Limit if !limited => voucher.shards(),
            Source::Limit | Source::Lease(_) => 1,
        };
        let first = keys::shard_of(decided.redemption.id.as_str(), shards);
        let mut refused = RedeemRefused::LimitReached;
        for step in 0..shards {
            let shard = (first + step) % shards;
            let (mut day_known, mut told) = (true, false);
            for _ in 0..ASKS_PER_SHARD {
                let asked = (shard, day_known, limited);
                let found = self.redeem_from(decided, voucher, (place, asked), source, &answer);
                match found.await? {
                    Taken::Over(redeemed) => return Ok(*redeemed),
                    Taken::Not(NoneTaken::Closed(why)) => return Ok(Redeemed::Refused(why)),
                    Taken::Not(NoneTaken::OtherDay) => day_known = !day_known,
                    Taken::Not(NoneTaken::Empty(why)) => {
                        (refused, told) = (why, true);
                        break;
                    }
                }
            }
            if !told {
                // Its day changed under each question; what is left of it nobody has said.
                return Ok(Redeemed::Changed);
            }
        }
        Ok(Redeemed::Refused(refused))
    }

    /// The same out of one counter.
    async fn redeem_from(
        &self,
        decided: &Decided,
        voucher: &Voucher,
        (place, (shard, day_known, limited)): (Option<u32>, (u8, bool, bool)),
        source: &Source,
        answer: &impl Fn(&Redemption) -> Option<(Claim, Answer)>,
    ) -> Result<Taken, StoreError> {
        let shard = match source {
            Source::Limit => shard,
            Source::Lease(lease) => lease.shard,
        };
        let redemption = Redemption { shard, ..decided.redemption.clone() };
        let count = u32::from(redemption.counted);
        let taking = match limited {
            true => Taking::of_batch(count, redemption.at),
            false => Taking { day_known, ..Taking::of(voucher, shard, count, redemption.at) },
        };
        let limit = match source {
            Source::Lease(lease) => self.write_lease(lease)?,
            Source::Limit => {
                let batch = redemption.batch.as_ref().filter(|_| limited);
                let name = QuotaName { voucher: &voucher.id, batch, shard };
                self.write_taking(&name, &taking)
            }
        };
        let mut writes = vec![self.write_redemption(&redemption, decided.unique)?, limit];
        let mut places = Places { record: 0, limit: 1, answer: None };
        if let Some((claim, answer)) = answer(&redemption) {
            places.answer = Some(writes.len());
            writes.push(self.write_answer(&claim, &answer)?);
        }
        if let Some(claim) = &decided.claim {
            writes.push(self.write_claim(claim)?);
        }
        if let (Some(balance), Some(place)) = (decided.balance, place) {
            writes.push(self.write_balance(&voucher.id, place, balance)?);
        }
        match self.transact(writes).await? {
            Ok(()) => Ok(over(Redeemed::Done(redemption))),
            Err(refused) => explain(&redemption, &refused, &places, (&taking, source)),
        }
    }

    /// Takes a redemption back: the record, the customer's copy and the gift's rest as they are after it, and one more
    /// in the counter it came from, where there is a limit; of a day's limit only on that day.
    /// [`RollbackRefused::Changed`] where something was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_rollback(
        &self,
        back: &TakenBack,
        voucher: &Voucher,
        now: Timestamp,
        (held, answer): (Claim, Answer),
    ) -> Result<Result<(), RollbackRefused>, StoreError> {
        let redemption = &back.redemption;
        let batch = redemption.batch.as_ref().filter(|batch| voucher.limited.contains(batch));
        let name = QuotaName { voucher: &redemption.voucher, batch, shard: redemption.shard };
        let mut giving = Giving::of(voucher, batch, (redemption.at, now));
        let leased = redemption.offline.as_ref().is_some_and(|offline| offline.lease.is_some());
        if !redemption.counted || leased {
            // It took nothing of its own day: an earlier part of the gift did, or the lease did on another day.
            giving.day = None;
        }
        let mut writes = vec![self.write_rollback(redemption)?, self.write_answer(&held, &answer)?];
        if let Some(claim) = &back.claim {
            writes.push(self.write_claim(claim)?);
        }
        if let Some((place, balance)) = back.balance {
            writes.push(self.write_balance(&redemption.voucher, place, balance)?);
        }
        loop {
            let limit = Some(giving).filter(|giving| back.returns && !giving.is_nothing());
            let limit = limit.map(|giving| self.write_giving(&name, &giving, 1));
            let (count, asks_day) = (writes.len(), limit.is_some() && giving.day.is_some());
            let all = writes.iter().cloned().chain(limit).collect();
            match self.transact(all).await? {
                Ok(()) => return Ok(Ok(())),
                // The counter has come to another day: only the limit in all gets it back.
                Err(refused) if asks_day && refused.only(count) => giving.day = None,
                Err(_) => return Ok(Err(RollbackRefused::Changed)),
            }
        }
    }

    fn write_rollback(&self, redemption: &Redemption) -> Result<TransactWriteItem, StoreError> {
        let key = keys::redemption(&redemption.tenant, &redemption.id);
        let item = encode(&key, KIND, &RedemptionItem::from_domain(redemption))?;
        let values = Item::from([
            (":read".to_owned(), number(redemption.version.saturating_sub(1))),
            (":redeemed".to_owned(), text(RedemptionStatus::Redeemed.as_str())),
            (":at".to_owned(), text(redemption.at.to_string())),
        ]);
        // A code that was taken back and redeemed again is another redemption, of another instant.
        let same = "#redemption.#version = :read AND #redemption.#status = :redeemed \
             AND #redemption.#at = :at";
        Ok(self.put(item, Some(same), values))
    }

    /// What was redeemed and refused at a business, newest first; of one voucher where it is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_till(
        &self,
        (tenant, business): (&TenantId, &BusinessId),
        voucher: Option<&VoucherId>,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<AtTill>, StoreError> {
        let pk = keys::redemptions_of_business(tenant, business);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        let keep = |item: LineItem| {
            let line = match item {
                LineItem::Redeemed(item) => AtTill::Redeemed(item.redemption),
                LineItem::Refused(item) => AtTill::Refused(item.attempt),
            };
            let of = match &line {
                AtTill::Redeemed(redemption) => Some(&redemption.voucher),
                AtTill::Refused(attempt) => attempt.voucher.as_ref(),
            };
            Ok((voucher.is_none() || voucher == of).then_some(line))
        };
        self.sift(list, None, keep).await
    }

    fn write_redemption(
        &self,
        redemption: &Redemption,
        unique: bool,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::redemption(&redemption.tenant, &redemption.id);
        let item = encode(&key, KIND, &RedemptionItem::from_domain(redemption))?;
        if !unique {
            return Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()));
        }
        let mut values =
            Item::from([(":back".to_owned(), text(RedemptionStatus::RolledBack.as_str()))]);
        let mut free = "attribute_not_exists(PK) OR #redemption.#status = :back".to_owned();
        if let Some(offline) = &redemption.offline {
            // What a device has brought and somebody took back is not redeemed again by bringing it again.
            values.insert(":named".to_owned(), text(&offline.named));
            free.push_str(" AND NOT #redemption.#offline.#named = :named");
        }
        Ok(self.put(item, Some(&free), values))
    }

    fn write_balance(
        &self,
        voucher: &VoucherId,
        place: u32,
        balance: Balance,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&keys::balance(voucher, place), BALANCE_KIND, &balance)?;
        let values = Item::from([(":read".to_owned(), number(balance.version.saturating_sub(1)))]);
        Ok(match balance.version {
            0 | 1 => self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            _ => self.put(item, Some("#version = :read"), values),
        })
    }
}

/// What one counter had to say.
enum Taken {
    Over(Box<Redeemed>),
    Not(NoneTaken),
}

fn over(redeemed: Redeemed) -> Taken {
    Taken::Over(Box::new(redeemed))
}

/// Which condition failed, and what that means. The record comes first: a code that was redeemed is told so, whatever
/// else does not fit any more.
fn explain(
    redemption: &Redemption,
    refused: &Refused,
    places: &Places,
    (taking, source): (&Taking, &Source),
) -> Result<Taken, StoreError> {
    let found = |index: usize| refused.reasons.get(index).cloned().flatten();
    if refused.at(places.record) {
        let stood = found(places.record).flatten().filter(|item| !item.is_empty());
        let Some(item) = stood else { return Ok(over(Redeemed::Changed)) };
        let stood = decode::<RedemptionItem>(item, KIND)?.redemption;
        return Ok(over(standing(redemption, stood)));
    }
    if places.answer.is_some_and(|answer| refused.at(answer)) {
        return Ok(over(Redeemed::KeyLost));
    }
    let others = |index: &usize| *index != places.limit && refused.at(*index);
    if (0..refused.reasons.len()).any(|index| others(&index)) {
        return Ok(over(Redeemed::Changed));
    }
    match source {
        Source::Lease(_) => Ok(over(Redeemed::Changed)),
        Source::Limit => Ok(Taken::Not(taking.explain(found(places.limit).flatten())?)),
    }
}

/// The same redemption that a device brings again stands; another one of the same code has been faster.
fn standing(wanted: &Redemption, stood: Redemption) -> Redeemed {
    let named = |redemption: &Redemption| {
        let offline = redemption.offline.as_ref();
        offline.map(|offline| (redemption.by.clone(), offline.named.clone()))
    };
    let same = named(wanted).is_some() && named(wanted) == named(&stood);
    match stood.status {
        _ if same => Redeemed::Stands(stood),
        RedemptionStatus::RolledBack => Redeemed::Changed,
        RedemptionStatus::Redeemed => {
            Redeemed::Refused(RedeemRefused::AlreadyRedeemed { at: stood.at })
        }
    }
}

/// The first instant of a list's line; lists sort by it.
pub(super) fn line(at: Timestamp, id: &str) -> String {
    format!("{}#{id}", keys::instant(at))
}

/// What the stream shows of a redemption.
pub(super) fn event(images: Images) -> Result<Option<VoucherEvent>, StoreError> {
    let before = of_image::<RedemptionItem>(images.old, KIND)?.map(|item| item.redemption);
    let after = of_image::<RedemptionItem>(images.new, KIND)?.map(|item| item.redemption);
    Ok(after.and_then(|after| VoucherEvent::of_redemption(before.as_ref(), &after)))
}
