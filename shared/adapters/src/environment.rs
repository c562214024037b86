//! What a function finds around it: variables, the AWS endpoints behind them, a clock and a random source.
//!
//! Each adapter is made from an [`Environment`] and names the variables that it needs, so a missing one is an error
//! at start that says which. In Lambda the variables are the process's; the local process fills them from
//! `template.yaml`, so the two cannot drift.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::clock::Clock;
use crate::random::Random;

/// The roots under which AWS's endpoints are signed (Amazon Trust Services). Reading the machine's whole store
/// instead costs a cold start twelve times as many instructions.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon.pem");

/// A variable is missing or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// It is not there.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// It is there and wrong.
    #[error("the variable {name} is not usable: {reason}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Why it cannot be used.
        reason: String,
    },
    /// TLS could not be set up.
    #[error("the TLS roots cannot be loaded: {0}")]
    Tls(String),
}

/// Everything that a function gets from outside.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: Arc<BTreeMap<String, String>>,
    http: SharedHttpClient,
    /// Tells the time.
    pub clock: Clock,
    /// Hands out random bytes.
    pub random: Random,
}

impl Environment {
    /// The environment of a Lambda: the process's variables, TLS with Amazon's roots, the real clock.
    ///
    /// # Errors
    /// [`EnvironmentError::Tls`] when the embedded roots cannot be read.
    pub fn of_process() -> Result<Self, EnvironmentError> {
        let http = https_client()?;
        Ok(Self::new(std::env::vars(), http, Clock::system(), Random::system()))
    }

    /// An environment of the given parts.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        http: SharedHttpClient,
        clock: Clock,
        random: Random,
    ) -> Self {
        Self { variables: Arc::new(variables.into_iter().collect()), http, clock, random }
    }

    /// The variable's value.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] when it is unset or empty.
    pub fn required(&self, name: &'static str) -> Result<String, EnvironmentError> {
        self.optional(name).ok_or(EnvironmentError::Missing(name))
    }

    /// The variable's value, when it is set and not empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// The configuration of one AWS service's client. `service` is the name in `AWS_ENDPOINT_URL_{service}`,
    /// for example `DYNAMODB`, which an emulator's address goes into.
    ///
    /// Built by hand: the SDK's own chain asks files and the network for what Lambda has put into variables.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] names the variable.
    pub(crate) fn aws(&self, service: &str) -> Result<SdkConfig, EnvironmentError> {
        let credentials = Credentials::new(
            self.required("AWS_ACCESS_KEY_ID")?,
            self.required("AWS_SECRET_ACCESS_KEY")?,
            self.optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoint = self
            .optional(&format!("AWS_ENDPOINT_URL_{service}"))
            .or_else(|| self.optional("AWS_ENDPOINT_URL"));
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build(),
            );
        config.set_endpoint_url(endpoint);
        Ok(config.build())
    }
}

/// One attempt of a call to AWS may take this long.
const ATTEMPT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(8);

/// A client without TLS, for emulators on this machine.
pub fn plain_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

fn https_client() -> Result<SharedHttpClient, EnvironmentError> {
    let roots = TrustStore::empty().with_native_roots(false).with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| EnvironmentError::Tls(error.to_string()))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_https())
}
