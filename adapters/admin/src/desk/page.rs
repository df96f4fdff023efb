use std::borrow::Borrow;
use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use ipass_core::ports::{AdminSession, RouteName};
use ipass_core::reason::Language;
use ipass_core::run::Route;
use serde::{Deserialize, Serialize};

use super::cookies::{self, Cookie};
use super::links::encode;
use super::prefs::Prefs;
use super::show::escaped;
use super::{Answer, Fault, Html, Query, Say, Shared, local_path};
use crate::pages::NavItem;
use crate::text::Text;

/// Cookie of what the next page says.
pub(super) const FLASH: &str = "ipass_flash";

/// Longer addresses, in bytes, are not in every row of a list.
const LONGEST_HERE: usize = 500;

/// What the next page says about the act that led there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flash {
    /// It went as asked.
    pub(crate) good: bool,
    pub(crate) text: String,
    /// Where to look, and its words.
    pub(crate) link: Option<(String, String)>,
}

impl Flash {
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self { good: true, text: text.into(), link: None }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { good: false, text: text.into(), link: None }
    }

    #[must_use]
    pub(crate) fn with_link(mut self, href: impl Into<String>, words: impl Into<String>) -> Self {
        self.link = Some((href.into(), words.into()));
        self
    }
}

/// What a page knows about the request and the person: the first argument of every template (`p`).
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) desk: Shared,
    pub(crate) prefs: Prefs,
    pub(crate) now: DateTime<Utc>,
    pub(crate) query: Query,
    pub(crate) flash: Option<Flash>,
    /// The request was made by htmx: a fragment is wanted.
    pub(crate) htmx: bool,
    /// Path without query.
    pub(crate) path: String,
    /// Path and query, to come back to.
    pub(crate) here: String,
    /// The page of ours that the request was sent from, where the browser says so.
    pub(crate) came_from: Option<String>,
    route: Arc<Route>,
    session: Option<Arc<AdminSession>>,
}

impl FromRequestParts<Shared> for Page {
    type Rejection = Fault;

    /// Refused with [`Fault::NotFound`] if the query names a route that is not configured.
    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Fault> {
        let query = Query::of(parts.uri.query().unwrap_or_default());
        let route = match query.get("route") {
            Some(name) => desk.route(name)?,
            None => desk.routes.first().ok_or(Fault::NotFound)?,
        };
        let flash = cookies::read(&parts.headers, FLASH).and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self {
            prefs: Prefs::of(&parts.headers),
            now: desk.now(),
            flash,
            htmx: wants_fragment(&parts.headers),
            path: parts.uri.path().to_owned(),
            here: parts.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default(),
            came_from: came_from(&parts.headers),
            route: Arc::clone(route),
            session: parts.extensions.get().cloned(),
            query,
            desk: Arc::clone(desk),
        })
    }
}

/// The page of ours that a request was sent from.
pub(super) fn came_from(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
    local_path(referer.path_and_query()?.as_str()).map(str::to_owned)
}

/// Whether htmx asks, and not for a page of the browser's history.
pub(super) fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request")
}

impl Page {
    /// The language.
    pub(crate) fn language(&self) -> Language {
        self.prefs.language
    }

