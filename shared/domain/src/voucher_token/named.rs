//! Which voucher a code says that it is of, before anything of it is believed. The voucher's tenant is the audience
//! that the code is then verified for: a reader who has no key of a tenant learns it from nowhere else.

use serde::Deserialize;

use super::{TEXT_MAX_BYTES, compact, jwt};
use crate::id::VoucherId;

/// The one claim that is looked at.
#[derive(Deserialize)]
struct Named {
    vid: VoucherId,
}

/// The voucher that a token names, in either form; none for what is no token. Whoever asks verifies it next.
pub fn voucher_named(token: &str) -> Option<VoucherId> {
    if token.len() > TEXT_MAX_BYTES {
        return None;
    }
    if token.contains('.') {
        let read = jwt::read(token).ok()?;
        return serde_json::from_slice::<Named>(&read.payload).ok().map(|named| named.vid);
    }
    Some(compact::read(token).ok()?.claims().ok()?.voucher)
}
