//! A business that redeems vouchers, the phones at its tills, and the codes that its customers bring.

use adapters::signer::VoucherSigner;
use adapters::table::{Answer, ClaimOutcome, Wallet};
use domain::access::{fingerprint, hex};
use domain::claim::Claim;
use domain::customer::CustomerId;
use domain::enrolment::Enrolment;
use domain::id::{BusinessId, DeviceId, VoucherId};
use domain::voucher_token::{Claims, Form, TokenIndex, USER_TTL};
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tessera_tests::{Ask, Owner, Platform, Reply};

use crate::vouchers::{coffee, opens, path_of};

/// A tenant with one business.
pub(crate) struct Shop {
    pub platform: Platform,
    pub business: Value,
}

/// A phone at a till.
#[derive(Clone)]
pub(crate) struct Phone {
    client: Client,
    base: String,
    pub id: String,
    pub authorization: String,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let platform = Platform::start().await;
        let business = opens(platform.owner(), "Kofi's Café").await;
        Self { platform, business }
    }

    pub(crate) fn owner(&self) -> &Owner {
        self.platform.owner()
    }

    pub(crate) fn id(&self) -> &str {
        self.business["business_id"].as_str().unwrap()
    }

    /// A published voucher of this business, with these members over those of a free coffee.
    pub(crate) async fn publishes(&self, over: &Value) -> Value {
        let draft = self.drafts(over).await;
        drop(self.owner().post(&format!("{}/publish", path_of(&draft))).await.is(200));
        draft
    }

    pub(crate) async fn drafts(&self, over: &Value) -> Value {
        let wishes = coffee(&self.business, over);
        self.owner().post_once("/api/v1/vouchers").json(&wishes).await.is(201).json()
    }

    pub(crate) async fn becomes(&self, voucher: &Value, change: &str) {
        drop(self.owner().post(&format!("{}/{change}", path_of(voucher))).await.is(200));
    }

    /// A code at this business, with these members beside it.
    pub(crate) fn order(&self, code: &str, over: &Value) -> Value {
        let mut order = json!({ "code": code, "business_id": self.id() });
        for (name, value) in over.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    }

    /// The tenant's key redeems a code.
    pub(crate) async fn redeems(&self, code: &str, over: &Value) -> Reply {
        self.owner().post_once("/api/v1/redemptions").json(&self.order(code, over)).await
    }

    pub(crate) async fn validates(&self, code: &str, over: &Value) -> Value {
        let ask = self.owner().post("/api/v1/redemptions/validate");
        ask.json(&self.order(code, over)).await.is(200).json()
    }

    pub(crate) async fn rolls_back(&self, redemption: &Value) -> Reply {
        let id = redemption["redemption_id"].as_str().unwrap();
        let path = format!("/api/v1/redemptions/{id}/rollback");
        self.owner().post_once(&path).json(&json!({})).await
    }

    /// Redemptions and refusals of the business, newest first.
    pub(crate) async fn lines(&self) -> Vec<Value> {
        let path = format!("/api/v1/redemptions?business_id={}&limit=100", self.id());
        let page = self.owner().get(&path).await.is(200).json();
        page["lines"].as_array().unwrap().clone()
    }

    /// How many redemptions stand.
    pub(crate) async fn count(&self) -> usize {
        let mut path = format!("/api/v1/redemptions?business_id={}&limit=100", self.id());
        let (first, mut count) = (path.clone(), 0);
        loop {
            let page = self.owner().get(&path).await.is(200).json();
            let lines = page["lines"].as_array().unwrap().iter();
            count += lines.filter(|line| line["status"] == "redeemed").count();
            let Some(next) = page["next_cursor"].as_str() else { return count };
            path = format!("{first}&cursor={next}");
        }
    }

    /// The reasons of all refusals, newest first.
    pub(crate) async fn reasons(&self) -> Vec<String> {
        let lines = self.lines().await;
        let refused = lines.iter().filter(|line| line["kind"] == "refusal");
        refused.map(|line| line["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// What is left of a voucher's limit.
    pub(crate) async fn left(&self, voucher: &Value) -> Value {
        self.owner().get(&path_of(voucher)).await.is(200).json()["left"].clone()
    }

    /// A phone that was invited and has enrolled itself.
    pub(crate) async fn enrols(&self, name: &str) -> Phone {
        let wish = json!({ "business_id": self.id(), "name": name });
        let invited = self.owner().post_once("/api/v1/devices").json(&wish).await.is(201).json();
        let code = json!({ "code": invited["code"] });
        let ask = self.platform.visitor().post("/api/v1/devices/enrol");
        let enrolled = ask.json(&code).await.is(201).json();
        let text = |name: &str| enrolled[name].as_str().unwrap().to_owned();
        self.phone(text("device_id"), text("authorization"))
    }

    /// As many phones as one likes, past the door where addresses are counted.
    pub(crate) async fn hands_out(&self, phones: u8) -> Vec<Phone> {
        let (table, now) = (self.platform.table(), self.platform.now());
        let mut all = Vec::new();
        for number in 0..phones {
            let business = BusinessId::parse(self.id()).unwrap();
            let whose = (self.owner().tenant.clone(), business);
            let id = DeviceId::new(now, [number; 10]);
            let secret = hex(&[number; 32]);
            let invited = Enrolment::invite(id, whose, format!("Till {number}"), now);
            let device = invited.enrol(fingerprint(&secret), now).unwrap();
            let key = format!("phone-{number}");
            let named = ("key_1", "POST /api/v1/devices", key.as_str());
            let claimed = table.claim(named, "print", "one".to_owned(), now).await.unwrap();
            let ClaimOutcome::Ours(claim) = claimed else { panic!("claimed before") };
            let answer = Answer { status: 201, body: "{}".to_owned() };
            assert!(table.insert_enrolment(&device, &key, (claim, answer)).await.unwrap());
            let authorization = format!("Device {}.{secret}", device.id);
            all.push(self.phone(device.id.to_string(), authorization));
        }
        all
    }

    fn phone(&self, id: String, authorization: String) -> Phone {
        let client = Client::builder().no_proxy().build().unwrap();
        Phone { client, base: self.platform.base().to_owned(), id, authorization }
    }

    /// A customer claims a voucher.
    pub(crate) async fn claims(&self, voucher: &Value, customer: &str) {
        let (table, tenant) = (self.platform.table(), &self.owner().tenant);
        let customer = CustomerId::parse(customer).unwrap();
        let voucher = table.voucher(&voucher_id(voucher)).await.unwrap().unwrap();
        let index = table.take_status_places(tenant, 1).await.unwrap();
        let Wallet { last, .. } = table.wallet_size(tenant, &customer).await.unwrap();
        let wallet = table.wallet_size(tenant, &customer).await.unwrap();
        let place = (last + 1, index);
        let now = self.platform.now();
        let claim = Claim::made(&voucher, (&customer, None), place, now).unwrap();
        table.commit_claim(&claim, wallet, None).await.unwrap().unwrap();
    }

    /// The customer's own code of five minutes.
    pub(crate) async fn shows(&self, voucher: &Value, customer: &str) -> String {
        self.shows_at(voucher, customer, self.platform.now()).await
    }

    /// The same from another instant on.
    pub(crate) async fn shows_at(&self, voucher: &Value, customer: &str, at: Timestamp) -> String {
        let form = Form::User { customer: Some(customer.to_owned()) };
        let index = TokenIndex::new(9_999).unwrap();
        let claims = Claims::new(form, voucher_id(voucher), index, at, USER_TTL);
        let signer = VoucherSigner::from_env(self.platform.environment("redeem")).unwrap();
        signer.jwt(&claims, &self.owner().tenant).await.unwrap()
    }
}

impl Phone {
    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask::new(&self.client, &self.base, method, path);
        ask.header("authorization", &self.authorization)
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// Redeems a code under a key of its own.
    pub(crate) async fn redeems(&self, code: &str, key: &str) -> Reply {
        let ask = self.ask(Method::POST, "/api/v1/redemptions").header("idempotency-key", key);
        ask.json(&json!({ "code": code })).await
    }

    /// Takes so many redemptions along.
    pub(crate) async fn leases(&self, voucher: &Value, count: u32) -> Reply {
        let key = format!("{}-{count}-{}", self.id, voucher["voucher_id"]);
        let ask = self.ask(Method::POST, "/api/v1/redemptions/leases");
        let wish = json!({ "voucher_id": voucher["voucher_id"], "count": count });
        ask.header("idempotency-key", &key).json(&wish).await
    }

    pub(crate) fn sync(&self, redemptions: &[Value]) -> Ask {
        let ask = self.ask(Method::POST, "/api/v1/redemptions/sync");
        ask.json(&json!({ "redemptions": redemptions }))
    }

    /// Brings redemptions; says what became of each.
    pub(crate) async fn brings(&self, redemptions: &[Value]) -> Vec<Value> {
        let reply = self.sync(redemptions).await.is(200).json();
        reply["results"].as_array().unwrap().clone()
    }
}

pub(crate) fn voucher_id(voucher: &Value) -> VoucherId {
    VoucherId::parse(voucher["voucher_id"].as_str().unwrap()).unwrap()
}
