//! Forged and twisted tokens, and some that only look so.

mod bytes;

use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::Signature;
use serde_json::{Value, json};
use sha2::Sha256;

use super::corpus::Case;
use super::world::{NOW_S, Pair, Random, World, at, base64, head, payload};
use super::*;

use bytes::{claims, print, signatures};

/// The order of P-256 and what is next to it, as bytes.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Every token that must be refused.
pub(super) fn forged(world: &World) -> Vec<Case> {
    let parts = [keys(world), algorithms(world), headers(world), kinds(world), realms(world)];
    let more = [dates(world), shapes(world), signatures(world), claims(world), print(world)];
    parts.into_iter().chain(more).flatten().collect()
}

/// Tokens that look odd and are good.
pub(super) fn good(world: &World) -> Vec<Case> {
    let claims = world.claims(Form::Standard, STANDARD_TTL);
    let (jwt, compact) = (world.jwt(&claims), world.compact(&claims));
    let (message, _) = jwt.rsplit_once('.').unwrap();
    let (r, s) = world.ours.signature(message.as_bytes()).split_scalars();
    let other_s = Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    let before = jwt::to_sign(&claims, &world.realm, &world.before.public);
    let bits = StatusBits::of_good(100);
    vec![
        Case::new("a standard token", jwt.clone(), "valid"),
        Case::new("its page", world.realm.page_url(&jwt), "valid"),
        Case::new("its other spelling of s", joined(message, &other_s.to_bytes()), "valid"),
        Case::new("signed with the previous key", world.before.signed(before), "valid"),
        Case::new("in a list that is good", jwt.clone(), "valid").with_status(world.status(&bits)),
        Case::new("in its last second", jwt, "valid").at(NOW_S + STANDARD_TTL.as_secs() - 1),
        Case::new("a compact token", compact.clone(), "valid"),
        Case::new("a printed page", world.realm.print_url(&compact), "valid"),
        Case::new("a user token", world.jwt(&user(world)), "valid").at_door_of(&[TokenKind::User]),
        Case::new("a print token", world.jwt(&printed(world)), "valid"),
    ]
}

fn user(world: &World) -> Claims {
    world.claims(Form::User { customer: Some("usr_1".to_owned()) }, USER_TTL)
}

fn printed(world: &World) -> Claims {
    let batch = PrintBatch { code: "BATCH2024".to_owned(), limit: 1000 };
    world.claims(Form::Print { batch: Some(batch) }, PRINT_TTL)
}

fn standard(world: &World) -> String {
    world.jwt(&world.claims(Form::Standard, STANDARD_TTL))
}

fn joined(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", base64(signature))
}

/// A token of these texts, signed whatever they say.
fn raw(pair: &Pair, head: &str, payload: &str) -> String {
    let message = format!("{}.{}", base64(head.as_bytes()), base64(payload.as_bytes()));
    joined(&message, &pair.sign(message.as_bytes()))
}

/// The standard token with other members of its header, signed by `pair`. Null takes a member away.
fn with_head(world: &World, pair: &Pair, members: Value) -> String {
    let good = standard(world);
    raw(pair, &changed(head(&good), members).to_string(), &payload(&good).to_string())
}

/// The standard token with other claims, signed by us.
fn with_claims(world: &World, members: Value) -> String {
    let good = standard(world);
    raw(&world.ours, &head(&good).to_string(), &changed(payload(&good), members).to_string())
}

fn changed(mut value: Value, members: Value) -> Value {
    let object = value.as_object_mut().unwrap();
    for (name, member) in members.as_object().unwrap() {
        object.insert(name.clone(), member.clone());
    }
    object.retain(|_, member| !member.is_null());
    value
}

