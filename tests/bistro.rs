//! A restaurant with a loyalty programme of its own, and what its owner does there.

use std::collections::BTreeMap;

use domain::access::Scope;
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId, TenantId};
use domain::page::PageSize;
use domain::points::{Hold, PointsAccount, PointsReference, PointsTransaction, Purse};
use serde_json::{Value, json};

use crate::{Ask, Owner, Platform, Reply};

/// Where the customers of a programme are found.
const CUSTOMERS: &str = "/api/v1/loyalty/customers";
/// Where purchases are counted.
const PURCHASES: &str = "/api/v1/loyalty/purchases";

/// A restaurant, seen by its owner.
#[derive(Clone, Debug)]
pub struct Bistro {
    /// The owner, with the tenant's key.
    pub owner: Owner,
    /// The programme, as it was answered.
    pub programme: Value,
    /// The restaurant, as it was answered.
    pub restaurant: Value,
}

/// The terms of a programme with a point for each 100 naira, and these members over them.
pub fn regulars(over: &Value) -> Value {
    let mut terms = json!({
        "name": "Regulars",
        "earning": { "per": "amount", "points": 1, "minor": 10_000, "currency": "NGN" },
        "time_zone": "Africa/Lagos",
    });
    for (name, value) in over.as_object().unwrap() {
        terms[name] = value.clone();
    }
    terms
}

impl Bistro {
    /// The restaurant of an owner, with a programme of a point for each 100 naira.
    pub async fn opens(owner: &Owner) -> Self {
        Self::opens_with(owner, &json!({})).await
    }

    /// The same, with these members over the terms of the programme.
    pub async fn opens_with(owner: &Owner, over: &Value) -> Self {
        let terms = regulars(over);
        let made = owner.post_once("/api/v1/loyalty/programmes").json(&terms).await;
        let programme = made.is(201).json();
        let restaurant = restaurant(owner, &programme, "Mama Put").await;
        Self { owner: owner.clone(), programme, restaurant }
    }

    /// Another restaurant of the same programme.
    pub async fn branch(&self, name: &str) -> Self {
        let restaurant = restaurant(&self.owner, &self.programme, name).await;
        Self { restaurant, ..self.clone() }
    }

    /// The id of the programme.
    pub fn programme_id(&self) -> ProgrammeId {
        ProgrammeId::parse(self.programme["programme_id"].as_str().unwrap()).unwrap()
    }

    /// The id of the restaurant.
    pub fn id(&self) -> RestaurantId {
        RestaurantId::parse(self.restaurant["restaurant_id"].as_str().unwrap()).unwrap()
    }

    /// A key of somebody who works here, and only here.
    pub async fn employs(&self, scopes: &[Scope]) -> Owner {
        let bound = json!({ "kind": "restaurant", "id": self.id() });
        let request = json!({ "name": "staff", "scopes": scopes, "bound_to": bound });
        let made = self.owner.post_once("/api/v1/api-keys").json(&request).await.is(201).json();
        self.owner.with_key(made["api_key"].as_str().unwrap())
    }

    /// Adds a customer of this id.
    pub async fn welcomes(&self, customer: &str) -> Value {
        let request = json!({ "customer_id": customer });
        self.owner.post_once(CUSTOMERS).json(&request).await.is(201).json()
    }

    /// Offers a coffee for fifty points, with these members over that.
    pub async fn offers(&self, over: &Value) -> Value {
        let mut terms =
            json!({ "programme_id": self.programme_id(), "name": "Coffee", "price": 50 });
        for (name, value) in over.as_object().unwrap() {
            terms[name] = value.clone();
        }
        self.owner.post_once("/api/v1/loyalty/rewards").json(&terms).await.is(201).json()
    }

    /// A purchase of so many kobo by a customer, not sent yet.
    pub fn sale(&self, customer: &str, kobo: i64, reference: &str) -> Ask {
        self.owner.post(PURCHASES).json(&json!({
            "restaurant_id": self.id(),
            "customer_id": customer,
            "amount": { "minor": kobo, "currency": "NGN" },
            "reference": reference,
        }))
    }

    /// Gives a customer so many points, by a purchase of that worth.
    pub async fn gives(&self, customer: &str, points: i64, reference: &str) -> Value {
        self.sale(customer, points * 10_000, reference).await.is(201).json()
    }

    /// Reverses a purchase.
    pub async fn reverses(&self, reference: &str) -> Reply {
        let ask = self.owner.post(&format!("{PURCHASES}/{reference}/reversal"));
        ask.json(&json!({ "restaurant_id": self.id() })).await
    }

    /// What a customer has: `balance`, `held` and `expires_next`.
    pub async fn balance(&self, customer: &str) -> Value {
        let query = format!("programme_id={}", self.programme_id());
        self.owner.get(&format!("{CUSTOMERS}/{customer}/balance?{query}")).await.is(200).json()
    }

