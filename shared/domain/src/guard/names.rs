//! Whether an account is in a guard's name, as far as names tell. Banks write them in capitals, without accents, in any
//! order and with the middle ones; so what this says is a hint for a person, and decides nothing.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::GuardProfile;

impl GuardProfile {
    /// Whether the name of an account has a part of the first and a part of the last name.
    pub fn is_like(&self, account_name: &str) -> bool {
        let there = parts(account_name);
        let shares = |name: &str| parts(name).iter().any(|part| there.contains(part));
        shares(&self.first_name) && shares(&self.last_name)
    }
}

/// The parts of a name in plain small letters. A single letter is an initial, which says too little.
fn parts(name: &str) -> Vec<String> {
    // Apostrophes stand within a part: O'Neil is ONEIL at some banks.
    let plain: String = name
        .nfd()
        .filter(|letter| !is_combining_mark(*letter) && !"'’ʼ".contains(*letter))
        .flat_map(char::to_lowercase)
        .map(without_hook)
        .collect();
    let parts = plain.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| part.chars().count() > 1).map(str::to_owned).collect()
}

/// Letters that are not made of a plain one and a mark: Hausa's, Akan's and Ewe's, and some of Europe's.
fn without_hook(letter: char) -> char {
    match letter {
        'ɓ' => 'b',
        'ɗ' | 'ɖ' | 'đ' | 'ð' => 'd',
        'ɛ' | 'ǝ' => 'e',
        'ƒ' => 'f',
        'ɣ' => 'g',
        'ı' => 'i',
        'ƙ' => 'k',
        'ł' => 'l',
        'ŋ' => 'n',
        'ɔ' | 'ø' => 'o',
        'ʋ' => 'v',
        'ƴ' => 'y',
        other => other,
    }
}
