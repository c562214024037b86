//! The pages of staff: who gets in, what a form is taken from, and that nothing of another tenant is ever shown.

use domain::access::Scope;
use domain::failure::Failure;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;
use tessera_tests::{Owner, Platform, Reply, Staff};

/// A name that would be more than a name where it is not escaped.
const MARKUP: &str = "<script>alert(1)</script>";
/// The simulator's bank says that this is the account of ADEYEMI BABATUNDE.
const NUMBER: &str = "0022728151";

fn path(guard: &serde_json::Value) -> String {
    format!("/desk/guards/{}", guard["guard_id"].as_str().unwrap())
}

/// What an answer says to a person.
#[track_caller]
pub(crate) fn says(reply: &Reply, status: u16, words: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{}: {text}", reply.asked);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{}", reply.asked);
    assert!(text.contains(words), "{}: no `{words}` in {text}", reply.asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_key_of_the_tenant_opens_the_desk() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let mut nobody = Staff::at(&platform);
    let led = nobody.opens("/desk").await.is(303);
    assert_eq!(led.header("location"), "/desk/sign-in");
    let led = nobody.opens("/desk/guards?q=musa").await.is(303);
    assert_eq!(led.header("location"), "/desk/sign-in?next=%2Fdesk%2Fguards%3Fq%3Dmusa");
    let page = nobody.opens(led.header("location")).await.is(200);
    assert!(page.text().contains(r#"name="next" value="/desk/guards?q=musa""#));

    for wrong in ["", "tsk_wrong", &"0".repeat(500)] {
        let said = nobody.sends(&page, "/desk/sign-in", &[("api_key", wrong)]).await;
        says(&said, 401, "The API key is not valid.");
        assert!(said.header("set-cookie").contains("desk-visit"), "no session is opened");
    }
    // A key that is bound to one guard is no key of the desk.
    let guard = owner.hires("Musa", "Adebayo").await;
    let bound = json!({
        "name": "phone", "scopes": ["guards:read"],
        "bound_to": { "kind": "guard", "id": guard["guard_id"] },
    });
    let bound = owner.asks_for_key(&bound, "bound").await.is(201).json();
    let page = nobody.opens("/desk/sign-in").await.is(200);
    let key = bound["api_key"].as_str().unwrap();
    let said = nobody.sends(&page, "/desk/sign-in", &[("api_key", key)]).await;
    says(&said, 401, "The API key is not valid.");

    let page = nobody.opens("/desk/sign-in").await.is(200);
    let fields = [("api_key", owner.key.as_str()), ("next", "https://evil.example/")];
    let said = nobody.sends(&page, "/desk/sign-in", &fields).await.is(303);
    assert_eq!(said.header("location"), "/desk");
    let led = nobody.opens("/desk").await.is(303);
    assert_eq!(led.header("location"), "/desk/guards");
    says(&nobody.opens("/desk/guards").await, 200, "Musa Adebayo");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_or_waits_too_long_is_out() {
    let platform = Platform::start().await;
    let mut staff = Staff::with_key_of(&platform, platform.owner()).await;
    let mut other = Staff::with_key_of(&platform, platform.owner()).await;
    let page = staff.opens("/desk/guards").await.is(200);
    let stale = staff.clone();
    let out = staff.sends(&page, "/desk/sign-out", &[]).await.is(303);
    assert_eq!(out.header("location"), "/desk/sign-in");
    // The cookie that was copied before is worth nothing either.
    let led = stale.clone().opens("/desk/guards").await.is(303);
    assert!(led.header("location").starts_with("/desk/sign-in?next="));
    let page = other.opens("/desk/guards/new").await.is(200);
    platform.passes(SignedDuration::from_hours(12)).await;
    let late = other.sends(&page, "/desk/guards", &[("first_name", "Ada")]).await;
    says(&late, 401, "Please sign in again");
    // What was typed is not lost, and signing in leads back to the form.
    let form = "csrf=x&act=&first_name=Ada+%3Cb%3E&last_name=Obi";
    let late = other.ask(Method::POST, "/desk/guards").header("sec-fetch-site", "same-origin");
    let late = late.header("referer", &format!("{}/desk/guards/new", platform.base()));
    let late = late.body("application/x-www-form-urlencoded", form).await;
    says(&late, 401, "<dt>first name</dt><dd>Ada &#60;b&#62;</dd>");
    says(&late, 401, r#"href="/desk/sign-in?next=%2Fdesk%2Fguards%2Fnew""#);
    assert!(!late.text().contains("csrf"), "{}", late.text());
    // Nobody knows whose words these are: no page of ours has sent them.
    let said = Staff::at(&platform).ask(Method::POST, "/desk/guards");
    let said = said.body("application/x-www-form-urlencoded", form).await;
    says(&said, 401, "Go to the desk");
    assert!(!said.text().contains("Ada"), "{}", said.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_without_the_scope_is_told_which_one_is_missing() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let reader = owner.makes_key(&[Scope::GuardsRead]).await;
    let mut reader = Staff::with_key_of(&platform, &reader).await;
    let page = reader.opens(&path(&guard)).await;
    says(&page, 200, "Your key may read guards, and not change them");
    assert!(!page.text().contains("Save the profile"));
    says(&reader.opens("/desk/guards/new").await, 403, "The API key needs the scope guards:write.");
    let said = reader.sends(&page, &path(&guard), &[("act", "suspend")]).await;
    says(&said, 403, "The API key needs the scope guards:write.");
    let neither = owner.makes_key(&[Scope::CodesRead]).await;
    let mut neither = Staff::with_key_of(&platform, &neither).await;
    says(&neither.opens("/desk").await, 403, "guards:read or finance:read");
    says(&neither.opens("/desk/guards").await, 403, "The API key needs the scope guards:read.");
    let read = owner.get(&owner.path_of(&guard)).await.is(200).json();
    assert_eq!(read["status"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_from_our_own_page_of_this_session_only() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let mut colleague = Staff::with_key_of(&platform, owner).await;
    let page = staff.opens(&path(&guard)).await.is(200);
    let theirs = colleague.opens(&path(&guard)).await.is(200);
    let suspend = [("act", "suspend")];

    says(&staff.sends_raw(&path(&guard), &suspend).await, 403, "form_not_ours");
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let said = staff.sends_raw(&path(&guard), &[("csrf", token), ("act", "suspend")]).await;
        says(&said, 403, "form_not_ours");
    }
    // The token of another session of the very same key, and that of the sign-in form.
    says(&staff.sends(&theirs, &path(&guard), &suspend).await, 403, "form_not_ours");
    let front = Staff::at(&platform).opens("/desk/sign-in").await.is(200);
    says(&staff.sends(&front, &path(&guard), &suspend).await, 403, "form_not_ours");
    // A form that another site's page sends, with the browser's cookies.
    for site in ["cross-site", "same-site"] {
        let ask = staff.ask(Method::POST, &path(&guard)).header("sec-fetch-site", site);
        let said = ask.body("application/x-www-form-urlencoded", "act=suspend").await;
        says(&said, 403, "foreign_site");
    }
    // Signing in and out are forms too.
    says(&Staff::at(&platform).sends(&front, "/desk/sign-in", &[]).await, 403, "form_not_ours");
    says(&staff.sends_raw("/desk/sign-out", &[]).await, 403, "form_not_ours");
    let read = owner.get(&owner.path_of(&guard)).await.is(200).json();
    assert_eq!((&read["status"], &read["version"]), (&"active".into(), &1.into()));
    let done = staff.does(&page, &path(&guard), &suspend).await;
    says(&done, 200, "The guard is suspended.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_is_added_once_however_often_its_form_is_sent() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let page = staff.opens("/desk/guards/new").await.is(200);
    let wrong = [
        ("first_name", "Ngozi"),
        ("last_name", " "),
        ("employee_id", "a b"),
        ("post", "Gate 2"),
        ("phone", "0801"),
        ("email", "nobody"),
    ];
    let again = staff.sends(&page, "/desk/guards", &wrong).await;
    says(&again, 422, "Please look at this again");
    for kept in ["Ngozi", "a b", "Gate 2", "0801", "nobody"] {
        assert!(again.text().contains(&format!(r#"value="{kept}""#)), "{kept} is lost");
    }
    for wrong in ["last_name", "employee_id", "phone", "email"] {
        assert!(again.text().contains(&format!(r#"id="{wrong}-error""#)), "{wrong}");
    }
    let right = [
        ("first_name", "Ngozi"),
        ("last_name", "Okafor"),
        ("employee_id", "N-1"),
        ("post", "Gate 2"),
        ("phone", ""),
        ("email", "ngozi@example.com"),
    ];
    let made = staff.sends(&again, "/desk/guards", &right).await.is(303);
    let twice = staff.sends(&again, "/desk/guards", &right).await.is(303);
    assert_eq!(made.header("location"), twice.header("location"));
    let shown = staff.opens(made.header("location")).await;
    says(&shown, 200, "The guard is there.");
    says(&shown, 200, "Gate 2");
    // The same form with other words is another request.
    let other = staff
        .sends(
            &again,
            "/desk/guards",
            &[("first_name", "Ada"), ("last_name", "Obi"), ("employee_id", "N-2")],
        )
        .await;
    says(&other, 422, "was used for another request");
    let page = staff.opens("/desk/guards/new").await.is(200);
    let taken = staff.sends(&page, "/desk/guards", &right).await;
    says(&taken, 409, "Another guard has this employee id.");
    assert!(taken.text().contains(r#"value="Okafor""#));
    let list = owner.get("/api/v1/guards").await.is(200).json();
    assert_eq!(list["guards"].as_array().unwrap().len(), 1, "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_s_buttons_do_what_the_api_does() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Babatunde", "Adéyẹmí").await;
    let (at, api) = (path(&guard), owner.path_of(&guard));
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let page = staff.opens(&at).await.is(200);
    let page = staff.does(&page, &at, &[("act", "issue")]).await;
    says(&page, 200, "The new code works.");
    let first = owner.get(&format!("{api}/qr")).await.is(200).json()["codes"][0].clone();
    says(&page, 200, first["url"].as_str().unwrap());
    // A second one takes the first back, so it is asked for twice.
    says(&staff.sends(&page, &at, &[("act", "issue")]).await, 422, "Tick the box");
    let sure = [("act", "issue"), ("sure", "yes")];
    platform.passes(SignedDuration::from_secs(1)).await;
    let again = staff.does(&page, &at, &sure).await;
    let twice = staff.sends(&page, &at, &sure).await.is(303);
    assert!(twice.header("location").ends_with("?done=issued"));
    let codes = owner.get(&format!("{api}/qr")).await.is(200).json();
    assert_eq!(
        codes["codes"].as_array().unwrap().len(),
        2,
        "the same form takes no code back twice"
    );
    let _mailed = staff.does(&again, &at, &[("act", "mail")]).await;

    let version = owner.get(&api).await.is(200).json()["version"].to_string();
    let profile = [
        ("act", "profile"),
        ("version", version.as_str()),
        ("first_name", MARKUP),
        ("last_name", "Zulu"),
        ("employee_id", "7"),
        ("post", MARKUP),
    ];
    let page = staff.does(&again, &at, &profile).await;
    says(&page, 200, "The profile is saved.");
    let text = page.text();
    assert!(!text.contains("<script>alert") && text.contains("&#60;script&#62;alert(1)"), "{text}");
    let list = staff.opens("/desk/guards?q=zulu").await;
    assert!(!list.text().contains("<script>alert") && list.text().contains("&#60;script"));
    // Somebody else has changed it since this page was read.
    let stale = staff.sends(&page, &at, &profile).await;
    says(&stale, 409, "changed by somebody else");
    assert!(stale.text().contains(r#"name="version" value="4""#), "{}", stale.text());

    let page = staff.does(&page, &at, &[("act", "suspend")]).await;
    says(
        &staff.sends(&page, &at, &[("act", "suspend")]).await,
        409,
        "This guard is suspended already.",
    );
    let page = staff.does(&page, &at, &[("act", "resume")]).await;
    let trail = owner.get("/api/v1/audit?operation=guard_status_changed").await.is(200).json();
    assert_eq!(trail["records"].as_array().unwrap().len(), 2, "{trail}");
    says(&staff.sends(&page, &at, &[("act", "dance")]).await, 422, "no such button");
    says(&staff.sends(&page, &at, &[("act", "archive")]).await, 422, "Tick the box");
    let gone = staff.does(&page, &at, &[("act", "archive"), ("sure", "yes")]).await;
    says(&gone, 200, "This guard has left.");
    says(&staff.sends(&page, &at, &[("act", "resume")]).await, 409, "archived");
    says(&staff.opens(&format!("{at}/account")).await, 409, "archived");
}

async fn bank_code(owner: &Owner) -> String {
    let banks = owner.get("/api/v1/banks").await.is(200).json();
    let banks = banks["banks"].as_array().unwrap().clone();
    let zenith = banks.into_iter().find(|bank| bank["name"] == "Zenith Bank").unwrap();
    zenith["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_set_without_its_number_being_shown_again() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Babatunde", "Adéyẹmí").await;
    let at = format!("{}/account", path(&guard));
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let page = staff.opens(&at).await;
    says(&page, 200, "Zenith Bank");
    let code = bank_code(owner).await;
    let wrong =
        [("act", "set"), ("kind", "bank"), ("bank_code", code.as_str()), ("account_number", "12")];
    let again = staff.sends(&page, &at, &wrong).await;
    says(&again, 422, r#"id="account_number-error""#);
    assert!(again.text().contains(&format!(r#"value="{code}" selected"#)), "the bank is lost");
    let right = [
        ("act", "set"),
        ("kind", "bank"),
        ("bank_code", code.as_str()),
        ("account_number", NUMBER),
    ];
    let said = staff.does(&again, &at, &right).await;
    says(&said, 200, "ADEYEMI BABATUNDE");
    says(&said, 200, "•••• 8151");
    assert!(!said.text().contains(NUMBER));
    let later = staff.opens(&at).await.is(200);
    assert!(!later.text().contains("ADEYEMI"), "the bank's words are shown once");

    // Another account without a reason waits for a second person.
    let other = [
        ("act", "set"),
        ("kind", "bank"),
        ("bank_code", code.as_str()),
        ("account_number", "0022728152"),
    ];
    let said = staff.does(&later, &at, &other).await;
    says(&said, 200, "a second person has to confirm it");
    says(
        &staff.sends(&said, &at, &[("act", "confirm")]).await,
        403,
        "A second person has to confirm",
    );
    let second = owner.makes_key(&Scope::ALL).await;
    let mut second = Staff::with_key_of(&platform, &second).await;
    let page = second.opens(&at).await;
    says(&page, 200, "Confirm this account");
    let done = second.does(&page, &at, &[("act", "confirm")]).await;
    says(&done, 200, "The payout account is confirmed.");
    says(&second.opens(&at).await, 200, "are held until");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_s_guards_are_not_there() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let newcomer = platform.newcomer().await;
    let foreign = newcomer.hires("Foreign", "Person").await;
    let _own = owner.hires("Musa", "Adebayo").await;
    let mut staff = Staff::with_key_of(&platform, owner).await;
    let list = staff.opens("/desk/guards").await.is(200);
    assert!(list.text().contains("Musa") && !list.text().contains("Foreign"));
    let unknown = guard_unknown();
    for page in [path(&foreign), format!("{}/account", path(&foreign)), "/desk/guards/x".to_owned()]
    {
        let said = staff.opens(&page).await;
        says(&said, 404, &unknown);
        assert!(!said.text().contains("Foreign"));
        says(&staff.sends(&list, &page, &[("act", "suspend")]).await, 404, &unknown);
    }
    let read = newcomer.get(&newcomer.path_of(&foreign)).await.is(200).json();
    assert_eq!(read["status"], "active");
    // A cursor of another tenant, or an altered one, is none.
    says(&staff.opens("/desk/guards?cursor=AAAA").await, 422, "cursor");
}

fn guard_unknown() -> String {
    domain::guard::GuardRefused::Unknown.code().to_owned()
}
