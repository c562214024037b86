//! Images on S3 behind the content network: a fixed path per property that is fresh for a minute (P41), and a path
//! with the content's hash that never changes. The bucket is private (X8); the network reads it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use domain::failure::{Failure, Kind};
use domain::id::{GuardId, PhotoId, PropertyId, TenantId};
use domain::render::Format;

use crate::environment::{Environment, EnvironmentError};

/// `Cache-Control` of an object that may be replaced under its path.
const FRESH_FOR_A_MINUTE: &str = "public, max-age=60";
/// `Cache-Control` of an object whose path contains its hash.
const NEVER_CHANGES: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of what is not served.
const PRIVATE: &str = "private, no-store";

/// The bucket with the images, and the public address in front of it.
#[derive(Clone, Debug)]
pub struct Images {
    client: Client,
    bucket: Arc<str>,
    cdn_base_url: Arc<str>,
}

/// The bucket did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the image store does not answer, try again")]
pub struct ImagesError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for ImagesError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "image_store_unavailable"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// What an object is, which decides its path and how long it is fresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object<'a> {
    /// `qr-images/{property_id}.{ext}`: always the present image.
    Present(&'a PropertyId, Format),
    /// `metadata/{property_id}.json`: not served.
    Metadata(&'a PropertyId),
    /// `{tenant}/property/{property_id}/{sha256}.{ext}`: one image for ever.
    Version(&'a TenantId, &'a PropertyId, &'a str, Format),
    /// `logos/{tenant}/{sha256}`: not served.
    Logo(&'a TenantId, &'a str),
    /// `uploads/{tenant}/{guard}/{photo}`: what somebody has sent as a photo; not served, and gone after a day.
    Upload(&'a TenantId, &'a GuardId, &'a PhotoId),
    /// `{tenant}/guard/{guard}/{sha256}.jpg`: one published photo for ever.
    Photo(&'a TenantId, &'a GuardId, &'a str),
}

/// An address that takes one file, and what must be sent with it.
#[derive(Clone)]
pub struct UploadAddress {
    /// Where the file is put. Whoever has the address may do that.
    pub url: String,
    /// The headers that belong to it; a browser sends the length by itself.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for UploadAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UploadAddress(…)")
    }
}

/// Where upload addresses lead, `https://bucket.s3.region.amazonaws.com`: a page that sends files there has to name it
/// in its content policy.
///
/// # Errors
/// [`EnvironmentError`] names a missing variable.
pub fn upload_origin(env: &Environment) -> Result<String, EnvironmentError> {
    let config = env.aws("S3")?;
    let bucket = env.required("IMAGES_BUCKET")?;
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    Ok(match config.endpoint_url() {
        Some(emulator) => emulator.trim_end_matches('/').to_owned(),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
    })
}

/// What lies under a key, as far as it is wanted.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Nothing.
    Missing,
    /// More bytes than are wanted; none of them was read.
    TooLarge,
    /// All of it.
    Bytes(Vec<u8>),
}

impl Object<'_> {
    /// The object's key in the bucket.
    pub fn key(&self) -> String {
        match self {
            Object::Present(id, format) => format!("qr-images/{id}.{}", format.extension()),
            Object::Metadata(id) => format!("metadata/{id}.json"),
            Object::Version(tenant, id, sha256, format) => {
                format!("{tenant}/property/{id}/{sha256}.{}", format.extension())
            }
            Object::Logo(tenant, sha256) => format!("logos/{tenant}/{sha256}"),
            Object::Upload(tenant, guard, photo) => format!("uploads/{tenant}/{guard}/{photo}"),
            Object::Photo(tenant, guard, sha256) => format!("{tenant}/guard/{guard}/{sha256}.jpg"),
        }
    }

    fn cache_control(&self) -> &'static str {
        match self {
            Object::Present(..) => FRESH_FOR_A_MINUTE,
            Object::Version(..) | Object::Photo(..) => NEVER_CHANGES,
            Object::Metadata(_) | Object::Logo(..) | Object::Upload(..) => PRIVATE,
        }
    }
}