fn keys(world: &World) -> Vec<Case> {
    let (ours, other) = (world.ours.public.kid(), world.other.public.kid());
    let theirs = |members: Value| with_head(world, &world.other, members);
    let mine = |members: Value| with_head(world, &world.ours, members);
    vec![
        Case::new("another key under our id", theirs(json!({ "kid": ours })), "bad_signature"),
        Case::new("another key under its own id", theirs(json!({ "kid": other })), "unknown_key"),
        Case::new(
            "our previous id",
            mine(json!({ "kid": world.before.public.kid() })),
            "bad_signature",
        ),
        Case::new("an empty key id", mine(json!({ "kid": "" })), "unknown_key"),
        Case::new("no key id", mine(json!({ "kid": null })), "malformed"),
        Case::new("a number as key id", mine(json!({ "kid": 0 })), "malformed"),
        Case::new("a path as key id", mine(json!({ "kid": "../../../dev/null" })), "unknown_key"),
        Case::new("a query as key id", mine(json!({ "kid": "' OR 1=1 --" })), "unknown_key"),
        Case::new(
            "a key id with a zero byte",
            mine(json!({ "kid": format!("{ours}\0") })),
            "unknown_key",
        ),
    ]
}

fn algorithms(world: &World) -> Vec<Case> {
    let good = standard(world);
    let none = |alg: &str| {
        let token = with_head(world, &world.ours, json!({ "alg": alg }));
        format!("{}.", token.rsplit_once('.').unwrap().0)
    };
    let hmac = |secret: &[u8], alg: &str| {
        let token = with_head(world, &world.ours, json!({ "alg": alg }));
        let (message, _) = token.rsplit_once('.').unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(message.as_bytes());
        joined(message, &mac.finalize().into_bytes())
    };
    let jwk = world.ours.public.jwk().to_string();
    let pem = pem(&world.ours.point());
    let signed = |alg: Value| with_head(world, &world.ours, json!({ "alg": alg }));
    vec![
        Case::new("alg none", none("none"), "malformed"),
        Case::new("alg None", none("None"), "malformed"),
        Case::new("alg NONE", none("NONE"), "malformed"),
        Case::new("alg nOnE", none("nOnE"), "malformed"),
        Case::new("alg none with our signature", signed(json!("none")), "malformed"),
        Case::new("no alg", signed(Value::Null), "malformed"),
        Case::new("a list as alg", signed(json!(["ES256"])), "malformed"),
        Case::new("alg in small letters", signed(json!("es256")), "malformed"),
        Case::new("alg ES384", signed(json!("ES384")), "malformed"),
        Case::new("alg RS256", signed(json!("RS256")), "malformed"),
        Case::new("HS256 with our point", hmac(&world.ours.point(), "HS256"), "malformed"),
        Case::new("HS256 with our JWK", hmac(jwk.as_bytes(), "HS256"), "malformed"),
        Case::new("HS256 with our PEM", hmac(pem.as_bytes(), "HS256"), "malformed"),
        Case::new("an HMAC that says ES256", hmac(pem.as_bytes(), "ES256"), "malformed"),
        Case::new("no signature", format!("{}.", good.rsplit_once('.').unwrap().0), "malformed"),
    ]
}

/// The public key as OpenSSL prints it.
fn pem(point: &[u8]) -> String {
    use base64::Engine;
    let prefix = [
        0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 3, 1, 7, 3, 0x42, 0,
    ];
    let text = base64::engine::general_purpose::STANDARD.encode([&prefix, point].concat());
    let (one, two) = text.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{one}\n{two}\n-----END PUBLIC KEY-----\n")
}

fn headers(world: &World) -> Vec<Case> {
    let theirs = |members: Value| with_head(world, &world.other, members);
    let mine = |members: Value| with_head(world, &world.ours, members);
    let jwk = world.other.public.jwk();
    let keys = "https://evil.example.com/jwks.json";
    vec![
        Case::new("jku of another host", theirs(json!({ "jku": keys })), "malformed"),
        Case::new("jku that we have signed", mine(json!({ "jku": keys })), "malformed"),
        Case::new("a jwk in the header", theirs(json!({ "jwk": jwk })), "malformed"),
        Case::new(
            "a jwk and its id",
            theirs(json!({ "jwk": jwk, "kid": jwk["kid"] })),
            "malformed",
        ),
        Case::new("x5u", theirs(json!({ "x5u": keys })), "malformed"),
        Case::new("x5c", theirs(json!({ "x5c": ["AAAA"] })), "malformed"),
        Case::new("crit", mine(json!({ "crit": ["exp"], "exp": 1 })), "malformed"),
        Case::new("b64 false", mine(json!({ "b64": false, "crit": ["b64"] })), "malformed"),
        Case::new("zip", mine(json!({ "zip": "DEF" })), "malformed"),
        Case::new("cty", mine(json!({ "cty": "JWT" })), "malformed"),
        Case::new("the header twice over", twice_alg(world), "malformed"),
        Case::new("a list as header", raw(&world.ours, "[]", "{}"), "malformed"),
        Case::new("no JSON as header", raw(&world.ours, "ES256", "{}"), "malformed"),
    ]
}

