use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::OrderRef;
use crate::job::Job;
use crate::order::{Order, PoNumber};
use crate::reason::{Cause, OutcomeKind};
use crate::stage::Stage;
use crate::write::WriteNote;

/// Name of a route: one channel account joined to one ERP account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteName(pub String);

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the store did not do it. Nothing was changed.
#[derive(Debug)]
pub enum StoreError {
    /// Database down, slow, full: try again later.
    Unavailable(String),
    /// Another run has taken over; this one may write nothing any more.
    FenceLost,
    /// The order is not where it was expected to be, or not there.
    Conflict(String),
    /// A stored value cannot be read back.
    Corrupt {
        /// Table of the value.
        table: &'static str,
        /// Column of the value.
        column: &'static str,
        /// Key of the row.
        key: String,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(what) => write!(f, "the store does not answer: {what}"),
            Self::FenceLost => f.write_str("another run has taken over this work; nothing was written"),
            Self::Conflict(what) => f.write_str(what),
            Self::Corrupt { table, column, key } => {
                write!(f, "the stored value {table}.{column} of {key} cannot be read")
            }
        }
    }
}

impl std::error::Error for StoreError {}

/// Result of the store.
pub type Stored<T> = Result<T, StoreError>;

/// One run, as every write carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRef {
    /// The route worked on.
    pub route: RouteName,
    /// Id of the run, unique for ever, sortable by time.
    pub run_id: String,
    /// Grows with every run; a write with the fence of a run that was taken over is refused.
    pub fence: i64,
}

/// A run that holds its lock. Dropping it frees the lock.
pub struct RunGuard {
    /// The run.
    pub run: RunRef,
    lock: Box<dyn Send + Sync>,
}

impl RunGuard {
    /// A run with whatever keeps its lock held.
    pub fn new(run: RunRef, lock: Box<dyn Send + Sync>) -> Self {
        Self { run, lock }
    }
}

impl fmt::Debug for RunGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = &self.lock;
        f.debug_struct("RunGuard").field("run", &self.run).finish_non_exhaustive()
    }
}

/// Who started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The schedule.
    Schedule,
    /// A person.
    Manual,
}

impl Trigger {
    /// The text that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }
}

/// A run about to begin.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// The route.
    pub route: RouteName,
    /// The job.
    pub job: Job,
    /// Who started it.
    pub trigger: Trigger,
    /// The one order that it is about.
    pub po: Option<PoNumber>,
    /// Version of the settings it works with; 0 for defaults.
    pub settings_version: i64,
    /// Now, UTC.
    pub now: DateTime<Utc>,
}

/// What came of the wish to begin a run.
#[derive(Debug)]
pub enum Begun {
    /// It holds the lock.
    Started(RunGuard),
    /// Somebody else does.
    AlreadyRunning,
}

/// What is kept of a run when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// `done`, `failed` or `interrupted`.
    pub result: &'static str,
    /// When, UTC.
    pub now: DateTime<Utc>,
    /// Counts and calls as one JSON document.
    pub report: String,
    /// Its log, a JSON list of lines.
    pub log: String,
    /// Why it failed as a whole.
    pub error: Option<String>,
}

/// One run in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Id of the run.
    pub run_id: String,
    /// The route.
    pub route: RouteName,
    /// Canonical name of the job.
    pub job: String,
    /// `schedule` or `manual`.
    pub trigger: String,
    /// The one order that it was about.
    pub po: Option<String>,
    /// `running`, `done`, `failed` or `interrupted`.
    pub state: String,
    /// UTC.
    pub started_at: DateTime<Utc>,
    /// UTC.
    pub finished_at: Option<DateTime<Utc>>,
    /// Counts and calls as one JSON document.
    pub report: Option<String>,
    /// Its log, a JSON list of lines; only where one run is asked for.
    pub log: Option<String>,
    /// Why it failed as a whole.
    pub error: Option<String>,
}

/// How far pulling has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullState {
    /// All orders created before it have been read.
    pub created_mark: Option<DateTime<Utc>>,
    /// All changes made before it have been read.
    pub updated_mark: Option<DateTime<Utc>>,
    /// Newest creation time in the store.
    pub newest_created: Option<DateTime<Utc>>,
}

/// One order to be stored, with what the domain decided about it.
#[derive(Debug, Clone)]
pub struct SaveOrder {
    /// What we could read.
    pub order: Order,
    /// Exactly the bytes that came.
    pub raw: Vec<u8>,
    /// `sku(qty)` per line, for lists and exports.
    pub sku_list: String,
    /// Every name of every item of the order, for searching.
    pub sku_names: Vec<String>,
    /// The stage at first sight.
    pub first_stage: Stage,
    /// The stage if the stored order still awaits its push; `None` leaves it.
    pub at_push: Option<Stage>,
}

/// SHA-256 of an order's payload: tells an unchanged order from a changed one without either of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadDigest(pub [u8; 32]);

impl PayloadDigest {
    /// Of exactly the bytes that came.
    pub fn of(raw: &[u8]) -> Self {
        Self(Sha256::digest(raw).into())
    }
}

