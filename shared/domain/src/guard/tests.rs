//! Guards in tables: tokens, states, pages, profiles, accounts and channels.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::audit::Actor;
use crate::failure::Failure;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn wishes() -> GuardWishes {
    GuardWishes {
        first_name: " Musa ".to_owned(),
        last_name: "adebayo".to_owned(),
        employee_id: "G-0042".to_owned(),
        phone: Some("+234 801 234 5678".to_owned()),
        email: Some("musa@example.com".to_owned()),
        post: Some(" Gate 2 ".to_owned()),
    }
}

fn guard() -> Guard {
    let (id, tenant) = (GuardId::new(at(0), [1; 10]), TenantId::new(at(0), [2; 10]));
    Guard::hire(id, tenant, GuardProfile::parse(&wishes()).unwrap(), at(0))
}

#[test]
fn a_token_is_read_as_people_copy_it() {
    let check = |text: &str, expected: Option<&str>| {
        let parsed = GuardToken::parse(text).ok();
        assert_eq!(parsed.as_ref().map(GuardToken::as_str), expected, "{text:?}");
    };
    check("0123456789ab", Some("0123456789ab"));
    check("cdefghjkmnpq", Some("cdefghjkmnpq"));
    check("RSTVWXYZ0000", Some("rstvwxyz0000"));
    check("OoIiLl000000", Some("001111000000"));
    for bad in [
        "",
        "0123456789a",
        "0123456789abc",
        "0123456789au",
        "0123456789a-",
        " 123456789ab",
        "é234567890a",
    ] {
        check(bad, None);
    }
    let token = GuardToken::new([255; 8]);
    assert_eq!(token.url("https://tips.example.com"), "https://tips.example.com/g/zzzzzzzzzzzz");
}

proptest! {
    #[test]
    fn every_token_reads_back_and_keeps_its_60_bits(
        random in any::<[u8; 8]>(),
        other in any::<[u8; 8]>(),
    ) {
        let token = GuardToken::new(random);
        prop_assert_eq!(GuardToken::parse(token.as_str()), Ok(token.clone()));
        prop_assert_eq!(GuardToken::parse(&token.as_str().to_uppercase()), Ok(token.clone()));
        let bits = |random| u64::from_be_bytes(random) << 4;
        prop_assert_eq!(bits(random) == bits(other), token == GuardToken::new(other));
    }

    #[test]
    fn no_text_makes_a_token_panic(text in ".{0,16}") {
        if let Ok(token) = GuardToken::parse(&text) {
            prop_assert_eq!(token.as_str().len(), 12);
        }
    }
}

#[test]
fn a_guard_changes_until_it_has_left() {
    let check = |step: Result<Guard, GuardRefused>, expected: Result<(GuardStatus, u64), &str>| {
        let told = step.map(|guard| (guard.status, guard.version));
        assert_eq!(told.map_err(|refused| refused.code()), expected);
    };
    let suspended = || guard().suspend().unwrap();
    let archived = || guard().archive().unwrap();
    check(guard().suspend(), Ok((GuardStatus::Suspended, 2)));
    check(guard().resume(), Err("guard_has_this_status"));
    check(suspended().suspend(), Err("guard_has_this_status"));
    check(suspended().resume(), Ok((GuardStatus::Active, 3)));
    check(suspended().archive(), Ok((GuardStatus::Archived, 3)));
    check(archived().archive(), Err("guard_has_this_status"));
    check(archived().resume(), Err("guard_is_archived"));
    check(archived().suspend(), Err("guard_is_archived"));
    check(archived().update(guard().profile), Err("guard_is_archived"));
    check(suspended().update(guard().profile), Ok((GuardStatus::Suspended, 3)));
}

#[test]
fn a_page_takes_tips_only_for_an_active_guard_with_a_live_code() {
    let check = |qr, guard, code: Option<&str>| {
        let state = TipPageState::of(qr, guard);
        assert_eq!(state.admit().err().map(|refused| refused.code()), code, "{qr} {guard}");
        assert_eq!(state.words().is_some(), code.is_some());
    };
    let (active, revoked) = (GuardQrStatus::Active, GuardQrStatus::Revoked);
    check(active, GuardStatus::Active, None);
    check(active, GuardStatus::Suspended, Some("guard_suspended"));
    check(active, GuardStatus::Archived, Some("guard_archived"));
    for guard in GuardStatus::ALL {
        check(revoked, *guard, Some("guard_code_revoked"));
    }
}

#[test]
fn a_code_is_revoked_once() {
    let id = GuardQrId::new(at(0), [3; 10]);
    let qr = GuardQr::issue(id, guard().id, GuardToken::new([7; 8]), at(1));
    assert_eq!((qr.status, qr.revoked_at), (GuardQrStatus::Active, None));
    let qr = qr.revoke(at(2)).unwrap();
    assert_eq!((qr.status, qr.revoked_at), (GuardQrStatus::Revoked, Some(at(2))));
    assert_eq!(qr.revoke(at(3)), Err(GuardRefused::CodeRevoked));
}