    /// What has happened to a customer's points, the last in front, from all pages.
    pub async fn history(&self, customer: &str) -> Vec<Value> {
        let query = format!("programme_id={}&limit=20", self.programme_id());
        let first = format!("{CUSTOMERS}/{customer}/history?{query}");
        let (mut path, mut lines) = (first.clone(), Vec::new());
        loop {
            let page = self.owner.get(&path).await.is(200).json();
            lines.extend(page["lines"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return lines };
            path = format!("{first}&cursor={next}");
        }
    }
}

async fn restaurant(owner: &Owner, programme: &Value, name: &str) -> Value {
    let request = json!({ "programme_id": programme["programme_id"], "name": name });
    owner.post_once("/api/v1/loyalty/restaurants").json(&request).await.is(201).json()
}

impl Platform {
    /// Fails unless the points of a programme agree, once the stream is quiet: for each customer the ledger's postings
    /// with the purse, and the programme's totals with what all customers have.
    pub async fn points_agree(&self, bistro: &Bistro) {
        let (tenant, programme) = (&bistro.owner.tenant, bistro.programme_id());
        self.quiet().await;
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for customer in customers(self, tenant).await {
            for (account, sum) in agrees(self, (tenant, &programme, &customer)).await {
                let name = match account {
                    PointsAccount::Issued => "issued",
                    PointsAccount::Redeemed => "redeemed",
                    PointsAccount::Expired => "expired",
                    PointsAccount::Customer(_) | PointsAccount::Held(_) => "customers",
                };
                *sums.entry(name).or_default() += sum;
            }
        }
        let of = |name: &str| sums.get(name).copied().unwrap_or(0);
        let totals = self.table().points_totals(tenant, &programme).await.unwrap();
        let counted = [totals.issued, totals.redeemed, totals.expired];
        assert_eq!(counted, [of("issued"), of("redeemed"), of("expired")], "{programme}");
        assert_eq!(counted.iter().sum::<i64>(), -of("customers"), "{programme} owes another sum");
    }
}

async fn customers(platform: &Platform, tenant: &TenantId) -> Vec<CustomerId> {
    let (table, mut all, mut from) = (platform.table(), Vec::new(), None);
    loop {
        let page = table.members(tenant, PageSize::largest(), from.as_ref()).await.unwrap();
        all.extend(page.entries.into_iter().map(|member| member.id));
        from = page.next;
        if from.is_none() {
            return all;
        }
    }
}

/// The sums of a customer's postings, which are those of the purse.
async fn agrees(
    platform: &Platform,
    whose: (&TenantId, &ProgrammeId, &CustomerId),
) -> BTreeMap<PointsAccount, i64> {
    let (table, customer) = (platform.table(), whose.2);
    let (mut sums, mut from, mut changes) = (BTreeMap::new(), None, 0);
    loop {
        let page = table.points_of_customer(whose, PageSize::largest(), from.as_ref()).await;
        let page = page.unwrap();
        changes += page.entries.len();
        page.entries.iter().for_each(|stored| add(&mut sums, &stored.transaction));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let purse = table.purse(whose.0, whose.1, customer).await.unwrap();
    assert_eq!(purse.version, changes as u64, "{customer}: a change of the purse has no line");
    let account = |of: fn(CustomerId) -> PointsAccount, sums: &BTreeMap<PointsAccount, i64>| {
        sums.get(&of(customer.clone())).copied().unwrap_or(0)
    };
    let own = account(PointsAccount::Customer, &sums);
    let held = account(PointsAccount::Held, &sums);
    assert_eq!((own, held), (-lots(&purse) + purse.debt, -holds(&purse)), "{customer}: {purse:?}");
    // What has run out and nobody has cleared away yet: clearing it away agrees as well.
    let now = platform.now();
    let tidied = purse.tidied(now);
    let mut after = sums.clone();
    for line in &tidied.lines {
        let (reference, lines) = (tidied_by(whose, &tidied.purse), vec![line.clone()]);
        add(&mut after, &PointsTransaction { reference, customer: customer.clone(), lines });
    }
    let own = account(PointsAccount::Customer, &after);
    let held = account(PointsAccount::Held, &after);
    assert_eq!((own, held), (-purse.free(now), -purse.held(now)), "{customer}: {purse:?}");
    sums
}

fn tidied_by(
    (_, programme, customer): (&TenantId, &ProgrammeId, &CustomerId),
    purse: &Purse,
) -> PointsReference {
    PointsReference::tidied(programme, customer, purse.version)
}

fn lots(purse: &Purse) -> i64 {
    purse.lots.iter().map(|lot| lot.points).sum()
}

fn holds(purse: &Purse) -> i64 {
    purse.holds.iter().map(Hold::points).sum()
}

fn add(sums: &mut BTreeMap<PointsAccount, i64>, transaction: &PointsTransaction) {
    let postings = transaction.postings();
    assert_eq!(postings.values().sum::<i64>(), 0, "{transaction:?}");
    for (account, by) in postings {
        *sums.entry(account).or_default() += by;
    }
}
