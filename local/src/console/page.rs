//! The console's page.

use askama::Template;
use axum::body::Body;
use http::{Response, StatusCode};
use web::page::{self, Shell};

use super::figures::{Figures, Hour};
use super::{Action, Console};
use crate::demo::Demo;

/// The chart's height in its own units; the browser stretches it.
const CHART_HEIGHT: i64 = 100;
/// A bar and the gap beside it.
const SLOT: usize = 10;
/// The smallest bar that is still seen.
const BAR_MIN: i64 = 2;
/// Characters of the key that are shown unasked: its prefix and a few more.
const KEY_SHOWN: usize = 10;
/// A label under every so manieth bar.
const LABEL_EVERY: usize = 6;

#[derive(Template)]
#[template(path = "console/page.html")]
struct ConsolePage<'a> {
    shell: Shell,
    demo: Option<Shown<'a>>,
    notice: Option<Notice>,
    base_url: &'a str,
    public_url: &'a str,
    is_public: bool,
}

struct Shown<'a> {
    demo: &'a Demo,
    figures: Figures,
    bars: Vec<Bar>,
    labels: Vec<String>,
    key_start: String,
}

struct Bar {
    x: usize,
    y: i64,
    height: i64,
    title: String,
}

pub(super) struct Notice {
    pub(super) is_good: bool,
    pub(super) sentence: &'static str,
}

/// The page, with the figures when there is a demo.
pub(super) fn page(
    console: &Console,
    shown: Option<(&Demo, Figures)>,
    query: Option<&str>,
) -> Response<Body> {
    let demo = shown.map(|(demo, figures)| Shown {
        demo,
        bars: bars(&figures.hours),
        labels: labels(&figures.hours),
        key_start: demo.api_key.chars().take(KEY_SHOWN).collect(),
        figures,
    });
    let page = ConsolePage {
        shell: Shell::titled("Tessera console"),
        demo,
        notice: query.and_then(notice),
        base_url: &console.base_url,
        public_url: &console.public_url,
        is_public: console.public_url != console.base_url,
    };
    page::html(StatusCode::OK, &page)
}

fn bars(hours: &[Hour]) -> Vec<Bar> {
    let most = hours.iter().map(|hour| hour.scans).max().unwrap_or(0).max(1);
    let bar = |(at, hour): (usize, &Hour)| {
        let height = hour.scans.saturating_mul(CHART_HEIGHT) / most;
        let height = if hour.scans > 0 { height.max(BAR_MIN) } else { 0 };
        let title = format!("{} UTC: {}", hour.label, hour.scans);
        Bar { x: at * SLOT + 1, y: CHART_HEIGHT - height, height, title }
    };
    hours.iter().enumerate().map(bar).collect()
}

fn labels(hours: &[Hour]) -> Vec<String> {
    hours.iter().step_by(LABEL_EVERY).map(|hour| hour.label.clone()).collect()
}

/// What a button did. The address names it; its words are only ours.
pub(super) fn notice(query: &str) -> Option<Notice> {
    let (outcome, word) = query.split_once('=')?;
    let action = Action::named(word)?;
    let good = match action {
        Action::Scan => "Scanned as an iPhone in Lagos. It is counted within five seconds.",
        Action::Nightly => "The nightly job has run.",
        Action::Regenerate => {
            "The code has a new version. Codes that are printed already still work."
        }
        Action::Sweep => "What was due is on its way to the worker.",
        Action::Check => "The ledger was recomputed: everything is in order.",
        Action::TenTips => {
            "Ten tips are paid, and Paystack has credited them to the balance for transfers."
        }
        Action::Trouble => {
            "The next call that makes transfers loses its reply, and the next transfer fails."
        }
        Action::Settle => {
            "Today's run is on its way; a day has one. For another one, jump to the next night."
        }
        Action::NextNight => "It is the next night: the run begins by itself.",
        Action::FiveMinutes => "Five minutes have passed.",
        Action::PublishVoucher => "The voucher is published.",
        Action::CustomerLink | Action::LoyaltyLink => "The link is made.",
        Action::RedeemVoucher => "The till has answered.",
        Action::PrintBatch => "The printing is ordered; reload in a moment.",
        Action::OfflineDevice => "The device was offline and is back.",
        Action::LoyaltyEarn | Action::LoyaltyAgain | Action::LoyaltyReward => {
            "The scanner has answered."
        }
    };
    match outcome {
        "done" => Some(Notice { is_good: true, sentence: good }),
        "failed" => {
            Some(Notice { is_good: false, sentence: "That did not work. The terminal says why." })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_share_and_one_scan_is_seen() {
        let hour = |scans| Hour { label: "03:00".to_owned(), scans };
        let heights = |scans: &[i64]| -> Vec<i64> {
            let hours: Vec<Hour> = scans.iter().map(|scans| hour(*scans)).collect();
            bars(&hours).iter().map(|bar| bar.height).collect()
        };
        assert_eq!(heights(&[0, 0]), [0, 0]);
        assert_eq!(heights(&[0, 5, 10]), [0, 50, 100]);
        assert_eq!(heights(&[1, 1_000_000]), [2, 100]);
    }

    #[test]
    fn only_our_own_words_come_back_from_the_address() {
        assert!(notice("done=scan").unwrap().is_good);
        assert!(!notice("failed=regenerate").unwrap().is_good);
        for other in ["done=<b>", "x=scan", "scan", ""] {
            assert!(notice(other).is_none(), "{other}");
        }
    }
}
