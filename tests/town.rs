//! Many guards and many tips: written into the table with the platform's own methods, one after the other and many at
//! a time, because over HTTP they would take minutes.
//!
//! Deliberately absent: any item that these methods would not write, and Paystack's side of the tips. Of the guards'
//! accounts Paystack knows, so that they can be paid.

use std::sync::atomic::{AtomicU32, Ordering};

use adapters::paystack::{Paystack, RecipientKind, RecipientWish};
use adapters::table::{Answer, ClaimOutcome, LedgerWrite, Posted, Table};
use domain::audit::Actor;
use domain::guard::{AccountChange, Guard, GuardProfile, GuardWishes, PayoutAccount};
use domain::id::{GuardId, TenantId, TipId};
use domain::money::{Currency, Money};
use domain::tip::{Checkout, Credit, Patron, Tip, TipSettings, TipWish, expected_fee};
use jiff::{SignedDuration, Timestamp};

use crate::{Platform, at_once};

/// Guards and tips that are written at the same time.
const AT_ONCE: usize = 16;
/// A bank of Nigeria.
const BANK: &str = "057";

/// A tenant with many guards.
pub struct Town {
    table: Table,
    paystack: Paystack,
    tenant: TenantId,
    /// Makes each tip another one.
    tips: AtomicU32,
    /// The guards, in the order of their numbers.
    pub guards: Vec<GuardId>,
}

impl Town {
    /// A town with so many guards, each with an account of its own.
    pub async fn of(platform: &Platform, tenant: &TenantId, guards: u32) -> Self {
        let paystack = Paystack::from_env(platform.environment("guards")).unwrap();
        let (table, tenant) = (platform.table(), tenant.clone());
        let mut town =
            Self { table, paystack, tenant, tips: AtomicU32::new(0), guards: Vec::new() };
        let now = platform.now();
        let hired = (0..guards).map(|number| town.hires(number, now));
        let mut ids = at_once(AT_ONCE, hired).await;
        ids.sort_by_key(|(number, _)| *number);
        town.guards = ids.into_iter().map(|(_, id)| id).collect();
        town
    }

    async fn hires(&self, number: u32, now: Timestamp) -> (u32, GuardId) {
        let account_number = format!("{:010}", 3_000_000_000_u64 + u64::from(number));
        let wish = RecipientWish {
            kind: RecipientKind::Nuban,
            name: format!("Guard {number}"),
            account_number: account_number.clone(),
            bank_code: BANK.to_owned(),
            currency: Currency::Ngn,
        };
        let code = self.paystack.create_recipient(&self.tenant, &wish).await.unwrap();
        let wishes = GuardWishes {
            first_name: "Musa".to_owned(),
            last_name: format!("Adebayo {number:05}"),
            employee_id: format!("E-{number}"),
            phone: Some("+2348012345678".to_owned()),
            email: Some("guard@example.com".to_owned()),
            ..GuardWishes::default()
        };
        let id = GuardId::new(now, bytes(number));
        let profile = GuardProfile::parse(&wishes).unwrap();
        let guard = Guard::hire(id.clone(), self.tenant.clone(), profile, now);
        let account = PayoutAccount::new(&code, &account_number, "Zenith Bank").unwrap();
        let change = AccountChange { by: Actor::System, at: now, explained: true };
        let guard = guard.pay_to(account, change).unwrap();
        let key = format!("guard {number}");
        let named = (self.tenant.as_str(), "POST /api/v1/guards", &*key);
        let claimed = self.table.claim(named, "print", "town".to_owned(), now).await.unwrap();
        let ClaimOutcome::Ours(claim) = claimed else { panic!("{key} was claimed before") };
        let answer = Answer { status: 201, body: "{}".to_owned() };
        self.table.insert_guard(&guard, (claim, answer)).await.unwrap().unwrap();
        (number, id)
    }

    /// Each guard is tipped in turn, so often and with these amounts (in kobo), a second apart. Says what the guards
    /// have of it together, after all fees.
    pub async fn is_tipped(&self, start: Timestamp, amounts: &[i64]) -> i64 {
        let guards = self.guards.len();
        let of = |guard: usize| {
            let mine = amounts.iter().enumerate().skip(guard).step_by(guards);
            async move {
                let mut net = 0;
                for (number, amount) in mine {
                    let at = start + SignedDuration::from_secs(i64::try_from(number).unwrap());
                    net += self.tips(guard, *amount, at).await;
                }
                net
            }
        };
        at_once(AT_ONCE, (0..guards).map(of)).await.into_iter().sum()
    }

    /// One tip, paid; says what the guard has of it.
    async fn tips(&self, guard: usize, amount: i64, at: Timestamp) -> i64 {
        let amount = Money { minor: amount, currency: Currency::Ngn };
        let wish = TipWish {
            guard: self.guards[guard].clone(),
            amount,
            patron: Patron::parse("Chidi", "Thank you!", "").unwrap(),
            source_ip: None,
        };
        let id = TipId::new(at, bytes(self.tips.fetch_add(1, Ordering::Relaxed)));
        let tip = Tip::initiate(id, self.tenant.clone(), wish, &TipSettings::default(), at);
        let tip = tip.unwrap();
        assert!(self.table.insert_tip(&tip).await.unwrap());
        let page = "https://checkout.paystack.com/0peioxfhpn9wnbp".to_owned();
        let checkout =
            Checkout { authorization_url: page, access_code: "0peioxfhpn9wnbp".to_owned() };
        let fees = expected_fee(Money { minor: tip.asked, ..amount }).unwrap().minor;
        let credit = Credit { gross: tip.asked, fees };
        let paid = tip.open(checkout).unwrap().succeed(credit, at).unwrap();
        let (guard, currency) = (&self.guards[guard], Currency::Ngn);
        let balances = self.table.guard_balances(&self.tenant, guard, currency).await.unwrap();
        let charge = paid.charge().unwrap();
        let transaction = charge.transaction(balances.receivable).unwrap();
        let write = LedgerWrite {
            tenant: &self.tenant,
            transaction: &transaction,
            guard: Some(guard),
            balances: &balances,
            tip: Some((&paid, 1)),
            payout: None,
            outbox: None,
            at,
        };
        assert_eq!(self.table.commit_posting(&write).await.unwrap(), Posted::Posted);
        charge.shares().unwrap().guard
    }
}

/// Different for each number.
fn bytes(number: u32) -> [u8; 10] {
    let [a, b, c, d] = number.to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0, d]
}
