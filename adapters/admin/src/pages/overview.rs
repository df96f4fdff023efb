//! Where everything stands: the start page.

mod accounts;
mod silence;
mod snapshot;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use chrono::{DateTime, Duration, Utc};
use ipass_core::job::Job;
use ipass_core::ports::{CauseGroup, Notice, OrderRow, RunRecord};
use ipass_core::reason::Reason;
use ipass_core::run::Route;
use ipass_core::settings::next_runs;
use ipass_core::stage::Stage;
use serde_json::Value;

use self::accounts::{Gauge, RemoteClock, accounts};
use self::silence::{Silence, silence};
use self::snapshot::{Readings, Snapshot};
use crate::desk::links::encode;
use crate::desk::show::number;
use crate::desk::{Answer, Html, Page, Shared};
use crate::pages::jobs::words;
use crate::text::{Text, common as c, overview as t};

const PATH: &str = "/admin/overview";
/// Groups of causes that are shown.
const TOP: usize = 8;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(show)).layer(Extension(Arc::<Readings>::default()))
}

/// The list of orders with these filters.
pub(super) fn orders_href(p: &Page, filters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = filters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    p.href(&format!("/admin/orders?{}", pairs.join("&")))
}

/// One order.
pub(super) fn order_href(p: &Page, po: &str) -> String {
    format!("/admin/orders/{}/{}", encode(&p.route_name().0), encode(po))
}

/// The list of exactly the orders of a group of causes.
pub(super) fn group_href(p: &Page, group: &CauseGroup) -> String {
    let stage = group.stage.number().to_string();
    let mut filters = vec![("stage", stage.as_str()), ("reason", group.reason.code()), ("held", "no")];
    filters.extend(group.detail.as_deref().map(|detail| ("detail", detail)));
    orders_href(p, &filters)
}

/// A stage on the rail.
struct Station {
    stage: Stage,
    orders: u64,
    oldest: Option<DateTime<Utc>>,
    /// Came and left in the last hour, and in the last day.
    hour: (u64, u64),
    day: (u64, u64),
    slow: u64,
    stuck: u64,
    limits: (Duration, Duration),
}

/// How a job is doing.
struct JobHealth {
    job: Job,
    enabled: bool,
    next: Option<DateTime<Utc>>,
    last: Option<RunRecord>,
    last_success: Option<DateTime<Utc>>,
    /// Newest runs that failed in a row, the one that runs left out.
    failures: usize,
    /// Runs that were looked at.
    looked_at: usize,
}

/// The last stock run, in counts.
struct StockRun {
    run: RunRecord,
    counts: Vec<(Text, u64, bool)>,
}

impl StockRun {
    /// What the run recorded.
    fn href(&self, p: &Page) -> String {
        p.href(&format!("/admin/stock?run={}", encode(&self.run.run_id)))
    }
}

/// What the page shows.
struct View {
    invalid_settings: bool,
    stations: Vec<Station>,
    ended: Vec<(Stage, u64)>,
    alerts: Vec<Notice>,
    silence: Silence,
    due: Vec<OrderRow>,
    causes: Vec<CauseGroup>,
    takes_stock: bool,
    stock: Option<StockRun>,
    refused: u64,
    marks: [(Text, Option<DateTime<Utc>>); 2],
    jobs: Vec<JobHealth>,
    gauges: Vec<Gauge>,
    clocks: Vec<RemoteClock>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    p: &'a Page,
    v: View,
}

#[derive(Template)]
#[template(path = "overview_body.html")]
struct OverviewBody<'a> {
    p: &'a Page,
    v: View,
}

async fn show(State(desk): State<Shared>, Extension(readings): Extension<Arc<Readings>>, page: Page) -> Answer {
    let snapshot = readings.get(&desk, page.route()).await?;
    let v = view(&snapshot, page.route(), page.now);
    if page.htmx { page.show(&OverviewBody { p: &page, v }) } else { page.show(&OverviewPage { p: &page, v }) }
}

