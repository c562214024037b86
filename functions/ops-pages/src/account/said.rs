//! What the bank has said about an account that was just set: shown once, kept nowhere but in the browser's own cookie,
//! and there for a minute.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use domain::id::GuardId;
use web::Problem;
use web::desk::SignedIn;
use web::seal::Seal;

const COOKIE: &str = "__Host-desk-said";
/// What it is sealed for.
const PURPOSE: &str = "desk-said";
/// How long it is kept, in seconds.
const KEPT_S: u32 = 60;

/// What the bank says.
pub(crate) struct Said {
    /// The owner's name, where banks tell.
    pub(crate) name: Option<String>,
    /// Whether it is like the guard's.
    pub(crate) matches: bool,
}

impl Said {
    /// Puts it into the answer's cookie.
    pub(crate) async fn told(
        self,
        seal: &Seal,
        who: &SignedIn,
        guard: &GuardId,
        mut response: Response,
    ) -> Result<Response, Problem> {
        let matches = if self.matches { "yes" } else { "no" };
        let value = format!("{matches}|{}", self.name.unwrap_or_default());
        let sealed = seal.close(&[PURPOSE, who.key.as_str(), guard.as_str()], &value).await?;
        set(&mut response, &sealed, KEPT_S);
        Ok(response)
    }

    /// Reads it from the request's cookie.
    pub(crate) async fn of(
        seal: &Seal,
        who: &SignedIn,
        guard: &GuardId,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Problem> {
        let lines = headers.get_all(header::COOKIE).into_iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let Some((_, sealed)) = pairs.find(|(name, _)| *name == COOKIE) else { return Ok(None) };
        let value = seal.open(&[PURPOSE, who.key.as_str(), guard.as_str()], sealed).await?;
        Ok(value.as_deref().and_then(|value| value.split_once('|')).map(|(matches, name)| Self {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            matches: matches == "yes",
        }))
    }

    /// Takes the cookie away: it was shown.
    pub(crate) fn forgotten(mut response: Response) -> Response {
        set(&mut response, "", 0);
        response
    }
}

fn set(response: &mut Response, value: &str, max_age_s: u32) {
    let cookie =
        format!("{COOKIE}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Strict");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
