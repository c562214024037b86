//! Guards, codes and tips of which only the field at hand is of interest.

use adapters::table::{Answer, Claim, ClaimOutcome, StoredGuardCode};
use domain::guard::{Guard, GuardProfile, GuardQr, GuardToken, GuardWishes, TipTarget};
use domain::id::{GuardId, GuardQrId, TenantId, TipId};
use domain::money::{Currency, Money};
use domain::tenant::Tenant;
use domain::tip::{Checkout, Credit, Patron, Tip, TipSettings, TipWish};
use jiff::{SignedDuration, Timestamp};
use tessera_tests::Platform;

use crate::samples::noon;

pub(crate) fn bytes(number: u32) -> [u8; 10] {
    let [a, b, c, d] = number.to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0, d]
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

pub(crate) fn naira(minor: i64) -> Money {
    Money { minor, currency: Currency::Ngn }
}

/// The tenant of the platform's owner.
pub(crate) async fn owner(platform: &Platform) -> Tenant {
    platform.table().tenant(&platform.owner().tenant).await.unwrap().unwrap()
}

/// A claim of its own for each request.
pub(crate) async fn answered(platform: &Platform, key: &str) -> (Claim, Answer) {
    let named = ("key_1", "POST /api/v1/guards", key);
    let claimed = platform.table().claim(named, "print", "one".to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{key} was claimed before") };
    (claim, Answer { status: 201, body: "{}".to_owned() })
}

pub(crate) fn profile(first_name: &str, last_name: &str, employee_id: &str) -> GuardProfile {
    let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
    let (phone, email) = (Some("+2348012345678".to_owned()), Some("ada@example.com".to_owned()));
    let (employee_id, post) = (employee_id.to_owned(), None);
    let wishes = GuardWishes { first_name, last_name, employee_id, phone, email, post };
    GuardProfile::parse(&wishes).unwrap()
}

pub(crate) fn guard(tenant: &TenantId, number: u32) -> Guard {
    let profile = profile("Ada", &format!("Obi{number:03}"), &format!("E-{number}"));
    Guard::hire(GuardId::new(noon(), bytes(number)), tenant.clone(), profile, noon())
}

/// A guard that is in the table.
pub(crate) async fn added(platform: &Platform, number: u32) -> Guard {
    let guard = guard(&platform.owner().tenant, number);
    let answer = answered(platform, &format!("guard {number}")).await;
    platform.table().insert_guard(&guard, answer).await.unwrap().unwrap();
    guard
}

/// The guard with a new code, not written yet.
pub(crate) fn issued(guard: &Guard, tenant: &Tenant, number: u32) -> (Guard, GuardQr, TipTarget) {
    let token = GuardToken::new([u8::try_from(number).unwrap(); 8]);
    let id = GuardQrId::new(noon(), bytes(number));
    let at = after(i64::from(number));
    let (guard, code) = guard.clone().issue_code(id, token, at).unwrap();
    let target = TipTarget::of(&code, &guard, tenant);
    (guard, code, target)
}

/// A code with what is printed in it.
pub(crate) fn signed(code: &GuardQr, signed: &str) -> StoredGuardCode {
    StoredGuardCode { code: code.clone(), signed: signed.to_owned() }
}

/// The guard with a new code, in the table.
pub(crate) async fn with_code(
    platform: &Platform,
    before: &Guard,
    number: u32,
) -> (Guard, GuardQr, TipTarget) {
    let (guard, code, target) = issued(before, &owner(platform).await, number);
    let answer = answered(platform, &format!("code {number}")).await;
    let issued = signed(&code, &format!("signed {number}"));
    let table = platform.table();
    let done = table.issue_guard_code((&guard, before), &issued, &target, answer);
    done.await.unwrap().unwrap();
    (guard, code, target)
}

pub(crate) fn tip(tenant: &TenantId, guard: &GuardId, number: u32, at: Timestamp) -> Tip {
    let patron = Patron::parse("Chidi", "Thank you for the umbrella!", "chidi@example.com");
    let wish = TipWish {
        guard: guard.clone(),
        amount: naira(100_000),
        patron: patron.unwrap(),
        source_ip: Some(domain::scan::VisitorHash(u64::MAX - u64::from(number))),
    };
    let id = TipId::new(at, bytes(number));
    Tip::initiate(id, tenant.clone(), wish, &TipSettings::default(), at).unwrap()
}

/// Paystack's page, with an address as long as theirs are.
pub(crate) fn checkout() -> Checkout {
    Checkout {
        authorization_url: "https://checkout.paystack.com/0peioxfhpn9wnbp".to_owned(),
        access_code: "0peioxfhpn9wnbp".to_owned(),
    }
}

pub(crate) fn paid(tip: Tip) -> Tip {
    tip.open(checkout()).unwrap().succeed(Credit { gross: 100_000, fees: 1_500 }, noon()).unwrap()
}
