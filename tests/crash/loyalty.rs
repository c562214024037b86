//! A code of a customer is used at a restaurant: the scanner sends its request until it is answered, and the points and
//! the code say the same.

use domain::customer::CustomerId;
use domain::loyalty_token::{LoyaltyToken, Payload};
use local::Call;
use serde_json::{Value, json};
use tessera_tests::Bistro;

use crate::ground::Ground;
use crate::rig::{Story, is_effect, singles};

/// How often the scanner sends its request.
const TRIES: usize = 5;
/// What the customer has before, in points.
const BEFORE: i64 = 60;
/// What an award of 1,000 naira gives, in points.
const AWARDED: i64 = 10;
/// What the reward costs, in points.
const PRICE: i64 = 50;

/// What the code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scan {
    /// Earning.
    Award,
    /// A reward.
    Reward,
}

struct Stage {
    bistro: Bistro,
    reward: Value,
    code: Value,
}

impl Story for Scan {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        match self {
            Scan::Award => "an earn token is verified with an award",
            Scan::Reward => "a reward is redeemed",
        }
    }

    fn counts(&self) -> fn(&Call) -> bool {
        |call| is_effect(call) && &*call.function == "loyalty-tokens"
    }

    async fn set(&self, ground: &Ground) -> Stage {
        let bistro = Bistro::opens(&ground.tenancy.owner).await;
        // Those of the stories before are customers too.
        let wish = json!({ "customer_id": "ada" });
        let made = bistro.owner.post_once("/api/v1/loyalty/customers").json(&wish).await;
        assert!([201, 409].contains(&made.status), "{}", made.text());
        bistro.gives("ada", BEFORE, "sale-1").await;
        let reward = bistro.offers(&json!({ "price": PRICE, "stock": 1 })).await;
        let mut wish = json!({ "restaurant_id": bistro.id(), "customer_id": "ada" });
        let path = match self {
            Scan::Award => "/api/v1/loyalty/tokens",
            Scan::Reward => {
                wish["reward_id"] = reward["reward_id"].clone();
                "/api/v1/loyalty/tokens/redemption"
            }
        };
        let code = bistro.owner.post(path).json(&wish).await.is(201).json();
        Stage { bistro, reward, code }
    }

    async fn begin(&self, _: &Ground, stage: &Stage) {
        let mut wish =
            json!({ "restaurant_id": stage.bistro.id(), "payload": stage.code["payload"] });
        if *self == Scan::Award {
            wish["award"] = json!({ "amount": { "minor": 100_000, "currency": "NGN" } });
        }
        for _ in 0..TRIES {
            let ask = stage.bistro.owner.post("/api/v1/loyalty/verify");
            let reply = ask.header("idempotency-key", "scan").json(&wish).attempt().await;
            if reply.is_ok_and(|reply| reply.status == 200) {
                return;
            }
        }
    }

    async fn unfinished(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let token = token(ground, stage).await;
        token.used.is_none().then(|| "the code is not used".to_owned()).into_iter().collect()
    }

    async fn wrong(&self, ground: &Ground, stage: &Stage) -> Vec<String> {
        let mut wrong = Vec::new();
        let Stage { bistro, reward, .. } = stage;
        let customer = CustomerId::parse("ada").unwrap();
        let of = (&bistro.owner.tenant, bistro.programme_id());
        let purse = ground.table.purse(of.0, &of.1, &customer).await.unwrap();
        let now = ground.platform.now();
        let has = (purse.free(now), purse.held(now));
        let wanted = match self {
            Scan::Award => (BEFORE + AWARDED, 0),
            Scan::Reward => (BEFORE - PRICE, 0),
        };
        if has != wanted {
            wrong.push(format!("the customer has {has:?}, not {wanted:?}"));
        }
        let id = reward["reward_id"].as_str().unwrap();
        let path = format!("/api/v1/loyalty/rewards/{id}");
        let given = bistro.owner.get(&path).await.is(200).json()["given"].as_i64();
        let wanted = i64::from(*self == Scan::Reward);
        if given != Some(wanted) {
            wrong.push(format!("{given:?} rewards were given, not {wanted}"));
        }
        let used = token(ground, stage).await.used;
        let awarded = used.as_ref().and_then(|used| used.outcome.awarded);
        let wanted = (*self == Scan::Award).then_some(AWARDED);
        if awarded != wanted {
            wrong.push(format!("the code says {awarded:?}, not {wanted:?}"));
        }
        ground.platform.points_agree(bistro).await;
        wrong
    }
}

/// The code as the table has it.
async fn token(ground: &Ground, stage: &Stage) -> LoyaltyToken {
    let Ok(Payload::Token(secret)) = Payload::parse(stage.code["token"].as_str().unwrap()) else {
        unreachable!("it is a code of ours")
    };
    ground.table.loyalty_token(&secret.hash()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_used_with_its_points_whatever_breaks_once() {
    singles(&Scan::Award).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reward_is_given_for_its_points_whatever_breaks_once() {
    singles(&Scan::Reward).await;
}
