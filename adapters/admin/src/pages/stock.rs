//! What stock runs saw, and sending figures.

pub(crate) mod filter;
mod sync;

use std::borrow::Borrow;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use ipass_core::job::Job;
use ipass_core::ports::{RunRecord, STOCK_COLUMNS, StockRecord, StockResult};
use ipass_core::reason::Reason;
use ipass_core::run::Refused;
use serde_json::Value;

use super::runs::mark;
use crate::desk::{Answer, Fault, Form, Html, Page, Query, Shared, audit, begin_export, download};
use crate::text::{Text, common as c, stock as t};
use filter::{BANDS, FILTERS, REASONS, exportable, filter};

const LIST: &str = "/admin/stock";
/// Fields that the form shows by itself, and what starts the list over.
const HIDDEN: &[&str] = &["records", "from", "until", "run", "warehouse", "sku", "result", "reason", "detail", "after"];
/// Runs that are looked at for the last one that ended.
const RUNS: u32 = 10;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(LIST, get(list))
        .route("/admin/stock/csv", post(csv))
        .route("/admin/stock/compare", post(sync::compare))
        .route("/admin/stock/sync", post(sync::look))
        .route("/admin/stock/sync/{run_id}", get(sync::show).post(sync::send))
}

/// How a figure's part ended.
pub(super) const fn result_words(result: StockResult) -> (Text, &'static str) {
    match result {
        StockResult::Equal => (t::EQUAL, "good"),
        StockResult::Different => (t::DIFFERENT, "warn"),
        StockResult::Written => (t::WRITTEN, "good"),
        StockResult::Unconfirmed => (t::UNCONFIRMED, "warn"),
        StockResult::Skipped => (t::SKIPPED, ""),
        StockResult::Failed => (t::FAILED, "bad"),
    }
}

/// The same without its colour.
fn result_name(result: impl Borrow<StockResult>) -> Text {
    result_words(*result.borrow()).0
}

/// What the newest runs say about the whole.
struct Summary {
    last: Option<RunRecord>,
    /// Counts of the last run: words, number, and the list behind it.
    counts: Vec<(String, String, Option<String>)>,
    /// Items that the guard kept from being set to zero.
    guarded: u64,
    running: Option<String>,
    enabled: bool,
    sends: bool,
}

#[derive(Template)]
#[template(path = "stock.html")]
struct ListPage<'a> {
    p: &'a Page,
    /// The channel takes figures.
    possible: bool,
    summary: Summary,
    rows: Vec<StockRecord>,
    next: Option<String>,
    filtered: bool,
    warehouses: Vec<String>,
    problems: Vec<(String, String)>,
}

impl ListPage<'_> {
    fn result(&self, result: impl Borrow<StockResult>) -> Html {
        let (words, class) = result_words(*result.borrow());
        mark(self.p.t(words), class)
    }

    fn units(&self, amount: Option<i64>) -> String {
        units(self.p, amount)
    }

    fn reason_short(&self, reason: impl Borrow<Reason>) -> String {
        reason.borrow().sentence(self.p.language(), "…")
    }
}

/// Units, or that they are not known.
fn units(page: &Page, units: Option<i64>) -> String {
    units.map_or_else(|| page.t(t::UNKNOWN).to_owned(), crate::desk::show::number)
}

async fn summary(desk: &Shared, page: &Page) -> Result<Summary, Fault> {
    let runs = desk.store.runs(Some(page.route_name()), Some(Job::SyncStock.name()), RUNS).await?;
    let settings = match desk.runner.settings(page.route()).await {
        Ok((settings, _)) => settings,
        Err(Refused::Store(error)) => return Err(error.into()),
        // The page of the jobs says what is wrong with them; nothing runs by the schedule.
        Err(Refused::Settings(_) | Refused::Usage(_) | Refused::AlreadyRunning) => {
            ipass_core::settings::Settings::default()
        }
    };
    let running = runs.iter().find(|run| run.state == "running").map(|run| run.run_id.clone());
    let last = runs.into_iter().find(|run| run.state != "running");
    let report = last.as_ref().and_then(|run| serde_json::from_str::<Value>(run.report.as_deref()?).ok());
    let report = report.unwrap_or_default();
    let counts = last.as_ref().map(|run| super::runs::counts(page, &run.run_id, Some(Job::SyncStock), &report, false));
    Ok(Summary {
        counts: counts.unwrap_or_default(),
        guarded: report["counts"]["guarded"].as_u64().unwrap_or_default(),
        running,
        enabled: settings.job(Job::SyncStock).enabled,
        sends: settings.stock_sync,
        last,
    })
}

/// The warehouses that figures can be about: those of the mapping.
async fn warehouses(desk: &Shared, page: &Page) -> Vec<String> {
    let settings = desk.runner.settings(page.route()).await;
    settings.map(|(settings, _)| settings.mapping.warehouse.into_keys().collect()).unwrap_or_default()
}

async fn list(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let wanted = filter(&mut query, page.zone());
    let (after, size) = (query.cursor(), query.size());
    let problems: Vec<_> =
        query.problems().iter().map(|problem| (problem.path.clone(), page.say(&problem.problem))).collect();
    let search = async {
        if !problems.is_empty() {
            return Ok(None);
        }
        desk.store.search_stock(Some(page.route_name()), &wanted, after.as_deref(), size).await.map(Some)
    };
    let (summary, warehouses, found) = tokio::join!(summary(&desk, &page), warehouses(&desk, &page), search);
    let mut template = ListPage {
        p: &page,
        possible: page.route().inventory.is_some(),
        summary: summary?,
        rows: Vec::new(),
        next: None,
        filtered: query.any(&FILTERS),
        warehouses,
        problems,
    };
    let Some(found) = found? else {
        return page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &template);
    };
    (template.rows, template.next) = (found.rows, found.next);
    page.show(&template)
}

/// `POST /admin/stock/csv?<filters>`: the list as a file.
async fn csv(State(desk): State<Shared>, page: Page, uri: Uri, mut query: Query, form: Form) -> Answer {
    let wanted = filter(&mut query, page.zone());
    exportable(&mut query, &wanted, desk.export_max_days, page.now);
    query.check()?;
    form.once(&desk, &uri).await?;
    let mut file = begin_export(&desk, "stock", &STOCK_COLUMNS)?;
    let (route, detail) = (page.route_name(), uri.query().unwrap_or_default());
    audit(&desk, page.who(), "export", Some(route), "stock", detail).await?;
    desk.store.export_stock(Some(route), &wanted, &mut *file).await?;
    download(file).await
}

#[cfg(test)]
mod tests;
