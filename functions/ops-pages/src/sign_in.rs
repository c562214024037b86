//! GET and POST /desk/sign-in, POST /desk/sign-out: a key is exchanged for a session, and the session ended. The form's
//! token is bound to a cookie that only this browser has, so that nobody signs somebody else in.

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{fingerprint, hex};
use web::desk::{Field, Fields, FormToken, SIGN_IN, TurnedAway, Wrongs, see};
use web::page::{self, Shell};
use web::principal::{AccessRefused, key_of_secret, session_token};
use web::{Problem, input, session};

use crate::Deps;

/// The cookie of a browser that has not signed in yet.
const VISIT_COOKIE: &str = "__Host-desk-visit";
/// Random bytes in it.
const VISIT_BYTES: usize = 16;
/// How long the form may be open, in seconds.
const VISIT_S: u32 = 3_600;
/// Where one goes after signing in, unless one wanted to go elsewhere.
const HOME: &str = "/desk";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    csrf: String,
    next: String,
    key: Field,
    wrongs: Wrongs,
}

/// The form for signing in.
#[utoipa::path(
    get,
    path = "/desk/sign-in",
    tag = "desk",
    operation_id = "sign_in_page",
    params(("next" = Option<String>, Query, description = "The page that one wanted to see")),
    responses((status = 200, description = "The form", content_type = "text/html"))
)]
pub(crate) async fn sign_in_page(
    State(deps): State<Deps>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, TurnedAway> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    draw(&deps, &headers, query.get("next"), (StatusCode::OK, Wrongs::default())).await
}

async fn draw(
    deps: &Deps,
    headers: &HeaderMap,
    next: &str,
    (status, wrongs): (StatusCode, Wrongs),
) -> Result<Response, TurnedAway> {
    // A browser with two such pages open has one cookie for both.
    let known = cookie_of(headers).filter(|visit| is_visit(visit)).map(str::to_owned);
    let visit = known.unwrap_or_else(|| hex(&deps.ids.bytes::<VISIT_BYTES>()));
    let page = SignInPage {
        shell: Shell::titled("Sign in · Tessera"),
        csrf: FormToken::make(&deps.seal, &deps.ids, &fingerprint(&visit)).await?,
        next: own_path(next).to_owned(),
        key: Field::text("api_key", "API key")
            .of("password")
            .hint("It begins with tsk_. Keep it as you keep a password.")
            .checked(&wrongs),
        wrongs,
    };
    let cookie = format!(
        "{VISIT_COOKIE}={visit}; Path=/; Max-Age={VISIT_S}; Secure; HttpOnly; SameSite=Strict"
    );
    Ok(with_cookie(page::html(status, &page), &cookie))
}

/// Exchanges a key for a session, and leads to the page that one wanted to see.
#[utoipa::path(
    post,
    path = "/desk/sign-in",
    tag = "desk",
    operation_id = "sign_in",
    responses(
        (status = 303, description = "The session is open"),
        (status = 401, description = "The key is not valid", content_type = "text/html"),
        (status = 403, description = "The form is not ours", content_type = "text/html"),
    )
)]
pub(crate) async fn sign_in(
    State(deps): State<Deps>,
    request: Request,
) -> Result<Response, TurnedAway> {
    let (headers, fields) = typed(request).await?;
    let visit = fingerprint(cookie_of(&headers).unwrap_or_default());
    FormToken::open(&deps.seal, &visit, fields.get("csrf"), deps.ids.now()).await??;
    let secret = fields.get("api_key").trim();
    match admit(&deps, secret).await {
        Ok(cookie) => Ok(with_cookie(see(own_path(fields.get("next"))), &cookie)),
        Err(problem) if problem.status().is_server_error() => Err(problem.into()),
        Err(problem) => {
            let wrongs = Wrongs::about("api_key", &problem);
            draw(&deps, &headers, fields.get("next"), (problem.status(), wrongs)).await
        }
    }
}

/// The cookie of a new session.
async fn admit(deps: &Deps, secret: &str) -> Result<String, Problem> {
    let key = key_of_secret(&deps.table, secret).await?;
    if key.bound_to.is_some() {
        // Such a key reads one record through the API; nothing of the desk is there for it.
        return Err(AccessRefused::UnknownKey.into());
    }
    let opened = session::open(&deps.table, &deps.ids, secret).await?;
    tracing::info!(event = "signed_in", key.id = %key.id, "`{}` has signed in", key.id);
    Ok(opened.cookie)
}

/// Ends the session.
#[utoipa::path(
    post,
    path = "/desk/sign-out",
    tag = "desk",
    operation_id = "sign_out",
    responses(
        (status = 303, description = "The session has ended"),
        (status = 403, description = "The form is not ours", content_type = "text/html"),
    )
)]
pub(crate) async fn sign_out(
    State(deps): State<Deps>,
    request: Request,
) -> Result<Response, TurnedAway> {
    let (headers, fields) = typed(request).await?;
    // Who has no session is out already.
    let Some(token) = session_token(&headers) else { return Ok(see(SIGN_IN)) };
    let (session, now) = (fingerprint(token), deps.ids.now());
    FormToken::open(&deps.seal, &session, fields.get("csrf"), now).await??;
    let cookie = session::close(&deps.table, &headers).await?;
    Ok(with_cookie(see(SIGN_IN).into_response(), &cookie))
}

/// The headers of a request and the fields of its form.
async fn typed(request: Request) -> Result<(HeaderMap, Fields), TurnedAway> {
    let headers = request.headers().clone();
    let bytes = input::bytes(request, &()).await?;
    Ok((headers, Fields::parse(&bytes)))
}

/// A path of the desk and nothing else: whoever writes a link must not choose where a sign-in leads to.
fn own_path(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let inside = next.starts_with("/desk/") && !next.starts_with(SIGN_IN) && !next.contains("//");
    if plain && inside { next } else { HOME }
}

/// Whether a cookie is one that we have made.
fn is_visit(text: &str) -> bool {
    text.len() == 2 * VISIT_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == VISIT_COOKIE).map(|(_, value)| value)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_the_desk_and_nowhere_else() {
        let check = |next: &str, expected: &str| assert_eq!(own_path(next), expected, "{next}");
        check("/desk/guards?q=a&cursor=x", "/desk/guards?q=a&cursor=x");
        check("/desk/guards/grd_1", "/desk/guards/grd_1");
        for foreign in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/desk/",
            "/desk//evil.example",
            "/desk/\\evil",
            "/desk/a\r\nSet-Cookie: x=y",
            "/desk/sign-in?next=/desk/sign-in",
            "desk/",
            "/api/v1/guards",
        ] {
            check(foreign, HOME);
        }
    }
}
