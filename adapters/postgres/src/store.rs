//! The port, method by method.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    AdminSession, AlertStore, AuditEntry, AuditFilter, AuditPage, AuditStore, Begun, CauseGroup, Condition, KnownStock,
    LeaseStore, Notice, OrderBook, OrderField, OrderFilter, OrderPage, OrderRow, OrderStore, PullState, RouteName,
    RowSink, RunEnd, RunGuard, RunRecord, RunRef, RunStart, RunStore, SaveCounts, SaveOrder, Selection, SessionStore,
    SettingsStore, SettingsVersion, SharedStore, SharedValue, SlotAnswer, StageAge, StageCount, StageEdit, StageLimit,
    StageMoves, Step, StockFilter, StockPage, StockRecord, StockStore, Stored, StoredOrder, SyncStore, TimelineEvent,
    UnreadableOrder, WindowKind, WriteLedger,
};
use ipass_core::reason::Cause;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote};

use crate::open::PostgresStore;
use crate::{
    acts, alerts, attention, audit, book, claim, export, facets, leases, marks, migrate, record, runs, save, search,
    settings, shared, stock, stock_list, tally, visits, writes,
};

#[async_trait]
impl OrderStore for PostgresStore {
    async fn pull_state(&self, route: &RouteName) -> Stored<PullState> {
        marks::pull_state(self, route).await
    }

    async fn save_orders(
        &self,
        run: &RunRef,
        orders: &[SaveOrder],
        unreadable: &[UnreadableOrder],
        now: DateTime<Utc>,
    ) -> Stored<SaveCounts> {
        save::save_orders(self, run, orders, unreadable, now).await
    }

