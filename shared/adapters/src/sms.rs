//! Text messages to telephones, through SNS.
//!
//! Deliberately absent: topics, and the SDK's retries: a text may have gone out although its answer was lost.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_types::retry::RetryConfig;
use domain::contact::Phone;

use crate::environment::{Environment, EnvironmentError};
use crate::sending::NotSent;

/// The attribute that says how urgent a message is, and its value for what a person waits for.
const KIND: (&str, &str) = ("AWS.SNS.SMS.SMSType", "Transactional");

/// Sends text messages.
#[derive(Clone, Debug)]
pub struct Sms {
    client: Client,
}

impl Sms {
    /// A sender of text messages.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let config = aws_sdk_sns::config::Builder::from(&env.aws("SNS")?);
        let config = config.retry_config(RetryConfig::disabled()).build();
        Ok(Self { client: Client::from_conf(config) })
    }

    /// Sends a text to a telephone, once. More than 160 letters are sent, and paid, as several parts.
    ///
    /// # Errors
    /// [`NotSent`]; after [`NotSent::Unknown`] the caller must not send it again.
    pub async fn send(&self, to: &Phone, text: &str) -> Result<(), NotSent> {
        let (name, value) = KIND;
        let kind = MessageAttributeValue::builder().data_type("String").string_value(value);
        let kind = kind.build().map_err(|_| NotSent::ours("an attribute cannot be built"))?;
        let publish = self.client.publish().phone_number(to.as_str()).message(text);
        publish.message_attributes(name, kind).send().await.map(drop).map_err(NotSent::of)
    }
}
