//! What the runs of this process are doing, and the stream of it.

mod stream;

pub(crate) use stream::events;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use ipass_core::job::Job;
use ipass_core::ports::{Clock, RunRef};
use ipass_core::run::{LogLine, OrderOutcome};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Events of one run that are kept; the oldest go first.
const KEPT: usize = 500;
/// Runs that are kept; the oldest that have ended go first.
const RUNS: usize = 200;
/// How long a run that has ended can still be followed.
const AFTER_END: Duration = Duration::minutes(15);

/// Follows runs for the pages. Memory is bounded: `KEPT` events for each of `RUNS` runs.
///
/// Whoever starts runs tells it from a [`RunWatch`](ipass_core::run::RunWatch): `began`, `point`, `order_done`,
/// and `finished` with the report. Events are JSON objects with `seq` (from 1), `at` and `kind`: `began` (`route`,
/// `job`), `point` (`name`), `order` (`po_number`, `outcome`, `reason`, `detail`, `status_before`, `status_after`),
/// `log` (`code`, `values`) and `finished` (`report`).
pub struct Progress {
    clock: Arc<dyn Clock>,
    runs: Mutex<HashMap<String, Track>>,
    /// True when the process stops: streams end.
    closed: watch::Sender<bool>,
}

/// An event as text, which takes a quarter of the room.
struct Told {
    seq: u64,
    /// A line of the log.
    is_line: bool,
    text: Box<str>,
}

struct Track {
    events: VecDeque<Told>,
    last: watch::Sender<u64>,
    touched: DateTime<Utc>,
    ended: bool,
}

/// Why there is nothing more of a run for the moment.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    /// Events after the asked one, and whether the run has ended with them.
    Events(Vec<(u64, Value)>, bool),
    /// No run of this process, or forgotten.
    Unknown,
}

impl Progress {
    /// Follows nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, runs: Mutex::default(), closed: watch::Sender::new(false) }
    }

    /// A run holds its lock and begins.
    pub fn began(&self, run: &RunRef, job: Job) {
        self.tell(&run.run_id, "began", json!({"route": run.route.0, "job": job.name()}));
    }

    /// It has come to a named point.
    pub fn point(&self, run_id: &str, name: &str) {
        self.tell(run_id, "point", json!({"name": name}));
    }

    /// One order's part has ended.
    pub fn order_done(&self, run_id: &str, outcome: &OrderOutcome) {
        let event = json!({
            "po_number": outcome.po.as_str(),
            "outcome": outcome.kind.map_or("would_send", ipass_core::reason::OutcomeKind::as_str),
            "reason": outcome.cause.as_ref().map(|cause| cause.reason.code()),
            "detail": outcome.cause.as_ref().map(|cause| cause.detail.as_str()),
            "status_before": outcome.before.number(),
            "status_after": outcome.after.number(),
        });
        self.tell(run_id, "order", event);
    }

    /// A line of its log.
    pub fn log(&self, run_id: &str, line: &LogLine) {
        self.tell(run_id, "log", line.to_json());
    }

    /// It has ended; `report` is the report's JSON.
    pub fn finished(&self, run_id: &str, report: &Value) {
        self.tell(run_id, "finished", json!({"report": report}));
    }

    /// The process stops: all streams end, so that the server can.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    fn tell(&self, run_id: &str, kind: &str, mut event: Value) {
        let now = self.clock.now();
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        prune(&mut runs, now, run_id);
        let track = runs.entry(run_id.to_owned()).or_insert_with(|| Track {
            events: VecDeque::new(),
            last: watch::Sender::new(0),
            touched: now,
            ended: false,
        });
        let seq = *track.last.borrow() + 1;
        if let Some(event) = event.as_object_mut() {
            event.insert("seq".to_owned(), json!(seq));
            event.insert("at".to_owned(), json!(now.to_rfc3339_opts(SecondsFormat::Millis, true)));
            event.insert("kind".to_owned(), json!(kind));
        }
        if track.events.len() >= KEPT {
            // Results of orders are worth more than lines of the log, of which the record has the newest.
            let line = track.events.iter().position(|told| told.is_line).unwrap_or(0);
            track.events.remove(line);
        }
        track.events.push_back(Told { seq, is_line: kind == "log", text: event.to_string().into_boxed_str() });
        track.touched = now;
        track.ended |= kind == "finished";
        track.last.send_replace(seq);
    }

    /// What came after event `after`.
    pub(crate) fn since(&self, run_id: &str, after: u64) -> Seen {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match runs.get(run_id) {
            None => Seen::Unknown,
            Some(track) => {
                let newer = track.events.iter().filter(|told| told.seq > after);
                // It was made from such a value.
                let read = |told: &Told| (told.seq, serde_json::from_str(&told.text).unwrap_or_default());
                Seen::Events(newer.map(read).collect(), track.ended)
            }
        }
    }

    /// Tells when a run of this process has something new.
    pub(crate) fn news(&self, run_id: &str) -> Option<watch::Receiver<u64>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(run_id).map(|track| track.last.subscribe())
    }

    /// Tells when the process stops.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }
}

