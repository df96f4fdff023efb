//! Work of several steps that goes on by itself: running all jobs, repairing many orders. It is followed like a
//! run, and known for as long.

use std::time::Duration;

use askama::Template;
use ipass_core::ports::RouteName;
use serde_json::{Value, json};

use super::start::{order_path, run_path};
use crate::desk::{Answer, Desk, Fault, Html, Page, Shared};
use crate::pages::jobs::words;
use crate::text::{Text, jobs as t};

/// Between two looks at a run whose news do not come here.
const LOOK: Duration = Duration::from_secs(2);
/// Looks in a row that may find the store down.
const PATIENCE: u32 = 60;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    Waits,
    Running,
    Done,
    Failed,
    Refused,
    LeftOut,
}

impl StepState {
    const ALL: [Self; 6] = [Self::Waits, Self::Running, Self::Done, Self::Failed, Self::Refused, Self::LeftOut];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::LeftOut => "left_out",
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Waits)
    }

    const fn words(self) -> (Text, &'static str) {
        match self {
            Self::Waits => (t::STEP_WAITS, ""),
            Self::Running => (t::STEP_RUNNING, "warn"),
            Self::Done => (t::STEP_DONE, "good"),
            Self::Failed => (t::STEP_FAILED, "bad"),
            Self::Refused => (t::STEP_REFUSED, "bad"),
            Self::LeftOut => (t::STEP_LEFT_OUT, "warn"),
        }
    }
}

/// Why a step is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    Moved,
    StockNotSafe,
    Stopped,
    Joined,
    NotRecorded,
    /// Words of the core.
    Said(String),
}

impl Note {
    const KNOWN: [(Self, &'static str, Text); 5] = [
        (Self::Moved, "moved", t::STEP_MOVED),
        (Self::StockNotSafe, "stock_not_safe", t::STEP_STOCK_NOT_SAFE),
        (Self::Stopped, "stopped", t::STEP_STOPPED),
        (Self::Joined, "joined", t::STEP_JOINED),
        (Self::NotRecorded, "not_recorded", t::STEP_NOT_RECORDED),
    ];

    fn parts(&self) -> (&str, &str) {
        match self {
            Self::Said(text) => ("said", text),
            Self::Moved | Self::StockNotSafe | Self::Stopped | Self::Joined | Self::NotRecorded => {
                (Self::KNOWN.iter().find(|(note, _, _)| note == self).map_or("", |(_, code, _)| code), "")
            }
        }
    }
}

/// The work, for whoever does it.
pub(crate) struct Steps {
    desk: Shared,
    pub(crate) id: String,
}

impl Steps {
    /// Begins: `kind` is `run_all` or `repair`; a step is about a job or an order.
    pub(crate) fn begin(desk: &Shared, kind: &str, route: &RouteName, names: &[String]) -> Self {
        let id = format!("{kind}-{}", desk.token().get(..24).unwrap_or_default());
        desk.progress.tell_own(&id, "began", json!({"route": route.0, "job": kind, "steps": names}));
        Self { desk: desk.clone(), id }
    }

    /// Tells what became of a step, counted from 0.
    pub(crate) fn tell(&self, step: usize, state: StepState, run_id: Option<&str>, note: Option<&Note>) {
        let (note, said) = note.map(Note::parts).unzip();
        let event = json!({
            "name": "step", "step": step, "state": state.as_str(), "run_id": run_id, "note": note, "said": said,
        });
        self.desk.progress.tell_own(&self.id, "point", event);
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) {
        self.desk.progress.finished(&self.id, &Value::Null);
    }

    /// Whether the process stops.
    pub(crate) fn stopping(&self) -> bool {
        *self.desk.progress.closing().borrow()
    }
}

/// Waits for the end of a run: `done`, `failed` or `interrupted`; `None` when that cannot be learned, or the
/// process stops.
pub(crate) async fn ended(desk: &Desk, run_id: &str) -> Option<String> {
    let mut closing = desk.progress.closing();
    let mut failures = 0;
    loop {
        if let Some((events, true)) = desk.progress.kept(run_id) {
            let report = events.iter().rev().find(|event| event["kind"] == "finished");
            return report.and_then(|event| event["report"]["result"].as_str().map(str::to_owned));
        }
        match desk.store.run(run_id).await {
            Ok(Some(run)) if run.state != "running" => return Some(run.state),
            Ok(Some(_)) => failures = 0,
            Ok(None) => return None,
            Err(_) => failures += 1,
        }
        if *closing.borrow_and_update() || failures > PATIENCE {
            return None;
        }
        tokio::select! {
            _ = closing.changed() => {}
            () = desk.runner.clock.sleep(LOOK) => {}
        }
    }
}

/// A step as it is shown.
struct StepRow {
    name: String,
    /// Where the order of the step is.
    order: Option<String>,
    mark: Html,
    run: Option<String>,
    note: Option<String>,
}

/// The work as it is shown.
struct View {
    title: Text,
    events: String,
    rows: Vec<StepRow>,
    ended: bool,
    /// Steps that have begun.
    begun: usize,
}

#[derive(Template)]
#[template(path = "run_steps.html")]
struct StepsPage<'a> {
    p: &'a Page,
    view: View,
}

