//! Money is neither made nor lost, whatever is done in whichever order; and the books agree with the records.

use domain::money::Currency;
use proptest::prelude::*;

use crate::paystack::books::Account;
use crate::paystack::dispute::Resolution;
use crate::paystack::integration::Integration;
use crate::paystack::refund::{Notes, RefundStatus};
use crate::paystack::state::State;
use crate::paystack::transfer::TransferStatus;
use crate::paystack::{Pace, Payment, SettleTo};

/// Something that happens; which one it happens to is a number that is taken as it fits.
#[derive(Clone, Debug)]
enum Act {
    Charge(i64),
    Pay(usize, bool),
    Refund(usize, i64),
    MoveRefund(usize, RefundStatus),
    Dispute(usize, i64),
    EndDispute(usize, bool),
    Settle(bool),
    TopUp(i64),
    Transfer(i64),
    EndTransfer(usize, TransferStatus),
    Pass(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let refund = prop_oneof![
        Just(RefundStatus::Processing),
        Just(RefundStatus::Processed),
        Just(RefundStatus::Failed),
        Just(RefundStatus::NeedsAttention),
    ];
    let transfer = prop_oneof![
        Just(TransferStatus::Success),
        Just(TransferStatus::Failed),
        Just(TransferStatus::Reversed),
        Just(TransferStatus::Pending),
    ];
    prop_oneof![
        (5_000..1_000_000_i64).prop_map(Act::Charge),
        (0..9_usize, any::<bool>()).prop_map(|(at, good)| Act::Pay(at, good)),
        (0..9_usize, 1..200_000_i64).prop_map(|(at, amount)| Act::Refund(at, amount)),
        (0..9_usize, refund).prop_map(|(at, to)| Act::MoveRefund(at, to)),
        (0..9_usize, 1..200_000_i64).prop_map(|(at, amount)| Act::Dispute(at, amount)),
        (0..9_usize, any::<bool>()).prop_map(|(at, lost)| Act::EndDispute(at, lost)),
        any::<bool>().prop_map(Act::Settle),
        (1..500_000_i64).prop_map(Act::TopUp),
        (1..300_000_i64).prop_map(Act::Transfer),
        (0..9_usize, transfer).prop_map(|(at, to)| Act::EndTransfer(at, to)),
        (1..90_000_i64).prop_map(Act::Pass),
    ]
}

/// A state with one merchant, one recipient, and its number.
fn state(folder: &std::path::Path, fees_on_customer: bool) -> (State, u64) {
    let random = adapters::random::Random::system();
    let mut state = State::open(&folder.join("laws.sqlite"), random).unwrap();
    let id = state.integrations.next_id();
    let mut integration = Integration::new(id, super::merchant(super::KEY, ""));
    integration.settings.fees_on_customer = fees_on_customer;
    integration.settings.transfers = Some(Pace::Later);
    state.integrations.put(integration);
    ask(
        &mut state,
        id,
        "POST /transferrecipient",
        "type=nuban&name=x&account_number=0123456789&bank_code=058",
    );
    (state, id)
}

/// A request without its HTTP.
fn ask(state: &mut State, integration: u64, route: &str, form: &str) {
    let call = crate::paystack::api::Call {
        integration,
        params: std::collections::BTreeMap::new(),
        query: crate::paystack::fields::Fields::default(),
        body: crate::paystack::fields::Fields::form(form),
    };
    let _refused_or_not = match route {
        "POST /transferrecipient" => crate::paystack::recipient::create(state, &call),
        "POST /transfer" => crate::paystack::transfer::create(state, &call),
        _ => crate::paystack::transaction::initialize(state, &call),
    };
}

fn pick(count: usize, at: usize, ids: impl Iterator<Item = u64>) -> Option<u64> {
    ids.take(count).collect::<Vec<_>>().get(at).copied()
}

fn run(state: &mut State, owner: u64, act: Act) {
    let purse = (owner, Currency::Ngn);
    match act {
        Act::Charge(amount) => {
            ask(state, owner, "", &format!("email=a@b.example&amount={amount}"));
        }
        Act::Pay(at, good) => {
            let id = pick(9, at, state.transactions.all().map(|charge| charge.id));
            let payment = if good { Payment::Success } else { Payment::Declined };
            id.and_then(|id| state.pay(id, payment));
        }
        Act::Refund(at, amount) => {
            let charge = state.transactions.all().nth(at).cloned();
            charge.map(|charge| state.ask_refund(&charge, Some(amount), Notes::default()).ok());
        }
        Act::MoveRefund(at, to) => {
            let id = pick(9, at, state.refunds.all().map(|refund| refund.id));
            id.map(|id| state.move_refund(id, to));
        }
        Act::Dispute(at, amount) => {
            let id = pick(9, at, state.transactions.all().map(|charge| charge.id));
            id.and_then(|id| state.raise_dispute(id, Some(amount)));
        }
        Act::EndDispute(at, lost) => {
            let id = pick(9, at, state.disputes.all().map(|dispute| dispute.id));
            let end = if lost { Resolution::MerchantAccepted } else { Resolution::Declined };
            id.map(|id| state.end_dispute(id, end, None));
        }
        Act::Settle(bank) => {
            let to = if bank { SettleTo::Bank } else { SettleTo::Balance };
            state.settle(purse, to);
        }
        Act::TopUp(amount) => {
            state.top_up(purse, amount);
        }
        Act::Transfer(amount) => {
            let recipient = state.recipients.all().next().unwrap().code.clone();
            let reference = format!("r{}", state.transfers.next_id());
            let form = format!(
                "source=balance&amount={amount}&recipient={recipient}&reference={reference}"
            );
            ask(state, owner, "POST /transfer", &form);
        }
        Act::EndTransfer(at, to) => {
            let id = pick(9, at, state.transfers.all().map(|transfer| transfer.id));
            id.map(|id| state.end_transfer(id, to));
        }
        Act::Pass(seconds) => {
            state.now = state.now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
            crate::paystack::pump::take_due(state);
        }
    }
}

/// What the books must say, made of the records alone.
fn check(state: &State, owner: u64) {
    let purse = (owner, Currency::Ngn);
    let of = |account: Account| state.books.balance(purse, &account);
    let paid = || state.transactions.all().filter(|charge| charge.is_paid());
    let gross: i64 = paid().map(|charge| charge.amount).sum();
    assert_eq!(of(Account::Patrons), -gross);
    let refunds = state.refunds.all().filter(|refund| refund.status != RefundStatus::Failed);
    assert_eq!(of(Account::Refunded), refunds.map(|refund| refund.amount).sum::<i64>());
    let disputes: i64 = state.disputes.all().filter_map(|dispute| dispute.taken).sum();
    assert_eq!(of(Account::Chargebacks), disputes);
    let transfers = |wanted: fn(TransferStatus) -> bool| {
        let found = state.transfers.all().filter(move |transfer| wanted(transfer.status));
        found.fold((0, 0), |sum, t| (sum.0 + t.amount, sum.1 + t.fee))
    };
    let (open, success) =
        (transfers(TransferStatus::is_open), transfers(|s| s == TransferStatus::Success));
    assert_eq!(of(Account::Transit), open.0);
    let recipient = state.recipients.all().next().unwrap().id;
    assert_eq!(of(Account::Recipient(recipient)), success.0);
    let fees: i64 = paid().filter_map(|charge| charge.fees).sum();
    assert_eq!(of(Account::Fees), fees + open.1 + success.1);
    let settled: i64 = state.settlements.all().map(|settlement| settlement.effective).sum();
    assert!(of(Account::Bank) >= 0 && of(Account::Bank) <= settled);
    assert!(of(Account::Balance) >= 0, "transfers and returns never overdraw the balance");
    for charge in paid() {
        let refunds = charge.refunds.iter().filter_map(|id| state.refunds.get(*id));
        let gone: i64 =
            refunds.filter(|r| r.status != RefundStatus::Failed).map(|r| r.amount).sum();
        assert!(gone <= charge.amount, "a refund is bounded by its charge");
    }
    assert!(state.money().iter().all(|money| money.sum == 0));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn money_is_neither_made_nor_lost(
        acts in proptest::collection::vec(act(), 1..80),
        fees_on_customer in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut state, owner) = state(folder.path(), fees_on_customer);
        for act in acts {
            run(&mut state, owner, act);
            check(&state, owner);
        }
        state.commit().unwrap();
        let money = state.money();
        drop(state);
        let random = adapters::random::Random::system();
        let again = State::open(&folder.path().join("laws.sqlite"), random).unwrap();
        prop_assert_eq!(again.money(), money);
    }
}
