//! The files of a printing, and the logo that is printed with it.

use aws_sdk_s3::primitives::ByteStream;
use domain::campaign::Batch;

use super::{Files, FilesError, broken};

/// What a file is, which decides its name and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintFile {
    /// All codes, a line each.
    Codes,
    /// The lines of one part; the file of all codes is made of them.
    Lines(u32),
    /// The sheets of one part.
    Sheets(u32),
}

impl PrintFile {
    /// `prints/{tenant}/{batch}/{name}`: not served.
    pub fn key(self, batch: &Batch) -> String {
        format!("prints/{}/{}/{}", batch.tenant, batch.id, self.name())
    }

    /// What it is called for whoever fetches it.
    pub fn name(self) -> String {
        match self {
            Self::Codes => "codes.csv".to_owned(),
            Self::Lines(part) => format!("lines-{part:03}.csv"),
            Self::Sheets(part) => format!("sheets-{part:03}.pdf"),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Codes | Self::Lines(_) => "text/csv; charset=utf-8",
            Self::Sheets(_) => "application/pdf",
        }
    }
}

impl Files {
    /// Writes a file of a printing, over one of the same name.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn put_print(
        &self,
        batch: &Batch,
        file: PrintFile,
        bytes: Vec<u8>,
    ) -> Result<(), FilesError> {
        let name = format!("attachment; filename=\"{}-{}\"", batch.name, file.name());
        let put = self.client.put_object().bucket(&*self.bucket).key(file.key(batch));
        let put = put.content_type(file.content_type()).content_disposition(name);
        let put = put.cache_control("private, no-store").body(ByteStream::from(bytes));
        put.send().await.map(drop).map_err(broken)
    }

    /// The bytes of a file of a printing, if it is there.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn print(
        &self,
        batch: &Batch,
        file: PrintFile,
    ) -> Result<Option<Vec<u8>>, FilesError> {
        self.bytes_of(&file.key(batch)).await
    }

    /// The tenant's logo under its key, if it is there.
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn logo(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        self.bytes_of(key).await
    }

    /// An address from which whoever has it fetches a file of a printing, for [`super::ADDRESS_VALID_FOR`].
    ///
    /// # Errors
    /// [`FilesError`].
    pub async fn print_address(&self, key: &str) -> Result<String, FilesError> {
        self.address_of(key).await
    }

    async fn bytes_of(&self, key: &str) -> Result<Option<Vec<u8>>, FilesError> {
        let found = self.client.get_object().bucket(&*self.bucket).key(key).send().await;
        let object = match found {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(broken(error)),
        };
        let bytes = object.body.collect().await.map_err(|error| FilesError(error.into()))?;
        Ok(Some(bytes.to_vec()))
    }
}
