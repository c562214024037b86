//! A guard's code as a file in a mail.

use adapters::mail::Attachment;
use domain::render::{Level, RenderSpec};
use qr::RenderRefused;

/// Large enough to print, and one pixel deep: about two kilobytes.
const SPEC: RenderSpec =
    RenderSpec { size: 1024, error_correction: Level::Q, logo: false, ..RenderSpec::PROPERTY };

/// The code that leads to `url`, read back once as every image is.
///
/// # Errors
/// [`RenderRefused`] for an address that is too long for a code.
pub(crate) fn attachment(url: &str) -> Result<Attachment, RenderRefused> {
    let bytes = qr::render(url, &SPEC, None)?.bytes;
    Ok(Attachment { name: "tip-code.png".to_owned(), content_type: "image/png", bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_a_small_picture_of_the_address() {
        let url = "https://tips.example.org/g/0123456789ab";
        let file = attachment(url).unwrap();
        assert!(file.bytes.len() < 10_000, "{} bytes", file.bytes.len());
        assert_eq!(qr::decode(&file.bytes).unwrap(), url);
    }
}
