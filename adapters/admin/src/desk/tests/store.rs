//! A store of which logins and acts work; the other parts are down unless a test puts its own in their place.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use ipass_core::order::PoNumber;
use ipass_core::ports::*;
use ipass_core::reason::Cause;
use ipass_core::write::{Intent, RemoteWrite, WriteKey, WriteKind, WriteNote};

/// The store of a [`Bench`](super::Bench).
pub(crate) struct Memory {
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) book: Arc<dyn OrderBook>,
    pub(crate) payloads: Arc<dyn PayloadStore>,
    pub(crate) ledger: Arc<dyn WriteLedger>,
    pub(crate) runs: Arc<dyn RunStore>,
    pub(crate) settings: Arc<dyn SettingsStore>,
    pub(crate) stock: Arc<dyn StockStore>,
    pub(crate) alerts: Arc<dyn AlertStore>,
    pub(crate) leases: Arc<dyn LeaseStore>,
    pub(crate) shared: Arc<dyn SharedStore>,
    pub(crate) desk: Arc<DeskMemory>,
}

/// Logins, keys and acts.
#[derive(Default)]
pub(crate) struct DeskMemory {
    pub(crate) down: Mutex<bool>,
    pub(crate) logins: Mutex<HashMap<String, AdminSession>>,
    pub(crate) keys: Mutex<HashSet<String>>,
    pub(crate) acts: Mutex<Vec<AuditEntry>>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        let down = crate::double::service(None).store;
        Self {
            orders: down.clone(),
            book: down.clone(),
            payloads: down.clone(),
            ledger: down.clone(),
            runs: down.clone(),
            settings: down.clone(),
            stock: down.clone(),
            alerts: down.clone(),
            leases: down.clone(),
            shared: down,
            desk: Arc::default(),
        }
    }
}

macro_rules! passed_on {
    ($( $field:ident: $port:ident { $( fn $name:ident($( $arg:ident: $ty:ty ),*) -> $out:ty; )* } )*) => { $(
        #[async_trait]
        impl $port for Memory { $(
            async fn $name(&self, $( $arg: $ty ),*) -> Stored<$out> {
                self.$field.$name($( $arg ),*).await
            }
        )* }
    )* };
}

