//! Changing a customer's points: the purse is read, the domain decides, and one write does it under the condition that
//! the purse is still the one that was read. Where something was faster it is all read again.
//!
//! Deliberately absent: codes, whose use moves points in its own transaction.

use std::time::Duration;

use adapters::clock::Clock;
use adapters::table::{DuePurse, PointsPosted, PointsWrite, StoreError, StoredPoints, Table};
use domain::customer::CustomerId;
use domain::id::RestaurantId;
use domain::points::{
    LineKind, Movement, PointsReference, PointsRefused, PointsTransaction, PurchaseReference, Purse,
};
use domain::programme::{Award, Programme};
use jiff::Timestamp;

use crate::problem::Problem;

/// How often it is all read because something was faster.
pub(crate) const READS_MAX: u32 = 24;
/// The longest rest before it is read again; the first rests are shorter.
const REST_MAX: Duration = Duration::from_millis(100);

/// A purchase that points are given for.
#[derive(Clone, Copy, Debug)]
pub struct Purchase<'a> {
    /// For points of which programme.
    pub programme: &'a Programme,
    /// Where it was.
    pub restaurant: &'a RestaurantId,
    /// Whose points.
    pub customer: &'a CustomerId,
    /// The till's name of it.
    pub reference: &'a PurchaseReference,
    /// What it was.
    pub award: Award,
}

/// Points that were given for a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earned {
    /// How many; fewer than the purchase is worth where the most of a day was reached.
    pub points: i64,
    /// What the customer could spend after it, in points.
    pub balance: i64,
    /// When.
    pub at: Timestamp,
    /// Whether they had been given before, and this is the answer of then.
    pub is_repeat: bool,
}

/// Points that were taken back because a purchase was reversed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Whose points.
    pub customer: CustomerId,
    /// How many.
    pub taken: i64,
    /// How many were spent already, beyond what the programme lets the customer owe.
    pub missing: i64,
    /// What the customer could spend after it, in points; below zero where the customer owes some.
    pub balance: i64,
    /// When.
    pub at: Timestamp,
    /// Whether they had been taken back before, and this is the answer of then.
    pub is_repeat: bool,
}

/// Rests before something is read again, so that those who met do not meet again at once.
pub(crate) async fn rest(read: u32) {
    if read > 0 {
        tokio::time::sleep(REST_MAX.min(Duration::from_millis(u64::from(read) * 4))).await;
    }
}

/// Somebody else was faster each time: what was asked for may be asked again.
pub(crate) fn busy() -> StoreError {
    StoreError::Throttled("the points of this customer change all the time".into())
}

/// Gives points for a purchase, once per reference of its restaurant.
///
/// # Errors
/// What the programme and the purse refuse, [`PointsRefused::PurchaseCounted`] where another purchase has the
/// reference, or the store's failure.
pub async fn award(
    table: &Table,
    purchase: &Purchase<'_>,
    clock: &Clock,
) -> Result<Earned, Problem> {
    let Purchase { programme, customer, .. } = purchase;
    for read in 0..READS_MAX {
        rest(read).await;
        let now = clock.now();
        let purse = table.purse(&programme.tenant, &programme.id, customer).await?;
        let (movement, points) = match earning(purchase, &purse, now) {
            Ok(earned) => earned,
            // Whatever refuses it now: when it was counted before, it is answered as it was then.
            Err(refused) => return counted(table, purchase).await?.ok_or(refused),
        };
        let balance = movement.purse.free(now);
        match write_award(table, purchase, movement, now).await? {
            PointsPosted::Posted => {
                return Ok(Earned { points, balance, at: now, is_repeat: false });
            }
            PointsPosted::Repeat => {
                return Ok(counted(table, purchase).await?.ok_or_else(busy)?);
            }
            PointsPosted::Outrun => {}
        }
    }
    Err(busy().into())
}

fn earning(
    purchase: &Purchase<'_>,
    purse: &Purse,
    now: Timestamp,
) -> Result<(Movement, i64), Problem> {
    let programme = purchase.programme;
    let worth = programme.points_for(purchase.award)?;
    let day = (programme.day(now), programme.terms.daily_points_max);
    Ok(purse.earning(worth, day, (None, programme.points_expire_at(now)), now)?)
}

