//! What may be redeemed, as a table of cases.

use super::*;
use crate::campaign::{Batch, BatchWishes};
use crate::claim::Claim;
use crate::failure::Failure;
use crate::money::Currency;
use crate::short_code::ShortCode;
use crate::voucher::{
    Benefit, Design, Limits, Voucher, VoucherStatus, VoucherTerms, VoucherText, VoucherWishes,
};

const NOON: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOON + second).unwrap()
}

fn business(number: u8) -> BusinessId {
    BusinessId::new(at(0), [number; 10])
}

fn wishes() -> VoucherWishes {
    VoucherWishes {
        title: "Coffee".to_owned(),
        description: String::new(),
        terms: String::new(),
        benefit: Benefit::FreeItem { item: "A coffee".to_owned() },
        valid_from: None,
        expires_at: at(3_600),
        limits: Limits::default(),
        claim_required: false,
        rollback_s: None,
        design: Design::default(),
    }
}

fn voucher(wishes: VoucherWishes) -> Voucher {
    Voucher {
        id: VoucherId::new(at(0), [1; 10]),
        tenant: TenantId::new(at(0), [1; 10]),
        business: business(1),
        terms: wishes.check(at(0)).unwrap(),
        status: VoucherStatus::Published,
        index: 0,
        short: ShortCode::generate([1; 16]),
        fixed: None,
        zone: "Africa/Lagos".to_owned(),
        limited: Vec::new(),
        created_at: at(0),
        version: 1,
    }
}

fn ada() -> CustomerId {
    CustomerId::parse("ada").unwrap()
}

fn wanted(code: CodeRead) -> Wanted {
    Wanted {
        id: RedemptionId::new(at(0), [7; 10]),
        code,
        business: business(1),
        customer: None,
        amount: None,
        by: RedeemedBy::Key(KeyId::new(at(0), [1; 10])),
        at: at(60),
        offline: None,
    }
}

fn shared() -> CodeRead {
    CodeRead::Shared(CodeForm::Short)
}

fn user() -> CodeRead {
    CodeRead::User { customer: ada(), issued_at: at(50), index: 3 }
}

fn print() -> CodeRead {
    let batch = crate::id::BatchId::new(at(0), [1; 10]);
    CodeRead::Print { batch, index: 12, form: CodeForm::Print }
}

fn claimed(of: &Voucher) -> Claim {
    Claim::made(of, (&ada(), None), (1, 3), at(10)).unwrap()
}

fn found(voucher: Voucher) -> Found {
    Found { voucher, batch: None, claim: None, balance: None }
}

fn batch(of: &Voucher) -> Batch {
    let wishes = BatchWishes {
        name: "BATCH2024".to_owned(),
        count: 100,
        limit: None,
        days: Some(1),
        layout: None,
        variants: vec!['A', 'B'],
        design: None,
    };
    let whose = (of.tenant.clone(), of.id.clone());
    let id = crate::id::BatchId::new(at(0), [1; 10]);
    Batch::order((id, [7; 16]), whose, (wishes, 11), (at(0), of.terms.expires_at))
}

/// The code of the refusal, or `ok`.
fn verdict(wanted: Wanted, found: Found) -> &'static str {
    match wanted.decide(found) {
        Ok(_) => "ok",
        Err(refused) => refused.code(),
    }
}

#[test]
fn a_voucher_is_redeemed_from_its_first_second_to_the_one_before_its_end() {
    let cases = [
        (-1, "voucher_not_yet_valid"),
        (0, "ok"),
        (3_599, "ok"),
        (3_600, "voucher_expired"),
        (3_601, "voucher_expired"),
    ];
    for (second, expected) in cases {
        let wanted = Wanted { at: at(second), ..wanted(shared()) };
        assert_eq!(verdict(wanted, found(voucher(wishes()))), expected, "{second}");
    }
}

#[test]
fn the_state_comes_before_the_business() {
    for (status, expected) in [
        (VoucherStatus::Draft, "voucher_not_published"),
        (VoucherStatus::Paused, "voucher_not_published"),
        (VoucherStatus::Ended, "voucher_not_published"),
        (VoucherStatus::Published, "voucher_other_business"),
    ] {
        let elsewhere = Wanted { business: business(2), ..wanted(shared()) };
        let found = found(Voucher { status, ..voucher(wishes()) });
        assert_eq!(verdict(elsewhere, found), expected, "{status}");
    }
}

