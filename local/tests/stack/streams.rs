//! The table's stream: at least once, in order, and from where it was.

use aws_sdk_dynamodb::types::AttributeValue;
use local::stream::Deliveries;
use local::{DataFolder, Options, Stack};

use crate::toy::{self, calls, sdk};

async fn write(stack: &Stack, partition: &str, names: &[&str]) {
    let table = aws_sdk_dynamodb::Client::new(&sdk(stack, "DYNAMODB"));
    for name in names {
        let put = table
            .put_item()
            .table_name("tessera-local-Table")
            .item("PK", AttributeValue::S(partition.to_owned()))
            .item("SK", AttributeValue::S((*name).to_owned()));
        put.send().await.unwrap();
    }
}

/// The sort keys of each call's records.
fn batches(stack: &str) -> Vec<Vec<String>> {
    let names = |call: &serde_json::Value| {
        let records = call["Records"].as_array().unwrap();
        let name =
            |r: &serde_json::Value| r["dynamodb"]["Keys"]["SK"]["S"].as_str().unwrap().to_owned();
        records.iter().map(name).collect()
    };
    calls(stack, "counter").iter().map(names).collect()
}

#[tokio::test]
async fn records_come_in_order_in_batches_and_filtered() {
    let stack = toy::stack("in-order").await;
    write(&stack, "E#1", &["a", "b", "c"]).await;
    write(&stack, "other", &["no"]).await;
    write(&stack, "E#1", &["d", "e"]).await;
    stack.quiet().await.unwrap();
    assert_eq!(batches("in-order"), [vec!["a", "b", "c"], vec!["d", "e"]]);
    let record = &calls("in-order", "counter")[0]["Records"][0];
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["dynamodb"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert_eq!(record["dynamodb"]["NewImage"]["SK"]["S"], "a");
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(
        arn.starts_with(
            "arn:aws:dynamodb:us-east-1:000000000000:table/tessera-local-Table/stream/"
        )
    );
    // What AWS sends must be readable by what AWS's crate expects.
    assert!(record["dynamodb"]["SequenceNumber"].as_str().unwrap().len() >= 21);
}

#[tokio::test]
async fn a_restarted_stack_goes_on_where_the_last_one_was() {
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    let start = async |name| {
        Stack::start(Options { data: data.clone(), ..toy::options(name) }).await.unwrap()
    };
    let stack = start("before").await;
    write(&stack, "E#1", &["a"]).await;
    stack.quiet().await.unwrap();
    write(&stack, "E#1", &["b"]).await;
    stack.stop().await;
    let stack = start("after").await;
    write(&stack, "E#1", &["c"]).await;
    stack.quiet().await.unwrap();
    assert_eq!(batches("before"), [vec!["a"]]);
    assert_eq!(batches("after"), [vec!["b", "c"]]);
}

#[tokio::test]
async fn switches_deliver_twice_and_split_and_fail_without_losing_a_record() {
    let deliveries = Deliveries {
        twice: true,
        split: true,
        fail_before_percent: 30,
        fail_after_percent: 30,
        seed: 7,
        ..Deliveries::default()
    };
    let stack = Stack::start(Options { deliveries, ..toy::options("unkind") }).await.unwrap();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    write(&stack, "E#1", &names).await;
    stack.quiet().await.unwrap();
    let mut seen: Vec<String> = batches("unkind").concat();
    assert!(seen.len() >= 2 * names.len(), "each record came at least twice");
    seen.dedup();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, names);
}

#[tokio::test]
async fn a_failed_batch_comes_again_and_a_named_record_onwards() {
    let mut options = toy::options("failing");
    options.variables.insert("FAILURES".to_owned(), "1".to_owned());
    options.variables.insert("DISLIKES".to_owned(), "c".to_owned());
    let stack = Stack::start(options).await.unwrap();
    write(&stack, "E#1", &["a", "b", "c", "d"]).await;
    stack.quiet().await.unwrap();
    // First all fail; then `c` is named as failed; then what is left comes from `c` on.
    assert_eq!(
        batches("failing"),
        [vec!["a", "b", "c", "d"], vec!["a", "b", "c", "d"], vec!["c", "d"]]
    );
}

#[tokio::test]
async fn a_function_that_never_takes_its_batch_is_named() {
    let mut options = toy::options("broken");
    options.variables.insert("FAILURES".to_owned(), "1000000".to_owned());
    let stack = Stack::start(options).await.unwrap();
    write(&stack, "E#1", &["a"]).await;
    let error = stack.quiet().await.unwrap_err().to_string();
    assert!(error.contains("`counter`") && error.contains("the toy fails"), "{error}");
}

#[tokio::test]
async fn a_background_stack_delivers_by_itself() {
    let stack = Stack::start(Options { background: true, ..toy::options("alone") }).await.unwrap();
    write(&stack, "E#1", &["a"]).await;
    for _ in 0..200 {
        if !batches("alone").is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(batches("alone"), [vec!["a"]]);
    stack.stop().await;
}

#[tokio::test]
async fn one_function_reads_one_stream_for_two_events_each_with_its_own_place() {
    const OTHERS: &str = r#"
        Others:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"PK":{"S":["L#1"]}}}}' }] }
  Nightly:"#;
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    let start = async |name| {
        let mut options = Options { data: data.clone(), ..toy::options(name) };
        let text = toy::TEMPLATE.replacen("\n  Nightly:", OTHERS, 1);
        options.template = local::TemplateSource::Text(text);
        Stack::start(options).await.unwrap()
    };
    let stack = start("two-events").await;
    write(&stack, "E#1", &["a"]).await;
    write(&stack, "L#1", &["b"]).await;
    stack.quiet().await.unwrap();
    let mut seen = batches("two-events");
    seen.sort();
    assert_eq!(seen, [["a"], ["b"]]);
    stack.stop().await;
    let stack = start("two-events-again").await;
    write(&stack, "L#1", &["c"]).await;
    stack.quiet().await.unwrap();
    assert_eq!(batches("two-events-again"), [["c"]]);
}

#[tokio::test]
async fn a_batch_that_is_given_up_is_named_to_the_dead_letter_queue() {
    const LAST: &str = "BatchSize: 4
            MaximumRetryAttempts: 1
            DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Failed.Arn } }";
    let mut options = toy::options("given-up");
    let text = toy::TEMPLATE.replacen("BatchSize: 4", LAST, 1);
    options.template = local::TemplateSource::Text(text);
    options.variables.insert("FAILURES".to_owned(), "2".to_owned());
    let stack = Stack::start(options).await.unwrap();
    write(&stack, "E#1", &["a", "b"]).await;
    stack.quiet().await.unwrap();
    assert_eq!(batches("given-up").len(), 2);
    assert_eq!(stack.queue("Failed").unwrap().waiting, 1);
}
