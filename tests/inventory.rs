//! Everything that lies in the table and in the bucket: to see that a refused request left nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use adapters::environment::Environment;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use aws_types::region::Region;
use serde_json::Value;

/// The table's items and the bucket's objects, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Items, by partition and sort key.
    pub items: BTreeMap<(String, String), Value>,
    /// The size and date of objects, by key.
    pub objects: BTreeMap<String, String>,
}

impl Inventory {
    /// Fails unless all is as it was, and then says only what is not.
    #[track_caller]
    pub fn is_still(&self, before: &Inventory, after: &str) {
        assert_eq!(differing(&self.items, &before.items), [""; 0], "items, after: {after}");
        assert_eq!(differing(&self.objects, &before.objects), [""; 0], "objects, after: {after}");
    }

    /// How many items have a partition key that begins so.
    pub fn count(&self, prefix: &str) -> usize {
        self.items.keys().filter(|(pk, _)| pk.starts_with(prefix)).count()
    }
}

/// The keys at which the two are not the same, with both values.
fn differing<K: Ord + Debug, V: PartialEq + Debug>(
    now: &BTreeMap<K, V>,
    before: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: BTreeSet<&K> = now.keys().chain(before.keys()).collect();
    let different = keys.into_iter().filter(|key| now.get(key) != before.get(key));
    different.map(|key| format!("{key:?}: {:?}, now {:?}", before.get(key), now.get(key))).collect()
}

/// The table and the bucket behind the platform's back.
#[derive(Clone, Debug)]
pub(crate) struct BackDoor {
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    table: String,
    bucket: String,
}

impl BackDoor {
    /// With the environment of a function that has both.
    pub(crate) fn of(env: &Environment) -> Self {
        let s3 = aws_sdk_s3::config::Builder::from(&config(env, "S3")).force_path_style(true);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config(env, "DYNAMODB")),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            table: env.required("TABLE_NAME").unwrap(),
            bucket: env.required("IMAGES_BUCKET").unwrap(),
        }
    }

    pub(crate) async fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        let mut pages = self.dynamodb.scan().table_name(&self.table).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.unwrap().items.unwrap_or_default() {
                let part = |name: &str| item[name].as_s().unwrap().clone();
                let (pk, sk) = (part("PK"), part("SK"));
                inventory.items.insert((pk, sk), plain(&AttributeValue::M(item)));
            }
        }
        let mut pages = self.s3.list_objects_v2().bucket(&self.bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page.unwrap().contents.unwrap_or_default() {
                let shown = format!("{:?} {:?}", object.size, object.last_modified);
                inventory.objects.insert(object.key.unwrap_or_default(), shown);
            }
        }
        inventory
    }

    /// Spoils an item: one attribute gets a value that nobody expects there.
    pub(crate) async fn spoil(&self, pk: &str, sk: &str, attribute: &str, value: AttributeValue) {
        let update = self.dynamodb.update_item().table_name(&self.table);
        let update = update.key("PK", AttributeValue::S(pk.to_owned()));
        let update = update.key("SK", AttributeValue::S(sk.to_owned()));
        let update =
            update.update_expression("SET #a = :v").expression_attribute_values(":v", value);
        update.expression_attribute_names("#a", attribute).send().await.unwrap();
    }
}

/// A value as JSON, whose members have an order.
fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::M(map) => map.iter().map(|(k, v)| (k.clone(), plain(v))).collect(),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::S(text) | AttributeValue::N(text) => text.as_str().into(),
        other => format!("{other:?}").into(),
    }
}

/// The SDK's configuration, as the adapters make it.
fn config(env: &Environment, service: &str) -> SdkConfig {
    let variable = |name: &str| env.optional(name).unwrap();
    let (id, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let credentials = Credentials::new(id, secret, None, None, "tests");
    let version = aws_sdk_dynamodb::config::BehaviorVersion::latest();
    SdkConfig::builder()
        .behavior_version(version)
        .region(Region::new(variable("AWS_REGION")))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .http_client(adapters::environment::plain_http_client())
        .endpoint_url(variable(&format!("AWS_ENDPOINT_URL_{service}")))
        .build()
}