#[test]
fn a_shared_code_asks_for_the_customer_where_customers_are_counted() {
    let limits = Limits { per_customer: Some(2), ..Limits::default() };
    let capped = || voucher(VoucherWishes { limits, ..wishes() });
    let required = || voucher(VoucherWishes { claim_required: true, ..wishes() });
    let by_ada = || Wanted { customer: Some(ada()), ..wanted(shared()) };
    assert_eq!(verdict(wanted(shared()), found(voucher(wishes()))), "ok");
    assert_eq!(verdict(wanted(shared()), found(capped())), "customer_needed");
    assert_eq!(verdict(wanted(shared()), found(required())), "customer_needed");
    assert_eq!(verdict(by_ada(), found(capped())), "ok", "counted without a claim");
    assert_eq!(verdict(by_ada(), found(required())), "claim_needed");
    let claim = Some(claimed(&required()));
    assert_eq!(verdict(by_ada(), Found { claim, ..found(required()) }), "ok");
}

#[test]
fn a_claim_is_redeemed_as_often_as_its_voucher_says() {
    for (most, times) in [(None, 1), (Some(1), 1), (Some(3), 3)] {
        let limits = Limits { per_customer: most, ..Limits::default() };
        let of = voucher(VoucherWishes { limits, claim_required: true, ..wishes() });
        let mut claim = claimed(&of);
        for turn in 0..times {
            let found = Found { claim: Some(claim), ..found(of.clone()) };
            let decided = wanted(user()).decide(found).unwrap();
            claim = decided.claim.unwrap();
            assert_eq!(claim.used, turn + 1, "{most:?}");
            assert_eq!(decided.redemption.claimed_at, Some(at(10)));
        }
        let expected =
            if times == 1 { "voucher_already_redeemed" } else { "customer_limit_reached" };
        let found = Found { claim: Some(claim), ..found(of) };
        assert_eq!(verdict(wanted(user()), found), expected, "{most:?}");
    }
}

#[test]
fn a_personal_code_is_its_customers_and_needs_the_claim() {
    let of = || voucher(wishes());
    let stranger = CustomerId::parse("bob").unwrap();
    let named = Wanted { customer: Some(stranger), ..wanted(user()) };
    assert_eq!(verdict(named, found(of())), "code_other_customer");
    assert_eq!(verdict(wanted(user()), found(of())), "claim_needed");
    let removed = claimed(&of()).remove(at(20)).unwrap();
    let gone = Found { claim: Some(removed), ..found(of()) };
    assert_eq!(verdict(wanted(user()), gone), "claim_needed");
    let old = Claim { expires_at: at(30), ..claimed(&of()) };
    let late = Found { claim: Some(old), ..found(of()) };
    assert_eq!(verdict(wanted(user()), late), "claim_expired");
}

#[test]
fn a_unique_code_has_one_redemption_and_a_shared_one_as_many_as_are_wanted() {
    let of = voucher(wishes());
    let id = |code: CodeRead| code.redemption(&of.id);
    assert_eq!(id(print()), id(print()));
    assert_ne!(id(print()), id(user()));
    assert_eq!(id(shared()), None);
    let short = CodeRead::Print {
        batch: crate::id::BatchId::new(at(0), [1; 10]),
        index: 12,
        form: CodeForm::Short,
    };
    assert_eq!(id(short), id(print()), "the token and the short code are one code");
    let printed = Found { batch: Some(batch(&of)), ..found(of) };
    let decided = wanted(print()).decide(printed).unwrap();
    assert!(decided.unique && decided.redemption.counted);
    assert_eq!(decided.redemption.variant, Some('B'), "the second code of the printing");
}

#[test]
fn a_printed_code_ends_with_its_printing() {
    let of = voucher(VoucherWishes { expires_at: at(100 * 24 * 3_600), ..wishes() });
    let day = 24 * 3_600;
    for (second, expected) in [(day - 1, "ok"), (day, "code_expired"), (day + 1, "code_expired")] {
        let found = Found { batch: Some(batch(&of)), ..found(of.clone()) };
        let wanted = Wanted { at: at(second), ..wanted(print()) };
        assert_eq!(verdict(wanted, found), expected, "{second}");
    }
}

