use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    AlertStore, AuditStore, Begun, CauseGroup, KnownPayload, LeaseStore, OrderField, OrderFilter, OrderPage, OrderRow,
    PayloadDigest, PayloadStore, PullState, RouteName, RowSink, RunEnd, RunGuard, RunRecord, RunRef, RunStart,
    SaveCounts, SaveOrder, Selection, SessionStore, SettingsVersion, SharedStore, StageAge, StageCount, StageEdit,
    StageLimit, StageMoves, Step, StockStore, Stored, StoredOrder, TimelineEvent, UnreadableOrder, WindowKind,
};
use crate::order::PoNumber;
use crate::reason::Cause;
use crate::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote};

/// Pulled orders, and where each stands. Each method is one transaction, but for those that say otherwise.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// How far pulling has come.
    async fn pull_state(&self, route: &RouteName) -> Stored<PullState>;

    /// Those of the payloads that are stored as an order's present one.
    ///
    /// Contract: a payload that was replaced meanwhile, whose order is gone, or whose order is listed as
    /// unreadable, is not answered.
    async fn known_payloads(
        &self,
        route: &RouteName,
        digests: &[PayloadDigest],
    ) -> Stored<HashMap<PayloadDigest, KnownPayload>>;

    /// Stores a page.
    ///
    /// Contract: an unchanged order writes nothing. A payload older than the stored one (by
    /// `updated_at`) is ignored. Evidence and stage stay, but for an order that awaits its push, is
    /// not claimed by another living run and gets `at_push`. A PO number that is stored with another
    /// channel order id is kept unread with the reason `duplicate_po`. Each order is stored whole; of a
    /// page that fails, some may be stored.
    async fn save_orders(
        &self,
        run: &RunRef,
        orders: &[SaveOrder],
        unreadable: &[UnreadableOrder],
        now: DateTime<Utc>,
    ) -> Stored<SaveCounts>;

    /// Moves a mark forward, never back. Called once all pages before it are stored.
    async fn move_mark(&self, run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> Stored<()>;

    /// Claims orders for a run: never-tried first (oldest creation first), then least recently tried.
    ///
    /// Contract: an order claimed by a living run is not claimed again.
    async fn claim(&self, run: &RunRef, selection: &Selection) -> Stored<Vec<OrderRow>>;

    /// PO numbers that a second order of the channel came with, which is kept unread for that.
    async fn shared_numbers(&self, route: &RouteName) -> Stored<HashSet<PoNumber>>;

    /// Ends orders' parts in a run: outcome, stage, evidence, writes and timeline together, one
    /// transaction for each order or for all, compare-and-set on stage and fence. An order of which there
    /// was news during the run (a change of its state at the channel, new settings, a retry) is due at
    /// once, whatever its step says. Answers the orders that were not recorded because they had moved or
    /// been taken over.
    async fn record(&self, run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Stored<Vec<PoNumber>>;
}

/// Lists, details, counts and what a person does to an order.
#[async_trait]
pub trait OrderBook: Send + Sync {
    /// One order with its payload.
    async fn order(&self, route: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>>;

    /// The newest facts of an order's history, oldest first.
    async fn timeline(&self, route: &RouteName, po: &PoNumber, limit: u32) -> Stored<Vec<TimelineEvent>>;

    /// One page of a list; `route` `None` lists all routes.
    async fn search(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<OrderPage>;

    /// How many orders match, counted up to `cap`.
    async fn count_orders(&self, route: Option<&RouteName>, filter: &OrderFilter, cap: u64) -> Stored<u64>;

    /// Stored values of a member, in order; at most `limit`.
    async fn values(&self, route: Option<&RouteName>, field: OrderField, limit: u32) -> Stored<Vec<String>>;

    /// Orders that came to each stage and left it since `since`, every stage present; first sights count
    /// as coming.
    async fn moves(&self, route: &RouteName, since: DateTime<Utc>) -> Stored<Vec<StageMoves>>;

    /// Orders per stage, every stage present.
    async fn counts(&self, route: &RouteName) -> Stored<Vec<StageCount>>;

    /// Moves an order by hand, in any direction, and says so in its timeline; evidence stays.
    /// Refused with `Conflict` while a living run works on the order.
    async fn set_stage(&self, route: &RouteName, edit: &StageEdit) -> Stored<()>;

    /// Makes orders due now; answers how many. `po` `None` means all unfinished ones.
    async fn retry(&self, route: &RouteName, po: Option<&PoNumber>, now: DateTime<Utc>) -> Stored<u64>;

    /// Holds an order back from the schedule, with what the person typed, or releases it (`None`) and
    /// makes it due; says so in its timeline.
    async fn set_hold(
        &self,
        route: &RouteName,
        po: &PoNumber,
        hold: Option<&str>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Stored<()>;

    /// Lets the service cancel an order in the ERP, once the channel has cancelled it; makes it due and
    /// says so in its timeline.
    async fn approve_cancel(&self, route: &RouteName, po: &PoNumber, by: &str, now: DateTime<Utc>) -> Stored<()>;

    /// Unfinished orders grouped by why they stay, the largest group first. Held ones are left out.
    async fn causes(&self, route: Option<&RouteName>) -> Stored<Vec<CauseGroup>>;

    /// How many orders stay too long; one answer per limit.
    async fn ages(&self, route: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>>;

    /// Hands every order of a list to `sink`, in the order of the list, in memory that does not grow
    /// with the list; the cells are those of [`ORDER_COLUMNS`](super::ORDER_COLUMNS). Answers how many.
    async fn export_orders(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64>;

    /// Orders that could not be read: key and cause, newest first.
    async fn unreadable(&self, route: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>>;
}

/// Intents and ends of remote writes: see [`crate::write`].
#[async_trait]
pub trait WriteLedger: Send + Sync {
    /// All writes ever intended for these orders.
    async fn writes_of(&self, route: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>>;

    /// Writes of one kind whose end is not known: `intended`, `accepted` or `unknown`.
    async fn open_writes(&self, route: &RouteName, kind: WriteKind) -> Stored<Vec<RemoteWrite>>;

    /// Commits intents. A key whose last end is `rejected` or `void` is intended anew, and one that was
    /// `applied` if its kind [repeats](WriteKind::repeats).
    ///
    /// Contract: answers the keys that were refused because a write of theirs is open, or applied for good;
    /// those must not be sent.
    async fn intend(&self, run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Stored<Vec<WriteKey>>;

    /// Commits what became known of writes, outside of a step.
    async fn note(&self, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()>;
}

/// How long the history of runs reaches back.
pub const RUNS_KEPT: chrono::Duration = chrono::Duration::days(90);

/// Locks and records of runs.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Begins a run: takes the lock of (route, job), or of (route, order) when it is about one order.
    ///
    /// Contract: runs that died are recognised by their free lock and marked `interrupted`; their
    /// claims are free from then on and their fence is refused. Runs of the route that ended longer than
    /// [`RUNS_KEPT`] ago are forgotten, a few at a time, and so are payloads that were replaced before.
    async fn begin(&self, start: &RunStart) -> Stored<Begun>;

    /// Ends a run: frees its claims and its lock.
    async fn finish(&self, guard: RunGuard, end: &RunEnd) -> Stored<()>;

    /// The newest runs first; of all jobs, or of one by its canonical name.
    async fn runs(&self, route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Stored<Vec<RunRecord>>;

    /// One run.
    async fn run(&self, run_id: &str) -> Stored<Option<RunRecord>>;
}

/// Versions of a route's settings.
#[async_trait]
pub trait SettingsStore: Send + Sync {
    /// The live version.
    async fn settings(&self, route: &RouteName) -> Stored<Option<SettingsVersion>>;

    /// One version.
    async fn settings_at(&self, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>>;

    /// The newest versions first.
    async fn settings_history(&self, route: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>>;

    /// Saves a validated document; it is live at once. Orders of the route that are blocked become
    /// due, because the settings may have been what blocked them. Answers the new version.
    ///
    /// Contract: with `expected`, refused with `Conflict` unless that is the live version (0: none).
    async fn save_settings(
        &self,
        route: &RouteName,
        document: &str,
        author: &str,
        expected: Option<i64>,
        now: DateTime<Utc>,
    ) -> Stored<i64>;
}

/// Everything that the service remembers.
#[async_trait]
pub trait SyncStore:
    OrderStore
    + OrderBook
    + WriteLedger
    + RunStore
    + SettingsStore
    + StockStore
    + AlertStore
    + LeaseStore
    + SharedStore
    + AuditStore
    + SessionStore
    + PayloadStore
{
    /// Brings the schema up to date.
    async fn migrate(&self) -> Stored<()>;

    /// The store answers and its schema is up to date.
    async fn check(&self) -> Stored<()>;

    /// Closes all connections.
    async fn close(&self);
}
