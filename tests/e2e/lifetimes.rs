//! How codes end and come back, on a clock that is moved.

use jiff::SignedDuration;
use local::{Fault, Filter};
use serde_json::json;
use tessera_tests::{GOOGLEBOT, House, Platform, WHATSAPP, at_once, house};

const MINUTE_AND_A_SECOND: SignedDuration = SignedDuration::from_secs(61);

async fn with_code() -> (Platform, House) {
    let (platform, house) = (Platform::start().await, house());
    platform.owner().imports(std::slice::from_ref(&house)).await;
    platform.owner().generates(&house).await;
    (platform, house)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_code_stops_within_a_minute_and_comes_back_as_the_next_version() {
    let (platform, house) = with_code().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    let first = owner.reads(&house).await.is(200).json();
    let _page = visitor.scans(&house).await.is(200);
    platform.quiet().await;

    let _gone = owner.deletes(&house).await.is(204);
    let _kept = visitor.scans(&house).await.is(200);
    platform.passes(SignedDuration::from_secs(59)).await;
    let _kept = visitor.scans(&house).await.is(200);
    platform.passes(SignedDuration::from_secs(1)).await;
    let page = visitor.scans(&house).await.is(410);
    assert!(page.text().contains("no longer in use"), "{}", page.text());
    visitor.get(&format!("/api/v1/scan/{}", house.id)).await.problem(410, "code_deleted");
    let fixed = format!("/qr-images/{}.png", house.id);
    assert_ne!(visitor.get(&fixed).await.status, 200);
    owner.reads(&house).await.problem(404, "code_unknown");
    let metadata = format!("metadata/{}.json", house.id);
    assert!(!platform.inventory().await.objects.contains_key(&metadata));
    let before = platform.inventory().await;
    let _again = owner.deletes(&house).await.is(204);
    platform.inventory().await.is_still(&before, "deleting again changes nothing");
    platform.quiet().await;
    assert_eq!(owner.analytics(&house).await["all_time_scans"], 3, "its scans stay");

    let second = owner.generates(&house).await;
    assert_eq!(second["version"], 2);
    assert_eq!(second["qr_pattern"], first["qr_pattern"], "printed codes work again");
    assert_eq!(second["scan_count"], 3);
    platform.passes(SignedDuration::from_secs(60)).await;
    let _page = visitor.scans(&house).await.is(200);
    let image = visitor.get(&fixed).await.is(200);
    assert_eq!(qr::decode(&image.body).unwrap(), second["qr_pattern"].as_str().unwrap());
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    assert_eq!(seen["all_time_scans"], 4);
    let versions = json!([{ "name": "1", "count": 3 }, { "name": "2", "count": 1 }]);
    assert_eq!(seen["versions"], versions);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_image_is_never_missing_while_a_code_is_made_anew() {
    let (platform, house) = with_code().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    let fixed = format!("/qr-images/{}.png", house.id);
    let scan_url = format!("{}/scan/{}", platform.base(), house.id);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let look = async || {
        let mut looks = 0;
        while looks == 0 || !stop.load(std::sync::atomic::Ordering::Relaxed) {
            let image = visitor.get(&fixed).await.is(200);
            let length: usize = image.header("content-length").parse().unwrap();
            assert_eq!(image.body.len(), length, "an image was cut off");
            assert!(image.body.ends_with(b"IEND\xaeB`\x82"), "an image was cut off");
            if looks % 8 == 0 {
                assert_eq!(qr::decode(&image.body).unwrap(), scan_url);
            }
            looks += 1;
        }
        looks
    };
    let renew = async || {
        for version in 2..=9 {
            let settings = json!({ "size": 200 + 20 * version });
            let made = owner.regenerates(&house, &settings).await.is(200).json();
            assert_eq!(made["version"], version);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (looks, ()) = futures::join!(at_once(20, (0..20).map(|_| look())), renew());
    println!("{} looks at the image during 8 regenerations", looks.iter().sum::<usize>());
    let present = owner.reads(&house).await.is(200).json();
    assert_eq!((&present["version"], &present["size"]), (&9.into(), &380.into()));
    let shown = visitor.get(&fixed).await.is(200).body;
    let version = visitor.get(present["image_url"].as_str().unwrap()).await.is(200).body;
    assert!(shown == version, "the fixed path shows the present version");
    // Older images stay where they are: they may be printed somewhere.
    let inventory = platform.inventory().await;
    let images = inventory.objects.keys().filter(|key| key.contains(house.id.as_str()));
    assert_eq!(images.count(), 9 + 2, "nine versions, the fixed path, the metadata: {inventory:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_make_a_code_anew_at_once_agree_in_the_end() {
    let (platform, house) = with_code().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    for round in 0..4 {
        let sizes = [256, 300, 340];
        let settings: Vec<_> = sizes.map(|size| json!({ "size": size + round })).into();
        let replies = at_once(3, settings.iter().map(|s| owner.regenerates(&house, s))).await;
        for reply in &replies {
            assert!([200, 409].contains(&reply.status), "{}", reply.text());
        }
        let present = owner.reads(&house).await.is(200).json();
        let fixed = visitor.get(&format!("/qr-images/{}.png", house.id)).await.is(200);
        let version = visitor.get(present["image_url"].as_str().unwrap()).await.is(200);
        assert!(fixed.body == version.body, "round {round}: the fixed path is behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_and_a_generation_at_once_leave_the_images_as_the_record_says() {
    let (platform, house) = with_code().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    let (mut alive, mut dead) = (0, 0);
    for round in 0..24 {
        let settings = json!({ "size": 256 + round });
        let (deleted, made) =
            futures::join!(owner.deletes(&house), owner.generates_with(&house, &settings));
        assert!([204, 409].contains(&deleted.status), "{}", deleted.text());
        assert!([200, 201, 409].contains(&made.status), "{}", made.text());
        let present = owner.reads(&house).await;
        let fixed = visitor.get(&format!("/qr-images/{}.png", house.id)).await;
        if present.status == 200 {
            alive += 1;
            let version = visitor.get(present.json()["image_url"].as_str().unwrap()).await.is(200);
            assert_eq!(fixed.status, 200, "round {round}: alive, and its image is gone");
            assert!(fixed.body == version.body, "round {round}: the fixed path is behind");
        } else {
            dead += 1;
            assert_ne!(fixed.status, 200, "round {round}: deleted, and its image is shown");
        }
    }
    println!("{alive} times the generation came last, {dead} times the deletion");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_ends_at_its_hour_even_where_it_is_kept_in_memory() {
    let (platform, house) = (Platform::start().await, house());
    let (owner, visitor) = (platform.owner(), platform.visitor());
    owner.imports(std::slice::from_ref(&house)).await;
    let lifetime = json!({ "expires_at": "2026-11-20T12:00:30Z" });
    let made = owner.generates_with(&house, &lifetime).await.is(201).json();
    assert_eq!(
        (&made["expires_at"], &made["is_expired"]),
        (&lifetime["expires_at"], &false.into())
    );
    let _page = visitor.scans(&house).await.is(200);
    platform.passes(SignedDuration::from_millis(29_999)).await;
    let _page = visitor.scans(&house).await.is(200);
    platform.passes(SignedDuration::from_millis(1)).await;
    let _page = visitor.scans(&house).await.is(410);
    visitor.get(&format!("/api/v1/scan/{}", house.id)).await.problem(410, "code_expired");
    assert_eq!(owner.reads(&house).await.is(200).json()["is_expired"], true);
    platform.quiet().await;
    assert_eq!(owner.analytics(&house).await["all_time_scans"], 2);

    // Regenerating without a word about it keeps the end; naming a new one moves it.
    let kept = owner.regenerates(&house, &json!({})).await.is(200).json();
    assert_eq!(kept["expires_at"], lifetime["expires_at"]);
    let later = json!({ "expires_at": "2026-11-21T00:00:00Z" });
    let _made = owner.generates_with(&house, &later).await.is(201);
    platform.passes(MINUTE_AND_A_SECOND).await;
    let _page = visitor.scans(&house).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_scans_are_five_however_many_come_at_once_and_previews_use_none() {
    let (platform, house) = (Platform::start().await, house());
    let owner = platform.owner();
    owner.imports(std::slice::from_ref(&house)).await;
    let _made = owner.generates_with(&house, &json!({ "max_scans": 5 })).await.is(201);
    let visitor = platform.visitor();
    let machines = [
        visitor.clone().agent(GOOGLEBOT),
        visitor.clone().agent(WHATSAPP),
        visitor.clone().sending("sec-purpose", "prefetch"),
    ];
    let look = async || {
        for machine in &machines {
            let _page = machine.scans(&house).await.is(200);
        }
        let _head = visitor.looks_ahead(&house).await.is(200);
    };
    at_once(8, (0..8).map(|_| look())).await;
    let people: Vec<_> = (0..64).map(|number| visitor.clone().number(number)).collect();
    let replies = at_once(64, people.iter().map(|person| person.scans(&house))).await;
    let of = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of(200), of(410)), (5, 59));
    visitor.get(&format!("/api/v1/scan/{}", house.id)).await.problem(410, "code_used_up");
    platform.quiet().await;
    let seen = owner.analytics(&house).await;
    assert_eq!((&seen["all_time_scans"], &seen["bot_scans"]), (&5.into(), &32.into()));
    assert_eq!(seen["unique_visitors"], 5);
    // Another version is no way around the limit; setting it anew is.
    let _made = owner.regenerates(&house, &json!({})).await.is(200);
    let _page = people[0].scans(&house).await.is(410);
    let _made = owner.regenerates(&house, &json!({ "max_scans": 5 })).await.is(200);
    let replies = at_once(16, people[..16].iter().map(|person| person.scans(&house))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_is_slow_does_not_take_the_images_of_the_version_after_it() {
    let (platform, house) = with_code().await;
    let (owner, visitor) = (platform.owner(), platform.visitor());
    let of = Filter::any().function("generate").operation("DeleteObject");
    platform.meter().reset();
    // The deletion is written down; its first call to the bucket fails, and the SDK waits before it tries again.
    platform.meter().break_call(1, of.clone(), Fault::Before, false);
    let come_back = async {
        while platform.meter().count(&of) == 0 {
            tokio::task::yield_now().await;
        }
        owner.generates_with(&house, &json!({ "size": 300 })).await
    };
    let (deleted, made) = futures::join!(owner.deletes(&house), come_back);
    let (_deleted, made) = (deleted.is(204), made.is(201).json());
    assert_eq!(owner.reads(&house).await.is(200).json()["version"], made["version"]);
    let fixed = visitor.get(&format!("/qr-images/{}.png", house.id)).await.is(200);
    let version = visitor.get(made["image_url"].as_str().unwrap()).await.is(200);
    assert!(fixed.body == version.body, "the fixed path is behind");
    let metadata = format!("metadata/{}.json", house.id);
    assert!(platform.inventory().await.objects.contains_key(&metadata));
}
