//! A guard's photo: sent to an address of its own, turned upright, made small, published, and forgotten as it was.

use std::io::Cursor;

use domain::guard::GuardToken;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::{Owner, Platform, Reply};

/// A photo that was taken with the camera on its side: red on the left, and Exif says that the left is the top.
fn lying_portrait() -> Vec<u8> {
    let color = |x| if x < 600 { Rgb([210, 30, 30]) } else { Rgb([30, 30, 210]) };
    let picture = RgbImage::from_fn(1200, 900, |x, _| color(x));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut file, ImageFormat::Jpeg).unwrap();
    let jpeg = file.into_inner();
    let turn_right: [u8; 8] = [6, 0, 0, 0, 0, 0, 0, 0];
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend(turn_right);
    exif.extend(b"GPS 6.4541 N 3.3947 E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// Asks for an address for this file.
async fn begins(owner: &Owner, guard: &Value, content_type: &str, bytes: usize) -> Value {
    let path = format!("{}/photo", owner.path_of(guard));
    let request = json!({ "content_type": content_type, "bytes": bytes });
    owner.post(&path).json(&request).await.is(201).json()
}

/// Sends a file to an address, with the headers that belong to it.
async fn sends(platform: &Platform, upload: &Value, file: &[u8]) -> Reply {
    assert_eq!(upload["method"], "PUT");
    let url = upload["upload_url"].as_str().unwrap();
    let mut ask = platform.visitor().ask(Method::PUT, url);
    let mut content_type = "";
    for header in upload["headers"].as_array().unwrap() {
        match (header["name"].as_str().unwrap(), header["value"].as_str().unwrap()) {
            ("content-type", value) => content_type = value,
            // The client counts for itself.
            ("content-length", _) => {}
            (name, value) => ask = ask.header(name, value),
        }
    }
    ask.body(content_type, file.to_vec()).await
}

async fn completes(owner: &Owner, guard: &Value, upload: &Value) -> Reply {
    let path = format!("{}/photo/complete", owner.path_of(guard));
    owner.post(&path).json(&json!({ "photo_id": upload["photo_id"] })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_is_turned_made_small_and_shown_and_its_original_is_gone() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let code = owner.prints_code(&guard).await;
    let file = lying_portrait();
    let upload = begins(owner, &guard, "image/jpeg", file.len()).await;
    completes(owner, &guard, &upload).await.problem(409, "photo_not_uploaded");
    let _sent = sends(&platform, &upload, &file).await.is(200);
    assert!(platform.inventory().await.objects.keys().any(|key| key.starts_with("uploads/")));

    let photo = completes(owner, &guard, &upload).await.is(200).json();
    assert_eq!((&photo["width"], &photo["height"]), (&384.into(), &512.into()));
    let url = photo["photo_url"].as_str().unwrap();
    let shown = platform.visitor().get(url).await.is(200);
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert_eq!(shown.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(shown.body.len() <= 60 * 1024, "{} bytes", shown.body.len());
    for word in [b"Exif".as_slice(), b"GPS"] {
        assert!(!shown.body.windows(word.len()).any(|part| part == word));
    }
    let picture = image::load_from_memory(&shown.body).unwrap().into_rgb8();
    let [top, bottom] = [picture.get_pixel(190, 20).0, picture.get_pixel(190, 490).0];
    assert!(top[0] > 150 && bottom[2] > 150, "upright: {top:?} above {bottom:?}");

    let inventory = platform.inventory().await;
    assert!(!inventory.objects.keys().any(|key| key.starts_with("uploads/")), "no original");
    let read = owner.get(&owner.path_of(&guard)).await.is(200).json();
    assert_eq!(read["photo_url"], url);
    let token = GuardToken::parse(code["token"].as_str().unwrap()).unwrap();
    let target = platform.table().tip_target(&token).await.unwrap().unwrap();
    assert!(url.ends_with(&target.photo.unwrap()), "the page behind the code shows it");
    completes(owner, &guard, &upload).await.problem(409, "photo_not_uploaded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_takes_the_file_that_was_announced_and_no_other() {
    let platform = Platform::start().await;
    let owner = platform.owner();
    let guard = owner.hires("Musa", "Adebayo").await;
    let path = format!("{}/photo", owner.path_of(&guard));
    let wrong = [
        json!({ "content_type": "image/gif", "bytes": 1 }),
        json!({ "content_type": "image/jpeg", "bytes": 0 }),
        json!({ "content_type": "image/jpeg", "bytes": 8 * 1024 * 1024 + 1 }),
        json!({ "content_type": "image/jpeg" }),
    ];
    for request in wrong {
        owner.post(&path).json(&request).await.problem(422, "invalid_fields");
    }
    let file = lying_portrait();
    let upload = begins(owner, &guard, "image/jpeg", file.len()).await;
    let longer = [file.as_slice(), b"more"].concat();
    assert!(sends(&platform, &upload, &longer).await.status >= 400, "one that is longer");
    let mut other = upload.clone();
    for header in other["headers"].as_array_mut().unwrap() {
        if header["name"] == "content-type" {
            header["value"] = json!("text/html");
        }
    }
    assert!(sends(&platform, &other, &file).await.status >= 400, "one of another type");
    let elsewhere = upload["upload_url"].as_str().unwrap().replace("uploads/", "logos/");
    let moved = json!({ "method": "PUT", "upload_url": elsewhere, "headers": upload["headers"] });
    assert!(sends(&platform, &moved, &file).await.status >= 400, "another place");
    assert!(platform.inventory().await.objects.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_photo_is_not_shown() {
    let platform = Platform::start().await;
    let (owner, stranger) = (platform.owner(), platform.newcomer().await);
    let guard = owner.hires("Musa", "Adebayo").await;
    let page = b"<!doctype html><script>alert(1)</script>";
    let upload = begins(owner, &guard, "image/png", page.len()).await;
    let _sent = sends(&platform, &upload, page).await.is(200);
    let before = platform.inventory().await;
    completes(owner, &guard, &upload).await.problem(422, "photo_not_jpeg_or_png");
    // Neither another guard nor another tenant gets at it.
    let other = owner.hires("Ada", "Obi").await;
    completes(owner, &other, &upload).await.problem(409, "photo_not_uploaded");
    let theirs = stranger.hires("Bola", "Eze").await;
    completes(&stranger, &theirs, &upload).await.problem(409, "photo_not_uploaded");
    let after = platform.inventory().await;
    assert_eq!(after.objects, before.objects);
    let key = after.objects.keys().next().unwrap();
    let public = platform.visitor().get(&format!("/{key}")).await;
    assert_eq!(public.status, 404, "an upload is not served: {}", public.text());
}
