//! The keys of the table, built in this one place from typed ids. `ARCHITECTURE.md` shows them as a whole.

mod desk;
mod loyalty;
mod voucher;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::hex;
use domain::guard::{Channel, GuardToken};
use domain::id::{GuardId, GuardQrId, KeyId, PayoutId, PropertyId, TenantId, TipId};
use domain::ledger::{Account, Reference};
use domain::money::Currency;
use domain::scan::CodeSubject;
use jiff::civil::Date;

pub(crate) use desk::*;
pub(crate) use loyalty::*;
pub use loyalty::{POINTS_PREFIX, PURSE_SHARDS};
pub use voucher::LEASE_SHARDS;
pub(crate) use voucher::*;

/// The name of the partition key.
pub(crate) const PK: &str = "PK";
/// The name of the sort key.
pub(crate) const SK: &str = "SK";
/// The index that lists by owner and time.
pub(crate) const GSI1: &str = "GSI1";
/// Its keys.
pub(crate) const GSI1_PK: &str = "GSI1PK";
/// Its keys.
pub(crate) const GSI1_SK: &str = "GSI1SK";
/// The index that looks up by an outside reference or by a second owner; it has keys only.
pub(crate) const GSI2: &str = "GSI2";
/// Its sort key.
pub(crate) const GSI2_SK: &str = "GSI2SK";
/// The sparse index of what is due.
pub(crate) const GSI3: &str = "GSI3";
/// Its sort key.
pub(crate) const GSI3_SK: &str = "GSI3SK";
/// The sort key of a record that has its partition to itself.
const META: &str = "META";

/// How many partitions one code's events of one day are spread over: each takes 1,000 writes a second.
pub const EVENT_SHARDS: u8 = 10;
/// How many partitions a tenant's own totals are spread over, so that codes do not wait for each other.
pub const TENANT_SHARDS: u8 = 16;

/// How many partitions the tips that are due are spread over.
pub const DUE_SHARDS: u8 = 8;
/// How many partitions one month of a tenant's ledger is spread over.
pub const LEDGER_SHARDS: u8 = 16;
/// The longest text from outside that stands in a key as it is, in bytes.
const OUTSIDE_MAX_BYTES: usize = 200;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

pub(crate) fn tenant(id: &TenantId) -> Key {
    Key::new(format!("T#{id}"), META)
}

/// A tenant's keys stand beside the tenant, so that a list shows a new one at once.
pub(crate) fn api_key(tenant: &TenantId, id: &KeyId) -> Key {
    Key::new(format!("T#{tenant}"), format!("{API_KEY_PREFIX}{id}"))
}

pub(crate) const API_KEY_PREFIX: &str = "KEY#";

/// Found before the tenant is known.
pub(crate) fn api_key_secret(fingerprint: &str) -> Key {
    Key::new(format!("AK#{fingerprint}"), META)
}

pub(crate) fn session(fingerprint: &str) -> Key {
    Key::new(format!("SE#{fingerprint}"), META)
}

pub(crate) fn property(tenant: &TenantId, id: &PropertyId) -> Key {
    Key::new(format!("P#{tenant}#{id}"), META)
}

/// Found before the tenant is known: all that a scan reads.
pub(crate) fn scan_target(id: &PropertyId) -> Key {
    Key::new(format!("S#{id}"), META)
}

pub(crate) fn code(tenant: &TenantId, id: &PropertyId) -> Key {
    Key::new(format!("C#{tenant}#{id}"), META)
}

pub(crate) fn code_version(tenant: &TenantId, id: &PropertyId, version: u32) -> Key {
    Key::new(format!("C#{tenant}#{id}"), format!("V#{version:010}"))
}

/// The list of a tenant's property codes.
pub(crate) fn codes_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#C#property")
}

/// What every partition of scan events begins with; `template.yaml` filters the stream by it.
pub const EVENT_PREFIX: &str = "E#";

pub(crate) fn event(
    tenant: &TenantId,
    code: &CodeSubject,
    day: &str,
    shard: u8,
    sk: String,
) -> Key {
    Key::new(format!("{EVENT_PREFIX}{tenant}#{code}#{day}#{shard}"), sk)
}

/// Whose counters an item holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// The code of one property, or all codes of one guard together.
    Code(TenantId, CodeSubject),
    /// One shard of a tenant's totals over all codes.
    Tenant(TenantId, u8),
}

impl Counted {
    fn pk(&self) -> String {
        match self {
            Counted::Code(tenant, code) => format!("K#{tenant}#{code}"),
            Counted::Tenant(tenant, shard) => format!("K#{tenant}#*{shard}"),
        }
    }
}

pub(crate) fn total(of: &Counted) -> Key {
    Key::new(of.pk(), "TOT")
}

