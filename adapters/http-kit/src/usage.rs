//! What is seen of an account's calls, for people.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::ports::{AccountHealth, CallLimit, CallUse};

use crate::{CallKind, Pace};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Calls of a minute that are remembered of one kind: more than any limit that is published.
const MOST: usize = 5_000;

/// The calls of one account.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    calls: BTreeMap<&'static str, Calls>,
    clock_ahead: Option<TimeDelta>,
}

#[derive(Debug)]
struct Calls {
    limit: CallLimit,
    /// Calls of the last minute: when each began, and how many were under way by then.
    begun: VecDeque<(DateTime<Utc>, u32)>,
    under_way: u32,
    throttled_at: Option<DateTime<Utc>>,
}

impl Calls {
    fn forget_old(&mut self, now: DateTime<Utc>) {
        // A clock that was put back leaves calls in the future; they are of no minute that anybody asks about.
        while self.begun.front().is_some_and(|(at, _)| now - *at >= MINUTE || *at > now) || self.begun.len() > MOST {
            self.begun.pop_front();
        }
    }
}

impl Usage {
    /// A call begins; it ends when the answer is dropped.
    pub(crate) fn begin(self: &Arc<Self>, kind: &CallKind, now: DateTime<Utc>) -> UnderWay {
        let mut seen = self.seen();
        let calls = seen.calls.entry(kind.name).or_insert_with(|| Calls {
            limit: limit(&kind.pace),
            begun: VecDeque::new(),
            under_way: 0,
            throttled_at: None,
        });
        calls.under_way += 1;
        calls.begun.push_back((now, calls.under_way));
        calls.forget_old(now);
        UnderWay { usage: Arc::clone(self), name: kind.name }
    }

    /// The remote refused a call as one too many.
    pub(crate) fn throttled(&self, name: &str, now: DateTime<Utc>) {
        if let Some(calls) = self.seen().calls.get_mut(name) {
            calls.throttled_at = Some(now);
        }
    }

    /// The remote dated an answer that came now.
    pub(crate) fn dated(&self, date: DateTime<Utc>, now: DateTime<Utc>) {
        // Seconds are cut off there, so they are here.
        self.seen().clock_ahead = Some(TimeDelta::seconds(date.timestamp() - now.timestamp()));
    }

    pub(crate) fn health(&self, now: DateTime<Utc>) -> AccountHealth {
        let mut seen = self.seen();
        let calls = seen.calls.iter_mut().map(|(name, calls)| {
            calls.forget_old(now);
            let used = match calls.limit {
                CallLimit::AtOnce(_) => calls.begun.iter().map(|(_, under_way)| *under_way).max().unwrap_or_default(),
                CallLimit::None | CallLimit::PerMinute(_) => u32::try_from(calls.begun.len()).unwrap_or(u32::MAX),
            };
            let (name, limit) = ((*name).to_owned(), calls.limit);
            CallUse { name, limit, used: used.max(at_once(calls)), throttled_at: calls.throttled_at }
        });
        AccountHealth { calls: calls.collect(), clock_ahead: seen.clock_ahead }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Each number is whole by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that has been under way for more than a minute still takes its place.
fn at_once(calls: &Calls) -> u32 {
    match calls.limit {
        CallLimit::AtOnce(_) => calls.under_way,
        CallLimit::None | CallLimit::PerMinute(_) => 0,
    }
}

fn limit(pace: &Pace) -> CallLimit {
    match pace {
        Pace::Free => CallLimit::None,
        Pace::Windows(windows) => CallLimit::PerMinute(windows.per_minute()),
        Pace::InFlight(in_flight) => CallLimit::AtOnce(in_flight.limits().0),
    }
}

/// A call that has not been answered yet, or was given up on when it is dropped.
pub(crate) struct UnderWay {
    usage: Arc<Usage>,
    name: &'static str,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(calls) = self.usage.seen().calls.get_mut(self.name) {
            calls.under_way = calls.under_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::noon;

    fn kind(name: &'static str, pace: Pace) -> CallKind {
        CallKind { name, pace, timeout: Duration::from_secs(1), max_body: 1 }
    }

    fn after(seconds: i64) -> DateTime<Utc> {
        noon() + TimeDelta::seconds(seconds)
    }

    fn used(usage: &Usage, now: DateTime<Utc>) -> Vec<(String, CallLimit, u32)> {
        usage.health(now).calls.into_iter().map(|call| (call.name, call.limit, call.used)).collect()
    }

    #[test]
    fn calls_of_the_last_minute_are_counted() {
        let (usage, kind) = (Arc::new(Usage::default()), kind("GET /a", Pace::windows(Some(10), 600)));
        for second in [0, 10, 20] {
            drop(usage.begin(&kind, after(second)));
        }
        let line = |used| vec![("GET /a".to_owned(), CallLimit::PerMinute(600), used)];
        assert_eq!(used(&usage, after(59)), line(3));
        assert_eq!(used(&usage, after(60)), line(2));
        assert_eq!(used(&usage, after(200)), line(0));
    }

    #[test]
    fn of_calls_at_the_same_time_the_most_count_and_those_still_under_way() {
        let (usage, kind) = (Arc::new(Usage::default()), kind("POST /b", Pace::in_flight(5, Duration::ZERO)));
        let line = |used| vec![("POST /b".to_owned(), CallLimit::AtOnce(5), used)];
        let (first, second) = (usage.begin(&kind, after(0)), usage.begin(&kind, after(1)));
        drop(second);
        drop(usage.begin(&kind, after(2)));
        assert_eq!(used(&usage, after(3)), line(2));
        assert_eq!(used(&usage, after(100)), line(1), "the first one has not ended");
        drop(first);
        assert_eq!(used(&usage, after(100)), line(0));
    }

    #[test]
    fn a_refusal_and_the_clock_are_kept() {
        let (usage, kind) = (Arc::new(Usage::default()), kind("GET /a", Pace::free()));
        drop(usage.begin(&kind, after(0)));
        usage.throttled("GET /a", after(1));
        usage.dated(after(7), after(2));
        let health = usage.health(after(3));
        assert_eq!(health.clock_ahead, Some(TimeDelta::seconds(5)));
        assert_eq!((health.calls[0].throttled_at, health.calls[0].limit), (Some(after(1)), CallLimit::None));
    }
}
