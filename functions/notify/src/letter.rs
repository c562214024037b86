//! Mail to a guard: a subject without anything that a patron has written, and the same words as text and as HTML.
//!
//! Deliberately absent: images that are loaded from somewhere, and anything that tells whether a mail was read.

use askama::Template;
use domain::guard::GuardProfile;

use crate::words::Words;

/// A mail before it has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    subject: &'a str,
    greeting: &'a str,
    paragraphs: &'a [String],
    link: Option<&'a str>,
    reason: &'a str,
}

/// Why the guard hears from us: the last line of each mail.
const REASON: &str = "You get this mail because tips are collected for you with Tessera. \
    Your employer can change what you are told, and how.";

impl Letter {
    /// The mail about a tip.
    ///
    /// # Errors
    /// [`askama::Error`] where the page cannot be rendered.
    pub(crate) fn about(words: &Words, to: &GuardProfile) -> Result<Self, askama::Error> {
        let from = words.from.as_ref().map_or(String::new(), |from| format!(" from {from}"));
        let paragraphs = [format!("{}{from}.", words.headline), words.meaning.to_owned()];
        Self::write(words.headline.clone(), to, &paragraphs, None)
    }

    /// The mail that a code is attached to. `url` is the short address in it.
    ///
    /// # Errors
    /// [`askama::Error`] where the page cannot be rendered.
    pub(crate) fn with_code(url: &str, to: &GuardProfile) -> Result<Self, askama::Error> {
        let paragraphs = [
            "Your code for tips is attached to this mail. Print it, or show it on your phone."
                .to_owned(),
            "Whoever cannot scan it opens this address:".to_owned(),
        ];
        Self::write("Your code for tips".to_owned(), to, &paragraphs, Some(url))
    }

    fn write(
        subject: String,
        to: &GuardProfile,
        paragraphs: &[String],
        link: Option<&str>,
    ) -> Result<Self, askama::Error> {
        let greeting = format!("Hello {},", to.first_name);
        let page =
            Page { subject: &subject, greeting: &greeting, paragraphs, link, reason: REASON };
        let html = page.render()?;
        let lines = [greeting.as_str()]
            .into_iter()
            .chain(paragraphs.iter().map(String::as_str))
            .chain(link)
            .chain([REASON]);
        let text = lines.collect::<Vec<_>>().join("\r\n\r\n") + "\r\n";
        Ok(Self { subject, text, html })
    }
}

#[cfg(test)]
mod tests {
    use domain::guard::GuardWishes;

    use super::*;

    fn guard(first_name: &str) -> GuardProfile {
        let wishes = GuardWishes {
            first_name: first_name.to_owned(),
            last_name: "Obi".to_owned(),
            employee_id: "7".to_owned(),
            ..GuardWishes::default()
        };
        GuardProfile::parse(&wishes).unwrap()
    }

    fn words(from: Option<&str>) -> Words {
        let headline = "You received a tip of 980.00 NGN".to_owned();
        Words { headline, from: from.map(str::to_owned), meaning: "It is added." }
    }

    #[test]
    fn a_mail_says_the_same_as_text_and_as_html() {
        let letter = Letter::about(&words(Some("Zoë & Co")), &guard("Ada")).unwrap();
        assert_eq!(letter.subject, "You received a tip of 980.00 NGN");
        let lines: Vec<&str> = letter.text.split("\r\n\r\n").collect();
        let first = "You received a tip of 980.00 NGN from Zoë & Co.";
        assert_eq!(lines[..3], ["Hello Ada,", first, "It is added."]);
        assert!(letter.html.contains("<p>You received a tip of 980.00 NGN from Zoë &#38; Co.</p>"));
        assert!(letter.html.contains("<p>It is added.</p>"), "{}", letter.html);
    }

    #[test]
    fn whatever_people_call_themselves_is_text_in_the_page_and_nothing_in_the_subject() {
        for name in
            ["<script>alert(1)</script>", "\"><img src=x onerror=y>", "' onload='x", "&amp;"]
        {
            let letter = Letter::about(&words(Some(name)), &guard(name)).unwrap();
            assert_eq!(letter.subject, "You received a tip of 980.00 NGN", "{name}");
            assert!(!letter.html.contains(name), "{name}: {}", letter.html);
            assert!(!letter.html.contains("<script") && !letter.html.contains("<img"), "{name}");
            assert!(letter.text.contains(name), "{name}");
        }
    }

    #[test]
    fn a_code_s_mail_has_the_short_address_as_text_and_as_a_link() {
        let url = "https://example.org/g/0123456789ab";
        let letter = Letter::with_code(url, &guard("Ada")).unwrap();
        assert!(letter.text.contains(&format!("\r\n\r\n{url}\r\n\r\n")), "{}", letter.text);
        assert!(letter.html.contains(&format!("<a href=\"{url}\">{url}</a>")), "{}", letter.html);
    }
}
