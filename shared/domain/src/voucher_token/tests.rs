//! Tokens that are good, the edges of their time, their sizes, and status lists.

mod corpus;
mod forged;
mod fuzz;
mod world;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use world::{NOW_S, World, at};

/// What a version 7 code holds at level M in its alphanumeric mode (ISO 18004, table 7).
const VERSION_7_M_CHARACTERS: usize = 178;

fn index(index: u32) -> TokenIndex {
    TokenIndex::new(index).unwrap()
}

#[test]
fn each_kind_says_exactly_what_its_row_shows() {
    let world = World::new();
    let check = |form: Form, ttl: SignedDuration, own: Value| {
        let claims = world.claims(form, ttl);
        let token = world.jwt(&claims);
        let mut expected = json!({
            "vid": world.voucher, "iss": "https://q.example.com", "aud": world.realm.tenant(),
            "iat": NOW_S, "exp": NOW_S + ttl.as_secs(), "idx": 7,
        });
        expected.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        assert_eq!(world::payload(&token), expected);
        let kid = world.ours.public.kid();
        let head = json!({ "alg": "ES256", "kid": kid, "typ": claims.kind().typ() });
        assert_eq!(world::head(&token), head);
        assert_eq!(world.verify(&token, &[claims.kind()], NOW_S), Ok(claims));
    };
    check(Form::Standard, STANDARD_TTL, json!({ "type": "voucher" }));
    let user = Form::User { customer: Some("usr_1".to_owned()) };
    check(user, USER_TTL, json!({ "typ": "user", "uid": "usr_1" }));
    let batch = PrintBatch { code: "BATCH2024".to_owned(), limit: 1000 };
    let print = json!({ "typ": "print", "btc": "BATCH2024", "lmt": 1000 });
    check(Form::Print { batch: Some(batch) }, PRINT_TTL, print);
}

#[test]
fn a_token_is_good_until_the_second_of_its_expiry() {
    let world = World::new();
    let claims = world.claims(Form::User { customer: Some("usr_1".to_owned()) }, USER_TTL);
    let printed = world.claims(Form::Print { batch: None }, PRINT_TTL);
    for (token, claims) in [(world.jwt(&claims), &claims), (world.compact(&printed), &printed)] {
        let exp = claims.expires_at.as_second();
        let check = |now: i64, expected: Result<(), &str>| {
            let verdict = world.verify(&token, &TokenKind::ALL, now);
            let verdict = verdict.map(drop).map_err(|refused| {
                assert_eq!(refused.claims(), Some(claims), "a refusal in time says of what");
                refused.name()
            });
            assert_eq!(verdict, expected, "{now} of {exp}");
        };
        check(exp - 1, Ok(()));
        check(exp, Err("expired"));
        check(exp + 1, Err("expired"));
        check(NOW_S - ISSUE_LEEWAY_S, Ok(()));
        check(NOW_S - ISSUE_LEEWAY_S - 1, Err("not_yet_valid"));
    }
}

#[test]
fn the_code_may_be_a_token_or_the_address_of_its_page() {
    let world = World::new();
    let claims = world.claims(Form::Standard, STANDARD_TTL);
    let (jwt, compact) = (world.jwt(&claims), world.compact(&claims));
    let print_url = world.realm.print_url(&compact);
    assert!(print_url.starts_with("HTTPS://Q.EXAMPLE.COM/V/"), "{print_url}");
    for text in
        [world.realm.page_url(&jwt), world.realm.page_url(&compact), print_url, jwt, compact]
    {
        assert_eq!(
            world.verify(&text, &[TokenKind::Standard], NOW_S),
            Ok(claims.clone()),
            "{text}"
        );
    }
}

#[test]
fn a_printed_code_is_at_most_a_version_7_code() {
    let world = World::new();
    let compact = world.compact(&world.claims(Form::Print { batch: None }, PRINT_TTL));
    assert_eq!(compact.len(), compact::CHARACTERS);
    let host = format!("https://{}.example.com", "a".repeat(18));
    assert_eq!(host.len(), "https://".len() + 30);
    let url = Realm::new(&host, world.realm.tenant().clone()).print_url(&compact);
    assert!(url.len() <= VERSION_7_M_CHARACTERS, "{} characters", url.len());
    let alphanumeric = |byte: u8| {
        byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" $%*+-./:".contains(&byte)
    };
    assert!(url.bytes().all(alphanumeric), "{url}");
}

