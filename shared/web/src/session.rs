//! Sessions of pages: a key is exchanged for a cookie of twelve hours. The cookie holds a random token; only its
//! fingerprint is kept, and it ends with the key.

use adapters::ids::Ids;
use adapters::table::{Session, Table};
use axum::http::HeaderMap;
use domain::access::{fingerprint, hex};
use domain::limit::SESSION_HOURS;
use jiff::{SignedDuration, Timestamp};

use crate::principal::{SESSION_COOKIE, session_token};
use crate::problem::Problem;

/// A session that was opened.
#[derive(Clone)]
pub struct Opened {
    /// The value of `Set-Cookie`.
    pub cookie: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Opens a session for a key's secret, which is known to be one.
///
/// # Errors
/// The store's failure.
pub async fn open(table: &Table, ids: &Ids, secret: &str) -> Result<Opened, Problem> {
    let lasts = SignedDuration::from_hours(SESSION_HOURS);
    let expires_at = ids.now().saturating_add(lasts).unwrap_or(Timestamp::MAX);
    let token = hex(&ids.bytes::<32>());
    let (key_fingerprint, ttl) = (fingerprint(secret), expires_at.as_second());
    let session = Session { key_fingerprint, expires_at, ttl };
    table.insert_session(&fingerprint(&token), &session).await?;
    Ok(Opened { cookie: cookie(&token, SESSION_HOURS * 3600), expires_at })
}

/// Ends the session of the cookie, if there is one, and answers the value of `Set-Cookie` that takes it away.
///
/// # Errors
/// The store's failure.
pub async fn close(table: &Table, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(token) = session_token(headers) {
        table.delete_session(&fingerprint(token)).await?;
    }
    Ok(cookie("", 0))
}

fn cookie(token: &str, max_age_s: i64) -> String {
    format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax")
}
