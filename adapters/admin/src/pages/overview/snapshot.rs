//! What the overview shows, read in one go.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use futures_util::future::try_join_all;
use ipass_core::job::Job;
use ipass_core::ports::{
    CauseGroup, Notice, OrderFilter, OrderRow, OrderSort, PullState, RouteName, RunRecord, StageAge, StageCount,
    StageMoves, Stored, SyncStore,
};
use ipass_core::run::{Refused, Route};
use ipass_core::settings::Settings;
use ipass_core::stage::Stage;
use ipass_core::usecase::stuck_and_slow;
use tokio::sync::Mutex;

use crate::desk::{Desk, Fault};

/// A reading serves everybody for so long.
const KEPT: Duration = Duration::seconds(5);
/// Orders whose ship-by comes next.
const DUE: u32 = 8;
/// Orders from whose creation times the usual gap is taken.
const NEWEST: u32 = 50;
/// Runs of each job that are looked at.
pub(super) const RUNS: u32 = 10;
/// Stages whose orders have not been shipped.
pub(super) const UNSHIPPED: [Stage; 3] = [Stage::AwaitingPush, Stage::AwaitingAck, Stage::AwaitingShipment];

/// One reading of a route.
pub(super) struct Snapshot {
    pub(super) settings: Settings,
    /// Jobs cannot run with what is stored; `settings` are the defaults.
    pub(super) invalid_settings: bool,
    pub(super) counts: Vec<StageCount>,
    pub(super) hour: Vec<StageMoves>,
    pub(super) day: Vec<StageMoves>,
    pub(super) ages: Vec<StageAge>,
    pub(super) due: Vec<OrderRow>,
    pub(super) causes: Vec<CauseGroup>,
    pub(super) pulled: PullState,
    pub(super) alerts: Vec<Notice>,
    /// Creation times of the newest orders.
    pub(super) created: Vec<DateTime<Utc>>,
    /// The newest runs of each job, newest first.
    pub(super) runs: Vec<(Job, Vec<RunRecord>)>,
}

/// The last reading of each route. Whoever comes while one is being made waits for it.
#[derive(Default)]
pub(super) struct Readings(Mutex<HashMap<RouteName, Reading>>);

/// When it was made, and what was read.
type Reading = (DateTime<Utc>, Arc<Snapshot>);

impl Readings {
    pub(super) async fn get(&self, desk: &Desk, route: &Route) -> Result<Arc<Snapshot>, Fault> {
        let now = desk.now();
        let mut readings = self.0.lock().await;
        if let Some((at, snapshot)) = readings.get(&route.name)
            && (Duration::zero()..KEPT).contains(&(now - at))
        {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(read(desk, route, now).await?);
        readings.insert(route.name.clone(), (now, Arc::clone(&snapshot)));
        Ok(snapshot)
    }
}

/// Every question has an index behind it; they are asked side by side.
async fn read(desk: &Desk, route: &Route, now: DateTime<Utc>) -> Result<Snapshot, Fault> {
    let (settings, invalid_settings) = match desk.runner.settings(route).await {
        Ok((settings, _)) => (settings, false),
        Err(Refused::Settings(_)) => (Settings::default(), true),
        Err(refused) => return Err(refused.into()),
    };
    let (store, name) = (&*desk.store, &route.name);
    let due = OrderFilter { stages: UNSHIPPED.to_vec(), sort: OrderSort::ShipBy, ..OrderFilter::default() };
    let newest = OrderFilter::default();
    let (counts, hour, day, ages, due, causes, pulled, alerts, newest, runs) = tokio::try_join!(
        store.counts(name),
        store.moves(name, now - Duration::hours(1)),
        store.moves(name, now - Duration::days(1)),
        stuck_and_slow(store, name, &settings, now),
        store.search(Some(name), &due, None, DUE),
        store.causes(Some(name)),
        store.pull_state(name),
        store.alerts(Some(name)),
        store.search(Some(name), &newest, None, NEWEST),
        try_join_all(Job::ALL.into_iter().map(|job| runs_of(store, name, job))),
    )?;
    Ok(Snapshot {
        settings,
        invalid_settings,
        counts,
        hour,
        day,
        ages,
        due: due.rows.into_iter().filter(|row| row.ship_by.is_some()).collect(),
        causes,
        pulled,
        alerts,
        created: newest.rows.into_iter().map(|row| row.created_at).collect(),
        runs,
    })
}

async fn runs_of(store: &dyn SyncStore, route: &RouteName, job: Job) -> Stored<(Job, Vec<RunRecord>)> {
    Ok((job, store.runs(Some(route), Some(job.name()), RUNS).await?))
}
