//! Lists and reports at the desk: searched, turned page by page, and added up.

use local::paystack::Payment;
use serde_json::json;
use tessera_tests::{Platform, Reply, Staff};

use crate::desk::says;
use crate::till::reference;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_searched_and_turned_page_by_page() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    for number in 0..27 {
        let _hired = owner.hires(&format!("First{number:02}"), &format!("Last{number:02}")).await;
    }
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let first = staff.opens("/desk/guards").await.is(200);
    let names = |page: &Reply| page.text().matches("class=\"person\"").count();
    assert_eq!(names(&first), 25);
    let next = first.text();
    let next = next.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = staff.opens(&next).await.is(200);
    assert_eq!(names(&second), 2);
    assert!(!second.text().contains("rel=\"next\""));
    let found = staff.opens("/desk/guards?q=last26+FIRST").await.is(200);
    assert_eq!(names(&found), 1);
    says(&staff.opens("/desk/guards?status=suspended").await, 200, "No guard matches.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_adds_up_to_the_ledger() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let patron = platform.patron();
    let mut codes = Vec::new();
    for (name, post) in [("Musa", "Gate 1"), ("Ngozi", "Gate 1"), ("Bola", "Gate 2")] {
        let guard = owner.hires(name, "Obi").await;
        let profile = json!({
            "first_name": name, "last_name": "Obi", "employee_id": guard["employee_id"], "post": post,
        });
        let _posted = owner.put(&owner.path_of(&guard)).json(&profile).await.is(200);
        let code = owner.prints_code(&guard).await;
        codes.push(code["token"].as_str().unwrap().to_owned());
    }
    for (token, amount) in [(0, 100_000), (0, 50_000), (1, 200_000), (2, 30_000)] {
        let tip = patron.tips(&codes[token], amount).await;
        let _paid = platform.simulator().pay(reference(&tip), Payment::Success).unwrap();
    }
    platform.quiet().await;
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let by_guard = staff.opens("/desk/report").await;
    says(&by_guard, 200, "Musa Obi");
    let credited = |page: &Reply| {
        let text = page.text();
        let total = text.split("<tfoot>").nth(1).unwrap_or_default().to_owned();
        total
            .split("data-label=\"Credited\">")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned()
    };
    let total = credited(&by_guard);
    assert_ne!(total, "₦0");
    for by in ["post", "day", "month"] {
        assert_eq!(credited(&staff.opens(&format!("/desk/report?by={by}")).await), total, "{by}");
    }
    says(&staff.opens("/desk/report?by=post").await, 200, "Gate 2");
    says(&staff.opens("/desk/report?from=x").await, 422, "A day is written like 2026-11-21.");
    says(
        &staff.opens("/desk/report?from=2026-11-02&to=2026-11-01").await,
        422,
        "not before the first",
    );
    let before = staff.opens("/desk/report?from=2025-01-01&to=2025-01-31").await;
    says(&before, 200, "No tips in this period.");
}
