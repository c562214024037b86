//! Reading the template: what it says, and how a broken one is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use local::Template;
use local::template::{Facts, Target, Trigger};

use crate::errands;
use crate::toy::TEMPLATE;

#[test]
fn variables_are_resolved_for_this_machine() {
    let template = Template::parse(TEMPLATE, &Facts::default()).unwrap();
    let echo = template.function("echo").unwrap();
    let expected = BTreeMap::from_iter(
        [
            ("TABLE_NAME", "tessera-local-Table"),
            ("PUBLIC_URL", "https://example.org"),
            ("BUCKET", "tessera-local-images"),
            ("QUEUE_URL", "http://127.0.0.1:9324/000000000000/tessera-local-Jobs"),
            ("QUEUE_ARN", "arn:aws:sqs:us-east-1:000000000000:tessera-local-Jobs"),
            (
                "TABLE_ARN",
                "arn:aws:dynamodb:us-east-1:000000000000:table/tessera-local-Table/index/*",
            ),
            ("LETTERS", "small"),
            ("JOINED", "a-dev"),
            ("SELECTED", "y"),
            ("CHOSEN", "toy"),
            ("LITERAL", "${Stays} dev"),
            ("NUMBER", "5"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    assert_eq!(echo.variables, expected);
    assert_eq!((echo.timeout, echo.memory_mib), (Duration::from_secs(1), 256));
    assert_eq!(echo.policies()[0]["Statement"][0]["Resource"]["Fn::GetAtt"][1], "Arn");
    assert_eq!(echo.routes().count(), 8);
}

#[test]
fn given_parameters_win_over_defaults() {
    let parameters = [("Stage", "production"), ("PublicUrl", "http://localhost:1")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let facts = Facts { parameters: parameters.into(), ..Facts::default() };
    let template = Template::parse(TEMPLATE, &facts).unwrap();
    let echo = template.function("echo").unwrap();
    assert_eq!(echo.variables["CHOSEN"], "real");
    assert_eq!(echo.variables["PUBLIC_URL"], "http://localhost:1");
    assert_eq!(template.queues().len(), 3, "the production queue is there too");
}

#[test]
fn tables_queues_secrets_and_paths_are_as_declared() {
    let template = Template::parse(TEMPLATE, &Facts::default()).unwrap();
    let table = template.table("Table").unwrap();
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.create["GlobalSecondaryIndexes"][0]["IndexName"], "GSI1");
    assert_eq!(table.create["StreamSpecification"]["StreamEnabled"], true);
    let jobs = template.queues().iter().find(|queue| queue.id == "Jobs").unwrap();
    assert_eq!(jobs.visibility, Duration::from_secs(90));
    let redrive = jobs.redrive.as_ref().unwrap();
    assert_eq!(redrive.to, "arn:aws:sqs:us-east-1:000000000000:tessera-local-Failed");
    let secrets: Vec<&str> = template.secrets().iter().map(|s| s.name.as_str()).collect();
    assert_eq!(secrets, ["toy/origin", "toy/dev/edge"]);
    let paths = template.cdn_paths().iter().map(|path| {
        (path.pattern.as_str(), path.bucket.as_ref().map(|bucket| bucket.name.as_str()))
    });
    let expected = [("/assets/*", None), ("/images/*", Some("tessera-local-images"))];
    assert_eq!(paths.collect::<Vec<_>>(), expected);
    let counter = template.function("counter").unwrap();
    let Trigger::Stream(stream) = &counter.triggers[0] else { panic!("not a stream") };
    assert!(stream.from_oldest && stream.batching.reports_failures);
    assert_eq!((stream.batching.size_max, stream.filters.len()), (4, 1));
}

#[test]
fn a_broken_template_is_refused_in_one_line_that_says_where() {
    let broken = [
        ("CodeUri: target/lambda/echo/", "CodeUri: .", "Resources.Echo.Properties.CodeUri"),
        (
            "!Ref PublicUrl",
            "!Ref Nobody",
            "Resources.Echo.Properties.Environment.Variables.PUBLIC_URL",
        ),
        ("!Ref PublicUrl", "!Ref Nobody", "no parameter or resource is named Nobody"),
        (
            "!GetAtt Jobs.Arn",
            "!GetAtt Jobs.Colour",
            "Jobs.Colour of a AWS::SQS::Queue is unknown here",
        ),
        (
            "Timeout: 1\n",
            "Timeout: soon\n",
            "Resources.Echo.Properties.Timeout: `soon` is not a whole number",
        ),
        (
            "Method: get",
            "Method: fetch",
            "Resources.Echo.Properties.Events.Table.Properties.Method",
        ),
        (
            "cron(0 3 * * ? *)",
            "cron(0 3)",
            "Daily.Properties.ScheduleExpression: `cron(0 3)` wants six fields",
        ),
        (
            "StartingPosition: TRIM_HORIZON",
            "StartingPosition: HERE",
            "StartingPosition: HERE is neither",
        ),
        ("!GetAtt Table.StreamArn", "!GetAtt Jobs.StreamArn", "Jobs is not a AWS::DynamoDB::Table"),
        (
            "{\"S\":[{\"prefix\":\"E#\"}]}",
            "{\"S\":[{\"numeric\":[]}]}",
            "the rule `numeric` is not supported",
        ),
        ("${own}", "${own", "has a `${` without an end"),
        ("Condition: IsProduction", "Condition: IsMonday", "no condition is named IsMonday"),
        ("KeySchema:\n        - {", "KeySchema:\n        x: {", "template.yaml is not usable"),
        ("Type: AWS::Serverless::HttpApi", "Kind: x", "Resources.Api.Type: it is missing"),
    ];
    for (from, to, part) in broken {
        assert!(TEMPLATE.contains(from), "{from}");
        let error =
            Template::parse(&TEMPLATE.replacen(from, to, 1), &Facts::default()).unwrap_err();
        let line = error.to_string();
        assert!(line.contains(part), "{to}: {line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[test]
fn queues_buses_and_rules_are_as_declared() {
    let template = Template::parse(errands::TEMPLATE, &Facts::default()).unwrap();
    let letters = template.queue("Letters").unwrap();
    assert_eq!(letters.arn, "arn:aws:sqs:us-east-1:000000000000:tessera-local-Letters");
    let seconds = [letters.delay, letters.visibility, letters.retention].map(|d| d.as_secs());
    assert_eq!((seconds, &letters.redrive), ([5, 30, 120], &None));
    let errands = template.queue("Errands").unwrap();
    assert_eq!(errands.redrive.as_ref().unwrap().receipts_max, 3);
    assert_eq!((errands.delay, errands.retention.as_secs()), (Duration::ZERO, 345_600));
    assert_eq!(template.buses()[0].name, "errands-dev");
    let rules: Vec<(&str, &str)> =
        template.rules().iter().map(|rule| (rule.id.as_str(), rule.bus.as_str())).collect();
    assert_eq!(rules, ["Every", "Loud", "Urgent"].map(|id| (id, "errands-dev")), "one is off");
    assert_eq!(template.rules()[2].targets, [Target::Queue(errands.arn.clone())]);
    let alarms = template.queue_alarms();
    assert_eq!((alarms.len(), alarms[0].most, alarms[0].topics[0].as_str()), (1, 0, "Alarms"));
    assert_eq!(alarms[0].queue, template.queue("ErrandsDead").unwrap().name);
    let worker = template.function("worker").unwrap();
    assert_eq!(worker.dead_letters, Some(template.queue("ErrandsDead").unwrap().arn.clone()));
    let topic = "arn:aws:sns:us-east-1:000000000000:tessera-local-Alarms";
    assert_eq!(worker.variables["ALARMS"], topic);
    let Trigger::Queue(source) = &worker.triggers[0] else { panic!("not a queue") };
    assert!(source.batching.reports_failures);
    let numbers = (source.batching.size_max, source.batching.window.as_secs());
    assert_eq!((source.queue.as_str(), numbers), ("Errands", (10, 1)));
    assert_eq!(source.concurrency_max, Some(2));
}

#[test]
fn what_would_be_ignored_about_messages_is_refused() {
    let window = "BatchSize: 10\n            MaximumBatchingWindowInSeconds: 1";
    let broken = [
        ("VisibilityTimeout: 60", "VisibilityTimeout: 50000", "it must be from 0 to 43200 seconds"),
        ("VisibilityTimeout: 60", "FifoQueue: true", "first-in-first-out queues are not known"),
        ("!GetAtt ErrandsDead.Arn, maxR", "!GetAtt Alarms.TopicArn, maxR", "not a queue of this"),
        ("maxReceiveCount: 3", "maxReceiveCount: 0", "it must be from 1 to 1000"),
        ("Id: errands, Arn: !GetAtt Errands.Arn", "Id: e, Arn: !GetAtt Bus.Arn", "neither a queue"),
        ("Id: errands, Arn:", "Id: e, InputPath: $.detail, Arn:", "gets the whole event"),
        ("Id: errands, Arn:", "Id: e, InputTransformer: { x: y }, Arn:", "gets the whole event"),
        ("$.detail.sentence", "$.detail[0]", "only members are known"),
        ("<sentence> (", "<sentence> <what> (", "`<what>` is not in its InputPathsMap"),
        ("AlarmActions: [!Ref Alarms]", "AlarmActions: [!GetAtt Bus.Arn]", "not a topic of this"),
        ("Name: QueueName", "Name: Queue", "it names no QueueName"),
        ("[{ prefix: tip. }]", "[{ numeric: [] }]", "the rule `numeric` is not supported"),
        ("MaximumConcurrency: 2", "MaximumConcurrency: 1", "it must be from 2 to 1000"),
        (window, "BatchSize: 11", "more than 10 want a MaximumBatchingWindowInSeconds"),
        ("Queue: !GetAtt Errands.Arn", "Queue: !GetAtt Bus.Arn", "Bus is not a AWS::SQS::Queue"),
    ];
    for (from, to, part) in broken {
        assert!(errands::TEMPLATE.contains(from), "{from}");
        let text = errands::TEMPLATE.replacen(from, to, 1);
        let line = Template::parse(&text, &Facts::default()).unwrap_err().to_string();
        assert!(line.contains(part), "{to}: {line}");
    }
}