#[test]
fn what_does_not_fit_into_print_is_refused() {
    let world = World::new();
    let check = |form: Form, ttl_s: i64, expected: Option<CompactRefused>| {
        let claims = world.claims(form, SignedDuration::from_secs(ttl_s));
        let made = compact::to_sign(&claims, &world.realm, &world.ours.public);
        assert_eq!(made.map(drop).err(), expected, "{ttl_s} s");
    };
    check(Form::Standard, 3600, None);
    check(Form::Standard, 3601, Some(CompactRefused::Life));
    check(Form::Standard, 65_536 * 3600, Some(CompactRefused::Life));
    check(Form::Standard, 0, Some(CompactRefused::Life));
    check(Form::User { customer: None }, 300, None);
    check(Form::User { customer: None }, 65_536, Some(CompactRefused::Life));
    let mut claims = world.claims(Form::Standard, STANDARD_TTL);
    claims.voucher = VoucherId::parse("vch_zzzzzzzzzzzzzzzzzzzzzzzzzz").unwrap();
    let made = compact::to_sign(&claims, &world.realm, &world.ours.public).map(drop);
    assert_eq!(made, Err(CompactRefused::Voucher));
    assert_eq!(TokenIndex::new(TokenIndex::MAX + 1), Err(StatusListFull));
}

#[test]
fn a_key_set_is_ours_or_nothing() {
    let world = World::new();
    let jwk = world.ours.public.jwk();
    let set = |keys: Value| KeySet::parse(&json!({ "keys": keys }).to_string());
    let count = |keys: Value| set(keys).map(|set| set.keys().len());
    assert_eq!(count(json!([jwk])).unwrap(), 1);
    assert_eq!(set(json!([jwk])).unwrap().jwks(), json!({ "keys": [jwk] }));
    let with = |name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk
    };
    let rsa = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r" });
    assert_eq!(count(json!([rsa, jwk])).unwrap(), 1, "keys of other kinds are passed over");
    for bad in [
        json!([]),
        json!([rsa]),
        json!([jwk, jwk]),
        json!([with("alg", json!("HS256"))]),
        json!([with("use", json!("enc"))]),
        json!([with("crv", json!("P-384"))]),
        json!([with("kid", json!(""))]),
        json!([with("x", jwk["y"].clone())]),
        json!([with("x", json!("AA"))]),
        json!("no list"),
    ] {
        assert!(set(bad.clone()).is_err(), "{bad}");
    }
    assert!(KeySet::parse(&" ".repeat(20_000)).is_err());
}

#[test]
fn bits_are_set_tested_and_grow() {
    let mut bits = StatusBits::of_good(9);
    assert_eq!(bits.as_bytes(), [0, 0]);
    assert_eq!(StatusBits::of_good(8).as_bytes(), [0]);
    assert_eq!(StatusBits::of_good(u32::MAX).as_bytes().len(), 1 << 21);
    bits.revoke(index(0));
    bits.revoke(index(9));
    bits.revoke(index(17));
    // As in the draft of Token Status List: the first token is the lowest bit of the first byte.
    assert_eq!(bits.as_bytes(), [0b1, 0b10, 0b10]);
    assert!(bits.is_revoked(index(17)) && !bits.is_revoked(index(16)));
    assert!(!bits.is_revoked(index(TokenIndex::MAX)), "beyond the list nothing is revoked");
    bits.restore(index(9));
    bits.restore(index(500));
    assert_eq!(bits.as_bytes(), [1, 0, 2]);
    assert!(StatusBits::from_bytes(vec![0; (1 << 21) + 1]).is_none());
}

