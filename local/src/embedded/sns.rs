//! SNS: a text message to a telephone number, kept in the inbox. AWS's query protocol: a form in, XML out.
//!
//! Deliberately absent: topics, which only rules and alarms tell.

use adapters::random::Random;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::contact::Phone;
use url::form_urlencoded;

use super::inbox::{Inbox, Item, TextMessage};

/// The longest text that SNS sends, in bytes.
const TEXT_BYTES_MAX: usize = 1600;

/// Answers one request.
pub(super) fn answer(inbox: &Inbox, random: &Random, form: &[u8]) -> Response {
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(form);
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if field("Action").as_deref() != Some("Publish") {
        return refused("InvalidAction", "no such operation here");
    }
    let text = field("Message").unwrap_or_default();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return refused("InvalidParameter", "Invalid parameter: Message");
    }
    let Some(phone) = field("PhoneNumber").and_then(|number| Phone::parse(&number).ok()) else {
        return refused("InvalidParameter", "Invalid parameter: PhoneNumber");
    };
    let message = TextMessage { to: phone.as_str().to_owned(), text };
    if let Err(error) = inbox.keep(&Item::Sms(message)) {
        tracing::error!("the inbox cannot be written: {error}");
        let body = error_body("InternalFailure", "the inbox cannot be written");
        return xml(StatusCode::INTERNAL_SERVER_ERROR, body);
    }
    let id = super::new_id(random);
    xml(
        StatusCode::OK,
        format!(
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
             <MessageId>{id}</MessageId></PublishResult><ResponseMetadata><RequestId>{id}\
             </RequestId></ResponseMetadata></PublishResponse>"
        ),
    )
}

fn refused(code: &str, message: &str) -> Response {
    xml(StatusCode::BAD_REQUEST, error_body(code, message))
}

/// Only our own words go in, so nothing needs to be escaped.
fn error_body(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender\
         </Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}
