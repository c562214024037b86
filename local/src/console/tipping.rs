//! The console's page of tips: the guard's code, its tips and what it is owed, what guards were told, and the queues.
//!
//! Deliberately absent: what a patron wrote or where it lives. The inbox shows what would have gone out, because on
//! this machine nothing goes out.

use adapters::table::{StoreError, Table};
use askama::Template;
use axum::body::Body;
use domain::failure::chain;
use domain::id::{GuardId, TenantId};
use domain::ledger::AccountKind;
use domain::money::{Currency, Money};
use domain::page::PageSize;
use domain::payout::{Payout, Trouble};
use domain::tip::{Tip, local_amount};
use http::{Response, StatusCode};
use jiff::Timestamp;
use web::page::{self, Shell};

use super::page::{Notice, notice};
use super::{Console, broken};
use crate::embedded::inbox::{Item, Received};
use crate::queue::QueueState;

/// Rows of the latest tips.
const TIPS: u16 = 10;
/// Messages of the inbox that are shown.
const MESSAGES: usize = 10;
/// Characters of a letter's text that are shown.
const TEXT_MAX_CHARS: usize = 600;

#[derive(Template)]
#[template(path = "console/tips.html")]
struct TipsPage {
    shell: Shell,
    notice: Option<Notice>,
    link: String,
    simulator_url: Option<String>,
    now: String,
    can_leap: bool,
    tips: Vec<TipRow>,
    payouts: Vec<PayoutRow>,
    owed: Vec<OwedRow>,
    accounts: Vec<(String, String)>,
    messages: Vec<MessageRow>,
    queues: Vec<QueueState>,
}

struct TipRow {
    time: String,
    amount: String,
    status: &'static str,
    from: String,
    link: String,
}

struct PayoutRow {
    time: String,
    amount: String,
    state: &'static str,
    attempt: u32,
    trouble: &'static str,
    due: String,
}

struct OwedRow {
    what: &'static str,
    amount: String,
}

struct MessageRow {
    time: String,
    kind: &'static str,
    to: String,
    subject: String,
    text: String,
}

impl Console {
    /// The page of tips.
    pub(super) async fn tips(&self, query: Option<&str>) -> Response<Body> {
        let demo = self.demo.get();
        let known = demo.and_then(|d| Some((&d.tenant_id, d.guard_id.as_ref()?, d)));
        let (Some((tenant, guard, demo)), Some(table)) = (known, &self.table) else {
            let body = b"the demo's guard is not there yet; reload in a moment\n".to_vec();
            let plain = "text/plain; charset=utf-8";
            return super::text(StatusCode::SERVICE_UNAVAILABLE, plain, body);
        };
        let figures = match Figures::read(table, tenant, guard).await {
            Ok(figures) => figures,
            Err(error) => {
                tracing::warn!("the page of tips has no figures: {}", chain(&error));
                return broken(&error);
            }
        };
        let token = demo.guard_token.as_ref().map(ToString::to_string).unwrap_or_default();
        let page = TipsPage {
            shell: Shell::titled("Tips – Tessera console"),
            notice: query.and_then(notice),
            link: format!("{}/g/{token}", self.public_url),
            simulator_url: demo.simulator_url.clone(),
            now: time(self.clock.now()),
            can_leap: self.clock.lead().is_some(),
            tips: figures.tips.iter().map(|tip| TipRow::of(tip, &figures.covering)).collect(),
            payouts: figures.payouts.iter().map(PayoutRow::of).collect(),
            owed: figures.owed,
            accounts: figures.accounts,
            messages: self.inbox.newest(MESSAGES).into_iter().map(MessageRow::of).collect(),
            queues: self.queues.states(),
        };
        page::html(StatusCode::OK, &page)
    }
}

struct Figures {
    tips: Vec<Tip>,
    payouts: Vec<Payout>,
    /// The payouts that can have settled one of the tips.
    covering: Vec<Payout>,
    owed: Vec<OwedRow>,
    accounts: Vec<(String, String)>,
}

impl Figures {
    async fn read(table: &Table, tenant: &TenantId, guard: &GuardId) -> Result<Self, StoreError> {
        let size = PageSize::parse(Some(TIPS.into())).unwrap_or_else(|_| PageSize::largest());
        let settings = table.tenant(tenant).await?.map(|tenant| tenant.settings.tips);
        let currency = settings.map_or(Currency::Ngn, |settings| settings.currency);
        let (tips, payouts, balances, accounts) = futures::try_join!(
            table.tips_of_guard(tenant, guard, size, None),
            table.payouts_of_guard(tenant, guard, size, None),
            table.guard_balances(tenant, guard, currency),
            table.system_balances(tenant, currency),
        )?;
        let covering = match tips.entries.iter().filter_map(|tip| tip.seq).min() {
            Some(seq) => table.payouts_covering(tenant, guard, seq).await?,
            None => Vec::new(),
        };
        let shown = |minor: i64| local_amount(Money { minor, currency });
        let owed = [
            ("owed to the guard", balances.payable.saturating_neg()),
            ("on the way to the guard", balances.in_transit.saturating_neg()),
            ("owed by the guard", balances.receivable),
        ];
        let named = |kind: &AccountKind, minor: i64| (kind.to_string(), shown(minor));
        Ok(Self {
            tips: tips.entries,
            payouts,
            covering,
            owed: owed
                .into_iter()
                .map(|(what, minor)| OwedRow { what, amount: shown(minor) })
                .collect(),
            accounts: accounts
                .iter()
                .filter(|(_, minor)| **minor != 0)
                .map(|(account, minor)| named(&account.kind, *minor))
                .collect(),
        })
    }
}

impl PayoutRow {
    fn of(payout: &Payout) -> Self {
        Self {
            time: time(payout.created_at),
            amount: local_amount(payout.amount),
            state: payout.state.as_str(),
            attempt: payout.attempt,
            trouble: payout.trouble.map_or("", Trouble::sentence),
            due: payout.due_at.map(time).unwrap_or_default(),
        }
    }
}

impl TipRow {
    fn of(tip: &Tip, payouts: &[Payout]) -> Self {
        let settled = tip.seq.is_some_and(|seq| Payout::settling(payouts, seq).is_some());
        let from = tip.patron.alias.as_ref().map(|alias| alias.as_str().to_owned());
        Self {
            time: time(tip.created_at),
            amount: local_amount(tip.amount),
            status: tip.shown(settled).as_str(),
            from: from.unwrap_or_else(|| "–".to_owned()),
            link: format!("/tips/{}/status", tip.id),
        }
    }
}

impl MessageRow {
    fn of(received: Received) -> Self {
        let time = time(received.at);
        let cut = |text: String| text.chars().take(TEXT_MAX_CHARS).collect::<String>();
        match received.item {
            Item::Sms(message) => Self {
                time,
                kind: "SMS",
                to: message.to,
                subject: String::new(),
                text: cut(message.text),
            },
            Item::Mail(letter) => Self {
                time,
                kind: "Mail",
                to: letter.to.join(", "),
                subject: letter.subject,
                text: cut(letter.text),
            },
            Item::Push(message) => Self {
                time,
                kind: "Push",
                to: message.subscription,
                subject: String::new(),
                text: format!("{} bytes, encrypted for the browser", message.body.len()),
            },
            Item::Topic(message) => Self {
                time,
                kind: "Topic",
                to: message.topic,
                subject: message.subject.unwrap_or_default(),
                text: cut(message.text),
            },
        }
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%b %d, %H:%M:%S").to_string()
}