fn twice_alg(world: &World) -> String {
    let good = standard(world);
    let head = head(&good).to_string().replacen('{', r#"{"alg":"none","#, 1);
    raw(&world.ours, &head, &payload(&good).to_string())
}

fn kinds(world: &World) -> Vec<Case> {
    let mine = |typ: Value| with_head(world, &world.ours, json!({ "typ": typ }));
    let print = world.jwt(&printed(world));
    let compact = world.compact(&world.claims(Form::Print { batch: None }, PRINT_TTL));
    let list = world.status(&StatusBits::of_good(10));
    vec![
        Case::new("no typ", mine(Value::Null), "malformed"),
        Case::new("typ JWT", mine(json!("JWT")), "wrong_kind"),
        Case::new("a guard's token", mine(json!("guard+jwt")), "wrong_kind"),
        Case::new("typ in capitals", mine(json!("TESSERA-VOUCHER+JWT")), "wrong_kind"),
        Case::new(
            "typ with its type",
            mine(json!("application/tessera-voucher+jwt")),
            "wrong_kind",
        ),
        Case::new(
            "a user's header on standard claims",
            mine(json!("tessera-user+jwt")),
            "malformed",
        ),
        Case::new(
            "a print header on standard claims",
            mine(json!("tessera-print+jwt")),
            "malformed",
        ),
        Case::new("print at a user's door", print, "wrong_kind").at_door_of(&[TokenKind::User]),
        Case::new("compact print at a user's door", compact, "wrong_kind")
            .at_door_of(&[TokenKind::User, TokenKind::Standard]),
        Case::new("standard at a user's door", standard(world), "wrong_kind")
            .at_door_of(&[TokenKind::User]),
        Case::new("user at a door for print", world.jwt(&user(world)), "wrong_kind")
            .at_door_of(&[TokenKind::Print, TokenKind::Standard]),
        Case::new("a status list", list, "wrong_kind"),
    ]
}

fn realms(world: &World) -> Vec<Case> {
    let claims = world.claims(Form::Standard, STANDARD_TTL);
    let mine = |members: Value| with_claims(world, members);
    let tenant = world.of_tenant("tnt_01j00000000000000000000002");
    let issuer = world.of_issuer("https://evil.example.com");
    let page = |url: &str| format!("{url}{}", standard(world));
    vec![
        Case::new("another tenant's", tenant.jwt(&claims), "wrong_audience"),
        Case::new("another platform's", issuer.jwt(&claims), "wrong_audience"),
        Case::new("aud as a list", mine(json!({ "aud": [world.realm.tenant()] })), "malformed"),
        Case::new("no aud", mine(json!({ "aud": null })), "malformed"),
        Case::new("an empty aud", mine(json!({ "aud": "" })), "wrong_audience"),
        Case::new("no iss", mine(json!({ "iss": null })), "malformed"),
        Case::new(
            "iss with a slash",
            mine(json!({ "iss": "https://q.example.com/" })),
            "wrong_audience",
        ),
        Case::new("compact, another tenant's", tenant.compact(&claims), "bad_signature"),
        Case::new("compact, another platform's", issuer.compact(&claims), "bad_signature"),
        Case::new("a page elsewhere", page("https://evil.example.com/v/"), "malformed"),
        Case::new(
            "a page with our name in front",
            page("https://q.example.com.evil.example/v/"),
            "malformed",
        ),
        Case::new("our name as a user", page("https://q.example.com@evil.example/v/"), "malformed"),
        Case::new("another page of ours", page("https://q.example.com/g/"), "malformed"),
        Case::new("our page without TLS", page("http://q.example.com/v/"), "malformed"),
    ]
}

fn dates(world: &World) -> Vec<Case> {
    let mine = |members: Value| with_claims(world, members);
    let end = NOW_S + STANDARD_TTL.as_secs();
    let bits = {
        let mut bits = StatusBits::of_good(100);
        bits.revoke(TokenIndex::new(7).unwrap());
        world.status(&bits)
    };
    vec![
        Case::new("five minutes as exp", mine(json!({ "exp": 300 })), "malformed"),
        Case::new("thirty days as exp", mine(json!({ "exp": 2_592_000 })), "malformed"),
        Case::new("a duration as iat", mine(json!({ "iat": 300 })), "malformed"),
        Case::new("exp as text", mine(json!({ "exp": end.to_string() })), "malformed"),
        Case::new("exp with a fraction", mine(json!({ "exp": 1_900_000_000.5 })), "malformed"),
        Case::new(
            "exp in milliseconds",
            mine(json!({ "exp": 1_900_000_000_000_i64 })),
            "malformed",
        ),
        Case::new("exp below zero", mine(json!({ "exp": -1 })), "malformed"),
        Case::new("exp beyond 64 bits", mine(json!({ "exp": 1e300 })), "malformed"),
        Case::new("no exp", mine(json!({ "exp": null })), "malformed"),
        Case::new("no iat", mine(json!({ "iat": null })), "malformed"),
        Case::new("exp at iat", mine(json!({ "exp": NOW_S })), "malformed"),
        Case::new("exp twice", twice_exp(world), "malformed"),
        Case::new("issued tomorrow", mine(json!({ "iat": NOW_S + 86_400 })), "not_yet_valid"),
        Case::new("good from tomorrow", mine(json!({ "nbf": NOW_S + 86_400 })), "not_yet_valid"),
        Case::new("in the second of its end", standard(world), "expired").at(end),
        Case::new("a second after its end", standard(world), "expired").at(end + 1),
        Case::new("taken back", standard(world), "revoked").with_status(bits),
    ]
}

fn twice_exp(world: &World) -> String {
    let good = standard(world);
    let claims = payload(&good).to_string().replacen('{', r#"{"exp":1900000000,"#, 1);
    raw(&world.ours, &head(&good).to_string(), &claims)
}

fn shapes(world: &World) -> Vec<Case> {
    let good = standard(world);
    let (rest, last) = good.split_at(good.len() - 1);
    let (message, _) = good.rsplit_once('.').unwrap();
    // The last of 86 characters has two bits of the signature; the other four must be 0.
    let noncanonical = if last == "A" { "B" } else { "_" };
    let parts: Vec<&str> = good.split('.').collect();
    vec![
        Case::new("nothing", "", "malformed"),
        Case::new("two dots", "..", "malformed"),
        Case::new("one part", parts[0], "malformed"),
        Case::new("two parts", message, "malformed"),
        Case::new("five parts", format!("{good}.{good}"), "malformed"),
        Case::new("without its last character", rest, "malformed"),
        Case::new("half of it", &good[..good.len() / 2], "malformed"),
        Case::new("a character too many", format!("{good}A"), "malformed"),
        Case::new("a line's end", format!("{good}\n"), "malformed"),
        Case::new("a space in front", format!(" {good}"), "malformed"),
        Case::new("padding", format!("{good}=="), "malformed"),
        Case::new(
            "another spelling of the last byte",
            format!("{rest}{noncanonical}"),
            "malformed",
        ),
        Case::new("plain base64", format!("{}+/", &good[..good.len() - 2]), "malformed"),
        Case::new(
            "a padded header",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            "malformed",
        ),
        Case::new(
            "three thousand characters",
            with_claims(world, json!({ "x": "x".repeat(2000) })),
            "malformed",
        ),
        Case::new(
            "a question mark behind the page",
            format!("{}?a=b", world.realm.page_url(&good)),
            "malformed",
        ),
        Case::new(
            "claims that are a list",
            raw(&world.ours, &head(&good).to_string(), "[]"),
            "malformed",
        ),
        Case::new(
            "claims that are no JSON",
            raw(&world.ours, &head(&good).to_string(), "claims"),
            "malformed",
        ),
        Case::new(
            "claims and more",
            raw(&world.ours, &head(&good).to_string(), &format!("{}{{}}", payload(&good))),
            "malformed",
        ),
    ]
}
