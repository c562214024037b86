//! GET /api/v1/guards/{guard_id}/payouts/{payout_id}/statement: what a payout pays a guard, as a page to read and
//! print. Each line adds up, and so do the lines.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::export::decimal;
use domain::guard::Guard;
use domain::id::{GuardId, PayoutId, TipId};
use domain::ledger::Reference;
use domain::money::Currency;
use domain::payout::{Payout, PayoutRefused, PayoutState};
use domain::tenant::Tenant;
use domain::tip::Tip;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use web::finance::{Paid, paid_entries, payout_of};
use web::page::{Shell, html};
use web::problem::ProblemBody;
use web::{Caller, Problem, may};

use crate::Deps;
use crate::invariants::tenant;

/// The columns of amounts.
const COLUMNS: [&str; 5] = ["Given", "Fees", "Against debt", "Paid elsewhere", "Paid here"];

#[derive(Template)]
#[template(path = "payout_statement.html")]
struct StatementPage {
    shell: Shell,
    tenant: String,
    guard: String,
    employee_id: String,
    account: Option<String>,
    payout_id: PayoutId,
    run: String,
    status: &'static str,
    changed_at: String,
    amount: String,
    currency: &'static str,
    lines: Vec<Line>,
    totals: Vec<(&'static str, String)>,
    rest: Option<String>,
    zone: String,
    drawn_at: String,
}

/// One entry.
struct Line {
    when: String,
    what: &'static str,
    id: String,
    amounts: Vec<(&'static str, String)>,
}

/// The amounts of an entry, in the order of [`COLUMNS`]: the first less the next three is the last. Minor units.
type Amounts = [i64; 5];

/// A page to print: the payout, its tips, fees and refunds, and sums that add up.
#[utoipa::path(
    get,
    path = "/api/v1/guards/{guard_id}/payouts/{payout_id}/statement",
    tag = "finance",
    operation_id = "read_payout_statement",
    params(
        ("guard_id" = String, Path, description = "The guard"),
        ("payout_id" = String, Path, description = "The guard's payout"),
    ),
    responses(
        (status = 200, description = "The statement", body = String, content_type = "text/html"),
        (status = 404, description = "No such payout of this guard", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["finance:read"]))
)]
pub(crate) async fn read_payout_statement(
    State(deps): State<Deps>,
    caller: Caller<may::FinanceRead>,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let Path((guard, payout)) = path.map_err(|_| PayoutRefused::Unknown)?;
    let guard = GuardId::parse(&guard).map_err(|_| PayoutRefused::Unknown)?;
    let id = PayoutId::parse(&payout).map_err(|_| PayoutRefused::Unknown)?;
    let payout = payout_of(&deps.table, &caller.tenant, &id).await?.payout;
    let guard = deps.table.guard(&caller.tenant, &guard).await?;
    let guard = guard.filter(|guard| guard.id == payout.guard).ok_or(PayoutRefused::Unknown)?;
    let tenant = tenant(&deps.table, &caller.tenant).await?;
    let now = deps.ids.now();
    let paid = paid_entries(&deps.table, &payout, now).await?;
    let ids: Vec<TipId> = paid.iter().filter_map(|one| one.entry.tip.clone()).collect();
    let tips = deps.table.tips_of_ids(&ids).await?;
    let page = StatementPage::of(&tenant, &guard, &payout, (&paid, &tips), now);
    Ok(html(StatusCode::OK, &page))
}

impl StatementPage {
    fn of(
        tenant: &Tenant,
        guard: &Guard,
        payout: &Payout,
        (paid, tips): (&[Paid], &[Tip]),
        now: Timestamp,
    ) -> Self {
        let tips: BTreeMap<&TipId, &Tip> = tips.iter().map(|tip| (&tip.id, tip)).collect();
        let zone = &tenant.settings.payouts.time_zone;
        let when = |at: Timestamp| {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            at.to_zoned(zone).strftime("%-d %B %Y, %H:%M").to_string()
        };
        let currency = payout.amount.currency;
        let mut sums = Amounts::default();
        let mut lines = Vec::with_capacity(paid.len());
        for one in paid {
            let tip = one.entry.tip.as_ref().and_then(|id| tips.get(id)).copied();
            let (what, amounts) = read(one, tip);
            for (sum, minor) in sums.iter_mut().zip(amounts) {
                *sum = sum.saturating_add(minor);
            }
            let id = one.entry.tip.as_ref().map(ToString::to_string);
            let id = id.unwrap_or_else(|| one.entry.reference.to_string());
            let (when, amounts) = (when(one.entry.recorded_at), shown(amounts, currency));
            lines.push(Line { when, what, id, amounts });
        }
        let [.., here] = sums;
        let rest = payout.amount.minor.saturating_sub(here);
        let account = guard.payout_account.as_ref();
        let account = account.filter(|account| account.recipient_code == payout.recipient);
        Self {
            shell: Shell::titled(format!("Payout statement of {}", payout.run)),
            tenant: tenant.settings.name.clone(),
            guard: guard.profile.full_name(),
            employee_id: guard.profile.employee_id.clone(),
            account: account.map(|account| format!("{} …{}", account.bank_name, account.last4)),
            payout_id: payout.id.clone(),
            run: payout.run.to_string(),
            status: status(payout.state),
            changed_at: when(payout.changed_at),
            amount: payout.amount.to_string(),
            currency: currency.code(),
            lines,
            totals: shown(sums, currency),
            rest: (rest != 0).then(|| format!("{} {}", decimal(rest, currency), currency.code())),
            zone: zone.clone(),
            drawn_at: when(now),
        }
    }
}

/// What an entry is, and its amounts.
fn read(paid: &Paid, tip: Option<&Tip>) -> (&'static str, Amounts) {
    let amount = paid.entry.minor.saturating_neg();
    let (what, given, net) =
        tip.and_then(|tip| money(&paid.entry.reference, tip)).unwrap_or_else(|| {
            let back =
                matches!(paid.entry.reference.as_str(), text if text.starts_with("ps:transfer:"));
            (if back { "Payout that came back" } else { "Entry" }, amount, amount)
        });
    let fees = given.saturating_sub(net);
    let debt = net.saturating_sub(amount);
    let elsewhere = amount.saturating_sub(paid.minor);
    (what, [given, fees, debt, elsewhere, paid.minor])
}

/// What was given by a tip, or went back, and what of it is the guard's.
fn money(reference: &Reference, tip: &Tip) -> Option<(&'static str, i64, i64)> {
    let charge = tip.charge()?;
    let shares = charge.shares().ok()?;
    if *reference == Reference::charge(&charge.reference) {
        return Some(("Tip", charge.collected, shares.guard));
    }
    let back = tip.returns.iter().find(|back| back.reference == *reference)?;
    let part = shares.between(back.before, back.before.saturating_add(back.taken)).ok()?;
    Some(("Paid back", back.taken.saturating_neg(), part.guard.saturating_neg()))
}

fn shown(amounts: Amounts, currency: Currency) -> Vec<(&'static str, String)> {
    COLUMNS.into_iter().zip(amounts.map(|minor| decimal(minor, currency))).collect()
}

fn status(state: PayoutState) -> &'static str {
    match state {
        PayoutState::Planned => "planned",
        PayoutState::Reserved | PayoutState::Sent => "on its way",
        PayoutState::Confirmed => "paid",
        PayoutState::Returned => "being tried again",
        PayoutState::NeedsHuman => "waiting for a decision",
        PayoutState::Cancelled => "cancelled: nothing was paid",
        PayoutState::Reversed => "came back: nothing was paid",
    }
}
