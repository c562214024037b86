//! From an HTTP request to the JSON event of API Gateway's payload format 2.0.
//!
//! Kept as the real service has it, also where that is odd: the path arrives decoded (and ends at a decoded `?`) while
//! the query does not, headers are joined with commas, and a form arrives in base64.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde::Serialize;

use super::routes::{Match, decode};

/// What the event says besides the request.
pub(super) struct Frame<'f> {
    pub(super) peer: SocketAddr,
    pub(super) now: Timestamp,
    pub(super) request_id: String,
    pub(super) account_id: &'f str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'e> {
    version: &'static str,
    route_key: &'e str,
    raw_path: Cow<'e, str>,
    raw_query_string: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<String>>,
    headers: BTreeMap<&'e str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<BTreeMap<String, String>>,
    request_context: Context<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_parameters: Option<BTreeMap<&'e str, &'e str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'e, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'e> {
    account_id: &'e str,
    api_id: &'static str,
    domain_name: &'e str,
    domain_prefix: &'e str,
    http: Http<'e>,
    request_id: &'e str,
    route_key: &'e str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'e> {
    method: &'e str,
    path: Cow<'e, str>,
    protocol: String,
    source_ip: String,
    user_agent: Cow<'e, str>,
}

/// The event's JSON.
pub(super) fn of_request<T>(
    head: &Parts,
    body: &[u8],
    found: &Match<'_, T>,
    frame: &Frame<'_>,
) -> serde_json::Result<String> {
    let headers = &head.headers;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = raw_path(head.uri.path());
    let (body, is_base64_encoded) = body_text(headers, body);
    let agent = headers.get(header::USER_AGENT).map(|agent| agent.as_bytes()).unwrap_or_default();
    let parameters = found.parameters.iter().map(|(name, value)| (*name, value.as_str()));
    let parameters: BTreeMap<&str, &str> = parameters.collect();
    serde_json::to_string(&Event {
        version: "2.0",
        route_key: found.route_key,
        raw_path: path.clone(),
        raw_query_string: head.uri.query().unwrap_or_default(),
        cookies: cookies(headers),
        headers: joined(headers, frame.peer, host),
        query_string_parameters: head.uri.query().and_then(query),
        request_context: Context {
            account_id: frame.account_id,
            api_id: "local",
            domain_name: host,
            domain_prefix: host.split('.').next().unwrap_or_default(),
            http: Http {
                method: head.method.as_str(),
                path,
                protocol: format!("{:?}", head.version),
                source_ip: frame.peer.ip().to_string(),
                user_agent: String::from_utf8_lossy(agent),
            },
            request_id: &frame.request_id,
            route_key: found.route_key,
            stage: "$default",
            time: frame.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: frame.now.as_millisecond(),
        },
        path_parameters: Some(parameters).filter(|parameters| !parameters.is_empty()),
        body,
        is_base64_encoded,
    })
}

/// API Gateway decodes the path of an HTTP API, and cuts it at a decoded question mark.
fn raw_path(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = decode(path);
    if let Some(end) = decoded.find('?') {
        decoded.truncate(end);
    }
    Cow::Owned(decoded)
}

fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let cookies: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| {
            text(line.as_bytes()).split(';').map(|c| c.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect();
    Some(cookies).filter(|cookies| !cookies.is_empty())
}

/// Names in lower case, several values of one name joined; what the gateway adds comes last.
fn joined<'e>(headers: &'e HeaderMap, peer: SocketAddr, host: &str) -> BTreeMap<&'e str, String> {
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| **name != header::COOKIE) {
        let value = text(value.as_bytes());
        joined
            .entry(name.as_str())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    let forwarded = joined.entry("x-forwarded-for").or_default();
    if !forwarded.is_empty() {
        forwarded.push_str(", ");
    }
    forwarded.push_str(&peer.ip().to_string());
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
    joined.insert("x-forwarded-port", port);
    joined.insert("x-forwarded-proto", "http".to_owned());
    joined
}

/// Several values of one name are joined with commas, as the gateway does.
fn query(query: &str) -> Option<BTreeMap<String, String>> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    Some(parameters).filter(|parameters| !parameters.is_empty())
}

/// The body as the event carries it, and whether that is base64.
fn body_text<'b>(headers: &HeaderMap, body: &'b [u8]) -> (Option<Cow<'b, str>>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(body) {
        Ok(text) if is_text(headers) => (Some(Cow::Borrowed(text)), false),
        _ => (Some(Cow::Owned(STANDARD.encode(body))), true),
    }
}