pub(crate) const HOUR_PREFIX: &str = "H#";

pub(crate) fn hour(of: &Counted, hour: &str) -> Key {
    Key::new(of.pk(), format!("{HOUR_PREFIX}{hour}"))
}

pub(crate) const VISITORS_PREFIX: &str = "U#";

pub(crate) fn visitors(of: &Counted, day: &str) -> Key {
    Key::new(of.pk(), format!("{VISITORS_PREFIX}{day}"))
}

pub(crate) const CITIES_PREFIX: &str = "G#";

/// The cities of a month and a country.
pub(crate) fn cities(of: &Counted, month: &str) -> Key {
    Key::new(of.pk(), format!("{CITIES_PREFIX}{month}"))
}

/// How far a code's events of one day are counted, per event shard.
pub(crate) fn mark(of: &Counted, day: &str) -> Key {
    Key::new(of.pk(), format!("M#{day}"))
}

pub(crate) fn counters_pk(of: &Counted) -> String {
    of.pk()
}

/// `principal` and `operation` keep one caller's answers from another's; the key is hashed because it is theirs.
pub(crate) fn idempotency(principal: &str, operation: &str, key: &str) -> Key {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(key.as_bytes()));
    Key::new(format!("I#{principal}#{operation}#{digest}"), META)
}

pub(crate) fn guard(tenant: &TenantId, id: &GuardId) -> Key {
    Key::new(format!("G#{tenant}#{id}"), META)
}

/// The list of a tenant's guards.
pub(crate) fn guards_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#G")
}

/// The tenant's own number for a guard, which no other of its guards has.
pub(crate) fn employee(tenant: &TenantId, employee_id: &str) -> Key {
    Key::new(format!("EMP#{tenant}#{employee_id}"), META)
}

pub(crate) const PREFERENCE_PREFIX: &str = "NP#";

pub(crate) fn preference(tenant: &TenantId, guard: &GuardId, channel: Channel) -> Key {
    Key::new(format!("G#{tenant}#{guard}"), format!("{PREFERENCE_PREFIX}{channel}"))
}

/// All browsers of a guard in one item, so that their number is a condition.
pub(crate) fn push_subscriptions(tenant: &TenantId, guard: &GuardId) -> Key {
    Key::new(format!("G#{tenant}#{guard}"), "PS")
}

pub(crate) const GUARD_CODE_PREFIX: &str = "QR#";

pub(crate) fn guard_code(tenant: &TenantId, guard: &GuardId, id: &GuardQrId) -> Key {
    Key::new(format!("G#{tenant}#{guard}"), format!("{GUARD_CODE_PREFIX}{id}"))
}

/// Found before the tenant is known: all that a guard's page and a tip read.
pub(crate) fn tip_target(token: &GuardToken) -> Key {
    Key::new(format!("GT#{token}"), META)
}

pub(crate) const TIP_PREFIX: &str = "TIP#";

pub(crate) fn tip(id: &TipId) -> Key {
    Key::new(format!("{TIP_PREFIX}{id}"), META)
}

/// The list of a guard's tips.
pub(crate) fn tips_of_guard(tenant: &TenantId, guard: &GuardId) -> String {
    format!("G#{tenant}#{guard}#TIP")
}

/// The list of a tenant's tips of one day in UTC, that of an instant.
pub(crate) fn tips_of_day(tenant: &TenantId, at: jiff::Timestamp) -> String {
    format!("T#{tenant}#TIP#{}", at.strftime("%Y-%m-%d"))
}

/// The tips of one shard that Paystack is to be asked about.
pub(crate) fn due_tips(shard: u8) -> String {
    format!("DUE#tip#{shard}")
}

/// A text's shard of `shards`, always the same.
pub(crate) fn shard_of(text: &str, shards: u8) -> u8 {
    let mixed =
        text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(mixed % u32::from(shards.max(1))).unwrap_or(0)
}

pub(crate) fn rate_limit(scope: &str, key: &str, window: i64) -> Key {
    Key::new(format!("RL#{scope}#{}#{window}", bounded(key)), META)
}

pub(crate) fn webhooks_pk(tenant: &TenantId, reference: &str) -> String {
    format!("WH#{tenant}#{}", bounded(reference))
}

/// An event is told from others of its reference by its kind and what it says.
pub(crate) fn webhook(tenant: &TenantId, reference: &str, event: &str, raw: &str) -> Key {
    use sha2::{Digest, Sha256};
    let digest = hex(&Sha256::digest(raw.as_bytes()));
    let sk = format!("{}#{}", bounded(event), digest.get(..16).unwrap_or_default());
    Key::new(webhooks_pk(tenant, reference), sk)
}

