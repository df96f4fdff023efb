use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{RouteName, Stored};
use crate::order::PoNumber;
use crate::reason::Reason;
use crate::stage::Stage;

/// Unfinished orders of one stage that stay for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseGroup {
    /// Their route.
    pub route: RouteName,
    /// Their stage.
    pub stage: Stage,
    /// Why they stay.
    pub reason: Reason,
    /// What they have in common, for reasons that [group by it](Reason::groups_by_detail).
    pub detail: Option<String>,
    /// How many.
    pub orders: u64,
    /// When the one that waits longest came to the stage, UTC.
    pub oldest: DateTime<Utc>,
    /// The order that waits longest.
    pub sample: PoNumber,
    /// Its detail.
    pub sample_detail: String,
}

/// How long orders of a stage may stay there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageLimit {
    /// The stage.
    pub stage: Stage,
    /// Those that came before are slow, UTC.
    pub slow_before: DateTime<Utc>,
    /// Those that came before are stuck, UTC.
    pub stuck_before: DateTime<Utc>,
}

/// Orders of a stage that stay too long; held ones are not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageAge {
    /// The stage.
    pub stage: Stage,
    /// Slow, and not stuck.
    pub slow: u64,
    /// Stuck.
    pub stuck: u64,
    /// The order that waits longest, if any is slow or stuck.
    pub oldest: Option<PoNumber>,
}

/// Something that a person should know now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The same condition has the same key for as long as it lasts: `stuck:3`, `job:push_orders`.
    pub key: String,
    /// What, in figures and names; never anything personal.
    pub detail: String,
}

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its route.
    pub route: RouteName,
    /// Key of the condition.
    pub key: String,
    /// What, in figures and names.
    pub detail: String,
    /// When the condition was first seen, UTC.
    pub since: DateTime<Utc>,
    /// The condition has ended.
    pub recovered: bool,
}

/// Which conditions people have been told of.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// Compares the conditions that hold now with those known, and claims the messages that are due:
    /// one for each new condition, one for each that has ended.
    ///
    /// Contract: of callers at the same time, one gets the message. It is due again after
    /// `claim_for`, unless it was [sent](Self::notice_sent). A condition that ends before its message
    /// was sent gives none.
    async fn claim_notices(
        &self,
        route: &RouteName,
        conditions: &[Condition],
        now: DateTime<Utc>,
        claim_for: chrono::Duration,
    ) -> Stored<Vec<Notice>>;

    /// The message was delivered.
    async fn notice_sent(&self, notice: &Notice, now: DateTime<Utc>) -> Stored<()>;

    /// Conditions that hold, those that began first leading; `recovered` is false in all.
    async fn alerts(&self, route: Option<&RouteName>) -> Stored<Vec<Notice>>;
}
