//! One cell: a fault strikes a call, and what is seen then and in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ipass_core::erp::MasterRecord;
use ipass_core::job::Job;
use ipass_core::ports::{ErrorKind, StockResult, Trigger};
use ipass_core::reason::{OutcomeKind, Reason};
use ipass_core::run::{Route, RunReport, RunRequest, Unwatched};
use ipass_http_kit::metered;
use ipass_sandbox::{Fault as Planted, SandboxConfig};
use serde_json::json;

use super::calls::{Call, List, POISONED, Scene};
use super::faults::{Fault, Honest, Means, PATIENCE};
use super::route::{Road, road};
use crate::world::{SETTLED, World};

/// How long a fault lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pass {
    /// One call.
    Once,
    /// Every call of one run.
    WholeRun,
}

/// Sound runs after the fault in which everything has to come to its end.
const SOUND_RUNS: usize = 6;
/// Stock figures that nobody can find are given longer.
const STOCK_SETTLED: Duration = Duration::from_mins(20);
/// As many stock items as take more than one page of the ERP.
const TWO_PAGES: usize = 850;

/// What was seen right after the struck run: `done`, reason codes, `run fails`.
pub(crate) type Seen = BTreeSet<String>;

pub(crate) struct Cell<'a> {
    pub(crate) call: &'a Call,
    pub(crate) fault: &'a Fault,
    pub(crate) pass: Pass,
}

