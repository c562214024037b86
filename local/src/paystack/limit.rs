//! Request limits: how many of which a merchant may send in a minute, and one bulk call in five seconds.

use std::collections::HashMap;

use jiff::Timestamp;

/// A window's length in seconds.
const WINDOW_S: i64 = 60;
/// Between two bulk calls, in seconds.
const BULK_S: i64 = 5;
/// Requests of a window in test mode.
const TEST: u32 = 100;
/// Requests of a window in live mode.
const LIVE: u32 = 600;
/// More of these, each counted apart, in live mode.
const EXTENDED: [(&str, u32); 4] = [
    ("GET /transaction/verify/{reference}", 3_000),
    ("GET /bank/resolve", 1_500),
    ("POST /transaction/initialize", 1_200),
    ("POST /transfer", 900),
];

/// The windows that are open. They do not last: a restart forgives.
#[derive(Debug, Default)]
pub(super) struct Windows {
    requests: HashMap<(u64, &'static str), (i64, u32)>,
    bulk: HashMap<u64, Timestamp>,
}

impl Windows {
    /// Counts a request: the limit, how many are left, and the seconds until the window ends. None is left when the
    /// request is one too many.
    pub(super) fn count(
        &mut self,
        (integration, live): (u64, bool),
        route: &str,
        now: Timestamp,
    ) -> Result<(u32, u32, i64), (u32, i64)> {
        let extended = EXTENDED.iter().find(|(name, _)| live && *name == route);
        let usual = if live { LIVE } else { TEST };
        let (name, limit) = extended.copied().unwrap_or(("", usual));
        let window = now.as_second().div_euclid(WINDOW_S);
        let reset_s = (window + 1) * WINDOW_S - now.as_second();
        let seen = self.requests.entry((integration, name)).or_insert((window, 0));
        if seen.0 != window {
            *seen = (window, 0);
        }
        if seen.1 >= limit {
            return Err((limit, reset_s));
        }
        seen.1 += 1;
        Ok((limit, limit - seen.1, reset_s))
    }

    /// Counts a bulk call, or says after how many seconds the next one may come.
    pub(super) fn bulk(&mut self, integration: u64, now: Timestamp) -> Option<i64> {
        if let Some(last) = self.bulk.get(&integration) {
            let passed = now.as_second() - last.as_second();
            if (0..BULK_S).contains(&passed) {
                return Some(BULK_S - passed);
            }
        }
        self.bulk.insert(integration, now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_an_end_and_then_begins_anew() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut windows = Windows::default();
        for left in (0..TEST).rev() {
            assert_eq!(windows.count((1, false), "GET /x", at(30)), Ok((TEST, left, 30)));
        }
        assert_eq!(windows.count((1, false), "GET /x", at(59)), Err((TEST, 1)));
        assert!(windows.count((2, false), "GET /x", at(59)).is_ok());
        assert_eq!(windows.count((1, false), "GET /x", at(60)), Ok((TEST, TEST - 1, 60)));
        let verify = EXTENDED[0].0;
        assert_eq!(windows.count((1, true), verify, at(60)), Ok((3_000, 2_999, 60)));
        assert_eq!(windows.bulk(1, at(100)), None);
        assert_eq!(windows.bulk(1, at(104)), Some(1));
        assert_eq!(windows.bulk(1, at(105)), None);
    }
}
