//! A restaurant's counter: the codes that customers show there, and whoever scans them.

use domain::customer::CustomerId;
use domain::id::{MemberKeyId, RestaurantId};
use domain::loyalty_token::{Payload, SignedCode, TokenHash};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use tessera_tests::{Ask, Bistro, Owner, Platform, Reply, Start};

/// Where codes are used.
pub(crate) const VERIFY: &str = "/api/v1/loyalty/verify";
/// Where codes are issued.
pub(crate) const TOKENS: &str = "/api/v1/loyalty/tokens";
/// How long a code for earning is good, in seconds.
pub(crate) const EARN: SignedDuration = SignedDuration::from_secs(300);

/// What a refusal of a code is: its status, its code and its words.
pub(crate) type Refusal = (u16, &'static str, &'static str);

/// There is no such code.
pub(crate) const UNKNOWN: Refusal = (404, "loyalty_token_unknown", "Invalid QR code");
/// It is over.
pub(crate) const EXPIRED: Refusal = (410, "loyalty_token_expired", "QR code has expired");
/// It was used.
pub(crate) const USED: Refusal = (409, "loyalty_token_used", "QR code already used");
/// It is good at another restaurant.
pub(crate) const ELSEWHERE: Refusal =
    (403, "loyalty_token_other_restaurant", "Invalid for this restaurant");

/// A platform with one restaurant, where Ada is a customer.
pub(crate) struct Counter {
    pub platform: Platform,
    pub bistro: Bistro,
}

impl Counter {
    pub(crate) async fn open() -> Self {
        Self::open_with(Start::default(), &json!({})).await
    }

    /// On a platform that is started so, with these members over the terms of the programme.
    pub(crate) async fn open_with(start: Start, terms: &Value) -> Self {
        let platform = Platform::start_with(start).await;
        let bistro = Bistro::opens_with(platform.owner(), terms).await;
        bistro.welcomes("ada").await;
        Self { platform, bistro }
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.bistro.owner
    }

    /// Asks for a code for earning.
    pub(crate) fn asks(&self, customer: &str, over: &Value) -> Ask {
        let request = json!({ "restaurant_id": self.bistro.id(), "customer_id": customer });
        self.owner().post(TOKENS).json(&merged(request, over))
    }

    /// A customer's new code for earning.
    pub(crate) async fn shows(&self, customer: &str) -> Value {
        self.asks(customer, &json!({})).await.is(201).json()
    }

    /// Asks for a code for a reward.
    pub(crate) fn asks_for(&self, customer: &str, reward: &Value) -> Ask {
        let request = json!({
            "restaurant_id": self.bistro.id(),
            "customer_id": customer,
            "reward_id": reward["reward_id"],
        });
        self.owner().post(&format!("{TOKENS}/redemption")).json(&request)
    }

    /// A customer's code for a reward.
    pub(crate) async fn shows_for(&self, customer: &str, reward: &Value) -> Value {
        self.asks_for(customer, reward).await.is(201).json()
    }

    /// Scans a code here, with these members beside it.
    pub(crate) fn scan(&self, code: &Value, over: &Value) -> Ask {
        scan(self.owner(), &self.bistro, code["payload"].as_str().unwrap(), over)
    }

    pub(crate) async fn scans(&self, code: &Value, over: &Value) -> Reply {
        self.scan(code, over).await
    }

    /// Gives a code for a reward up.
    pub(crate) async fn releases(&self, code: &Value) -> Reply {
        let request = json!({ "payload": code["payload"] });
        self.owner().post(&format!("{TOKENS}/release")).json(&request).await
    }

    /// What Ada can spend, and what codes of hers hold.
    pub(crate) async fn purse(&self) -> (i64, i64) {
        let balance = self.bistro.balance("ada").await;
        (balance["balance"].as_i64().unwrap(), balance["held"].as_i64().unwrap())
    }

    /// Enrols the wallet of a customer whose key is made of this byte.
    pub(crate) async fn enrols(&self, customer: &str, byte: u8) -> Wallet {
        let key = SigningKey::from_slice(&[byte; 32]).unwrap();
        let id = enrolled(self.owner(), customer, &key).await.is(201).json();
        let id = MemberKeyId::parse(id["key_id"].as_str().unwrap()).unwrap();
        Wallet { id, customer: customer.to_owned(), key }
    }
}

/// Asks for a wallet's key to be enrolled.
pub(crate) async fn enrolled(owner: &Owner, customer: &str, key: &SigningKey) -> Reply {
    use base64::Engine;
    let point = key.verifying_key().to_sec1_point(false);
    let point = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(point.as_bytes());
    let path = format!("/api/v1/loyalty/customers/{customer}/keys");
    owner.post(&path).json(&json!({ "public_key": point })).await
}

/// Scans something at a restaurant.
pub(crate) fn scan(owner: &Owner, bistro: &Bistro, payload: &str, over: &Value) -> Ask {
    let request = json!({ "payload": payload, "restaurant_id": bistro.id() });
    owner.post(VERIFY).json(&merged(request, over))
}

/// No more than the code.
pub(crate) fn plain() -> Value {
    json!({})
}

/// Scans a payload here, and is refused so.
pub(crate) async fn is_refused(counter: &Counter, payload: &str, with: Refusal) {
    let reply = scan(counter.owner(), &counter.bistro, payload, &plain()).await;
    refused(&reply, with);
}

/// Points for so many naira.
pub(crate) fn spent(naira: i64) -> Value {
    json!({ "award": { "amount": { "minor": naira * 100, "currency": "NGN" } } })
}

fn merged(mut request: Value, over: &Value) -> Value {
    for (name, value) in over.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// What is kept of a code.
pub(crate) fn hash_of(code: &Value) -> TokenHash {
    match Payload::parse(code["payload"].as_str().unwrap()).unwrap() {
        Payload::Token(secret) | Payload::Legacy(secret, _) => secret.hash(),
        Payload::Signed(signed) => signed.once(),
    }
}

/// That a refusal of a code has what each has, and these words.
#[track_caller]
pub(crate) fn refused(reply: &Reply, (status, code, words): Refusal) {
    let problem = reply.problem(status, code);
    let said = (&problem["valid"], &problem["error"], &problem["detail"]);
    assert_eq!(said, (&json!(false), &json!(words), &json!(words)), "{problem}");
}

/// A customer's wallet, which signs codes of its own.
pub(crate) struct Wallet {
    pub id: MemberKeyId,
    pub customer: String,
    pub key: SigningKey,
}

impl Wallet {
    /// A code for a restaurant, of the window of this instant.
    pub(crate) fn signs(&self, at: &RestaurantId, now: Timestamp, nonce: u8) -> String {
        let window = SignedCode::window(now);
        let head = SignedCode::head(&self.id, at, window, [nonce; 8]).unwrap();
        let customer = CustomerId::parse(&self.customer).unwrap();
        let signature: Signature = self.key.sign(&SignedCode::message(&customer, &head));
        SignedCode::new(head, signature.to_bytes().into()).code()
    }
}
