//! Redeeming a code that is known: what else is to be read is read, the rule decides, and one write does it under the
//! condition that nothing has changed. Where something was faster it is all read again.

use std::time::Duration;

use adapters::table::{Answer, Claim as Hold, Redeemed, Source, StoreError};
use domain::redemption::{CodeRead, Decided, Found, RedeemRefused, Redemption, Wanted};
use domain::voucher::Voucher;

use crate::Deps;
use crate::code::Known;
use crate::rejected::Halt;

/// How often it is all read because something was faster.
const READS_MAX: u32 = 24;
/// The longest rest before it is read again; the first rests are shorter.
const REST_MAX: Duration = Duration::from_millis(40);

/// How it ended.
#[derive(Clone, Debug)]
pub(crate) enum Taken {
    /// It is redeemed, like this.
    Done(Box<Decided>),
    /// The same redemption stood already.
    Stands,
    /// Another request has the key.
    KeyLost,
}

/// What else is known of a code: the customer's record, and what is left of its gift.
pub(crate) async fn find(deps: &Deps, known: &Known, wanted: &Wanted) -> Result<Found, Halt> {
    let voucher = &known.voucher;
    let customer = wanted.customer_of().map_err(|refused| known.refused(refused))?;
    let claim = match customer {
        Some(customer) => deps.table.claim_of(&voucher.tenant, customer, &voucher.id).await?,
        None => None,
    };
    // A claim that was taken back is not redeemed by way of another code either.
    let own = claim.as_ref().filter(|claim| claim.claimed_at.is_some()).map(|claim| claim.index);
    if let Some(place) = own.filter(|place| known.code.index() != Some(*place))
        && deps.table.is_revoked(&voucher.tenant, place).await?
    {
        return Err(known.refused(RedeemRefused::Revoked).into());
    }
    let balance = match &known.code {
        CodeRead::Print { index, .. } if is_gift(voucher) => {
            deps.table.gift_balance(&voucher.id, *index).await?
        }
        CodeRead::Print { .. } | CodeRead::User { .. } | CodeRead::Shared(_) => None,
    };
    Ok(Found { voucher: voucher.clone(), batch: known.batch.clone(), claim, balance })
}

/// Whether it is spent bit by bit.
pub(crate) fn is_gift(voucher: &Voucher) -> bool {
    matches!(voucher.terms.benefit, domain::voucher::Benefit::GiftBalance { .. })
}

/// Redeems it out of the limit, with the answer to the request, if there is one.
pub(crate) async fn take(
    deps: &Deps,
    known: &Known,
    wanted: &Wanted,
    answer: impl Fn(&Decided) -> Option<(Hold, Answer)>,
) -> Result<Taken, Halt> {
    let place = (known.code.index(), known.is_limited());
    for read in 0..READS_MAX {
        rest(read).await;
        let found = find(deps, known, wanted).await?;
        let decided = wanted.clone().decide(found).map_err(|why| known.refused(why))?;
        let reply = |redemption: &Redemption| {
            answer(&Decided { redemption: redemption.clone(), ..decided.clone() })
        };
        let written = deps
            .table
            .commit_redemption(&decided, &known.voucher, place, &Source::Limit, reply)
            .await?;
        match written {
            Redeemed::Done(redemption) => {
                return Ok(Taken::Done(Box::new(Decided { redemption, ..decided })));
            }
            Redeemed::Refused(why) => return Err(known.refused(why).into()),
            Redeemed::Stands(_) => return Ok(Taken::Stands),
            Redeemed::KeyLost => return Ok(Taken::KeyLost),
            Redeemed::Changed => {}
        }
    }
    Err(busy())
}

/// Rests before something is read again, so that those who met do not meet again at once.
pub(crate) async fn rest(read: u32) {
    if read > 0 {
        tokio::time::sleep(REST_MAX.min(Duration::from_millis(u64::from(read) * 4))).await;
    }
}

/// Somebody else was faster each time: what was asked for may be asked again.
pub(crate) fn busy() -> Halt {
    StoreError::Throttled("the records of this voucher change all the time".into()).into()
}
