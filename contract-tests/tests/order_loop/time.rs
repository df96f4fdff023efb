//! A clock that runs like ours while work is done, and jumps over every sleep.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use ipass_core::ports::Clock;

pub(crate) struct JumpingClock {
    base: DateTime<Utc>,
    started: Instant,
    skipped_ms: AtomicI64,
}

impl JumpingClock {
    pub(crate) fn new() -> Self {
        let base = Utc.with_ymd_and_hms(2026, 1, 28, 9, 0, 0).single().expect("a moment");
        Self { base, started: Instant::now(), skipped_ms: AtomicI64::new(0) }
    }

    pub(crate) fn skip(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).expect("a short time");
        self.skipped_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for JumpingClock {
    fn now(&self) -> DateTime<Utc> {
        let real = i64::try_from(self.started.elapsed().as_millis()).expect("a short time");
        self.base + TimeDelta::milliseconds(real + self.skipped_ms.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.skip(duration);
        tokio::task::yield_now().await;
    }
}
