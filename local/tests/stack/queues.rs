//! Queues: through the SDK, to a function, by the clock, and back from the dead.

use std::collections::BTreeSet;

use adapters::queue::Queue;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, QueueAttributeName, SendMessageBatchRequestEntry,
};
use jiff::SignedDuration;
use local::stream::Deliveries;
use local::{DataFolder, Fault, Filter, Options, Stack};

use crate::errands::{self, Post, bodies, events, heal, post};

/// What the queue holds: waiting, in flight, dead.
fn held(stack: &Stack, queue: &str) -> (u64, u64, Option<u64>) {
    let state = stack.queue(queue).unwrap();
    (state.waiting, state.in_flight, state.dead)
}

#[tokio::test]
async fn a_message_is_hidden_while_it_is_in_hand_and_comes_back_by_the_clock() {
    let stack = errands::stack("sqs-visibility").await;
    let letters = post(&stack, "Letters");
    letters.send("a").await;
    assert_eq!(letters.receive().await, [""; 0], "it is delayed");
    assert_eq!(stack.queue("Letters").unwrap().delayed, 1);
    stack.advance(SignedDuration::from_secs(5)).await;
    let received = letters.client.receive_message().queue_url(&letters.url).send().await.unwrap();
    let first = received.messages().first().unwrap().clone();
    assert_eq!(first.md5_of_body(), Some("0cc175b9c0f1b6a831c399e269772661"));
    assert!(letters.receive().await.is_empty(), "it is hidden");
    stack.advance(SignedDuration::from_secs(30)).await;
    let again = letters.client.receive_message().queue_url(&letters.url).send().await.unwrap();
    let again = again.messages().first().unwrap().clone();
    let count = aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount;
    assert_eq!(again.attributes().unwrap()[&count], "2");
    assert_eq!(again.message_id(), first.message_id());

    let delete = |receipt: Option<&str>| {
        let delete = letters.client.delete_message().queue_url(&letters.url);
        delete.receipt_handle(receipt.unwrap()).send()
    };
    delete(first.receipt_handle()).await.unwrap();
    assert_eq!(held(&stack, "Letters").1, 1, "an old receipt deletes nothing");
    let hide = letters.client.change_message_visibility().queue_url(&letters.url);
    let hide = hide.receipt_handle(again.receipt_handle().unwrap()).visibility_timeout(0);
    hide.send().await.unwrap();
    assert_eq!(held(&stack, "Letters").0, 1, "it was handed back");
    delete(again.receipt_handle()).await.unwrap();
    assert_eq!(held(&stack, "Letters"), (0, 0, None));
    letters.send("too old").await;
    stack.advance(SignedDuration::from_mins(3)).await;
    assert!(letters.receive().await.is_empty(), "it is not kept longer than the template says");
}

#[tokio::test]
async fn a_batch_is_taken_entry_by_entry_and_the_rest_of_the_sdk_is_answered() {
    let stack = errands::stack("sqs-batch").await;
    let Post { client, url } = post(&stack, "ErrandsDead");
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let send = client.send_message_batch().queue_url(&url).entries(entry("1", "a"));
    let sent = send.entries(entry("2", "")).entries(entry("3", "c")).send().await.unwrap();
    let ids: Vec<&str> = sent.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!((ids, sent.failed()[0].id()), (vec!["1", "3"], "2"));
    let twice = client.send_message_batch().queue_url(&url).entries(entry("1", "a"));
    let twice = twice.entries(entry("1", "b")).send().await.unwrap_err();
    assert!(twice.as_service_error().unwrap().is_batch_entry_ids_not_distinct());
    let none = client.send_message_batch().queue_url(&url).send().await.unwrap_err();
    assert!(none.as_service_error().unwrap().is_empty_batch_request());

    let wanted = QueueAttributeName::All;
    let known = client.get_queue_attributes().queue_url(&url).attribute_names(wanted);
    let known = known.send().await.unwrap().attributes.unwrap();
    assert_eq!(known[&QueueAttributeName::ApproximateNumberOfMessages], "2");
    let named = client.get_queue_url().queue_name("tessera-local-ErrandsDead");
    assert_eq!(named.send().await.unwrap().queue_url(), Some(url.as_str()));
    let lost = client.get_queue_url().queue_name("nobody").send().await.unwrap_err();
    assert!(lost.as_service_error().unwrap().is_queue_does_not_exist());

    let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
    let received = receive.send().await.unwrap().messages.unwrap();
    let entries = received.iter().enumerate().map(|(at, message)| {
        let receipt = message.receipt_handle().unwrap();
        let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
        entry.receipt_handle(receipt).build().unwrap()
    });
    let delete = client.delete_message_batch().queue_url(&url);
    let deleted = delete.set_entries(Some(entries.collect())).send().await.unwrap();
    assert_eq!(deleted.successful().len(), 2);
    client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
    client.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(held(&stack, "ErrandsDead"), (0, 0, None));
}