    /// The language as HTML names it.
    pub(crate) fn lang(&self) -> &'static str {
        match self.language() {
            Language::En => "en",
            Language::Zh => "zh-CN",
        }
    }

    /// A sentence.
    pub(crate) fn t(&self, text: impl Borrow<Text>) -> &'static str {
        text.borrow().of(self.language())
    }

    /// A sentence with `{0}`.
    pub(crate) fn t1(&self, text: Text, a: impl Display) -> String {
        text.fill(self.language(), &[&a])
    }

    /// A sentence with `{0}` and `{1}`.
    pub(crate) fn t2(&self, text: Text, a: impl Display, b: impl Display) -> String {
        text.fill(self.language(), &[&a, &b])
    }

    /// A sentence that was left open.
    pub(crate) fn say(&self, say: &Say) -> String {
        say.of(self.language())
    }

    /// One of two names, as the core gives them: English and Chinese.
    pub(crate) fn pick(&self, names: (&'static str, &'static str)) -> &'static str {
        match self.language() {
            Language::En => names.0,
            Language::Zh => names.1,
        }
    }

    /// The zone in which times are shown and read.
    pub(crate) fn zone(&self) -> Tz {
        if self.prefs.utc { Tz::UTC } else { self.desk.display_zone }
    }

    /// The operator's zone, by name.
    pub(crate) fn display_zone(&self) -> &'static str {
        self.desk.display_zone.name()
    }

    /// Who is logged in; empty on pages that need no login.
    pub(crate) fn who(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.who)
    }

    /// Secret of the forms of this login.
    pub(crate) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.csrf)
    }

    /// The hidden fields that every form begins with: the secret, and the key of its one sending.
    pub(crate) fn hidden(&self) -> Html {
        Html(format!(
            r#"<input type="hidden" name="csrf" value="{}"><input type="hidden" name="once" value="{}">"#,
            escaped(self.csrf()),
            self.desk.token()
        ))
    }

    /// The route that the page is about: the one of the query, else the first.
    pub(crate) fn route(&self) -> &Arc<Route> {
        &self.route
    }

    /// Its name.
    pub(crate) fn route_name(&self) -> &RouteName {
        &self.route.name
    }

    /// Whether a list of many forms may say in each where it comes back to. A long query in every row would be most of
    /// the page; the browser says it as well.
    pub(crate) fn says_here(&self) -> bool {
        self.here.len() <= LONGEST_HERE
    }

    /// Names of all routes.
    pub(crate) fn routes(&self) -> Vec<&str> {
        self.desk.routes.iter().map(|route| route.name.0.as_str()).collect()
    }

    /// A path of ours on the same route: adds `route=` where it is not the first.
    pub(crate) fn href(&self, path: &str) -> String {
        let first = self.desk.routes.first().map(|route| &route.name);
        if first == Some(&self.route.name) {
            return path.to_owned();
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}route={}", encode(&self.route.name.0))
    }

    /// The same page with another value in its query; its list starts over.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        format!("{}{}", self.path, self.query.with(name, &[value]))
    }

    /// Whether a page of the head line is the present one.
    pub(crate) fn is_here(&self, item: &NavItem) -> bool {
        self.path.strip_prefix(item.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The page, or a fragment of it.
    pub(crate) fn show(&self, template: &impl Template) -> Answer {
        self.show_as(StatusCode::OK, template)
    }

    /// The same with another status.
    pub(crate) fn show_as(&self, status: StatusCode, template: &impl Template) -> Answer {
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_LANGUAGE, self.lang())];
        Ok((status, headers, template.render()?).into_response())
    }

    /// After an act: leads to a page of ours that says what was done.
    pub(crate) fn go(&self, path: &str, flash: Option<&Flash>) -> Response {
        go(path, flash, self.htmx, self.desk.behind_tls)
    }
}

/// Leads to a page of ours, for browsers and for htmx.
pub(super) fn go(path: &str, flash: Option<&Flash>, htmx: bool, secure: bool) -> Response {
    let (status, name) =
        if htmx { (StatusCode::OK, "hx-redirect") } else { (StatusCode::SEE_OTHER, LOCATION.as_str()) };
    let mut answer = status.into_response();
    if let (Ok(value), Ok(name)) = (HeaderValue::from_str(path), axum::http::HeaderName::try_from(name)) {
        answer.headers_mut().insert(name, value);
    }
    if let Some(text) = flash.and_then(|flash| serde_json::to_string(flash).ok()) {
        Cookie { name: FLASH, value: &text, max_age: Some(60), secure }.set(answer.headers_mut());
    }
    answer
}
