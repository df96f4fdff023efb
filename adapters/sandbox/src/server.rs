//! The HTTP side: reading requests, faults, latency, answers, broken connections.

mod connection;
mod control;
mod respond;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, Multipart, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;

pub(crate) use self::connection::{DroppingListener, Peer};
use crate::clock::Now;
use crate::dsco;
use crate::faults::Effect;
use crate::ledger::Ledger;
use crate::lingxing::{self, Entry};
use crate::state::Core;
use crate::wire::{Call, Reply, pairs};

pub(crate) const DSCO_BASE: &str = "/api/v3";
pub(crate) const LINGXING_BASE: &str = "/lingxing";
const CONTROL_BASE: &str = "/sandbox";

/// No vendor takes more than 5 MB in one body; a little above lets the handler say so.
const MAX_BODY: usize = 6_000_000;

/// What every request sees.
#[derive(Clone)]
pub(crate) struct App {
    core: Arc<Mutex<Core>>,
    now: Now,
}

impl App {
    pub(crate) fn new(core: Core, now: Now) -> Self {
        Self { core: Arc::new(Mutex::new(core)), now }
    }

    /// The state; a panic of another holder does not make it unusable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        (self.now)()
    }
}

/// One handler for everything: both vendors answer unknown paths in their own ways.
pub(crate) fn router(app: App) -> Router {
    Router::new().fallback(entry).with_state(app)
}

/// Answers are dated by the clock of the vendors, which may run faster than that of the machine.
async fn entry(State(app): State<App>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let mut response = answer(&app, &peer, request).await;
    if let Ok(date) = HeaderValue::from_str(&app.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

async fn answer(app: &App, peer: &Peer, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return respond::plain(Reply::text(413, "text/plain", "too large".to_owned()));
    };
    let path = parts.uri.path().to_owned();
    if let Some(path) = path.strip_prefix(CONTROL_BASE) {
        return respond::plain(control::handle(app, parts.method.as_str(), path, &body));
    }
    if let Some(path) = path.strip_prefix(DSCO_BASE) {
        let mut call = read(app, &parts, path, body).await;
        call.kind = format!("{} {}", call.method, dsco::template(path));
        return to_dsco(app, peer, call).await;
    }
    if let Some(path) = path.strip_prefix(LINGXING_BASE) {
        let call = read(app, &parts, path, body).await;
        return to_lingxing(app, peer, call).await;
    }
    respond::plain(Reply::text(404, "text/plain", "nothing is simulated here".to_owned()))
}

async fn read(app: &App, parts: &Parts, path: &str, body: Bytes) -> Call {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content_type = header(CONTENT_TYPE).unwrap_or_default();
    let form = if content_type.starts_with("application/x-www-form-urlencoded") {
        pairs(&String::from_utf8_lossy(&body))
    } else if content_type.starts_with("multipart/form-data") {
        multipart(parts, body.clone()).await
    } else {
        Vec::new()
    };
    Call {
        method: parts.method.to_string(),
        path: path.to_owned(),
        kind: format!("{} {path}", parts.method),
        query: pairs(parts.uri.query().unwrap_or_default()),
        authorization: header(AUTHORIZATION),
        content_type,
        form,
        body,
        now: app.now(),
        effect: None,
    }
}

async fn multipart(parts: &Parts, body: Bytes) -> Vec<(String, String)> {
    let request = Request::from_parts(parts.clone(), Body::from(body));
    let mut fields = Vec::new();
    let Ok(mut multipart) = Multipart::from_request(request, &()).await else {
        return fields;
    };
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        if let Ok(text) = field.text().await {
            fields.push((name, text));
        }
    }
    fields
}

/// Rolls the fault of a call.
fn strike(core: &mut Core, call: &mut Call) {
    call.effect = core.faults.strike(&call.kind, &mut core.rng);
    if call.effect.is_some() {
        Ledger::bump(&mut core.ledger.faults, &call.kind);
    }
}

async fn to_dsco(app: &App, peer: &Peer, mut call: Call) -> Response {
    let latency = {
        let core = &mut *app.lock();
        Ledger::bump(&mut core.ledger.calls, &call.kind);
        strike(core, &mut call);
        core.config.latency
    };
    wait(latency).await;
    let early = refusal(&call);
    let reply = early.unwrap_or_else(|| dsco::handle(&mut app.lock(), &call));
    respond::finish(reply, call.effect, peer, None).await
}

async fn to_lingxing(app: &App, peer: &Peer, mut call: Call) -> Response {
    let (entry, latency) = {
        let core = &mut *app.lock();
        Ledger::bump(&mut core.ledger.calls, &call.kind);
        let entry = lingxing::enter(core, &call);
        // A fault is not used up by a call that the gateway refuses anyway.
        if entry != Entry::Refused {
            strike(core, &mut call);
        }
        (entry, core.config.latency)
    };
    let token = match entry {
        Entry::Refused => return respond::plain(lingxing::throttled(&call)),
        Entry::Running => Some(Held::new(app, &call.path)),
        Entry::Free => None,
    };
    wait(latency).await;
    let early = refusal(&call);
    let reply = early.unwrap_or_else(|| lingxing::handle(&mut app.lock(), &call));
    respond::finish(reply, call.effect, peer, token).await
}

async fn wait(latency: std::time::Duration) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

/// The answer of a fault that keeps the work from being done.
fn refusal(call: &Call) -> Option<Reply> {
    match call.effect.as_ref()? {
        Effect::Status(status, body) => Some(respond::status(*status, body)),
        Effect::RetryAfter(seconds) => {
            Some(Reply { retry_after: Some(*seconds), ..respond::status(429, r#"{"message":"Too Many Requests"}"#) })
        }
        Effect::Html => Some(Reply::html(200)),
        Effect::VendorCode(code) => Some(lingxing::vendor_code(code, call)),
        // The answer is never seen; the connection breaks when it is written.
        Effect::ResetBeforeCommit => Some(respond::status(500, "")),
        Effect::StatusAfterCommit(..)
        | Effect::ResetAfterCommit
        | Effect::BrokenBody
        | Effect::Truncated
        | Effect::Slow(_)
        | Effect::Late(_)
        | Effect::TokenReplaced
        | Effect::LogSilent { .. }
        | Effect::LogFails { .. }
        | Effect::HalfPage
        | Effect::DuplicatePage
        | Effect::EmptyPage
        | Effect::ScrollExpired
        | Effect::EndlessCursor
        | Effect::ForgetItem(_)
        | Effect::RefuseItem(_)
        | Effect::ClockOff(_)
        | Effect::ReversedPage
        | Effect::ShrunkPage
        | Effect::Poison(_)
        | Effect::UnknownWords
        | Effect::NumericIds
        | Effect::OtherEmpties(_) => None,
    }
}

/// A token of Lingxing's bucket in the hands of one request. When the client goes away the
/// server library drops the request, and the token stays taken for two minutes.
pub(crate) struct Held {
    app: App,
    path: String,
    answered: bool,
}

impl Held {
    fn new(app: &App, path: &str) -> Self {
        Self { app: app.clone(), path: path.to_owned(), answered: false }
    }

    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.app.now();
        lingxing::leave(&mut self.app.lock(), &self.path, self.answered, now);
    }
}