#[tokio::test]
async fn a_function_gets_what_lambda_would_give_it_and_what_it_took_is_gone() {
    let name = "sqs-function";
    let stack = errands::stack(name).await;
    let errands = post(&stack, "Errands");
    for body in ["one", "two"] {
        errands.send(body).await;
    }
    stack.quiet().await.unwrap();
    assert_eq!(bodies(name), [["one", "two"]]);
    assert_eq!(held(&stack, "Errands"), (0, 0, Some(0)));
    let mut record = events(name)[0]["Records"][0].clone();
    assert!(record["messageId"].as_str().is_some_and(|id| id.len() == 36), "{record}");
    assert!(record["receiptHandle"].is_string(), "{record}");
    for varying in ["messageId", "receiptHandle"] {
        record[varying].take();
    }
    let noon = "1772452800000";
    let expected = serde_json::json!({
        "messageId": null,
        "receiptHandle": null,
        "body": "one",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": noon,
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": noon,
        },
        "messageAttributes": {},
        "md5OfBody": "f97c5d29941bfb1b2fdab0874906ab82",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:tessera-local-Errands",
        "awsRegion": "us-east-1",
    });
    assert_eq!(record, expected);
}

#[tokio::test]
async fn what_a_function_names_comes_again_alone_and_ends_among_the_dead() {
    let name = "sqs-partial";
    let stack = errands::stack(name).await;
    let errands = post(&stack, "Errands");
    for body in ["one", "refuse", "two"] {
        errands.send(body).await;
    }
    stack.quiet().await.unwrap();
    assert_eq!(bodies(name), [vec!["one", "refuse", "two"]]);
    assert_eq!(held(&stack, "Errands"), (0, 1, Some(0)), "it is hidden for a minute");
    stack.advance(SignedDuration::from_secs(59)).await;
    assert_eq!(bodies(name).len(), 1);
    stack.advance(SignedDuration::from_secs(1)).await;
    assert_eq!(bodies(name)[1..], [["refuse"]]);
    stack.advance(SignedDuration::from_mins(10)).await;
    assert_eq!(bodies(name).len(), 3, "it was received three times");
    assert_eq!(held(&stack, "Errands"), (0, 0, Some(1)));

    heal(name);
    assert_eq!(stack.redrive("Errands").unwrap(), 1);
    assert_eq!(held(&stack, "Errands"), (1, 0, Some(0)));
    stack.quiet().await.unwrap();
    assert_eq!(bodies(name)[3..], [["refuse"]]);
    assert_eq!(events(name)[3]["Records"][0]["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(held(&stack, "Errands"), (0, 0, Some(0)));
    let error = stack.redrive("Letters").unwrap_err().to_string();
    assert_eq!(error, "the queue Letters has no dead-letter queue");
    let error = stack.redrive("Nobody").unwrap_err().to_string();
    assert_eq!(error, "template.yaml has no queue Nobody; there are Errands");
}

#[tokio::test]
async fn a_failure_or_an_unknown_name_fails_the_whole_batch() {
    for (name, bad) in [("sqs-explode", "explode"), ("sqs-lie", "lie")] {
        let stack = errands::stack(name).await;
        let errands = post(&stack, "Errands");
        for body in ["one", bad] {
            errands.send(body).await;
        }
        stack.quiet().await.unwrap();
        assert_eq!(held(&stack, "Errands"), (0, 2, Some(0)), "{bad}");
        stack.advance(SignedDuration::from_mins(2)).await;
        stack.advance(SignedDuration::from_mins(2)).await;
        assert_eq!(held(&stack, "Errands"), (0, 0, Some(2)), "{bad}");
        let errands = post(&stack, "ErrandsDead");
        let arn = &stack.template().queue("ErrandsDead").unwrap().arn;
        errands.client.start_message_move_task().source_arn(arn).send().await.unwrap();
        heal(name);
        stack.quiet().await.unwrap();
        assert_eq!(held(&stack, "Errands"), (0, 0, Some(0)), "{bad}");
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart_even_what_was_in_hand() {
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    let start = async || {
        let options = Options { data: data.clone(), ..errands::options("sqs-restart") };
        Stack::start(options).await.unwrap()
    };
    let stack = start().await;
    let errands = post(&stack, "Errands");
    for body in ["in hand", "waiting"] {
        errands.send(body).await;
    }
    let receive = errands.client.receive_message().queue_url(&errands.url);
    receive.send().await.unwrap();
    // No stop: the process is gone.
    drop(stack);
    let stack = start().await;
    assert_eq!(held(&stack, "Errands"), (2, 0, Some(0)));
    stack.quiet().await.unwrap();
    let taken: BTreeSet<String> = bodies("sqs-restart").concat().into_iter().collect();
    assert_eq!(taken, ["in hand", "waiting"].map(str::to_owned).into());
}

#[tokio::test]
async fn unkind_deliveries_lose_nothing_and_bury_nothing() {
    let name = "sqs-unkind";
    let deliveries = Deliveries {
        twice: true,
        split: true,
        shuffle: true,
        fail_before_percent: 40,
        fail_after_percent: 40,
        seed: 11,
    };
    let stack = Stack::start(Options { deliveries, ..errands::options(name) }).await.unwrap();
    let queue = Queue::from_env(stack.environment("worker").unwrap(), "QUEUE_URL").unwrap();
    let sent: Vec<u32> = (0..35).collect();
    queue.send_all(&sent).await.unwrap();
    stack.quiet().await.unwrap();
    let calls = bodies(name);
    let taken: BTreeSet<u32> = calls.concat().iter().map(|body| body.parse().unwrap()).collect();
    assert_eq!(taken, sent.iter().copied().collect());
    assert!(calls.concat().len() >= 70, "each came twice at least");
    assert!(calls.iter().any(|call| !call.is_sorted_by_key(|n| n.parse::<u32>().unwrap())));
    assert_eq!(held(&stack, "Errands"), (0, 0, Some(0)));
}

#[tokio::test]
async fn a_queue_empties_itself_when_the_stack_runs_by_itself() {
    let name = "sqs-background";
    let stack = Stack::start(Options { background: true, ..errands::options(name) }).await.unwrap();
    let errands = post(&stack, "Errands");
    errands.send("one").await;
    for _ in 0..100 {
        if held(&stack, "Errands") == (0, 0, Some(0)) {
            return assert_eq!(bodies(name), [["one"]]);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody took the message");
}

#[tokio::test]
async fn the_sender_sends_again_what_was_not_taken_and_says_when_it_gives_up() {
    let stack = errands::stack("sqs-sender").await;
    let queue = Queue::from_env(stack.environment("worker").unwrap(), "QUEUE_URL").unwrap();
    queue.send(&serde_json::json!({"a": 1})).await.unwrap();
    let meter = stack.meter();
    let batches = Filter::any().function("worker").service("sqs").operation("SendMessageBatch");
    let partly = |sender_fault: bool| Fault::Answer {
        status: 200,
        body: serde_json::json!({
            "Successful": [{"Id": "0", "MessageId": "x", "MD5OfMessageBody": "x"}],
            "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": sender_fault}],
        })
        .to_string(),
    };
    meter.break_call(1, batches.clone(), partly(false), false);
    queue.send_all(&["a", "b"]).await.unwrap();
    assert_eq!(meter.count(&batches), 2, "only `b` went again");
    assert_eq!(held(&stack, "Errands").0, 2);
    meter.break_call(1, batches.clone(), partly(true), false);
    queue.send_all(&["a", "b"]).await.unwrap_err();
    queue.send(&"x".repeat(adapters::queue::MESSAGE_BYTES_MAX)).await.unwrap_err();
    let fifty = vec!["y".repeat(100 * 1024); 5];
    queue.send_all(&fifty).await.unwrap();
    assert_eq!(held(&stack, "Errands").0, 7, "a batch that is too large is split");
}

#[tokio::test]
async fn a_schedule_that_keeps_failing_leaves_its_event_with_the_dead() {
    let name = "sqs-schedule";
    let stack = errands::stack(name).await;
    stack.advance(SignedDuration::from_hours(1)).await;
    assert_eq!(events(name).len(), 3);
    let dead = post(&stack, "ErrandsDead").receive().await;
    assert!(dead[0].contains("Scheduled Event"), "{dead:?}");
}
