//! Where the parts of a guard's page come from: codes and photos, and the bucket to which a browser sends a photo.

use std::sync::Arc;

use adapters::environment::{Environment, EnvironmentError};
use adapters::images::upload_origin;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::guard::{Guard, GuardStatus};
use web::desk::Tag;
use web::guard::GuardCodes;
use web::page;

/// Codes, photos, and where photos are sent.
#[derive(Clone, Debug)]
pub(crate) struct GuardSite {
    pub(crate) codes: GuardCodes,
    uploads: Arc<str>,
}

impl GuardSite {
    /// The deployment's addresses and key.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        Ok(Self { codes: GuardCodes::from_env(env)?, uploads: upload_origin(env)?.into() })
    }

    /// A page that shows photos and may send one.
    pub(crate) fn html(&self, status: StatusCode, page: &impl askama::Template) -> Response {
        let (images, uploads) = (self.codes.images_url(), &self.uploads);
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {images}; \
             connect-src 'self' {uploads}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        // Both addresses are parameters of the deployment; one that is no header's text lets nothing through.
        let policy = HeaderValue::from_str(&policy);
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        page::html_under(status, page, policy)
    }

    /// How a guard looks in a list and at the head of its page.
    pub(crate) fn face(&self, guard: &Guard) -> Face {
        let initial = guard.profile.first_name.chars().next();
        Face {
            photo: guard.photo.as_ref().map(|key| self.codes.photo_url(key)),
            initial: initial.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default(),
        }
    }
}

/// A photo, or what is drawn where there is none.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub(crate) photo: Option<String>,
    pub(crate) initial: String,
}

/// A guard's status.
pub(crate) fn tag_of(status: GuardStatus) -> Tag {
    match status {
        GuardStatus::Active => Tag::new("Active", "fine"),
        GuardStatus::Suspended => Tag::new("Suspended", "wait"),
        GuardStatus::Archived => Tag::new("Archived", "over"),
    }
}
