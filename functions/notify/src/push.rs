//! What the guard's browser is pushed: a title, a line, and a tag under which a newer message replaces an older one.
//!
//! Deliberately absent: a link, because a guard has no page of its own yet.

use serde::Serialize;

use crate::words::Words;

/// The message as the page's service worker reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Shown<'a> {
    title: &'a str,
    body: String,
    tag: &'a str,
}

/// The message as JSON. `subject` tells it from others, so that one that comes twice is shown once.
///
/// # Errors
/// [`serde_json::Error`], in theory.
pub(crate) fn payload(words: &Words, subject: &str) -> Result<Vec<u8>, serde_json::Error> {
    let body = match &words.from {
        Some(from) => format!("From {from}."),
        None => words.meaning.to_owned(),
    };
    serde_json::to_vec(&Shown { title: &words.headline, body, tag: subject })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_message_is_small_json() {
        let words = |from: Option<&str>| Words {
            headline: "You received a tip of 980.00 NGN".to_owned(),
            from: from.map(str::to_owned),
            meaning: "It is added.",
        };
        let check = |from: Option<&str>, body: &str| {
            let bytes = payload(&words(from), "tip_1").unwrap();
            // A push service takes 4,096 bytes of what it cannot read, encryption included.
            assert!(bytes.len() < 1000, "{from:?}");
            let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(json["title"], "You received a tip of 980.00 NGN");
            assert_eq!((json["body"].as_str(), json["tag"].as_str()), (Some(body), Some("tip_1")));
        };
        check(None, "It is added.");
        check(Some("Ada \"A\" \\"), "From Ada \"A\" \\.");
        check(Some(&"😀".repeat(40)), &format!("From {}.", "😀".repeat(40)));
    }
}
