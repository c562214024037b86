//! The tip of the platform that is the same each time: begun, and not paid yet.

use adapters::table::Table;
use domain::id::{GuardId, TipId};
use domain::money::{Currency, Money};
use domain::tip::{Checkout, Patron, Tip, TipSettings, TipWish};
use local::Stack;

use crate::seed::{noon, tenant_id};

/// Makes the tenant a merchant, and adds a tip for its first guard.
pub(crate) async fn begin(stack: &Stack) {
    stack.ensure_merchant(&tenant_id(), "DAO-Bitat", "sk_test_golden").unwrap();
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let wish = TipWish {
        guard: GuardId::new(noon(), [1; 10]),
        amount: Money { minor: 50_000, currency: Currency::Ngn },
        patron: Patron::parse("Ada", "Thank you!", "").unwrap(),
        source_ip: None,
    };
    let id = TipId::new(noon(), [1; 10]);
    let tip = Tip::initiate(id, tenant_id(), wish, &TipSettings::default(), noon()).unwrap();
    let page = Checkout {
        authorization_url: "https://checkout.paystack.com/0peioxfhpn".to_owned(),
        access_code: "0peioxfhpn".to_owned(),
    };
    assert!(table.insert_tip(&tip.open(page).unwrap()).await.unwrap());
}
