//! Many tips, and everything that can happen to them, against a plain model of a hundred lines and against Paystack's
//! own money, which knows nothing of our ledger.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use local::paystack::{Payment, RefundStatus, Resolution};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};
use tessera_tests::{Platform, seed};

use crate::till::{FEE, NET, TIP, Till, reference};

/// Sequences that are played; the variable `TESSERA_SEQUENCES` says another number.
const SEQUENCES: usize = 120;
/// Platforms at the same time.
const LANES: usize = 2;
/// The most steps of a sequence.
const STEPS_MAX: usize = 10;

/// What may happen. A number chooses among the tips, refunds or disputes that there are.
#[derive(Clone, Debug)]
enum Step {
    Tip,
    Pay(usize),
    Fail(usize),
    /// By our own route; kobo.
    Refund(usize, i64),
    /// On Paystack's dashboard; kobo.
    Dashboard(usize, i64),
    Finish(usize, bool),
    Dispute(usize, i64),
    Decide(usize, bool),
    /// Minutes.
    Wait(i64),
    /// An event of the past comes once more.
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop_oneof![Just(1_i64), Just(33_333), Just(TIP), 1..TIP];
    prop_oneof![
        3 => Just(Step::Tip),
        4 => any::<usize>().prop_map(Step::Pay),
        1 => any::<usize>().prop_map(Step::Fail),
        3 => (any::<usize>(), amount()).prop_map(|(n, amount)| Step::Refund(n, amount)),
        1 => (any::<usize>(), amount()).prop_map(|(n, amount)| Step::Dashboard(n, amount)),
        4 => (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(n, ok)| Step::Finish(n, ok)),
        2 => (any::<usize>(), amount()).prop_map(|(n, amount)| Step::Dispute(n, amount)),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(n, lost)| Step::Decide(n, lost)),
        1 => prop_oneof![Just(6_i64), Just(16)].prop_map(Step::Wait),
        2 => any::<usize>().prop_map(Step::Again),
    ]
}

/// A tip of 1,000 naira as the model sees it.
#[derive(Debug, Default)]
struct Modelled {
    tip: Value,
    paid: bool,
    /// Numbers and kobo of what is under way at Paystack.
    refunds: Vec<(u64, i64)>,
    disputes: Vec<(u64, i64)>,
    /// Kobo that went back, or were to.
    wanted: i64,
}

impl Modelled {
    /// Kobo that really went back: never more than came.
    fn taken(&self) -> i64 {
        self.wanted.min(TIP)
    }

    /// The guard's part of the charge that is left, the fraction of a kobo with the guard.
    fn left(&self) -> i64 {
        if self.paid { NET - NET * self.taken() / TIP } else { 0 }
    }

    fn clearing(&self) -> i64 {
        if self.paid { TIP - FEE - self.taken() } else { 0 }
    }

    fn status(&self) -> &'static str {
        match self {
            Self { paid: false, .. } => "unpaid",
            Self { disputes, .. } if !disputes.is_empty() => "disputed",
            tip if tip.taken() == TIP => "refunded",
            _ => "succeeded",
        }
    }
}

/// The guard's tips, and what happens to them, in the model and for real.
struct Game<'t> {
    till: &'t Till,
    tips: Vec<Modelled>,
    requests: usize,
}

static REQUESTS: AtomicUsize = AtomicUsize::new(0);