#[test]
fn a_profile_is_checked_field_by_field() {
    let profile = guard().profile;
    assert_eq!(profile.full_name(), "Musa adebayo");
    assert_eq!(profile.display_name(), "Musa A.");
    let check = |wishes: GuardWishes, wrong: &[&str]| {
        let errors = GuardProfile::parse(&wishes).err().map(|errors| errors.0).unwrap_or_default();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, wrong);
    };
    let text = |text: &str| Some(text.to_owned());
    check(GuardWishes { phone: None, email: text(" "), ..wishes() }, &[]);
    check(GuardWishes { first_name: " ".to_owned(), ..wishes() }, &["first_name"]);
    check(GuardWishes { last_name: "x".repeat(61), ..wishes() }, &["last_name"]);
    check(GuardWishes { last_name: "a\nb".to_owned(), ..wishes() }, &["last_name"]);
    check(GuardWishes { employee_id: "#1".to_owned(), ..wishes() }, &["employee_id"]);
    check(GuardWishes { post: text(" "), ..wishes() }, &[]);
    check(GuardWishes { post: text(&"x".repeat(61)), ..wishes() }, &["post"]);
    let both = GuardWishes { phone: text("0801"), email: text("x"), ..wishes() };
    check(both, &["phone", "email"]);
}

#[test]
fn of_an_account_the_last_four_digits_stay() {
    let account = PayoutAccount::new("RCP_2x5j67tnnw1t98k", "0123456789", " Zenith Bank ").unwrap();
    assert_eq!((account.last4.as_str(), account.bank_name.as_str()), ("6789", "Zenith Bank"));
    assert!(!serde_json::to_string(&account).unwrap().contains("012345"));
    for (recipient, number, bank) in [
        ("2x5j67tnnw1t98k", "0123456789", "Zenith"),
        ("RCP_a/b", "0123456789", "Zenith"),
        ("RCP_a", "678", "Zenith"),
        ("RCP_a", "01234567é9", "Zenith"),
        ("RCP_a", "0123456789", " "),
    ] {
        let refused = PayoutAccount::new(recipient, number, bank);
        assert!(refused.is_err(), "{recipient} {number} {bank}");
        assert!(!format!("{refused:?}").contains("0123456"), "the number is in no error");
    }
}

#[test]
fn a_guard_is_told_where_it_wants_and_can_be_reached() {
    let choice = |channel, opted_in, second| NotificationPreference {
        channel,
        opted_in,
        updated_at: at(second),
    };
    let check =
        |profile: &GuardProfile, chosen: &[NotificationPreference], expected: &[Channel]| {
            assert_eq!(channels(profile, chosen), expected);
        };
    let profile = guard().profile;
    let unreachable = GuardProfile { phone: None, email: None, ..profile.clone() };
    check(&profile, &[], &[Channel::Sms, Channel::Email]);
    check(&unreachable, &[choice(Channel::Sms, true, 1)], &[]);
    check(&profile, &[choice(Channel::Push, true, 1)], Channel::ALL);
    check(&profile, &[choice(Channel::Sms, false, 1)], &[Channel::Email]);
    let last = [choice(Channel::Email, false, 2), choice(Channel::Email, true, 1)];
    check(&profile, &last, &[Channel::Sms]);
}

#[test]
fn a_guard_that_has_left_gets_neither_account_nor_photo_nor_code() {
    let account = || PayoutAccount::new("RCP_1", "0022728151", "Zenith Bank").unwrap();
    let change = || AccountChange { by: Actor::System, at: at(1), explained: false };
    let (id, token) = (GuardQrId::new(at(1), [3; 10]), GuardToken::new([9; 8]));
    let gone = guard().archive().unwrap();
    assert_eq!(gone.clone().pay_to(account(), change()), Err(GuardRefused::Archived));
    assert_eq!(gone.clone().show("a.jpg".to_owned()), Err(GuardRefused::Archived));
    let refused = gone.issue_code(id.clone(), token.clone(), at(1)).unwrap_err();
    assert_eq!(refused, GuardRefused::Archived);

    let resting = guard().suspend().unwrap();
    let read = resting.version;
    let (coded, code) = resting.issue_code(id.clone(), token.clone(), at(1)).unwrap();
    assert_eq!((coded.version, code.status), (read + 1, GuardQrStatus::Active));
    assert_eq!(coded.code, Some(ActiveCode { id, token }));
    let paid = coded.pay_to(account(), change()).unwrap().show("a.jpg".to_owned()).unwrap();
    assert_eq!((paid.version, paid.photo.as_deref()), (read + 3, Some("a.jpg")));
    assert_eq!(paid.payout_account.unwrap().last4, "8151");
}

#[test]
fn an_account_s_name_is_compared_as_banks_write_it() {
    let check = |first: &str, last: &str, account: &str, expected: bool| {
        let (first_name, last_name) = (first.to_owned(), last.to_owned());
        let profile = GuardProfile { first_name, last_name, ..guard().profile };
        assert_eq!(profile.is_like(account), expected, "{first} {last}: {account}");
    };
    check("Musa", "Adebayo", "ADEBAYO MUSA IBRAHIM", true);
    check("Chukwuemeka", "Ọ̀ṣun", "OSUN, CHUKWUEMEKA", true);
    check("Chukwuemeka", "\u{1ecc}\u{300}\u{1e63}un", "osun chukwuemeka", true);
    check("Ɗanladi", "Ƙofa", "DANLADI KOFA", true);
    check("Kɔjo", "Aŋku", "ANKU KOJO", true);
    check("Mary-Jane", "O'Neil", "ONEIL MARY", true);
    check("Musa", "Adebayo", "MUSA IBRAHIM", false);
    check("Musa", "Adebayo", "M ADEBAYO", false);
    check("M", "A", "M A", false);
    check("Musa", "Adebayo", "", false);
}
