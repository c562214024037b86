//! Nobody gets in without a key, nor with one that lacks the scope, except where everybody may.

use adapters::table::Table;
use domain::access::Scope;
use local::Stack;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::Value;

use crate::fixture::options;
use crate::openapi::{document, operations};
use crate::seed::{insert_key, insert_tenant, secret};

/// Where the pages of staff and of businesses are: they answer people, and lead them to signing in.
const PAGES: [&str; 2] = ["/desk", "/business"];

async fn ask(base: &str, method: &str, path: &str, key: Option<&str>) -> Response {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let path = path.replace("{property_id}", "67ec31596333aba221e84df8");
    let path: String = path.chars().filter(|c| !"{}".contains(*c)).collect();
    let method: Method = method.to_uppercase().parse().unwrap();
    let mut request = client.request(method, format!("{base}{path}"));
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    request.send().await.unwrap()
}

/// The status and the code of a page, and where it leads to; a page that leads to signing in says no more.
async fn page(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    if let Some(location) = response.headers().get("location") {
        let location = location.to_str().unwrap();
        // Whoever is at a business signs in on the till's own page.
        let doors = ["/desk/sign-in?next=", "/business/business_id"];
        assert!(doors.iter().any(|door| location.starts_with(door)), "{location}");
        return (401, "api_key_missing".to_owned());
    }
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let text = response.text().await.unwrap();
    let code = text.split("<small>").nth(1).and_then(|rest| rest.split('<').next());
    (status, code.unwrap_or_default().to_owned())
}

/// The status and the code, after a look at the form.
async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let challenged = response.headers().contains_key("www-authenticate");
    assert_eq!(challenged, status == 401, "a 401 says how to sign in");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    (status, body["code"].as_str().unwrap().to_owned())
}

/// The key of nobody.
const STRANGER: u8 = 99;

/// The scopes of which each is enough for an operation.
fn enough(operation: &Value) -> impl Iterator<Item = &str> {
    let ways = operation["security"].as_array().into_iter().flatten();
    ways.filter_map(|way| way.pointer("/api_key/0").and_then(Value::as_str))
}

#[tokio::test]
async fn each_route_asks_for_its_scope_unless_it_is_public() {
    let stack = Stack::start(options()).await.unwrap();
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let tenant = insert_tenant(&table).await;
    // One key per scope, with all the others.
    for (number, left_out) in (1..).zip(Scope::ALL) {
        let others = Scope::ALL.into_iter().filter(|scope| *scope != left_out).collect();
        insert_key(&table, &tenant, number, others).await;
    }
    let (document, base) = (document(), stack.base_url());
    let (mut open, mut closed) = (0, 0);
    // Keys for routes for which either of two scopes is enough come behind that of nobody.
    let mut either = STRANGER;
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let scope = operation.pointer("/security/0/api_key/0").and_then(Value::as_str);
        let nobody = ask(base, method, path, None).await;
        let is_page = PAGES.iter().any(|pages| path.starts_with(pages));
        let Some(scope) = scope else {
            // Paystack proves itself by a signature, a device by its secret, a customer by a link's cookie.
            let is_signed = operation.to_string().contains("x-paystack-signature");
            let is_own = ["device", "customer"]
                .iter()
                .any(|scheme| operation.pointer(&format!("/security/0/{scheme}")).is_some());
            let is_refused = [401, 403].contains(&nobody.status().as_u16());
            // Signing in and out takes a form of our own, which this is not.
            let is_form = is_page && method == "post";
            // A customer's page shows nobody the door.
            let kind = nobody.headers().get("content-type").map(|kind| kind.as_bytes());
            let is_door = kind.is_some_and(|kind| kind.starts_with(b"text/html"));
            let is_fine = is_refused == (is_signed || is_own) || is_form || is_door;
            assert!(is_fine, "{at}: {nobody:?}");
            open += 1;
            continue;
        };
        let said = async |answer| if is_page { page(answer).await } else { problem(answer).await };
        let expected = (401, "api_key_missing".to_owned());
        assert_eq!(said(nobody).await, expected, "{at} without a key");
        // A page that is only looked at leads whoever has no valid key to signing in.
        let leads = is_page && method == "get";
        let code = if leads { "api_key_missing" } else { "api_key_unknown" };
        let stranger = ask(base, method, path, Some(&secret(STRANGER))).await;
        assert_eq!(said(stranger).await, (401, code.to_owned()), "{at} with a key of nobody");
        let enough: Vec<&str> = enough(operation).collect();
        let number = match enough.len() {
            1 => (1..).zip(Scope::ALL).find(|(_, of)| of.as_str() == scope).unwrap().0,
            _ => {
                either += 1;
                let others = Scope::ALL.into_iter().filter(|s| !enough.contains(&s.as_str()));
                insert_key(&table, &tenant, either, others.collect()).await;
                either
            }
        };
        let expected = (403, "scope_missing".to_owned());
        let lacking = ask(base, method, path, Some(&secret(number))).await;
        assert_eq!(said(lacking).await, expected, "{at} with a key without {scope}");
        closed += 1;
    }
    assert!(open >= 10 && closed >= 15, "{open} public routes, {closed} others");
    stack.stop().await;
}