impl Game<'_> {
    fn chosen(&mut self, number: usize, fits: fn(&Modelled) -> bool) -> Option<&mut Modelled> {
        let mut fitting: Vec<&mut Modelled> =
            self.tips.iter_mut().filter(|tip| fits(tip)).collect();
        let count = fitting.len().max(1);
        (!fitting.is_empty()).then(|| fitting.swap_remove(number % count))
    }

    async fn play(&mut self, step: &Step) {
        let till = self.till;
        let simulator = till.platform.simulator();
        match *step {
            Step::Tip => {
                self.tips.push(Modelled { tip: till.tips().await, ..Modelled::default() });
            }
            Step::Pay(n) => {
                if let Some(tip) = self.chosen(n, |tip| !tip.paid) {
                    till.pays(&tip.tip, Payment::Success);
                    tip.paid = true;
                }
            }
            Step::Fail(n) => {
                if let Some(tip) = self.chosen(n, |tip| !tip.paid) {
                    till.pays(&tip.tip, Payment::Declined);
                }
            }
            Step::Refund(n, amount) => {
                let key = format!("model {}", REQUESTS.fetch_add(1, Ordering::Relaxed));
                let Some(tip) = self.chosen(n, |tip| !tip.tip.is_null()) else { return };
                let rest = TIP - tip.taken() - tip.refunds.iter().map(|r| r.1).sum::<i64>();
                let fine = tip.paid && tip.disputes.is_empty() && amount <= rest;
                let answer = till.refunds(&tip.tip, &key, &json!({ "amount": amount })).await;
                assert_eq!(answer.status == 202, fine, "{} {tip:?}", answer.text());
                if fine {
                    let (id, _, _) = till.at_paystack().await.pop().unwrap();
                    tip.refunds.push((id, amount));
                }
            }
            Step::Dashboard(n, amount) => {
                let Some(tip) = self.chosen(n, |tip| tip.paid) else { return };
                if let Ok(id) = simulator.refund(reference(&tip.tip), Some(amount)) {
                    tip.refunds.push((id, amount));
                }
            }
            Step::Finish(n, fine) => {
                let Some(tip) = self.chosen(n, |tip| !tip.refunds.is_empty()) else { return };
                let (id, amount) = tip.refunds.swap_remove(n % tip.refunds.len());
                let end = if fine { RefundStatus::Processed } else { RefundStatus::Failed };
                simulator.move_refund(id, end).unwrap();
                tip.wanted += if fine { amount } else { 0 };
            }
            Step::Dispute(n, amount) => {
                let Some(tip) = self.chosen(n, |tip| tip.paid) else { return };
                if let Ok(id) = simulator.raise_dispute(reference(&tip.tip), Some(amount)) {
                    tip.disputes.push((id, amount));
                }
            }
            Step::Decide(n, lost) => {
                let Some(tip) = self.chosen(n, |tip| !tip.disputes.is_empty()) else { return };
                let (id, amount) = tip.disputes.swap_remove(n % tip.disputes.len());
                let end = if lost { Resolution::MerchantAccepted } else { Resolution::Declined };
                simulator.end_dispute(id, end, None).unwrap();
                tip.wanted += if lost { amount } else { 0 };
            }
            Step::Wait(minutes) => till.passes(minutes).await,
            Step::Again(n) => {
                let all = simulator.webhooks();
                if !all.is_empty() {
                    till.delivers(all[n % all.len()].id).await;
                }
            }
        }
        self.delivers(step).await;
    }

    /// What waits is delivered: the newest first after an odd number of requests, and one of them twice.
    async fn delivers(&mut self, step: &Step) {
        let mut held: Vec<u64> =
            self.till.platform.simulator().held().iter().map(|event| event.id).collect();
        self.requests += 1;
        if self.requests % 2 == 1 {
            held.reverse();
        }
        held.extend(held.first().copied());
        for event in held {
            assert_eq!(self.till.delivers(event).await, Some(200), "{step:?}");
        }
        self.till.platform.quiet().await;
    }

    async fn holds(&self, money_before: i64, clearing_before: i64) {
        let purse = self.till.purse().await;
        let left: i64 = self.tips.iter().map(Modelled::left).sum();
        assert_eq!(-purse.payable - purse.receivable, left, "{:?}", self.tips);
        assert_eq!(purse.receivable, 0, "nothing was paid out");
        let clearing: i64 = self.tips.iter().map(Modelled::clearing).sum();
        assert_eq!(self.till.system().await[0] - clearing_before, clearing, "{:?}", self.tips);
        // Paystack takes a refund's money when it is asked for, and gives what was lost beyond the charge.
        let under_way = self.tips.iter().flat_map(|tip| &tip.refunds).map(|r| r.1).sum::<i64>();
        let excess: i64 = self.tips.iter().map(|tip| tip.wanted - tip.taken()).sum();
        let theirs = self.till.clearing() - money_before + under_way + excess;
        assert_eq!(theirs, clearing, "{:?}", self.tips);
        for tip in self.tips.iter().filter(|tip| tip.paid) {
            assert_eq!(self.till.status(&tip.tip).await, tip.status(), "{tip:?}");
        }
    }
}

async fn sequence(till: &mut Till, steps: &[Step]) {
    till.hires().await;
    // One address may tip thirty times a minute.
    till.passes(1).await;
    let (money, clearing) = (till.clearing(), till.system().await[0]);
    let mut game = Game { till, tips: Vec::new(), requests: 0 };
    for step in steps {
        game.play(step).await;
        game.holds(money, clearing).await;
    }
    // Nothing is left open that the clock would end in the middle of another sequence.
    let open = |tip: &Modelled| tip.refunds.len() + tip.disputes.len();
    for n in 0..game.tips.iter().map(open).sum() {
        game.play(&Step::Decide(n, false)).await;
        game.play(&Step::Finish(n, true)).await;
    }
    game.holds(money, clearing).await;
}

#[test]
fn whatever_happens_the_ledger_the_model_and_paystack_agree() {
    let (seed, count) = (seed(), sequences());
    let config = Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    let mut runner = TestRunner::new(config);
    let strategy = prop::collection::vec(step(), 1..=STEPS_MAX);
    let all: Vec<Vec<Step>> =
        (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lanes = all.chunks(all.len().div_ceil(LANES)).map(|sequences| async move {
            let mut till = Till::on(Platform::start().await).await;
            till.holds("*");
            for steps in sequences {
                println!("seed {seed}: {steps:?}");
                sequence(&mut till, steps).await;
            }
            till.balances().await;
        });
        join_all(lanes).await;
    });
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is said from outside")]
fn sequences() -> usize {
    let said = std::env::var("TESSERA_SEQUENCES").ok().and_then(|text| text.parse().ok());
    said.unwrap_or(SEQUENCES)
}
