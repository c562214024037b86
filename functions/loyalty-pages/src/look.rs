//! What is the tenant's own on a page, and what the page may load: beside our own files the module that draws codes.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::render::Rgb;
use domain::tenant::{Tenant, TenantSettings};
use sha2::{Digest, Sha256};
use web::tip::readable_on;

/// A page's look.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The tenant's colour.
    pub(crate) color: Rgb,
    /// The stylesheet with that colour; its hash is in the content policy, so that nothing else is taken.
    pub(crate) style: String,
    /// The content policy.
    pub(crate) policy: HeaderValue,
}

impl Look {
    /// The look of a tenant's pages.
    pub(crate) fn of(tenant: &Tenant) -> Self {
        Self::in_color(tenant.settings.brand_color)
    }

    /// The look of a page that is no tenant's.
    pub(crate) fn plain() -> Self {
        Self::in_color(TenantSettings::named("").brand_color)
    }

    fn in_color(color: Rgb) -> Self {
        let style = format!(":root{{--tenant:{color};--on-tenant:{}}}", readable_on(color));
        let hash = STANDARD.encode(Sha256::digest(&style));
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'sha256-{hash}'; \
             img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        // Base64 is a header's text.
        let policy = HeaderValue::from_str(&policy);
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { color, style, policy }
    }
}