#[test]
fn a_revoked_token_is_refused_by_the_signed_list() {
    let world = World::new();
    let mut bits = StatusBits::of_good(20);
    bits.revoke(index(7));
    let list = world.status(&bits);
    let verifier = world.verifier();
    let read = verifier.status_list(&list, at(NOW_S)).unwrap();
    assert_eq!(read.bits, bits);
    let token = world.jwt(&world.claims(Form::Standard, STANDARD_TTL));
    let kinds = [TokenKind::Standard];
    let verdict = verifier.verify(&token, &kinds, Some(&read.bits), at(NOW_S));
    assert_eq!(verdict.unwrap_err().name(), "revoked");
    bits.restore(index(7));
    assert!(verifier.verify(&token, &kinds, Some(&bits), at(NOW_S)).is_ok());
    let refused = |text: &str, now: i64| verifier.status_list(text, at(now)).unwrap_err().name();
    assert_eq!(refused(&token, NOW_S), "wrong_kind");
    assert_eq!(refused(&list, NOW_S + status::LIFE.as_secs()), "malformed", "too old a list");
    assert_eq!(refused(&list[..list.len() - 1], NOW_S), "malformed");
    let other = world.of_tenant("tnt_01j00000000000000000000009").status(&bits);
    assert_eq!(refused(&other, NOW_S), "wrong_audience");
    let claims = world::payload(&list);
    assert_eq!(claims["status_list"]["bits"], 1);
    let path =
        format!("https://q.example.com/api/v1/tenants/{}/voucher-status", world.realm.tenant());
    assert_eq!(claims["sub"], path);
}

#[test]
fn a_list_that_unpacks_to_more_than_a_tenant_has_is_refused() {
    let world = World::new();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 64 << 20]).unwrap();
    let lst = world::base64(&encoder.finish().unwrap());
    let token = world.status_of(&lst);
    assert!(token.len() < 200_000, "64 MB in {} bytes", token.len());
    let refused = world.verifier().status_list(&token, at(NOW_S)).unwrap_err();
    assert_eq!(refused, TokenRefused::Malformed);
}

#[test]
fn a_million_tokens_fit_into_130_kb() {
    let world = World::new();
    for (percent, most) in [(1, 20_000), (50, 130_000)] {
        let mut bits = StatusBits::of_good(1_000_000);
        let mut random = world::Random::of(percent);
        for place in (0..1_000_000).filter(|_| random.next() % 100 < percent) {
            bits.revoke(index(place));
        }
        let token = world.status(&bits);
        let open = OpenJws::of(&token).unwrap();
        assert_eq!(open.token(), token, "the open form is the token");
        assert_eq!(open.status_list(&world.verifier(), at(NOW_S)).unwrap().bits, bits);
        let text = serde_json::to_string(&open).unwrap();
        let (packed, jwt) = (gzip(text.as_bytes()), gzip(token.as_bytes()));
        println!(
            "{percent} % of 1,000,000 revoked: JWT {} B, gzip {jwt} B; open form {} B, gzip {packed} B",
            token.len(),
            text.len()
        );
        assert!(packed <= most, "{percent} %: {packed} bytes");
    }
}

fn gzip(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn one_call_answers_as_the_verifier_does() {
    let world = World::new();
    let claims = world.claims(Form::Standard, STANDARD_TTL);
    let token = world.jwt(&claims);
    let ask = |kinds: Value, now: i64| -> Value {
        let question = json!({
            "jwks": world.keys().jwks(), "iss": world.realm.issuer(), "aud": world.realm.tenant(),
            "kinds": kinds, "token": token, "now": now,
        });
        serde_json::from_str(&verify_json(&question.to_string())).unwrap()
    };
    let answer = ask(json!(["standard"]), NOW_S);
    assert_eq!(answer["verdict"], "valid");
    assert_eq!(answer["claims"]["vid"], json!(world.voucher));
    assert_eq!(ask(json!(["user"]), NOW_S), json!({ "verdict": "wrong_kind" }));
    let late = ask(json!(["standard"]), NOW_S + STANDARD_TTL.as_secs());
    assert_eq!((&late["verdict"], &late["claims"]["idx"]), (&json!("expired"), &json!(7)));
    assert_eq!(ask(json!(["other"]), NOW_S), json!({ "verdict": "bad_question" }));
    assert_eq!(verify_json("{"), r#"{"verdict":"bad_question"}"#);
}
