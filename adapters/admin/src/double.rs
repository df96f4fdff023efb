//! A service whose store is down, whose launcher is busy, and whose routes do nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::*;
use ipass_core::reason::Cause;
use ipass_core::run::{Launcher, Refused, Route, RunReport, RunRequest, Runner};
use ipass_core::testing::ManualClock;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote};
use secrecy::SecretString;

use crate::ApiState;

pub(crate) const TOKEN: &str = "0123456789abcdef";

/// Answers nothing.
struct Down;

/// An account that makes many calls, at a remote whose clock is behind.
struct Account;

impl RemoteAccount for Account {
    fn health(&self) -> AccountHealth {
        let call = |name: &str, limit, used, throttled_at| CallUse { name: name.to_owned(), limit, used, throttled_at };
        AccountHealth {
            calls: vec![
                call("GET /<b>", CallLimit::PerMinute(60), 57, None),
                call("POST /create", CallLimit::AtOnce(5), 1, DateTime::from_timestamp(1_769_590_740, 0)),
                call("POST /token", CallLimit::None, 3, None),
            ],
            clock_ahead: Some(chrono::TimeDelta::seconds(-42)),
        }
    }
}

macro_rules! down {
    ($( $port:ident { $( fn $name:ident($( $arg:ident: $ty:ty ),*) -> $out:ty; )* } )*) => { $(
        #[async_trait]
        impl $port for Down { $(
            async fn $name(&self, $( $arg: $ty ),*) -> Stored<$out> {
                $( let _ = $arg; )*
                Err(StoreError::Unavailable("db.internal:5432 refused".to_owned()))
            }
        )* }
    )* };
}

