//! The customers of the platform that is the same each time: one with a link, and one with a session, who holds a
//! voucher.

use adapters::table::{CustomerLink, CustomerSession, Table};
use domain::access::fingerprint;
use domain::customer::CustomerId;
use local::Stack;

use crate::call::call;
use crate::fixture::{root, router};
use crate::seed::{noon, tenant_id};
use crate::vouchers::offer;

/// The token of a link that nobody has used.
const LINK_TOKEN: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
/// The token of a customer's session.
const SESSION_TOKEN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// The vouchers, and a customer who has come by another link.
pub(crate) async fn invite(stack: &Stack) {
    offer(stack).await;
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let (tenant, customer) = (tenant_id(), CustomerId::parse("CUST-7").unwrap());
    let ttl = noon().as_second() + 600;
    let link =
        CustomerLink { tenant: tenant.clone(), customer: customer.clone(), ttl, used_at: None };
    for token in [LINK_TOKEN, "used"] {
        assert!(table.insert_customer_link(&fingerprint(token), &link).await.unwrap());
    }
    let session = CustomerSession { tenant, customer, ttl };
    let opened = (fingerprint(SESSION_TOKEN), session);
    let opened = (opened.0.as_str(), &opened.1);
    let used = fingerprint("used");
    assert!(table.commit_customer_session(&used, opened, noon()).await.unwrap());
}

/// The customer has claimed the voucher that is published.
pub(crate) async fn hold(stack: &Stack) {
    let event = root().join("events/http/wallet/claim_voucher.json");
    let event = std::fs::read_to_string(event).unwrap();
    let claimed = call(&router(stack, "wallet", 1), &event).await;
    assert_eq!(claimed.status, 201, "{}", String::from_utf8_lossy(&claimed.body));
}
