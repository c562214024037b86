//! At every crash point each record names an image that is there, and asking again heals the rest (I-P2).

use domain::access::hex;
use domain::code::CodeStatus;
use local::{Fault, Filter};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use tessera_tests::{Ask, House, Platform, at_once, house};

/// Platforms at the same time: the SDK waits before it tries again.
const LANES: usize = 16;

/// What is done to a code, and what stood before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    First,
    Other,
    Anew,
    AsSvg,
    Away,
    Back,
}

impl Change {
    const ALL: [Change; 6] =
        [Change::First, Change::Other, Change::Anew, Change::AsSvg, Change::Away, Change::Back];

    async fn prepared(self, platform: &Platform) -> House {
        let house = house();
        platform.owner().imports(std::slice::from_ref(&house)).await;
        if self != Change::First {
            platform.owner().generates(&house).await;
        }
        if self == Change::Back {
            let _gone = platform.owner().deletes(&house).await.is(204);
        }
        platform.meter().reset();
        house
    }

    fn ask(self, platform: &Platform, house: &House) -> Ask {
        let (owner, id) = (platform.owner(), &house.id);
        let generate = |settings| owner.post(&format!("/api/v1/qr/generate/{id}")).json(&settings);
        match self {
            Change::First | Change::Back => generate(json!({})),
            Change::Other => generate(json!({ "size": 512 })),
            Change::AsSvg => generate(json!({ "format": "svg" })),
            Change::Anew => {
                owner.put(&format!("/api/v1/qr/{id}/regenerate")).json(&json!({ "size": 300 }))
            }
            Change::Away => owner.ask(Method::DELETE, &format!("/api/v1/qr/{id}")),
        }
    }
}

/// The bytes under a path, if there are any.
async fn object(platform: &Platform, key: &str) -> Option<Vec<u8>> {
    let reply = platform.visitor().get(&format!("/{key}")).await;
    (reply.status == 200).then_some(reply.body)
}

/// Each version's image is there, to the byte.
async fn no_record_dangles(platform: &Platform, house: &House, name: &str) {
    let inventory = platform.inventory().await;
    let of_code = format!("C#{}#{}", platform.owner().tenant, house.id);
    for ((pk, sk), item) in &inventory.items {
        if *pk != of_code {
            continue;
        }
        let key = item["drawing"]["key"].as_str().unwrap();
        let image = object(platform, key).await;
        let image = image.unwrap_or_else(|| panic!("{name}: {sk} names {key}, which is not there"));
        assert_eq!(item["drawing"]["sha256"], hex(&Sha256::digest(&image)), "{name}: {sk}");
    }
}

/// The fixed path shows what the record says.
async fn fixed_path_is_present(platform: &Platform, house: &House, name: &str) {
    let code = platform.table().code(&platform.owner().tenant, &house.id).await.unwrap().unwrap();
    let shown = object(platform, &format!("qr-images/{}.png", house.id)).await;
    let shown_svg = object(platform, &format!("qr-images/{}.svg", house.id)).await;
    let inventory = platform.inventory().await;
    let has_metadata = inventory.objects.contains_key(&format!("metadata/{}.json", house.id));
    if code.status == CodeStatus::Deleted {
        assert_eq!((shown, shown_svg, has_metadata), (None, None, false), "{name}: still shown");
        return;
    }
    assert!(has_metadata, "{name}");
    let png = shown.unwrap_or_else(|| panic!("{name}: nothing is shown"));
    assert_eq!(qr::decode(&png).unwrap(), code.scan_url, "{name}");
    let present = object(platform, &code.drawing.key).await;
    if code.drawing.key.ends_with(".svg") {
        assert!(shown_svg == present, "{name}: the SVG is behind");
    } else {
        assert!(Some(png) == present && shown_svg.is_none(), "{name}: the image is behind");
    }
}

/// One change, the call of it that breaks, how, and whether the SDK's retries break too.
type Run = (Change, u64, Fault, bool);

async fn survives(platform: &Platform, (change, call, fault, and_retries): Run) {
    let name = format!("{change:?}, call {call}, {fault:?}, retries too: {and_retries}");
    let house = change.prepared(platform).await;
    let of = Filter::any().function("generate");
    platform.meter().break_call(call, of, fault, and_retries);
    let reply = change.ask(platform, &house).await;
    assert_eq!(platform.meter().clear_faults(), 0, "{name} never struck");
    assert!(
        [200, 201, 204, 500, 503].contains(&reply.status),
        "{name}: {} {}",
        reply.status,
        reply.text()
    );
    no_record_dangles(platform, &house, &name).await;
    if reply.status < 300 {
        fixed_path_is_present(platform, &house, &name).await;
    }
    if matches!(change, Change::Other | Change::Anew | Change::AsSvg) {
        let image = object(platform, &format!("qr-images/{}.png", house.id)).await;
        assert!(image.is_some(), "{name}: the image was missing for a while");
    }
    let again = change.ask(platform, &house).await;
    assert!(again.status < 300, "{name}: {}", again.text());
    no_record_dangles(platform, &house, &name).await;
    fixed_path_is_present(platform, &house, &name).await;
    let code = platform.table().code(&platform.owner().tenant, &house.id).await.unwrap().unwrap();
    let versions = match change {
        Change::First | Change::Away => 1..=1,
        Change::Other | Change::AsSvg | Change::Back => 2..=2,
        // Each request that was carried out makes another one.
        Change::Anew => 2..=3,
    };
    assert!(versions.contains(&code.version), "{name}: version {}", code.version);
    let page = platform.visitor().scans(&house).await;
    assert_eq!(page.status, if change == Change::Away { 410 } else { 200 }, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_change_of_a_code_breaks_off_no_record_dangles_and_asking_again_heals() {
    let mut runs: Vec<Run> = Vec::new();
    let platform = Platform::start().await;
    for change in Change::ALL {
        let house = change.prepared(&platform).await;
        assert!(change.ask(&platform, &house).await.status < 300);
        let calls = platform.meter().count(&Filter::any().function("generate"));
        println!("{change:?}: K = {calls} calls");
        for call in 1..=calls {
            runs.push((change, call, Fault::Before, true));
            runs.push((change, call, Fault::LoseReply, true));
            if matches!(change, Change::First | Change::Anew | Change::Away) {
                runs.push((change, call, Fault::LoseReply, false));
                runs.push((change, call, Fault::Twice, false));
            }
        }
    }
    println!("{} runs", runs.len());
    let lane = async |number: usize| {
        let platform = Platform::start().await;
        for run in runs.iter().skip(number).step_by(LANES) {
            survives(&platform, run.clone()).await;
        }
    };
    at_once(LANES, (0..LANES).map(lane)).await;
}