/// What every transaction of the ledger begins with; `template.yaml` filters the stream by it.
pub const POSTING_PREFIX: &str = "L#";

pub(crate) fn posting(tenant: &TenantId, reference: &Reference) -> Key {
    Key::new(format!("{POSTING_PREFIX}{tenant}#{reference}"), META)
}

/// What a transaction has posted to its guard, one by one.
pub(crate) fn entry(tenant: &TenantId, reference: &Reference, number: usize) -> Key {
    Key::new(format!("{POSTING_PREFIX}{tenant}#{reference}"), format!("E#{number}"))
}

/// One shard of a tenant's transactions of one month, `2026-11`.
pub(crate) fn postings_of_month(tenant: &TenantId, month: &str, shard: u8) -> String {
    format!("T#{tenant}#L#{month}#{shard}")
}

/// What was posted to a guard in one month and currency.
pub(crate) fn entries_of_guard(
    tenant: &TenantId,
    guard: &GuardId,
    currency: Currency,
    month: &str,
) -> String {
    format!("AC#{tenant}#guard:{guard}:{}#{month}", currency.code())
}

/// The sort key of a balance.
const BALANCE: &str = "BAL";

/// The three balances of a guard in one currency, always written together.
pub(crate) fn guard_balances(tenant: &TenantId, guard: &GuardId, currency: Currency) -> Key {
    Key::new(format!("AC#{tenant}#guard:{guard}:{}", currency.code()), BALANCE)
}

pub(crate) fn system_balance(tenant: &TenantId, account: &Account) -> Key {
    Key::new(format!("AC#{tenant}#{account}"), BALANCE)
}

/// Whose turn it is to make transfers of a tenant.
pub(crate) fn transfer_slot(tenant: &TenantId) -> Key {
    Key::new(format!("JOB#transfers#{tenant}"), META)
}

/// The sending of one notice on one channel.
pub(crate) fn delivery(subject: &str, channel: Channel) -> Key {
    Key::new(format!("NT#{subject}#{channel}"), META)
}

/// A notice that belongs to no other write.
pub(crate) fn notice(subject: &str) -> Key {
    Key::new(format!("NT#{subject}"), META)
}

/// The guards of a tenant who are owed something, the oldest money first.
pub(crate) fn owed_guards(tenant: &TenantId, currency: Currency) -> String {
    format!("T#{tenant}#PAY#{}", currency.code())
}

pub(crate) const PAYOUT_PREFIX: &str = "PO#";

pub(crate) fn payout(id: &PayoutId) -> Key {
    Key::new(format!("{PAYOUT_PREFIX}{id}"), META)
}

/// The list of a tenant's payouts.
pub(crate) fn payouts_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#PO")
}

/// The list of a guard's payouts.
pub(crate) fn payouts_of_guard(tenant: &TenantId, guard: &GuardId) -> String {
    format!("G#{tenant}#{guard}#PO")
}

/// The payouts of one shard that somebody has to look at.
pub(crate) fn due_payouts(shard: u8) -> String {
    format!("DUE#payout#{shard}")
}

/// A tenant's settlement run of a day.
pub(crate) fn run(tenant: &TenantId, date: Date) -> Key {
    Key::new(format!("RUN#{tenant}#{date}"), META)
}

/// A page of a run's plan, from 1.
pub(crate) fn run_page(tenant: &TenantId, date: Date, page: u32) -> Key {
    Key::new(format!("RUN#{tenant}#{date}"), format!("P#{page:06}"))
}

/// The list of a tenant's runs.
pub(crate) fn runs_of_tenant(tenant: &TenantId) -> String {
    format!("T#{tenant}#RUN")
}

/// When a tenant's next night begins.
pub(crate) fn night(tenant: &TenantId) -> Key {
    Key::new(format!("T#{tenant}"), "NIGHT")
}

/// The nights that are due.
pub(crate) fn due_nights() -> String {
    "DUE#night".to_owned()
}

/// A place in time, so that keys sort by it: milliseconds since 1970, with leading zeros.
pub(crate) fn instant(at: jiff::Timestamp) -> String {
    format!("{:015}", at.as_millisecond())
}

/// The instant that a place in time stands for.
pub(crate) fn instant_of(place: &str) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(place.parse().ok()?).ok()
}

/// A text from outside as a part of a key: one that is too long for a key is represented by its hash.
fn bounded(text: &str) -> String {
    use sha2::{Digest, Sha256};
    if text.len() <= OUTSIDE_MAX_BYTES {
        return text.to_owned();
    }
    format!("sha256:{}", hex(&Sha256::digest(text.as_bytes())))
}

/// An item that is never there: reading it proves that the table answers.
pub(crate) fn probe() -> Key {
    Key::new("HEALTH".to_owned(), META)
}
