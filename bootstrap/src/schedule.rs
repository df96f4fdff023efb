//! The schedule: one tick a second looks which jobs are due, by cron expressions in UTC.
//!
//! Times are computed from the injected clock, so that a missed tick is one late run and never a pile
//! of them, and a saved setting counts from the next tick on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::{Refused, Route, RunRequest, RunWatch, Runner};
use ipass_core::settings::parse_cron;
use ipass_http_kit::metered;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Real time between looks at the schedule.
const TICK: Duration = Duration::from_millis(500);
/// How long a stop waits for running jobs; a job that takes longer is safe to cut: see the protocol.
const GRACE: Duration = Duration::from_mins(1);

/// Shows that the scheduler ticks.
#[derive(Clone, Default)]
pub(crate) struct Heartbeat(Arc<AtomicI64>, Arc<std::sync::OnceLock<std::time::Instant>>);

impl Heartbeat {
    fn beat(&self) {
        let started = self.1.get_or_init(std::time::Instant::now);
        let ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.0.store(ms, Ordering::Relaxed);
    }

    /// It ticked within the last 30 seconds.
    pub(crate) fn is_alive(&self) -> bool {
        self.1.get().is_some_and(|started| {
            let now = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
            now - self.0.load(Ordering::Relaxed) < 30_000
        })
    }
}

/// When a job runs next, and whether it runs now.
struct Slot {
    cron: String,
    next: Option<DateTime<Utc>>,
    busy: Arc<AtomicBool>,
}

/// Runs due jobs until `stop`, then waits for the running ones.
pub(crate) async fn run(
    runner: Arc<Runner>,
    routes: Vec<Arc<Route>>,
    watch: Arc<dyn RunWatch>,
    heartbeat: Heartbeat,
    stop: CancellationToken,
) {
    let mut slots: HashMap<(usize, Job), Slot> = HashMap::new();
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        heartbeat.beat();
        for (index, route) in routes.iter().enumerate() {
            match runner.settings(route).await {
                Ok((settings, _)) => {
                    for job in Job::ALL {
                        let settings = settings.job(job);
                        // Jobs of later versions are in the settings already; nothing runs them here.
                        let can_run = job.stage().is_some() || job == Job::PullOrders;
                        if !settings.enabled || !can_run {
                            slots.remove(&(index, job));
                            continue;
                        }
                        let now = runner.clock.now();
                        let slot = slots.entry((index, job)).or_insert_with(|| Slot::new(&settings.cron, now));
                        slot.follow(&settings.cron, now);
                        if slot.is_due(now) {
                            start(&mut running, &runner, route, job, &watch, slot.busy.clone());
                        }
                    }
                }
                Err(error) => tracing::warn!(route = %route.name, %error, "no job is scheduled"),
            }
        }
        while running.try_join_next().is_some() {}
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
    let drained = tokio::time::timeout(GRACE, async { while running.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(
            jobs = running.len(),
            "jobs still ran when the time to stop was up; the next start reads back what they sent"
        );
    }
}

impl Slot {
    fn new(cron: &str, now: DateTime<Utc>) -> Self {
        Self { cron: cron.to_owned(), next: next_run(cron, now), busy: Arc::default() }
    }

    fn follow(&mut self, cron: &str, now: DateTime<Utc>) {
        if self.cron != cron {
            cron.clone_into(&mut self.cron);
            self.next = next_run(cron, now);
        }
    }

    /// Due once for all moments that have passed; not while its last run goes on.
    fn is_due(&mut self, now: DateTime<Utc>) -> bool {
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        self.next = next_run(&self.cron, now);
        !self.busy.swap(true, Ordering::SeqCst)
    }
}

/// The first moment after `now`, UTC.
pub(crate) fn next_run(cron: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    parse_cron(cron).ok()?.find_next_occurrence(&now, false).ok()
}

fn start(
    running: &mut JoinSet<()>,
    runner: &Arc<Runner>,
    route: &Arc<Route>,
    job: Job,
    watch: &Arc<dyn RunWatch>,
    busy: Arc<AtomicBool>,
) {
    let (runner, route, watch) = (runner.clone(), route.clone(), watch.clone());
    running.spawn(async move {
        let _done = Done(busy);
        let request = RunRequest::of(job, Trigger::Schedule);
        match metered(runner.run(&route, request, &*watch)).await {
            Ok(report) => {
                let labels = [
                    ("route", route.name.0.clone()),
                    ("job", job.name().to_owned()),
                    ("result", report.result().to_owned()),
                ];
                metrics::counter!("ipass_runs_total", &labels).increment(1);
            }
            Err(Refused::AlreadyRunning) => tracing::info!(%job, route = %route.name, "skipped: it runs elsewhere"),
            Err(error) => tracing::error!(%job, route = %route.name, %error, "the run did not begin"),
        }
    });
}

/// Frees the slot however the run ended.
struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn missed_moments_make_one_run_and_a_busy_job_none() {
        let at = |minute, second| Utc.with_ymd_and_hms(2026, 1, 1, 10, minute, second).unwrap();
        let mut slot = Slot::new("0 5 * * * *", at(0, 0));
        assert!(!slot.is_due(at(4, 59)));
        assert!(slot.is_due(at(5, 0)));
        assert!(!slot.is_due(at(5, 1)));
        slot.follow("*/10 * * * * *", at(6, 0));
        assert!(!slot.is_due(at(6, 30)), "the last run still goes on");
        slot.busy.store(false, Ordering::SeqCst);
        assert!(slot.is_due(at(9, 0)));
        assert!(!slot.is_due(at(9, 0)));
    }
}
