//! The port, method by method.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    Begun, OrderBook, OrderFilter, OrderPage, OrderRow, OrderStore, PullState, RouteName, RunEnd, RunGuard, RunRecord,
    RunRef, RunStart, RunStore, SaveCounts, SaveOrder, Selection, SettingsStore, SettingsVersion, StageCount,
    StageEdit, Step, Stored, StoredOrder, SyncStore, TimelineEvent, UnreadableOrder, WindowKind, WriteLedger,
};
use ipass_core::reason::Cause;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteNote};

use crate::open::SqliteStore;
use crate::{book, claim, marks, migrate, record, runs, save, search, settings, writes};

#[async_trait]
impl OrderStore for SqliteStore {
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
impl OrderBook for SqliteStore {
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

    async fn counts(&self, route: &RouteName) -> Stored<Vec<StageCount>> {
        book::counts(self, route).await
    }

    async fn set_stage(&self, route: &RouteName, edit: &StageEdit) -> Stored<()> {
        book::set_stage(self, route, edit).await
    }

    async fn retry(&self, route: &RouteName, po: Option<&PoNumber>, now: DateTime<Utc>) -> Stored<u64> {
        book::retry(self, route, po, now).await
    }

    async fn unreadable(&self, route: &RouteName, limit: u32) -> Stored<Vec<(String, Cause)>> {
        book::unreadable(self, route, limit).await
    }
}

#[async_trait]
impl WriteLedger for SqliteStore {
    async fn writes_of(&self, route: &RouteName, orders: &[PoNumber]) -> Stored<Vec<RemoteWrite>> {
        writes::writes_of(self, route, orders).await
    }

    async fn intend(&self, run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Stored<Vec<WriteKey>> {
        writes::intend(self, run, intents, now).await
    }

    async fn note(&self, run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> Stored<()> {
        writes::note(self, run, notes, now).await
    }
}

#[async_trait]
impl RunStore for SqliteStore {
    async fn begin(&self, start: &RunStart) -> Stored<Begun> {
        runs::begin(self, start).await
    }

    async fn finish(&self, guard: RunGuard, end: &RunEnd) -> Stored<()> {
        runs::finish(self, guard, end).await
    }

    async fn runs(&self, route: Option<&RouteName>, limit: u32) -> Stored<Vec<RunRecord>> {
        runs::runs(self, route, limit).await
    }
}

#[async_trait]
impl SettingsStore for SqliteStore {
    async fn settings(&self, route: &RouteName) -> Stored<Option<SettingsVersion>> {
        settings::settings(self, route).await
    }

    async fn save_settings(&self, route: &RouteName, document: &str, author: &str, now: DateTime<Utc>) -> Stored<i64> {
        settings::save_settings(self, route, document, author, now).await
    }
}

#[async_trait]
impl SyncStore for SqliteStore {
    async fn migrate(&self) -> Stored<()> {
        migrate::migrate(self).await
    }

    async fn check(&self) -> Stored<()> {
        migrate::check(self).await
    }

    async fn close(&self) {
        self.reader().close().await;
        self.writer().close().await;
    }
}
