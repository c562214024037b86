//! Who may see the console: a browser on this machine that was asked for this machine.
//!
//! The gateway listens on 127.0.0.1, and that is not enough: a tunnel's requests come from here too, and a foreign page
//! may give its own name our address (DNS rebinding). So the host that was asked for counts as well, and a request that
//! somebody has forwarded is not answered.

use std::net::SocketAddr;

use http::request::Parts;
use http::{HeaderName, header};
use url::{Host, Url};

/// What proxies and tunnels add.
const FORWARDED: [HeaderName; 8] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request was made on this machine, to this machine.
pub(crate) fn is_local(head: &Parts, peer: SocketAddr) -> bool {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    peer.ip().is_loopback()
        && host(head).is_some_and(names_this_machine)
        && authority.is_none_or(names_this_machine)
        && FORWARDED.iter().all(|name| !head.headers.contains_key(name))
}

/// Whether a form of our own page was sent: the browser says so, and a foreign page cannot make it lie.
pub(crate) fn is_own_form(head: &Parts) -> bool {
    let text = |name: HeaderName| head.headers.get(name).map(|v| v.to_str().unwrap_or_default());
    let own_origin = host(head).map(|host| format!("http://{host}"));
    let site = text(FETCH_SITE).map(|site| site == "same-origin");
    let origin = text(header::ORIGIN).map(|origin| Some(origin) == own_origin.as_deref());
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

fn host(head: &Parts) -> Option<&str> {
    head.headers.get(header::HOST)?.to_str().ok()
}

fn names_this_machine(host: &str) -> bool {
    let url = Url::parse(&format!("http://{host}/"));
    url.is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_this_machine_sees_the_console() {
        let here: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        let check = |headers: &[(&str, &str)], peer: SocketAddr, expected: bool| {
            assert_eq!(is_local(&head(headers), peer), expected, "{headers:?} {peer}");
        };
        check(&[("host", "127.0.0.1:9000")], here, true);
        check(&[("host", "localhost:9000")], here, true);
        check(&[("host", "[::1]:9000")], here, true);
        check(&[], here, false);
        check(&[("host", "127.0.0.1:9000")], "10.0.0.7:5000".parse().unwrap(), false);
        check(&[("host", "qr.example.com")], here, false);
        check(&[("host", "localhost.evil.example")], here, false);
        check(&[("host", "127.0.0.1.evil.example")], here, false);
        check(&[("host", "localhost"), ("x-forwarded-for", "10.0.0.7")], here, false);
        check(&[("host", "localhost"), ("cf-connecting-ip", "10.0.0.7")], here, false);
    }

    #[test]
    fn a_button_is_pressed_on_our_own_page() {
        let check = |headers: &[(&str, &str)], expected: bool| {
            let headers = [&[("host", "127.0.0.1:9000")], headers].concat();
            assert_eq!(is_own_form(&head(&headers)), expected, "{headers:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("origin", "http://127.0.0.1:9000")], true);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:9000")], true);
        check(&[], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("origin", "null")], false);
        check(&[("origin", "http://127.0.0.1:8000")], false);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")], false);
    }
}
