//! A printing of a voucher's codes (V7): up to ten thousand unique codes with a name, a limit and an end, written by a
//! worker as a list and as sheets to print.
//!
//! Deliberately absent: the codes. Each follows from the printing and its number ([`printed`]).

mod printed;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::hex;
use crate::device::words;
use crate::failure::{Failure, FieldError, InvalidFields, Kind};
use crate::id::{BatchId, TenantId, VoucherId};
use crate::voucher::{Design, LIMITED_BATCHES_MAX, Voucher, VoucherStatus};

pub use printed::SHORT_CODE_TRIES_MAX;

/// Most codes of one printing.
pub const BATCH_CODES_MAX: u32 = 10_000;
/// More codes than this are signed by a local key.
pub const REMOTE_SIGNED_MAX: u32 = 100;
/// How long printed codes are good unless somebody says otherwise, in days (V7).
const PRINT_DAYS: u32 = 30;
/// And at most: what the compact form can say (65,535 hours) is more.
const PRINT_DAYS_MAX: u32 = 1_095;
/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 40;
/// How long a worker has a printing to itself after each step, in seconds.
const LEASE_S: i64 = 300;

words! {
    /// How the codes lie on the paper.
    pub enum SheetLayout {
        /// A4, 3 by 7 labels of 63.5 by 38.1 mm (L7160).
        A4Labels21 = "a4_labels21",
        /// A4, 2 by 7 labels of 99.1 by 38.1 mm (L7163).
        A4Labels14 = "a4_labels14",
        /// A4, a grid with guides for cutting.
        A4Grid = "a4_grid",
        /// US Letter, 3 by 10 labels of 2 5/8 by 1 inch (5160).
        LetterLabels30 = "letter_labels30",
        /// US Letter, 2 by 5 labels of 4 by 2 inches (5163).
        LetterLabels10 = "letter_labels10",
        /// US Letter, a grid with guides for cutting.
        LetterGrid = "letter_grid",
    }
}

words! {
    /// How far a printing is.
    pub enum BatchState {
        /// Nobody has begun.
        Requested = "requested",
        /// Codes are being written.
        Running = "running",
        /// The files are there.
        Done = "done",
        /// They could not be written.
        Failed = "failed",
    }
}

/// What is wanted of a printing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchWishes {
    /// What it is called, `btc` in its tokens: 1 to 40 letters, digits, dots, dashes and underscores, for example
    /// `BATCH2024`.
    pub name: String,
    /// How many codes: 1 to 10,000.
    pub count: u32,
    /// How many of them may be redeemed, `lmt` in its tokens; all when absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// For how many days they are good: 30 when absent.
    #[serde(default)]
    pub days: Option<u32>,
    /// How they lie on the paper.
    #[serde(default)]
    pub layout: Option<SheetLayout>,
    /// Variants that are compared (A/B): the codes take these letters in turn.
    #[serde(default)]
    pub variants: Vec<char>,
    /// How the codes look; like the voucher's own when absent.
    #[serde(default)]
    pub design: Option<Design>,
}

/// A printing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Of which voucher.
    pub voucher: VoucherId,
    /// What it is called.
    pub name: String,
    /// How many codes.
    pub count: u32,
    /// How many of them may be redeemed.
    pub limit: u32,
    /// The place of its first code in the tenant's status list; the others follow.
    pub first: u32,
    /// From when on its codes are not redeemed any more.
    pub expires_at: Timestamp,
    /// How they lie on the paper.
    pub layout: SheetLayout,
    /// Variants that are compared.
    pub variants: Vec<char>,
    /// How the codes look; like the voucher's own when absent.
    pub design: Option<Design>,
    /// What its short codes are drawn from, in hexadecimal. Nobody is shown it.
    pub seed: String,
    /// How far it is.
    pub state: BatchState,
    /// When it was asked for; its tokens are issued then.
    pub created_at: Timestamp,
    /// When it was done, or given up.
    pub finished_at: Option<Timestamp>,
    /// What a worker needs to go on.
    pub progress: BatchProgress,
    /// Counts the changes; a write names the version that it has read.
    pub version: u64,
}

/// What is written of a printing, so that whoever goes on begins right behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchProgress {
    /// Codes that are signed, have their short code, and are in the files.
    pub done: u32,
    /// The keys of the files.
    pub files: Vec<String>,
    /// Until then a worker is at it.
    pub leased_until: Option<Timestamp>,
    /// Why it failed, for whoever asked for it.
    pub problem: Option<String>,
}

