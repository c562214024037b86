//! A charge as Paystack writes it: in an answer, in a list, in an event, inside a dispute, each with its own oddities.

use serde_json::{Map, Value, json};

use super::{Customer, Transaction};
use crate::paystack::state::{State, iso};

/// Where the visitors of the page seem to come from.
const ADDRESS: &str = "102.89.47.11";

/// Where a charge is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::paystack) enum Shape {
    /// `GET /transaction/verify/{reference}`.
    Verify,
    /// `GET /transaction/{id}`.
    Fetch,
    /// One of `GET /transaction`.
    List,
    /// `charge.success`: the older sample, with few members.
    Event,
    /// Inside a dispute.
    Dispute,
}

/// What was sent along; where nothing was, each place has another way to say so.
fn metadata(charge: &Transaction, shape: Shape) -> Value {
    match (&charge.metadata, shape) {
        (Value::Null, Shape::Event) => json!(0),
        (Value::Null, Shape::Verify | Shape::Dispute) => json!(""),
        (Value::Null, Shape::Fetch | Shape::List) => Value::Null,
        (metadata, _) => metadata.clone(),
    }
}

impl State {
    /// A charge as it is written at this place.
    pub(in crate::paystack) fn charge_body(
        &self,
        charge: &Transaction,
        shape: Shape,
    ) -> Option<Value> {
        let mut body = self.common(charge, shape)?;
        let mut more = |members: Value| {
            if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
                body.extend(members);
            }
        };
        let (created, paid) = (iso(charge.created_at), charge.paid_at.map(iso));
        if shape != Shape::Event {
            more(json!({
                "requested_amount": charge.requested_amount,
                "fees_split": null,
                "split": {},
                "subaccount": {},
                "order_id": null,
                "paidAt": paid,
                "createdAt": created,
                "pos_transaction_data": null,
            }));
        }
        match shape {
            Shape::Verify => more(json!({
                "receipt_number": null,
                "source": null,
                "fees_breakdown": null,
                "connect": null,
                "transaction_date": created,
                "plan": null,
                "plan_object": {},
            })),
            Shape::Fetch | Shape::List => more(json!({
                "receipt_number": null,
                "helpdesk_link": null,
                "plan": {},
                "connect": null,
                "source": { "type": "api", "source": "merchant_api", "identifier": null },
            })),
            Shape::Event | Shape::Dispute => more(json!({ "plan": {} })),
        }
        Some(body)
    }

    fn common(&self, charge: &Transaction, shape: Shape) -> Option<Value> {
        let integration = self.integrations.get(charge.integration)?;
        let customer = self.customers.get(charge.customer)?;
        Some(json!({
            "id": charge.id,
            "domain": integration.domain(),
            "status": charge.status.word(),
            "reference": charge.reference,
            "amount": charge.amount,
            "message": null,
            "gateway_response": charge.gateway_response,
            "paid_at": charge.paid_at.map(iso),
            "created_at": iso(charge.created_at),
            "channel": "card",
            "currency": charge.currency.code(),
            "ip_address": ADDRESS,
            "metadata": metadata(charge, shape),
            "log": log(charge, shape),
            "fees": charge.fees,
            "authorization": authorization(charge),
            "customer": person(customer, shape),
        }))
    }

    /// Who has paid, as a dispute writes it.
    pub(in crate::paystack) fn person_of(&self, charge: &Transaction) -> Option<Value> {
        self.customers.get(charge.customer).map(|customer| person(customer, Shape::Dispute))
    }
}

fn person(customer: &Customer, shape: Shape) -> Value {
    let mut body = json!({
        "id": customer.id,
        "first_name": null,
        "last_name": null,
        "email": customer.email,
        "customer_code": customer.code,
        "phone": null,
        "metadata": null,
        "risk_action": "default",
    });
    if shape != Shape::Event {
        body["international_format_phone"] = Value::Null;
    }
    body
}

/// The card, once it has paid.
fn authorization(charge: &Transaction) -> Value {
    let Some(card) = charge.card.as_ref().filter(|_| charge.is_paid()) else {
        return Value::Object(Map::new());
    };
    json!({
        "authorization_code": charge.authorization_code,
        "bin": card.bin,
        "last4": card.last4,
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": format!("{} ", card.brand),
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": card.brand,
        "reusable": true,
        "signature": format!("SIG_{}", charge.authorization_code.trim_start_matches("AUTH_")),
        "account_name": null,
    })
}

fn log(charge: &Transaction, shape: Shape) -> Value {
    let Some(first) = charge.history.first() else {
        return Value::Null;
    };
    let started = first.at.as_second();
    let line = |step: &super::Step| {
        let time = step.at.as_second() - started;
        json!({ "type": step.kind, "message": step.message, "time": time })
    };
    let errors = charge.history.iter().filter(|step| step.kind == "error").count();
    let spent = charge.history.last().map_or(0, |last| last.at.as_second() - started);
    let mut log = json!({
        "time_spent": spent,
        "attempts": charge.history.len(),
        "errors": errors,
        "success": charge.is_paid(),
        "mobile": true,
        "input": [],
        "history": charge.history.iter().map(line).collect::<Vec<_>>(),
    });
    if shape == Shape::Event {
        log["authentication"] = Value::Null;
        log["channel"] = Value::Null;
    } else {
        log["start_time"] = json!(started);
    }
    log
}
