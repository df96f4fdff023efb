//! The service joined to a simulated world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ipass_core::job::Job;
use ipass_core::order::PoNumber;
use ipass_core::ports::{
    Clock, ErpSink, InventorySink, OrderFilter, OrderRow, OrderSource, RouteName, SyncStore, Trigger,
};
use ipass_core::reason::Cause;
use ipass_core::run::{Route, RunReport, RunRequest, Runner, Unwatched};
use ipass_files::ExportDirectory;
use ipass_http_kit::{Http, TaskMeter, metered};
use ipass_sandbox::{Fault, Ledger, NewOrder, Sandbox, SandboxConfig, Timing, WorldAction};
use ipass_sqlite::SqliteStore;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

use crate::time::JumpingClock;

/// The jobs of an order's life, in stage order.
pub(crate) const JOBS: [Job; 5] =
    [Job::PullOrders, Job::PushOrders, Job::AckOrders, Job::ShipOrders, Job::InvoiceOrders];

pub(crate) const CREATE: &str = "POST /pb/mp/order/v2/create";
pub(crate) const ACK: &str = "POST /order/acknowledge";
pub(crate) const SHIP: &str = "POST /order/shipment/batch/small";
pub(crate) const INVOICE: &str = "POST /invoice/batch/small";
/// The calls that change something, by the job that makes them.
pub(crate) const WRITES: [(Job, &str); 4] =
    [(Job::PushOrders, CREATE), (Job::AckOrders, ACK), (Job::ShipOrders, SHIP), (Job::InvoiceOrders, INVOICE)];

/// Longer than any vendor needs to show what was written.
pub(crate) const SETTLED: Duration = Duration::from_mins(5);

/// An ERP in which nothing happens unless a test does it.
pub(crate) fn by_hand() -> Timing {
    let never = TimeDelta::days(1000);
    Timing {
        review_after: never,
        second_review_after: never,
        ship_after: never,
        second_parcel_after: never,
        ..Timing::default()
    }
}

