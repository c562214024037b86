//! Tells a story again and again, each time with other faults.

use std::fmt;
use std::time::Instant;

use jiff::SignedDuration;
use local::{Call, Fault, Script};
use tessera_tests::{at_once, seed};

use crate::books;
use crate::ground::Ground;
use crate::pinned;

/// Platforms that tell stories at the same time.
const LANES: usize = 4;
/// Up to so many calls all pairs of faults are played, else a sample.
const ALL_PAIRS_CALLS_MAX: u64 = 25;
/// Pairs of a sample.
const SAMPLE: usize = 400;
/// What a failed test shows at most.
const SHOWN_MAX: usize = 10;
/// How time passes until everything is done, in minutes. Paystack repeats an event after an hour, the queues hide a
/// message for up to twelve minutes, and a returned payout waits for up to four hours.
const MINUTES: [i64; 12] = [1, 13, 2, 16, 61, 61, 16, 61, 61, 241, 241, 241];
/// So many stories are about one tenant, and then its books are checked.
const STORIES_OF_A_TENANT: usize = 20;
/// What a call may meet.
const FAULTS: [Fault; 4] = [Fault::Before, Fault::LoseReply, Fault::Twice, Fault::NeverReply];

/// Whether a call could happen half, or twice. Secrets are read and kept in memory. What sweeps and compares the books
/// looks through shard after shard; where such a look breaks off, the next one begins anew.
pub(crate) fn is_effect(call: &Call) -> bool {
    const SERVICES: [&str; 6] = ["dynamodb", "sqs", "events", "sns", "ses", "paystack"];
    let looks = ["sweeper", "reconcile"].contains(&&*call.function) && call.operation == "Query";
    SERVICES.contains(&call.service) && !looks
}

/// What may break: something that happens to the ground's guard.
pub(crate) trait Story: Sync {
    /// What is there before anything is counted.
    type Stage: Send + Sync;

    /// Names it in `calls.txt`.
    fn name(&self) -> &'static str;

    /// Which calls are counted and broken.
    fn counts(&self) -> fn(&Call) -> bool;

    /// Makes what is there before.
    async fn set(&self, ground: &Ground) -> Self::Stage;

    /// Begins it. What follows, follows by itself.
    async fn begin(&self, ground: &Ground, stage: &Self::Stage);

    /// Why it has not come to its end, in words.
    async fn unfinished(&self, ground: &Ground, stage: &Self::Stage) -> Vec<String>;

    /// What is wrong at its end, in words.
    async fn wrong(&self, ground: &Ground, stage: &Self::Stage) -> Vec<String>;
}

