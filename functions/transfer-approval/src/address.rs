//! Who asks: whoever knows the last part of the tenant's approval address. Paystack does not say that it signs the
//! question, so the address is the secret; it is compared before the body is read.

use adapters::paystack::PaystackKeys;
use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, Path, Request};
use domain::failure::{Failure, Kind};
use domain::id::TenantId;
use web::Problem;
use web::input;

/// The longest question, in bytes. A transfer of Paystack's has about a thousand.
const QUESTION_BYTES_MAX: usize = 8 * 1024;

/// Why a question is not heard. One reason for all: whoever guesses learns nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressRefused {
    /// Another secret, another tenant, or none.
    #[error("there is nothing at this address")]
    Unknown,
}

impl Failure for AddressRefused {
    fn kind(&self) -> Kind {
        Kind::Missing
    }

    fn code(&self) -> &'static str {
        "approval_address_unknown"
    }
}

/// A question that came to the address of a tenant.
pub(crate) struct Question {
    /// Whose address it was.
    pub tenant: TenantId,
    /// Whatever was sent.
    pub body: Bytes,
}

impl<S> FromRequest<S> for Question
where
    S: Send + Sync,
    PaystackKeys: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let address = axum::RequestPartsExt::extract::<Path<(String, String)>>(&mut parts).await;
        let Path((tenant, secret)) = address.map_err(|_| AddressRefused::Unknown)?;
        let tenant = TenantId::parse(&tenant).map_err(|_| AddressRefused::Unknown)?;
        if !PaystackKeys::from_ref(state).opens_approval(&tenant, &secret).await? {
            return Err(AddressRefused::Unknown.into());
        }
        let body = input::bytes(Request::from_parts(parts, body), state).await?;
        if body.len() > QUESTION_BYTES_MAX {
            return Err(input::BodyRefused::TooLarge.into());
        }
        Ok(Self { tenant, body })
    }
}
