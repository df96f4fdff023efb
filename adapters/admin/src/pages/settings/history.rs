//! Versions: list, one version, going back, and the document to take away.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use ipass_core::ports::{AuditFilter, SettingsVersion, StoreError};
use ipass_core::settings::parse;
use serde_json::{Map, Value};

use super::diff::{Change, diff};
use super::impact::Impact;
use super::{Live, PATH, impacts, pretty, read, reason, side, words};
use crate::desk::{Answer, Desk, Fault, Flash, Form, Page, Query, Shared, audit};
use crate::text::{common as c, settings as t};

/// Saves of the audit among which the reasons of a page of versions are looked for.
const REASONS: u32 = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/settings/history", get(list))
        .route("/admin/settings/export", post(export))
        .route("/admin/settings/versions/{version}", get(one))
        .route("/admin/settings/versions/{version}/rollback", post(roll_back))
}

/// A line of the list.
struct Line {
    saved: SettingsVersion,
    changes: usize,
    /// What was typed when it was saved.
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "settings_history.html")]
struct HistoryPage<'a> {
    p: &'a Page,
    lines: Vec<Line>,
}

async fn list(State(desk): State<Shared>, page: Page, mut query: Query) -> Answer {
    let size = query.size();
    query.check()?;
    let versions = desk.store.settings_history(page.route_name(), size + 1).await?;
    let mut reasons = reasons(&desk, &page).await?;
    let documents: Vec<Value> = versions.iter().map(|saved| read(&saved.document)).collect();
    let none = Value::Object(Map::new());
    let line = |(at, saved): (usize, &SettingsVersion)| Line {
        changes: diff(documents.get(at + 1).unwrap_or(&none), &documents[at]).len(),
        reason: reasons.remove(&saved.version.to_string()),
        saved: saved.clone(),
    };
    let lines = versions.iter().enumerate().take(size as usize).map(line).collect();
    page.show(&HistoryPage { p: &page, lines })
}

/// Typed reasons by version, as the audit has them.
async fn reasons(desk: &Desk, page: &Page) -> Result<HashMap<String, String>, Fault> {
    let filter = AuditFilter {
        what: Some("settings".to_owned()),
        route: Some(page.route_name().clone()),
        ..AuditFilter::default()
    };
    let found = desk.store.audit_list(&filter, None, REASONS).await?;
    Ok(found.entries.into_iter().map(|entry| (entry.subject, entry.detail)).collect())
}

#[derive(Template)]
#[template(path = "settings_version.html")]
struct VersionPage<'a> {
    p: &'a Page,
    saved: SettingsVersion,
    text: String,
    live: i64,
    /// Against the version before.
    changes: Vec<Change>,
    /// What going back to it would do; `None` for the live one.
    back: Option<(Vec<Change>, Vec<Impact>)>,
    problems: Vec<(String, String)>,
}

impl VersionPage<'_> {
    fn rollback_href(&self) -> String {
        self.p.href(&format!("{PATH}/versions/{}/rollback", self.saved.version))
    }
}

async fn version(desk: &Desk, page: &Page, version: &str) -> Result<SettingsVersion, Fault> {
    let version = version.parse().map_err(|_| Fault::NotFound)?;
    desk.store.settings_at(page.route_name(), version).await?.ok_or(Fault::NotFound)
}

async fn one(State(desk): State<Shared>, page: Page, Path(number): Path<String>) -> Answer {
    let saved = version(&desk, &page, &number).await?;
    let before = desk.store.settings_at(page.route_name(), saved.version - 1).await?;
    let before = before.map_or_else(|| Value::Object(Map::new()), |before| read(&before.document));
    let document = read(&saved.document);
    let live = Live::of(&desk, &page).await?;
    let parsed = parse(&saved.document, page.route().aliases());
    let problems = parsed.as_ref().err().map_or_else(Vec::new, |problems| words::told(&page, problems));
    let back = if saved.version == live.version {
        None
    } else {
        let after = parsed.unwrap_or_default();
        Some((diff(&live.document, &document), impacts(&desk, &page, &live.settings(&page), &after).await?))
    };
    let (text, changes) = (pretty(&document), diff(&before, &document));
    page.show(&VersionPage { p: &page, saved, text, live: live.version, changes, back, problems })
}

async fn roll_back(
    State(desk): State<Shared>,
    page: Page,
    uri: Uri,
    Path(number): Path<String>,
    mut form: Form,
) -> Answer {
    let reason = reason(&mut form);
    let expected: Option<i64> = form.0.read("expected", c::BAD_CHOICE, |text| text.parse().ok());
    form.0.check()?;
    let old = version(&desk, &page, &number).await?;
    let here = format!("{PATH}/versions/{}", old.version);
    let title = t::ROLLBACK;
    if parse(&old.document, page.route().aliases()).is_err() {
        return Err(Fault::refused_at("settings_invalid", title, t::ROLLBACK_INVALID, here, c::SETTINGS));
    }
    let live = Live::of(&desk, &page).await?.version;
    let changed = || Fault::refused_at("conflict", title, t::CHANGED_MEANWHILE, here.clone(), t::SEE_VERSION);
    if expected != Some(live) {
        return Err(changed());
    }
    form.once(&desk, &uri).await?;
    let (route, who) = (page.route_name(), page.who());
    let saved = desk.store.save_settings(route, &old.document, who, expected, desk.now()).await;
    let version = match saved {
        Ok(version) => version,
        Err(StoreError::Conflict(_)) => return Err(changed()),
        Err(error) => return Err(error.into()),
    };
    let detail = format!("= {}: {reason}", old.version);
    audit(&desk, who, "settings", Some(route), &version.to_string(), &detail).await?;
    let flash = Flash::good(page.t2(t::ROLLED_BACK, version, old.version));
    Ok(page.go(&page.href(PATH), Some(&flash)))
}

/// `POST /admin/settings/export`, with `version` for an older one: the document as a file.
async fn export(State(desk): State<Shared>, page: Page, uri: Uri, form: Form) -> Answer {
    let (number, text) = if let Some(number) = form.0.get("version") {
        let saved = version(&desk, &page, number).await?;
        (saved.version, pretty(&read(&saved.document)))
    } else {
        let live = Live::of(&desk, &page).await?;
        (live.version, pretty(&live.document))
    };
    form.once(&desk, &uri).await?;
    audit(&desk, page.who(), "export", Some(page.route_name()), "settings", &number.to_string()).await?;
    let route: String =
        page.route_name().0.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let mut answer = text.into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"settings-{route}-{number}.json\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(answer)
}
