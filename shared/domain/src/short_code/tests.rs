//! Short codes: each single mistake is found, what people type is understood, nothing panics.

use std::collections::BTreeSet;

use super::*;

/// Bytes that follow from a seed: reproducible without a random source.
fn bytes(seed: u64) -> [u8; 16] {
    let step = |x: u64| {
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let halves = [step(seed.wrapping_mul(2)), step(seed.wrapping_mul(2).wrapping_add(1))];
    let [a, b] = halves.map(u64::to_be_bytes);
    [a, b].concat().try_into().unwrap()
}

#[test]
fn the_alphabet_has_31_symbols_that_nobody_mistakes() {
    let symbols: BTreeSet<u8> = ALPHABET.iter().copied().collect();
    assert_eq!(symbols.len(), 31);
    assert!(b"0O1IL".iter().all(|symbol| !symbols.contains(symbol)));
}

#[test]
fn one_wrong_symbol_and_a_swap_of_neighbours_are_always_found() {
    for seed in 0..200 {
        let code = ShortCode::generate(bytes(seed));
        assert_eq!(ShortCode::parse(code.as_str()), Ok(code.clone()));
        let right = code.as_str().as_bytes();
        for at in 0..SYMBOLS {
            for other in ALPHABET.iter().filter(|other| **other != right[at]) {
                let mut wrong = right.to_vec();
                wrong[at] = *other;
                check_wrong(&wrong);
            }
            for with in at + 1..SYMBOLS {
                let mut swapped = right.to_vec();
                swapped.swap(at, with);
                if swapped != right {
                    check_wrong(&swapped);
                }
            }
        }
    }
}

fn check_wrong(symbols: &[u8]) {
    let text = std::str::from_utf8(symbols).unwrap();
    assert_eq!(ShortCode::parse(text), Err(ShortCodeRefused::WrongCheck), "{text}");
}

#[test]
fn what_people_type_is_understood() {
    let code = ShortCode::generate([7; 16]);
    let (left, right) = code.as_str().split_at(4);
    let low = code.as_str().to_lowercase();
    for typed in [
        format!("{left}-{right}"),
        format!("  {left} {right}\n"),
        format!("{left}\u{2013}{right}"),
        format!("{left}\u{a0}{right}"),
        low,
    ] {
        assert_eq!(ShortCode::parse(&typed), Ok(code.clone()), "{typed:?}");
    }
    for typed in ["", "SAVE2024", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG!", "ÄBCDEFGH", "COFFEE10"] {
        assert_eq!(ShortCode::parse(typed), Err(ShortCodeRefused::Malformed), "{typed:?}");
    }
    assert_eq!(ShortCode::parse(&" ".repeat(65)), Err(ShortCodeRefused::Malformed));
}

#[test]
fn codes_differ_and_use_all_symbols_alike() {
    let codes: BTreeSet<ShortCode> =
        (0..20_000).map(|seed| ShortCode::generate(bytes(seed))).collect();
    assert_eq!(codes.len(), 20_000);
    for at in 0..SYMBOLS {
        for symbol in ALPHABET {
            let count = codes.iter().filter(|code| code.as_str().as_bytes()[at] == *symbol).count();
            // 645 are expected; the standard deviation is 25.
            assert!((500..800).contains(&count), "{} at {at}: {count}", char::from(*symbol));
        }
    }
}

#[test]
fn a_fixed_code_is_chosen_but_never_somebodys_short_code() {
    let check = |text: &str, expected: Result<&str, StaticCodeRefused>| {
        let parsed = StaticCode::parse(text).map(|code| code.to_string());
        assert_eq!(parsed.as_deref().map_err(|refused| *refused), expected, "{text:?}");
    };
    check("COFFEE10", Ok("COFFEE10"));
    check(" coffee-10 ", Ok("COFFEE-10"));
    check("SAVE", Ok("SAVE"));
    for bad in ["", "ABC", "ABCDEFGHIJKLMNOPQRSTU", "CAFÉ", "A B C", "-SAVE", "SAVE-", "A_BC"] {
        check(bad, Err(StaticCodeRefused::Malformed));
    }
    let short = ShortCode::generate([9; 16]);
    check(short.as_str(), Err(StaticCodeRefused::LooksShort));
    let dashed = format!("{}-{}", &short.as_str()[..3], &short.as_str()[3..]);
    check(&dashed, Err(StaticCodeRefused::LooksShort));
}

#[test]
fn half_a_million_typed_texts_never_panic() {
    // The seed is the loop's number: a failure names the text.
    const PIECES: [&str; 16] = [
        "A",
        "z",
        "2",
        "9",
        "0",
        "O",
        "-",
        " ",
        "\u{2013}",
        "é",
        "\u{1f600}",
        "\0",
        "K",
        "m",
        "7",
        "ß",
    ];
    let mut taken = 0;
    for seed in 0..500_000_u64 {
        let random = bytes(seed);
        let length = usize::from(random[15] % 15);
        let text: String = random[..length].iter().map(|b| PIECES[usize::from(b % 16)]).collect();
        let code = ShortCode::parse(&text);
        assert!(code.is_err() || StaticCode::parse(&text).is_err(), "{text:?} is both");
        taken += usize::from(code.is_ok());
    }
    assert!(taken > 0, "some of these texts are codes");
}
