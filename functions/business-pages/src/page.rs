//! GET /business/{business_id}: the till. A device is known by what its browser keeps, so whoever has not signed in
//! gets the same page without a word about the business, and the page itself finds out whether it is a device.

use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::business::{Business, BusinessRefused};
use domain::failure::Failure;
use domain::id::BusinessId;
use domain::voucher::VoucherRefused;
use web::assets::{
    self, BUSINESS_CALLS, BUSINESS_LINES, BUSINESS_OFFLINE, BUSINESS_SCRIPT, BUSINESS_SHELF,
    BUSINESS_STORE, BUSINESS_TILL, BUSINESS_WORDS, READER_SCRIPT, SCANNER_SCRIPT,
};
use web::page::{self, Shell};
use web::principal::Permission;
use web::{BusinessReader, Problem, may};

use crate::Deps;

/// Where the page's files are.
struct Files {
    begins: String,
    /// The names under which the page's script knows its modules, and their addresses.
    modules: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct BusinessPage {
    shell: Shell,
    files: Files,
    id: BusinessId,
    /// The name, for whoever has signed in.
    name: Option<String>,
}

impl BusinessPage {
    /// Everything that a reload without a network needs.
    fn kept(&self) -> String {
        let modules = self.files.modules.iter().map(|(_, path)| path.as_str());
        let all: Vec<&str> = [self.files.begins.as_str()].into_iter().chain(modules).collect();
        all.join(" ")
    }
}

impl Files {
    fn all() -> Self {
        let scripts = [
            ("calls", &BUSINESS_CALLS),
            ("lines", &BUSINESS_LINES),
            ("offline", &BUSINESS_OFFLINE),
            ("shelf", &BUSINESS_SHELF),
            ("store", &BUSINESS_STORE),
            ("till", &BUSINESS_TILL),
            ("words", &BUSINESS_WORDS),
            ("scanner", &SCANNER_SCRIPT),
            ("reader", &READER_SCRIPT),
        ];
        let mut modules: Vec<_> =
            scripts.into_iter().map(|(name, asset)| (name, asset.path())).collect();
        // Without it the page says that a code has to be typed.
        modules.extend(assets::reader_module().map(|module| ("module", module.path())));
        Self { begins: BUSINESS_SCRIPT.path(), modules }
    }
}

/// The path part `business_id`. A text that is no id is a business that is not there.
#[derive(Debug)]
pub(crate) struct BusinessPath(pub(crate) BusinessId);

impl<S: Send + Sync> FromRequestParts<S> for BusinessPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| BusinessId::parse(&text).ok());
        id.map(Self).ok_or_else(|| turned_away(&BusinessRefused::Unknown.into()))
    }
}

/// The till of a business. Whoever has not signed in gets it without the business's name, and can sign in or enrol
/// there.
#[utoipa::path(
    get,
    path = "/business/{business_id}",
    tag = "desk",
    operation_id = "business_page",
    params(("business_id" = String, Path, description = "The business")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "The key that has signed in may not redeem", content_type = "text/html"),
        (status = 404, description = "No such business", content_type = "text/html"),
    )
)]
pub(crate) async fn business_page(
    State(deps): State<Deps>,
    BusinessPath(id): BusinessPath,
    reader: Result<BusinessReader<may::RedemptionsWrite>, Problem>,
) -> Response {
    let business = match reader {
        Ok(reader) => own(&deps, &reader, &id).await.map(Some),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(None),
        Err(problem) => Err(problem),
    };
    match business {
        Ok(business) => draw(id, business.map(|business| business.profile.name)),
        Err(problem) => turned_away(&problem),
    }
}

fn draw(id: BusinessId, name: Option<String>) -> Response {
    let title = name.as_ref().map(|name| format!("{name} · Redeem vouchers"));
    let shell = Shell::titled(title.unwrap_or_else(|| "Redeem vouchers".to_owned()));
    let page = BusinessPage { shell, files: Files::all(), id, name };
    page::html_scanning(StatusCode::OK, &page)
}

/// The business, if this key may know of it.
///
/// # Errors
/// [`BusinessRefused::Unknown`], or the store's failure.
pub(crate) async fn own<P: Permission>(
    deps: &Deps,
    reader: &BusinessReader<P>,
    id: &BusinessId,
) -> Result<Business, Problem> {
    let business = deps.table.business(&reader.tenant, id).await?;
    let business = business.filter(|business| reader.may_see(&business.id));
    Ok(business.ok_or(BusinessRefused::Unknown)?)
}

/// What somebody who may not see it reads.
pub(crate) fn turned_away(problem: &Problem) -> Response {
    let (heading, advice) = match problem.status() {
        StatusCode::NOT_FOUND if problem.code() == VoucherRefused::Unknown.code() => (
            "There is no such voucher",
            "This business has none with this id. Choose one from the list of its figures.",
        ),
        StatusCode::NOT_FOUND => (
            "There is no such business",
            "It may be another organisation's, or the address is not whole. Ask whoever sent you here.",
        ),
        StatusCode::FORBIDDEN => (
            "Your key may not do this",
            "Ask whoever manages your keys for one with this scope, and sign in with it.",
        ),
        status if status.is_server_error() => {
            ("Please try again", "Nothing was changed. Load the page again in a moment.")
        }
        _ => ("This did not work", "Look at the address, and load the page again."),
    };
    page::problem(problem, heading, advice)
}
