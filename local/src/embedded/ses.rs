//! SES: a letter, taken apart and kept in the inbox. The REST protocol of its second version.
//!
//! Deliberately absent: templates, suppression lists and the check that a sender is verified.

use adapters::random::Random;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mail_parser::{HeaderValue, MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

use super::inbox::{File, Inbox, Item, Letter};

/// Header fields that say how the letter is put together, or what has a place of its own.
const KNOWN_HEADERS: [&str; 7] =
    ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"];

/// Answers `POST /v2/email/outbound-emails`.
pub(super) fn answer(inbox: &Inbox, random: &Random, body: &[u8]) -> Response {
    let letter = serde_json::from_slice(body)
        .map_err(|error| error.to_string())
        .and_then(|input: Value| letter_of(&input));
    let letter = match letter {
        Ok(letter) => letter,
        Err(reason) => return refused(StatusCode::BAD_REQUEST, "BadRequestException", &reason),
    };
    if let Err(error) = inbox.keep(&Item::Mail(letter)) {
        tracing::error!("the inbox cannot be written: {error}");
        let reason = "the inbox cannot be written";
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException", reason);
    }
    axum::Json(json!({"MessageId": super::new_id(random)})).into_response()
}

fn letter_of(input: &Value) -> Result<Letter, String> {
    let text = |pointer: &str| input.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let to = input.pointer("/Destination/ToAddresses").and_then(Value::as_array);
    let to = to.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let from = text("/FromEmailAddress").unwrap_or_default();
    let mut letter = if let Some(raw) = text("/Content/Raw/Data") {
        let raw = BASE64_STANDARD.decode(raw).map_err(|error| error.to_string())?;
        taken_apart(&raw).ok_or("the raw message cannot be read")?
    } else {
        let headers = input.pointer("/Content/Simple/Headers").and_then(Value::as_array);
        let header = |header: &Value| {
            let part = |name: &str| header.get(name)?.as_str().map(str::to_owned);
            Some((part("Name")?, part("Value")?))
        };
        Letter {
            subject: text("/Content/Simple/Subject/Data").ok_or("Subject is missing")?,
            text: text("/Content/Simple/Body/Text/Data").unwrap_or_default(),
            html: text("/Content/Simple/Body/Html/Data"),
            headers: headers.into_iter().flatten().filter_map(header).collect(),
            ..Letter::default()
        }
    };
    // The envelope decides where a letter goes, not its header.
    (letter.from, letter.to) = (from, to);
    if letter.from.is_empty() || letter.to.is_empty() {
        return Err("the sender or the recipient is missing".to_owned());
    }
    Ok(letter)
}

/// A MIME message in its parts.
fn taken_apart(raw: &[u8]) -> Option<Letter> {
    let message = MessageParser::default().parse(raw)?;
    let file = |part: &mail_parser::MessagePart<'_>| {
        let kind = part.content_type().map(|kind| {
            kind.subtype()
                .map_or_else(|| kind.ctype().to_owned(), |sub| format!("{}/{sub}", kind.ctype()))
        });
        File {
            name: part.attachment_name().unwrap_or_default().to_owned(),
            content_type: kind.unwrap_or_default(),
            bytes: part.contents().to_vec(),
        }
    };
    let further = message.headers().iter().filter(|header| {
        !KNOWN_HEADERS.iter().any(|known| header.name().eq_ignore_ascii_case(known))
    });
    let value = |header: &mail_parser::Header<'_>| match header.value() {
        HeaderValue::Text(text) => text.trim().to_owned(),
        _ => message.header_raw(header.name().to_owned()).unwrap_or_default().trim().to_owned(),
    };
    let html = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    });
    Some(Letter {
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html,
        headers: further.map(|header| (header.name().to_owned(), value(header))).collect(),
        attachments: message.attachments().map(file).collect(),
        ..Letter::default()
    })
}

fn refused(status: StatusCode, kind: &'static str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], axum::Json(json!({"message": message}))).into_response()
}
