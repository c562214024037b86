//! People, bots and previews are told apart by what they send.

use super::agents::{BOT_AGENTS, PEOPLE, PREVIEW_AGENTS};
use super::*;

#[test]
fn people_are_told_by_their_browsers() {
    for (kind, os, browser, agent) in PEOPLE {
        let visit = Visit { user_agent: Some(agent), ..Visit::default() };
        assert_eq!(visit.class(), VisitClass::Person, "{agent}");
        let expected = Device { kind: *kind, os: *os, browser: *browser };
        assert_eq!(Device::of(Some(agent)), expected, "{agent}");
    }
}

#[test]
fn previews_and_bots_are_no_people() {
    let check = |agents: &[&str], class: VisitClass| {
        for agent in agents {
            let visit = Visit { user_agent: Some(agent), ..Visit::default() };
            assert_eq!(visit.class(), class, "{agent}");
        }
    };
    check(PREVIEW_AGENTS, VisitClass::Preview);
    check(BOT_AGENTS, VisitClass::Bot);
    assert_eq!(Visit::default().class(), VisitClass::Bot, "nobody who says a name");
    assert_eq!(Device::of(None), Device::UNKNOWN);
}

#[test]
fn a_prefetch_is_a_preview_and_head_is_head_whoever_asks() {
    let person = Visit { user_agent: Some(PEOPLE[0].3), ..Visit::default() };
    let check = |visit: Visit<'_>, class: VisitClass| assert_eq!(visit.class(), class, "{visit:?}");
    check(person, VisitClass::Person);
    check(Visit { sec_purpose: Some("prefetch"), ..person }, VisitClass::Preview);
    check(Visit { sec_purpose: Some("prefetch;prerender"), ..person }, VisitClass::Preview);
    check(
        Visit { sec_purpose: Some("prefetch;anonymous-client-ip"), ..person },
        VisitClass::Preview,
    );
    check(Visit { purpose: Some("Prefetch"), ..person }, VisitClass::Preview);
    check(Visit { x_purpose: Some("preview"), ..person }, VisitClass::Preview);
    check(Visit { x_moz: Some("prefetch"), ..person }, VisitClass::Preview);
    check(Visit { purpose: Some(""), sec_purpose: Some("navigate"), ..person }, VisitClass::Person);
    check(Visit { is_head: true, ..person }, VisitClass::Head);
    check(Visit { is_head: true, sec_purpose: Some("prefetch"), ..person }, VisitClass::Head);
    check(Visit { is_head: true, ..Visit::default() }, VisitClass::Head);
}

#[test]
fn only_the_first_512_bytes_are_read_and_a_cut_never_splits_a_character() {
    let padded = format!("Mozilla/5.0 {}Googlebot", "x".repeat(500));
    let visit = Visit { user_agent: Some(&padded), ..Visit::default() };
    assert_eq!(visit.class(), VisitClass::Person);
    let wide = format!("{}é", "x".repeat(USER_AGENT_MAX_BYTES - 1));
    assert_eq!(bounded_lower(&wide).len(), USER_AGENT_MAX_BYTES - 1);
}

#[test]
fn each_word_is_the_same_in_json_and_in_counters() {
    for class in VisitClass::ALL {
        assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
    }
    for browser in Browser::ALL {
        assert_eq!(serde_json::from_value::<Browser>(browser.as_str().into()).unwrap(), *browser);
    }
    assert_eq!((DeviceKind::ALL.len(), Os::ALL.len()), (4, 6));
}