pub(crate) struct Builder {
    config: SandboxConfig,
    settings: Vec<(&'static str, Value)>,
    oauth: bool,
}

impl Builder {
    /// Changes how the vendors behave.
    pub(crate) fn vendors(mut self, change: impl FnOnce(&mut SandboxConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Sets a member of the settings, by JSON pointer.
    pub(crate) fn set(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.settings.push((pointer, value.into()));
        self
    }

    /// Logs in to the channel with a client id instead of a static token.
    pub(crate) fn oauth(mut self) -> Self {
        self.oauth = true;
        self
    }

    pub(crate) async fn build(self) -> World {
        let clock = Arc::new(JumpingClock::new());
        let shared = clock.clone();
        let config = self.config;
        let sandbox = Sandbox::start(config.clone(), Arc::new(move || shared.now())).await.expect("a sandbox");
        let http = Http::new(clock.clone()).expect("an HTTP client");
        let secret = |text: &str| Some(SecretString::from(text.to_owned()));
        let mut channel = ipass_dsco::Config { base_url: sandbox.dsco_base_url(), ..ipass_dsco::Config::default() };
        if self.oauth {
            channel.client_id = Some(config.client_id.clone());
            channel.client_secret = secret(&config.client_secret);
        } else {
            channel.token = secret(&config.dsco_token);
        }
        let erp = ipass_lingxing::Config::new(
            sandbox.lingxing_base_url(),
            config.app_id.clone(),
            SecretString::from(config.app_secret.clone()),
        );
        let orders = ipass_dsco::connect("dsco", channel, &http).expect("a channel");
        let inventory: Option<Arc<dyn InventorySink>> = Some(Arc::new(orders.inventory()));
        let source: Arc<dyn OrderSource> = Arc::new(orders);
        let erp: Arc<dyn ErpSink> = Arc::new(ipass_lingxing::connect("lingxing", erp, &http).expect("an ERP"));
        let mut settings = sandbox.settings_json();
        for (pointer, value) in self.settings {
            set(&mut settings, pointer, value);
        }
        let service = Service::new(clock, Ends { source, erp, inventory }, &settings).await;
        World { service, sandbox }
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a JSON pointer");
    let parent = document.pointer_mut(parent).expect("the parent is there");
    parent[name] = value;
}

/// What a service joins.
pub(crate) struct Ends {
    pub(crate) source: Arc<dyn OrderSource>,
    pub(crate) erp: Arc<dyn ErpSink>,
    pub(crate) inventory: Option<Arc<dyn InventorySink>>,
}

/// The service itself, on any two ends.
pub(crate) struct Service {
    pub(crate) clock: Arc<JumpingClock>,
    pub(crate) store: Arc<dyn SyncStore>,
    pub(crate) runner: Arc<Runner>,
    pub(crate) route: Arc<Route>,
    pub(crate) folder: TempDir,
}

impl Service {
    pub(crate) async fn new(clock: Arc<JumpingClock>, ends: Ends, settings: &Value) -> Self {
        let Ends { source, erp, inventory } = ends;
        let folder = TempDir::new().expect("a directory");
        let url = format!("sqlite://{}", folder.path().join("ipass.db").display());
        let store: Arc<dyn SyncStore> = Arc::new(SqliteStore::open(&url).await.expect("a store"));
        store.migrate().await.expect("the schema is made");
        let route = Route {
            name: RouteName("loop".to_owned()),
            source,
            erp,
            inventory,
            accounts: Vec::new(),
            aliases: Vec::new(),
        };
        store.save_settings(&route.name, &settings.to_string(), "test", None, clock.now()).await.expect("settings");
        let files = Arc::new(ExportDirectory::new(folder.path().join("exports"), 1 << 20, clock.clone()));
        let runner = Runner { store: store.clone(), clock: clock.clone(), meter: Arc::new(TaskMeter), files };
        Self { clock, store, runner: Arc::new(runner), route: Arc::new(route), folder }
    }

    /// Runs what is asked for; a run that is refused fails the test.
    pub(crate) async fn request(&self, request: RunRequest) -> RunReport {
        let run = self.runner.run(&self.route, request, &Unwatched);
        metered(run).await.unwrap_or_else(|refused| panic!("the run was refused: {refused}"))
    }

    /// A run started by a person: whatever waits for its next try is looked at, too.
    pub(crate) async fn run(&self, job: Job) -> RunReport {
        self.request(RunRequest::of(job, Trigger::Manual)).await
    }

    /// A run on one order.
    pub(crate) async fn run_po(&self, job: Job, po: &str) -> RunReport {
        self.request(RunRequest { po: Some(number(po)), ..RunRequest::of(job, Trigger::Manual) }).await
    }

    /// A run of the schedule.
    pub(crate) async fn run_scheduled(&self, job: Job) -> RunReport {
        self.request(RunRequest::of(job, Trigger::Schedule)).await
    }

    /// A person changes one member of the live settings, by JSON pointer.
    pub(crate) async fn change_settings(&self, pointer: &str, value: impl Into<Value>) {
        let saved = self.store.settings(&self.route.name).await.expect("the store answers").expect("settings");
        let mut document = serde_json::from_str(&saved.document).expect("JSON");
        set(&mut document, pointer, value.into());
        let (text, now) = (document.to_string(), self.clock.now());
        self.store.save_settings(&self.route.name, &text, "anna", None, now).await.expect("saved");
    }

    /// A person lets the service cancel the order in the ERP.
    pub(crate) async fn approve_cancel(&self, po: &str) {
        let now = self.clock.now();
        self.store.approve_cancel(&self.route.name, &number(po), "anna", now).await.expect("the order is there");
    }

    pub(crate) fn skip(&self, duration: Duration) {
        self.clock.skip(duration);
    }

    pub(crate) async fn find(&self, po: &str) -> Option<OrderRow> {
        let order = self.store.order(&self.route.name, &number(po)).await.expect("the store answers");
        order.map(|claimed| claimed.row)
    }

    pub(crate) async fn row(&self, po: &str) -> OrderRow {
        self.find(po).await.unwrap_or_else(|| panic!("{po} is not stored"))
    }

    pub(crate) async fn stage(&self, po: &str) -> u8 {
        self.row(po).await.stage.number()
    }

    /// Code and detail of the reason that holds the order.
    pub(crate) async fn cause(&self, po: &str) -> (&'static str, String) {
        let last = self.row(po).await.last_outcome;
        let cause: Option<Cause> = last.and_then(|last| last.cause);
        cause.map_or(("", String::new()), |cause| (cause.reason.code(), cause.detail))
    }

    pub(crate) async fn rows(&self) -> BTreeMap<String, OrderRow> {
        let mut rows = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self
                .store
                .search(Some(&self.route.name), &OrderFilter::default(), after.as_deref(), 1000)
                .await
                .expect("the store answers");
            rows.extend(page.rows.into_iter().map(|row| (row.po.to_string(), row)));
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }

    /// How many orders are in each stage.
    pub(crate) async fn stages(&self) -> BTreeMap<u8, usize> {
        let mut stages = BTreeMap::new();
        for row in self.rows().await.values() {
            *stages.entry(row.stage.number()).or_default() += 1;
        }
        stages
    }
}

/// The service and both simulated vendors.
pub(crate) struct World {
    service: Service,
    pub(crate) sandbox: Sandbox,
}

impl std::ops::Deref for World {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl World {
    /// An empty world in which nothing happens unless a test does it.
    pub(crate) fn builder() -> Builder {
        let config = SandboxConfig { orders: 0, timing: by_hand(), ..SandboxConfig::default() };
        Builder { config, settings: Vec::new(), oauth: false }
    }

    pub(crate) async fn new() -> Self {
        Self::builder().build().await
    }

    /// A world with plain orders `PO-1`, `PO-2`, …, and their numbers.
    pub(crate) async fn with_plain(count: usize) -> (Self, Vec<String>) {
        let world = Self::new().await;
        let pos = world.plant_plain(count);
        (world, pos)
    }

    pub(crate) fn plant(&self, order: NewOrder) {
        self.sandbox.add_order(order);
    }

    pub(crate) fn plant_plain(&self, count: usize) -> Vec<String> {
        let pos: Vec<String> = (1..=count).map(|n| format!("PO-{n}")).collect();
        for po in &pos {
            self.plant(NewOrder::new(po));
        }
        pos
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.sandbox.fault(fault);
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }

    pub(crate) fn act(&self, action: WorldAction) {
        self.sandbox.advance_erp(action).expect("the order is known");
    }

    pub(crate) fn review(&self, po: &str) {
        self.act(WorldAction::Review { po: po.to_owned() });
    }

    pub(crate) fn ship(&self, po: &str) {
        self.act(WorldAction::Ship { po: po.to_owned() });
    }

    pub(crate) fn ship_next(&self, po: &str) {
        self.act(WorldAction::ShipNext { po: po.to_owned() });
    }

    pub(crate) fn cancel(&self, po: &str) {
        self.act(WorldAction::CancelAtChannel { po: po.to_owned() });
    }

    /// Lets the ERP's staff do what the next job waits for.
    pub(crate) fn staff_before(&self, job: Job, pos: &[String]) {
        self.skip(Duration::from_secs(10));
        for po in pos {
            if job == Job::AckOrders {
                self.review(po);
            } else if job == Job::ShipOrders {
                self.ship(po);
            }
        }
    }

    /// Brings the orders to a stage, with the staff doing its part.
    pub(crate) async fn bring(&self, pos: &[String], stage: u8) {
        for job in JOBS.into_iter().take(usize::from(stage)) {
            self.staff_before(job, pos);
            let report = self.run(job).await;
            assert_eq!(report.error, None, "{job}");
        }
        for po in pos {
            assert_eq!(self.stage(po).await, stage, "{po}: {:?}", self.cause(po).await);
        }
    }

    /// Every job once, with time in between, so often.
    pub(crate) async fn cycles(&self, count: usize) {
        for _ in 0..count {
            for job in JOBS {
                self.skip(SETTLED);
                self.run(job).await;
            }
        }
    }

    /// Attempts and successes of a kind of write, for one order; parcels are summed.
    pub(crate) fn counts(&self, call: &str, po: &str) -> (u64, u64) {
        let ledger = self.ledger();
        let counts = match call {
            CREATE => ledger.creates.get(po).map(|record| (record.attempts, record.applied)),
            ACK => ledger.acks.get(po).map(|record| (record.attempts, record.applied)),
            INVOICE => ledger.invoices.get(po).map(|record| (record.attempts, record.applied)),
            SHIP => ledger.shipments.get(po).map(|parcels| {
                parcels.values().fold((0, 0), |sum, record| (sum.0 + record.attempts, sum.1 + record.applied))
            }),
            other => panic!("{other} writes nothing"),
        };
        counts.unwrap_or_default()
    }

    /// Fails if anything was received that must never be sent.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.ledger().violations(), Vec::<String>::new());
    }
}

pub(crate) fn number(po: &str) -> PoNumber {
    PoNumber::new(po).expect("a PO number")
}
