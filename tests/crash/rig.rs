//! Tells a story again and again, each time with other faults.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use local::{Call, Fault, Script};
use tessera_tests::{at_once, seed};

use crate::ground::Ground;
use crate::pinned;

/// Platforms that tell stories at the same time.
const LANES: usize = 4;
/// Up to so many calls all pairs of faults are played, else a sample.
const ALL_PAIRS_CALLS_MAX: u64 = 25;
/// Pairs of a sample.
const SAMPLE: usize = 1_000;
/// What a failed test shows at most.
const SHOWN_MAX: usize = 10;
/// How time passes until everything is done, in minutes. The queues hide a message for some, Paystack repeats an event
/// after three or after an hour, and a returned payout waits for up to four hours.
const MINUTES: [i64; 16] = [1, 1, 2, 5, 7, 15, 15, 15, 60, 60, 60, 60, 240, 240, 240, 240];
/// What a call may meet.
const FAULTS: [Fault; 4] = [Fault::Before, Fault::LoseReply, Fault::Twice, Fault::NeverReply];

/// What may break: one story of one tenant.
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
    }
    let trail = meter.unfollow();
    let mut wrong: Vec<String> = left.into_iter().map(|what| format!("stuck: {what}")).collect();
    wrong.extend(story.wrong(ground, &stage).await);
    Told { trail, wrong }
}

async fn unfinished<S: Story>(story: &S, ground: &Ground, stage: &S::Stage) -> Vec<String> {
    let mut left = ground.waiting();
    left.extend(story.unfinished(ground, stage).await);
    left
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
    let told = tell(story, &Ground::new().await, &Plan(Vec::new())).await;
    assert_eq!(told.wrong, [""; 0], "{}: without a fault", story.name());
    pinned::compare(story.name(), &told.trail);
    println!("{}: K = {} calls", story.name(), told.trail.len());
    u64::try_from(told.trail.len()).unwrap()
}

/// Plays all plans, on several platforms.
pub(crate) async fn play<S: Story>(story: &S, plans: Vec<Plan>) {
    let started = Instant::now();
    let lane = async |number: usize| {
        let ground = Ground::new().await;
        let mut failed = Vec::new();
        for plan in plans.iter().skip(number).step_by(LANES) {
            let told = tell(story, &ground, plan).await;
            if !told.wrong.is_empty() {
                failed.push(format!("{plan}:\n    {}", told.wrong.join("\n    ")));
            }
        }
        failed
    };
    let failed: Vec<String> =
        at_once(LANES, (0..LANES).map(lane)).await.into_iter().flatten().collect();
    report(story.name(), plans.len(), started.elapsed());
    let shown = failed.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(failed.is_empty(), "{}: {} failed:\n  {shown}", story.name(), failed.len());
}

fn report(name: &str, tellings: usize, took: Duration) {
    let each = took.as_millis() / u128::try_from(tellings.max(1)).unwrap_or(1);
    println!("{name}: told {tellings} times in {} s, {each} ms each", took.as_secs());
}
