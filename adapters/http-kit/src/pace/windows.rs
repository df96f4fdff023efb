//! "n per second and m per minute", kept for windows that begin anywhere.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex as SyncMutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use ipass_core::ports::Clock;
use tokio::sync::Mutex;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

type Cell = RateLimiter<NotKeyed, InMemoryState, ForwardClock, NoOpMiddleware<Duration>>;

/// A published limit per second and per minute.
///
/// - Second: evenly spaced at 92 % of the number. Any closed window then holds at most the number,
///   and a call may be delayed on its way by up to 8 % of a second before it could hold more.
/// - Minute: a burst of 3 % at a rate of 94 %. Any window holds at most 97 %; the rest is for a
///   restart, which begins with a full burst again. Below 34 per minute the burst is one call.
pub struct Windows {
    per_second: Option<u32>,
    per_minute: u32,
    cells: OnceLock<Cells>,
    /// First come, first served; without it a waiter could starve.
    queue: Mutex<()>,
}

struct Cells {
    minute: Cell,
    second: Option<Cell>,
    clock: ForwardClock,
}

impl Windows {
    pub(super) fn new(per_second: Option<u32>, per_minute: u32) -> Self {
        Self { per_second, per_minute, cells: OnceLock::new(), queue: Mutex::new(()) }
    }

    /// Calls per second, where there is such a limit, and per minute, that all instances may make
    /// together: less than published by the margins above, because calls of two instances may overtake
    /// each other on their way.
    pub(crate) fn shared_limits(&self) -> (Option<u32>, u32) {
        let of = |number: u32, percent: u64| {
            let part = u64::from(number) * percent / 100;
            u32::try_from(part).unwrap_or(u32::MAX).max(1)
        };
        (self.per_second.map(|number| of(number, 92)), of(self.per_minute, 97))
    }

    /// Calls per minute as published.
    pub(crate) const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    pub(super) async fn wait(&self, clock: &Arc<dyn Clock>) {
        let cells = self.cells.get_or_init(|| self.cells(clock));
        let _turn = self.queue.lock().await;
        pass(&cells.minute, cells, clock).await;
        if let Some(second) = &cells.second {
            pass(second, cells, clock).await;
        }
    }

    fn cells(&self, clock: &Arc<dyn Clock>) -> Cells {
        let clock = ForwardClock::new(Arc::clone(clock));
        let cell = |quota| Cell::direct_with_clock(quota, clock.clone());
        Cells {
            minute: cell(minute_quota(self.per_minute)),
            second: self.per_second.map(second_quota).map(cell),
            clock,
        }
    }
}

impl fmt::Debug for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Windows")
            .field("per_second", &self.per_second)
            .field("per_minute", &self.per_minute)
            .finish_non_exhaustive()
    }
}

async fn pass(cell: &Cell, cells: &Cells, clock: &Arc<dyn Clock>) {
    while let Err(refused) = cell.check() {
        clock.sleep(refused.wait_time_from(cells.clock.now())).await;
    }
}

fn second_quota(limit: u32) -> Quota {
    quota(SECOND.mul_f64(100.0 / (92.0 * f64::from(limit.max(1)))), 1)
}

fn minute_quota(limit: u32) -> Quota {
    let limit = limit.max(1);
    let burst = (limit * 3 / 100).max(1);
    let rate = f64::from(limit.saturating_sub(burst)).min(f64::from(limit) * 0.94).max(0.9);
    quota(MINUTE.div_f64(rate), burst)
}

fn quota(period: Duration, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // Only a period of zero has no quota, and no limit gives one.
    Quota::with_period(period).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst)
}

/// The injected clock as governor wants it: it never goes back. Otherwise a clock that is put right
/// by ten minutes would stop all calls for ten minutes.
#[derive(Clone)]
struct ForwardClock {
    clock: Arc<dyn Clock>,
    state: Arc<SyncMutex<(DateTime<Utc>, Duration)>>,
}

impl ForwardClock {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let state = Arc::new(SyncMutex::new((clock.now(), Duration::ZERO)));
        Self { clock, state }
    }
}

impl GovernorClock for ForwardClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let passed = (now - state.0).to_std().unwrap_or_default();
        *state = (now, state.1 + passed);
        state.1
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::{StepClock, noon};

    /// Milliseconds of the starts of `n` calls made as fast as the windows allow.
    async fn starts(windows: &Windows, clock: &Arc<dyn Clock>, n: usize) -> Vec<i64> {
        let mut starts = Vec::new();
        for _ in 0..n {
            windows.wait(clock).await;
            starts.push((clock.now() - noon()).num_milliseconds());
        }
        starts
    }

    fn most_in(starts: &[i64], window: i64) -> usize {
        let within = |from: i64| starts.iter().filter(|at| (from..=from + window).contains(*at)).count();
        starts.iter().map(|from| within(*from)).max().unwrap_or_default()
    }

    #[tokio::test]
    async fn no_window_holds_more_than_published_and_throughput_is_nine_tenths() {
        for (per_second, per_minute) in
            [(Some(10), 600), (Some(20), 1000), (None, 60), (Some(5), 100), (Some(2), 30), (None, 12), (Some(100), 500)]
        {
            let clock: Arc<dyn Clock> = Arc::new(StepClock::new());
            let windows = Windows::new(per_second, per_minute);
            let n = 4 * usize::try_from(per_minute).unwrap();
            let starts = starts(&windows, &clock, n).await;
            assert!(most_in(&starts, 60_000) <= per_minute as usize, "{per_second:?} {per_minute}");
            if let Some(limit) = per_second {
                assert!(most_in(&starts, 1_000) <= limit as usize, "{per_second:?} {per_minute}");
            }
            let span = starts.last().unwrap() - starts.first().unwrap();
            assert!(span * 9 <= 4 * 60_000 * 10, "{per_second:?} {per_minute} took {span} ms");
        }
    }

    #[tokio::test]
    async fn a_restart_stays_inside_the_published_number() {
        let clock: Arc<dyn Clock> = Arc::new(StepClock::new());
        let mut all = starts(&Windows::new(Some(10), 600), &clock, 550).await;
        all.extend(starts(&Windows::new(Some(10), 600), &clock, 600).await);
        assert!(most_in(&all, 60_000) <= 600, "{}", most_in(&all, 60_000));
    }

    #[tokio::test]
    async fn a_clock_that_is_put_back_does_not_stop_the_calls() {
        let step = Arc::new(StepClock::new());
        let clock: Arc<dyn Clock> = Arc::clone(&step) as Arc<dyn Clock>;
        let windows = Windows::new(Some(10), 600);
        starts(&windows, &clock, 30).await;
        step.set(noon() - TimeDelta::minutes(10));
        windows.wait(&clock).await;
        assert!(clock.now() < noon() - TimeDelta::minutes(9));
    }
}
