//! Transfer recipients: an account to pay out to, kept once however often it is made.

use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::Call;
use super::bank;
use super::paging;
use super::reply::{Outcome, Refusal, Reply};
use super::shelf::Record;
use super::state::{State, iso};
use super::transaction::currency;

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A Nigerian bank account.
    Nuban,
    /// A Ghanaian bank account.
    Ghipss,
    /// A wallet on a telephone.
    MobileMoney,
    /// A South African bank account.
    Basa,
    /// A Kenyan bank account.
    Kepss,
}

/// A recipient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Recipient {
    pub(super) id: u64,
    pub(super) integration: u64,
    pub(super) code: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) account_number: String,
    pub(super) bank_code: String,
    pub(super) bank_name: String,
    pub(super) account_name: Option<String>,
    pub(super) currency: Currency,
    pub(super) description: Option<String>,
    pub(super) metadata: Value,
    pub(super) active: bool,
    pub(super) created_at: Timestamp,
}

impl Record for Recipient {
    const KIND: &'static str = "recipient";
    const FIRST: u64 = 128_453_269;

    fn id(&self) -> u64 {
        self.id
    }
}

impl Recipient {
    /// Whose account, at which bank, with which number.
    pub(super) fn account(&self) -> (u64, String, String) {
        (self.integration, self.bank_code.clone(), self.account_number.clone())
    }

    /// As Paystack writes it; a transfer's older events spell the instants in another way.
    pub(super) fn body(&self, domain: &str, instants: [&str; 2]) -> Value {
        let mut body = json!({
            "active": self.active,
            "currency": self.currency.code(),
            "description": self.description,
            "domain": domain,
            "email": null,
            "id": self.id,
            "integration": self.integration,
            "metadata": self.metadata,
            "name": self.name,
            "recipient_code": self.code,
            "type": self.kind,
            "is_deleted": !self.active,
            "isDeleted": !self.active,
            "details": {
                "authorization_code": null,
                "account_number": self.account_number,
                "account_name": self.account_name,
                "bank_code": self.bank_code,
                "bank_name": self.bank_name,
            },
        });
        for name in instants {
            body[name] = json!(iso(self.created_at));
        }
        body
    }
}

/// As answers spell the instants.
pub(super) const IN_ANSWERS: [&str; 2] = ["createdAt", "updatedAt"];

/// `POST /transferrecipient`: 201, and the one that is there for an account that is known.
pub(super) fn create(state: &mut State, call: &Call) -> Outcome {
    const MESSAGE: &str = "Transfer recipient created successfully";
    let wanted = wanted(state, call)?;
    let id = match state.index.accounts.get(&wanted.account()) {
        Some(id) => *id,
        None => {
            let id = wanted.id;
            state.index.accounts.insert(wanted.account(), id);
            state.recipients.put(wanted);
            id
        }
    };
    let body = state.recipient_body(id).ok_or_else(Refusal::broken)?;
    Ok(Reply::created(MESSAGE, body))
}

fn wanted(state: &State, call: &Call) -> Result<Recipient, Refusal> {
    let body = &call.body;
    let kind = body.value("type").cloned().unwrap_or_else(|| json!("nuban"));
    let kind: Kind =
        serde_json::from_value(kind).map_err(|_| Refusal::invalid("Invalid recipient type"))?;
    let name = body.text("name").ok_or_else(|| Refusal::missing("Recipient name is required"))?;
    let account_number = body.text("account_number");
    let account_number =
        account_number.ok_or_else(|| Refusal::missing("Account number is required"))?;
    let bank_code = body.text("bank_code");
    let bank_code = bank_code.ok_or_else(|| Refusal::missing("Bank code is required"))?;
    let bank = bank::named(&bank_code).ok_or_else(|| Refusal::unknown_bank(&bank_code))?;
    let currency = match body.text("currency") {
        Some(code) => currency(&code).ok_or_else(|| Refusal::invalid("Invalid currency"))?,
        None => bank.currency(),
    };
    if currency != bank.currency() {
        return Err(Refusal::invalid("The bank does not keep accounts in this currency"));
    }
    let account_name = bank::owner(bank, &account_number);
    if kind == Kind::Nuban && account_name.is_none() {
        return Err(Refusal::coded("Account number is invalid", "invalid_account_number"));
    }
    Ok(Recipient {
        id: state.recipients.next_id(),
        integration: call.integration,
        code: state.code("RCP_"),
        kind,
        name,
        account_number,
        bank_name: bank.name.to_owned(),
        bank_code,
        account_name,
        currency,
        description: body.text("description"),
        metadata: body.value("metadata").cloned().unwrap_or(Value::Null),
        active: true,
        created_at: state.now,
    })
}

/// `GET /transferrecipient/{code}`, also by its number.
pub(super) fn fetch(state: &mut State, call: &Call) -> Outcome {
    let recipient = state.recipient(call.integration, call.param("code"));
    let recipient = recipient.ok_or_else(|| Refusal::not_found("Recipient not found"))?;
    let body = state.recipient_body(recipient.id).ok_or_else(Refusal::broken)?;
    Ok(Reply::ok("Recipient retrieved", body))
}

/// `GET /transferrecipient`.
pub(super) fn list(state: &mut State, call: &Call) -> Outcome {
    let mine = |recipient: &&Recipient| recipient.integration == call.integration;
    let found: Vec<u64> = state.recipients.all().rev().filter(mine).map(|r| r.id).collect();
    let (page, meta) = paging::page(&call.query, &found, |id| *id)?;
    let bodies = page.iter().filter_map(|id| state.recipient_body(*id)).collect();
    Ok(Reply::list("Recipients retrieved", (bodies, meta)))
}

/// `DELETE /transferrecipient/{code}`: it can be paid no more.
pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let recipient = state.recipient(call.integration, call.param("code"));
    let id = recipient.ok_or_else(|| Refusal::not_found("Recipient not found"))?.id;
    if let Some(recipient) = state.recipients.edit(id) {
        recipient.active = false;
        let account = recipient.account();
        state.index.accounts.remove(&account);
    }
    Ok(Reply::bare("Transfer recipient set as inactive"))
}

impl State {
    /// A merchant's recipient, by its code or its number.
    pub(super) fn recipient(&self, integration: u64, named: &str) -> Option<&Recipient> {
        let mut mine = self.recipients.all().filter(|r| r.integration == integration);
        mine.find(|recipient| recipient.code == named || recipient.id.to_string() == named)
    }

    fn recipient_body(&self, id: u64) -> Option<Value> {
        let recipient = self.recipients.get(id)?;
        let integration = self.integrations.get(recipient.integration)?;
        Some(recipient.body(integration.domain(), IN_ANSWERS))
    }
}