/// What a window of the channel asks of an order that is stored as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPayload {
    /// Creation at the channel, UTC.
    pub created_at: DateTime<Utc>,
    /// Last change at the channel, UTC.
    pub updated_at: Option<DateTime<Utc>>,
}

/// An order that could not be read, kept with its bytes.
#[derive(Debug, Clone)]
pub struct UnreadableOrder {
    /// A stable key of it.
    pub key: String,
    /// Exactly the bytes that came.
    pub raw: Vec<u8>,
    /// Why.
    pub cause: Cause,
}

/// What saving did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaveCounts {
    /// First seen.
    pub stored: u64,
    /// Seen again, with changes.
    pub updated: u64,
    /// Seen again without any change; no row was written.
    pub unchanged: u64,
    /// Kept unread.
    pub invalid: u64,
}

/// Proof of what was done for an order. Once set, a value is never overwritten by another run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The ERP's own order numbers, comma-joined.
    pub erp_order_no: Option<String>,
    /// Tracking numbers, comma-joined.
    pub tracking: Option<String>,
    /// Number of the invoice.
    pub invoice_id: Option<String>,
}

impl Evidence {
    /// This evidence and what is new: a value may grow, it never shrinks and never changes.
    #[must_use]
    pub fn grown_by(&self, new: &Self) -> Self {
        let value = |old: &Option<String>, new: &Option<String>| match (old, new) {
            (Some(old), Some(new)) if has_all(new, old) => Some(new.clone()),
            (None, new) => new.clone(),
            (Some(old), _) => Some(old.clone()),
        };
        Self {
            erp_order_no: value(&self.erp_order_no, &new.erp_order_no),
            tracking: value(&self.tracking, &new.tracking),
            invoice_id: value(&self.invoice_id, &new.invoice_id),
        }
    }
}

/// Every element of the comma-joined `old` is in `new`.
fn has_all(new: &str, old: &str) -> bool {
    let new: Vec<&str> = new.split(',').map(str::trim).collect();
    old.split(',').all(|element| new.contains(&element.trim()))
}

/// The last look at an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOutcome {
    /// How it ended.
    pub kind: OutcomeKind,
    /// Why it did not advance.
    pub cause: Option<Cause>,
    /// When, UTC.
    pub at: DateTime<Utc>,
    /// In which run.
    pub run_id: String,
}

/// One stored order without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its route.
    pub route: RouteName,
    /// Our key.
    pub po: PoNumber,
    /// The channel's key.
    pub channel_order_id: String,
    /// Creation at the channel, UTC.
    pub created_at: DateTime<Utc>,
    /// Last change at the channel, UTC.
    pub updated_at: Option<DateTime<Utc>>,
    /// The channel's status, as text.
    pub channel_status: String,
    /// Where we stand.
    pub stage: Stage,
    /// When the order came to this stage, UTC.
    pub stage_entered_at: DateTime<Utc>,
    /// The retailer's account.
    pub retailer_id: Option<String>,
    /// Warehouse code.
    pub warehouse_code: Option<String>,
    /// Service level code.
    pub service_level: Option<String>,
    /// `sku(qty)` per line.
    pub sku_list: String,
    /// When it has to be shipped, UTC.
    pub ship_by: Option<DateTime<Utc>>,
    /// What was done for it.
    pub evidence: Evidence,
    /// Looks at it in this stage that did not advance it.
    pub attempts: u32,
    /// The last look.
    pub last_outcome: Option<LastOutcome>,
    /// Not looked at by the schedule before, UTC.
    pub next_try_at: Option<DateTime<Utc>>,
    /// Why a person holds it back.
    pub hold: Option<String>,
    /// Who let the service cancel it in the ERP.
    pub cancel_by: Option<String>,
}

impl OrderRow {
    /// What the channel finds the order by.
    pub fn reference(&self) -> OrderRef {
        OrderRef {
            po: self.po.clone(),
            channel_order_id: self.channel_order_id.clone(),
            created_at: self.created_at,
            shared: false,
        }
    }
}

/// One order with its payload.
#[derive(Debug, Clone)]
pub struct StoredOrder {
    /// The order.
    pub row: OrderRow,
    /// Its payload as stored.
    pub raw: Vec<u8>,
}

/// Which orders a run wants to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The stage.
    pub stage: Stage,
    /// At most so many.
    pub limit: u32,
    /// Take also those whose next try is still to come.
    pub ignore_next_try: bool,
    /// Only this order, even if it is held.
    pub po: Option<PoNumber>,
    /// Only look: nothing is claimed and nothing is written.
    pub peek: bool,
    /// Now, UTC.
    pub now: DateTime<Utc>,
}

/// How one order's part in a run ended; exactly one per claimed order.
#[derive(Debug, Clone)]
pub struct Step {
    /// The order.
    pub po: PoNumber,
    /// Where it was when the run began.
    pub expected: Stage,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Proof to be added.
    pub evidence: Evidence,
    /// Writes whose end became known, settled in the same transaction.
    pub writes: Vec<WriteNote>,
    /// Not to be looked at by the schedule before, UTC.
    pub next_try_at: Option<DateTime<Utc>>,
}

