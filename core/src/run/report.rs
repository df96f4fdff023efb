use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::job::Job;
use crate::order::PoNumber;
use crate::ports::{RouteName, SaveCounts, Trigger};
use crate::reason::{Cause, OutcomeKind};
use crate::stage::Stage;

/// How one order's part in a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderOutcome {
    /// The order.
    pub po: PoNumber,
    /// How; `None` in a dry run that would send something.
    pub kind: Option<OutcomeKind>,
    /// Why it stayed.
    pub cause: Option<Cause>,
    /// Stage before.
    pub before: Stage,
    /// Stage after.
    pub after: Stage,
}

/// What a job did, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobReport {
    /// Orders taken for work.
    pub selected: u64,
    /// One per order taken.
    pub outcomes: Vec<OrderOutcome>,
    /// What pulling stored; `None` for other jobs.
    pub pulled: Option<PullCounts>,
}

/// What pulling did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullCounts {
    /// Orders in all pages.
    pub seen: u64,
    /// What became of them.
    pub saved: SaveCounts,
}

impl JobReport {
    /// Outcomes of one kind.
    pub fn count(&self, kind: OutcomeKind) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.kind == Some(kind)).count() as u64
    }
}

/// The whole story of one run.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// Id of the run.
    pub run_id: String,
    /// The route.
    pub route: RouteName,
    /// The job.
    pub job: Job,
    /// Who started it.
    pub trigger: Trigger,
    /// UTC.
    pub started_at: DateTime<Utc>,
    /// UTC.
    pub finished_at: DateTime<Utc>,
    /// What it did.
    pub done: JobReport,
    /// Remote calls per kind.
    pub calls: BTreeMap<String, u64>,
    /// Why it failed as a whole.
    pub error: Option<String>,
}

impl RunReport {
    /// `done` or `failed`.
    pub fn result(&self) -> &'static str {
        if self.error.is_some() { "failed" } else { "done" }
    }

    /// Counts by name: `seen, stored, unchanged, invalid` for pulling, else
    /// `selected, advanced, waiting, blocked, failed`.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        match &self.done.pulled {
            Some(pulled) => vec![
                ("seen", pulled.seen),
                ("stored", pulled.saved.stored),
                ("updated", pulled.saved.updated),
                ("unchanged", pulled.saved.unchanged),
                ("invalid", pulled.saved.invalid),
            ],
            None => vec![
                ("selected", self.done.selected),
                ("advanced", self.done.count(OutcomeKind::Advanced)),
                ("waiting", self.done.count(OutcomeKind::Waiting)),
                ("blocked", self.done.count(OutcomeKind::Blocked)),
                ("failed", self.done.count(OutcomeKind::Failed)),
            ],
        }
    }
}

impl RunReport {
    /// The report as the JSON document of the interface; times as RFC 3339 in UTC.
    pub fn to_json(&self, with_outcomes: bool) -> Value {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let counts: serde_json::Map<String, Value> =
            self.counts().into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let mut document = json!({
            "run_id": self.run_id,
            "route": self.route.0,
            "job": self.job.name(),
            "trigger": self.trigger.as_str(),
            "started_at": time(self.started_at),
            "finished_at": time(self.finished_at),
            "duration_ms": (self.finished_at - self.started_at).num_milliseconds(),
            "result": self.result(),
            "counts": counts,
            "calls": self.calls,
            "error": self.error,
        });
        if with_outcomes && let Some(object) = document.as_object_mut() {
            object.insert("outcomes".to_owned(), self.done.outcomes.iter().map(outcome_json).collect());
        }
        document
    }
}

fn outcome_json(outcome: &OrderOutcome) -> Value {
    json!({
        "po_number": outcome.po.as_str(),
        "outcome": outcome.kind.map_or("would_send", OutcomeKind::as_str),
        "reason": outcome.cause.as_ref().map(|cause| cause.reason.code()),
        "detail": outcome.cause.as_ref().map(|cause| cause.detail.as_str()),
        "status_before": outcome.before.number(),
        "status_after": outcome.after.number(),
    })
}