down! {
    OrderStore {
        fn pull_state(route: &RouteName) -> PullState;
        fn known_payloads(route: &RouteName, digests: &[PayloadDigest]) -> HashMap<PayloadDigest, KnownPayload>;
        fn save_orders(run: &RunRef, orders: &[SaveOrder], bad: &[UnreadableOrder], now: DateTime<Utc>) -> SaveCounts;
        fn move_mark(run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> ();
        fn claim(run: &RunRef, selection: &Selection) -> Vec<OrderRow>;
        fn shared_numbers(route: &RouteName) -> HashSet<PoNumber>;
        fn record(run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Vec<PoNumber>;
    }
    OrderBook {
        fn order(route: &RouteName, po: &PoNumber) -> Option<StoredOrder>;
        fn timeline(route: &RouteName, po: &PoNumber, limit: u32) -> Vec<TimelineEvent>;
        fn search(route: Option<&RouteName>, filter: &OrderFilter, after: Option<&str>, limit: u32) -> OrderPage;
        fn count_orders(route: Option<&RouteName>, filter: &OrderFilter, cap: u64) -> u64;
        fn values(route: Option<&RouteName>, field: OrderField, limit: u32) -> Vec<String>;
        fn moves(route: &RouteName, since: DateTime<Utc>) -> Vec<StageMoves>;
        fn counts(route: &RouteName) -> Vec<StageCount>;
        fn set_stage(route: &RouteName, edit: &StageEdit) -> ();
        fn retry(route: &RouteName, po: Option<&PoNumber>, now: DateTime<Utc>) -> u64;
        fn set_hold(route: &RouteName, po: &PoNumber, hold: Option<&str>, by: &str, now: DateTime<Utc>) -> ();
        fn approve_cancel(route: &RouteName, po: &PoNumber, by: &str, now: DateTime<Utc>) -> ();
        fn causes(route: Option<&RouteName>) -> Vec<CauseGroup>;
        fn ages(route: &RouteName, limits: &[StageLimit]) -> Vec<StageAge>;
        fn export_orders(route: Option<&RouteName>, filter: &OrderFilter, sink: &mut dyn RowSink) -> u64;
        fn unreadable(route: &RouteName, limit: u32) -> Vec<(String, Cause)>;
    }
    PayloadStore {
        fn payloads(route: &RouteName, po: &PoNumber) -> Vec<EarlierPayload>;
    }
    WriteLedger {
        fn writes_of(route: &RouteName, orders: &[PoNumber]) -> Vec<RemoteWrite>;
        fn open_writes(route: &RouteName, kind: WriteKind) -> Vec<RemoteWrite>;
        fn intend(run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Vec<WriteKey>;
        fn note(run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> ();
    }
    RunStore {
        fn begin(start: &RunStart) -> Begun;
        fn finish(guard: RunGuard, end: &RunEnd) -> ();
        fn runs(route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Vec<RunRecord>;
        fn run(run_id: &str) -> Option<RunRecord>;
    }
    SettingsStore {
        fn settings(route: &RouteName) -> Option<SettingsVersion>;
        fn settings_at(route: &RouteName, version: i64) -> Option<SettingsVersion>;
        fn settings_history(route: &RouteName, limit: u32) -> Vec<SettingsVersion>;
        fn save_settings(
            route: &RouteName, document: &str, author: &str, expected: Option<i64>, now: DateTime<Utc>
        ) -> i64;
    }
    StockStore {
        fn save_stock(run: &RunRef, records: &[StockRecord]) -> ();
        fn known_stock(route: &RouteName) -> Vec<KnownStock>;
        fn search_stock(route: Option<&RouteName>, filter: &StockFilter, after: Option<&str>, limit: u32) -> StockPage;
        fn export_stock(route: Option<&RouteName>, filter: &StockFilter, sink: &mut dyn RowSink) -> u64;
        fn forget_stock(route: &RouteName, before: DateTime<Utc>) -> u64;
    }
    AlertStore {
        fn claim_notices(
            route: &RouteName, conditions: &[Condition], now: DateTime<Utc>, claim_for: chrono::Duration
        ) -> Vec<Notice>;
        fn notice_sent(notice: &Notice, now: DateTime<Utc>) -> ();
        fn alerts(route: Option<&RouteName>) -> Vec<Notice>;
    }
    LeaseStore {
        fn take_slot(key: &str, capacity: u32, ttl: Duration, gap: Duration) -> SlotAnswer;
        fn keep_slot(slot: i64, ttl: Duration) -> ();
        fn free_slot(slot: i64) -> ();
        fn draw(key: &str, per_second: Option<u32>, per_minute: u32) -> Option<Duration>;
    }
    SharedStore {
        fn shared(name: &str) -> Option<SharedValue>;
        fn share(name: &str, expected: Option<i64>, sealed: &[u8], renew_at: DateTime<Utc>) -> SharedValue;
    }
    AuditStore {
        fn audit(entry: &AuditEntry) -> ();
        fn audit_list(filter: &AuditFilter, after: Option<&str>, limit: u32) -> AuditPage;
        fn export_audit(filter: &AuditFilter, sink: &mut dyn RowSink) -> u64;
    }
    SessionStore {
        fn open_session(session: &AdminSession) -> ();
        fn session(
            hash: &str, now: DateTime<Utc>, idle: chrono::Duration, absolute: chrono::Duration
        ) -> Option<AdminSession>;
        fn close_session(token_hash: &str) -> ();
        fn claim_once(key: &str, now: DateTime<Utc>) -> bool;
    }
}

#[async_trait]
impl SyncStore for Down {
    async fn migrate(&self) -> Stored<()> {
        Ok(())
    }

    async fn check(&self) -> Stored<()> {
        Ok(())
    }

    async fn close(&self) {}
}

/// Whatever is asked is being done already.
struct Busy;

#[async_trait]
impl Launcher for Busy {
    async fn launch(&self, _: &RouteName, _: RunRequest) -> Result<String, Refused> {
        Err(Refused::AlreadyRunning)
    }

    async fn finish(&self, _: &RouteName, _: RunRequest) -> Result<RunReport, Refused> {
        Err(Refused::AlreadyRunning)
    }
}

/// A service with the routes `r` (with stock figures) and `plain` (without).
pub(crate) fn service(token: Option<&str>) -> ApiState {
    let route = |name: &str, inventory: Option<Arc<dyn InventorySink>>| {
        let mut source = MockOrderSource::new();
        source.expect_capabilities().returning(|| ChannelCapabilities {
            acknowledges: true,
            invoices: false,
            lists_updates: true,
            max_batch: 1,
            window_end_lag: Duration::ZERO,
            settles_within: Duration::ZERO,
        });
        Arc::new(Route {
            name: RouteName(name.to_owned()),
            source: Arc::new(source),
            erp: Arc::new(MockErpSink::new()),
            inventory,
            accounts: vec![(RemoteSide::Erp, Arc::new(Account))],
            aliases: vec![("pull_everything", Job::PullOrders)],
        })
    };
    let store: Arc<dyn SyncStore> = Arc::new(Down);
    let runner = Runner {
        store: Arc::clone(&store),
        clock: Arc::new(ManualClock::default()),
        meter: Arc::new(NoCalls),
        files: Arc::new(MockFileArea::new()),
    };
    ApiState {
        store,
        runner: Arc::new(runner),
        routes: vec![route("r", Some(Arc::new(MockInventorySink::new()))), route("plain", None)],
        launcher: Arc::new(Busy),
        token: token.map(SecretString::from),
    }
}
