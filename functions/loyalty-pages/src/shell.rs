//! GET /wallet/offline and GET /wallet/worker.js: what the wallet is without a network. The page is the same for
//! everybody, and learns from the browser whose it is. The worker's scope is its folder, so it stands here and not
//! among the other files of pages.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use web::assets::{
    Asset, DRAWING_SCRIPT, WALLET_KEPT, WALLET_OFFLINE, WALLET_SIGNED, WALLET_WORKER,
    drawing_module,
};
use web::page::{self, Shell, kept_for_a_minute};

use crate::look::Look;

/// Where the shell is.
pub(crate) const SHELL: &str = "/wallet/offline";
/// Where the worker is.
pub(crate) const WORKER: &str = "/wallet/worker.js";
/// What the worker may do: ask our own origin, nothing else.
const POLICY: &str = "default-src 'none'; connect-src 'self'; base-uri 'none'";

/// The addresses of what makes codes without a network.
pub(crate) struct Files {
    pub(crate) drawing_script: String,
    pub(crate) kept: String,
    pub(crate) signed: String,
    /// Without it a page makes no codes itself.
    pub(crate) drawing: Option<String>,
}

impl Files {
    /// Those of this build.
    pub(crate) fn all() -> Self {
        Self {
            drawing_script: DRAWING_SCRIPT.path(),
            kept: WALLET_KEPT.path(),
            signed: WALLET_SIGNED.path(),
            drawing: drawing_module().map(Asset::path),
        }
    }

    /// All that the shell needs, as a list with blanks.
    pub(crate) fn of_shell(&self, stylesheet: &str) -> String {
        let offline = WALLET_OFFLINE.path();
        let Self { drawing_script, kept, signed, drawing } = self;
        let all = [stylesheet, &offline, drawing_script, kept, signed].into_iter();
        all.chain(drawing.as_deref()).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Template)]
#[template(path = "offline.html")]
struct OfflinePage {
    shell: Shell,
    look: Look,
    files: Files,
    script: String,
}

/// The wallet without a network, the same for everybody.
#[utoipa::path(
    get,
    path = "/wallet/offline",
    tag = "loyalty",
    operation_id = "wallet_shell",
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 304, description = "The browser has it"),
    )
)]
pub(crate) async fn wallet_shell(headers: HeaderMap) -> Response {
    let look = Look::plain();
    let policy = look.policy.clone();
    let shell = Shell::titled("Without a network");
    let page = OfflinePage { shell, look, files: Files::all(), script: WALLET_OFFLINE.path() };
    kept_for_a_minute(page::html_under(StatusCode::OK, &page, policy), &headers).await
}

/// The worker that keeps the shell.
#[utoipa::path(
    get,
    path = "/wallet/worker.js",
    tag = "loyalty",
    operation_id = "wallet_worker",
    responses((status = 200, description = "The worker", content_type = "text/javascript"))
)]
pub(crate) async fn wallet_worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(WALLET_WORKER.content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, WALLET_WORKER.bytes).into_response()
}
