//! Where a guard is paid: looked up at the bank, made a recipient at Paystack, and kept without its number.

use local::paystack::{Fault, FaultKind};
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, Reply};

/// The simulator's bank says that this is the account of ADEYEMI BABATUNDE.
const NUMBER: &str = "0022728151";

fn account(bank_code: &str, number: &str) -> Value {
    json!({ "kind": "bank", "bank_code": bank_code, "account_number": number })
}

async fn sets(owner: &Owner, guard: &Value, account: &Value) -> Reply {
    owner.put(&format!("{}/payout-account", owner.path_of(guard))).json(account).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_looked_up_and_kept_without_its_number() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Babatunde", "Adéyẹmí").await;
    let banks = owner.get("/api/v1/banks").await.is(200).json();
    let zenith =
        banks["banks"].as_array().unwrap().iter().find(|bank| bank["name"] == "Zenith Bank");
    let zenith = zenith.unwrap()["code"].as_str().unwrap();

    let set = sets(owner, &guard, &account(zenith, NUMBER)).await.is(200).json();
    assert_eq!(
        (&set["account_name"], &set["name_matches"]),
        (&"ADEYEMI BABATUNDE".into(), &true.into())
    );
    let kept = &set["payout_account"];
    assert_eq!((&kept["last4"], &kept["bank_name"]), (&"8151".into(), &"Zenith Bank".into()));
    assert!(kept["recipient_code"].as_str().unwrap().starts_with("RCP_"), "{kept}");
    let read = owner.get(&owner.path_of(&guard)).await.is(200).json();
    assert_eq!((&read["payout_account"], &read["version"]), (kept, &2.into()));
    for (key, item) in platform.inventory().await.items {
        let text = item.to_string();
        assert!(!text.contains(NUMBER) && !text.contains("ADEYEMI"), "{key:?}: {text}");
    }
    // The same account is the same recipient; another guard's name is not its owner's.
    let other = owner.hires("Musa", "Bello").await;
    let set = sets(owner, &other, &account(zenith, "002 2728 151")).await.is(200).json();
    assert_eq!((&set["payout_account"], &set["name_matches"]), (kept, &false.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wallets_and_banks_of_other_countries_are_paid_too() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Kɔjo", "Aŋku").await;
    let cases = [
        ("mobile_wallet", "GHS", "MTN", "0551234987", Some("MTN")),
        ("bank", "GHS", "040100", "1234567890123", Some("GCB Bank Limited")),
        ("mobile_wallet", "KES", "MPESA", "0711000000", None),
        ("bank", "ZAR", "470010", "1234567890", None),
    ];
    for (kind, currency, bank_code, number, told) in cases {
        let account = json!({
            "kind": kind, "currency": currency, "bank_code": bank_code, "account_number": number,
        });
        let set = sets(owner, &guard, &account).await.is(200).json();
        assert_eq!(set["payout_account"]["last4"], number[number.len() - 4..], "{account}");
        // Banks in Nigeria and Ghana tell whose account it is.
        assert_eq!(set["account_name"].is_string(), told.is_some(), "{set}");
        assert_eq!(set["name_matches"].is_boolean(), told.is_some(), "{set}");
    }
    let wallets = owner.get("/api/v1/banks?currency=GHS&kind=mobile_wallet").await.is(200).json();
    let codes: Vec<_> =
        wallets["banks"].as_array().unwrap().iter().map(|bank| &bank["code"]).collect();
    assert_eq!(codes, ["ATL", "MTN", "VOD"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_nobody_knows_changes_nothing() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Babatunde", "Adeyemi").await;
    let before = platform.inventory().await;
    let wrong = [
        (account("000", NUMBER), "invalid_fields", "bank_code"),
        (account("057", "12345"), "invalid_fields", "account_number"),
        (account("057", "99991234567"), "invalid_fields", "account_number"),
        (account("057", "9999123456"), "bank_account_unknown", ""),
        (
            json!({ "kind": "mobile_wallet", "bank_code": "MTN", "account_number": NUMBER }),
            "invalid_fields",
            "kind",
        ),
    ];
    for (account, code, field) in wrong {
        let problem = sets(owner, &guard, &account).await.problem(422, code);
        assert_eq!(problem["errors"][0]["field"].as_str().unwrap_or_default(), field, "{problem}");
        assert!(!problem.to_string().contains("9999123456"), "{problem}");
    }
    owner.get("/api/v1/banks?currency=USD").await.problem(422, "invalid_fields");
    let routes = ["GET /bank", "GET /bank/resolve", "POST /transferrecipient"];
    for route in routes {
        platform.simulator().plan(Fault::always(route, FaultKind::Error500)).unwrap();
        let problem =
            sets(owner, &guard, &account("057", NUMBER)).await.problem(502, "paystack_silent");
        assert!(problem["detail"].as_str().unwrap().contains("try again"), "{problem}");
        platform.simulator().clear_faults().unwrap();
    }
    platform.inventory().await.is_still(&before, "the refusals");
    let _works = sets(owner, &guard, &account("057", NUMBER)).await.is(200);
}
