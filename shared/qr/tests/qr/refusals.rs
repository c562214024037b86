//! What is refused, with settings that work.

use domain::failure::{Failure, Kind};
use domain::render::{Colors, Level, RenderSpec, RenderWishes, Rgb};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use qr::{RenderRefused, decode, render};
use serde_json::json;

use crate::samples::{URL, VCARD, logo, plain, svg, with_logo};

#[test]
fn a_refusal_has_a_reason_and_settings_that_work() {
    let check = |payload: &str, spec: RenderSpec, code: &str, works: serde_json::Value| {
        let logo = spec.logo.then(|| logo("brand"));
        let refused = render(payload, &spec, logo.as_ref()).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert_eq!(refused.kind(), Kind::Invalid);
        assert_eq!(refused.suggestion().unwrap_or_default(), works, "{refused}");
        let Some(wishes) = refused.suggestion() else {
            return;
        };
        let wishes: RenderWishes = serde_json::from_value(wishes).unwrap();
        assert!(render(payload, &spec.with(&wishes).unwrap(), logo.as_ref()).is_ok());
    };
    let long = "a".repeat(1_646);
    let grey = Colors { dark: Rgb(200, 200, 200), light: Rgb::WHITE };
    check("", plain(256, Level::M), "qr_payload_empty", json!(null));
    // 41 modules of 3 pixels.
    check(URL, plain(122, Level::M), "qr_too_small", json!({"size": 123}));
    check(URL, svg(plain(122, Level::M)), "qr_too_small", json!({"size": 123}));
    check(URL, with_logo(122, Level::L), "qr_too_small", json!({"size": 123}));
    check(VCARD, plain(224, Level::H), "qr_too_small", json!({"size": 303}));
    // X19: a vCard of 1,646 bytes does not fit at H; Q is the largest level that it fits.
    let at_q = json!({"error_correction": "Q", "size": 555});
    check(&long, plain(512, Level::H), "qr_payload_too_large", at_q);
    check(&"a".repeat(8_000), plain(512, Level::L), "qr_payload_too_large", json!(null));
    check(
        URL,
        RenderSpec { margin: 3, ..plain(256, Level::M) },
        "qr_no_quiet_zone",
        json!({"margin": 4}),
    );
    check(URL, plain(63, Level::M), "qr_size_out_of_range", json!({"size": 512}));
    check(URL, plain(4_096, Level::M), "qr_size_out_of_range", json!({"size": 2048}));
    let low = RenderSpec { colors: grey, ..plain(256, Level::M) };
    let black_on_white = json!({"colors": {"dark": "#000000", "light": "#ffffff"}});
    check(URL, low, "qr_low_contrast", black_on_white);
}

#[test]
fn a_missing_logo_is_named() {
    let refused = render(URL, &with_logo(256, Level::M), None).unwrap_err();
    assert_eq!(refused.code(), "qr_logo_missing");
    assert_eq!(refused.suggestion(), Some(json!({"logo": false})));
}

#[test]
fn force_draws_below_three_pixels_a_module() {
    let check = |size: u32, module_px: u32| {
        let spec = RenderSpec { force: true, ..plain(size, Level::M) };
        let drawn = render(URL, &spec, None).unwrap();
        assert_eq!(drawn.module_px, module_px);
        assert_eq!(decode(&drawn.bytes).as_deref(), Ok(URL));
    };
    check(122, 2);
    check(82, 2);
    check(81, 1);
    check(64, 1);
}

/// Any text of at most 200 bytes: noise, or runs of one kind of character.
fn payloads() -> impl Strategy<Value = String> {
    let runs = "([0-9]{0,30}|[A-Z $%*+./:-]{0,30}|[a-z]{0,20}|\\PC{0,10}|点{0,5}){0,6}";
    let cut = |text: String| {
        let end = (0..=200).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text[..end].to_owned()
    };
    prop_oneof![".{0,60}".prop_map(cut), any::<String>().prop_map(cut), runs.prop_map(cut)]
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_payload_is_drawn_and_reads_as_itself_or_is_refused(
        payload in payloads(),
        level in prop_oneof![Just(Level::L), Just(Level::M), Just(Level::Q), Just(Level::H)],
        size in 64_u32..700,
        logo_asked in any::<bool>(),
        as_svg in any::<bool>(),
    ) {
        let spec = RenderSpec { logo: logo_asked, ..plain(size, level) };
        let spec = if as_svg { svg(spec) } else { spec };
        match render(&payload, &spec, Some(&logo("brand"))) {
            Ok(drawn) if as_svg => assert!(drawn.bytes.starts_with(b"<svg ")),
            Ok(drawn) => assert_eq!(decode(&drawn.bytes), Ok(payload)),
            Err(RenderRefused::EmptyPayload) => assert!(payload.is_empty()),
            Err(RenderRefused::TooSmall { modules, .. }) => assert!(modules * 3 > size),
            Err(refused) => unreachable!("{payload:?} {spec:?}: {refused:?}"),
        }
    }
}
