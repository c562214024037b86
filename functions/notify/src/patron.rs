//! A patron's own name in a message to a guard. Whoever tips can write anything there, and the message comes from us:
//! it stays one line, calls no number and becomes no link.
//!
//! Deliberately absent: escaping. Each channel has its own.

use domain::tip::ALIAS_MAX_CHARS;

/// From so many digits on a telephone offers to call what is meant as a name.
const DIGITS_MAX: usize = 5;

/// The name as a guard may read it; `None` where none was given or nothing is left of it.
pub(crate) fn shown(alias: Option<&str>) -> Option<String> {
    let alias = alias?;
    if alias.chars().filter(char::is_ascii_digit).count() > DIGITS_MAX {
        return None;
    }
    let mut line = String::new();
    for c in alias.chars().take(ALIAS_MAX_CHARS).filter(|c| !hides(*c)) {
        match c {
            // Without these no phone takes a word for an address.
            ':' | '/' | '\\' | '@' => line.push(' '),
            '.' => line.push_str(". "),
            c if c.is_control() || c.is_whitespace() => line.push(' '),
            c => line.push(c),
        }
    }
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    line.chars().any(char::is_alphanumeric).then_some(line)
}

/// Characters without width, and those that turn the direction of what follows (Unicode TR9).
fn hides(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{ad}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_nothing_that_a_phone_acts_upon() {
        let check = |alias: &str, expected: Option<&str>| {
            assert_eq!(shown(Some(alias)).as_deref(), expected, "{alias:?}");
        };
        check("Ada", Some("Ada"));
        check("Adébáyọ̀", Some("Adébáyọ̀"));
        check("😀 Ada 7", Some("😀 Ada 7"));
        check("J.P. O'Hara", Some("J. P. O'Hara"));
        check("Ada\r\nBcc: x@example.com", Some("Ada Bcc x example. com"));
        check("https://evil.example/a", Some("https evil. example a"));
        check("www.evil.example", Some("www. evil. example"));
        check("call 0801 234 5678", None);
        check("\u{202e}Ada\u{200b}", Some("Ada"));
        check("Ada\u{2028}Obi\u{85}\t!", Some("Ada Obi !"));
        check(&"a".repeat(60), Some(&"a".repeat(40)));
        for nothing in ["", " ", "...", "://", "\u{200b}"] {
            check(nothing, None);
        }
        assert_eq!(shown(None), None);
    }
}
