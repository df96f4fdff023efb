use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Time as the service sees it: always UTC, always injected.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;
    /// Returns when `duration` of this clock's time has passed.
    async fn sleep(&self, duration: Duration);
}
