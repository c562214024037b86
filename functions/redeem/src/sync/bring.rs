//! Taking in one redemption that a device has made while it was offline.

use adapters::table::{Redeemed, Source};
use domain::customer::CustomerId;
use domain::id::{BusinessId, LeaseId, RedemptionId};
use domain::lease::Lease;
use domain::redemption::{
    Decided, Offline, RedeemRefused, Redemption, RedemptionStatus, Wanted, redemption_of_device,
};
use domain::voucher::{Voucher, VoucherStatus};
use jiff::{SignedDuration, Timestamp};
use web::Problem;
use web::till::Till;

use super::OfflineRequest;
use super::outcome::{Brought, BroughtResponse, refusal_id};
use crate::Deps;
use crate::code::{Known, recognise};
use crate::order::Order;
use crate::redeem::{told, wanted};
use crate::rejected::{BroughtRefused, Halt, Rejected};
use crate::take::{busy, find, is_gift, rest};

/// How far ahead a device's clock may be.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);
/// How old a redemption may be that no lease covers.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often it is all read because something was faster.
const READS_MAX: u32 = 24;

/// One redemption on its way in.
struct Brief {
    order: Order,
    offline: Offline,
    now: Timestamp,
}

/// Takes one in, and keeps it where it is refused.
pub(super) async fn bring(
    deps: &Deps,
    till: &Till,
    business: &BusinessId,
    one: OfflineRequest,
) -> Result<BroughtResponse, Problem> {
    let now = deps.ids.now();
    let customer = one.customer_id.as_deref().map(CustomerId::parse);
    let lease = one.lease_id.as_deref().and_then(|lease| LeaseId::parse(lease).ok());
    let order = Order {
        tenant: till.tenant.clone(),
        business: business.clone(),
        by: till.by.clone(),
        code: one.code,
        customer: customer.and_then(Result::ok),
        amount: one.amount,
        at: one.at,
    };
    let offline = Offline { named: one.id.clone(), lease, synced_at: now };
    let brief = Brief { order, offline, now };
    let brought = match apply(deps, till, &brief).await {
        Ok(brought) => brought,
        Err(Halt::Rejected(rejected)) => Brought::Refused(rejected),
        Err(Halt::Broken(problem)) => return Err(problem),
    };
    note(deps, &brief, &brought).await?;
    Ok(BroughtResponse::of(one.id, &brought))
}

/// Counts it, and keeps a refusal.
async fn note(deps: &Deps, brief: &Brief, brought: &Brought) -> Result<(), Problem> {
    if let Brought::Accepted(decided) = brought {
        told(decided);
        let delay = brief.now.duration_since(brief.order.at).as_secs_f64();
        metrics::histogram!("voucher_sync_delay_seconds").record(delay.max(0.0));
    }
    if let Some(rejected) = brought.rejected() {
        let id = refusal_id(&brief.order, &brief.offline.named, rejected);
        // What is said to have been in the future is kept as of now.
        let order = Order { at: brief.order.at.min(brief.now), ..brief.order.clone() };
        rejected.keep_as(id, deps, &order).await?;
    }
    Ok(())
}

async fn apply(deps: &Deps, till: &Till, brief: &Brief) -> Result<Brought, Halt> {
    let Brief { order, offline, now } = brief;
    if order.at.duration_since(*now) > AHEAD_MAX {
        return Err(Rejected::unread(BroughtRefused::Ahead).into());
    }
    let named = redemption_of_device(&order.tenant, &order.business, &offline.named);
    // What was brought before is known without its code, which may not be known any more.
    let stood = deps.table.redemption(&order.tenant, &named).await?;
    if let Some(stood) = stood.filter(|stood| stood.at == order.at) {
        return Ok(Brought::Duplicate(Box::new(stood)));
    }
    let known = recognise(deps, order, *now).await?;
    if known.voucher.business != order.business {
        return Err(known.refused(RedeemRefused::OtherBusiness).into());
    }
    let wanted = Wanted { offline: Some(offline.clone()), ..wanted(order, &known, named) };
    for read in 0..READS_MAX {
        rest(read).await;
        if let Some(brought) = stands(deps, &known, &wanted).await? {
            return Ok(brought);
        }
        // What stands was looked for first: taking a code back changes nothing about what was redeemed with it.
        if known.revoked {
            return Err(known.refused(RedeemRefused::Revoked).into());
        }
        let lease = lease_of(deps, till, &known, brief).await?;
        if lease.is_none() && now.duration_since(order.at) > AGE_MAX {
            return Err(known.refused(BroughtRefused::LongAgo).into());
        }
        if let Some(brought) = write(deps, &known, &wanted, lease).await? {
            return Ok(brought);
        }
    }
    Err(busy())
}

