//! Clocks: the machine's, and a simulated one for the demo.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::ports::Clock;

/// Environment variable that shortens every wait by a factor, for tests against a double that does
/// everything at once. Times stay those of the machine.
pub(crate) const WAIT_DIVISOR: &str = "IPASS_WAIT_DIVISOR";

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock {
    divisor: u32,
}

impl SystemClock {
    /// The clock of a process: waits take their full time unless the environment says otherwise.
    pub(crate) fn from_environment() -> Self {
        let divisor = std::env::var(WAIT_DIVISOR).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Self { divisor: divisor.max(1) }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the machine's clock is read")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.divisor).await;
    }
}

/// A clock that starts where it is told and runs faster, or jumps over every sleep.
pub(crate) struct SimulatedClock {
    base: DateTime<Utc>,
    started: Instant,
    /// Simulated milliseconds per real one; 0 jumps over sleeps instead of waiting.
    speed: i64,
    skipped_ms: AtomicI64,
}

impl SimulatedClock {
    /// Runs `speed` times as fast as the machine's clock.
    pub(crate) fn fast(base: DateTime<Utc>, speed: u32) -> Self {
        Self { base, started: Instant::now(), speed: i64::from(speed.max(1)), skipped_ms: AtomicI64::new(0) }
    }

    /// Runs like the machine's clock while work is done, and jumps over every sleep.
    pub(crate) fn jumping(base: DateTime<Utc>) -> Self {
        Self { base, started: Instant::now(), speed: 0, skipped_ms: AtomicI64::new(0) }
    }

    /// Jumps ahead.
    pub(crate) fn advance(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.skipped_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> DateTime<Utc> {
        let real = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let ms = real.saturating_mul(self.speed.max(1)).saturating_add(self.skipped_ms.load(Ordering::SeqCst));
        self.base + chrono::Duration::milliseconds(ms)
    }

    async fn sleep(&self, duration: Duration) {
        if self.speed == 0 {
            self.advance(duration);
            tokio::task::yield_now().await;
        } else {
            let factor = u32::try_from(self.speed).unwrap_or(u32::MAX);
            tokio::time::sleep(duration / factor).await;
        }
    }
}
