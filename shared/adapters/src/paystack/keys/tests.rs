//! Keys that are kept, turned, deleted, never there, and broken.

use std::sync::{Arc, Mutex};

use super::*;
use crate::liar::{Heard, Liar, Says, environment, secrets};

const PREFIX: &str = "tessera/test/paystack/";

fn tenant(number: u8) -> TenantId {
    TenantId::new(Timestamp::UNIX_EPOCH, [number; 10])
}

/// What Secrets Manager has, to be changed on the way.
type Vault = Arc<Mutex<BTreeMap<(String, &'static str), String>>>;

struct Stage {
    vault: Vault,
    down: Arc<Mutex<bool>>,
    server: Liar,
    clock: Clock,
    keys: PaystackKeys,
}

impl Stage {
    async fn start() -> Self {
        let (vault, down) = (Vault::default(), Arc::new(Mutex::new(false)));
        let (seen, broken) = (vault.clone(), down.clone());
        let answer = secrets(move |id, stage| {
            let vault = seen.lock().unwrap();
            let mut found = vault.iter().filter(|((known, at), _)| known == id && *at == stage);
            found.next().map(|(_, text)| text.clone())
        });
        let refused = r#"{"__type":"AccessDeniedException","message":"no"}"#;
        let server = Liar::start(move |heard: &Heard| match *broken.lock().unwrap() {
            true => Says::json(400, refused),
            false => answer(heard),
        });
        let (server, clock) = (server.await, Clock::manual(Timestamp::UNIX_EPOCH));
        let env = environment(&server, &clock, &[("PAYSTACK_SECRET_PREFIX", PREFIX)]);
        let keys = PaystackKeys::from_env(&env).unwrap();
        Self { vault, down, server, clock, keys }
    }

    fn put(&self, tenant: &TenantId, stage: &'static str, text: &str) {
        self.vault.lock().unwrap().insert((format!("{PREFIX}{tenant}"), stage), text.to_owned());
    }

    async fn ask(&self, tenant: &TenantId) -> Option<Vec<String>> {
        let keys = self.keys.of(tenant).await.unwrap()?;
        let text = |key: &SecretText| String::from_utf8(key.expose().to_vec()).unwrap();
        Some(keys.iter().map(text).collect())
    }

    fn asked(&self) -> usize {
        self.server.heard().len()
    }
}

fn json(key: &str) -> String {
    format!(r#"{{"secret_key":"{key}"}}"#)
}

fn some(keys: &[&str]) -> Option<Vec<String>> {
    Some(keys.iter().map(|key| (*key).to_owned()).collect())
}

#[tokio::test]
async fn keys_are_kept_follow_a_rotation_and_serve_on_while_they_cannot_be_read() {
    let stage = Stage::start().await;
    stage.put(&tenant(1), "AWSCURRENT", &json("sk_test_one"));
    assert_eq!(stage.ask(&tenant(1)).await, some(&["sk_test_one"]));
    assert_eq!(stage.ask(&tenant(1)).await, some(&["sk_test_one"]));
    assert_eq!(stage.asked(), 2, "each version is asked for once");

    stage.put(&tenant(1), "AWSCURRENT", &json("sk_test_two"));
    stage.put(&tenant(1), "AWSPREVIOUS", &json("sk_test_one"));
    stage.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(stage.ask(&tenant(1)).await, some(&["sk_test_two", "sk_test_one"]));

    *stage.down.lock().unwrap() = true;
    stage.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(stage.ask(&tenant(1)).await, some(&["sk_test_two", "sk_test_one"]));
    assert!(stage.keys.of(&tenant(2)).await.is_err(), "nothing is known of this one");

    *stage.down.lock().unwrap() = false;
    stage.vault.lock().unwrap().clear();
    stage.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(stage.ask(&tenant(1)).await, None, "a key that was deleted is no key");
}

#[tokio::test]
async fn tenants_without_a_key_cost_few_calls() {
    let stage = Stage::start().await;
    stage.put(&tenant(250), "AWSCURRENT", &json("sk_test_known"));
    assert!(stage.ask(&tenant(250)).await.is_some());
    stage.asked();

    assert_eq!(stage.ask(&tenant(0)).await, None);
    assert_eq!(stage.ask(&tenant(0)).await, None);
    assert_eq!(stage.asked(), 1);
    let mut refused = 0;
    for number in 1..200 {
        refused += usize::from(stage.keys.of(&tenant(number)).await.is_err());
    }
    assert_eq!((stage.asked(), refused), (ABSENT_MAX - 1, 200 - ABSENT_MAX));
    assert!(stage.ask(&tenant(250)).await.is_some(), "who is known is served");

    stage.put(&tenant(0), "AWSCURRENT", &json("sk_test_new"));
    stage.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(stage.ask(&tenant(0)).await, some(&["sk_test_new"]));
}

#[tokio::test]
async fn only_what_looks_like_a_key_is_one() {
    let check = async |current: &str, previous: Option<&str>, expected: Option<&[&str]>| {
        let stage = Stage::start().await;
        stage.put(&tenant(1), "AWSCURRENT", current);
        if let Some(previous) = previous {
            stage.put(&tenant(1), "AWSPREVIOUS", previous);
        }
        match stage.keys.of(&tenant(1)).await {
            Ok(_) => assert_eq!(stage.ask(&tenant(1)).await, some(expected.unwrap()), "{current}"),
            Err(error) => {
                assert!(expected.is_none(), "{current}");
                let text = format!("{error:?} {}", domain::failure::chain(&error));
                assert!(!text.contains("k_test"), "{text}");
            }
        }
    };
    check(r#"{"secret_key":" sk_test_1\n","note":"x"}"#, None, Some(&["sk_test_1"])).await;
    check(&json("sk_test_1"), Some("broken"), Some(&["sk_test_1"])).await;
    check("sk_test_1", None, None).await;
    check("{}", Some(&json("sk_test_1")), None).await;
    check(r#"{"secret_key":["sk_test_1"]}"#, None, None).await;
    check(&json("pk_test_1"), None, None).await;
    check(&json(r"sk_test_1\r\nx: y"), None, None).await;
}

#[tokio::test]
async fn the_present_and_the_previous_approval_secret_open_and_nothing_else_does() {
    let stage = Stage::start().await;
    let with =
        |secret: &str| format!(r#"{{"secret_key":"sk_test_1","approval_secret":"{secret}"}}"#);
    let (old, new, next) = ("a".repeat(64), "0b".repeat(32), "c".repeat(64));
    stage.put(&tenant(1), "AWSCURRENT", &with(&new));
    stage.put(&tenant(1), "AWSPREVIOUS", &with(&old));
    stage.put(&tenant(2), "AWSCURRENT", &json("sk_test_2"));
    stage.put(&tenant(3), "AWSCURRENT", &with("short"));
    stage.put(&tenant(4), "AWSCURRENT", &with(&"A".repeat(64)));
    let check = async |number: u8, given: &str, expected: bool| {
        let opens = stage.keys.opens_approval(&tenant(number), given).await.unwrap();
        assert_eq!(opens, expected, "{number} {given}");
    };
    for given in [&*new, &*old] {
        check(1, given, true).await;
        check(2, given, false).await;
        check(9, given, false).await;
    }
    for given in ["", &new[1..], &format!("{new}0"), &new.to_uppercase(), &next] {
        check(1, given, false).await;
    }
    check(2, "", false).await;
    check(3, "short", false).await;
    check(4, &"A".repeat(64), false).await;
    assert_eq!(stage.ask(&tenant(1)).await, some(&["sk_test_1", "sk_test_1"]));

    stage.put(&tenant(1), "AWSPREVIOUS", &with(&new));
    stage.put(&tenant(1), "AWSCURRENT", &with(&next));
    stage.clock.advance(SignedDuration::from_mins(6));
    check(1, &next, true).await;
    check(1, &new, true).await;
    check(1, &old, false).await;
}