fn view(s: &Snapshot, route: &Route, now: DateTime<Utc>) -> View {
    let refused = s.causes.iter().filter(|group| group.reason == Reason::CredentialsRefused).map(|group| group.orders);
    let (gauges, clocks) = accounts(route);
    let ended = |stage: &Stage| (*stage, s.counts.iter().find(|count| count.stage == *stage).map_or(0, |c| c.orders));
    View {
        invalid_settings: s.invalid_settings,
        stations: Stage::ALL.iter().filter(|stage| !stage.is_final()).map(|stage| station(s, *stage)).collect(),
        ended: Stage::ALL.iter().filter(|stage| stage.is_final()).map(ended).collect(),
        alerts: s.alerts.clone(),
        silence: silence(s.created.clone(), now),
        due: s.due.clone(),
        causes: s.causes.iter().take(TOP).cloned().collect(),
        takes_stock: route.inventory.is_some(),
        stock: s.runs.iter().find(|(job, _)| *job == Job::SyncStock).and_then(|(_, runs)| stock_run(runs)),
        refused: refused.sum(),
        marks: [(t::MARK_CREATED, s.pulled.created_mark), (t::MARK_UPDATED, s.pulled.updated_mark)],
        jobs: s
            .runs
            .iter()
            .filter(|(job, _)| *job != Job::CheckOrders)
            .map(|(job, runs)| health(s, *job, runs, now))
            .collect(),
        gauges,
        clocks,
    }
}

fn station(s: &Snapshot, stage: Stage) -> Station {
    let count = s.counts.iter().find(|count| count.stage == stage);
    let age = s.ages.iter().find(|age| age.stage == stage);
    let moved = |moves: &[ipass_core::ports::StageMoves]| {
        moves.iter().find(|moves| moves.stage == stage).map_or((0, 0), |moves| (moves.entered, moves.left))
    };
    Station {
        stage,
        orders: count.map_or(0, |count| count.orders),
        oldest: count.and_then(|count| count.oldest),
        hour: moved(&s.hour),
        day: moved(&s.day),
        slow: age.map_or(0, |age| age.slow),
        stuck: age.map_or(0, |age| age.stuck),
        limits: s.settings.attention.limits(stage),
    }
}

fn health(s: &Snapshot, job: Job, runs: &[RunRecord], now: DateTime<Utc>) -> JobHealth {
    let settings = s.settings.job(job);
    let enabled = settings.enabled && !s.invalid_settings;
    let ended = || runs.iter().filter(|run| run.state != "running");
    JobHealth {
        job,
        enabled,
        next: enabled.then(|| next_runs(&settings.cron, now, 1).first().copied()).flatten(),
        last: runs.first().cloned(),
        last_success: ended().find(|run| run.state == "done").and_then(|run| run.finished_at),
        failures: ended().take_while(|run| run.state == "failed").count(),
        looked_at: ended().count(),
    }
}

/// The newest run that has figures.
fn stock_run(runs: &[RunRecord]) -> Option<StockRun> {
    let run = runs.iter().find(|run| run.state != "running")?;
    let report: Value = run.report.as_deref().and_then(|report| serde_json::from_str(report).ok()).unwrap_or_default();
    let count = |name: &str| report["counts"][name].as_u64().unwrap_or(0);
    // Name, count, and whether any is too many.
    let counts = vec![
        (t::COMPARED, count("compared"), false),
        (t::DIFFERENT, count("different"), false),
        (t::WRITTEN, count("written"), false),
        (t::UNCONFIRMED, count("unconfirmed"), true),
        (t::FAILED, count("failed"), true),
        (t::GUARDED, count("guarded"), true),
    ];
    Some(StockRun { run: run.clone(), counts })
}

impl Station {
    fn limits(&self, p: &Page) -> String {
        p.t2(t::LIMITS, p.span(self.limits.0), p.span(self.limits.1))
    }
}

impl JobHealth {
    const fn name(&self) -> Text {
        words::name(self.job)
    }

    /// Said of a job without a success among the runs that were looked at.
    fn not_lately(&self, p: &Page) -> String {
        let none = self.looked_at == 0;
        if none { p.t(t::NEVER).to_owned() } else { p.t1(t::NOT_LATELY, self.looked_at) }
    }
}

// What the templates ask for.

fn stage_name(p: &Page, stage: impl Borrow<Stage>) -> &'static str {
    p.stage(*stage.borrow())
}

