//! The jobs of a route: schedules, runs by hand, pulling a range.

pub(crate) mod all;
mod history;
mod range;
pub(crate) mod words;

pub(super) use range::{presets, range, utc};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use ipass_core::job::Job;
use ipass_core::ports::{RunRecord, Trigger};
use ipass_core::run::{Refused, RunRequest};
use ipass_core::settings::{JobSettings, next_runs};

use super::runs::{run_path, start};
use crate::desk::{Answer, Fault, Flash, Form, Html, Page, Say, Shared};
use crate::text::{common as c, jobs as t};

pub(super) const LIST: &str = "/admin/jobs";
/// Runs of a history.
const HISTORY: u32 = 30;
/// Coming runs that are named.
const NEXT: usize = 3;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(LIST, get(list))
        .route("/admin/jobs/run", post(run))
        .route("/admin/jobs/all", post(all::begin))
        .route("/admin/jobs/all/{id}", get(all::show))
        .route("/admin/jobs/pull", get(range::show).post(range::pull))
}

/// One job as the list shows it.
struct JobRow {
    job: Job,
    settings: JobSettings,
    /// The schedule can run it.
    scheduled: bool,
    /// The channel can take what it sends.
    possible: bool,
    schedule: String,
    next: Vec<DateTime<Utc>>,
    last: Option<RunRecord>,
    /// Run that goes on at this moment.
    running: Option<String>,
    bars: Html,
}

impl JobRow {
    /// Where it is switched on and off.
    fn key(&self) -> String {
        format!("/admin/settings?key=jobs.{}.enabled", self.job.name())
    }

    /// Whether a dry run of it shows anything.
    const fn dry(&self) -> bool {
        self.job.stage().is_some() || matches!(self.job, Job::PullOrders | Job::SyncStock | Job::PullSkuPairs)
    }
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct ListPage<'a> {
    p: &'a Page,
    rows: Vec<JobRow>,
    /// Why nothing runs.
    broken: Option<String>,
}

#[derive(Template)]
#[template(path = "jobs_list.html")]
struct ListPart<'a> {
    p: &'a Page,
    rows: Vec<JobRow>,
    broken: Option<String>,
}

async fn list(State(desk): State<Shared>, page: Page) -> Answer {
    let (settings, broken) = match desk.runner.settings(page.route()).await {
        Ok((settings, _)) => (Some(settings), None),
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(refused @ (Refused::Settings(_) | Refused::Usage(_) | Refused::AlreadyRunning)) => {
            (None, Some(page.say(&Say::said(c::VERBATIM, &refused))))
        }
    };
    let settings = settings.unwrap_or_default();
    let mut rows = Vec::new();
    for job in Job::ALL {
        let runs = desk.store.runs(Some(page.route_name()), Some(job.name()), HISTORY).await?;
        let of_job = settings.job(job);
        let possible = job != Job::SyncStock || page.route().inventory.is_some();
        let scheduled = job != Job::CheckOrders && possible;
        let due = scheduled && of_job.enabled && broken.is_none();
        rows.push(JobRow {
            job,
            scheduled,
            possible,
            schedule: words::in_words(&page, &of_job.cron),
            next: if due { next_runs(&of_job.cron, page.now, NEXT) } else { Vec::new() },
            running: runs.iter().find(|run| run.state == "running").map(|run| run.run_id.clone()),
            bars: history::bars(&page, &runs),
            last: runs.into_iter().find(|run| run.state != "running"),
            settings: of_job,
        });
    }
    if page.htmx {
        return page.show(&ListPart { p: &page, rows, broken });
    }
    page.show(&ListPage { p: &page, rows, broken })
}

/// `POST /admin/jobs/run`: `job`, and `dry` for a dry run.
async fn run(State(desk): State<Shared>, page: Page, uri: Uri, Form(mut form): Form) -> Answer {
    let job = form.read("job", c::BAD_CHOICE, words::job);
    if form.get("job").is_none() {
        form.problem("job", c::MISSING);
    }
    let dry_run = form.get("dry").is_some();
    form.check()?;
    let job = job.ok_or(Fault::NotFound)?;
    if job == Job::CheckOrders {
        return Ok(page.go(&page.href("/admin/check"), None));
    }
    Form(form).once(&desk, &uri).await?;
    let run_id = start(&page, RunRequest { dry_run, ..RunRequest::of(job, Trigger::Manual) }).await?;
    Ok(page.go(&page.href(&run_path(&run_id)), Some(&Flash::good(page.t(t::STARTED_FLASH)))))
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
