//! The platform's stories, over real HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod alerts;
mod analytics;
mod approval;
mod counting;
mod crashes;
mod crowd;
mod desk;
mod desk_cases;
mod desk_lists;
mod desk_money;
mod erasure;
mod exports;
mod first_scan;
mod guard_codes;
mod guards;
mod health;
mod imports;
mod lifetimes;
mod lists;
mod model;
mod notices;
mod orders;
mod payments;
mod payout_accounts;
mod payout_costs;
mod payout_desk;
mod payout_doubts;
mod payout_hold;
mod payout_troubles;
mod payouts;
mod payroll;
mod photos;
mod polls;
mod reconcile;
mod refunds;
mod refusals;
mod settlement;
mod ten_thousand;
mod tenants;
mod till;
mod tip_refusals;
mod tips;
mod trail;
mod webhook_door;