passed_on! {
    orders: OrderStore {
        fn pull_state(route: &RouteName) -> PullState;
        fn known_payloads(route: &RouteName, digests: &[PayloadDigest]) -> HashMap<PayloadDigest, KnownPayload>;
        fn save_orders(run: &RunRef, orders: &[SaveOrder], bad: &[UnreadableOrder], now: DateTime<Utc>) -> SaveCounts;
        fn move_mark(run: &RunRef, kind: WindowKind, to: DateTime<Utc>) -> ();
        fn claim(run: &RunRef, selection: &Selection) -> Vec<OrderRow>;
        fn shared_numbers(route: &RouteName) -> HashSet<PoNumber>;
        fn record(run: &RunRef, steps: &[Step], now: DateTime<Utc>) -> Vec<PoNumber>;
    }
    book: OrderBook {
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
    payloads: PayloadStore {
        fn payloads(route: &RouteName, po: &PoNumber) -> Vec<EarlierPayload>;
    }
    ledger: WriteLedger {
        fn writes_of(route: &RouteName, orders: &[PoNumber]) -> Vec<RemoteWrite>;
        fn open_writes(route: &RouteName, kind: WriteKind) -> Vec<RemoteWrite>;
        fn intend(run: &RunRef, intents: &[Intent], now: DateTime<Utc>) -> Vec<WriteKey>;
        fn note(run: &RunRef, notes: &[WriteNote], now: DateTime<Utc>) -> ();
    }
    runs: RunStore {
        fn begin(start: &RunStart) -> Begun;
        fn finish(guard: RunGuard, end: &RunEnd) -> ();
        fn runs(route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Vec<RunRecord>;
        fn run(run_id: &str) -> Option<RunRecord>;
    }
    settings: SettingsStore {
        fn settings(route: &RouteName) -> Option<SettingsVersion>;
        fn settings_at(route: &RouteName, version: i64) -> Option<SettingsVersion>;
        fn settings_history(route: &RouteName, limit: u32) -> Vec<SettingsVersion>;
        fn save_settings(
            route: &RouteName, document: &str, author: &str, expected: Option<i64>, now: DateTime<Utc>
        ) -> i64;
    }
    stock: StockStore {
        fn save_stock(run: &RunRef, records: &[StockRecord]) -> ();
        fn known_stock(route: &RouteName) -> Vec<KnownStock>;
        fn search_stock(route: Option<&RouteName>, filter: &StockFilter, after: Option<&str>, limit: u32) -> StockPage;
        fn export_stock(route: Option<&RouteName>, filter: &StockFilter, sink: &mut dyn RowSink) -> u64;
        fn forget_stock(route: &RouteName, before: DateTime<Utc>) -> u64;
    }
    alerts: AlertStore {
        fn claim_notices(
            route: &RouteName, conditions: &[Condition], now: DateTime<Utc>, claim_for: Duration
        ) -> Vec<Notice>;
        fn notice_sent(notice: &Notice, now: DateTime<Utc>) -> ();
        fn alerts(route: Option<&RouteName>) -> Vec<Notice>;
    }
    leases: LeaseStore {
        fn take_slot(
            key: &str, capacity: u32, ttl: std::time::Duration, gap: std::time::Duration
        ) -> SlotAnswer;
        fn keep_slot(slot: i64, ttl: std::time::Duration) -> ();
        fn free_slot(slot: i64) -> ();
        fn draw(key: &str, per_second: Option<u32>, per_minute: u32) -> Option<std::time::Duration>;
    }
    shared: SharedStore {
        fn shared(name: &str) -> Option<SharedValue>;
        fn share(name: &str, expected: Option<i64>, sealed: &[u8], renew_at: DateTime<Utc>) -> SharedValue;
    }
    desk: AuditStore {
        fn audit(entry: &AuditEntry) -> ();
        fn audit_list(filter: &AuditFilter, after: Option<&str>, limit: u32) -> AuditPage;
        fn export_audit(filter: &AuditFilter, sink: &mut dyn RowSink) -> u64;
    }
    desk: SessionStore {
        fn open_session(session: &AdminSession) -> ();
        fn session(hash: &str, now: DateTime<Utc>, idle: Duration, absolute: Duration) -> Option<AdminSession>;
        fn close_session(token_hash: &str) -> ();
        fn claim_once(key: &str, now: DateTime<Utc>) -> bool;
    }
}

#[async_trait]
impl SyncStore for Memory {
    async fn migrate(&self) -> Stored<()> {
        Ok(())
    }

    async fn check(&self) -> Stored<()> {
        Ok(())
    }

    async fn close(&self) {}
}

impl DeskMemory {
    fn up(&self) -> Stored<()> {
        if *self.down.lock().unwrap() {
            return Err(StoreError::Unavailable("db.internal:5432 refused".to_owned()));
        }
        Ok(())
    }

    fn matching(&self, filter: &AuditFilter) -> Vec<AuditEntry> {
        let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        let acts = self.acts.lock().unwrap();
        let newest = acts.iter().rev().filter(|act| is(&filter.who, &act.who) && is(&filter.what, &act.what));
        newest.cloned().collect()
    }
}

#[async_trait]
impl AuditStore for DeskMemory {
    async fn audit(&self, entry: &AuditEntry) -> Stored<()> {
        self.up()?;
        self.acts.lock().unwrap().push(entry.clone());
        Ok(())
    }

    async fn audit_list(&self, filter: &AuditFilter, after: Option<&str>, limit: u32) -> Stored<AuditPage> {
        self.up()?;
        let (all, start) = (self.matching(filter), after.map_or(0, |after| after.parse().unwrap()));
        let end = all.len().min(start + limit as usize);
        Ok(AuditPage { next: (end < all.len()).then(|| end.to_string()), entries: all[start..end].to_vec() })
    }

    async fn export_audit(&self, filter: &AuditFilter, sink: &mut dyn RowSink) -> Stored<u64> {
        let all = self.matching(filter);
        for act in &all {
            sink.row(&[None, Some(&act.who), Some(&act.what), None, Some(&act.subject), Some(&act.detail)]);
        }
        Ok(all.len() as u64)
    }
}

#[async_trait]
impl SessionStore for DeskMemory {
    async fn open_session(&self, session: &AdminSession) -> Stored<()> {
        self.up()?;
        self.logins.lock().unwrap().insert(session.token_hash.clone(), session.clone());
        Ok(())
    }

    async fn session(
        &self,
        hash: &str,
        now: DateTime<Utc>,
        idle: Duration,
        absolute: Duration,
    ) -> Stored<Option<AdminSession>> {
        self.up()?;
        let mut logins = self.logins.lock().unwrap();
        let login = logins.get_mut(hash);
        let login = login.filter(|login| now < login.seen_at + idle && now < login.created_at + absolute);
        Ok(login.map(|login| {
            login.seen_at = now;
            login.clone()
        }))
    }

    async fn close_session(&self, token_hash: &str) -> Stored<()> {
        self.up()?;
        self.logins.lock().unwrap().remove(token_hash);
        Ok(())
    }

    async fn claim_once(&self, key: &str, _: DateTime<Utc>) -> Stored<bool> {
        self.up()?;
        Ok(self.keys.lock().unwrap().insert(key.to_owned()))
    }
}