#[test]
fn a_gift_is_spent_bit_by_bit_and_counts_once() {
    let benefit = Benefit::GiftBalance { minor: 1_000, currency: Currency::Ngn };
    let of = voucher(VoucherWishes { benefit, ..wishes() });
    let of_printed = |balance| Found { batch: Some(batch(&of)), balance, ..found(of.clone()) };
    let take = |amount| Wanted { amount, ..wanted(print()) };
    assert_eq!(verdict(take(None), of_printed(None)), "amount_needed");
    assert_eq!(verdict(take(Some(0)), of_printed(None)), "amount_needed");
    assert_eq!(verdict(take(Some(-5)), of_printed(None)), "amount_needed");
    assert_eq!(verdict(take(Some(1_001)), of_printed(None)), "gift_too_little_left");
    let first = take(Some(400)).decide(of_printed(None)).unwrap();
    assert_eq!(first.balance, Some(Balance { left: 600, version: 1 }));
    assert!(first.redemption.counted && !first.unique);
    let second = take(Some(600)).decide(of_printed(first.balance)).unwrap();
    assert_eq!(second.balance, Some(Balance { left: 0, version: 2 }));
    assert!(!second.redemption.counted, "a code takes one of the limit, however often it is used");
    assert_eq!(verdict(take(Some(1)), of_printed(second.balance)), "gift_too_little_left");
    assert_eq!(
        verdict(Wanted { amount: Some(5), ..wanted(shared()) }, found(of.clone())),
        "customer_needed"
    );
    let with_claim = Found { claim: Some(claimed(&of)), ..found(of.clone()) };
    let decided = Wanted { amount: Some(999), ..wanted(user()) }.decide(with_claim).unwrap();
    let claim = decided.claim.unwrap();
    assert_eq!((claim.left, claim.is_used_up()), (Some(1), false));
    assert_eq!(claim.clone().give_back(Some(999)).left, Some(1_000));
    let plain = Wanted { amount: Some(5), ..wanted(shared()) };
    assert_eq!(verdict(plain, found(voucher(wishes()))), "amount_refused");
}

#[test]
fn a_printed_gift_and_a_claimed_one_of_the_same_customer_count_once_each() {
    let benefit = Benefit::GiftBalance { minor: 1_000, currency: Currency::Ngn };
    let limits = Limits { per_customer: Some(2), ..Limits::default() };
    let of = voucher(VoucherWishes { benefit, limits, ..wishes() });
    let claim = claimed(&of);
    let printed = Found { batch: Some(batch(&of)), claim: Some(claim), ..found(of.clone()) };
    let by_ada = Wanted { customer: Some(ada()), amount: Some(1_000), ..wanted(print()) };
    let first = by_ada.decide(printed).unwrap();
    let claim = first.claim.clone().unwrap();
    assert_eq!((claim.used, claim.left, first.redemption.counted), (1, Some(1_000), true));
    let own = Wanted { amount: Some(400), ..wanted(user()) };
    let second = own.clone().decide(Found { claim: Some(claim), ..found(of.clone()) }).unwrap();
    assert!(second.redemption.counted, "the claimed gift was still whole");
    let third = own.decide(Found { claim: second.claim, ..found(of) }).unwrap();
    assert!(!third.redemption.counted);
}

#[test]
fn a_day_ends_where_the_voucher_is_redeemed() {
    let of = voucher(wishes());
    let evening: Timestamp = "2026-11-20T22:59:59Z".parse().unwrap();
    assert_eq!(of.day_ends(evening), Some("2026-11-20T23:00:00Z".parse().unwrap()), "Lagos");
    assert_eq!(of.day_ends(of.day_ends(evening).unwrap()), "2026-11-21T23:00:00Z".parse().ok());
}

#[test]
fn a_redemption_can_be_taken_back_for_a_while_and_once() {
    let done = wanted(shared()).decide(found(voucher(wishes()))).unwrap().redemption;
    let end = 60 + 900;
    assert!(done.clone().rolled_back(at(end - 1)).is_ok());
    let late = done.clone().rolled_back(at(end));
    assert_eq!(late, Err(RollbackRefused::TooLate { until: at(end) }));
    let back = done.rolled_back(at(61)).unwrap();
    assert_eq!(back.rolled_back(at(62)), Err(RollbackRefused::Already));
}

#[test]
fn the_parts_of_an_id_do_not_run_into_each_other() {
    let tenant = TenantId::new(at(0), [1; 10]);
    let of = |number, named| redemption_of_device(&tenant, &business(number), named);
    assert_eq!(of(1, "a"), of(1, "a"));
    assert_ne!(of(1, "a"), of(1, "b"));
    assert_ne!(of(1, "a"), of(2, "a"), "another business's devices have names of their own");
    let text = VoucherText { title: "t".into(), description: String::new(), terms: String::new() };
    let VoucherTerms { rollback_s, .. } = VoucherTerms { text, ..voucher(wishes()).terms };
    assert_eq!(rollback_s, 900);
}
