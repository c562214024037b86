//! Beside the wallet of the platform that is the same each time: a purchase that was counted, and a customer with an
//! address.

use adapters::table::Table;
use domain::contact::Email;
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId};
use domain::member::Member;
use domain::money::{Currency, Money};
use domain::points::PurchaseReference;
use domain::programme::Award;
use local::Stack;
use web::loyalty::points::{Purchase, award};

use crate::seed::{noon, tenant_id};

/// A purchase of 2,500 naira by the first customer, and a second one.
pub(crate) async fn buy(stack: &Stack) {
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let bola = Member::join(tenant_id(), CustomerId::parse("CUST-8").unwrap(), noon());
    let address = Email::parse("bola@example.com").unwrap();
    let bola = Member { version: 1, ..bola.described(Some("Bola"), Some(&address)).unwrap() };
    table.insert_member(&bola, None).await.unwrap().unwrap();
    let programme = ProgrammeId::new(noon(), [1; 10]);
    let programme = table.programme(&tenant_id(), &programme).await.unwrap().unwrap();
    let purchase = Purchase {
        programme: &programme,
        restaurant: &RestaurantId::new(noon(), [1; 10]),
        customer: &CustomerId::parse("CUST-7").unwrap(),
        reference: &PurchaseReference::parse("till-1.4711").unwrap(),
        award: Award::Amount(Money { minor: 250_000, currency: Currency::Ngn }),
    };
    let earned = award(&table, &purchase, stack.clock()).await;
    assert_eq!(earned.unwrap_or_else(|_| panic!("it is not counted")).points, 25);
}
