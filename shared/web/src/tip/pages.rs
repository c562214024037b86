//! The page behind a guard's code, and the same form with what is wrong about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::failure::FieldError;
use domain::guard::{TipPageState, TipTarget};
use domain::ledger::FeeBearer;
use domain::money::Money;
use domain::tip::{ALIAS_MAX_CHARS, MESSAGE_MAX_CHARS, currency_name, local_amount};

use super::form::{OTHER_AMOUNT, TipFields};
use super::look::{Look, Site};
use crate::assets::TIP_SCRIPT;
use crate::page::{self, Shell};

/// An amount to choose.
struct Choice {
    minor: i64,
    text: String,
    chosen: bool,
}

/// A line of what is wrong, with the field that it leads to.
struct Wrong {
    field: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "tip.html")]
struct FormPage<'a> {
    shell: Shell,
    look: Look,
    target: &'a TipTarget,
    fields: &'a TipFields,
    choices: Vec<Choice>,
    wrong: Vec<Wrong>,
    /// Whether the script counts this page as a scan.
    counts: bool,
    bounds: String,
    fee: String,
    unit: &'static str,
    script: String,
}

impl FormPage<'_> {
    fn wrong_in(&self, field: &str) -> &str {
        let found = self.wrong.iter().find(|wrong| wrong.field == field);
        found.map(|wrong| wrong.text.as_str()).unwrap_or_default()
    }

    /// Whether the optional fields are shown at once.
    fn says_something(&self) -> bool {
        let fields = self.fields;
        let typed = [&fields.patron_alias, &fields.message, &fields.email];
        let optional = |wrong: &Wrong| ["patron_alias", "message", "email"].contains(&wrong.field);
        typed.iter().any(|text| !text.is_empty()) || self.wrong.iter().any(optional)
    }

    fn is_other(&self) -> bool {
        self.fields.amount == OTHER_AMOUNT
    }

    fn first_name(&self) -> &str {
        self.target.name.split(' ').next().unwrap_or_default()
    }

    fn alias_max(&self) -> usize {
        ALIAS_MAX_CHARS
    }

    fn message_max(&self) -> usize {
        MESSAGE_MAX_CHARS
    }
}

/// The page that a scan leads to: the same for everybody.
pub fn tip_page(site: &Site, target: &TipTarget) -> Response {
    draw(site, target, &TipFields::default(), &[], (StatusCode::OK, true))
}

/// The form with what was typed, and what is wrong about it.
pub fn form_page(
    site: &Site,
    target: &TipTarget,
    fields: &TipFields,
    errors: &[FieldError],
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    draw(site, target, fields, errors, (status, false))
}

fn draw(
    site: &Site,
    target: &TipTarget,
    fields: &TipFields,
    errors: &[FieldError],
    (status, counts): (StatusCode, bool),
) -> Response {
    let money = |minor| Money { minor, currency: target.tips.currency };
    let choice = |minor: &i64| Choice {
        minor: *minor,
        text: local_amount(money(*minor)),
        chosen: fields.amount == minor.to_string(),
    };
    let wrong = |error: &FieldError| Wrong {
        field: place_of(&error.field),
        text: page::sentence(&error.detail),
    };
    let look = site.form_look(target);
    let policy = look.policy.clone();
    let (min, max) = (local_amount(money(target.tips.min)), local_amount(money(target.tips.max)));
    let page = FormPage {
        shell: Shell::titled(format!("Tip {}", target.name)),
        look,
        target,
        fields,
        choices: target.tips.presets.iter().map(choice).collect(),
        wrong: errors.iter().map(wrong).collect(),
        counts,
        bounds: format!("From {min} to {max}."),
        fee: fee_line(target),
        unit: currency_name(target.tips.currency),
        script: TIP_SCRIPT.path(),
    };
    page::html_under(status, &page, policy)
}

/// The field that a patron can see.
fn place_of(field: &str) -> &'static str {
    match field {
        "custom" => "custom",
        "patron_alias" => "patron_alias",
        "message" => "message",
        "email" => "email",
        _ => "amount",
    }
}

/// Who pays for the payment, in a line.
fn fee_line(target: &TipTarget) -> String {
    let (guard, tenant, points) = (&target.name, &target.tenant_name, target.tips.platform_fee.0);
    let service = (points > 0).then(|| format!("{} % for this service", percent(points)));
    if target.tips.fee_bearer == FeeBearer::Guard {
        let service = service.map(|part| format!(" and {part}")).unwrap_or_default();
        return format!("{guard} gets your tip less the payment fee{service}.");
    }
    let gets = service.map_or("your whole tip".to_owned(), |part| format!("your tip less {part}"));
    if target.tips.fee_bearer == FeeBearer::Patron {
        return format!("{guard} gets {gets}; the payment fee is added to what you pay.");
    }
    format!("{guard} gets {gets}; {tenant} pays the payment fee.")
}

/// Hundredths of a percent as a percentage: 50 is 0.5, 100 is 1.
fn percent(points: u16) -> String {
    let text = format!("{}.{:02}", points / 100, points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Template)]
#[template(path = "tip_closed.html")]
struct ClosedPage<'a> {
    shell: Shell,
    look: Look,
    target: &'a TipTarget,
    words: &'static str,
    advice: &'static str,
    script: String,
}

/// The page of a code that takes no tips. A suspended guard's address is right and will work again, so it is no error;
/// what a code that was taken back or a guard who has left leads to is gone.
pub fn closed_page(site: &Site, target: &TipTarget, state: TipPageState) -> Response {
    let (status, advice) = match state {
        TipPageState::Open | TipPageState::Suspended => {
            (StatusCode::OK, "Please try again another day. Nothing was paid.")
        }
        TipPageState::Archived => (StatusCode::GONE, "Nothing was paid."),
        TipPageState::Revoked => {
            (StatusCode::GONE, "The new code is on the guard's card or phone.")
        }
    };
    let look = site.look(target);
    let policy = look.policy.clone();
    let page = ClosedPage {
        shell: Shell::titled(format!("Tip {}", target.name)),
        look,
        target,
        words: state.words().unwrap_or_default(),
        advice,
        script: TIP_SCRIPT.path(),
    };
    page::html_under(status, &page, policy)
}
