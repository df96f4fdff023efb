//! Runs, settings and stock in memory, and a launcher whose runs end at once.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use ipass_core::job::Job;
use ipass_core::ports::*;
use ipass_core::reason::{Cause, Reason};
use ipass_core::run::{JobReport, Launcher, Refused, RunReport, RunRequest};

use crate::desk::tests::Bench;
use crate::desk::tests::store::Memory;
use crate::pages::order::tests::shelf::{Shelf, now};

/// What the pages of the jobs ask.
#[derive(Default)]
pub(crate) struct Works {
    pub(crate) runs: Mutex<Vec<RunRecord>>,
    pub(crate) document: Mutex<Option<String>>,
    pub(crate) stock: Mutex<Vec<StockRecord>>,
    /// What was asked of stock.
    pub(crate) asked: Mutex<Vec<StockFilter>>,
    pub(crate) requests: Mutex<Vec<RunRequest>>,
    /// Jobs that are being run by somebody else.
    pub(crate) busy: Mutex<Vec<Job>>,
    /// Jobs whose runs fail.
    pub(crate) failing: Mutex<Vec<Job>>,
}

/// A run of route `r`.
pub(crate) fn run(run_id: &str, job: Job, state: &str, minutes: i64) -> RunRecord {
    let report = r#"{"result":"done","counts":{"selected":3,"blocked":1,"advanced":2,"guarded":0},"calls":{"GET /order":1204},"error":null}"#;
    RunRecord {
        run_id: run_id.to_owned(),
        route: RouteName("r".to_owned()),
        job: job.name().to_owned(),
        trigger: "schedule".to_owned(),
        po: None,
        state: state.to_owned(),
        started_at: now() - Duration::minutes(minutes),
        finished_at: (state != "running").then(|| now() - Duration::minutes(minutes) + Duration::seconds(5)),
        report: (state != "running").then(|| report.to_owned()),
        log: None,
        error: (state == "failed").then(|| "the channel <b> is down".to_owned()),
    }
}

/// A figure that differs by `units`.
pub(crate) fn figure(sku: &str, units: u32) -> StockRecord {
    StockRecord {
        route: RouteName("r".to_owned()),
        run_id: "run-1".to_owned(),
        at: now(),
        warehouse_code: "WH-A".to_owned(),
        erp_warehouse_id: "33328".to_owned(),
        sku: sku.to_owned(),
        erp_sku: format!("LX-{sku}"),
        erp_quantity: Some(units),
        channel_quantity: Some(0),
        result: StockResult::Different,
        cause: Some(Cause::new(Reason::SyncOff, sku)),
    }
}

#[async_trait]
impl RunStore for Works {
    async fn begin(&self, _: &RunStart) -> Stored<Begun> {
        Ok(Begun::AlreadyRunning)
    }

    async fn finish(&self, _: RunGuard, _: &RunEnd) -> Stored<()> {
        Ok(())
    }

    async fn runs(&self, route: Option<&RouteName>, job: Option<&str>, limit: u32) -> Stored<Vec<RunRecord>> {
        let runs = self.runs.lock().unwrap();
        let fits =
            |run: &&RunRecord| route.is_none_or(|route| run.route == *route) && job.is_none_or(|job| run.job == job);
        Ok(runs.iter().filter(fits).take(limit as usize).cloned().collect())
    }

    async fn run(&self, run_id: &str) -> Stored<Option<RunRecord>> {
        Ok(self.runs.lock().unwrap().iter().find(|run| run.run_id == run_id).cloned())
    }
}

#[async_trait]
impl SettingsStore for Works {
    async fn settings(&self, _: &RouteName) -> Stored<Option<SettingsVersion>> {
        let document = self.document.lock().unwrap().clone();
        Ok(document.map(|document| SettingsVersion { version: 3, document, author: "Li Lei".into(), saved_at: now() }))
    }

    async fn settings_at(&self, route: &RouteName, version: i64) -> Stored<Option<SettingsVersion>> {
        Ok(self.settings(route).await?.filter(|_| version == 3))
    }

