//! The limits of the platform, each with a name, a unit and its source. A limit of one noun stands with that noun.

/// The largest body of a request, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;
/// The largest body of an import, in bytes: below Lambda's 6 MB with base64's third on top.
pub const IMPORT_MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most entries on one page of a list.
pub const PAGE_MAX: u32 = 100;
/// The entries on a page when the caller does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// The most properties of one batch of generation (P50 asks for 100 and more).
pub const BATCH_MAX: usize = 1000;
/// A batch begins no further item after this many seconds: the gateway gives up at 30.
pub const BATCH_BUDGET_S: u64 = 20;
/// How long a function may keep a code in its memory, in seconds: so long a deletion may take to show.
pub const CODE_CACHE_S: i64 = 60;
/// How long a session of the pages lives, in hours.
pub const SESSION_HOURS: i64 = 12;
/// How long a stored answer is replayed for its `Idempotency-Key`, in hours.
pub const IDEMPOTENCY_HOURS: i64 = 48;
/// The longest `Idempotency-Key`, in bytes.
pub const IDEMPOTENCY_KEY_MAX_BYTES: usize = 255;
/// How long a request may hold its `Idempotency-Key` before another may take it over, in seconds: beyond the
/// gateway's 30.
pub const IDEMPOTENCY_LEASE_S: i64 = 40;
/// How long a scan event is kept, in days, unless its tenant says otherwise; what was counted from it stays.
pub const EVENT_DAYS: i64 = 90;
/// How long it is kept that a voucher's code was refused, in days, unless its tenant says otherwise.
pub const ATTEMPT_DAYS: i64 = 180;
/// How long an event of Paystack is kept as it arrived, in days; what was posted for it stays.
pub const WEBHOOK_DAYS: i64 = 180;
/// How long it is known which messages were sent, in days: longer than a queue can repeat a notice.
pub const DELIVERY_DAYS: i64 = 30;
/// How long it is known of which alerts the operators were told, in days: after them the same cause is told anew.
pub const ALERT_DAYS: i64 = 90;
