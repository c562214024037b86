//! What holds for any events in any order, and for any amounts and texts.

use proptest::prelude::*;

use super::tests::{CREDIT, naira, refund_id, start, tip_with};
use super::*;
use crate::contact::Email;
use crate::failure::InvalidFields;
use crate::money::{Currency, EXACT_MAX, grouped};

/// What may happen to a tip; the worker makes sure of the charge before what follows from it.
#[derive(Clone, Copy, Debug)]
enum Event {
    Charge,
    NotYet,
    Refund(u64, i64),
    Dispute(u64),
    Doubt(u64),
    Won(u64),
    Lost(u64, i64),
}

fn apply(tip: &Tip, event: Event) -> Tip {
    let now = start();
    let charged = match event {
        Event::NotYet => tip.clone(),
        _ => tip.clone().succeed(CREDIT, now).unwrap_or_else(|_| tip.clone()),
    };
    let next = match event {
        Event::Charge => Ok(charged.clone()),
        Event::NotYet => charged.clone().polled(now),
        Event::Refund(id, amount) => charged.clone().refund(id, amount, Some(&refund_id(1))),
        Event::Dispute(id) => charged.clone().dispute(id),
        Event::Doubt(id) => charged.clone().doubt_dispute(id),
        Event::Won(id) => charged.clone().win_dispute(id),
        Event::Lost(id, amount) => charged.clone().lose_dispute(id, amount),
    };
    match next {
        Ok(next) => next,
        Err(TipRefused::Repeated) => charged,
        Err(other) => panic!("{other:?} for {event:?} on {tip:?}"),
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    // One amount per id, one decision per dispute: that is what Paystack can say.
    let amount = |id: u64| [30_000, 100_000, 1][usize::try_from(id).unwrap() % 3];
    prop_oneof![
        Just(Event::Charge),
        Just(Event::NotYet),
        (0_u64..4).prop_map(move |id| Event::Refund(id, amount(id))),
        (0_u64..4).prop_map(Event::Dispute),
        (0_u64..4).prop_map(Event::Doubt),
        (0_u64..2).prop_map(|id| Event::Won(2 * id)),
        (0_u64..2).prop_map(move |id| Event::Lost(2 * id + 1, amount(id))),
    ]
}

fn two_orders() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    prop::collection::vec(any_event(), 1..14)
        .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
}

proptest! {
    #[test]
    fn events_in_any_order_and_any_number_of_times_end_with_the_same_tip(
        (one, other) in two_orders(),
    ) {
        let run = |events: &[Event]| {
            let tip = tip_with(&TipSettings::default());
            events.iter().fold(tip, |tip, event| apply(&apply(&tip, *event), *event))
        };
        let (one, other) = (run(&one), run(&other));
        prop_assert_eq!(one.status(), other.status());
        prop_assert_eq!(one.returned(), other.returned());
        prop_assert_eq!(&one.disputes, &other.disputes);
        let excess = |tip: &Tip| tip.returns.iter().map(TipReturn::excess).sum::<i64>();
        prop_assert_eq!(excess(&one), excess(&other));
        prop_assert!(one.returned() <= CREDIT.gross);
        let stored = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(serde_json::from_str::<Tip>(&stored).unwrap(), one);
    }

    #[test]
    fn a_quote_leaves_the_tip_after_the_expected_fee(
        minor in 1_i64..100_000_000,
        which in 0_usize..5,
    ) {
        let all = [Currency::Ngn, Currency::Ghs, Currency::Kes, Currency::Usd, Currency::Zar];
        let currency = all[which];
        let tip = Money { minor, currency };
        let asked = asked_with_fee(tip).unwrap();
        prop_assert_eq!(asked.minor - expected_fee(asked).unwrap().minor, minor);
        let less = Money { minor: asked.minor - 1, ..asked };
        prop_assert!(less.minor - expected_fee(less).unwrap().minor < minor || less.minor < minor);
    }

    #[test]
    fn an_amount_that_we_write_is_read_back(minor in 0..=EXACT_MAX, zeros in 0_usize..4) {
        let amount = naira(minor);
        prop_assert_eq!(parse_amount(&amount.to_string(), Currency::Ngn), Ok(amount));
        let (whole, cents) = (minor / 100, minor % 100);
        let plain = format!("{}{whole}.{cents:02}", "0".repeat(zeros));
        prop_assert_eq!(parse_amount(&plain, Currency::Ngn), Ok(amount));
        let spaced = grouped(u64::try_from(whole).unwrap()).replace(',', " ");
        prop_assert_eq!(parse_amount(&spaced, Currency::Ngn), Ok(naira(whole * 100)));
    }

    #[test]
    fn no_text_makes_an_amount_panic_or_negative(text in "[0-9 ,.₦nN\u{a0}-]{0,24}", any in ".{0,40}") {
        for text in [text, any] {
            if let Ok(amount) = parse_amount(&text, Currency::Ngn) {
                prop_assert!((0..=EXACT_MAX).contains(&amount.minor), "{}", text);
            }
        }
    }

    #[test]
    fn what_a_patron_writes_is_short_visible_and_stays_as_it_is(text in "\\PC{0,60}|.{0,60}") {
        if let Ok(patron) = Patron::parse(&text, "", "") && let Some(alias) = &patron.alias {
            prop_assert!((1..=ALIAS_MAX_CHARS).contains(&alias.as_str().chars().count()));
            prop_assert!(!alias.as_str().chars().any(char::is_control));
            prop_assert_eq!(Patron::parse(alias.as_str(), "", "").unwrap(), patron);
        }
    }
}