/// The content types that API Gateway passes as text; all others, forms too, come in base64.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let kind = text(kind.as_bytes()).to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || matches!(kind, "application/json" | "application/javascript" | "application/xml")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// A header's bytes are not always UTF-8.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::{Value, json};

    use super::*;

    fn event(request: http::request::Builder, body: &[u8]) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let found = Match {
            route_key: "POST /x/{id}",
            target: &(),
            parameters: vec![("id", "7".to_owned())],
        };
        let frame = Frame {
            peer: "127.0.0.1:5000".parse().unwrap(),
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
            request_id: "r1".to_owned(),
            account_id: "000000000000",
        };
        let text = of_request(&head, body, &found, &frame).unwrap();
        // Whatever is made here must also be readable by the function's own parser.
        lambda_http::request::from_str(&text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn get(uri: &str) -> http::request::Builder {
        Request::builder().uri(uri).header("host", "localhost:9000")
    }

    #[test]
    fn the_frame_of_an_event_is_that_of_payload_format_2() {
        let event = event(get("/x/7").method("POST").header("user-agent", "curl/8"), b"");
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], "POST /x/{id}");
        assert_eq!(event["pathParameters"], json!({"id": "7"}));
        assert_eq!(event["isBase64Encoded"], false);
        assert!(event.get("body").is_none() && event.get("cookies").is_none());
        assert!(event.get("queryStringParameters").is_none());
        let context = &event["requestContext"];
        let http = json!({"method": "POST", "path": "/x/7", "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1", "userAgent": "curl/8"});
        assert_eq!(context["http"], http);
        assert_eq!(context["domainName"], "localhost:9000");
        assert_eq!(context["stage"], "$default");
        assert_eq!(context["time"], "02/Jan/2026:03:04:05 +0000");
        assert_eq!(context["timeEpoch"], 1_767_323_045_000_i64);
    }

    #[test]
    fn headers_cookies_and_queries_are_joined_as_the_gateway_does() {
        let request = get("/x/7?a=1&a=2&b=x%20y&c&d=%26")
            .header("X-Two", "one")
            .header("x-two", "two")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3")
            .header("x-forwarded-for", "10.0.0.1");
        let event = event(request, b"");
        assert_eq!(event["headers"]["x-two"], "one,two");
        assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.1, 127.0.0.1");
        assert_eq!(event["headers"]["x-forwarded-port"], "9000");
        assert!(event["headers"].get("cookie").is_none());
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert_eq!(event["rawQueryString"], "a=1&a=2&b=x%20y&c&d=%26");
        let query = json!({"a": "1,2", "b": "x y", "c": "", "d": "&"});
        assert_eq!(event["queryStringParameters"], query);
    }

    #[test]
    fn the_path_is_decoded_and_ends_at_a_decoded_question_mark() {
        let cases = [
            ("/a%20b", "/a b"),
            ("/a%2Fb", "/a/b"),
            ("/a%3Fb", "/a"),
            ("/a%23b", "/a#b"),
            ("/%C3%A9", "/é"),
        ];
        for (uri, expected) in cases {
            assert_eq!(event(get(uri), b"")["rawPath"], expected, "{uri}");
        }
    }

    #[test]
    fn a_body_is_text_only_when_the_gateway_knows_its_type_as_text() {
        let cases: [(Option<&str>, &[u8], &str, bool); 8] = [
            (Some("application/json"), b"{}", "{}", false),
            (Some("text/csv; charset=utf-8"), b"a,b", "a,b", false),
            (Some("application/problem+json"), b"{}", "{}", false),
            (Some("application/x-www-form-urlencoded"), b"a=b", "YT1i", true),
            (Some("image/png"), b"\x89PNG", "iVBORw==", true),
            (Some("application/json"), b"\xff", "/w==", true),
            (None, b"plain", "plain", false),
            (None, b"\xff\xfe", "//4=", true),
        ];
        for (kind, body, text, base64) in cases {
            let mut request = get("/x/7").method("POST");
            if let Some(kind) = kind {
                request = request.header("content-type", kind);
            }
            let event = event(request, body);
            assert_eq!(event["body"], text, "{kind:?}");
            assert_eq!(event["isBase64Encoded"], base64, "{kind:?}");
        }
    }
}
