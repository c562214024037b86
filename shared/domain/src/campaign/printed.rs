//! One code of a printing: what it claims, and what is typed for it. All of it follows from the printing and the code's
//! number, so whoever makes it a second time makes the same.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::Batch;
use crate::short_code::ShortCode;
use crate::voucher_token::{Claims, Form, PrintBatch, StatusListFull, TokenIndex};

/// So many short codes are tried for one code: each is taken by another one less often than once in a thousand, even
/// where a tenant has all the codes that it can have.
pub const SHORT_CODE_TRIES_MAX: u8 = 8;
/// A compact token's life is counted in hours.
const HOUR_S: i64 = 3_600;

impl Batch {
    /// The place of the code of this number, from zero, in the status list.
    pub fn index(&self, number: u32) -> u32 {
        self.first.saturating_add(number)
    }

    /// What the code of this number, from zero, claims. Its life ends with a whole hour, not before the printing does:
    /// when that ends the table says exactly.
    ///
    /// # Errors
    /// [`StatusListFull`] for a place that no list has.
    pub fn claims(&self, number: u32) -> Result<Claims, StatusListFull> {
        let life_s = self.expires_at.as_second().saturating_sub(self.created_at.as_second());
        let hours = life_s.max(1).saturating_add(HOUR_S - 1) / HOUR_S;
        let batch = PrintBatch { code: self.name.clone(), limit: self.limit };
        Ok(Claims::new(
            Form::Print { batch: Some(batch) },
            self.voucher.clone(),
            TokenIndex::new(self.index(number))?,
            self.created_at,
            SignedDuration::from_hours(hours),
        ))
    }

    /// The short code of the code of this number, from zero; another one for each try, because it may be taken.
    pub fn short_code(&self, number: u32, attempt: u8) -> ShortCode {
        let hash = Sha256::new()
            .chain_update(b"tessera printed short code\0")
            .chain_update(self.seed.as_bytes())
            .chain_update(number.to_be_bytes())
            .chain_update([attempt])
            .finalize();
        let mut random = [0; 16];
        random.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
        ShortCode::generate(random)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::campaign::BatchWishes;
    use crate::failure::InvalidFields;
    use crate::id::{BatchId, TenantId, VoucherId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wishes(name: &str) -> BatchWishes {
        BatchWishes {
            name: name.to_owned(),
            count: 100,
            limit: None,
            days: None,
            layout: None,
            variants: vec!['A', 'B'],
            design: None,
        }
    }

    fn batch(seed: u8, ends_s: i64) -> Batch {
        let now = at(1_700_000_000);
        let whose = (TenantId::new(now, [1; 10]), VoucherId::new(now, [2; 10]));
        let id = (BatchId::new(now, [3; 10]), [seed; 16]);
        Batch::order(id, whose, (wishes("BATCH2024"), 11), (now, at(1_700_000_000 + ends_s)))
    }

    #[test]
    fn a_code_lives_until_the_hour_in_which_its_printing_ends() {
        let check = |ends_s: i64, hours: i64| {
            let claims = batch(1, ends_s).claims(5).unwrap();
            let life = claims.expires_at.as_second() - claims.issued_at.as_second();
            assert_eq!((life, claims.index.get()), (hours * HOUR_S, 16), "{ends_s}");
        };
        check(1, 1);
        check(HOUR_S, 1);
        check(HOUR_S + 1, 2);
        check(10_000 * HOUR_S, 720);
    }

    #[test]
    fn a_short_code_follows_from_the_printing_and_differs_in_everything() {
        let one = batch(1, 1_000);
        assert_eq!(one.short_code(7, 0), batch(1, 9_000).short_code(7, 0));
        let mut all: BTreeSet<ShortCode> = (0..100).map(|n| one.short_code(n, 0)).collect();
        all.extend((0..100).map(|n| one.short_code(n, 1)));
        all.extend((0..100).map(|n| batch(2, 1_000).short_code(n, 0)));
        assert_eq!(all.len(), 300);
    }

    #[test]
    fn a_name_is_one_that_a_token_carries() {
        let check = |name: &str, fine: bool| {
            let wrong = match wishes(name).check() {
                Ok(()) => Vec::new(),
                Err(InvalidFields(errors)) => errors.into_iter().map(|it| it.field).collect(),
            };
            assert_eq!(wrong.is_empty(), fine, "{name:?} {wrong:?}");
        };
        check("BATCH2024", true);
        check("summer_24-b.1", true);
        check("", false);
        check("two words", false);
        check("Café", false);
        check(&"x".repeat(41), false);
    }
}