/// The end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// To this stage, with a note for the timeline (empty for none).
    Advanced {
        /// The new stage.
        to: Stage,
        /// What a person should know about it.
        note: String,
    },
    /// It stays, and this is why.
    Stayed(Cause),
}

/// One fact in an order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// First time, UTC.
    pub at: DateTime<Utc>,
    /// Last time, UTC: equal looks in a row are one event.
    pub last_at: DateTime<Utc>,
    /// How often in a row.
    pub times: u32,
    /// `pulled`, `changed`, `outcome`, `write`, `operator`.
    pub kind: String,
    /// The run, or the person.
    pub by: String,
    /// Stage before.
    pub from: Option<Stage>,
    /// Stage after.
    pub to: Option<Stage>,
    /// Reason code, or the write's kind and state.
    pub what: String,
    /// Detail of the reason, or what the person typed.
    pub detail: String,
}

/// What a list of orders is about. Empty members do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Part of the PO number.
    pub po: Option<String>,
    /// Any of these stages.
    pub stages: Vec<Stage>,
    /// Last outcome.
    pub outcome: Option<OutcomeKind>,
    /// Reason code of the last outcome.
    pub reason: Option<String>,
    /// Detail of the last outcome's reason, whole.
    pub detail: Option<String>,
    /// The channel's status.
    pub channel_status: Option<String>,
    /// The retailer's account.
    pub retailer_id: Option<String>,
    /// Warehouse code.
    pub warehouse_code: Option<String>,
    /// Service level code.
    pub service_level: Option<String>,
    /// One of the order's SKUs, whole.
    pub sku: Option<String>,
    /// Part of the tracking numbers.
    pub tracking: Option<String>,
    /// Number of the invoice.
    pub invoice_id: Option<String>,
    /// Created at the channel not before, UTC.
    pub created_from: Option<DateTime<Utc>>,
    /// Created at the channel before, UTC.
    pub created_until: Option<DateTime<Utc>>,
    /// Only held ones, or only others.
    pub held: Option<bool>,
    /// Any of these PO numbers, whole.
    pub pos: Vec<PoNumber>,
    /// In their stage since before this, UTC.
    pub in_stage_since_before: Option<DateTime<Utc>>,
    /// How the list is ordered.
    pub sort: OrderSort,
}

/// How a list of orders is ordered; ties by creation and PO number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum OrderSort {
    /// Newest creation first.
    #[default]
    Newest,
    /// Oldest creation first.
    Oldest,
    /// What has to be shipped next first; orders without a date last.
    ShipBy,
    /// What has been in its stage longest first.
    InStage,
}

impl OrderSort {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Oldest, Self::ShipBy, Self::InStage];

    /// The text of URLs and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::ShipBy => "ship_by",
            Self::InStage => "in_stage",
        }
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }
}

/// A member of an order whose stored values can be offered as choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderField {
    /// The channel's status.
    ChannelStatus,
    /// The retailer's account.
    RetailerId,
    /// Warehouse code.
    WarehouseCode,
    /// Service level code.
    ServiceLevel,
    /// Reason code of the last outcome.
    Reason,
}

/// Orders that came to a stage and left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageMoves {
    /// The stage.
    pub stage: Stage,
    /// Came.
    pub entered: u64,
    /// Left.
    pub left: u64,
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct OrderPage {
    /// The orders.
    pub rows: Vec<OrderRow>,
    /// Where the next page starts; opaque; `None` at the end.
    pub next: Option<String>,
}

/// Orders of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageCount {
    /// The stage.
    pub stage: Stage,
    /// How many.
    pub orders: u64,
    /// When the one that waits longest came there, UTC.
    pub oldest: Option<DateTime<Utc>>,
}

/// A change of stage by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageEdit {
    /// The order.
    pub po: PoNumber,
    /// The new stage.
    pub to: Stage,
    /// What the person typed; never empty.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Now, UTC.
    pub now: DateTime<Utc>,
}

/// One saved version of a route's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsVersion {
    /// 1, 2, 3, …
    pub version: i64,
    /// The JSON document.
    pub document: String,
    /// Who saved it.
    pub author: String,
    /// When, UTC.
    pub saved_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_grows_and_never_changes() {
        let tracking = |text: &str| Evidence { tracking: Some(text.to_owned()), ..Evidence::default() };
        let after = |old: &str, new: &str| tracking(old).grown_by(&tracking(new)).tracking.unwrap();
        assert_eq!(after("A", "B,A"), "B,A");
        assert_eq!(after("A, B", "A,B,C"), "A,B,C");
        assert_eq!(after("A,B", "A"), "A,B");
        assert_eq!(after("A", "AB"), "A");
        assert_eq!(tracking("A").grown_by(&Evidence::default()), tracking("A"));
        assert_eq!(Evidence::default().grown_by(&tracking("A")), tracking("A"));
    }
}
