//! The pages of whoever keeps the books: what they show agrees with the ledger, and what they do is what the API does.

use domain::access::Scope;
use domain::case::{Case, CaseKind};
use jiff::SignedDuration;
use local::paystack::SettleTo;
use reqwest::Method;
use serde_json::json;
use tessera_tests::{Platform, Reply, Staff};

use crate::desk::says;
use crate::till::Till;

/// The address of the first link that begins so.
#[track_caller]
fn link(page: &Reply, begin: &str) -> String {
    let text = page.text();
    let all = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut longer = all.filter(|link| link.starts_with(begin) && link.len() > begin.len());
    longer.next().unwrap().to_owned()
}

/// A guard with an account, two tips, and a balance to pay them from.
async fn owed() -> Till {
    let till = Till::open().await;
    let account = json!({ "kind": "bank", "account_number": "0022728151", "bank_code": "057" });
    let path = format!("/api/v1/guards/{}/payout-account", till.guard);
    let _set = till.platform.owner().put(&path).json(&account).await.is(200);
    let (_first, _second) = (till.earns().await, till.earns().await);
    let _ids = till.platform.simulator().settle(None, None, SettleTo::Balance).unwrap();
    // What came in at this very instant waits for what is asked for later.
    till.platform.passes(SignedDuration::from_mins(1)).await;
    till
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_planned_begun_and_followed_to_its_payouts() {
    let till = owed().await;
    let platform = &till.platform;
    let mut staff = Staff::with_key_of(platform, platform.owner()).await;
    let today = staff.opens("/desk/today").await;
    says(&today, 200, "₦1,960");
    assert_eq!(today.text().matches("₦1,000<").count(), 2, "two tips: {}", today.text());

    let plan = staff.opens("/desk/runs/plan").await;
    says(&plan, 200, "1 guard, ₦1,960");
    says(&staff.opens("/desk/runs").await, 200, "There was no run yet.");
    let run = staff.does(&plan, "/desk/runs", &[]).await;
    says(&run, 200, "The run has begun.");
    platform.quiet().await;
    // A day has one run, however often the button is pressed.
    let again = staff.sends(&plan, "/desk/runs", &[]).await.is(303);
    let run = staff.opens(again.header("location")).await;
    says(&run, 200, "a day has one");
    says(&run, 200, "1 guard, ₦1,960");
    platform.quiet().await;
    says(&staff.opens("/desk/runs/plan").await, 200, "run is there already");

    let payouts = staff.opens("/desk/payouts").await;
    says(&payouts, 200, ">Paid<");
    let payout = staff.opens(&link(&payouts, "/desk/payouts/")).await;
    for words in ["₦1,960", "transfer.success", "ps:transfer:", "charge.success"] {
        says(&payout, 200, words);
    }
    assert_eq!(payout.text().matches("data-label=\"Paid here\"").count(), 2);
    says(&staff.opens("/desk/payouts?state=needs_human").await, 200, "There is no such payout.");
    let charts = staff.opens("/desk/charts?days=7").await;
    says(&charts, 200, "<svg class=\"chart\"");
    assert_eq!(charts.text().matches("₦1,960").count() % 2, 0, "charts and tables agree");
    assert!(!charts.text().contains("style="));
    let sums = platform.owner().get("/api/v1/finance/totals").await.is(200).json();
    let total = &sums["totals"][0];
    assert_eq!((&total["credited"], &total["paid_out"]), (&196_000.into(), &196_000.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_payouts_are_stopped_with_a_reason_and_only_by_who_may() {
    let till = owed().await;
    let platform = &till.platform;
    let owner = platform.owner();
    let mut staff = Staff::with_key_of(platform, owner).await;
    let page = staff.opens("/desk/payouts").await;
    says(&page, 200, "Stop all payouts now");
    let silent = staff.sends(&page, "/desk/payouts", &[("act", "pause"), ("note", " ")]).await;
    says(&silent, 422, "A note has 1 to 500 characters.");
    let reader = owner.makes_key(&[Scope::FinanceRead]).await;
    let mut reader = Staff::with_key_of(platform, &reader).await;
    let theirs = reader.opens("/desk/payouts").await;
    says(&theirs, 200, "needs the scope finance:write");
    let why = [("act", "pause"), ("note", "<b>Bank is closed</b>")];
    says(&reader.sends(&theirs, "/desk/payouts", &why).await, 403, "scope finance:write");
    says(&reader.opens("/desk/runs/plan").await, 403, "scope finance:write");
    says(&reader.opens("/desk/guards").await, 403, "scope guards:read");

    let stopped = staff.does(&page, "/desk/payouts", &why).await;
    says(&stopped, 200, "All payouts are stopped");
    says(&stopped, 200, "&#60;b&#62;Bank is closed");
    says(&staff.opens("/desk/today").await, 200, "All payouts are stopped.");
    let newcomer = platform.newcomer().await;
    let mut other = Staff::with_key_of(platform, &newcomer).await;
    says(&other.opens("/desk/payouts").await, 200, "Payouts go out");
    let back = [("act", "resume"), ("note", "It is open again")];
    says(&staff.does(&stopped, "/desk/payouts", &back).await, 200, "Payouts go out");
    let trail = owner.get("/api/v1/audit").await.is(200).json().to_string();
    assert!(trail.contains("payouts_paused") && trail.contains("payouts_resumed"), "{trail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_taken_and_explained_once() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let kind = CaseKind::UnknownReference;
    let reference = "<i>foreign</i>";
    let mut case = Case::open(owner.tenant.clone(), kind, reference, "", platform.now());
    (case.found, case.currency) = (Some(70_000), Some("NGN".to_owned()));
    assert!(platform.table().insert_case(&case).await.unwrap());
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let list = staff.opens("/desk/cases").await;
    says(&list, 200, "found ₦700");
    assert!(!list.text().contains(reference), "{}", list.text());
    let at = link(&list, "/desk/cases/");
    let page = staff.opens(&at).await;
    says(&page, 200, "Paystack has a charge that we know nothing of");
    let empty =
        staff.sends(&page, &at, &[("act", "resolve"), ("note", ""), ("version", "1")]).await;
    says(&empty, 422, "A note has 1 to 500 characters.");
    let odd = [("act", "explain"), ("note", "A test charge"), ("version", "1")];
    says(&staff.sends(&page, &at, &odd).await, 422, "no such button");
    let page = staff.does(&page, &at, &[("act", "take"), ("version", "1")]).await;
    says(&page, 200, "The case is yours.");
    // What is typed on a page that is out of date is kept.
    let late = [("act", "resolve"), ("note", "A test charge"), ("version", "1")];
    let stale = staff.sends(&page, &at, &late).await;
    says(&stale, 409, "A test charge</textarea>");
    let done = staff
        .does(&stale, &at, &[("act", "resolve"), ("note", "A test charge"), ("version", "2")])
        .await;
    says(&done, 200, "The case is explained.");
    says(&staff.opens("/desk/cases").await, 200, "Everything fits.");
    says(&staff.opens("/desk/cases?status=resolved&assignee=mine").await, 200, "Explained");
    let mut other = Staff::with_key_of(&platform, &platform.newcomer().await).await;
    says(&other.opens(&at).await, 404, "There is nothing here");
    let theirs = other.opens("/desk/cases").await;
    says(&other.sends(&theirs, &at, &[("act", "take")]).await, 404, "There is nothing here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_asked_for_written_and_fetched() {
    let till = owed().await;
    let platform = &till.platform;
    let mut staff = Staff::with_key_of(platform, platform.owner()).await;
    let page = staff.opens("/desk/exports").await;
    says(&page, 200, "There is no export yet.");
    let wrong = [("kind", "tips"), ("from", "2026-13-01"), ("to", "2026-11-30")];
    let again = staff.sends(&page, "/desk/exports", &wrong).await;
    says(&again, 422, "A day is written like 2026-11-21.");
    says(&again, 422, r#"value="2026-13-01""#);
    let right = [("kind", "tips"), ("from", "2026-11-01"), ("to", "2026-11-30")];
    let asked = staff.does(&again, "/desk/exports", &right).await;
    says(&asked, 200, "The export is being written.");
    let _same = staff.sends(&again, "/desk/exports", &right).await.is(303);
    platform.quiet().await;
    let ready = staff.opens("/desk/exports").await;
    says(&ready, 200, ">Ready<");
    assert_eq!(ready.text().matches("Download").count(), 1, "the same form asks once");
    let file = link(&ready, "/desk/exports/");
    let led = staff.opens(&file).await.is(303);
    let fetched = platform.visitor().ask(Method::GET, led.header("location")).await.is(200);
    assert!(fetched.text().lines().count() >= 3, "{}", fetched.text());
    let mut other = Staff::with_key_of(platform, &platform.newcomer().await).await;
    says(&other.opens(&file).await, 404, "There is nothing here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_s_payouts_and_runs_are_not_there() {
    let till = owed().await;
    let platform = &till.platform;
    let mut staff = Staff::with_key_of(platform, platform.owner()).await;
    let plan = staff.opens("/desk/runs/plan").await.is(200);
    let run = staff.sends(&plan, "/desk/runs", &[]).await.is(303);
    platform.quiet().await;
    let payout = link(&staff.opens("/desk/payouts").await, "/desk/payouts/");
    let mut other = Staff::with_key_of(platform, &platform.newcomer().await).await;
    let list = other.opens("/desk/payouts").await;
    says(&list, 200, "There is no such payout.");
    let run = run.header("location").split('?').next().unwrap().to_owned();
    for foreign in [payout.as_str(), run.as_str(), "/desk/payouts/x", "/desk/runs/yesterday"] {
        says(&other.opens(foreign).await, 404, "There is nothing here");
    }
    let decide = [("act", "cancel"), ("note", "mine")];
    says(&other.sends(&list, &payout, &decide).await, 404, "There is nothing here");
    // One that is over needs nobody.
    let page = staff.opens(&payout).await.is(200);
    let said = staff.sends(&page, &payout, &decide).await;
    assert_eq!(said.status, 409, "{}", said.text());
}