/// A stage as a mark.
pub(super) fn mark(p: &Page, stage: impl Borrow<Stage>) -> Html {
    p.stage_mark(*stage.borrow())
}

fn since(p: &Page, at: &DateTime<Utc>) -> String {
    p.span(p.now - at)
}

fn refused_href(p: &Page) -> String {
    orders_href(p, &[("reason", Reason::CredentialsRefused.code())])
}

fn stage_href(p: &Page, stage: impl Borrow<Stage>) -> String {
    orders_href(p, &[("stage", &stage.borrow().number().to_string())])
}

/// The orders of a stage, those that are there longest first.
fn oldest_href(p: &Page, stage: impl Borrow<Stage>) -> String {
    orders_href(p, &[("stage", &stage.borrow().number().to_string()), ("sort", "in_stage")])
}

fn due_href(p: &Page) -> String {
    orders_href(p, &[("stage", "1"), ("stage", "2"), ("stage", "3"), ("sort", "ship_by")])
}

fn silence_words(p: &Page, silence: &Silence) -> (bool, String) {
    match *silence {
        Silence::NoOrder => (false, p.t(t::SILENCE_NONE).to_owned()),
        Silence::Last(last) => (false, p.t1(t::SILENCE_FIRST, p.ago(&last))),
        Silence::Usual { last, gap, long: false } => {
            (false, p.t2(t::SILENCE_USUAL, p.ago(&last), p.span(gap.max(Duration::seconds(1)))))
        }
        Silence::Usual { last, gap, long: true } => {
            (true, p.t2(t::SILENCE_LONG, p.ago(&last), p.span(gap.max(Duration::seconds(1)))))
        }
    }
}

/// An alert in the reader's language, and where to look. The keys are those of `usecase::conditions`.
fn alert(p: &Page, key: &str) -> (String, String) {
    let (kind, rest) = key.split_once(':').unwrap_or((key, ""));
    let stage = || rest.parse().ok().and_then(Stage::from_number);
    match kind {
        "stuck" => match stage() {
            Some(stage) => (p.t1(t::ALERT_STUCK, p.stage(stage)), oldest_href(p, stage)),
            None => (p.t1(t::ALERT_OTHER, key), p.href("/admin/orders")),
        },
        "quiet" => (p.t(t::ALERT_QUIET).to_owned(), p.href("/admin/jobs")),
        "credentials" => {
            (p.t(t::ALERT_CREDENTIALS).to_owned(), orders_href(p, &[("reason", Reason::CredentialsRefused.code())]))
        }
        "clock" => (p.t(t::ALERT_CLOCK).to_owned(), orders_href(p, &[("reason", Reason::ClockWrong.code())])),
        "stock_guard" => (p.t(t::ALERT_STOCK).to_owned(), p.href("/admin/stock")),
        "job" => {
            let name = Job::parse(rest, &[]).map_or(rest, |job| p.t(words::name(job)));
            (p.t1(t::ALERT_JOB, name), p.href("/admin/jobs"))
        }
        _ => (p.t1(t::ALERT_OTHER, key), p.href("/admin/jobs")),
    }
}

fn overdue(p: &Page, row: &OrderRow) -> bool {
    row.ship_by.is_some_and(|at| at < p.now)
}

fn why(p: &Page, row: &OrderRow) -> String {
    let cause = row.last_outcome.as_ref().and_then(|outcome| outcome.cause.as_ref());
    cause.map_or_else(|| p.t(t::NOT_TRIED).to_owned(), |cause| p.reason(cause.reason.code(), &cause.detail))
}

/// A run's state, and the class of its mark.
fn state(p: &Page, state: &str) -> (String, &'static str) {
    match state {
        "running" => (p.t(t::RUNNING).to_owned(), ""),
        "done" => (p.t(t::DONE).to_owned(), "good"),
        "failed" => (p.t(t::RUN_FAILED).to_owned(), "bad"),
        "interrupted" => (p.t(t::INTERRUPTED).to_owned(), "warn"),
        other => (other.to_owned(), ""),
    }
}

/// Where a run is shown.
fn run_href(p: &Page, run_id: &str) -> String {
    p.href(&format!("/admin/jobs/runs/{}", encode(run_id)))
}
