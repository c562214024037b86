//! GET /staff/{restaurant_id}: the scanner. It says nothing about the restaurant, so it is the same for everybody; what
//! whoever has signed in may know, its script asks for.

use askama::Template;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::RestaurantId;
use domain::restaurant::RestaurantRefused;
use web::assets::{
    self, BUSINESS_CALLS, BUSINESS_WORDS, READER_SCRIPT, SCANNER_SCRIPT, STAFF_COUNTER,
    STAFF_SCRIPT,
};
use web::page::{self, Shell};

#[derive(Template)]
#[template(path = "page.html")]
struct StaffPage {
    shell: Shell,
    begins: String,
    /// The names under which the page's script knows its modules, and their addresses.
    modules: Vec<(&'static str, String)>,
    id: RestaurantId,
}

/// The path part `restaurant_id`. A text that is no id is a restaurant that is not there.
#[derive(Debug)]
pub(crate) struct RestaurantPath(RestaurantId);

impl<S: Send + Sync> FromRequestParts<S> for RestaurantPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| RestaurantId::parse(&text).ok());
        id.map(Self).ok_or_else(|| {
            page::problem(
                &RestaurantRefused::Unknown.into(),
                "There is no such restaurant",
                "The address is not whole. Ask whoever sent you here.",
            )
        })
    }
}

/// The scanner of a restaurant. Whoever has not signed in can do so there.
#[utoipa::path(
    get,
    path = "/staff/{restaurant_id}",
    tag = "desk",
    operation_id = "staff_page",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 404, description = "This is no restaurant's id", content_type = "text/html"),
    )
)]
pub(crate) async fn staff_page(RestaurantPath(id): RestaurantPath) -> Response {
    let shell = Shell::titled("Scan Customer QR");
    let page = StaffPage { shell, begins: STAFF_SCRIPT.path(), modules: modules(), id };
    page::html_scanning(StatusCode::OK, &page)
}

fn modules() -> Vec<(&'static str, String)> {
    let scripts = [
        ("calls", &BUSINESS_CALLS),
        ("counter", &STAFF_COUNTER),
        ("words", &BUSINESS_WORDS),
        ("scanner", &SCANNER_SCRIPT),
        ("reader", &READER_SCRIPT),
    ];
    let mut modules: Vec<_> =
        scripts.into_iter().map(|(name, asset)| (name, asset.path())).collect();
    // Without it the page says that customers are found by their e-mail address.
    modules.extend(assets::reader_module().map(|module| ("module", module.path())));
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a scanner may take from the network before the first scan, in bytes.
    const PAGE_MAX_BYTES: usize = 1_000_000;

    #[test]
    fn the_page_its_scripts_and_the_decoder_are_at_most_a_megabyte() {
        let id = RestaurantId::from_bytes([7; 16]);
        let shell = Shell::titled("Scan Customer QR");
        let page = StaffPage { shell, begins: STAFF_SCRIPT.path(), modules: modules(), id };
        let drawn = page.render().unwrap();
        let loaded = |asset: &&&assets::Asset| drawn.contains(&asset.path());
        let loaded: Vec<_> = assets::ALL.iter().filter(loaded).collect();
        let bytes = loaded.iter().map(|asset| asset.bytes.len()).sum::<usize>() + drawn.len();
        assert!(loaded.len() >= 7, "{}", loaded.len());
        assert!(bytes <= PAGE_MAX_BYTES, "{bytes}");
    }
}
