//! The guards of the platform that is the same each time: one with everything, one with nothing, one that rests.

use adapters::images::{Images, Object};
use adapters::table::{Answer, Claim, ClaimOutcome, PushSubscription, StoredGuardCode, Table};
use domain::guard::{Guard, GuardProfile, GuardToken, GuardWishes, TipTarget};
use domain::id::{GuardId, GuardQrId, PhotoId};
use domain::tenant::Tenant;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::seed::noon;

/// The token of the first guard's code.
pub(crate) const TOKEN: [u8; 8] = [1; 8];

/// A claim and an answer that nobody asks for again.
pub(crate) async fn answer(table: &Table, key: &str) -> (Claim, Answer) {
    let claimed = table.claim(("seed", "seed", key), key, key.to_owned(), noon()).await.unwrap();
    let ClaimOutcome::Ours(claim) = claimed else { panic!("{key}: {claimed:?}") };
    (claim, Answer { status: 201, body: "{}".to_owned() })
}

/// Adds a guard with a number, which is in its id.
async fn hire(table: &Table, tenant: &Tenant, number: u8, name: [&str; 2], email: &str) -> Guard {
    let [first_name, last_name] = name.map(str::to_owned);
    let wishes = GuardWishes {
        first_name,
        last_name,
        employee_id: format!("G-{number:04}"),
        phone: Some(format!("+234 801 234 567{number}")),
        email: Some(email.to_owned()).filter(|email| !email.is_empty()),
        post: Some(format!("Gate {number}")).filter(|_| number < 3),
    };
    let id = GuardId::new(noon(), [number; 10]);
    let profile = GuardProfile::parse(&wishes).unwrap();
    let guard = Guard::hire(id, tenant.id.clone(), profile, noon());
    let answer = answer(table, &format!("guard {number}")).await;
    table.insert_guard(&guard, answer).await.unwrap().unwrap();
    guard
}

/// Adds a code with this token.
async fn print(table: &Table, tenant: &Tenant, before: &Guard, token: [u8; 8]) -> Guard {
    let (id, token) = (GuardQrId::new(noon(), [token[0]; 10]), GuardToken::new(token));
    let (guard, code) = before.clone().issue_code(id.clone(), token, noon()).unwrap();
    let target = TipTarget::of(&code, &guard, tenant);
    let answer = answer(table, id.as_str()).await;
    let issued = StoredGuardCode { code, signed: "signed.at.noon".to_owned() };
    let issued = table.issue_guard_code((&guard, before), &issued, &target, answer);
    issued.await.unwrap().unwrap();
    guard
}

/// Musa with a code, a browser and a photo that was sent; Ada without a code; Bola, who rests and has no address.
pub(crate) async fn hire_all(table: &Table, images: &Images, tenant: &Tenant) {
    let musa = hire(table, tenant, 1, ["Musa", "Adebayo"], "musa@example.com").await;
    let musa = print(table, tenant, &musa, TOKEN).await;
    hire(table, tenant, 2, ["Ada", "Obi"], "ada@example.com").await;
    let bola = hire(table, tenant, 3, ["Bola", "Ahmed"], "").await;
    let bola = print(table, tenant, &bola, [3; 8]).await;
    let resting = bola.clone().suspend().unwrap();
    table.replace_guard(&resting, &bola).await.unwrap().unwrap();

    let browser = PushSubscription {
        endpoint: "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABseeded".to_owned(),
        p256dh: "kept".to_owned(),
        auth: "kept".to_owned(),
    };
    assert!(table.insert_push_subscription(&tenant.id, &musa.id, &browser).await.unwrap());
    let photo = PhotoId::new(noon(), [1; 10]);
    let upload = Object::Upload(&tenant.id, &musa.id, &photo);
    images.put(&upload, "image/jpeg", portrait()).await.unwrap();
}

fn portrait() -> Vec<u8> {
    let color = |x: u32, y: u32| Rgb([x, y, 90].map(|part| u8::try_from(part / 4).unwrap()));
    let portrait = RgbImage::from_fn(800, 1000, color);
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::from(portrait).write_to(&mut file, ImageFormat::Jpeg).unwrap();
    file.into_inner()
}
