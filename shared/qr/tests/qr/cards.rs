//! The printed card.

use domain::failure::Failure;
use domain::render::Level;
use qr::{Card, CardRefused, print_card};

const PAYLOAD: &str = "https://tips.example.com/g/0123456789ab";

fn card(name: &str) -> Card<'_> {
    Card {
        payload: PAYLOAD,
        heading: "Scan to tip",
        name,
        address: "tips.example.com/g/0123456789ab",
        owner: "Lagos Guards",
    }
}

/// How often a text stands in a file.
fn count(file: &[u8], text: &str) -> usize {
    file.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[test]
fn a_card_is_one_page_of_a6_with_its_own_type_and_no_picture() {
    let file = print_card(&card("Chukwuemeka Ọ̀ṣun"), Level::Q).unwrap();
    assert!(file.starts_with(b"%PDF-1.") && file.ends_with(b"%%EOF"), "{}", file.len());
    assert_eq!(count(&file, "/MediaBox[0 0 297.64 419.53]"), 1);
    assert_eq!(count(&file, "/Type/Page/"), 1);
    assert_eq!(count(&file, "/Subtype/Image"), 0);
    // The type comes with the file, only the letters that are used.
    assert_eq!(count(&file, "+NotoSans-Bold"), 3);
    assert!((5_000..40_000).contains(&file.len()), "{} bytes", file.len());
    assert_eq!(file, print_card(&card("Chukwuemeka Ọ̀ṣun"), Level::Q).unwrap());
}

#[test]
fn names_of_all_lengths_are_printed() {
    let (first, last) = ("Oluwatobiloba".repeat(4), "ł".repeat(60));
    for name in ["Ɓ", "Kɔjo Aŋku", "Mary-Jane O’Neil", &format!("{first} {last}"), &last] {
        assert!(print_card(&card(name), Level::H).is_ok(), "{name}");
    }
}

#[test]
fn letters_that_the_type_lacks_are_named() {
    let refused = print_card(&card("Musa 李李 😀"), Level::Q).unwrap_err();
    assert_eq!(refused, CardRefused::Letters { letters: "李😀".to_owned() });
    assert_eq!(refused.code(), "card_letters_missing");
    let long = "x".repeat(3000);
    let refused = print_card(&Card { payload: &long, ..card("Musa") }, Level::H).unwrap_err();
    assert!(matches!(refused, CardRefused::TooLong(_)), "{refused}");
}