#[derive(Template)]
#[template(path = "run_steps_part.html")]
struct StepsPart<'a> {
    p: &'a Page,
    view: View,
}

/// The page of the work, or the part of it that changes.
pub(crate) fn show(page: &Page, id: &str) -> Answer {
    let kept = page.desk.progress.kept(id);
    let view = kept.and_then(|(events, ended)| view(page, id, &events, ended));
    let view = view.ok_or_else(|| {
        let (status, code) = (axum::http::StatusCode::NOT_FOUND, "not_found");
        Fault::with_status(status, code, t::STEPS_GONE, t::STEPS_GONE_HELP)
    })?;
    if page.htmx { page.show(&StepsPart { p: page, view }) } else { page.show(&StepsPage { p: page, view }) }
}

/// The steps of the work as JSON, for programs.
pub(crate) fn as_json(desk: &Desk, id: &str) -> Option<Value> {
    let (events, ended) = desk.progress.kept(id)?;
    let steps = latest(&events)?;
    let steps: Vec<Value> = steps
        .into_iter()
        .map(|(name, event)| {
            let event = event.unwrap_or(&Value::Null);
            let state = StepState::parse(event["state"].as_str().unwrap_or_default());
            json!({"name": name, "state": state.as_str(), "run_id": event["run_id"], "note": event["note"], "said": event["said"]})
        })
        .collect();
    Some(json!({"id": id, "ended": ended, "steps": steps}))
}

/// Each step's name with its newest event.
fn latest(events: &[Value]) -> Option<Vec<(&str, Option<&Value>)>> {
    let names = events.iter().find_map(|event| event["steps"].as_array())?;
    let of = |step: usize| events.iter().rev().find(|event| event["name"] == "step" && event["step"] == json!(step));
    Some(names.iter().enumerate().map(|(at, name)| (name.as_str().unwrap_or_default(), of(at))).collect())
}

fn view(page: &Page, id: &str, events: &[Value], ended: bool) -> Option<View> {
    let began = events.iter().find(|event| event["steps"].is_array())?;
    let route = began["route"].as_str().unwrap_or_default();
    let steps = latest(events)?;
    let at_work = steps.iter().filter(|(_, event)| event.is_some()).count();
    let rows = steps.into_iter().map(|(name, event)| row(page, route, name, event)).collect();
    let title = if began["job"] == "repair" { t::STEPS_REPAIR } else { t::STEPS_ALL };
    Some(View { title, events: super::events_path(id), rows, ended, begun: at_work })
}

fn row(page: &Page, route: &str, name: &str, event: Option<&Value>) -> StepRow {
    let text = |member: &str| event.and_then(|event| event[member].as_str());
    let (words_of, class) = StepState::parse(text("state").unwrap_or_default()).words();
    let job = words::job(name);
    let note = text("note").and_then(|code| match code {
        "said" => text("said").map(|words| page.said(words)),
        code => Note::KNOWN.iter().find(|(_, known, _)| *known == code).map(|(_, _, words)| page.t(*words).to_owned()),
    });
    StepRow {
        name: job.map_or_else(|| name.to_owned(), |job| page.t(words::name(job)).to_owned()),
        order: job.is_none().then(|| page.href(&order_path(route, name))),
        mark: super::mark(page.t(words_of), class),
        run: text("run_id").map(|run_id| page.href(&run_path(run_id))),
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_about_a_step_counts() {
        let events = [
            json!({"kind": "began", "steps": ["pull_orders", "push_orders"]}),
            json!({"kind": "point", "name": "step", "step": 0, "state": "running"}),
            json!({"kind": "point", "name": "step", "step": 0, "state": "failed"}),
        ];
        let steps = latest(&events).unwrap();
        let state = |at: usize| steps[at].1.map(|event: &Value| event["state"].clone());
        assert_eq!((state(0), state(1)), (Some(json!("failed")), None));
        assert!(latest(&events[1..]).is_none(), "without its beginning nothing is known");
    }

    #[test]
    fn states_and_notes_come_back_as_they_were_told() {
        for state in StepState::ALL {
            assert_eq!(StepState::parse(state.as_str()), state);
        }
        for (note, code, _) in Note::KNOWN {
            assert_eq!(note.parts(), (code, ""));
        }
        assert_eq!(Note::Said("x".to_owned()).parts(), ("said", "x"));
    }
}
