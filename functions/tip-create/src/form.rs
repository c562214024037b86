//! POST /tips as a form: the page without JavaScript was sent off. The answer leads to Paystack, or is the page again
//! with what is wrong; nothing of what was typed is lost.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::failure::{Failure, FieldError, InvalidFields};
use domain::guard::{GuardToken, TipTarget};
use domain::money::Money;
use domain::tip::{AmountRefused, Patron, currency_name};
use url::form_urlencoded;
use web::tip::{FormRefused, Ticket, TipFields, form_page, pay_page};
use web::{Problem, input, page};

use crate::Deps;
use crate::order::{order, target_of};
use crate::start::{Outcome, start};

/// What the page carries beside the patron's fields.
#[derive(Default)]
struct Hidden {
    token: String,
    currency: String,
    ticket_key: String,
    csrf: String,
}

impl Hidden {
    fn parse(encoded: &[u8]) -> Self {
        let mut hidden = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            match &*name {
                "guard_token" => hidden.token = value.into_owned(),
                "currency" => hidden.currency = value.into_owned(),
                "idempotency_key" => hidden.ticket_key = value.into_owned(),
                "csrf" => hidden.csrf = value.into_owned(),
                _ => {}
            }
        }
        hidden
    }

    /// What is ordered. The page's amount is in minor units of the currency that it named; the tenant may take another
    /// one by now, and then nobody knows which amount was meant.
    fn order(
        &self,
        fields: &mut TipFields,
        target: &TipTarget,
    ) -> Result<(Money, Patron), InvalidFields> {
        let currency = target.tips.currency;
        if self.currency == currency.code() {
            return fields.read(&target.tips);
        }
        (fields.amount, fields.custom) = (String::new(), String::new());
        let code = AmountRefused::Currency { currency }.code();
        let detail =
            format!("tips are in {} here; choose the amount again", currency_name(currency));
        Err(InvalidFields(vec![FieldError::new("amount", code, detail)]))
    }
}

/// Takes a form.
pub(crate) async fn sent(deps: &Deps, request: Request) -> Response {
    take(deps, request).await.unwrap_or_else(|problem| {
        let advice = "Nothing was paid. Scan the guard's code again, or try in a moment.";
        page::problem(&problem, "This did not work", advice)
    })
}

async fn take(deps: &Deps, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = input::bytes(Request::from_parts(parts.clone(), body), &()).await?;
    let hidden = Hidden::parse(&bytes);
    let token = GuardToken::parse(&hidden.token)?;
    let target = target_of(deps, &token).await?;
    let mut fields = TipFields::parse(&bytes);
    let wanted = match hidden.order(&mut fields, &target) {
        Ok(wanted) => wanted,
        // The tenant has other amounts or another currency by now, or the page was altered.
        Err(invalid) => return Ok(form_page(&deps.checkout.site, &target, &fields, &invalid.0)),
    };
    let ticket = Ticket { key: hidden.ticket_key, csrf: hidden.csrf };
    if let Err(refused) = ticket.check(&deps.seal, &token, deps.ids.now()).await? {
        return show_again(deps, &target, &wanted, (ticket, refused)).await;
    }
    pay(deps, &target, wanted, (ticket, &parts)).await
}

/// The page with a new seal. Of a page that was merely open for too long the key stays, so that what may have been sent
/// before is not made twice.
async fn show_again(
    deps: &Deps,
    target: &TipTarget,
    wanted: &(Money, Patron),
    (ticket, refused): (Ticket, FormRefused),
) -> Result<Response, Problem> {
    let (seal, ids) = (&deps.seal, &deps.ids);
    let ticket = match refused {
        FormRefused::Foreign => Ticket::new(seal, &target.token, ids).await?,
        FormRefused::Expired => Ticket::of_key(seal, &target.token, ticket.key, ids.now()).await?,
    };
    let problem = Problem::from(refused);
    let why = (problem.status(), Some(refused.to_string()));
    Ok(pay_page(&deps.checkout.site, target, wanted, &ticket, why))
}

/// Makes the tip and leads to its payment. Who presses twice is led to the tip's page, which leads on.
async fn pay(
    deps: &Deps,
    target: &TipTarget,
    wanted: (Money, Patron),
    (ticket, parts): (Ticket, &Parts),
) -> Result<Response, Problem> {
    let started = async {
        let order = order(deps, target, wanted.clone(), &ticket.key, parts).await?;
        start(deps, order).await
    };
    let problem = match started.await {
        Ok(Outcome::Started(started)) => {
            let address = match &started.page {
                Some(page) => page.authorization_url.clone(),
                None => deps.checkout.status_url(&started.tip),
            };
            return Ok(see(&address));
        }
        Ok(Outcome::Running(tip)) => return Ok(see(&format!("/tips/{tip}/status"))),
        Err(problem) => problem,
    };
    problem.log();
    let (seal, ids, token) = (&deps.seal, &deps.ids, &target.token);
    let ticket = if is_over(&problem) {
        Ticket::new(seal, token, ids).await?
    } else {
        Ticket::of_key(seal, token, ticket.key, ids.now()).await?
    };
    let why = (problem.status(), Some(words_of(&problem)));
    let again = pay_page(&deps.checkout.site, target, &wanted, &ticket, why);
    Ok(page::later(again, &problem))
}

/// What a patron is told, who knows of no keys.
fn words_of(problem: &Problem) -> String {
    match problem.code() {
        "idempotency_key_in_use" => {
            "your tip is still being prepared; please try again in a moment".to_owned()
        }
        "idempotency_key_reused" => "please check your tip and send it again".to_owned(),
        _ => problem.detail(),
    }
}

/// Whether the key is used up: then another try is another tip.
fn is_over(problem: &Problem) -> bool {
    let over = ["payment_not_started", "paystack_not_connected", "idempotency_key_reused"];
    over.contains(&problem.code())
}

fn see(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(address) {
        Ok(address) => response.headers_mut().insert(header::LOCATION, address),
        // Paystack's address was read as one; it is text for a header.
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    };
    response
}
