//! Files on S3 that are fetched for a few minutes: exports, written in parts, and printings. They lie in the images'
//! bucket under prefixes that the content network does not serve, and are gone after a week or, printings, a month.

mod print;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::export::Export;
use domain::failure::{Failure, Kind};

use crate::environment::{Environment, EnvironmentError};

pub use print::PrintFile;

/// The fewest bytes of a part that is not the last: S3's own limit.
pub const PART_BYTES_MIN: usize = 5 * 1024 * 1024;
/// How long an address is valid.
pub const ADDRESS_VALID_FOR: Duration = Duration::from_secs(300);

/// Where exports lie.
#[derive(Clone, Debug)]
pub struct Files {
    client: Client,
    bucket: Arc<str>,
}

/// The store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the file store does not answer, try again")]
pub struct FilesError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for FilesError {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }

    fn code(&self) -> &'static str {
        "file_store_unavailable"
    }

    fn retry_after_s(&self) -> Option<u64> {
        Some(1)
    }
}

/// `exports/{tenant}/{export}.csv`: not served.
fn key(export: &Export) -> String {
    format!("exports/{}/{}.csv", export.tenant, export.id)
}

impl Files {
    /// The bucket that `IMAGES_BUCKET` names.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a missing variable.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let config = env.aws("S3")?;
        // An emulator has no host name per bucket.
        let path_style = config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style);
        let bucket = env.required("IMAGES_BUCKET")?.into();
        Ok(Self { client: Client::from_conf(config.build()), bucket })
    }

    /// Begins the file of an export; says under which id its parts are sent. What is never completed goes by itself.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn begin(&self, export: &Export) -> Result<String, FilesError> {
        let name = format!("attachment; filename=\"{}-{}.csv\"", export.kind, export.id);
        let begin = self.client.create_multipart_upload().bucket(&*self.bucket).key(key(export));
        let begin = begin.content_type("text/csv; charset=utf-8").content_disposition(name);
        let begun = begin.cache_control("private, no-store").send().await.map_err(broken)?;
        begun.upload_id.ok_or_else(|| FilesError("the store names no upload".into()))
    }

    /// Sends a part of a file, over one of the same number; numbers count from 1. Says what tells it from others.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn send_part(
        &self,
        export: &Export,
        upload: &str,
        number: usize,
        bytes: Vec<u8>,
    ) -> Result<String, FilesError> {
        let number = i32::try_from(number).map_err(|error| FilesError(error.into()))?;
        let part = self.client.upload_part().bucket(&*self.bucket).key(key(export));
        let part = part.upload_id(upload).part_number(number).body(ByteStream::from(bytes));
        let sent = part.send().await.map_err(broken)?;
        sent.e_tag.ok_or_else(|| FilesError("the store names no tag".into()))
    }

    /// Makes one file of the parts. A file that is complete stays as it is.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn complete(
        &self,
        export: &Export,
        upload: &str,
        tags: &[String],
    ) -> Result<(), FilesError> {
        let part = |(number, tag): (i32, &String)| {
            CompletedPart::builder().part_number(number).e_tag(tag).build()
        };
        let parts = (1..).zip(tags).map(part).collect();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket(&*self.bucket);
        let complete = complete.key(key(export)).upload_id(upload).multipart_upload(parts);
        match complete.send().await {
            Ok(_) => Ok(()),
            // Somebody has completed it, and died before that was written down.
            Err(_) if self.is_there(export).await => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    async fn is_there(&self, export: &Export) -> bool {
        self.client.head_object().bucket(&*self.bucket).key(key(export)).send().await.is_ok()
    }

    /// An address from which whoever has it fetches the file, for [`ADDRESS_VALID_FOR`].
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn address(&self, export: &Export) -> Result<String, FilesError> {
        self.address_of(&key(export)).await
    }

    async fn address_of(&self, key: &str) -> Result<String, FilesError> {
        let config = PresigningConfig::expires_in(ADDRESS_VALID_FOR);
        let config = config.map_err(|error| FilesError(error.into()))?;
        let get = self.client.get_object().bucket(&*self.bucket).key(key);
        Ok(get.presigned(config).await.map_err(broken)?.uri().to_owned())
    }
}

fn broken<E, R>(error: SdkError<E, R>) -> FilesError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    FilesError(format!("{}", DisplayErrorContext(error)).into())
}
