//! What a tip page looks like and may load: the tenant's colour, the guard's photo, and the one foreign place that it
//! may lead to, or that it opens inside itself where the tenant wants that (X40).

use std::sync::Arc;

use adapters::environment::{Environment, EnvironmentError};
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::guard::TipTarget;
use domain::render::Rgb;
use sha2::{Digest, Sha256};
use url::Url;

/// Where the pages' parts come from, and where a payment goes on.
#[derive(Clone, Debug)]
pub struct Site {
    cdn_base_url: Arc<str>,
    checkout_origin: Arc<str>,
    inline_script: Arc<Url>,
}

/// What is the tenant's and the guard's own on a page.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// The tenant's colour.
    pub color: Rgb,
    /// The stylesheet with that colour; its hash is in the content policy, so that nothing else is taken.
    pub style: String,
    /// The photo's address.
    pub photo: Option<String>,
    /// What is drawn where there is no photo.
    pub initial: String,
    /// The content policy.
    pub policy: HeaderValue,
    /// The address of Paystack's script, where the page may open the checkout inside itself.
    pub inline_script: Option<String>,
}

impl Site {
    /// From `CDN_BASE_URL`, `CHECKOUT_ORIGIN` and `INLINE_SCRIPT_URL`.
    ///
    /// # Errors
    /// [`EnvironmentError`] names a variable that is missing or wrong.
    pub fn from_env(env: &Environment) -> Result<Self, EnvironmentError> {
        let script = env.required("INLINE_SCRIPT_URL")?;
        let script = Url::parse(&script).ok().filter(|script| script.origin().is_tuple());
        let script = script.ok_or_else(|| EnvironmentError::Invalid {
            name: "INLINE_SCRIPT_URL",
            reason: "it is no address of a script".to_owned(),
        })?;
        Ok(Self {
            cdn_base_url: env.required("CDN_BASE_URL")?.trim_end_matches('/').into(),
            checkout_origin: env.required("CHECKOUT_ORIGIN")?.trim_end_matches('/').into(),
            inline_script: Arc::new(script),
        })
    }

    /// Of a page that leads to the checkout, or nowhere.
    pub(super) fn look(&self, target: &TipTarget) -> Look {
        self.look_with(target, None)
    }

    /// Of the form, which opens the checkout inside itself where the tenant has switched that on.
    pub(super) fn form_look(&self, target: &TipTarget) -> Look {
        let script = Some(&*self.inline_script).filter(|_| target.tips.inline_checkout);
        self.look_with(target, script)
    }

    fn look_with(&self, target: &TipTarget, inline_script: Option<&Url>) -> Look {
        let color = target.brand_color;
        let style = format!(":root{{--tenant:{color};--on-tenant:{}}}", readable_on(color));
        let photo = target.photo.as_ref().map(|key| format!("{}/{key}", self.cdn_base_url));
        let initial = target.name.chars().next().map(|first| first.to_uppercase().to_string());
        let policy = self.policy(&style, inline_script);
        Look {
            color,
            style,
            photo,
            initial: initial.unwrap_or_default(),
            policy,
            inline_script: inline_script.map(Url::to_string),
        }
    }

    /// Nothing inline but the one style with this hash; images from the content network; a form may lead to ourselves
    /// and, by our redirect, to the checkout.
    ///
    /// Paystack's script needs two hosts more: its own, and that of the checkout in its frame. It talks to that frame
    /// and asks nobody from our page, so `connect-src` stays; it places its frames through the object model, which no
    /// policy on styles concerns. The one style that it writes, for the spinner behind a frame that loads, is left out:
    /// its hash would be another one with each of their versions, and `'unsafe-inline'` would let in any.
    fn policy(&self, style: &str, inline_script: Option<&Url>) -> HeaderValue {
        let hash = STANDARD.encode(Sha256::digest(style));
        let (images, checkout) = (&self.cdn_base_url, &self.checkout_origin);
        let host =
            inline_script.map(|script| format!(" {}", script.origin().ascii_serialization()));
        let frames = inline_script.map(|_| format!("frame-src {checkout}; "));
        let (host, frames) = (host.unwrap_or_default(), frames.unwrap_or_default());
        let policy = format!(
            "default-src 'none'; script-src 'self'{host}; style-src 'self' 'sha256-{hash}'; \
             img-src 'self' data: {images}; connect-src 'self'; {frames}form-action 'self' {checkout}; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        // The addresses are parameters of the deployment; one that is no header's text lets nothing through.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

/// Black or white, whichever is read better on the colour: one of the two always has a contrast of 4.5 to 1 (WCAG 2.2,
/// 1.4.3).
pub fn readable_on(color: Rgb) -> Rgb {
    if luminance_millionths(color) > EVEN_MILLIONTHS { Rgb::BLACK } else { Rgb::WHITE }
}

/// The luminance on which black and white are read alike: (L + 0.05)² = 1.05 × 0.05.
const EVEN_MILLIONTHS: u64 = 179_129;

/// WCAG's relative luminance. The curve of a channel is a polynomial that is off by less than a thousandth.
fn luminance_millionths(color: Rgb) -> u64 {
    let linear = |channel: u8| {
        let part = u64::from(channel) * 1_000_000 / 255;
        let square = part * part / 1_000_000;
        let cube = square * part / 1_000_000;
        (12_523 * part + 682_171 * square + 305_306 * cube) / 1_000_000
    };
    (2_126 * linear(color.0) + 7_152 * linear(color.1) + 722 * linear(color.2)) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours as WCAG 2.2 defines it.
    #[expect(clippy::float_arithmetic, reason = "the standard's own formula, to compare with")]
    fn contrast(left: Rgb, right: Rgb) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |color: Rgb| {
            0.2126 * linear(color.0) + 0.7152 * linear(color.1) + 0.0722 * linear(color.2)
        };
        let (one, other) = (luminance(left), luminance(right));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// A page's content policy in production, with this script.
    fn policy(inline_script: Option<&str>) -> String {
        let site = Site {
            cdn_base_url: "https://qr.example.com".into(),
            checkout_origin: "https://checkout.paystack.com".into(),
            inline_script: Arc::new("https://js.paystack.co/v2/inline.js".parse().unwrap()),
        };
        let script = inline_script.map(|script| script.parse().unwrap());
        site.policy("", script.as_ref()).to_str().unwrap().to_owned()
    }

    #[test]
    fn the_switch_lets_in_paystacks_two_hosts_and_nothing_else() {
        let narrow = "default-src 'none'; script-src 'self'; \
            style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
            img-src 'self' data: https://qr.example.com; connect-src 'self'; \
            form-action 'self' https://checkout.paystack.com; base-uri 'none'; \
            frame-ancestors 'none'";
        assert_eq!(policy(None), narrow);
        let wide = narrow
            .replace("script-src 'self'", "script-src 'self' https://js.paystack.co")
            .replace("form-action", "frame-src https://checkout.paystack.com; form-action");
        assert_eq!(policy(Some("https://js.paystack.co/v2/inline.js")), wide);
    }

    #[test]
    fn text_on_any_colour_of_a_tenant_can_be_read() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let color = Rgb(red, green, blue);
                    let found = contrast(color, readable_on(color));
                    assert!(found >= 4.5, "{color}: {found}");
                }
            }
        }
    }
}
