use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Stored;

/// What came of the wish for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotAnswer {
    /// It is ours until it is freed or its time is up; the number frees it.
    Taken(i64),
    /// None is free; ask again after this time.
    Wait(Duration),
}

/// Limits that all instances keep together. Times are those of the store's own clock, the only one
/// that all instances share.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Takes one of `capacity` slots of `key`, for `ttl` at most; slots of one key are taken at least
    /// `gap` apart.
    ///
    /// Contract: never more than `capacity` at once, whoever asks.
    async fn take_slot(&self, key: &str, capacity: u32, ttl: Duration, gap: Duration) -> Stored<SlotAnswer>;

    /// Keeps a slot for `ttl` from now; one whose time is up stays gone.
    async fn keep_slot(&self, slot: i64, ttl: Duration) -> Stored<()>;

    /// Frees a slot before its time is up; one that is gone already is no mistake.
    async fn free_slot(&self, slot: i64) -> Stored<()>;

    /// Counts one call of `key` now, unless the last second or the last minute is full.
    ///
    /// Contract: answers `None` for a counted call, else how long to wait before asking again; no
    /// second and no minute, wherever it begins, holds more calls than allowed.
    async fn draw(&self, key: &str, per_second: Option<u32>, per_minute: u32) -> Stored<Option<Duration>>;
}

/// Something short-lived that instances share, sealed by whoever stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedValue {
    /// Grows with every change.
    pub version: i64,
    /// Sealed bytes; the store never sees what is in them.
    pub sealed: Vec<u8>,
    /// When it has to be renewed, UTC.
    pub renew_at: DateTime<Utc>,
}

/// Sealed values that instances share, for example access tokens.
#[async_trait]
pub trait SharedStore: Send + Sync {
    /// The value of a name.
    async fn shared(&self, name: &str) -> Stored<Option<SharedValue>>;

    /// Replaces the value of a name if its version is still `expected` (`None`: there is none yet).
    /// Answers the value that is there now, ours or that of whoever was faster.
    async fn share(
        &self,
        name: &str,
        expected: Option<i64>,
        sealed: &[u8],
        renew_at: DateTime<Utc>,
    ) -> Stored<SharedValue>;
}