    async fn settings_history(&self, route: &RouteName, _: u32) -> Stored<Vec<SettingsVersion>> {
        Ok(self.settings(route).await?.into_iter().collect())
    }

    async fn save_settings(
        &self,
        _: &RouteName,
        document: &str,
        _: &str,
        expected: Option<i64>,
        _: DateTime<Utc>,
    ) -> Stored<i64> {
        if expected != Some(3) {
            return Err(StoreError::Conflict("version 3 is live".to_owned()));
        }
        *self.document.lock().unwrap() = Some(document.to_owned());
        Ok(4)
    }
}

#[async_trait]
impl StockStore for Works {
    async fn save_stock(&self, _: &RunRef, _: &[StockRecord]) -> Stored<()> {
        Ok(())
    }

    async fn known_stock(&self, _: &RouteName) -> Stored<Vec<KnownStock>> {
        Ok(Vec::new())
    }

    async fn search_stock(
        &self,
        _: Option<&RouteName>,
        filter: &StockFilter,
        _: Option<&str>,
        _: u32,
    ) -> Stored<StockPage> {
        self.asked.lock().unwrap().push(filter.clone());
        let rows = self.stock.lock().unwrap().clone();
        Ok(StockPage { next: (rows.len() > 1).then(|| "c2".to_owned()), rows })
    }

    async fn export_stock(&self, _: Option<&RouteName>, filter: &StockFilter, sink: &mut dyn RowSink) -> Stored<u64> {
        self.asked.lock().unwrap().push(filter.clone());
        sink.row(&[Some("row")]);
        Ok(1)
    }

    async fn forget_stock(&self, _: &RouteName, _: DateTime<Utc>) -> Stored<u64> {
        Ok(0)
    }
}

#[async_trait]
impl Launcher for Works {
    async fn launch(&self, _: &RouteName, request: RunRequest) -> Result<String, Refused> {
        let job = request.job;
        if self.busy.lock().unwrap().contains(&job) {
            return Err(Refused::AlreadyRunning);
        }
        let state = if self.failing.lock().unwrap().contains(&job) { "failed" } else { "done" };
        let mut requests = self.requests.lock().unwrap();
        requests.push(request);
        let run_id = format!("new-{}", requests.len());
        self.runs.lock().unwrap().insert(0, run(&run_id, job, state, 0));
        Ok(run_id)
    }

    async fn finish(&self, route: &RouteName, request: RunRequest) -> Result<RunReport, Refused> {
        let (job, trigger) = (request.job, request.trigger);
        let run_id = self.launch(route, request).await?;
        let (started_at, finished_at, done) = (now(), now(), JobReport::default());
        let route = route.clone();
        Ok(RunReport {
            run_id,
            route,
            job,
            trigger,
            started_at,
            finished_at,
            done,
            calls: [].into(),
            error: None,
            interrupted: false,
        })
    }
}

/// Somebody who is logged in.
pub(crate) async fn bench() -> (Bench, Arc<Works>, Arc<Shelf>) {
    let (works, shelf) = (Arc::new(Works::default()), Arc::new(Shelf::default()));
    let memory = Memory {
        book: shelf.clone(),
        runs: works.clone(),
        settings: works.clone(),
        stock: works.clone(),
        ..Memory::new()
    };
    let launcher: Arc<dyn Launcher> = works.clone();
    let bench = Bench::with(memory, |state| state.launcher = launcher);
    bench.log_in().await;
    (bench, works, shelf)
}

/// Sends a form of ours, with the secret and a fresh key.
pub(crate) async fn act(bench: &Bench, path: &str, fields: &[(&str, &str)]) -> crate::desk::tests::Answer {
    let (csrf, once) = bench.hidden("/admin/audit").await;
    let mut all = vec![("csrf", csrf.as_str()), ("once", once.as_str())];
    all.extend_from_slice(fields);
    bench.post(path, &all).await
}
