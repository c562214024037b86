//! Tokens whose signature, claims or compact bytes are twisted.

use super::*;

pub(super) fn signatures(world: &World) -> Vec<Case> {
    let good = standard(world);
    let (message, _) = good.rsplit_once('.').unwrap();
    let signature = world.ours.sign(message.as_bytes());
    let (r, s) = signature.split_at(32);
    let der = world.ours.signature(message.as_bytes()).to_der();
    let with = |bytes: &[u8]| joined(message, bytes);
    let zero = [0_u8; 32];
    let user = world.jwt(&user(world));
    let mut random = Random::of(41);
    let any: Vec<u8> = (0..64).map(|_| u8::try_from(random.next() % 256).unwrap()).collect();
    vec![
        Case::new("a DER signature", with(der.as_bytes()), "malformed"),
        Case::new("r and s of zero", with(&[0; 64]), "bad_signature"),
        Case::new("r of zero", with(&[&zero, s].concat()), "bad_signature"),
        Case::new("s of zero", with(&[r, &zero].concat()), "bad_signature"),
        Case::new("s of the order", with(&[r, &ORDER].concat()), "bad_signature"),
        Case::new("r and s of the order", with(&[ORDER, ORDER].concat()), "bad_signature"),
        Case::new("all bits set", with(&[0xff; 64]), "bad_signature"),
        Case::new("r and s changed places", with(&[s, r].concat()), "bad_signature"),
        Case::new("a signature of 63 bytes", with(&signature[..63]), "malformed"),
        Case::new("a signature of 65 bytes", with(&[&signature[..], &[0]].concat()), "malformed"),
        Case::new("any 64 bytes", with(&any), "bad_signature"),
        Case::new(
            "another token's signature",
            format!("{message}.{}", user.rsplit_once('.').unwrap().1),
            "bad_signature",
        ),
        Case::new(
            "longer life behind the signature",
            moved(world, json!({ "exp": NOW_S + 999_999_999 })),
            "bad_signature",
        ),
        Case::new(
            "another voucher behind the signature",
            moved(world, json!({ "vid": "vch_00000000000000000000000000" })),
            "bad_signature",
        ),
    ]
}

/// The standard token with other claims under its old signature.
fn moved(world: &World, members: Value) -> String {
    let good = standard(world);
    let parts: Vec<&str> = good.split('.').collect();
    let claims = changed(payload(&good), members).to_string();
    format!("{}.{}.{}", parts[0], base64(claims.as_bytes()), parts[2])
}

pub(super) fn claims(world: &World) -> Vec<Case> {
    let mine = |members: Value| with_claims(world, members);
    let user = |members: Value| {
        let good = world.jwt(&user(world));
        raw(&world.ours, &head(&good).to_string(), &changed(payload(&good), members).to_string())
    };
    vec![
        Case::new("no voucher", mine(json!({ "vid": null })), "malformed"),
        Case::new("a tenant as voucher", mine(json!({ "vid": world.realm.tenant() })), "malformed"),
        Case::new("no place", mine(json!({ "idx": null })), "malformed"),
        Case::new("a place below zero", mine(json!({ "idx": -1 })), "malformed"),
        Case::new("a place beyond the list", mine(json!({ "idx": 1 << 24 })), "malformed"),
        Case::new("another type", mine(json!({ "type": "guard" })), "malformed"),
        Case::new("type and typ", mine(json!({ "typ": "user" })), "malformed"),
        Case::new("a person on a standard token", mine(json!({ "uid": "usr_1" })), "malformed"),
        Case::new("no person", user(json!({ "uid": null })), "malformed"),
        Case::new("an empty person", user(json!({ "uid": "" })), "malformed"),
        Case::new("a person with a line's end", user(json!({ "uid": "usr\n1" })), "malformed"),
        Case::new("a batch on a user token", user(json!({ "btc": "B", "lmt": 1 })), "malformed"),
    ]
}

pub(super) fn print(world: &World) -> Vec<Case> {
    let claims = world.claims(Form::Print { batch: None }, PRINT_TTL);
    let good = world.compact(&claims);
    let end = claims.expires_at.as_second();
    let jwt = world.jwt(&printed(world));
    let jwt_signature: [u8; 64] = world.ours.sign(jwt.rsplit_once('.').unwrap().0.as_bytes());
    let of = |to_sign: ToSign, pair: &Pair| pair.signed(to_sign);
    let made = |key: &PublicKey| compact::to_sign(&claims, &world.realm, key).unwrap();
    let future = Claims { issued_at: at(NOW_S + 7200), ..claims.clone() };
    vec![
        Case::new("compact in small letters", good.to_lowercase(), "malformed"),
        Case::new("compact without its last character", &good[..136], "malformed"),
        Case::new("compact with a character too many", format!("{good}0"), "malformed"),
        Case::new("compact with a space", format!("{} ", &good[..136]), "malformed"),
        Case::new("a group above 65535", format!(":::{}", &good[3..]), "malformed"),
        Case::new("a last group above 255", format!("{}::", &good[..135]), "malformed"),
        Case::new("compact of version 2", twisted(world, |bytes| bytes[0] = 0x23), "malformed"),
        Case::new("compact of kind 0", twisted(world, |bytes| bytes[0] = 0x10), "malformed"),
        Case::new(
            "compact without a life",
            twisted(world, |bytes| bytes[25..].fill(0)),
            "malformed",
        ),
        Case::new("compact from 1970", twisted(world, |bytes| bytes[21..25].fill(0)), "malformed"),
        Case::new(
            "compact under another key",
            of(made(&world.ours.public), &world.other),
            "bad_signature",
        ),
        Case::new(
            "compact of an unknown key",
            of(made(&world.other.public), &world.other),
            "unknown_key",
        ),
        Case::new(
            "compact with a JWT's signature",
            made(&world.ours.public).signed(&jwt_signature),
            "bad_signature",
        ),
        Case::new(
            "compact with zeros as signature",
            made(&world.ours.public).signed(&[0; 64]),
            "bad_signature",
        ),
        Case::new("compact with a longer life", longer(&good), "bad_signature"),
        Case::new("compact in the second of its end", good, "expired").at(end),
        Case::new("compact from tomorrow", world.compact(&future), "not_yet_valid"),
    ]
}

/// A compact token whose bytes were changed before we have signed them.
fn twisted(world: &World, change: impl Fn(&mut [u8; compact::CLAIMS_BYTES])) -> String {
    let claims = world.claims(Form::Print { batch: None }, PRINT_TTL);
    let to_sign = compact::to_sign(&claims, &world.realm, &world.ours.public).unwrap();
    let (Shape::Compact(mut bytes), mut message) = (to_sign.shape, to_sign.message) else {
        unreachable!("it is a compact token")
    };
    change(&mut bytes);
    let start = message.len() - bytes.len();
    message[start..].copy_from_slice(&bytes);
    world.ours.signed(ToSign { message, shape: Shape::Compact(bytes) })
}

/// A compact token whose life was changed after it was signed.
fn longer(good: &str) -> String {
    let mut bytes = base41::decode(good).unwrap();
    bytes[25] = 0xff;
    base41::encode(&bytes)
}