/// The faults of one telling: which call meets which.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan(pub(crate) Vec<(u64, Fault)>);

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |(nth, fault): &(u64, Fault)| match fault {
            Fault::Before => format!("{nth} fails before"),
            Fault::LoseReply => format!("{nth} loses its reply"),
            Fault::Twice => format!("{nth} happens twice"),
            Fault::NeverReply => format!("the process dies after {nth}"),
            Fault::Answer { status, .. } => format!("{nth} is answered {status}"),
        };
        f.write_str(&self.0.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

/// How a telling ended.
pub(crate) struct Told {
    pub(crate) trail: Vec<Call>,
    pub(crate) wrong: Vec<String>,
}

/// Tells the story once.
pub(crate) async fn tell<S: Story>(story: &S, ground: &Ground, plan: &Plan) -> Told {
    let stage = story.set(ground).await;
    let script = Script::counting(story.counts());
    let script =
        plan.0.iter().fold(script, |script, (nth, fault)| script.breaks(*nth, fault.clone()));
    let meter = ground.platform.meter();
    meter.follow(script);
    story.begin(ground, &stage).await;
    ground.platform.quiet().await;
    let mut left = unfinished(story, ground, &stage).await;
    for minutes in MINUTES {
        if left.is_empty() {
            break;
        }
        ground.leaps(SignedDuration::from_mins(minutes)).await;
        left = unfinished(story, ground, &stage).await;
        // Whoever comes first, the queue or the sweep: each is enough.
        if !left.is_empty() {
            ground.sweeps().await;
            left = unfinished(story, ground, &stage).await;
        }
    }
    let trail = meter.unfollow();
    let mut wrong: Vec<String> = left.into_iter().map(|what| format!("stuck: {what}")).collect();
    wrong.extend(story.wrong(ground, &stage).await);
    Told { trail, wrong }
}

async fn unfinished<S: Story>(story: &S, ground: &Ground, stage: &S::Stage) -> Vec<String> {
    let left = ground.waiting();
    // Who waits need not be asked.
    if left.is_empty() { story.unfinished(ground, stage).await } else { left }
}

/// Tells the story without a fault, pins its calls, and then with each single fault. Says how many calls it has.
pub(crate) async fn singles<S: Story>(story: &S) -> u64 {
    let calls = counted(story).await;
    let each = |nth| FAULTS.into_iter().map(move |fault| Plan(vec![(nth, fault)]));
    play(story, (1..=calls).flat_map(each).collect()).await;
    calls
}

/// Tells the story with each pair of faults, or a sample of them.
pub(crate) async fn pairs<S: Story>(story: &S) {
    let calls = counted(story).await;
    let mut plans = Vec::new();
    for first in 1..=calls {
        for second in first + 1..=calls {
            for one in FAULTS {
                plans.extend(FAULTS.map(|other| Plan(vec![(first, one.clone()), (second, other)])));
            }
        }
    }
    let all = std::env::var_os("TESSERA_PAIRS").is_some_and(|value| value == "all");
    if calls > ALL_PAIRS_CALLS_MAX && !all {
        plans = sample(plans);
    }
    play(story, plans).await;
}

/// So many of them, by the seed that is printed.
fn sample(mut plans: Vec<Plan>) -> Vec<Plan> {
    let mut dice = seed();
    let size = SAMPLE.min(plans.len());
    for at in 0..size {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = at + usize::try_from(dice >> 33).unwrap() % (plans.len() - at);
        plans.swap(at, other);
    }
    plans.truncate(size);
    plans
}

/// The calls of the story without a fault.
async fn counted<S: Story>(story: &S) -> u64 {
    let ground = Ground::new().await;
    let mut told = tell(story, &ground, &Plan(Vec::new())).await;
    told.wrong.extend(books::differences(&ground).await);
    assert_eq!(told.wrong, [""; 0], "{}: without a fault", story.name());
    pinned::compare(story.name(), &told.trail);
    println!("{}: K = {} calls", story.name(), told.trail.len());
    u64::try_from(told.trail.len()).unwrap()
}

/// Plays all plans, on several platforms.
pub(crate) async fn play<S: Story>(story: &S, plans: Vec<Plan>) {
    let started = Instant::now();
    let lanes = (0..LANES).map(|number| lane(story, plans.iter().skip(number).step_by(LANES)));
    let failed: Vec<String> = at_once(LANES, lanes).await.into_iter().flatten().collect();
    let (name, took) = (story.name(), started.elapsed());
    let each = took.as_millis() / u128::try_from(plans.len().max(1)).unwrap();
    println!("{name}: told {} times in {} s, {each} ms each", plans.len(), took.as_secs());
    let shown = failed.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(failed.is_empty(), "{name}: {} failed:\n  {shown}", failed.len());
}

/// Plays these plans one after the other; says which went wrong, and how.
async fn lane<'p, S: Story>(story: &S, plans: impl Iterator<Item = &'p Plan>) -> Vec<String> {
    let mut ground = Ground::new().await;
    let mut failed = Vec::new();
    let mut played: Vec<&Plan> = Vec::new();
    let mut plans = plans.peekable();
    while let Some(plan) = plans.next() {
        let told = tell(story, &ground, plan).await;
        played.push(plan);
        let is_wrong = !told.wrong.is_empty();
        if is_wrong {
            failed.push(format!("{plan}:\n    {}", told.wrong.join("\n    ")));
        }
        if is_wrong || played.len() == STORIES_OF_A_TENANT || plans.peek().is_none() {
            let wrong = books::differences(&ground).await;
            if !wrong.is_empty() && !is_wrong {
                let all = played.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                failed.push(format!("one of: {all}:\n    {}", wrong.join("\n    ")));
            }
            played.clear();
            ground.turns().await;
        }
    }
    failed
}
