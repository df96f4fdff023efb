//! When a read is repeated: a pure decision, so that it can be tested without a remote.

use std::time::Duration;

/// Attempts of one read, the first included.
const ATTEMPTS: u32 = 4;

/// No attempt begins later than this after the first; waits for our own pace do not count.
const BUDGET: Duration = Duration::from_mins(1);

/// What follows a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt, after this time.
    After(Duration),
    /// No more attempts.
    Stop,
    /// The remote asked for a longer wait than a read may take.
    TooLong(Duration),
}

/// Decides after `attempt` (1 is the first) failed, `spent` after the first began.
///
/// The back-off is 1, 2, 4 s, each times 0.75 to 1.25 by `jitter` (0 to 1); `at_least` is what the
/// remote asked for.
pub(crate) fn next(attempt: u32, spent: Duration, at_least: Option<Duration>, jitter: f64) -> Next {
    if let Some(asked) = at_least
        && asked > BUDGET
    {
        return Next::TooLong(asked);
    }
    if attempt >= ATTEMPTS {
        return Next::Stop;
    }
    let base = Duration::from_secs(1_u64 << attempt.saturating_sub(1).min(10));
    let delay = base.mul_f64(0.75 + jitter.clamp(0.0, 1.0) / 2.0).max(at_least.unwrap_or_default());
    if spent + delay > BUDGET { Next::Stop } else { Next::After(delay) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn backs_off_one_two_four_then_stops() {
        let after = |attempt| next(attempt, Duration::ZERO, None, 0.5);
        assert_eq!(after(1), Next::After(secs(1)));
        assert_eq!(after(2), Next::After(secs(2)));
        assert_eq!(after(3), Next::After(secs(4)));
        assert_eq!(after(4), Next::Stop);
    }

    #[test]
    fn jitter_moves_a_quarter_to_both_sides() {
        assert_eq!(next(1, Duration::ZERO, None, 0.0), Next::After(Duration::from_millis(750)));
        assert_eq!(next(1, Duration::ZERO, None, 1.0), Next::After(Duration::from_millis(1250)));
    }

    #[test]
    fn the_remote_may_ask_for_up_to_a_minute() {
        assert_eq!(next(1, Duration::ZERO, Some(secs(60)), 0.5), Next::After(secs(60)));
        assert_eq!(next(1, Duration::ZERO, Some(secs(61)), 0.5), Next::TooLong(secs(61)));
        assert_eq!(next(4, Duration::ZERO, Some(secs(61)), 0.5), Next::TooLong(secs(61)));
    }

    #[test]
    fn no_attempt_begins_after_the_budget() {
        assert_eq!(next(2, secs(59), None, 0.5), Next::Stop);
        assert_eq!(next(2, secs(30), Some(secs(31)), 0.5), Next::Stop);
    }
}
