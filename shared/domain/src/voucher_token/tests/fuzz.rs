//! Half a million texts for the decoders: none panics and none is taken. `short_code` has the other half.

use super::world::{Random, World, at};
use super::*;

/// How many texts; each follows from its number.
const TEXTS: u64 = 500_000;
/// What tokens and addresses are made of, and what they are not.
const PIECES: [&str; 24] = [
    "eyJ",
    ".",
    "..",
    "A",
    "z",
    "0",
    "-",
    "_",
    "=",
    "$",
    "*",
    "+",
    ":",
    "/",
    "https://",
    "/v/",
    "/V/",
    "é",
    "\0",
    "{}",
    "eyJhbGciOiJFUzI1NiJ9",
    "HTTPS://Q.EXAMPLE.COM/V/",
    "\u{1f600}",
    " ",
];

#[test]
fn half_a_million_texts_neither_panic_nor_are_taken() {
    let world = World::new();
    let verifier = world.verifier();
    let claims = world.claims(Form::Standard, STANDARD_TTL);
    let good = [world.jwt(&claims), world.compact(&claims)];
    for seed in 0..TEXTS {
        let mut random = Random::of(seed);
        let text = match seed % 4 {
            0 => pieces(&mut random),
            1 => base41_text(&mut random),
            // A signature costs 200 times as much as the rest: these two are mostly refused before.
            _ => altered(&good[usize::try_from(seed / 4 % 2).unwrap()], &mut random),
        };
        let verdict = verifier.verify(&text, &TokenKind::ALL, None, at(world::NOW_S));
        assert!(verdict.is_err(), "seed {seed}: {text}");
        if seed % 8 == 0 {
            assert!(verifier.status_list(&text, at(world::NOW_S)).is_err(), "seed {seed}");
            drop(OpenJws::of(&text));
            drop(KeySet::parse(&text));
            drop(verify_json(&text));
        }
    }
}

fn below(random: &mut Random, most: usize) -> usize {
    usize::try_from(random.next()).unwrap() % most
}

fn pieces(random: &mut Random) -> String {
    (0..below(random, 12)).map(|_| PIECES[below(random, PIECES.len())]).collect()
}

/// Characters of base 41 in about the right number, with a first byte that is none of ours.
fn base41_text(random: &mut Random) -> String {
    let length = 134 + below(random, 5);
    (0..length).map(|_| char::from(b"0123456789ABCDEF$*+-:"[below(random, 21)])).collect()
}

/// A good token that was cut, or has a character that no token has, or one too many.
fn altered(good: &str, random: &mut Random) -> String {
    let at = below(random, good.len());
    match random.next() % 3 {
        0 => good[..at].to_owned(),
        1 => format!("{}%{}", &good[..at], &good[at + 1..]),
        _ => format!("{}.{}", &good[..at], &good[at..]),
    }
}
