//! Settings of a route: editor, preview, save, history.

mod diff;
mod form;
mod history;
mod impact;
mod schedule;
mod table;
#[cfg(test)]
pub(super) mod tests;
mod words;

pub(super) use form::{map, told};
pub(super) use impact::gaps;
pub(super) use table::{Table, warehouse_of};

use std::borrow::Borrow;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use ipass_core::ports::{SettingsVersion, StoreError};
use ipass_core::settings::{Settings, parse};
use serde_json::{Map, Value};

use self::diff::{Change, diff};
use self::form::{Field, Fields, Kind};
use self::impact::{Impact, impact, moved_entries};
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Query, Shared, audit, local_path};
use crate::text::{Text, common as c, settings as t};

const PATH: &str = "/admin/settings";
const PREVIEW: &str = "/admin/settings/preview";
const SAVE: &str = "/admin/settings/save";
/// Characters of a document.
const MAX_DOCUMENT: usize = 500_000;
/// Characters of a typed reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;
/// Orders that are counted for one consequence.
const MAX_COUNTED: u64 = 100_000;
/// Versions that a conflict names.
const MEANWHILE: u32 = 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(edit))
        .route(PREVIEW, post(preview).get(back))
        .route(SAVE, post(save).get(back))
        .merge(history::routes())
}

/// What is live on a route; version 0 and an empty document before the first save.
pub(super) struct Live {
    pub(super) version: i64,
    pub(super) document: Value,
    pub(super) saved: Option<SettingsVersion>,
}

impl Live {
    pub(super) async fn of(desk: &Desk, page: &Page) -> Result<Self, Fault> {
        let saved = desk.store.settings(page.route_name()).await?;
        Ok(Self {
            version: saved.as_ref().map_or(0, |saved| saved.version),
            document: saved.as_ref().map_or_else(|| Value::Object(Map::new()), |saved| read(&saved.document)),
            saved,
        })
    }

    /// What runs work with; the defaults where that cannot be read.
    pub(super) fn settings(&self, page: &Page) -> Settings {
        parse(&self.document.to_string(), page.route().aliases()).unwrap_or_default()
    }
}

/// A stored document; one that is no JSON as text.
fn read(document: &str) -> Value {
    serde_json::from_str(document).unwrap_or_else(|_| Value::String(document.to_owned()))
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_else(|_| document.to_string())
}

/// Somebody else's versions since the one that was edited.
struct Meanwhile {
    versions: Vec<SettingsVersion>,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct EditorPage<'a> {
    p: &'a Page,
    text: String,
    expected: i64,
    live: Live,
    problems: Vec<(String, String)>,
    meanwhile: Option<Meanwhile>,
    fields: Fields,
}

impl EditorPage<'_> {
    fn problem(&self, path: &str) -> Option<&str> {
        self.problems.iter().find(|(at, _)| at == path).map(|(_, problem)| problem.as_str())
    }

    fn row_problem(&self, table: impl Borrow<Table>, key: &str) -> Option<&str> {
        self.problem(&format!("mapping.{}.{key}", table.borrow().key()))
    }

    /// The field that the address asks for.
    fn wanted(&self, field: &Field) -> bool {
        self.p.query.get("key").is_some_and(|key| key == field.path || key.strip_prefix("jobs.") == Some(&field.id))
    }

    fn schedule(&self, cron: &str) -> String {
        schedule::words(self.p, cron)
    }

    fn next(&self, job: &form::JobFields) -> String {
        let next = schedule::next_three(self.p, &job.cron, self.p.now).join(", ");
        let on = job.fields.iter().any(|field| field.id.ends_with(".enabled") && field.value == "true");
        self.p.t1(if on { t::NEXT_THREE } else { t::IS_OFF }, next)
    }

    /// Values of a choice, with the present one if it is another.
    fn choices(&self, field: &Field) -> Vec<(String, String)> {
        let known: &[(&str, Text)] = match field.kind {
            Kind::Switch => &[("true", t::YES), ("false", t::NO)],
            Kind::Choice(choices) => choices,
            Kind::Number | Kind::Words => &[],
        };
        let mut choices: Vec<(String, String)> =
            known.iter().map(|(value, words)| ((*value).to_owned(), self.p.t(*words).to_owned())).collect();
        if !choices.iter().any(|(value, _)| *value == field.value) {
            choices.push((field.value.clone(), self.p.t1(t::OTHER_VALUE, &field.value)));
        }
        choices
    }
}

