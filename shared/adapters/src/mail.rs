//! Mail, through SES: as parts that SES puts together, or whole where something is attached.
//!
//! Deliberately absent: templates of SES, and the SDK's retries: a letter may have gone out although its answer was
//! lost. A text with a control character never gets into a header.

use std::sync::Arc;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, RawMessage,
};
use aws_smithy_types::retry::RetryConfig;
use domain::contact::Email;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::date::Date;
use mail_builder::headers::text::Text;

use crate::clock::Clock;
use crate::environment::{Environment, EnvironmentError};
use crate::random::Random;
use crate::sending::NotSent;

/// Says who the sender is: an address, or `Name <address>`.
const MAIL_FROM: &str = "MAIL_FROM";
const CHARSET: &str = "UTF-8";

/// A letter.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// To whom.
    pub to: &'a Email,
    /// One line.
    pub subject: &'a str,
    /// For programs that show no HTML, and for people who want none.
    pub text: &'a str,
    /// The same as a page.
    pub html: Option<&'a str>,
    /// Files.
    pub attachments: &'a [Attachment],
    /// Further header fields by name, for example `List-Unsubscribe`.
    pub headers: &'a [(&'static str, String)],
}

/// A file in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, with its ending.
    pub name: String,
    /// What it is, for example `application/pdf`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Sends mail.
#[derive(Clone, Debug)]
pub struct Mail {
    client: Client,
    sender: Sender,
    clock: Clock,
    random: Random,
}

/// Who letters come from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sender {
    name: Option<Arc<str>>,
    address: Email,
    /// Both, as the variable says.
    whole: Arc<str>,
}

impl Mail {
    /// A sender of mail from the address that `MAIL_FROM` holds.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let config = aws_sdk_sesv2::config::Builder::from(&env.aws("SESV2")?);
        let config = config.retry_config(RetryConfig::disabled()).build();
        let sender = Sender::parse(&env.required(MAIL_FROM)?)?;
        let (clock, random) = (env.clock.clone(), env.random.clone());
        Ok(Self { client: Client::from_conf(config), sender, clock, random })
    }

    /// Sends a letter, once.
    ///
    /// # Errors
    /// [`NotSent`]; after [`NotSent::Unknown`] the caller must not send it again.
    pub async fn send(&self, letter: &Outgoing<'_>) -> Result<(), NotSent> {
        check_lines(letter)?;
        let content = if letter.attachments.is_empty() {
            EmailContent::builder().simple(simple(letter)?)
        } else {
            let whole = RawMessage::builder().data(Blob::new(self.raw(letter)?)).build();
            EmailContent::builder().raw(whole.map_err(|_| unbuilt())?)
        };
        let to = Destination::builder().to_addresses(letter.to.as_str()).build();
        let send = self.client.send_email().from_email_address(&*self.sender.whole);
        let sent = send.destination(to).content(content.build()).send().await;
        sent.map(drop).map_err(NotSent::of)
    }

    /// The letter as MIME.
    fn raw(&self, letter: &Outgoing<'_>) -> Result<Vec<u8>, NotSent> {
        let id = u128::from_be_bytes(self.random.bytes());
        let (_, domain) = self.sender.address.as_str().rsplit_once('@').unwrap_or_default();
        let name = self.sender.name.as_deref();
        let mut message = MessageBuilder::new()
            .from(Address::new_address(name, self.sender.address.as_str()))
            .to(Address::new_address(None::<&str>, letter.to.as_str()))
            .subject(letter.subject)
            .date(Date::new(self.clock.now().as_second()))
            .message_id(format!("{id:032x}@{domain}"))
            .text_body(letter.text);
        if let Some(html) = letter.html {
            message = message.html_body(html);
        }
        for (name, value) in letter.headers {
            message = message.header(*name, Text::new(value.as_str()));
        }
        for file in letter.attachments {
            let bytes = file.bytes.as_slice();
            message = message.attachment(file.content_type, file.name.as_str(), bytes);
        }
        message.write_to_vec().map_err(|error| NotSent::Refused(error.into()))
    }
}

impl Sender {
    fn parse(whole: &str) -> Result<Self, EnvironmentError> {
        let invalid = |reason: String| EnvironmentError::Invalid { name: MAIL_FROM, reason };
        if whole.chars().any(char::is_control) {
            return Err(invalid("it has a control character".to_owned()));
        }
        let named = whole.strip_suffix('>').and_then(|rest| rest.split_once('<'));
        let (name, address) = match named {
            Some((name, address)) => (Some(name.trim().trim_matches('"')), address),
            None => (None, whole),
        };
        let address = Email::parse(address).map_err(|error| invalid(error.to_string()))?;
        let name = name.filter(|name| !name.is_empty()).map(Arc::from);
        Ok(Self { name, address, whole: whole.into() })
    }
}

/// No text that stands in a header may break its line.
fn check_lines(letter: &Outgoing<'_>) -> Result<(), NotSent> {
    let headers = letter.headers.iter().flat_map(|(name, value)| [*name, value.as_str()]);
    let files = letter.attachments.iter().flat_map(|file| [&*file.name, file.content_type]);
    let mut lines = headers.chain(files).chain([letter.subject]);
    if lines.any(|line| line.chars().any(char::is_control)) {
        return Err(NotSent::ours("a header of the letter has a control character"));
    }
    let name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if letter.headers.iter().all(|(header, _)| !header.is_empty() && name(header)) {
        return Ok(());
    }
    Err(NotSent::ours("a header of the letter has no usable name"))
}

fn simple(letter: &Outgoing<'_>) -> Result<Message, NotSent> {
    let content = |text: &str| Content::builder().charset(CHARSET).data(text).build();
    let mut body = Body::builder().text(content(letter.text).map_err(|_| unbuilt())?);
    if let Some(html) = letter.html {
        body = body.html(content(html).map_err(|_| unbuilt())?);
    }
    let subject = content(letter.subject).map_err(|_| unbuilt())?;
    let mut message = Message::builder().subject(subject).body(body.build());
    for (name, value) in letter.headers {
        let header = MessageHeader::builder().name(*name).value(value).build();
        message = message.headers(header.map_err(|_| unbuilt())?);
    }
    Ok(message.build())
}

fn unbuilt() -> NotSent {
    NotSent::ours("a part of the letter cannot be built")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_an_address_with_a_name_or_without() {
        let check = |whole: &str, expected: Option<(Option<&str>, &str)>| {
            let sender = Sender::parse(whole).ok();
            let parts = sender.as_ref().map(|s| (s.name.as_deref(), s.address.as_str()));
            assert_eq!(parts, expected, "{whole:?}");
        };
        check("a@example.org", Some((None, "a@example.org")));
        check("Tips <a@example.org>", Some((Some("Tips"), "a@example.org")));
        check("\"Tips, Ltd\" <a@example.org>", Some((Some("Tips, Ltd"), "a@example.org")));
        check("<a@example.org>", Some((None, "a@example.org")));
        for bad in ["", "Tips", "Tips <a@example.org", "Tips\r\n <a@example.org>", "Tips <>"] {
            check(bad, None);
        }
    }
}
