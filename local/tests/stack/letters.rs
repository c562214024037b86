//! What goes out to people: through the adapters into the inbox, and what is known when an answer is lost.

use adapters::mail::{Attachment, Mail, Outgoing};
use adapters::sending::NotSent;
use adapters::sms::Sms;
use domain::contact::{Email, Phone};
use local::embedded::inbox::{File, TextMessage};
use local::{DataFolder, Fault, Filter, Item, Options, Stack};

use crate::errands;

fn ada() -> Email {
    Email::parse("ada@example.com").unwrap()
}

fn letter<'a>(to: &'a Email, subject: &'a str) -> Outgoing<'a> {
    Outgoing { to, subject, text: "Hello Ada", html: None, attachments: &[], headers: &[] }
}

#[tokio::test]
async fn a_text_message_is_kept_and_one_that_can_never_go_is_told_from_a_refusal() {
    let stack = errands::stack("sms").await;
    let sms = Sms::from_env(stack.environment("worker").unwrap()).unwrap();
    let phone = Phone::parse("+2348012345678").unwrap();
    sms.send(&phone, "₦500 & more = thanks").await.unwrap();
    let expected =
        TextMessage { to: "+2348012345678".to_owned(), text: "₦500 & more = thanks".to_owned() };
    assert_eq!(stack.inbox().texts_to("+2348012345678"), [expected]);
    let never = sms.send(&phone, &"x".repeat(2000)).await.unwrap_err();
    assert!(matches!(never, NotSent::Impossible(_)), "{never:?}");
    assert_eq!(stack.inbox().newest(9).len(), 1);
    let publishes = Filter::any().service("sns").operation("Publish");
    assert_eq!(stack.meter().count(&publishes), 2);
}

#[tokio::test]
async fn a_lost_answer_is_not_tried_again() {
    let stack = errands::stack("unknown").await;
    let env = stack.environment("worker").unwrap();
    let (sms, mail) = (Sms::from_env(env).unwrap(), Mail::from_env(env).unwrap());
    let (phone, to) = (Phone::parse("+2348012345678").unwrap(), ada());
    let cases = [
        (Fault::LoseReply, false),
        (Fault::Before, false),
        (Fault::Answer { status: 500, body: "{}".to_owned() }, false),
        (Fault::Answer { status: 400, body: "{}".to_owned() }, true),
    ];
    for (fault, refused) in cases {
        stack.meter().reset();
        for service in ["sns", "ses"] {
            let filter = Filter::any().service(service);
            stack.meter().break_call(1, filter, fault.clone(), false);
        }
        let outcomes = [sms.send(&phone, "x").await, mail.send(&letter(&to, "x")).await]
            .map(Result::unwrap_err);
        for outcome in outcomes {
            assert_eq!(matches!(outcome, NotSent::Refused(_)), refused, "{fault:?}: {outcome:?}");
        }
        assert_eq!(stack.meter().count(&Filter::any()), 2, "{fault:?} was tried once each");
    }
    assert_eq!(stack.inbox().newest(9).len(), 2, "those whose answers were lost had gone out");
}

#[tokio::test]
async fn a_letter_arrives_in_its_parts_with_files_or_without() {
    let stack = errands::stack("mail").await;
    let mail = Mail::from_env(stack.environment("worker").unwrap()).unwrap();
    let (to, subject) =
        (ada(), "Thank you, Àdá — a subject that is much longer than one line of mail may be");
    let headers =
        [("List-Unsubscribe", "<https://example.org/stop?guard=grd_1&channel=mail>".to_owned())];
    let file = Attachment {
        name: "Càrd 1.pdf".to_owned(),
        content_type: "application/pdf",
        bytes: vec![0, 13, 10, 46, 255],
    };
    let plain = Outgoing { headers: &headers, html: Some("<p>Hi</p>"), ..letter(&to, subject) };
    mail.send(&plain).await.unwrap();
    mail.send(&Outgoing { attachments: std::slice::from_ref(&file), ..plain }).await.unwrap();
    let letters = stack.inbox().letters_to("ada@example.com");
    assert_eq!(letters.len(), 2);
    for letter in &letters {
        assert_eq!(letter.from, "Toy <toy@example.org>");
        assert_eq!(letter.subject, subject);
        assert_eq!(letter.text.trim_end(), "Hello Ada");
        assert_eq!(letter.html.as_deref().map(str::trim_end), Some("<p>Hi</p>"));
        let [(name, value)] = &letter.headers[..] else { panic!("{:?}", letter.headers) };
        assert_eq!(name, "List-Unsubscribe");
        assert_eq!(value.trim_matches(['<', '>']), headers[0].1.trim_matches(['<', '>']));
    }
    let kept = File {
        name: file.name.clone(),
        content_type: "application/pdf".to_owned(),
        bytes: file.bytes.clone(),
    };
    assert_eq!(letters[0].attachments, [kept]);
    assert!(letters[1].attachments.is_empty());
}

