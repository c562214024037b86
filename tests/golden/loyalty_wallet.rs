//! A customer's wallet at the restaurant of the platform that is the same each time: a hundred points, a reward for
//! forty of them, and a code that is open for it.

use adapters::table::{PointsPosted, PointsWrite, RewardIssued, Table};
use domain::customer::CustomerId;
use domain::id::{ProgrammeId, RestaurantId, RewardId};
use domain::loyalty_token::{Claimed, LoyaltyToken, TokenSecret};
use domain::member::Member;
use domain::points::{Movement, PointsReference, PointsTransaction, Purse};
use domain::reward::{Reward, RewardTerms};
use jiff::civil::date;
use local::Stack;

use crate::guards::answer;
use crate::loyalty::serve;
use crate::seed::{noon, tenant_id};

/// The random bytes of the code that is open.
const TOKEN: [u8; 32] = [11; 32];
const PRICE: i64 = 40;

/// The restaurant, and the customer who has a session.
pub(crate) async fn join(stack: &Stack) {
    serve(stack).await;
    let table = Table::from_env(stack.environment("tenants").unwrap()).unwrap();
    let customer = CustomerId::parse("CUST-7").unwrap();
    let member = Member::join(tenant_id(), customer.clone(), noon());
    table.insert_member(&member, None).await.unwrap().unwrap();
    let programme = ProgrammeId::new(noon(), [1; 10]);
    let terms = RewardTerms {
        name: "A bowl of jollof".to_owned(),
        description: Some("With plantain.".to_owned()),
        price: PRICE,
        stock: None,
        starts_at: None,
        ends_at: None,
        withdrawn: false,
    };
    let of = (tenant_id(), programme.clone());
    let reward = Reward::offer(RewardId::new(noon(), [1; 10]), of, terms, noon());
    let saved = answer(&table, "reward").await;
    assert!(table.insert_reward(&reward, saved).await.unwrap());
    let day = (date(2026, 11, 21), None);
    let earned = Purse::default().earning(100, day, (None, None), noon()).unwrap().0;
    let write = Change { customer: &customer, programme: &programme };
    let (purse, of) = (earned.purse.clone(), PointsReference::earned_by(&secret().hash()));
    let transaction = write.transaction(of, earned);
    let points = write.points(&transaction, &purse);
    assert_eq!(table.commit_points(&points, None).await.unwrap(), PointsPosted::Posted);
    open_code(&table, &write, &reward, &purse).await;
}

/// A change of the customer's points.
struct Change<'a> {
    customer: &'a CustomerId,
    programme: &'a ProgrammeId,
}

impl Change<'_> {
    fn transaction(&self, reference: PointsReference, moved: Movement) -> PointsTransaction {
        PointsTransaction { reference, customer: self.customer.clone(), lines: moved.lines }
    }

    fn points<'w>(
        &'w self,
        transaction: &'w PointsTransaction,
        purse: &'w Purse,
    ) -> PointsWrite<'w> {
        static TENANT: std::sync::LazyLock<domain::id::TenantId> =
            std::sync::LazyLock::new(tenant_id);
        PointsWrite {
            tenant: &TENANT,
            programme: self.programme,
            transaction,
            purse,
            restaurant: None,
            purchase: None,
            award: None,
            at: noon(),
        }
    }
}

async fn open_code(table: &Table, write: &Change<'_>, reward: &Reward, purse: &Purse) {
    let claimed = Claimed { reward: reward.id.clone(), price: PRICE };
    let restaurant = RestaurantId::new(noon(), [1; 10]);
    let of = (tenant_id(), restaurant, write.programme.clone());
    let token =
        LoyaltyToken::issue(secret().hash(), of, write.customer.clone(), Some(claimed), noon());
    let set_aside = (&token.hash, &reward.id);
    let held = purse.holding(PRICE, set_aside, token.expires_at, noon()).unwrap();
    let purse = held.purse.clone();
    let transaction = write.transaction(PointsReference::held_for(&token.hash), held);
    let points = write.points(&transaction, &purse);
    let issued = table.insert_reward_token(&token, &points, None).await.unwrap();
    assert_eq!(issued, RewardIssued::Done);
}

fn secret() -> TokenSecret {
    TokenSecret::new(TOKEN)
}
