//! Messages against an inbox that answers as it likes, and subscriptions that lead elsewhere.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::liar::{Liar, Says, environment, secrets};
use crate::secrets::SecretText;

const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

/// The sender, the push service that answers, and the subscription at it.
async fn stage(says: Says) -> (Push, Liar, Subscription) {
    let service = Liar::start(move |_| says.clone()).await;
    let aws = Liar::start(secrets(|_, stage| (stage == "AWSCURRENT").then(|| "one".into()))).await;
    let clock = Clock::manual("2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap());
    let variables = [
        ("VAPID_SECRET_ID", "vapid"),
        ("MAIL_FROM", "Tips <tips@example.com>"),
        ("PUSH_SERVICE_URL", &*service.url),
    ];
    let push = Push::from_env(&environment(&aws, &clock, &variables)).unwrap();
    let endpoint = format!("{}/inbox/1?x=y", service.url);
    let subscription = Subscription::parse(&push.services, &endpoint, P256DH, AUTH).unwrap();
    (push, service, subscription)
}

#[tokio::test]
async fn a_message_is_encrypted_and_signed_for_its_service() {
    let (push, service, subscription) = stage(Says::json(201, "")).await;
    push.send(&subscription, b"hello", 3600).await.unwrap();
    let heard = service.heard().remove(0);
    assert_eq!(heard.line, "POST /inbox/1?x=y");
    for header in ["ttl: 3600\r\n", "content-encoding: aes128gcm\r\n", "urgency: high\r\n"] {
        assert!(heard.headers.contains(header), "{header} in {}", heard.headers);
    }
    assert_eq!(heard.body.len(), 86 + 5 + 1 + 16);
    assert_eq!(heard.body[16..21], [0, 0, 16, 0, 65]);
    push.send(&subscription, b"hello", 3600).await.unwrap();
    assert_ne!(service.heard().remove(0).body, heard.body, "no two messages look the same");
}

#[tokio::test]
async fn the_signature_names_the_service_and_us() {
    let (push, service, subscription) = stage(Says::json(201, "")).await;
    let header = push.token(&push.pairs().await.unwrap()[0], &subscription).unwrap();
    let value = header.to_str().unwrap().strip_prefix("vapid t=").unwrap();
    let (token, key) = value.split_once(", k=").unwrap();
    assert_eq!(key, push.public_key().await.unwrap());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let (head, claims) = input.split_once('.').unwrap();
    let json = |part| serde_json::from_slice::<Value>(&bytes(part)).unwrap();
    assert_eq!(json(head), json!({ "typ": "JWT", "alg": "ES256" }));
    let expected = json!({
        "aud": service.url,
        "exp": "2026-11-21T22:00:00Z".parse::<Timestamp>().unwrap().as_second(),
        "sub": "mailto:tips@example.com",
    });
    assert_eq!(json(claims), expected);
    let theirs = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        bytes(key),
    );
    theirs.verify(input.as_bytes(), &bytes(signature)).unwrap();
}

#[tokio::test]
async fn who_subscribed_before_a_rotation_is_still_reached() {
    let old = KeyPair::derive(&SecretText::new("old"), INFO).unwrap().public_key();
    let known = format!(", k={}", URL_SAFE_NO_PAD.encode(old)).to_ascii_lowercase();
    let inbox = Liar::start(move |heard| match heard.headers.contains(&known) {
        true => Says::json(201, ""),
        false => Says::json(403, "another key"),
    });
    let inbox = inbox.await;
    let send = async |versions: [&'static str; 2]| {
        let vault = move |_: &str, stage: &str| {
            Some(versions[usize::from(stage == "AWSPREVIOUS")].to_owned())
        };
        let aws = Liar::start(secrets(vault)).await;
        let variables = [
            ("VAPID_SECRET_ID", "vapid"),
            ("MAIL_FROM", "tips@example.com"),
            ("PUSH_SERVICE_URL", &*inbox.url),
        ];
        let push = Push::from_env(&environment(&aws, &Clock::system(), &variables)).unwrap();
        let to = Subscription::parse(&push.services, &inbox.url, P256DH, AUTH).unwrap();
        let sent = push.send(&to, b"x", 1).await;
        (sent.is_ok(), inbox.heard().len())
    };
    assert_eq!(send(["old", "older"]).await, (true, 1));
    assert_eq!(send(["new", "old"]).await, (true, 2));
    assert_eq!(send(["newest", "new"]).await, (false, 2));
}