/// The redemption that stands in the place of this one: the same, brought before, or another.
async fn stands(deps: &Deps, known: &Known, wanted: &Wanted) -> Result<Option<Brought>, Halt> {
    let own = known.code.redemption(&known.voucher.id).filter(|_| !is_gift(&known.voucher));
    let unique = own.is_some();
    // Names are the device's own: two devices may count from one, so the instant has to be the same too.
    let id: RedemptionId = own.unwrap_or_else(|| wanted.id.clone());
    let Some(stood) = deps.table.redemption(&known.voucher.tenant, &id).await? else {
        return Ok(None);
    };
    let stood = Box::new(stood);
    let named = |offline: &Option<Offline>| offline.as_ref().map(|offline| offline.named.clone());
    let same = named(&stood.offline) == named(&wanted.offline);
    if same && stood.at == wanted.at {
        return Ok(Some(Brought::Duplicate(stood)));
    }
    if !unique {
        let rejected = known.refused(BroughtRefused::IdTaken);
        return Ok(Some(Brought::Conflict(stood, Box::new(rejected))));
    }
    Ok(match stood.status {
        RedemptionStatus::RolledBack => None,
        RedemptionStatus::Redeemed => {
            let rejected = known.refused(RedeemRefused::AlreadyRedeemed { at: stood.at });
            Some(Brought::Conflict(stood, Box::new(rejected)))
        }
    })
}

/// The lease that it is spent out of: one of this device that covers its instant, of the counter that the code is
/// counted in, with something left in it.
async fn lease_of(
    deps: &Deps,
    till: &Till,
    known: &Known,
    brief: &Brief,
) -> Result<Option<Lease>, Halt> {
    let (Some(id), Ok(device)) = (&brief.offline.lease, till.device()) else { return Ok(None) };
    let lease = deps.table.lease((&till.tenant, device), id).await?;
    let counter = known.batch.as_ref().filter(|_| known.is_limited()).map(|batch| &batch.id);
    let fits = |lease: &Lease| {
        lease.voucher == known.voucher.id
            && lease.batch.as_ref() == counter
            && lease.covers(brief.order.at)
            && lease.left() > 0
    };
    Ok(lease.filter(fits))
}

/// Writes it, out of the lease or the limit; nothing where something was faster.
async fn write(
    deps: &Deps,
    known: &Known,
    wanted: &Wanted,
    lease: Option<Lease>,
) -> Result<Option<Brought>, Halt> {
    let known = match &lease {
        // What was leased while the voucher was to be had stays good when it is stopped.
        Some(_) => Known { voucher: published(&known.voucher), ..known.clone() },
        None => known.clone(),
    };
    let found = find(deps, &known, wanted).await?;
    let decided = wanted.clone().decide(found).map_err(|why| known.refused(why))?;
    let source = match lease.filter(|_| decided.redemption.counted).map(Lease::spend) {
        Some(Ok(spent)) => Source::Lease(Box::new(spent)),
        Some(Err(_)) | None => Source::Limit,
    };
    let place = (known.code.index(), known.is_limited());
    let nobody = |_: &Redemption| None;
    let written =
        deps.table.commit_redemption(&decided, &known.voucher, place, &source, nobody).await?;
    match written {
        Redeemed::Done(redemption) => {
            Ok(Some(Brought::Accepted(Box::new(Decided { redemption, ..decided }))))
        }
        Redeemed::Stands(stood) => Ok(Some(Brought::Duplicate(Box::new(stood)))),
        // It is looked at which one stands there.
        Redeemed::Refused(RedeemRefused::AlreadyRedeemed { .. })
        | Redeemed::Changed
        | Redeemed::KeyLost => Ok(None),
        Redeemed::Refused(why) => Err(known.refused(why).into()),
    }
}

fn published(voucher: &Voucher) -> Voucher {
    Voucher { status: VoucherStatus::Published, ..voucher.clone() }
}
