//! The vendors' limiters: sliding windows (DSCO) and in-flight buckets (Lingxing).

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Duration, Utc};

/// Published DSCO limits: call kind, calls per second (0 = none), calls per minute.
const RATES: [(&str, usize, usize); 10] = [
    ("GET /order/page", 10, 500),
    ("GET /order/", 10, 500),
    ("POST /order/acknowledge", 15, 1000),
    ("POST /order/acknowledge/items", 15, 1000),
    ("POST /order/singleShipment", 15, 300),
    ("GET /invoice", 15, 1000),
    ("POST /invoice", 15, 1000),
    ("GET /inventory", 15, 300),
    ("POST /inventory/singleItem", 5, 300),
    ("GET /stream/single/{id}/{partition}/{position}", 0, 15),
];

/// Times of the calls of the last minute, per kind. Operations without published numbers are
/// never throttled.
#[derive(Debug, Default)]
pub(crate) struct Windows(HashMap<&'static str, VecDeque<DateTime<Utc>>>);

impl Windows {
    /// Whether a call fits in both windows; one that fits is counted.
    pub(crate) fn admit(&mut self, kind: &str, now: DateTime<Utc>) -> bool {
        let Some(&(name, per_second, per_minute)) = RATES.iter().find(|rate| rate.0 == kind) else {
            return true;
        };
        let times = self.0.entry(name).or_default();
        while times.front().is_some_and(|&at| at + Duration::minutes(1) <= now) {
            times.pop_front();
        }
        let second_ago = now - Duration::seconds(1);
        let recent = times.iter().rev().take_while(|&&at| at > second_ago).count();
        if times.len() >= per_minute || (per_second > 0 && recent >= per_second) {
            return false;
        }
        times.push_back(now);
        true
    }
}

/// How long an abandoned request keeps its token.
const ABANDONED_FOR: Duration = Duration::minutes(2);

#[derive(Debug, Default)]
struct Bucket {
    running: usize,
    /// When the tokens of abandoned requests come back.
    abandoned: Vec<DateTime<Utc>>,
    last_start: Option<DateTime<Utc>>,
}

/// What the gateway says to a request that wants a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It runs; so many are now in flight, more than the capacity if `over`.
    Taken { in_flight: usize, over: bool },
    /// No token is left.
    Refused,
}

/// Lingxing's improved token bucket: capacity is the number of requests in flight at one time.
#[derive(Debug, Default)]
pub(crate) struct InFlight(HashMap<String, Bucket>);

impl InFlight {
    /// Takes a token of the path; without enforcement also when none is left.
    pub(crate) fn take(&mut self, path: &str, capacity: usize, enforce: bool, now: DateTime<Utc>) -> Admission {
        let bucket = self.0.entry(path.to_owned()).or_default();
        bucket.abandoned.retain(|&until| until > now);
        let used = bucket.running + bucket.abandoned.len();
        if used >= capacity && enforce {
            return Admission::Refused;
        }
        bucket.running += 1;
        Admission::Taken { in_flight: used + 1, over: used >= capacity }
    }

    /// Gives the token back: at once after an answer, two minutes later when the client left.
    pub(crate) fn give_back(&mut self, path: &str, answered: bool, now: DateTime<Utc>) {
        if let Some(bucket) = self.0.get_mut(path) {
            bucket.running = bucket.running.saturating_sub(1);
            if !answered {
                bucket.abandoned.push(now + ABANDONED_FOR);
            }
        }
    }

    /// Whether the service behind the gateway takes a call so soon after the last one.
    pub(crate) fn spaced(&mut self, path: &str, gap: Duration, now: DateTime<Utc>) -> bool {
        let bucket = self.0.entry(path.to_owned()).or_default();
        if bucket.last_start.is_some_and(|last| now - last < gap) {
            return false;
        }
        bucket.last_start = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
    }

    #[test]
    fn both_windows_slide() {
        let mut windows = Windows::default();
        let kind = "GET /order/page";
        for call in 0..10 {
            assert!(windows.admit(kind, at(call)));
        }
        assert!(!windows.admit(kind, at(999)));
        assert!(windows.admit(kind, at(1001)));
        let mut windows = Windows::default();
        for call in 0..500 {
            assert!(windows.admit(kind, at(call * 110)), "{call}");
        }
        assert!(!windows.admit(kind, at(55_100)), "the minute is full");
        assert!(windows.admit(kind, at(60_001)));
        assert!(windows.admit("GET /order/log", at(0)), "no number published");
    }

    const FREE: Admission = Admission::Taken { in_flight: 1, over: false };

    #[test]
    fn an_abandoned_request_keeps_its_token_for_two_minutes() {
        let mut buckets = InFlight::default();
        assert_eq!(buckets.take("/p", 1, true, at(0)), FREE);
        assert_eq!(buckets.take("/p", 1, true, at(1)), Admission::Refused);
        buckets.give_back("/p", true, at(2));
        assert_eq!(buckets.take("/p", 1, true, at(3)), FREE);
        buckets.give_back("/p", false, at(4));
        assert_eq!(buckets.take("/p", 1, true, at(60_000)), Admission::Refused);
        assert_eq!(buckets.take("/p", 1, true, at(120_004)), FREE);
    }

    #[test]
    fn unenforced_buckets_still_tell_the_excess() {
        let mut buckets = InFlight::default();
        assert_eq!(buckets.take("/p", 1, false, at(0)), FREE);
        let over = Admission::Taken { in_flight: 2, over: true };
        assert_eq!(buckets.take("/p", 1, false, at(0)), over);
        buckets.give_back("/p", true, at(0));
        buckets.give_back("/p", true, at(0));
        assert_eq!(buckets.take("/p", 1, true, at(0)), FREE);
    }
}