impl Progress {
    /// Something of a page that goes on by itself, followed like a run: an event with members of its own.
    pub(crate) fn tell_own(&self, id: &str, kind: &str, event: Value) {
        self.tell(id, kind, event);
    }

    /// Everything that is kept of a run, and whether it has ended; `None` if it is not known.
    pub(crate) fn kept(&self, run_id: &str) -> Option<(Vec<Value>, bool)> {
        match self.since(run_id, 0) {
            Seen::Events(events, ended) => Some((events.into_iter().map(|(_, event)| event).collect(), ended)),
            Seen::Unknown => None,
        }
    }
}

/// Forgets runs whose time is up, and makes room for a new one.
fn prune(runs: &mut HashMap<String, Track>, now: DateTime<Utc>, run_id: &str) {
    runs.retain(|_, track| !track.ended || track.touched + AFTER_END > now);
    if runs.len() >= RUNS && !runs.contains_key(run_id) {
        let oldest = runs.iter().min_by_key(|(_, track)| (!track.ended, track.touched)).map(|(id, _)| id.clone());
        oldest.map(|id| runs.remove(&id));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration as Span;

    use ipass_core::testing::ManualClock;

    use super::*;

    fn progress() -> (Arc<ManualClock>, Progress) {
        let clock = Arc::new(ManualClock::default());
        (Arc::clone(&clock), Progress::new(clock))
    }

    fn seen(progress: &Progress, run: &str, after: u64) -> (Vec<u64>, bool) {
        match progress.since(run, after) {
            Seen::Events(events, ended) => (events.into_iter().map(|(seq, _)| seq).collect(), ended),
            Seen::Unknown => (Vec::new(), true),
        }
    }

    #[test]
    fn whoever_comes_late_or_again_misses_nothing_that_is_kept() {
        let (_, progress) = progress();
        for n in 0..3 {
            progress.point("run", &n.to_string());
        }
        assert_eq!(seen(&progress, "run", 0), (vec![1, 2, 3], false));
        assert_eq!(seen(&progress, "run", 2), (vec![3], false));
        progress.finished("run", &json!({"result": "done"}));
        assert_eq!(seen(&progress, "run", 3), (vec![4], true));
        assert_eq!(progress.since("other", 0), Seen::Unknown);
    }

    #[test]
    fn memory_is_bounded_by_events_runs_and_time() {
        let (clock, progress) = progress();
        for n in 0..KEPT + 7 {
            progress.point("long", &n.to_string());
        }
        let (kept, _) = seen(&progress, "long", 0);
        assert_eq!((kept.len(), kept[0]), (KEPT, 8));
        for n in 0..RUNS + 20 {
            clock.advance(Span::from_millis(1));
            progress.finished(&format!("run {n}"), &Value::Null);
        }
        assert_eq!(progress.runs.lock().unwrap().len(), RUNS);
        assert_ne!(progress.since("long", 0), Seen::Unknown, "a living run stays while others have ended");
        clock.advance(Span::from_mins(15));
        progress.point("long", "still here");
        assert_eq!(progress.runs.lock().unwrap().len(), 1);
    }
}