impl Images {
    /// The bucket that `IMAGES_BUCKET` names, behind the address `CDN_BASE_URL`.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let config = env.aws("S3")?;
        // An emulator has no host name per bucket.
        let path_style = config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style);
        Ok(Self {
            client: Client::from_conf(config.build()),
            bucket: env.required("IMAGES_BUCKET")?.into(),
            cdn_base_url: env.required("CDN_BASE_URL")?.trim_end_matches('/').into(),
        })
    }

    /// The public address of a key.
    pub fn public_url(&self, key: &str) -> String {
        format!("{}/{key}", self.cdn_base_url)
    }

    /// Stores an object, replacing what is there at once.
    ///
    /// # Errors
    /// [`ImagesError`].
    pub async fn put(
        &self,
        object: &Object<'_>,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<(), ImagesError> {
        let started = std::time::Instant::now();
        let outcome = self
            .client
            .put_object()
            .bucket(&*self.bucket)
            .key(object.key())
            .content_type(content_type)
            .cache_control(object.cache_control())
            .body(ByteStream::from(bytes))
            .send()
            .await;
        observe("put", started, outcome.is_ok());
        outcome.map(drop).map_err(broken)
    }

    /// The bytes under a key, if there are any.
    ///
    /// # Errors
    /// [`ImagesError`].
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ImagesError> {
        Ok(match self.get_bounded(key, u64::MAX).await? {
            Fetched::Bytes(bytes) => Some(bytes),
            Fetched::Missing | Fetched::TooLarge => None,
        })
    }

    /// The bytes under a key, unless they are more than `most`: the store says how many before it sends them.
    ///
    /// # Errors
    /// [`ImagesError`].
    pub async fn get_bounded(&self, key: &str, most: u64) -> Result<Fetched, ImagesError> {
        let started = std::time::Instant::now();
        let outcome = self.client.get_object().bucket(&*self.bucket).key(key).send().await;
        let object = match outcome {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
                return Ok(Fetched::Missing);
            }
            Err(error) => {
                observe("get", started, false);
                return Err(broken(error));
            }
        };
        let length = object.content_length.and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > most) {
            return Ok(Fetched::TooLarge);
        }
        let body = object.body.collect().await;
        observe("get", started, body.is_ok());
        let body = body.map_err(|error| ImagesError(error.into()))?;
        Ok(Fetched::Bytes(body.to_vec()))
    }

    /// An address that takes exactly this many bytes of this type, for so long.
    ///
    /// # Errors
    /// [`ImagesError`].
    pub async fn upload_address(
        &self,
        object: &Object<'_>,
        content_type: &str,
        bytes: u64,
        valid_for: Duration,
    ) -> Result<UploadAddress, ImagesError> {
        let config = PresigningConfig::expires_in(valid_for);
        let config = config.map_err(|error| ImagesError(error.into()))?;
        let signed = self
            .client
            .put_object()
            .bucket(&*self.bucket)
            .key(object.key())
            .content_type(content_type)
            .content_length(i64::try_from(bytes).unwrap_or(i64::MAX))
            .presigned(config)
            .await
            .map_err(broken)?;
        let headers = signed.headers();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(UploadAddress { url: signed.uri().to_owned(), headers: headers.collect() })
    }

    /// Deletes what is under a key, if anything is.
    ///
    /// # Errors
    /// [`ImagesError`].
    pub async fn delete(&self, object: &Object<'_>) -> Result<(), ImagesError> {
        let deleted = self.client.delete_object().bucket(&*self.bucket).key(object.key());
        deleted.send().await.map(drop).map_err(broken)
    }

    /// Whether the bucket answers (P57).
    ///
    /// # Errors
    /// [`ImagesError`] when it does not.
    pub async fn probe(&self) -> Result<(), ImagesError> {
        let head = self.client.head_bucket().bucket(&*self.bucket);
        head.send().await.map(drop).map_err(broken)
    }
}

/// P48 and P56: how long uploads and downloads take, and how many fail.
fn observe(operation: &'static str, started: std::time::Instant, succeeded: bool) {
    let status = if succeeded { "success" } else { "failed" };
    metrics::histogram!("s3_request_duration_seconds", "operation" => operation)
        .record(started.elapsed());
    metrics::counter!("s3_requests_total", "operation" => operation, "status" => status)
        .increment(1);
}

fn broken<E, R>(error: SdkError<E, R>) -> ImagesError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    ImagesError(format!("{}", aws_sdk_s3::error::DisplayErrorContext(error)).into())
}