    async fn move_mark(&self, run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> Stored<()> {
        marks::move_mark(self, run, kind, to).await
    }

    async fn claim(&self, run: &RunRef, selection: &Selection) -> Stored<Vec<OrderRow>> {
        claim::claim(self, run, selection).await
    }

    async fn record(&self, run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Stored<Vec<PoNumber>> {
        record::record(self, run, steps, now).await
    }
}

#[async_trait]
impl OrderBook for PostgresStore {
    async fn order(&self, route: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>> {
        book::order(self, route, po).await
    }

    async fn timeline(&self, route: &RouteName, po: &PoNumber, limit: u32) -> Stored<Vec<TimelineEvent>> {
        book::timeline(self, route, po, limit).await
    }

    async fn search(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<OrderPage> {
        search::search(self, route, filter, after, limit).await
    }

    async fn count_orders(&self, route: Option<&RouteName>, filter: &OrderFilter, cap: u64) -> Stored<u64> {
        search::count(self, route, filter, cap).await
    }

    async fn values(&self, route: Option<&RouteName>, field: OrderField, limit: u32) -> Stored<Vec<String>> {
        facets::values(self, route, field, limit).await
    }

    async fn moves(&self, route: &RouteName, since: DateTime<Utc>) -> Stored<Vec<StageMoves>> {
        facets::moves(self, route, since).await
    }

    async fn counts(&self, route: &RouteName) -> Stored<Vec<StageCount>> {
        tally::counts(self, route).await
    }

    async fn set_stage(&self, route: &RouteName, edit: &StageEdit) -> Stored<()> {
        book::set_stage(self, route, edit).await
    }

    async fn retry(&self, route: &RouteName, po: Option<&PoNumber>, now: DateTime<Utc>) -> Stored<u64> {
        book::retry(self, route, po, now).await
    }

    async fn set_hold(
        &self,
        route: &RouteName,
        po: &PoNumber,
        hold: Option<&str>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Stored<()> {
        acts::set_hold(self, route, po, hold, by, now).await
    }

    async fn approve_cancel(&self, route: &RouteName, po: &PoNumber, by: &str, now: DateTime<Utc>) -> Stored<()> {
        acts::approve_cancel(self, route, po, by, now).await
    }

    async fn causes(&self, route: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
        attention::causes(self, route).await
    }

    async fn ages(&self, route: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>> {
        attention::ages(self, route, limits).await
    }

    async fn export_orders(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64> {
        export::orders(self, route, filter, sink).await
    }

    async fn unreadable(&self, route: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>> {
        book::unreadable(self, route, limit).await
    }
}

#[async_trait]
impl WriteLedger for PostgresStore {
    async fn writes_of(&self, route: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
        writes::writes_of(self, route, orders).await
    }

    async fn open_writes(&self, route: &RouteName, kind: WriteKind) -> Stored<Vec<RemoteWrite>> {
        writes::open_writes(self, route, kind).await
    }

    async fn intend(&self, run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        writes::intend(self, run, intents, now).await
    }

    async fn note(&self, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()> {
        writes::note(self, run, notes, now).await
    }
}

#[async_trait]
impl RunStore for PostgresStore {
    async fn begin(&self, start: &RunStart) -> Stored<Begun> {
        runs::begin(self, start).await
    }

    async fn finish(&self, guard: RunGuard, end: &RunEnd) -> Stored<()> {
        runs::finish(self, guard, end).await
    }

    async fn runs(&self, route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Stored<Vec<RunRecord>> {
        runs::runs(self, route, job, limit).await
    }

    async fn run(&self, run_id: &str) -> Stored<Option<RunRecord>> {
        runs::run(self, run_id).await
    }
}

#[async_trait]
impl SettingsStore for PostgresStore {
    async fn settings(&self, route: &RouteName) -> Stored<Option<SettingsVersion>> {
        settings::settings(self, route).await
    }

    async fn settings_at(&self, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
        settings::at(self, route, version).await
    }

    async fn settings_history(&self, route: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>> {
        settings::history(self, route, limit).await
    }

    async fn save_settings(
        &self,
        route: &RouteName,
        document: &str,
        author: &str,
        expected: Option<i64>,
        now: DateTime<Utc>,
    ) -> Stored<i64> {
        settings::save_settings(self, route, document, author, expected, now).await
    }
}

#[async_trait]
impl StockStore for PostgresStore {
    async fn save_stock(&self, run: &RunRef, records: &[StockRecord]) -> Stored<()> {
        stock::save(self, run, records).await
    }

    async fn known_stock(&self, route: &RouteName) -> Stored<Vec<KnownStock>> {
        stock::known(self, route).await
    }

    async fn search_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<StockPage> {
        stock_list::search(self, route, filter, after, limit).await
    }

    async fn export_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64> {
        export::stock(self, route, filter, sink).await
    }

    async fn forget_stock(&self, route: &RouteName, before: DateTime<Utc>) -> Stored<u64> {
        stock::forget(self, route, before).await
    }
}

#[async_trait]
impl AlertStore for PostgresStore {
    async fn claim_notices(
        &self,
        route: &RouteName,
        conditions: &[Condition],
        now: DateTime<Utc>,
        claim_for: TimeDelta,
    ) -> Stored<Vec<Notice>> {
        alerts::claim_notices(self, route, conditions, now, claim_for).await
    }

    async fn notice_sent(&self, notice: &Notice, now: DateTime<Utc>) -> Stored<()> {
        alerts::notice_sent(self, notice, now).await
    }

    async fn alerts(&self, route: Option<&RouteName>) -> Stored<Vec<Notice>> {
        alerts::alerts(self, route).await
    }
}

#[async_trait]
impl LeaseStore for PostgresStore {
    async fn take_slot(&self, key: &str, capacity: u32, ttl: Duration, gap: Duration) -> Stored<SlotAnswer> {
        leases::take_slot(self, key, capacity, ttl, gap).await
    }

    async fn free_slot(&self, slot: i64) -> Stored<()> {
        leases::free_slot(self, slot).await
    }

    async fn draw(&self, key: &str, per_second: Option<u32>, per_minute: u32) -> Stored<Option<Duration>> {
        leases::draw(self, key, per_second, per_minute).await
    }
}

#[async_trait]
impl SharedStore for PostgresStore {
    async fn shared(&self, name: &str) -> Stored<Option<SharedValue>> {
        shared::shared(self, name).await
    }

    async fn share(
        &self,
        name: &str,
        expected: Option<i64>,
        sealed: &[u8],
        renew_at: DateTime<Utc>,
    ) -> Stored<SharedValue> {
        shared::share(self, name, expected, sealed, renew_at).await
    }
}

#[async_trait]
impl AuditStore for PostgresStore {
    async fn audit(&self, entry: &AuditEntry) -> Stored<()> {
        audit::add(self, entry).await
    }

    async fn audit_list(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Stored<AuditPage> {
        audit::list(self, filter, after, limit).await
    }

    async fn export_audit(&self, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64> {
        export::audit(self, filter, sink).await
    }
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn open_session(&self, session: &AdminSession) -> Stored<()> {
        visits::open(self, session).await
    }

    async fn session(
        &self,
        token_hash: &str,
        now: DateTime<Utc>,
        idle: TimeDelta,
        absolute: TimeDelta,
    ) -> Stored<Option<AdminSession>> {
        visits::find(self, token_hash, now, idle, absolute).await
    }

    async fn close_session(&self, token_hash: &str) -> Stored<()> {
        visits::close(self, token_hash).await
    }

    async fn claim_once(&self, key: &str, now: DateTime<Utc>) -> Stored<bool> {
        visits::claim_once(self, key, now).await
    }
}

#[async_trait]
impl SyncStore for PostgresStore {
    async fn migrate(&self) -> Stored<()> {
        migrate::migrate(self).await
    }

    async fn check(&self) -> Stored<()> {
        migrate::check(self).await
    }

    async fn close(&self) {
        self.pool().close().await;
    }
}