async fn write_award(
    table: &Table,
    purchase: &Purchase<'_>,
    movement: Movement,
    at: Timestamp,
) -> Result<PointsPosted, StoreError> {
    let transaction = PointsTransaction {
        reference: PointsReference::purchase(purchase.restaurant, purchase.reference),
        customer: purchase.customer.clone(),
        lines: movement.lines,
    };
    let write = PointsWrite {
        tenant: &purchase.programme.tenant,
        programme: &purchase.programme.id,
        transaction: &transaction,
        purse: &movement.purse,
        restaurant: Some(purchase.restaurant),
        purchase: Some(purchase.reference),
        award: Some(purchase.award),
        at,
    };
    table.commit_points(&write, None).await
}

/// What the purchase was answered with, if it was counted.
async fn counted(table: &Table, purchase: &Purchase<'_>) -> Result<Option<Earned>, Problem> {
    let of = (&purchase.programme.tenant, &purchase.programme.id);
    let stored = table.purchase(of, (purchase.restaurant, purchase.reference)).await?;
    let Some(StoredPoints { transaction, award, balance, at, .. }) = stored else {
        return Ok(None);
    };
    if transaction.customer != *purchase.customer || award != Some(purchase.award) {
        return Err(PointsRefused::PurchaseCounted.into());
    }
    let points = transaction.points_of(LineKind::Earned);
    Ok(Some(Earned { points, balance, at, is_repeat: true }))
}

/// Takes back what was given for a purchase, once.
///
/// # Errors
/// [`PointsRefused::PurchaseUnknown`], or the store's failure.
pub async fn take_back(
    table: &Table,
    programme: &Programme,
    (restaurant, purchase): (&RestaurantId, &PurchaseReference),
    clock: &Clock,
) -> Result<Returned, Problem> {
    let of = (&programme.tenant, &programme.id);
    let given = table.purchase(of, (restaurant, purchase)).await?;
    let given = given.ok_or(PointsRefused::PurchaseUnknown)?;
    let reference = given.transaction.reference.reversed();
    for read in 0..READS_MAX {
        rest(read).await;
        if let Some(stored) = table.points_transaction(of, &reference).await? {
            return Ok(Returned::again(&given, stored));
        }
        let now = clock.now();
        let purse = table.purse(of.0, of.1, &given.transaction.customer).await?;
        let points = given.transaction.points_of(LineKind::Earned);
        let back = purse.taking_back(points, programme.terms.overdraft_points_max, now);
        let transaction = PointsTransaction {
            reference: reference.clone(),
            customer: given.transaction.customer.clone(),
            lines: back.movement.lines,
        };
        let write = PointsWrite {
            tenant: of.0,
            programme: of.1,
            transaction: &transaction,
            purse: &back.movement.purse,
            restaurant: Some(restaurant),
            purchase: Some(purchase),
            award: None,
            at: now,
        };
        if table.commit_points(&write, None).await? == PointsPosted::Posted {
            return Ok(Returned {
                customer: transaction.customer,
                taken: back.taken,
                missing: back.missing,
                balance: back.movement.purse.free(now),
                at: now,
                is_repeat: false,
            });
        }
    }
    Err(busy().into())
}

impl Returned {
    /// The answer of the first time.
    fn again(given: &StoredPoints, stored: StoredPoints) -> Self {
        let taken = stored.transaction.points_of(LineKind::TakenBack);
        let of = given.transaction.points_of(LineKind::Earned);
        Self {
            customer: stored.transaction.customer,
            taken,
            missing: of.saturating_sub(taken),
            balance: stored.balance,
            at: stored.at,
            is_repeat: true,
        }
    }
}

/// Clears away what has run out in a purse; `false` where nothing has, or somebody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn tidy(table: &Table, due: &DuePurse, now: Timestamp) -> Result<bool, StoreError> {
    let DuePurse { tenant, programme, customer } = due;
    let purse = table.purse(tenant, programme, customer).await?;
    if purse.due_at().is_none_or(|at| now < at) {
        return Ok(false);
    }
    let Movement { purse, lines } = purse.tidied(now);
    let reference = PointsReference::tidied(programme, customer, purse.version);
    let transaction = PointsTransaction { reference, customer: customer.clone(), lines };
    let write = PointsWrite {
        tenant,
        programme,
        transaction: &transaction,
        purse: &purse,
        restaurant: None,
        purchase: None,
        award: None,
        at: now,
    };
    // Whoever was faster has cleared it away too.
    Ok(table.commit_points(&write, None).await? == PointsPosted::Posted)
}
