//! How every run is run: followed by the pages, counted by the metrics, and, where somebody cannot wait
//! for its end, in a task of its own.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use ipass_admin::Progress;
use ipass_core::job::Job;
use ipass_core::ports::{RouteName, RunRef};
use ipass_core::run::{Launcher, LogLine, OrderOutcome, Refused, Route, RunReport, RunRequest, RunWatch, Runner};
use ipass_http_kit::metered;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Everybody who follows the runs of this process.
#[derive(Clone)]
pub(crate) struct Followers {
    /// Stops them, and kills the process where a crash test wants it.
    pub(crate) watch: Arc<dyn RunWatch>,
    /// Shows them on the pages.
    pub(crate) progress: Arc<Progress>,
}

impl Followers {
    /// Runs a job to its end.
    pub(crate) async fn run(&self, runner: &Runner, route: &Route, request: RunRequest) -> Result<RunReport, Refused> {
        self.run_telling(runner, route, request, None).await
    }

    async fn run_telling(
        &self,
        runner: &Runner,
        route: &Route,
        request: RunRequest,
        told: Option<oneshot::Sender<String>>,
    ) -> Result<RunReport, Refused> {
        let followed =
            Followed { followers: self.clone(), job: request.job, run_id: OnceLock::new(), told: Mutex::new(told) };
        let result = metered(runner.run(route, request, &followed)).await;
        if let Ok(report) = &result {
            observe(report);
            self.progress.finished(&report.run_id, &report.to_json(true));
        }
        result
    }
}

/// One run, followed.
struct Followed {
    followers: Followers,
    job: Job,
    run_id: OnceLock<String>,
    /// Whoever waits for its beginning.
    told: Mutex<Option<oneshot::Sender<String>>>,
}

impl RunWatch for Followed {
    fn began(&self, run: &RunRef) {
        self.followers.progress.began(run, self.job);
        let run_id = self.run_id.get_or_init(|| run.run_id.clone());
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whoever asked may have gone away; the run goes on.
            let _ = told.send(run_id.clone());
        }
        self.followers.watch.began(run);
    }

    fn point(&self, name: &str) {
        if let Some(run_id) = self.run_id.get() {
            self.followers.progress.point(run_id, name);
        }
        self.followers.watch.point(name);
    }

    fn order_done(&self, outcome: &OrderOutcome) {
        if let Some(run_id) = self.run_id.get() {
            self.followers.progress.order_done(run_id, outcome);
        }
        self.followers.watch.order_done(outcome);
    }

    fn log(&self, line: &LogLine) {
        if let Some(run_id) = self.run_id.get() {
            self.followers.progress.log(run_id, line);
        }
        self.followers.watch.log(line);
    }

    fn stopping(&self) -> bool {
        self.followers.watch.stopping()
    }
}

/// Starts runs in tasks of their own. Whoever stops the process waits for the tracker.
pub(crate) struct BackgroundRuns {
    pub(crate) runner: Arc<Runner>,
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) followers: Followers,
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
        let (runner, followers) = (self.runner.clone(), self.followers.clone());
        let run = self.tracker.spawn(async move { followers.run_telling(&runner, &route, request, Some(told)).await });
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

/// Counts a run: its result, its time, and each of its counts.
fn observe(report: &RunReport) {
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
