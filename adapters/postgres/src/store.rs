//! The port, method by method.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    AdminSession, AlertStore, AuditEntry, AuditFilter, AuditPage, AuditStore, Begun, CauseGroup, Condition,
    KnownPayload, KnownStock, LeaseStore, Notice, OrderBook, OrderField, OrderFilter, OrderPage, OrderRow, OrderStore,
    PayloadDigest, PullState, RouteName, RowSink, RunEnd, RunGuard, RunRecord, RunRef, RunStart, RunStore, SaveCounts,
    SaveOrder, Selection, SessionStore, SettingsStore, SettingsVersion, SharedStore, SharedValue, SlotAnswer, StageAge,
    StageCount, StageEdit, StageLimit, StageMoves, Step, StockFilter, StockPage, StockRecord, StockStore, Stored,
    StoredOrder, SyncStore, TimelineEvent, UnreadableOrder, WindowKind, WriteLedger,
};
use ipass_core::reason::Cause;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote};

use crate::open::PostgresStore;
use crate::{
    acts, alerts, attention, audit, book, claim, digests, export, facets, leases, marks, migrate, record, runs, save,
    search, settings, shared, stock, stock_list, tally, visits, writes,
};

#[async_trait]
impl OrderStore for PostgresStore {
    #[tracing::instrument(name = "db.pull_state", level = "debug", skip_all)]
    async fn pull_state(&self, route: &RouteName) -> Stored<PullState> {
        marks::pull_state(self, route).await
    }

    #[tracing::instrument(name = "db.known_payloads", level = "debug", skip_all)]
    async fn known_payloads(
        &self,
        route: &RouteName,
        digests: &[PayloadDigest],
    ) -> Stored<HashMap<PayloadDigest, KnownPayload>> {
        digests::known(self, route, digests).await
    }

    #[tracing::instrument(name = "db.save_orders", level = "debug", skip_all)]
    async fn save_orders(
        &self,
        run: &RunRef,
        orders: &[SaveOrder],
        unreadable: &[UnreadableOrder],
        now: DateTime<Utc>,
    ) -> Stored<SaveCounts> {
        save::save_orders(self, run, orders, unreadable, now).await
    }

