use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Instrument as _;

use super::{RunContext, RunError, RunReport, RunWatch};
use crate::job::{Job, JobAliases};
use crate::order::PoNumber;
use crate::ports::{
    Begun, CallMeter, Clock, ErpSink, OrderSource, RouteName, RunEnd, RunStart, StoreError, SyncStore, Trigger,
};
use crate::settings::{Problem, Settings, parse};
use crate::usecase::{PullRange, ack_orders, invoice_orders, pull_orders, push_orders, ship_orders};

/// One channel account joined to one ERP account.
pub struct Route {
    /// Its name.
    pub name: RouteName,
    /// The channel.
    pub source: Arc<dyn OrderSource>,
    /// The ERP.
    pub erp: Arc<dyn ErpSink>,
    /// Other names of its jobs.
    pub aliases: Vec<(&'static str, Job)>,
}

impl Route {
    /// Other names of its jobs.
    pub fn aliases(&self) -> &JobAliases {
        &self.aliases
    }
}

/// What somebody wants to be run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The job.
    pub job: Job,
    /// Who asks.
    pub trigger: Trigger,
    /// Only this order.
    pub po: Option<PoNumber>,
    /// Only this range of creation times; for pulling.
    pub range: Option<PullRange>,
    /// Instead of the setting.
    pub size: Option<u32>,
    /// Nothing is sent and nothing is stored.
    pub dry_run: bool,
}

impl RunRequest {
    /// A plain run of a job.
    pub fn of(job: Job, trigger: Trigger) -> Self {
        Self { job, trigger, po: None, range: None, size: None, dry_run: false }
    }
}

/// Why a run did not begin. Nothing happened.
#[derive(Debug)]
pub enum Refused {
    /// The same work is being done at this moment.
    AlreadyRunning,
    /// The stored settings are not valid for this version.
    Settings(Vec<Problem>),
    /// The job cannot be run like this.
    Usage(String),
    /// The store does not answer.
    Store(StoreError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => f.write_str("already running: another run is doing this work; wait for it to end"),
            Self::Settings(problems) => {
                f.write_str("the settings are not valid:")?;
                problems.iter().try_for_each(|problem| write!(f, " {}: {};", problem.path, problem.problem))
            }
            Self::Usage(text) => f.write_str(text),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// The one door to the jobs: takes the snapshot of the settings, the lock, and keeps the record.
pub struct Runner {
    /// The service's memory.
    pub store: Arc<dyn SyncStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Counts the remote calls of a run.
    pub meter: Arc<dyn CallMeter>,
}

impl Runner {
    /// The live settings of a route and their version; defaults as version 0 before the first save.
    pub async fn settings(&self, route: &Route) -> Result<(Settings, i64), Refused> {
        match self.store.settings(&route.name).await.map_err(Refused::Store)? {
            None => Ok((Settings::default(), 0)),
            Some(saved) => {
                let settings = parse(&saved.document, route.aliases()).map_err(Refused::Settings)?;
                Ok((settings, saved.version))
            }
        }
    }

    /// Runs a job to its end. A run that fails as a whole still has a report, with its error.
    pub async fn run(&self, route: &Route, request: RunRequest, watch: &dyn RunWatch) -> Result<RunReport, Refused> {
        if request.job.stage().is_none() && request.job != Job::PullOrders {
            return Err(Refused::Usage(format!("{} is not part of this version", request.job)));
        }
        if let Some(range) = request.range
            && (request.job != Job::PullOrders || range.start >= range.end)
        {
            return Err(Refused::Usage("a range needs pull_orders, and a start before its end".to_owned()));
        }
        let (settings, settings_version) = self.settings(route).await?;
        let started_at = self.clock.now();
        let start = RunStart {
            route: route.name.clone(),
            job: request.job,
            trigger: request.trigger,
            po: request.po.clone(),
            settings_version,
            now: started_at,
        };
        let guard = match self.store.begin(&start).await.map_err(Refused::Store)? {
            Begun::AlreadyRunning => return Err(Refused::AlreadyRunning),
            Begun::Started(guard) => guard,
        };
        let run = guard.run.clone();
        let span = tracing::info_span!("job", job = %request.job, route = %route.name, run_id = %run.run_id);
        let report = async {
            tracing::info!(trigger = request.trigger.as_str(), "task begin");
            let ctx = RunContext {
                run: run.clone(),
                job: request.job,
                po: request.po.clone(),
                manual: request.trigger == Trigger::Manual,
                dry_run: request.dry_run,
                size: request.size.unwrap_or_else(|| settings.job(request.job).size),
                settings: &settings,
                clock: &*self.clock,
                watch,
                report: Mutex::default(),
            };
            let error = self.execute(route, &request, &ctx).await.err().map(|error| error.to_string());
            let done = ctx.report.into_inner().unwrap_or_else(PoisonError::into_inner);
            let report = RunReport {
                run_id: run.run_id.clone(),
                route: route.name.clone(),
                job: request.job,
                trigger: request.trigger,
                started_at,
                finished_at: self.clock.now(),
                done,
                calls: self.meter.calls(),
                error,
            };
            let end = RunEnd {
                result: report.result(),
                now: report.finished_at,
                report: report.to_json(false).to_string(),
                error: report.error.clone(),
            };
            let counts: Vec<String> = report.counts().iter().map(|(name, count)| format!("{name}={count}")).collect();
            match &report.error {
                None => tracing::info!(counts = %counts.join(" "), result = "done", "task end"),
                Some(error) => tracing::error!(%error, result = "failed", "task end"),
            }
            if let Err(error) = self.store.finish(guard, &end).await {
                tracing::warn!(%error, "the end of the run was not recorded; it will show as interrupted");
            }
            report
        }
        .instrument(span)
        .await;
        Ok(report)
    }

    async fn execute(&self, route: &Route, request: &RunRequest, ctx: &RunContext<'_>) -> Result<(), RunError> {
        let (source, erp, store) = (&*route.source, &*route.erp, &*self.store);
        match request.job {
            Job::PullOrders => pull_orders(ctx, source, store, request.range).await,
            Job::PushOrders => push_orders(ctx, source, erp, store, store).await,
            Job::AckOrders => ack_orders(ctx, source, erp, store, store).await,
            Job::ShipOrders => ship_orders(ctx, source, erp, store, store).await,
            Job::InvoiceOrders => invoice_orders(ctx, source, erp, store, store).await,
            Job::SyncStock | Job::PullSkuPairs | Job::CheckOrders | Job::CleanupExports => {
                Err(RunError::Usage(format!("{} is not part of this version", request.job)))
            }
        }
    }
}
