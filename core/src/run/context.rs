use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{Fact, LogLine};
use crate::job::Job;
use crate::order::PoNumber;
use crate::ports::{Clock, PortError, RunRef, StoreError};
use crate::settings::Settings;

/// Somebody who follows a run: progress bars, tests that stop it at a point, the shutdown.
pub trait RunWatch: Send + Sync {
    /// The run holds its lock and begins.
    fn began(&self, run: &RunRef) {
        let _ = run;
    }

    /// The run has come to a named point, for example `push_orders:intended`.
    fn point(&self, name: &str) {
        let _ = name;
    }

    /// One order's part has ended.
    fn order_done(&self, outcome: &super::OrderOutcome) {
        let _ = outcome;
    }

    /// A line of its log.
    fn log(&self, line: &super::LogLine) {
        let _ = line;
    }

    /// No new work should be begun.
    fn stopping(&self) -> bool {
        false
    }
}

/// Nobody follows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl RunWatch for Unwatched {}

/// What a use case knows about the run that it is in.
pub struct RunContext<'a> {
    /// The run, as every write of the store carries it.
    pub run: RunRef,
    /// The job.
    pub job: Job,
    /// Only this order.
    pub po: Option<PoNumber>,
    /// Started by a person: disabled jobs run, next-try times are ignored.
    pub manual: bool,
    /// Nothing is sent and nothing is stored.
    pub dry_run: bool,
    /// At most so many orders.
    pub size: u32,
    /// The snapshot of the settings.
    pub settings: &'a Settings,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Who follows.
    pub watch: &'a dyn RunWatch,
    /// What the run has done so far; it survives a failure in mid-run.
    pub report: Mutex<super::JobReport>,
}

impl RunContext<'_> {
    /// Adds to the report.
    pub fn tell(&self, change: impl FnOnce(&mut super::JobReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds a line to the log of the run, and tells whoever follows.
    pub fn log(&self, fact: Fact, values: impl IntoIterator<Item = String>) {
        let line = LogLine { at: self.clock.now(), fact, values: values.into_iter().collect() };
        self.watch.log(&line);
        self.tell(|report| report.log.add(line));
    }

    /// Tells whoever follows that the run has come to a point.
    pub fn point(&self, name: &str) {
        self.watch.point(&format!("{}:{name}", self.job));
    }
}

/// Why a run ended as a whole before it had looked at everything.
#[derive(Debug)]
pub enum RunError {
    /// The store.
    Store(StoreError),
    /// A remote call that the whole run hangs on.
    Port(PortError),
    /// The settings do not allow the job, and this is what to do about it.
    Settings(String),
    /// The job cannot be run like this.
    Usage(String),
    /// A guard stopped it, and this is what to do about it.
    Guard(String),
    /// The export directory.
    Files(String),
    /// Whoever runs the service is stopping it; the next run does what this one left.
    Stopped(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Port(error) => error.fmt(f),
            Self::Settings(text) | Self::Usage(text) | Self::Guard(text) | Self::Files(text) | Self::Stopped(text) => {
                f.write_str(text)
            }
        }
    }
}

impl std::error::Error for RunError {}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PortError> for RunError {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}