    #[tracing::instrument(name = "db.move_mark", level = "debug", skip_all)]
    async fn move_mark(&self, run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> Stored<()> {
        marks::move_mark(self, run, kind, to).await
    }

    #[tracing::instrument(name = "db.claim", level = "debug", skip_all)]
    async fn claim(&self, run: &RunRef, selection: &Selection) -> Stored<Vec<OrderRow>> {
        claim::claim(self, run, selection).await
    }

    #[tracing::instrument(name = "db.shared_numbers", level = "debug", skip_all)]
    async fn shared_numbers(&self, route: &RouteName) -> Stored<HashSet<PoNumber>> {
        book::shared_numbers(self, route).await
    }

    #[tracing::instrument(name = "db.record", level = "debug", skip_all)]
    async fn record(&self, run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Stored<Vec<PoNumber>> {
        record::record(self, run, steps, now).await
    }
}

#[async_trait]
impl OrderBook for PostgresStore {
    #[tracing::instrument(name = "db.order", level = "debug", skip_all)]
    async fn order(&self, route: &RouteName, po: &PoNumber) -> Stored<Option<StoredOrder>> {
        book::order(self, route, po).await
    }

    #[tracing::instrument(name = "db.timeline", level = "debug", skip_all)]
    async fn timeline(&self, route: &RouteName, po: &PoNumber, limit: u32) -> Stored<Vec<TimelineEvent>> {
        book::timeline(self, route, po, limit).await
    }

    #[tracing::instrument(name = "db.search", level = "debug", skip_all)]
    async fn search(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<OrderPage> {
        search::search(self, route, filter, after, limit).await
    }

    #[tracing::instrument(name = "db.count_orders", level = "debug", skip_all)]
    async fn count_orders(&self, route: Option<&RouteName>, filter: &OrderFilter, cap: u64) -> Stored<u64> {
        search::count(self, route, filter, cap).await
    }

    #[tracing::instrument(name = "db.values", level = "debug", skip_all)]
    async fn values(&self, route: Option<&RouteName>, field: OrderField, limit: u32) -> Stored<Vec<String>> {
        facets::values(self, route, field, limit).await
    }

    #[tracing::instrument(name = "db.moves", level = "debug", skip_all)]
    async fn moves(&self, route: &RouteName, since: DateTime<Utc>) -> Stored<Vec<StageMoves>> {
        facets::moves(self, route, since).await
    }

    #[tracing::instrument(name = "db.counts", level = "debug", skip_all)]
    async fn counts(&self, route: &RouteName) -> Stored<Vec<StageCount>> {
        tally::counts(self, route).await
    }

    #[tracing::instrument(name = "db.set_stage", level = "debug", skip_all)]
    async fn set_stage(&self, route: &RouteName, edit: &StageEdit) -> Stored<()> {
        book::set_stage(self, route, edit).await
    }

    #[tracing::instrument(name = "db.retry", level = "debug", skip_all)]
    async fn retry(&self, route: &RouteName, po: Option<&PoNumber>, now: DateTime<Utc>) -> Stored<u64> {
        book::retry(self, route, po, now).await
    }

    #[tracing::instrument(name = "db.set_hold", level = "debug", skip_all)]
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

    #[tracing::instrument(name = "db.approve_cancel", level = "debug", skip_all)]
    async fn approve_cancel(&self, route: &RouteName, po: &PoNumber, by: &str, now: DateTime<Utc>) -> Stored<()> {
        acts::approve_cancel(self, route, po, by, now).await
    }

    #[tracing::instrument(name = "db.causes", level = "debug", skip_all)]
    async fn causes(&self, route: Option<&RouteName>) -> Stored<Vec<CauseGroup>> {
        attention::causes(self, route).await
    }

    #[tracing::instrument(name = "db.ages", level = "debug", skip_all)]
    async fn ages(&self, route: &RouteName, limits: &[StageLimit]) -> Stored<Vec<StageAge>> {
        attention::ages(self, route, limits).await
    }

    #[tracing::instrument(name = "db.export_orders", level = "debug", skip_all)]
    async fn export_orders(
        &self,
        route: Option<&RouteName>,
        filter: &OrderFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64> {
        export::orders(self, route, filter, sink).await
    }

    #[tracing::instrument(name = "db.unreadable", level = "debug", skip_all)]
    async fn unreadable(&self, route: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>> {
        book::unreadable(self, route, limit).await
    }
}

#[async_trait]
impl WriteLedger for PostgresStore {
    #[tracing::instrument(name = "db.writes_of", level = "debug", skip_all)]
    async fn writes_of(&self, route: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
        writes::writes_of(self, route, orders).await
    }

    #[tracing::instrument(name = "db.open_writes", level = "debug", skip_all)]
    async fn open_writes(&self, route: &RouteName, kind: WriteKind) -> Stored<Vec<RemoteWrite>> {
        writes::open_writes(self, route, kind).await
    }

    #[tracing::instrument(name = "db.intend", level = "debug", skip_all)]
    async fn intend(&self, run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        writes::intend(self, run, intents, now).await
    }

    #[tracing::instrument(name = "db.note", level = "debug", skip_all)]
    async fn note(&self, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()> {
        writes::note(self, run, notes, now).await
    }
}

#[async_trait]
impl RunStore for PostgresStore {
    #[tracing::instrument(name = "db.begin", level = "debug", skip_all)]
    async fn begin(&self, start: &RunStart) -> Stored<Begun> {
        runs::begin(self, start).await
    }

    #[tracing::instrument(name = "db.finish", level = "debug", skip_all)]
    async fn finish(&self, guard: RunGuard, end: &RunEnd) -> Stored<()> {
        runs::finish(self, guard, end).await
    }

    #[tracing::instrument(name = "db.runs", level = "debug", skip_all)]
    async fn runs(&self, route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Stored<Vec<RunRecord>> {
        runs::runs(self, route, job, limit).await
    }

    #[tracing::instrument(name = "db.run", level = "debug", skip_all)]
    async fn run(&self, run_id: &str) -> Stored<Option<RunRecord>> {
        runs::run(self, run_id).await
    }
}

#[async_trait]
impl SettingsStore for PostgresStore {
    #[tracing::instrument(name = "db.settings", level = "debug", skip_all)]
    async fn settings(&self, route: &RouteName) -> Stored<Option<SettingsVersion>> {
        settings::settings(self, route).await
    }

    #[tracing::instrument(name = "db.settings_at", level = "debug", skip_all)]
    async fn settings_at(&self, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
        settings::at(self, route, version).await
    }

    #[tracing::instrument(name = "db.settings_history", level = "debug", skip_all)]
    async fn settings_history(&self, route: &RouteName, limit: u32) -> Stored<Vec<SettingsVersion>> {
        settings::history(self, route, limit).await
    }

    #[tracing::instrument(name = "db.save_settings", level = "debug", skip_all)]
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
    #[tracing::instrument(name = "db.save_stock", level = "debug", skip_all)]
    async fn save_stock(&self, run: &RunRef, records: &[StockRecord]) -> Stored<()> {
        stock::save(self, run, records).await
    }

    #[tracing::instrument(name = "db.known_stock", level = "debug", skip_all)]
    async fn known_stock(&self, route: &RouteName) -> Stored<Vec<KnownStock>> {
        stock::known(self, route).await
    }

    #[tracing::instrument(name = "db.search_stock", level = "debug", skip_all)]
    async fn search_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Stored<StockPage> {
        stock_list::search(self, route, filter, after, limit).await
    }

    #[tracing::instrument(name = "db.export_stock", level = "debug", skip_all)]
    async fn export_stock(
        &self,
        route: Option<&RouteName>,
        filter: &StockFilter,
        sink: &mut dyn RowSink,
    ) -> Stored<u64> {
        export::stock(self, route, filter, sink).await
    }

    #[tracing::instrument(name = "db.forget_stock", level = "debug", skip_all)]
    async fn forget_stock(&self, route: &RouteName, before: DateTime<Utc>) -> Stored<u64> {
        stock::forget(self, route, before).await
    }
}

#[async_trait]
impl AlertStore for PostgresStore {
    #[tracing::instrument(name = "db.claim_notices", level = "debug", skip_all)]
    async fn claim_notices(
        &self,
        route: &RouteName,
        conditions: &[Condition],
        now: DateTime<Utc>,
        claim_for: TimeDelta,
    ) -> Stored<Vec<Notice>> {
        alerts::claim_notices(self, route, conditions, now, claim_for).await
    }

    #[tracing::instrument(name = "db.notice_sent", level = "debug", skip_all)]
    async fn notice_sent(&self, notice: &Notice, now: DateTime<Utc>) -> Stored<()> {
        alerts::notice_sent(self, notice, now).await
    }

    #[tracing::instrument(name = "db.alerts", level = "debug", skip_all)]
    async fn alerts(&self, route: Option<&RouteName>) -> Stored<Vec<Notice>> {
        alerts::alerts(self, route).await
    }
}

#[async_trait]
impl LeaseStore for PostgresStore {
    #[tracing::instrument(name = "db.take_slot", level = "debug", skip_all)]
    async fn take_slot(&self, key: &str, capacity: u32, ttl: Duration, gap: Duration) -> Stored<SlotAnswer> {
        leases::take_slot(self, key, capacity, ttl, gap).await
    }

    #[tracing::instrument(name = "db.keep_slot", level = "debug", skip_all)]
    async fn keep_slot(&self, slot: i64, ttl: Duration) -> Stored<()> {
        leases::keep_slot(self, slot, ttl).await
    }

    #[tracing::instrument(name = "db.free_slot", level = "debug", skip_all)]
    async fn free_slot(&self, slot: i64) -> Stored<()> {
        leases::free_slot(self, slot).await
    }

    #[tracing::instrument(name = "db.draw", level = "debug", skip_all)]
    async fn draw(&self, key: &str, per_second: Option<u32>, per_minute: u32) -> Stored<Option<Duration>> {
        leases::draw(self, key, per_second, per_minute).await
    }
}

#[async_trait]
impl SharedStore for PostgresStore {
    #[tracing::instrument(name = "db.shared", level = "debug", skip_all)]
    async fn shared(&self, name: &str) -> Stored<Option<SharedValue>> {
        shared::shared(self, name).await
    }

    #[tracing::instrument(name = "db.share", level = "debug", skip_all)]
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
    #[tracing::instrument(name = "db.audit", level = "debug", skip_all)]
    async fn audit(&self, entry: &AuditEntry) -> Stored<()> {
        audit::add(self, entry).await
    }

    #[tracing::instrument(name = "db.audit_list", level = "debug", skip_all)]
    async fn audit_list(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Stored<AuditPage> {
        audit::list(self, filter, after, limit).await
    }

    #[tracing::instrument(name = "db.export_audit", level = "debug", skip_all)]
    async fn export_audit(&self, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64> {
        export::audit(self, filter, sink).await
    }
}

#[async_trait]
impl SessionStore for PostgresStore {
    #[tracing::instrument(name = "db.open_session", level = "debug", skip_all)]
    async fn open_session(&self, session: &AdminSession) -> Stored<()> {
        visits::open(self, session).await
    }

    #[tracing::instrument(name = "db.session", level = "debug", skip_all)]
    async fn session(
        &self,
        token_hash: &str,
        now: DateTime<Utc>,
        idle: TimeDelta,
        absolute: TimeDelta,
    ) -> Stored<Option<AdminSession>> {
        visits::find(self, token_hash, now, idle, absolute).await
    }

    #[tracing::instrument(name = "db.close_session", level = "debug", skip_all)]
    async fn close_session(&self, token_hash: &str) -> Stored<()> {
        visits::close(self, token_hash).await
    }

    #[tracing::instrument(name = "db.claim_once", level = "debug", skip_all)]
    async fn claim_once(&self, key: &str, now: DateTime<Utc>) -> Stored<bool> {
        visits::claim_once(self, key, now).await
    }
}

#[async_trait]
impl SyncStore for PostgresStore {
    #[tracing::instrument(name = "db.migrate", level = "debug", skip_all)]
    async fn migrate(&self) -> Stored<()> {
        migrate::migrate(self).await
    }

    #[tracing::instrument(name = "db.check", level = "debug", skip_all)]
    async fn check(&self) -> Stored<()> {
        migrate::check(self).await
    }

    #[tracing::instrument(name = "db.close", level = "debug", skip_all)]
    async fn close(&self) {
        self.pool().close().await;
    }
}
