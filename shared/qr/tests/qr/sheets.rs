//! Print sheets: what a file holds, and what is refused.

use domain::failure::{Failure, Kind};
use domain::render::{Colors, Level, Rgb};
use qr::{Layout, PART_CODES_MAX, Sheet, SheetCode, SheetDesign, SheetRefused, Words, encode};

use crate::samples::{LOGOS, logo, voucher, voucher_jwt};

const PLAIN: SheetDesign<'static> = SheetDesign {
    title: "Free coffee",
    terms: "One per guest. Not for cash.",
    level: Level::M,
    colors: Colors { dark: Rgb::BLACK, light: Rgb::WHITE },
    accent: None,
    logo: None,
};

fn code(payload: &str) -> SheetCode<'_> {
    SheetCode { payload, short_code: "ABCDEFGH", label: None }
}

/// How often a text stands in a file.
fn count(file: &[u8], text: &str) -> usize {
    file.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[test]
fn the_payloads_are_as_large_as_real_ones() {
    assert_eq!(voucher(1).len(), 178);
    assert_eq!(encode(&voucher(1), Level::M).unwrap().version(), 7);
    assert_eq!(voucher_jwt(1).len(), 307);
    assert!((12..=14).contains(&encode(&voucher_jwt(1), Level::M).unwrap().version()));
    assert_ne!(voucher(1), voucher(2));
}

#[test]
fn a_file_has_as_many_pages_as_its_codes_need_on_the_layouts_paper() {
    let check = |layout: Layout, codes: usize, pages: usize, paper: &str| {
        let payloads: Vec<String> = (1..).map(voucher).take(codes).collect();
        let codes: Vec<SheetCode> = payloads.iter().map(|payload| code(payload)).collect();
        let sheet = Sheet::new(layout, &PLAIN).unwrap();
        let file = sheet.pdf(&codes, 1).unwrap();
        assert!(file.starts_with(b"%PDF-1.") && file.ends_with(b"%%EOF"), "{layout:?}");
        assert_eq!(count(&file, "/Type/Page/"), pages, "{layout:?}");
        assert_eq!(count(&file, &format!("/MediaBox[0 0 {paper}]")), pages, "{layout:?}");
        assert_eq!(count(&file, "/Subtype/Image"), 0, "{layout:?}");
        let again = sheet.pdf(&codes[..1], 1).unwrap();
        assert!(again == sheet.pdf(&codes[..1], 1).unwrap(), "{layout:?}: the same bytes");
    };
    check(Layout::L7160, 21, 1, "595.2756 841.8897");
    check(Layout::L7163, 15, 2, "595.2756 841.8897");
    check(Layout::Us5160, 31, 2, "612 792");
    check(Layout::Us5163, 1, 1, "612 792");
    check(Layout::GridA4, 22, 2, "595.2756 841.8897");
    check(Layout::GridLetter, 18, 1, "612 792");
}

#[test]
fn a_logo_is_written_once_and_placed_on_each_code() {
    for name in LOGOS.into_iter().chain(["rings"]) {
        let logo = logo(name);
        let design = SheetDesign { logo: Some(&logo), accent: Some(Rgb(200, 0, 0)), ..PLAIN };
        let payloads: Vec<String> = (1..=31).map(voucher).collect();
        let codes: Vec<SheetCode> = payloads.iter().map(|payload| code(payload)).collect();
        let file = Sheet::new(Layout::Us5160, &design).unwrap().pdf(&codes, 1).unwrap();
        assert_eq!(count(&file, "/Subtype/Form"), 1, "{name}");
        assert!(file.len() < 31 * 4_000, "{name}: {} bytes", file.len());
    }
}

#[test]
fn a_design_that_no_label_can_show_is_refused() {
    let check = |design: SheetDesign, expected: SheetRefused, code: &str| {
        let refused = Sheet::new(Layout::Us5160, &design).unwrap_err();
        assert_eq!(refused, expected);
        assert_eq!((refused.code(), refused.kind()), (code, Kind::Invalid));
    };
    let letters = SheetRefused::Letters { letters: "李😀".to_owned() };
    check(SheetDesign { title: "李 coffee 😀", ..PLAIN }, letters.clone(), "sheet_letters_missing");
    check(SheetDesign { terms: "李\n😀 李", ..PLAIN }, letters, "sheet_letters_missing");
    let pale = Colors { dark: Rgb(180, 180, 180), light: Rgb::WHITE };
    check(SheetDesign { colors: pale, ..PLAIN }, SheetRefused::LowContrast, "qr_low_contrast");
    let long = "all that one can say of coffee ".repeat(20);
    let layout = Layout::Us5160;
    let fits = Vec::new();
    let title = SheetRefused::WordsTooLong { words: Words::Title, layout, fits: fits.clone() };
    check(SheetDesign { title: &long, ..PLAIN }, title, "sheet_words_too_long");
    let terms = SheetRefused::WordsTooLong { words: Words::Terms, layout, fits };
    check(SheetDesign { terms: &long, ..PLAIN }, terms, "sheet_words_too_long");
    let naira = SheetDesign { title: "₦500 off, €2, ₵10, Ọ̀ṣun", terms: "", ..PLAIN };
    assert!(Sheet::new(layout, &naira).is_ok());
}

#[test]
fn a_code_that_cannot_be_printed_is_refused_with_what_would_fit() {
    let (short, long) = (voucher(1), voucher_jwt(1));
    let sheet = |layout: Layout| Sheet::new(layout, &PLAIN).unwrap();
    assert_eq!(sheet(Layout::Us5160).check(&code(&short)), Ok(()));
    let refused = sheet(Layout::Us5160).check(&code(&long)).unwrap_err();
    let SheetRefused::TooFine { modules, module_um, ref fits, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!((modules, module_um), (77, 303));
    let roomy: Vec<Layout> =
        Layout::ALL.into_iter().filter(|layout| *layout != Layout::Us5160).collect();
    assert_eq!(*fits, roomy);
    assert_eq!(refused.code(), "sheet_code_too_fine");
    assert_eq!(refused.suggestion().unwrap()["layout"], "a4_labels21");
    for layout in roomy {
        assert_eq!(sheet(layout).check(&code(&long)), Ok(()), "{layout:?}");
    }
    let endless = "x".repeat(3_000);
    let refused = sheet(Layout::Us5163).check(&code(&endless)).unwrap_err();
    assert!(matches!(refused, SheetRefused::TooLong(_)), "{refused}");
    let endless = "x".repeat(2_000);
    let refused = sheet(Layout::Us5163).check(&code(&endless)).unwrap_err();
    assert!(refused.to_string().ends_with("shorten what it holds"), "{refused}");
    assert_eq!(refused.suggestion(), None);
}

#[test]
fn a_file_has_a_bounded_number_of_codes_each_with_a_short_code_to_type() {
    let payload = voucher(1);
    let sheet = Sheet::new(Layout::L7160, &PLAIN).unwrap();
    for codes in [0, PART_CODES_MAX + 1] {
        let refused = sheet.pdf(&vec![code(&payload); codes], 1).unwrap_err();
        assert_eq!(refused, SheetRefused::Count { codes });
    }
    let long = SheetCode { short_code: "ABCDEFGHJKLMNPQRSTUVWXYZ", ..code(&payload) };
    let refused = sheet.pdf(&[long], 1).unwrap_err();
    let (words, layout) = (Words::ShortCode, Layout::L7160);
    let fits = vec![Layout::L7163];
    assert_eq!(refused, SheetRefused::WordsTooLong { words, layout, fits });
    let foreign = SheetCode { label: Some('李'), ..code(&payload) };
    let refused = sheet.pdf(&[foreign], 1).unwrap_err();
    assert_eq!(refused, SheetRefused::Letters { letters: "李".to_owned() });
    assert!(sheet.pdf(&[code(&payload); 2], u32::MAX).is_ok());
}
