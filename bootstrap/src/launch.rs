//! Runs that go on by themselves, and what every run leaves in the metrics.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ipass_core::ports::{RouteName, RunRef};
use ipass_core::run::{Launcher, OrderOutcome, Refused, Route, RunReport, RunRequest, RunWatch, Runner};
use ipass_http_kit::metered;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Starts runs in tasks of their own. Whoever stops the process waits for the tracker.
pub(crate) struct BackgroundRuns {
    pub(crate) runner: Arc<Runner>,
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) watch: Arc<dyn RunWatch>,
    pub(crate) tracker: TaskTracker,
}

/// A run in a task of its own.
struct Spawned {
    /// Its id, once it has begun.
    began: oneshot::Receiver<String>,
    run: JoinHandle<Result<RunReport, Refused>>,
}

impl BackgroundRuns {
    fn spawn(&self, route: &RouteName, request: RunRequest) -> Result<Spawned, Refused> {
        let route = self.routes.iter().find(|known| known.name == *route).cloned();
        let route = route.ok_or_else(|| Refused::Usage("there is no such route".to_owned()))?;
        let (told, began) = oneshot::channel();
        let watch = Began { watch: self.watch.clone(), told: Mutex::new(Some(told)) };
        let runner = self.runner.clone();
        let run = self.tracker.spawn(async move {
            let result = metered(runner.run(&route, request, &watch)).await;
            if let Ok(report) = &result {
                observe(report);
            }
            result
        });
        Ok(Spawned { began, run })
    }
}

#[async_trait]
impl Launcher for BackgroundRuns {
    async fn launch(&self, route: &RouteName, request: RunRequest) -> Result<String, Refused> {
        let Spawned { began, run } = self.spawn(route, request)?;
        // The sender goes away with a run that never began.
        match began.await {
            Ok(run_id) => Ok(run_id),
            Err(_) => ended(run).await.map(|report| report.run_id),
        }
    }

    async fn finish(&self, route: &RouteName, request: RunRequest) -> Result<RunReport, Refused> {
        ended(self.spawn(route, request)?.run).await
    }
}

async fn ended(run: JoinHandle<Result<RunReport, Refused>>) -> Result<RunReport, Refused> {
    run.await.unwrap_or_else(|_| Err(Refused::Usage("the run broke off; see the log".to_owned())))
}

/// Tells when the run has begun, and passes everything on.
struct Began {
    watch: Arc<dyn RunWatch>,
    told: Mutex<Option<oneshot::Sender<String>>>,
}

impl RunWatch for Began {
    fn began(&self, run: &RunRef) {
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whoever asked may have gone away; the run goes on.
            let _ = told.send(run.run_id.clone());
        }
        self.watch.began(run);
    }

    fn point(&self, name: &str) {
        self.watch.point(name);
    }

    fn order_done(&self, outcome: &OrderOutcome) {
        self.watch.order_done(outcome);
    }

    fn stopping(&self) -> bool {
        self.watch.stopping()
    }
}

/// Counts a run: its result, its time, and each of its counts.
pub(crate) fn observe(report: &RunReport) {
    let (route, job) = (report.route.0.clone(), report.job.name());
    metrics::counter!("ipass_runs_total", "route" => route.clone(), "job" => job, "result" => report.result())
        .increment(1);
    let seconds = (report.finished_at - report.started_at).to_std().unwrap_or_default().as_secs_f64();
    metrics::histogram!("ipass_run_seconds", "route" => route.clone(), "job" => job).record(seconds);
    for (name, count) in report.counts().into_iter().filter(|(_, count)| *count > 0) {
        metrics::counter!("ipass_run_outcomes_total", "route" => route.clone(), "job" => job, "outcome" => name)
            .increment(count);
    }
}