/// A side of a change as it is shown.
fn side(value: Option<&Value>) -> String {
    match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

async fn edit(State(desk): State<Shared>, page: Page) -> Answer {
    let live = Live::of(&desk, &page).await?;
    let problems = match parse(&live.document.to_string(), page.route().aliases()) {
        Ok(_) => Vec::new(),
        Err(problems) => words::told(&page, &problems),
    };
    let fields = Fields::of(&live.document, page.route().aliases(), None, page.query.get("key"));
    let (text, expected) = (pretty(&live.document), live.version);
    page.show(&EditorPage { p: &page, text, expected, live, problems, meanwhile: None, fields })
}

/// Reloading what a form answered leads to the editor.
async fn back(page: Page) -> Answer {
    Ok(page.go(&page.href(PATH), None))
}

/// What was sent: the text, and the document if it is one, with the changes of the form in it.
struct Sent {
    text: String,
    document: Option<Value>,
    expected: i64,
    problems: Vec<(String, String)>,
    settings: Option<Settings>,
}

fn sent(page: &Page, form: &mut Form) -> Result<Sent, Fault> {
    let text = form.0.get("document").unwrap_or_default().to_owned();
    let expected = form.0.read("expected", c::BAD_CHOICE, |text| text.parse().ok());
    if text.trim().is_empty() {
        form.0.problem("document", t::NO_DOCUMENT);
    }
    if text.chars().count() > MAX_DOCUMENT {
        form.0.problem("document", crate::desk::Say::with(c::TOO_LONG, [MAX_DOCUMENT.to_string()]));
    }
    if expected.is_none() && form.0.get("expected").is_none() {
        form.0.problem("expected", c::MISSING);
    }
    form.0.check()?;
    let aliases = page.route().aliases();
    let mut document: Option<Value> = serde_json::from_str(&text).ok();
    let of_form = document.as_mut().map_or_else(Vec::new, |document| form::apply(document, &form.0, aliases));
    let text = document.as_ref().map_or(text, pretty);
    let parsed = parse(&text, aliases);
    let problems = form::told(page, &of_form, parsed.as_ref().err().map_or(&[], |problems| problems.as_slice()));
    let settings = parsed.ok().filter(|_| of_form.is_empty());
    Ok(Sent { text, document, expected: expected.unwrap_or_default(), problems, settings })
}

/// The editor again, with what was typed and why it was not taken.
fn editor(
    page: &Page,
    sent: Sent,
    form: Option<&Query>,
    live: Live,
    meanwhile: Option<Meanwhile>,
    status: StatusCode,
) -> Answer {
    let empty = Value::Object(Map::new());
    // A text that cannot be read has no values: the form shows what was typed.
    let typed = if sent.document.is_none() { form } else { None };
    let document = sent.document.as_ref().unwrap_or(&empty);
    let fields = Fields::of(document, page.route().aliases(), typed, page.query.get("key"));
    let expected = if meanwhile.is_some() { live.version } else { sent.expected };
    let Sent { text, problems, .. } = sent;
    page.show_as(status, &EditorPage { p: page, text, expected, live, problems, meanwhile, fields })
}

async fn conflict(desk: &Desk, page: &Page, sent: Sent, live: Live) -> Answer {
    let route = page.route_name();
    let mut versions = desk.store.settings_history(route, MEANWHILE).await?;
    versions.retain(|saved| saved.version > sent.expected);
    let base = desk.store.settings_at(route, sent.expected).await?;
    let base = base.map_or_else(|| Value::Object(Map::new()), |saved| read(&saved.document));
    let meanwhile = Meanwhile { versions, changes: diff(&base, &live.document) };
    editor(page, sent, None, live, Some(meanwhile), StatusCode::CONFLICT)
}

async fn preview(State(desk): State<Shared>, page: Page, mut form: Form) -> Answer {
    let sent = sent(&page, &mut form)?;
    let live = Live::of(&desk, &page).await?;
    if sent.expected != live.version {
        return conflict(&desk, &page, sent, live).await;
    }
    if sent.settings.is_none() {
        return editor(&page, sent, Some(&form.0), live, None, StatusCode::UNPROCESSABLE_ENTITY);
    }
    if form.0.has("show", "both") {
        return editor(&page, sent, None, live, None, StatusCode::OK);
    }
    let back = form.0.get("back").and_then(local_path).unwrap_or(PATH).to_owned();
    show_preview(&desk, &page, &live, sent.document.as_ref().unwrap_or(&Value::Null), &back).await
}

#[derive(Template)]
#[template(path = "settings_preview.html")]
struct PreviewPage<'a> {
    p: &'a Page,
    text: String,
    expected: i64,
    back: &'a str,
    changes: Vec<Change>,
    impacts: Vec<Impact>,
}