#[test]
fn a_patron_says_little_and_nothing_hidden() {
    let check = |alias: &str, message: &str, email: &str, expected: Result<[&str; 3], &[&str]>| {
        let read = Patron::parse(alias, message, email);
        let text = |text: &Option<PatronText>| {
            text.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default()
        };
        let read = read.map(|patron| {
            let email = patron.email.as_ref().map(Email::as_str).unwrap_or_default();
            [text(&patron.alias), text(&patron.message), email.to_owned()]
        });
        let read = read.map_err(|InvalidFields(errors)| {
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        });
        let expected = expected.map(|texts| texts.map(str::to_owned));
        let expected =
            expected.map_err(|fields| fields.iter().map(|field| (*field).to_owned()).collect());
        assert_eq!(read, expected, "{alias:?} {message:?} {email:?}");
    };
    check("", " \n ", "\t", Ok(["", "", ""]));
    check(
        "  Ada  Obi ",
        "Thanks,\r\n\tsee you",
        "a@b.ng",
        Ok(["Ada Obi", "Thanks, see you", "a@b.ng"]),
    );
    check("Adé 🎉", "👩‍👩‍👧 ọ̀", "", Ok(["Adé 🎉", "👩‍👩‍👧 ọ̀", ""]));
    check(&"a".repeat(40), &"m".repeat(200), "", Ok([&"a".repeat(40), &"m".repeat(200), ""]));
    check(&"a".repeat(41), &"m".repeat(201), "x", Err(&["patron_alias", "message", "email"]));
    check("a\u{0}b", "\u{202e}gnp.exe", "", Err(&["patron_alias", "message"]));
    check("a\u{1b}[2J", "a\u{2028}b", "", Err(&["patron_alias", "message"]));
    let tip = tip_with(&TipSettings::default());
    let nobody = Patron::default();
    let email = nobody.email_for_paystack(&tip.id, "mail.example.com").unwrap();
    assert_eq!(email.as_str(), format!("tip+{}@mail.example.com", tip.id));
    assert!(nobody.email_for_paystack(&tip.id, "not a domain").is_err());
    let somebody = Patron::parse("", "", "ada@example.com").unwrap();
    let email = somebody.email_for_paystack(&tip.id, "mail.example.com").unwrap();
    assert_eq!(email.as_str(), "ada@example.com");
    let shown = format!("{:?}", Patron::parse("Ada", "Hello", "ada@example.com").unwrap());
    assert!(!shown.contains("Hello") && !shown.contains("example"), "{shown}");
}

#[test]
fn a_dispute_is_decided_only_when_it_is_resolved_in_words_we_know() {
    let check = |status: &str, resolution: Option<&str>, expected| {
        assert_eq!(DisputeState::of(status, resolution), expected, "{status} {resolution:?}");
    };
    check("awaiting-merchant-feedback", None, DisputeState::Open);
    check("awaiting-bank-feedback", None, DisputeState::Open);
    check("pending", Some("merchant-accepted"), DisputeState::Open);
    check("resolved", None, DisputeState::Unclear);
    check("resolved", Some("split"), DisputeState::Unclear);
    check("archived", None, DisputeState::Unclear);
    check("resolved", Some("declined"), DisputeState::Won);
    check("resolved", Some("merchant-accepted"), DisputeState::Lost);
    check("resolved", Some("auto-accepted"), DisputeState::Lost);
}