#[tokio::test]
async fn no_text_breaks_out_of_a_header() {
    let stack = errands::stack("injection").await;
    let mail = Mail::from_env(stack.environment("worker").unwrap()).unwrap();
    let to = ada();
    let evil = "x\r\nBcc: eve@example.com";
    let file = |name: &str| Attachment {
        name: name.to_owned(),
        content_type: "text/plain",
        bytes: Vec::new(),
    };
    let (good, bad) = ([file("a.txt")], [file(evil)]);
    let headers = [("List-Unsubscribe", evil.to_owned())];
    let named = [("Bcc: x\r\n", String::new())];
    let letters = [
        letter(&to, evil),
        Outgoing { attachments: &good, ..letter(&to, evil) },
        Outgoing { attachments: &bad, ..letter(&to, "x") },
        Outgoing { headers: &headers, ..letter(&to, "x") },
        Outgoing { headers: &headers, attachments: &good, ..letter(&to, "x") },
        Outgoing { headers: &named, ..letter(&to, "x") },
    ];
    for letter in letters {
        assert!(mail.send(&letter).await.unwrap_err().is_refused());
    }
    assert!(stack.inbox().newest(9).is_empty());
}

#[tokio::test]
async fn the_inbox_outlives_the_process_and_the_newest_comes_first() {
    let parent = tempfile::tempdir().unwrap();
    let data = DataFolder::Kept(parent.path().join("data"));
    for number in ["1", "2"] {
        let options = Options { data: data.clone(), ..errands::options("inbox") };
        let stack = Stack::start(options).await.unwrap();
        let sms = Sms::from_env(stack.environment("worker").unwrap()).unwrap();
        sms.send(&Phone::parse("+2348012345678").unwrap(), number).await.unwrap();
        let newest = stack.inbox().newest(1).remove(0);
        assert!(matches!(newest.item, Item::Sms(message) if message.text == number));
        assert_eq!(newest.at, stack.clock().now());
    }
    let stack = Stack::start(Options { data, ..errands::options("inbox") }).await.unwrap();
    assert_eq!(stack.inbox().newest(9).len(), 2);
}

#[tokio::test]
async fn the_push_service_takes_what_a_push_service_would() {
    let stack = errands::stack("push").await;
    let send = async |subscription: &str, headers: &str, body: &str| {
        let url = stack.push_endpoint(subscription);
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\
             {headers}\r\n{body}",
            body.len()
        );
        crate::toy::exchange_with(host, &request).await.lines().next().unwrap().to_owned()
    };
    let encrypted = "ttl: 60\r\ncontent-encoding: aes128gcm\r\n";
    assert!(send("one", encrypted, "secret").await.contains("201"));
    assert!(send("one", "content-encoding: aes128gcm\r\n", "secret").await.contains("400"));
    assert!(send("one", "ttl: 60\r\n", "plain").await.contains("400"));
    assert!(send("one", encrypted, &"x".repeat(4097)).await.contains("413"));
    stack.inbox().answer_pushes("gone", 410);
    assert!(send("gone", encrypted, "secret").await.contains("410"));
    let [push] = &stack.inbox().pushes_to("one")[..] else { panic!("not one") };
    assert_eq!((push.headers["ttl"].as_str(), &push.body[..]), ("60", &b"secret"[..]));
}
