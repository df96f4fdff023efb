//! The schedule: a look every half second at which jobs are due, by cron expressions in UTC.
//!
//! Times are computed from the injected clock, so that a missed moment is one late run and never a
//! pile of them, and a saved setting counts from the next look on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::ports::Trigger;
use ipass_core::run::{Refused, Route, RunRequest, Runner};
use ipass_core::settings::{Settings, next_runs};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::launch::Followers;

/// Real time between looks at the schedule.
const TICK: Duration = Duration::from_millis(500);
/// How long a stop waits for running jobs; a job that takes longer is safe to cut: see the protocol.
pub(crate) const GRACE: Duration = Duration::from_mins(1);

/// Jobs that have to end before stock is compared, when they are due with it: a stock figure that does
/// not contain an order yet would give its units back.
const BEFORE_STOCK: [Job; 2] = [Job::PullOrders, Job::PushOrders];

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
    /// It was due, and waits for others to end.
    waiting: bool,
}

/// Runs due jobs until `stop`, then waits for the running ones.
pub(crate) async fn run(
    runner: Arc<Runner>,
    routes: Vec<Arc<Route>>,
    followers: Followers,
    heartbeat: Heartbeat,
    stop: CancellationToken,
) {
    let mut slots: Vec<Slots> = routes.iter().map(|_| Slots::default()).collect();
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        heartbeat.beat();
        for (route, slots) in routes.iter().zip(&mut slots) {
            match runner.settings(route).await {
                Ok((settings, _)) => {
                    let stock = route.inventory.is_some();
                    for (job, busy) in slots.due(&settings, stock, runner.clock.now()) {
                        start(&mut running, &runner, route, job, &followers, busy);
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

/// The jobs of one route.
#[derive(Default)]
struct Slots {
    jobs: HashMap<Job, Slot>,
    /// Stock is due, and waits for others.
    stock_waits: bool,
    /// Those that it waits for, and that have not begun yet.
    before_stock: Vec<Job>,
}

impl Slots {
    /// Jobs to be started now; each is marked busy.
    fn due(&mut self, settings: &Settings, takes_stock: bool, now: DateTime<Utc>) -> Vec<(Job, Arc<AtomicBool>)> {
        for job in Job::ALL {
            let scheduled = job != Job::CheckOrders && (job != Job::SyncStock || takes_stock);
            let of_job = settings.job(job);
            if !of_job.enabled || !scheduled {
                self.jobs.remove(&job);
                continue;
            }
            let slot = self.jobs.entry(job).or_insert_with(|| Slot::new(&of_job.cron, now));
            slot.follow(&of_job.cron, now);
            slot.waiting |= slot.comes(now);
        }
        let waits = self.jobs.get(&Job::SyncStock).is_some_and(|slot| slot.waiting);
        if waits && !self.stock_waits {
            self.before_stock = BEFORE_STOCK.into_iter().filter(|job| self.is_wanted(*job)).collect();
        }
        self.stock_waits = waits;
        let mut due = Vec::new();
        for job in Job::ALL {
            if !self.may_begin(job) {
                continue;
            }
            let Some(slot) = self.jobs.get_mut(&job).filter(|slot| slot.waiting) else { continue };
            slot.waiting = false;
            if slot.begin() {
                due.push((job, slot.busy.clone()));
            }
            self.before_stock.retain(|before| *before != job);
        }
        due
    }

    /// It is due, or runs.
    fn is_wanted(&self, job: Job) -> bool {
        self.jobs.get(&job).is_some_and(|slot| slot.waiting || slot.is_busy())
    }

    /// While stock waits, the jobs before it run once, one after the other, and do not begin anew: stock
    /// would wait for ever.
    fn may_begin(&self, job: Job) -> bool {
        if !self.stock_waits {
            return true;
        }
        let busy = |job: &Job| self.jobs.get(job).is_some_and(Slot::is_busy);
        let position = BEFORE_STOCK.iter().position(|before| *before == job);
        match position {
            Some(position) => {
                let earlier = &BEFORE_STOCK[..position];
                self.before_stock.contains(&job)
                    && !earlier.iter().any(|job| busy(job) || self.before_stock.contains(job))
            }
            None if job == Job::SyncStock => self.before_stock.is_empty() && !BEFORE_STOCK.iter().any(busy),
            None => true,
        }
    }
}

impl Slot {
    fn new(cron: &str, now: DateTime<Utc>) -> Self {
        Self { cron: cron.to_owned(), next: next_run(cron, now), busy: Arc::default(), waiting: false }
    }

    fn follow(&mut self, cron: &str, now: DateTime<Utc>) {
        if self.cron != cron {
            cron.clone_into(&mut self.cron);
            self.next = next_run(cron, now);
        }
    }

    /// Its moment has come, once for all moments that have passed.
    fn comes(&mut self, now: DateTime<Utc>) -> bool {
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        self.next = next_run(&self.cron, now);
        true
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst)
    }

    /// Marks it busy, unless its last run goes on.
    fn begin(&self) -> bool {
        !self.busy.swap(true, Ordering::SeqCst)
    }
}

/// The first moment after `now`, UTC.
fn next_run(cron: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    next_runs(cron, now, 1).pop()
}

fn start(
    running: &mut JoinSet<()>,
    runner: &Arc<Runner>,
    route: &Arc<Route>,
    job: Job,
    followers: &Followers,
    busy: Arc<AtomicBool>,
) {
    let (runner, route, followers) = (runner.clone(), route.clone(), followers.clone());
    running.spawn(async move {
        let _done = Done(busy);
        let request = RunRequest::of(job, Trigger::Schedule);
        match followers.run(&runner, &route, request).await {
            Ok(_) => {}
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
    use ipass_core::settings::parse;

    use super::*;

    fn at(minute: u32, second: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 1, 1, 10, minute, second).unwrap()
    }

    fn settings(jobs: &[(&str, &str)]) -> Settings {
        let mut all = vec![r#""cleanup_exports": {"enabled": false}"#.to_owned()];
        all.extend(jobs.iter().map(|(job, cron)| format!(r#""{job}": {{"enabled": true, "cron": "{cron}"}}"#)));
        let document = format!(r#"{{"jobs": {{{}}}, "mapping": {{"warehouse": {{"W": "1"}}}}}}"#, all.join(","));
        parse(&document, &[]).unwrap()
    }

    fn names(due: &[(Job, Arc<AtomicBool>)]) -> Vec<&'static str> {
        due.iter().map(|(job, _)| job.name()).collect()
    }

    fn end(due: Vec<(Job, Arc<AtomicBool>)>) {
        for (_, busy) in due {
            drop(Done(busy));
        }
    }

    #[test]
    fn missed_moments_make_one_run_and_a_busy_job_none() {
        let mut slots = Slots::default();
        let hourly = settings(&[("pull_orders", "0 5 * * * *")]);
        assert!(slots.due(&hourly, true, at(0, 0)).is_empty());
        assert!(slots.due(&hourly, true, at(4, 59)).is_empty());
        let first = slots.due(&hourly, true, at(5, 0));
        assert_eq!(names(&first), ["pull_orders"]);
        assert!(slots.due(&hourly, true, at(5, 1)).is_empty());
        let often = settings(&[("pull_orders", "*/10 * * * * *")]);
        assert!(slots.due(&often, true, at(6, 0)).is_empty());
        assert!(slots.due(&often, true, at(6, 30)).is_empty(), "the last run still goes on");
        end(first);
        assert_eq!(names(&slots.due(&often, true, at(9, 0))), ["pull_orders"]);
        assert!(slots.due(&often, true, at(9, 0)).is_empty());
    }

    #[test]
    fn stock_waits_for_orders_that_are_due_with_it_and_does_not_wait_for_ever() {
        let mut slots = Slots::default();
        let cron = "0 30 * * * *";
        let all = settings(&[("pull_orders", cron), ("push_orders", "*/5 * * * * *"), ("sync_stock", cron)]);
        assert!(slots.due(&all, true, at(29, 59)).is_empty());
        let pull = slots.due(&all, true, at(30, 0));
        assert_eq!(names(&pull), ["pull_orders"], "what is pulled now has to be pushed, too");
        assert!(slots.due(&all, true, at(30, 1)).is_empty());
        end(pull);
        let push = slots.due(&all, true, at(30, 2));
        assert_eq!(names(&push), ["push_orders"]);
        assert!(slots.due(&all, true, at(30, 5)).is_empty(), "the push that is due again comes after stock");
        end(push);
        let stock = slots.due(&all, true, at(30, 6));
        assert_eq!(names(&stock), ["sync_stock"]);
        assert_eq!(names(&slots.due(&all, true, at(30, 7))), ["push_orders"]);
        end(stock);
    }

    #[test]
    fn stock_alone_waits_for_nobody() {
        let mut slots = Slots::default();
        let all = settings(&[("pull_orders", "0 5 * * * *"), ("sync_stock", "0 30 * * * *")]);
        assert!(slots.due(&all, true, at(29, 59)).is_empty());
        assert_eq!(names(&slots.due(&all, true, at(30, 0))), ["sync_stock"]);
    }

    #[test]
    fn a_channel_without_stock_runs_no_stock_job() {
        let mut slots = Slots::default();
        let stock = settings(&[("sync_stock", "* * * * * *")]);
        assert!(slots.due(&stock, false, at(0, 0)).is_empty());
        assert!(slots.due(&stock, false, at(9, 0)).is_empty());
    }
}