/// What a valid document would change, with the button that saves it. `back` is where that leads.
pub(super) async fn show_preview(desk: &Desk, page: &Page, live: &Live, document: &Value, back: &str) -> Answer {
    let changes = diff(&live.document, document);
    let after = parse(&document.to_string(), page.route().aliases()).unwrap_or_default();
    let impacts = impacts(desk, page, &live.settings(page), &after).await?;
    let (text, expected) = (pretty(document), live.version);
    page.show(&PreviewPage { p: page, text, expected, back, changes, impacts })
}

async fn impacts(desk: &Desk, page: &Page, before: &Settings, after: &Settings) -> Result<Vec<Impact>, Fault> {
    let route = page.route_name();
    let causes = desk.store.causes(Some(route)).await?;
    let mut waiting = Vec::new();
    for (table, key, filter) in moved_entries(before, after) {
        waiting.push((table, key, desk.store.count_orders(Some(route), &filter, MAX_COUNTED).await?));
    }
    Ok(impact(before, after, &causes, &waiting, page.now))
}

/// The typed reason; a short one is a problem of the form.
fn reason(form: &mut Form) -> String {
    let reason = form.0.required("reason", *REASON.end());
    if !reason.is_empty() && reason.chars().count() < *REASON.start() {
        form.0.problem("reason", t::SHORT_REASON);
    }
    reason
}

async fn save(State(desk): State<Shared>, page: Page, uri: Uri, mut form: Form) -> Answer {
    let reason = reason(&mut form);
    let sent = sent(&page, &mut form)?;
    let live = Live::of(&desk, &page).await?;
    if sent.settings.is_none() {
        return editor(&page, sent, Some(&form.0), live, None, StatusCode::UNPROCESSABLE_ENTITY);
    }
    if sent.expected != live.version {
        return conflict(&desk, &page, sent, live).await;
    }
    form.once(&desk, &uri).await?;
    let (route, who) = (page.route_name(), page.who());
    let saved = desk.store.save_settings(route, &sent.text, who, Some(sent.expected), desk.now()).await;
    let version = match saved {
        Ok(version) => version,
        Err(StoreError::Conflict(_)) => {
            let live = Live::of(&desk, &page).await?;
            return conflict(&desk, &page, sent, live).await;
        }
        Err(error) => return Err(error.into()),
    };
    audit(&desk, who, "settings", Some(route), &version.to_string(), &reason).await?;
    let back = form.0.get("back").and_then(local_path).map_or_else(|| page.href(PATH), str::to_owned);
    let seen = page.href(&format!("{PATH}/versions/{version}"));
    let flash = Flash::good(page.t1(t::SAVED, version)).with_link(seen, page.t(t::SEE_VERSION));
    Ok(page.go(&back, Some(&flash)))
}
