//! `POST /transaction/initialize` and `GET /transaction/verify/{reference}`.

use domain::money::Currency;
use http::StatusCode;
use serde_json::{Value, json};

use super::wire::Shape;
use super::{ChargeStatus, Customer, Transaction};
use crate::paystack::api::Call;
use crate::paystack::fee;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::State;

/// What a merchant asks for, checked.
struct Asked {
    email: String,
    amount: i64,
    currency: Currency,
    reference: Option<String>,
    metadata: Value,
}

/// A patron is to pay: nothing has happened yet.
pub(in crate::paystack) fn initialize(state: &mut State, call: &Call) -> Outcome {
    let asked = asked(state, call)?;
    let reference = asked.reference.unwrap_or_else(|| state.code(""));
    if state.charge(call.integration, &reference).is_some() {
        return Err(Refusal::coded("Duplicate Transaction Reference", "duplicate_reference"));
    }
    let channels = call.body.list("channels").unwrap_or_default();
    let charge = Transaction {
        id: state.transactions.next_id(),
        integration: call.integration,
        access_code: state.code(""),
        requested_amount: asked.amount,
        amount: asked.amount,
        currency: asked.currency,
        customer: state.customer(call.integration, &asked.email),
        metadata: asked.metadata,
        callback_url: call.body.text("callback_url"),
        channels: channels.iter().filter_map(|c| c.as_str().map(str::to_owned)).collect(),
        status: ChargeStatus::Abandoned,
        gateway_response: "The transaction was not completed".to_owned(),
        created_at: state.now,
        paid_at: None,
        fees: None,
        card: None,
        authorization_code: state.code("AUTH_"),
        asks_password: None,
        history: Vec::new(),
        refunds: Vec::new(),
        disputes: Vec::new(),
        settlement: None,
        reference,
    };
    let content = json!({
        "authorization_url": format!("{}/checkout/{}", state.base_url, charge.access_code),
        "access_code": charge.access_code,
        "reference": charge.reference,
    });
    state.index.charges.insert((charge.integration, charge.reference.clone()), charge.id);
    state.index.access_codes.insert(charge.access_code.clone(), charge.id);
    state.transactions.put(charge);
    Ok(Reply::ok("Authorization URL created", content))
}

fn asked(state: &State, call: &Call) -> Result<Asked, Refusal> {
    let email = call.body.text("email");
    let email = email.ok_or_else(|| Refusal::missing("Email Address is required"))?;
    if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) {
        return Err(Refusal::coded("Invalid Email Address Passed", "invalid_email_address"));
    }
    let merchant = state.integrations.get(call.integration).ok_or_else(Refusal::invalid_key)?;
    let currency = match call.body.text("currency") {
        Some(code) => currency(&code).filter(|currency| merchant.currencies.contains(currency)),
        None => Some(merchant.currency()),
    };
    let currency = currency.ok_or_else(|| {
        Refusal::plain(StatusCode::FORBIDDEN, "Currency not supported by merchant")
    })?;
    let amount = call.body.number("amount").filter(|amount| *amount >= fee::charge_min(currency));
    let amount = amount.ok_or_else(|| Refusal::coded("Invalid Amount Sent", "invalid_amount"))?;
    if amount > fee::CHARGE_MAX {
        return Err(Refusal::coded("Amount limit exceeded", "amount_limit_exceeded"));
    }
    let reference = call.body.text("reference");
    if reference.as_ref().is_some_and(|text| !text.chars().all(is_of_reference)) {
        return Err(Refusal::coded("Invalid character in reference", "invalid_reference"));
    }
    let metadata = metadata(call.body.value("metadata"));
    Ok(Asked { email, amount, currency, reference, metadata })
}

/// Only letters, digits and `-`, `.`, `=`.
fn is_of_reference(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '=')
}

/// A currency by its code.
pub(in crate::paystack) fn currency(code: &str) -> Option<Currency> {
    serde_json::from_value(Value::String(code.to_owned())).ok()
}

/// An object, also when it comes as the text of one; else what it is.
fn metadata(sent: Option<&Value>) -> Value {
    match sent {
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

impl State {
    /// Who pays with this address; a new one when nobody has.
    fn customer(&mut self, integration: u64, email: &str) -> u64 {
        let email = email.to_lowercase();
        let key = (integration, email.clone());
        if let Some(id) = self.index.customers.get(&key) {
            return *id;
        }
        let (id, code) = (self.customers.next_id(), self.code("CUS_"));
        self.customers.put(Customer { id, integration, email, code });
        self.index.customers.insert(key, id);
        id
    }
}

/// The whole truth about a reference; 200 also when nobody has paid.
pub(in crate::paystack) fn verify(state: &mut State, call: &Call) -> Outcome {
    let charge = state.charge(call.integration, call.param("reference"));
    let charge = charge.ok_or_else(Refusal::unknown_reference)?;
    let body = state.charge_body(charge, Shape::Verify).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Verification successful", body))
}
