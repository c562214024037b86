//! Injected faults, seen through the SDK and its retries.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use local::{Call, Fault, Filter, Script, Stack};

use crate::toy::{self, sdk};

/// Adds one to a counter, and says whether the caller was told that it worked.
async fn add(table: &Client) -> bool {
    let update = table
        .update_item()
        .table_name("tessera-local-Table")
        .key("PK", AttributeValue::S("N".into()))
        .key("SK", AttributeValue::S("N".into()))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", AttributeValue::N("1".into()));
    update.send().await.is_ok()
}

async fn count(table: &Client) -> String {
    let item = table
        .get_item()
        .table_name("tessera-local-Table")
        .key("PK", AttributeValue::S("N".into()))
        .key("SK", AttributeValue::S("N".into()))
        .send()
        .await
        .unwrap();
    item.item
        .and_then(|item| item.get("n").and_then(|n| n.as_n().ok().cloned()))
        .unwrap_or_default()
}

async fn check(
    stack: &Stack,
    table: &Client,
    fault: Fault,
    and_retries: bool,
    expected: (bool, i32),
) {
    let before: i32 = count(table).await.parse().unwrap_or(0);
    let filter = Filter::any().function("echo").operation("UpdateItem");
    stack.meter().break_call(2, filter, fault.clone(), and_retries);
    assert!(add(table).await, "the first call goes by");
    let told = add(table).await;
    let after: i32 = count(table).await.parse().unwrap();
    assert_eq!((told, after - before - 1), expected, "{fault:?}, retries {and_retries}");
    assert_eq!(stack.meter().clear_faults(), 0, "{fault:?} has struck");
}

#[tokio::test]
async fn a_fault_strikes_the_call_that_was_named() {
    let stack = toy::stack("faults").await;
    let table = Client::new(&sdk(&stack, "DYNAMODB"));
    // The SDK retries what looks like a broken connection: once is healed, or done twice.
    check(&stack, &table, Fault::Before, false, (true, 1)).await;
    check(&stack, &table, Fault::Before, true, (false, 0)).await;
    check(&stack, &table, Fault::LoseReply, false, (true, 2)).await;
    check(&stack, &table, Fault::LoseReply, true, (false, 1)).await;
    check(&stack, &table, Fault::Twice, false, (true, 2)).await;
    check(&stack, &table, Fault::throttled(), true, (false, 0)).await;
}

#[tokio::test]
async fn a_reply_that_never_comes_leaves_the_effect() {
    let stack = toy::stack("never").await;
    let table = Client::new(&sdk(&stack, "DYNAMODB"));
    stack.meter().break_call(1, Filter::any().operation("UpdateItem"), Fault::NeverReply, false);
    let call = tokio::time::timeout(std::time::Duration::from_millis(500), add(&table)).await;
    assert!(call.is_err());
    assert_eq!(count(&table).await, "1");
}

/// Calls that write.
fn writes(call: &Call) -> bool {
    call.operation == "UpdateItem"
}

#[tokio::test]
async fn a_script_numbers_the_calls_and_what_it_breaks_stays_broken() {
    let stack = toy::stack("script").await;
    let table = Client::new(&sdk(&stack, "DYNAMODB"));
    let script = Script::counting(writes).breaks(2, Fault::Before).breaks(3, Fault::LoseReply);
    let script = script.breaks(4, Fault::Twice);
    stack.meter().follow(script.breaks(5, Fault::transaction_conflict()));
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(add(&table).await);
    }
    assert_eq!(told, [true, false, false, true, false, true]);
    assert_eq!(count(&table).await, "5", "one, none, one, two, none, one");
    let trail = stack.meter().unfollow();
    assert_eq!(trail.len(), 6, "reads do not count, and no call is counted twice: {trail:?}");
    assert!(add(&table).await, "a script that is over breaks nothing");
}

#[tokio::test]
async fn a_process_that_a_script_kills_leaves_its_effect_and_begins_anew() {
    let stack = toy::stack("dies").await;
    let table = Client::new(&sdk(&stack, "DYNAMODB"));
    stack.meter().follow(Script::counting(writes).breaks(1, Fault::NeverReply));
    // The call is made by nobody's process here, so only the call itself hangs.
    let call = tokio::time::timeout(std::time::Duration::from_millis(500), add(&table)).await;
    assert!(call.is_err());
    assert_eq!(count(&table).await, "1");
}
