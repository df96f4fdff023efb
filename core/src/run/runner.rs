use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tracing::Instrument as _;

use super::{Fact, RunContext, RunError, RunReport, RunWatch};
use crate::job::{Job, JobAliases};
use crate::order::PoNumber;
use crate::ports::{
    Begun, CallMeter, Clock, ErpSink, FileArea, InventorySink, OrderSource, RemoteAccount, RemoteSide, RouteName,
    RunEnd, RunStart, StoreError, SyncStore, Trigger,
};
use crate::settings::{Problem, Settings, listed, parse};
use crate::usecase::{
    PullRange, ack_orders, check_orders, cleanup_exports, invoice_orders, pull_orders, pull_sku_pairs, push_orders,
    ship_orders, sync_stock,
};

/// One channel account joined to one ERP account.
pub struct Route {
    /// Its name.
    pub name: RouteName,
    /// The channel.
    pub source: Arc<dyn OrderSource>,
    /// The ERP.
    pub erp: Arc<dyn ErpSink>,
    /// The channel's stock figures; `None` for a channel that takes none.
    pub inventory: Option<Arc<dyn InventorySink>>,
    /// The credentials that it works with.
    pub accounts: Vec<(RemoteSide, Arc<dyn RemoteAccount>)>,
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
    /// Only this range of creation times; for pulling and checking.
    pub range: Option<PullRange>,
    /// Which stock, and whether it is written; for stock.
    pub stock: StockRequest,
    /// Instead of the setting.
    pub size: Option<u32>,
    /// Nothing is sent and nothing is stored.
    pub dry_run: bool,
}

/// What somebody wants of a stock run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockRequest {
    /// Only these items, by the channel's names; `None` means all.
    pub skus: Option<BTreeSet<String>>,
    /// Instead of the setting `sync`.
    pub write: Option<bool>,
}

impl RunRequest {
    /// A plain run of a job.
    pub fn of(job: Job, trigger: Trigger) -> Self {
        Self { job, trigger, po: None, range: None, stock: StockRequest::default(), size: None, dry_run: false }
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
                write!(f, "the settings are not valid: {}", listed(problems))
            }
            Self::Usage(text) => f.write_str(text),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// Starts runs that go on by themselves, for whoever cannot wait for their end.
#[async_trait]
pub trait Launcher: Send + Sync {
    /// Begins a run and answers its id as soon as it holds its lock. Whoever asked may go away: the run
    /// goes on to its end.
    async fn launch(&self, route: &RouteName, request: RunRequest) -> Result<String, Refused>;

    /// The same, and answers its report when it has ended.
    async fn finish(&self, route: &RouteName, request: RunRequest) -> Result<RunReport, Refused>;
}

/// The one door to the jobs: takes the snapshot of the settings, the lock, and keeps the record.
pub struct Runner {
    /// The service's memory.
    pub store: Arc<dyn SyncStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Counts the remote calls of a run.
    pub meter: Arc<dyn CallMeter>,
    /// The export directory.
    pub files: Arc<dyn FileArea>,
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
        usable(&request)?;
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
            watch.began(&run);
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
            let error = self.execute(route, &request, &ctx).await.err();
            self.last_lines(&ctx, error.as_ref());
            let interrupted = matches!(error, Some(RunError::Stopped(_)));
            let error = error.map(|error| error.to_string());
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
                interrupted,
            };
            let end = RunEnd {
                result: report.result(),
                now: report.finished_at,
                report: report.to_json(false).to_string(),
                log: report.done.log.to_json().to_string(),
                error: report.error.clone(),
            };
            let counts: Vec<String> = report.counts().iter().map(|(name, count)| format!("{name}={count}")).collect();
            match &report.error {
                None => tracing::info!(counts = %counts.join(" "), result = "done", "task end"),
                Some(why) if report.interrupted => tracing::warn!(why, result = "interrupted", "task end"),
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

    /// The end of the log.
    fn last_lines(&self, ctx: &RunContext<'_>, error: Option<&RunError>) {
        let waited = self.meter.waited().as_secs();
        if waited > 0 {
            ctx.log(Fact::Waited, [waited.to_string()]);
        }
        match error {
            None => ctx.log(Fact::Done, []),
            Some(RunError::Stopped(_)) => {} // The job has said so.
            Some(error) => ctx.log(Fact::Failed, [error.to_string()]),
        }
    }

    async fn execute(&self, route: &Route, request: &RunRequest, ctx: &RunContext<'_>) -> Result<(), RunError> {
        let (source, erp, store) = (&*route.source, &*route.erp, &*self.store);
        match request.job {
            Job::PullOrders => pull_orders(ctx, source, store, store, request.range).await,
            Job::PushOrders => push_orders(ctx, source, erp, store, store).await,
            Job::AckOrders => ack_orders(ctx, source, erp, store, store).await,
            Job::ShipOrders => ship_orders(ctx, source, erp, store, store).await,
            Job::InvoiceOrders => invoice_orders(ctx, source, erp, store, store).await,
            Job::SyncStock => match &route.inventory {
                Some(inventory) => sync_stock(ctx, erp, &**inventory, store, store, &request.stock).await,
                None => Err(RunError::Usage("the channel of this route takes no stock figures".to_owned())),
            },
            Job::PullSkuPairs => pull_sku_pairs(ctx, erp, store, &*self.files, route.aliases()).await,
            Job::CheckOrders => check_orders(ctx, source, erp, store, request.range).await,
            Job::CleanupExports => cleanup_exports(ctx, &*self.files).await,
        }
    }
}

/// Refuses what makes no sense before anything is done.
fn usable(request: &RunRequest) -> Result<(), Refused> {
    let refuse = |why: &str| Err(Refused::Usage(why.to_owned()));
    let about_orders = request.job.stage().is_some() || matches!(request.job, Job::PullOrders | Job::CheckOrders);
    if request.po.is_some() && !about_orders {
        return refuse("a PO number needs a job that works on orders");
    }
    if let Some(range) = request.range
        && (!matches!(request.job, Job::PullOrders | Job::CheckOrders) || range.start >= range.end)
    {
        return refuse("a range needs pull_orders or check_orders, and a start before its end");
    }
    if request.job == Job::CheckOrders && request.po.is_none() && request.range.is_none() {
        return refuse("check_orders needs a range (start and end) or a PO number");
    }
    if request.stock != StockRequest::default() && request.job != Job::SyncStock {
        return refuse("items need sync_stock");
    }
    Ok(())
}