/// Why a printing is not made, or not gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefused {
    /// There is none of this id.
    #[error("there is no such printing of this voucher")]
    Unknown,
    /// Another worker is at it.
    #[error("another worker is at this printing")]
    Leased,
    /// So many are not left of the voucher's limit.
    #[error("the voucher's own limit has less left than this printing is to have")]
    LimitTooLarge,
    /// There are as many with limits of their own as there can be.
    #[error("a voucher has at most 20 printings with a limit of their own")]
    TooMany,
    /// Its time is over, or its owner has ended it.
    #[error("an expired or ended voucher is not printed any more")]
    VoucherOver,
    /// Nobody sees the voucher yet, and its rules may still change.
    #[error("publish the voucher first: what is printed keeps to its rules")]
    VoucherDraft,
    /// Two limits of which one is counted by the day.
    #[error(
        "a voucher with a limit per day has no printings with a limit of their own: leave limit out, or print as many \
         codes as may be redeemed"
    )]
    DailyLimit,
    /// Somebody else was faster.
    #[error("the voucher was changed meanwhile, order the printing again")]
    Changed,
}

impl Failure for BatchRefused {
    fn kind(&self) -> Kind {
        match self {
            BatchRefused::Unknown => Kind::Missing,
            BatchRefused::Leased
            | BatchRefused::LimitTooLarge
            | BatchRefused::TooMany
            | BatchRefused::VoucherOver
            | BatchRefused::VoucherDraft
            | BatchRefused::DailyLimit
            | BatchRefused::Changed => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            BatchRefused::Unknown => "batch_unknown",
            BatchRefused::Leased => "batch_leased",
            BatchRefused::LimitTooLarge => "batch_limit_too_large",
            BatchRefused::TooMany => "batch_too_many",
            BatchRefused::VoucherOver => "voucher_over",
            BatchRefused::VoucherDraft => "voucher_draft",
            BatchRefused::DailyLimit => "batch_limit_with_daily_limit",
            BatchRefused::Changed => "voucher_changed",
        }
    }
}

impl BatchWishes {
    /// Checks what is wanted.
    ///
    /// # Errors
    /// [`InvalidFields`] names every field that breaks its rule.
    pub fn check(&self) -> Result<(), InvalidFields> {
        let mut errors = Vec::new();
        // A token carries it, and takes no other letters.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !(1..=NAME_MAX_CHARS).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            let detail = "name has 1 to 40 letters (A to Z), digits, dots, dashes and underscores";
            errors.push(FieldError::new("name", "invalid_text", detail));
        }
        if !(1..=BATCH_CODES_MAX).contains(&self.count) {
            let detail = format!("count is 1 to {BATCH_CODES_MAX}");
            errors.push(FieldError::new("count", "out_of_range", detail));
        }
        if self.limit.is_some_and(|limit| limit == 0 || limit > self.count) {
            let detail = "limit is 1 to count: each code is redeemed once";
            errors.push(FieldError::new("limit", "out_of_range", detail));
        }
        if self.days.is_some_and(|days| !(1..=PRINT_DAYS_MAX).contains(&days)) {
            let detail = format!("days is 1 to {PRINT_DAYS_MAX}");
            errors.push(FieldError::new("days", "out_of_range", detail));
        }
        let letters = self.variants.iter().all(char::is_ascii_uppercase);
        let distinct: std::collections::BTreeSet<_> = self.variants.iter().collect();
        if !letters || distinct.len() != self.variants.len() {
            let detail = "variants are different capital letters, for example [\"A\", \"B\"]";
            errors.push(FieldError::new("variants", "invalid", detail));
        }
        let colors = self.design.as_ref().and_then(|design| design.colors);
        if colors.is_some_and(|colors| !colors.readable()) {
            let detail = "the colours of the modules and behind them are too alike to be read";
            errors.push(FieldError::new("design.colors", "low_contrast", detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(InvalidFields(errors)) }
    }
}

impl Batch {
    /// A printing of this voucher, whose first code has the place `first` in the status list. Its codes are good no
    /// longer than the voucher. The wishes were checked; the seed is random.
    pub fn order(
        (id, seed): (BatchId, [u8; 16]),
        (tenant, voucher): (TenantId, VoucherId),
        (wishes, first): (BatchWishes, u32),
        (now, voucher_ends): (Timestamp, Timestamp),
    ) -> Self {
        let days = wishes.days.unwrap_or(PRINT_DAYS);
        let life = SignedDuration::from_hours(24 * i64::from(days));
        let end = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        Self {
            id,
            tenant,
            voucher,
            name: wishes.name,
            count: wishes.count,
            limit: wishes.limit.unwrap_or(wishes.count),
            first,
            expires_at: end.min(voucher_ends),
            layout: wishes.layout.unwrap_or(SheetLayout::A4Labels21),
            variants: wishes.variants,
            design: wishes.design,
            seed: hex(&seed),
            state: BatchState::Requested,
            created_at: now,
            finished_at: None,
            progress: BatchProgress::default(),
            version: 1,
        }
    }

