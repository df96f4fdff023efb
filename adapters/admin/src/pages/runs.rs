//! Runs: the list, and one run while it goes on and afterwards.

mod report;
mod start;
mod steps;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use ipass_core::job::Job;
use ipass_core::ports::RunRecord;

use super::jobs::words;
use crate::desk::show::escaped;
use crate::desk::{Answer, Fault, Html, Page, Query, Shared, links};
use crate::text::{common as c, jobs as t};

pub(crate) use report::{FindingLine, RunView, StockLine, counts};
pub(crate) use start::{order_path, run_path, running, start};
pub(crate) use steps::{Note, StepState, Steps, as_json as steps_json, ended, show as show_steps};

/// Runs of the list.
const NEWEST: u32 = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/admin/jobs/runs", get(list)).route("/admin/jobs/runs/{run_id}", get(show))
}

/// Where the events of a run are.
pub(crate) fn events_path(id: &str) -> String {
    format!("/admin/api/runs/{}/events", links::encode(id))
}

/// A word in a frame; `class` is `good`, `bad`, `warn` or nothing.
pub(crate) fn mark(words: &str, class: &str) -> Html {
    Html(format!(r#"<span class="mark {class}">{}</span>"#, escaped(words)))
}

/// How a run stands, by the text that is stored.
pub(crate) fn state_words<'a>(page: &Page, state: &'a str) -> &'a str {
    match state {
        "running" => page.t(t::RUNNING),
        "done" => page.t(t::DONE),
        "failed" => page.t(t::FAILED_RUN),
        "interrupted" => page.t(t::INTERRUPTED),
        other => other,
    }
}

/// The same as a mark.
pub(crate) fn state_mark(page: &Page, state: &str) -> Html {
    let class = match state {
        "running" => "warn",
        "done" => "good",
        _ => "bad",
    };
    mark(state_words(page, state), class)
}

/// How long a run took, or takes so far.
pub(crate) fn duration(page: &Page, run: &RunRecord) -> String {
    page.span(run.finished_at.unwrap_or(page.now) - run.started_at)
}

#[derive(Template)]
#[template(path = "runs.html")]
struct ListPage<'a> {
    p: &'a Page,
    job: Option<Job>,
    runs: Vec<RunRecord>,
}

impl ListPage<'_> {
    fn job_name(&self, name: &str) -> String {
        words::job(name).map_or_else(|| name.to_owned(), |job| self.p.t(words::name(job)).to_owned())
    }
}

async fn list(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let job = query.read("job", c::BAD_CHOICE, words::job);
    query.check()?;
    let runs = desk.store.runs(Some(page.route_name()), job.map(Job::name), NEWEST).await?;
    page.show(&ListPage { p: &page, job, runs })
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage<'a> {
    p: &'a Page,
    run: RunView,
}

#[derive(Template)]
#[template(path = "run_part.html")]
struct RunPart<'a> {
    p: &'a Page,
    run: RunView,
}

/// `GET /admin/jobs/runs/{run_id}`; `outcome` shows only orders that ended so.
async fn show(page: Page, Path(run_id): Path<String>) -> Answer {
    let run = look(&page, &run_id).await?;
    if page.htmx { page.show(&RunPart { p: &page, run }) } else { page.show(&RunPage { p: &page, run }) }
}

/// All that is known of a run.
pub(crate) async fn look(page: &Page, run_id: &str) -> Result<RunView, Fault> {
    let record = page.desk.store.run(run_id).await?;
    let kept = page.desk.progress.kept(run_id);
    RunView::of(page, run_id, record.as_ref(), kept).ok_or(Fault::NotFound)
}
