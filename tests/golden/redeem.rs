//! What has happened at the till of the platform that is the same each time: one redemption, one device that is
//! enrolled and holds a lease, and one that is invited.

use adapters::table::{Redeemed, Source, Table};
use domain::access::{fingerprint, hex};
use domain::enrolment::{Enrolment, EnrolmentCode};
use domain::id::{BusinessId, DeviceId, KeyId, LeaseId, RedemptionId, VoucherId};
use domain::lease::{Lease, LeaseStatus};
use domain::redemption::{CodeForm, CodeRead, Found, RedeemedBy, Wanted};
use domain::voucher::Voucher;
use local::Stack;

use crate::guards::answer;
use crate::seed::{noon, tenant_id};

/// Adds all of it.
pub(crate) async fn open_till(stack: &Stack) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let voucher = table.voucher(&VoucherId::new(noon(), [2; 10])).await.unwrap().unwrap();
    redeem(&table, &voucher).await;
    let enrolled = device(1).enrol(fingerprint(&hex(&[1; 32])), noon()).unwrap();
    for (device, number) in [(enrolled, 1), (device(2), 2)] {
        let code = fingerprint(EnrolmentCode::generate([number; 10]).as_str());
        let saved = answer(&table, &format!("device {number}")).await;
        assert!(table.insert_enrolment(&device, &code, saved).await.unwrap());
    }
    let saved = answer(&table, "lease").await;
    let lease = table.insert_lease(&lease(&voucher), &voucher, |_| saved.clone()).await.unwrap();
    assert_eq!(lease.unwrap().granted, 10);
}

/// A device with a number, which is in its id, its code and its secret.
fn device(number: u8) -> Enrolment {
    let whose = (tenant_id(), BusinessId::new(noon(), [1; 10]));
    let id = DeviceId::new(noon(), [number; 10]);
    Enrolment::invite(id, whose, format!("Till {number}"), noon())
}

async fn redeem(table: &Table, voucher: &Voucher) {
    let wanted = Wanted {
        id: RedemptionId::new(noon(), [1; 10]),
        code: CodeRead::Shared(CodeForm::Short),
        business: voucher.business.clone(),
        customer: None,
        amount: None,
        by: RedeemedBy::Key(KeyId::new(noon(), [7; 10])),
        at: noon(),
        offline: None,
    };
    let found = Found { voucher: voucher.clone(), batch: None, claim: None, balance: None };
    let decided = wanted.decide(found).unwrap();
    let place = (None, false);
    let done = table.commit_redemption(&decided, voucher, place, &Source::Limit, |_| None).await;
    assert!(matches!(done.unwrap(), Redeemed::Done(_)));
}

fn lease(voucher: &Voucher) -> Lease {
    let (expires_at, returns_at) = Lease::ends(noon(), None, voucher.terms.expires_at);
    Lease {
        id: LeaseId::new(noon(), [1; 10]),
        tenant: tenant_id(),
        device: DeviceId::new(noon(), [1; 10]),
        business: voucher.business.clone(),
        voucher: voucher.id.clone(),
        batch: None,
        shard: 0,
        granted: 10,
        used: 0,
        expires_at,
        returns_at,
        status: LeaseStatus::Open,
        created_at: noon(),
        version: 1,
    }
}