    /// Whether it has a limit of its own: fewer than it has codes.
    pub fn is_limited(&self) -> bool {
        self.limit < self.count
    }

    /// Whether the code at this place of the status list is one of its own.
    pub fn has(&self, index: u32) -> bool {
        index.checked_sub(self.first).is_some_and(|number| number < self.count)
    }

    /// The letter of its code number `number`, from zero.
    pub fn variant(&self, number: u32) -> Option<char> {
        let count = self.variants.len();
        let turn = usize::try_from(number).unwrap_or(0).checked_rem(count)?;
        self.variants.get(turn).copied()
    }

    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        match self.state {
            BatchState::Done | BatchState::Failed => true,
            BatchState::Requested | BatchState::Running => false,
        }
    }

    /// The printing in the hands of a worker.
    ///
    /// # Errors
    /// [`BatchRefused::Leased`] while another one may be at it.
    pub fn lease(self, now: Timestamp) -> Result<Self, BatchRefused> {
        if self.progress.leased_until.is_some_and(|until| until > now) {
            return Err(BatchRefused::Leased);
        }
        let leased_until = now.checked_add(SignedDuration::from_secs(LEASE_S)).ok();
        let progress = BatchProgress { leased_until, ..self.progress };
        let version = self.version.saturating_add(1);
        Ok(Self { state: BatchState::Running, progress, version, ..self })
    }

    /// The printing with this much written; nobody is at it.
    #[must_use]
    pub fn wrote(self, done: u32, files: Vec<String>) -> Self {
        let progress = BatchProgress { done, files, leased_until: None, ..self.progress };
        Self { progress, version: self.version.saturating_add(1), ..self }
    }

    /// The printing whose files are all there.
    #[must_use]
    pub fn done(self, files: Vec<String>, now: Timestamp) -> Self {
        let progress = BatchProgress { files, leased_until: None, ..self.progress };
        let version = self.version.saturating_add(1);
        Self { state: BatchState::Done, finished_at: Some(now), progress, version, ..self }
    }

    /// The printing that cannot be written, and why.
    #[must_use]
    pub fn failed(self, problem: String, now: Timestamp) -> Self {
        let problem = Some(problem);
        let progress = BatchProgress { problem, leased_until: None, ..self.progress };
        let version = self.version.saturating_add(1);
        Self { state: BatchState::Failed, finished_at: Some(now), progress, version, ..self }
    }
}

impl Voucher {
    /// The voucher with this printing: one that has a limit of its own is listed.
    ///
    /// # Errors
    /// [`BatchRefused`] where the voucher is not printed, or not with a limit.
    pub fn printing(self, batch: &Batch, now: Timestamp) -> Result<Self, BatchRefused> {
        match self.status {
            VoucherStatus::Draft => return Err(BatchRefused::VoucherDraft),
            VoucherStatus::Ended => return Err(BatchRefused::VoucherOver),
            VoucherStatus::Published | VoucherStatus::Paused => {}
        }
        if self.terms.expires_at <= now {
            return Err(BatchRefused::VoucherOver);
        }
        if !batch.is_limited() {
            return Ok(self);
        }
        if self.terms.limits.per_day.is_some() {
            return Err(BatchRefused::DailyLimit);
        }
        if self.limited.len() >= LIMITED_BATCHES_MAX {
            return Err(BatchRefused::TooMany);
        }
        let mut limited = self.limited;
        limited.push(batch.id.clone());
        Ok(Self { limited, version: self.version.saturating_add(1), ..self })
    }
}