impl Cell<'_> {
    pub(crate) fn name(&self) -> String {
        format!("{} ({}), {}, {:?}", self.call.kind, self.call.purpose, self.fault.name, self.pass)
    }

    /// Panics when anything is not as it has to be.
    pub(crate) async fn play(&self) -> Seen {
        let world = self.world().await;
        let stricken = self.road(&world);
        let seen = match self.call.scene {
            Scene::Pull => self.pull(&world, &stricken).await,
            Scene::Stage(job, count) => self.stage(&world, &stricken, job, count).await,
            Scene::Cancel => self.cancel(&world, &stricken).await,
            Scene::Stock { .. } => self.stock(&world, &stricken).await,
            Scene::Pairs => self.pairs(&world, &stricken).await,
            Scene::ChannelWarehouses | Scene::Master(_) => self.master(&world, &stricken).await,
        };
        self.assert_honest(&seen);
        seen
    }

    async fn world(&self) -> World {
        let scene = self.call.scene;
        let is_shrinking = self.fault.name == "shrinking page";
        let mut builder = World::builder().vendors(|config| {
            if self.call.list == List::Scroll {
                config.page_size_cap = 2;
            }
            if let Scene::Stock { streams } = scene {
                config.streams = streams;
                config.stock_items = if is_shrinking { TWO_PAGES } else { 12 };
            } else {
                config.stock_items = 0;
            }
        });
        if self.needs_oauth() {
            builder = builder.oauth();
        }
        builder = match scene {
            Scene::Cancel => builder.set("/cancel/in_erp", "auto"),
            Scene::Pairs => builder.set("/mapping/sku", json!({})),
            Scene::Pull | Scene::Stage(..) | Scene::Stock { .. } | Scene::ChannelWarehouses | Scene::Master(_) => {
                builder
            }
        };
        builder.build().await
    }

    fn needs_oauth(&self) -> bool {
        self.call.kind == "POST /oauth2/token" || self.fault.honest == Honest::Credentials
    }

    /// The way to the vendors that the struck run takes.
    fn road(&self, world: &World) -> Road {
        match &self.fault.means {
            Means::Effect(_) => Road::sound(world),
            Means::Refused => road(world, self.needs_oauth(), Some(self.call.vendor), None),
            Means::TimeOut => road(world, self.needs_oauth(), None, Some(PATIENCE)),
        }
    }

    fn plant(&self, world: &World) {
        let effect = match &self.fault.means {
            Means::Refused => return,
            Means::Effect(effect) => effect(self.call),
            Means::TimeOut => ipass_sandbox::Effect::Late(super::faults::LATE),
        };
        let fault = match self.pass {
            Pass::WholeRun => Planted::next(self.call.kind, effect).times(1000),
            // The second page: the first one has no cursor yet.
            Pass::Once if self.call.list == List::Scroll && !self.is_about_first_page() => {
                Planted::nth(self.call.kind, 2, effect)
            }
            Pass::Once => Planted::next(self.call.kind, effect),
        };
        world.fault(fault);
    }

    fn is_about_first_page(&self) -> bool {
        self.fault.name.starts_with("clocks")
    }

    /// The faults are over; whatever they left behind has had its time.
    fn mend(&self, world: &World) {
        let struck = world.ledger().faults.values().sum::<u64>();
        assert!(struck > 0 || matches!(self.fault.means, Means::Refused), "the fault never struck");
        world.assert_clean();
        world.sandbox.clear_faults();
        world.skip(SETTLED);
    }

    async fn pull(&self, world: &World, stricken: &Road) -> Seen {
        let pos = world.plant_plain(7);
        world.skip(Duration::from_secs(30));
        self.plant(world);
        let report = run(world, &stricken.route, Job::PullOrders).await;
        let mut seen = Seen::new();
        seen.insert(if report.error.is_some() { "run fails" } else { "done" }.to_owned());
        let state = world.store.pull_state(&world.route.name).await.expect("the store answers");
        let stored = world.rows().await;
        let unreadable = world.store.unreadable(&world.route.name, 10).await.expect("the store answers");
        if !unreadable.is_empty() {
            seen.insert("invalid_payload".to_owned());
        }
        let missing = pos.iter().filter(|po| !stored.contains_key(*po)).count();
        if missing > unreadable.len() {
            let newest = stored.values().map(|row| row.created_at).max();
            assert!(state.created_mark <= newest, "the mark has passed over {missing} unread orders");
        }
        self.mend(world);
        for _ in 0..SOUND_RUNS {
            if world.rows().await.len() == pos.len() {
                break;
            }
            let report = world.run(Job::PullOrders).await;
            assert_eq!(report.error, None, "the sound pull");
            world.skip(SETTLED);
        }
        let rows = world.rows().await;
        assert!(pos.iter().all(|po| rows.contains_key(po)), "orders are lost: {:?}", rows.keys());
        world.assert_clean();
        seen
    }

    async fn stage(&self, world: &World, stricken: &Road, job: Job, count: usize) -> Seen {
        let before = job.stage().expect("a job of a stage").number();
        let pos = world.plant_plain(count);
        world.bring(&pos, before).await;
        world.staff_before(job, &pos);
        self.plant(world);
        let report = run(world, &stricken.route, job).await;
        let mut seen = Seen::new();
        if let Some(error) = &report.error {
            panic!("the run fails as a whole: {error}");
        }
        let rows = world.rows().await;
        for po in &pos {
            let row = &rows[po];
            let stage = row.stage.number();
            assert!(stage == before || stage == before + 1, "{po} is at stage {stage}");
            if stage > before {
                seen.insert("done".to_owned());
                continue;
            }
            let last = row.last_outcome.as_ref().expect("an outcome");
            let cause = last.cause.as_ref().expect("a reason");
            seen.insert(cause.reason.code().to_owned());
        }
        if self.fault.name.starts_with("unreadable record") {
            for po in pos.iter().filter(|po| *po != POISONED) {
                assert_eq!(
                    world.stage(po).await,
                    before + 1,
                    "{po} is held up by its neighbour: {:?}",
                    world.cause(po).await
                );
            }
        }
        self.mend(world);
        for _ in 0..SOUND_RUNS {
            if world.stages().await == BTreeMap::from([(before + 1, count)]) {
                break;
            }
            run(world, &world.route, job).await;
            world.skip(SETTLED);
        }
        let mut causes = Vec::new();
        for po in &pos {
            causes.push((world.stage(po).await, world.cause(po).await));
        }
        assert!(causes.iter().all(|(stage, _)| *stage == before + 1), "not recovered: {causes:?}");
        let write = crate::world::WRITES.iter().find(|(of, _)| *of == job).expect("a write").1;
        for po in &pos {
            let (attempts, applied) = world.counts(write, po);
            assert_eq!(applied, 1, "{po}: {write} took place {applied} times");
            assert!(attempts <= 3, "{po}: {write} was sent {attempts} times");
        }
        world.assert_clean();
        seen
    }

    async fn cancel(&self, world: &World, stricken: &Road) -> Seen {
        let pos = world.plant_plain(2);
        world.bring(&pos, 2).await;
        world.skip(SETTLED);
        for po in &pos {
            world.review(po);
        }
        world.skip(Duration::from_secs(30));
        for po in &pos {
            world.cancel(po);
        }
        self.plant(world);
        run(world, &stricken.route, Job::AckOrders).await;
        let mut seen = Seen::new();
        for po in &pos {
            let (code, _) = world.cause(po).await;
            seen.insert(if world.stage(po).await == 6 { "done" } else { code }.to_owned());
        }
        self.mend(world);
        for _ in 0..SOUND_RUNS {
            run(world, &world.route, Job::AckOrders).await;
            world.skip(SETTLED);
        }
        for po in &pos {
            assert_eq!(world.stage(po).await, 6, "{po}: {:?}", world.cause(po).await);
        }
        let ledger = world.ledger();
        let applied: u64 = ledger.cancels.values().map(|record| record.applied).sum();
        assert_eq!(applied, 2, "{:?}", ledger.cancels);
        assert!(ledger.acks.is_empty());
        world.assert_clean();
        seen
    }

    async fn stock(&self, world: &World, stricken: &Road) -> Seen {
        self.plant(world);
        let report = run(world, &stricken.route, Job::SyncStock).await;
        let mut seen = Seen::new();
        if report.error.is_some() {
            seen.insert("run fails".to_owned());
        }
        for record in &report.done.stock_records {
            match record.result {
                StockResult::Equal => {}
                StockResult::Written => {
                    seen.insert("done".to_owned());
                }
                StockResult::Skipped | StockResult::Failed | StockResult::Unconfirmed | StockResult::Different => {
                    let reason = record.cause.as_ref().map(|cause| cause.reason);
                    if reason != Some(Reason::ItemNotInChannel) {
                        seen.insert(reason.map_or("different", Reason::code).to_owned());
                    }
                }
            }
        }
        self.mend(world);
        for _ in 0..SOUND_RUNS {
            if world.sandbox.stock_differences().is_empty() {
                break;
            }
            world.skip(STOCK_SETTLED);
            run(world, &world.route, Job::SyncStock).await;
        }
        assert_eq!(world.sandbox.stock_differences(), [], "the figures are equal in the end");
        world.assert_clean();
        seen
    }

    async fn pairs(&self, world: &World, stricken: &Road) -> Seen {
        self.plant(world);
        let before = mapping(world).await;
        let report = run(world, &stricken.route, Job::PullSkuPairs).await;
        let after = mapping(world).await;
        let mut seen = Seen::new();
        if report.error.is_some() {
            assert_eq!(before, after, "a failed reading changes nothing");
            seen.insert("run fails".to_owned());
        } else {
            seen.insert("done".to_owned());
        }
        self.mend(world);
        let report = world.run(Job::PullSkuPairs).await;
        assert_eq!(report.error, None, "the sound run");
        let expected = world.sandbox.settings_json()["mapping"]["sku"].clone();
        let sound = mapping(world).await;
        let sound = sound.as_object().expect("a mapping");
        assert!(
            !sound.is_empty() && sound.iter().all(|(msku, sku)| expected.get(msku).is_none_or(|known| known == sku))
        );
        world.assert_clean();
        seen
    }

    /// Master data is read for the pages and the doctor, outside of runs.
    async fn master(&self, world: &World, stricken: &Road) -> Seen {
        self.plant(world);
        let struck = self.records(&stricken.route).await;
        self.mend(world);
        let sound = self.records(&world.route).await.expect("a sound reading");
        assert!(!sound.is_empty(), "nothing is listed at all");
        let said = match struck {
            Ok(records) if records == sound => "done",
            Ok(records) if records.len() < sound.len() => "incomplete",
            Ok(_) => "another answer",
            Err(kind) => kind,
        };
        Seen::from([said.to_owned()])
    }

    async fn records(&self, route: &Route) -> Result<BTreeSet<String>, &'static str> {
        let records = if let Scene::Master(kind) = self.call.scene {
            let told = |record: MasterRecord| format!("{record:?}");
            route.erp.master_data(kind).await.map(|records| records.into_iter().map(told).collect())
        } else {
            let codes = route.inventory.as_ref().expect("an inventory").warehouse_codes().await;
            codes.map(|codes| codes.unwrap_or_default().into_iter().collect())
        };
        records.map_err(|error| match error.kind() {
            ErrorKind::Retryable => "retryable",
            ErrorKind::Throttled { .. } => "throttled",
            ErrorKind::Auth => "credentials_refused",
            ErrorKind::Clock => "clock_wrong",
            ErrorKind::Rejected => "rejected",
            ErrorKind::Invalid => "invalid_exchange",
        })
    }

    /// A reason of the kind that the fault is.
    fn assert_honest(&self, seen: &Seen) {
        for code in seen {
            let Some(reason) = Reason::from_code(code) else {
                let plain = ["done", "run fails", "retryable", "different"].contains(&code.as_str());
                let refused = code == "rejected" && self.fault.honest == Honest::Refused;
                let unread = self.fault.honest == Honest::Unreadable;
                assert!(plain || refused || unread, "{code} is said of this fault");
                continue;
            };
            let refusal = matches!(reason, Reason::ChannelRejected | Reason::ErpRejected | Reason::CancelRefused);
            let passing = !refusal
                && matches!(reason.kind(), OutcomeKind::Failed | OutcomeKind::Waiting)
                && !matches!(reason, Reason::CredentialsRefused | Reason::ClockWrong | Reason::InvalidExchange);
            let honest = match self.fault.honest {
                Honest::Passing => passing,
                Honest::Credentials => passing || reason == Reason::CredentialsRefused,
                Honest::Clock => passing || reason == Reason::ClockWrong,
                Honest::Refused => passing || refusal,
                Honest::Unreadable => !refusal && reason != Reason::CredentialsRefused,
            };
            assert!(honest, "{code} is said of this fault");
        }
    }
}

async fn mapping(world: &World) -> serde_json::Value {
    let saved = world.store.settings(&world.route.name).await.expect("the store answers").expect("settings");
    let document: serde_json::Value = serde_json::from_str(&saved.document).expect("JSON");
    document["mapping"]["sku"].clone()
}

pub(crate) async fn run(world: &World, route: &Route, job: Job) -> RunReport {
    let request = RunRequest::of(job, Trigger::Manual);
    let run = world.runner.run(route, request, &Unwatched);
    metered(run).await.unwrap_or_else(|refused| panic!("the run was refused: {refused}"))
}

/// What every sandbox of the matrix lets in.
pub(crate) fn credentials() -> SandboxConfig {
    SandboxConfig::default()
}
