//! The codes of a voucher (V2, V4, V5, V32): three forms of the same one.

use adapters::signer::{SignError, VoucherSigner};
use domain::id::VoucherId;
use domain::voucher::Voucher;
use domain::voucher_token::StatusListFull;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

/// The forms of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CodeType {
    /// A signed token, for a QR code.
    Qr,
    /// Eight symbols, to be typed.
    Short,
    /// Chosen by somebody, for mass-printed books.
    Static,
}

/// A code of a voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoucherCodeResponse {
    /// Its id: the voucher's, and the form.
    id: String,
    /// Of which voucher.
    #[schema(value_type = String)]
    voucher_id: VoucherId,
    /// What a scanner or a keyboard brings.
    code: String,
    /// Its form.
    #[serde(rename = "type")]
    form: CodeType,
    /// The page that its QR code leads to; typed codes have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// From when on it is not good any more, by its signature: a year at most, while the voucher may run on. A new one
    /// is shown half a year before. Typed codes are good as long as the voucher.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A voucher's own token as it is shown now, and the first instant at which it is not good any more.
///
/// # Errors
/// The key cannot be asked, or the status list has no such place.
pub(crate) async fn token(
    signer: &VoucherSigner,
    voucher: &Voucher,
    now: Timestamp,
) -> Result<(String, Timestamp), Problem> {
    let claims = voucher.claims(now).map_err(|full: StatusListFull| Problem::from(full))?;
    let signed: Result<String, SignError> = signer.jwt(&claims, &voucher.tenant).await;
    Ok((signed?, claims.expires_at))
}

/// All codes of a voucher.
///
/// # Errors
/// As [`token`].
pub(crate) async fn all(
    signer: &VoucherSigner,
    voucher: &Voucher,
    now: Timestamp,
) -> Result<Vec<VoucherCodeResponse>, Problem> {
    let (token, ends) = token(signer, voucher, now).await?;
    let code = |form: CodeType, name: &str, code: &str| VoucherCodeResponse {
        id: format!("{}-{name}", voucher.id),
        voucher_id: voucher.id.clone(),
        code: code.to_owned(),
        form,
        url: None,
        expires_at: None,
    };
    let page = signer.realm(&voucher.tenant).page_url(&token);
    let qr = code(CodeType::Qr, "qr", &token);
    let mut codes = vec![
        VoucherCodeResponse { url: Some(page), expires_at: Some(ends), ..qr },
        code(CodeType::Short, "short", voucher.short.as_str()),
    ];
    let fixed = voucher.fixed.as_ref();
    codes.extend(fixed.map(|fixed| code(CodeType::Static, "static", fixed.as_str())));
    Ok(codes)
}