#[tokio::test]
async fn what_a_service_answers_is_gone_refused_or_unknown() {
    let word = |outcome: &Result<(), PushError>| match outcome {
        Ok(()) => "sent",
        Err(PushError::Gone) => "gone",
        Err(PushError::Refused(_)) => "refused",
        Err(PushError::Unknown(_)) => "unknown",
    };
    for (status, expected) in [
        (200, "sent"),
        (201, "sent"),
        (204, "sent"),
        (307, "refused"),
        (400, "refused"),
        (403, "refused"),
        (404, "gone"),
        (410, "gone"),
        (413, "refused"),
        (429, "refused"),
        (500, "unknown"),
        (503, "unknown"),
    ] {
        assert_eq!(word(&judge(StatusCode::from_u16(status).unwrap())), expected, "{status}");
    }
    let (push, service, subscription) = stage(Says::Reset).await;
    assert_eq!(word(&push.send(&subscription, b"x", 1).await), "unknown");
    assert_eq!(service.heard().len(), 1);
    let long = vec![b'x'; PAYLOAD_MAX_BYTES + 1];
    assert_eq!(word(&push.send(&subscription, &long, 1).await), "refused");
    assert!(service.heard().is_empty());
}

#[tokio::test]
async fn a_service_that_is_no_longer_allowed_is_not_called() {
    let (mut push, service, subscription) = stage(Says::json(201, "")).await;
    let aws = Liar::start(|_| Says::Reset).await;
    push.services = PushServices::from_env(&environment(&aws, &Clock::system(), &[])).unwrap();
    assert!(matches!(push.send(&subscription, b"x", 1).await, Err(PushError::Refused(_))));
    assert!(service.heard().is_empty());
}

#[tokio::test]
async fn only_known_services_and_whole_keys_are_taken() {
    let aws = Liar::start(|_| Says::Reset).await;
    let services = |extra: &[(&str, &str)]| {
        PushServices::from_env(&environment(&aws, &Clock::system(), extra)).unwrap()
    };
    let (known, local) =
        (services(&[]), services(&[("PUSH_SERVICE_URL", "http://127.0.0.1:8080")]));
    let check = |services: &PushServices, [endpoint, p256dh, auth]: [&str; 3], wrong: &[&str]| {
        let fields = match Subscription::parse(services, endpoint, p256dh, auth) {
            Ok(subscription) => {
                assert!(!format!("{subscription:?}").contains("/s/"));
                Vec::new()
            }
            Err(errors) => errors.0.into_iter().map(|error| error.field).collect(),
        };
        assert_eq!(fields, wrong, "{endpoint} {p256dh} {auth}");
    };
    let taken = |endpoint: &str| check(&known, [endpoint, P256DH, AUTH], &[]);
    taken("https://fcm.googleapis.com/fcm/send/s/a:b");
    taken("https://updates.push.services.mozilla.com/wpush/v2/s/a");
    taken("https://eu.push.services.mozilla.com/s/a");
    taken("https://db5p.notify.windows.com/w/?token=s%2fa");
    taken("https://web.push.apple.com/s/a");
    taken("https://FCM.googleapis.com:443/s/a");
    let refused = |endpoint: &str| check(&known, [endpoint, P256DH, AUTH], &["endpoint"]);
    refused("http://fcm.googleapis.com/s/a");
    refused("https://fcm.googleapis.com:8443/s/a");
    refused("https://fcm.googleapis.com.example.com/s/a");
    refused("https://fcm.googleapis.com@example.com/s/a");
    refused("https://user@fcm.googleapis.com/s/a");
    refused("https://evilnotify.windows.com/s/a");
    refused("https://notify.windows.com/s/a");
    refused("https://fcm.googleapis.com./s/a");
    refused("https://169.254.169.254/latest/meta-data");
    refused("https://localhost/s/a");
    refused("http://127.0.0.1:8080/s/a");
    refused("file:///etc/passwd");
    refused(&format!("https://fcm.googleapis.com/{}", "s".repeat(2048)));
    refused("");
    check(&local, ["http://127.0.0.1:8080/s/a", P256DH, AUTH], &[]);
    check(&local, ["http://127.0.0.1:8081/s/a", P256DH, AUTH], &["endpoint"]);
    let fine = "https://fcm.googleapis.com/s/a";
    let padded = format!("{AUTH}==");
    check(&known, [fine, P256DH, &padded], &[]);
    check(&known, [fine, P256DH, "BTBZMqHH6r4Tts7J_aSI"], &["auth"]);
    check(&known, [fine, AUTH, AUTH], &["p256dh"]);
    check(&known, [fine, &P256DH.replace('w', "A"), AUTH], &["p256dh"]);
    check(&known, ["x", "", ""], &["endpoint", "p256dh", "auth"]);
}
