//! Calls of one credential.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use ipass_core::ports::{AccountHealth, Clock, ErrorKind, PortError, RemoteAccount};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, Url};

use crate::meter;
use crate::retry::{self, Next};
use crate::shared::Shared;
use crate::usage::Usage;
use crate::{Body, CallKind, Http, Judgement, Reply, Request, SendError};

/// Answers that cannot be larger than this are asked for without compression.
const TINY: usize = 64 * 1024;

/// One credential at one remote: base URL and name; cheap to clone.
#[derive(Clone)]
pub struct Account {
    http: Http,
    client: reqwest::Client,
    name: Arc<str>,
    base: Arc<str>,
    shared: Option<Arc<Shared>>,
    usage: Arc<Usage>,
}

impl Account {
    /// An account called `name` in logs and metrics, at an `http` or `https` URL without
    /// credentials, query and fragment.
    pub fn new(http: &Http, name: &str, base_url: &str) -> Result<Self, PortError> {
        let refuse = |why: &str| PortError::invalid(format!("base URL of {name}: {why}"));
        let url = Url::parse(base_url.trim()).map_err(|error| refuse("not a URL").because(error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("no credentials, query or fragment are allowed in it"));
        }
        let host = url.host_str().ok_or_else(|| refuse("no host"))?;
        Ok(Self {
            client: http.client(host)?,
            http: http.clone(),
            name: name.into(),
            base: url.as_str().trim_end_matches('/').into(),
            shared: None,
            usage: Arc::default(),
        })
    }

    /// The same account, its limits kept together with every instance that uses the same `credential`
    /// text at the same base URL, if the client is [sharing](Http::sharing).
    ///
    /// Each kind of call is shared under its name. The credential itself goes nowhere: only a part of
    /// its SHA-256 is in the key.
    ///
    /// A store that fails, or takes longer than 3 seconds, leaves the limit of this process alone in
    /// force and is logged once a minute at most.
    #[must_use]
    pub fn scope(mut self, credential: &str) -> Self {
        let shared = |leases| Arc::new(Shared::new(Arc::clone(leases), Arc::clone(&self.name), &self.base, credential));
        self.shared = self.http.leases().map(shared);
        self
    }

    /// The name in logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The clock that the account runs on.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.http.clock()
    }

    /// A call that changes nothing at the remote, repeated as long as `judge` wants it: at most 4
    /// attempts, the last one begun within 60 seconds of the first, waits for our pace not counted.
    ///
    /// `build` is asked for each attempt, when its turn has come, so that a signature is fresh. Broken connections and
    /// time-outs are always worth another attempt. The last reply is handed back whatever it was
    /// judged, also after the last attempt: the adapter's error table reads it.
    ///
    /// `Err` means: no reply in the last attempt, or the remote asked for more than 60 seconds
    /// (`Throttled` with that time).
    pub async fn read<B, J>(&self, kind: &CallKind, build: B, judge: J) -> Result<Reply, PortError>
    where
        B: Fn() -> Request,
        J: Fn(&Reply) -> Judgement,
    {
        let clock = self.clock();
        let (mut waited, mut attempt) = (Duration::ZERO, 1);
        let began = clock.now();
        loop {
            let (outcome, pause) = self.attempt(kind, &build).await;
            waited += pause;
            let at_least = match &outcome {
                Ok(reply) => match judge(reply) {
                    Judgement::Fine | Judgement::Final => return outcome.map_err(PortError::from),
                    Judgement::Again(at_least) => at_least.max(reply.retry_after),
                },
                Err(error) if error.is_passing() => None,
                Err(_) => return outcome.map_err(PortError::from),
            };
            let spent = since(clock, began).saturating_sub(waited);
            match retry::next(attempt, spent, at_least, self.http.jitter()()) {
                Next::After(delay) => clock.sleep(delay).await,
                Next::Stop => return outcome.map_err(PortError::from),
                Next::TooLong(asked) => {
                    let message = format!("{}: asked to wait {} s", kind.name, asked.as_secs());
                    return Err(PortError::throttled(message, Some(asked)));
                }
            }
            attempt += 1;
        }
    }

    /// Exactly one attempt: for writes, for pages of a cursor that moves on reading, for tokens.
    pub async fn once(&self, kind: &CallKind, request: Request) -> Result<Reply, SendError> {
        self.once_with(kind, || request).await
    }

    /// The same, for requests with a signature that ages: `build` is asked when the call's turn has
    /// come, not before it waits.
    pub async fn once_with<B>(&self, kind: &CallKind, build: B) -> Result<Reply, SendError>
    where
        B: FnOnce() -> Request,
    {
        self.attempt(kind, build).await.0
    }

    /// Counts, under its kind, an error that the adapter found in an answer with a status of 200 to 299;
    /// all others are counted here already.
    pub fn refused(&self, kind: &CallKind, error: &PortError) {
        if let ErrorKind::Throttled { .. } = error.kind() {
            self.usage.throttled(kind.name, self.clock().now());
        }
        self.count_error(kind, error_label(error.kind()));
    }

    fn count_error(&self, kind: &CallKind, error: &'static str) {
        let account = self.name.to_string();
        metrics::counter!("ipass_remote_errors_total", "account" => account, "call" => kind.name, "kind" => error)
            .increment(1);
    }

    /// One attempt in its turn, and how long the turn let it wait.
    #[tracing::instrument(
        name = "remote call",
        level = "debug",
        skip_all,
        fields(account = &*self.name, call = kind.name, otel.kind = "client")
    )]
    async fn attempt<B>(&self, kind: &CallKind, build: B) -> (Result<Reply, SendError>, Duration)
    where
        B: FnOnce() -> Request,
    {
        let clock = self.clock();
        let asked_at = clock.now();
        let turn = kind.pace.turn(kind.name, self.shared.as_ref(), clock).await;
        let (waited, sent_at) = (since(clock, asked_at), clock.now());
        meter::waited(waited);
        let request = match self.request(kind, build()) {
            Ok(request) => request,
            Err(error) => {
                turn.unused(clock).await;
                return (Err(error), waited);
            }
        };
        meter::count(kind.name);
        let sending = turn.sending();
        let under_way = self.usage.begin(kind, sent_at);
        let outcome = tokio::time::timeout(self.http.timeout(kind.timeout), self.exchange(kind, request)).await;
        drop(under_way);
        let took = since(clock, sent_at);
        let outcome = match outcome {
            Ok(outcome) => {
                sending.done(clock).await;
                outcome
            }
            Err(elapsed) => {
                drop(sending);
                let error = PortError::retryable(format!("{}: no answer in time", kind.name)).because(elapsed);
                Err(Failure { outcome: "timeout", error: SendError { sent: true, error } })
            }
        };
        self.record(kind, &outcome, waited, took);
        (outcome.map_err(|failure| failure.error), waited)
    }

    fn request(&self, kind: &CallKind, request: Request) -> Result<RequestBuilder, SendError> {
        let refuse = |what: &str| SendError::unsent(PortError::invalid(format!("{}: {what}", kind.name)));
        let mut url = format!("{}/{}", self.base, request.path.trim_start_matches('/'));
        if !request.query.is_empty() {
            url.push('?');
            url.push_str(&request.query_string());
        }
        let url = Url::parse(&url).map_err(|_| refuse("the path cannot be part of a URL"))?;
        let mut builder = self.client.request(request.method, url);
        if kind.max_body <= TINY {
            builder = builder.header(ACCEPT_ENCODING, "identity");
        }
        for (name, value) in request.headers {
            let mut value =
                HeaderValue::from_str(&value).map_err(|_| refuse(&format!("header {name} cannot be sent")))?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        Ok(match request.body {
            Body::Empty => builder,
            Body::Json(bytes) => builder.header(CONTENT_TYPE, "application/json").body(bytes),
            Body::Raw(content_type, bytes) => builder.header(CONTENT_TYPE, content_type).body(bytes),
            Body::Form(pairs) => builder.form(&pairs),
            Body::Multipart(fields) => {
                let form = reqwest::multipart::Form::new();
                builder.multipart(fields.into_iter().fold(form, |form, (name, value)| form.text(name, value)))
            }
        })
    }

    async fn exchange(&self, kind: &CallKind, request: RequestBuilder) -> Result<Reply, Failure> {
        let mut response = request.send().await.map_err(|error| Failure::of(kind, error))?;
        let status = response.status().as_u16();
        let now = self.clock().now();
        if let Some(date) = dated(&response) {
            self.usage.dated(date, now);
        }
        if status == 429 {
            self.usage.throttled(kind.name, now);
        }
        let retry_after = retry_after(&response, now);
        let body = body(kind, &mut response).await?;
        Ok(Reply { status, retry_after, body })
    }

    fn record(&self, kind: &CallKind, outcome: &Result<Reply, Failure>, waited: Duration, took: Duration) {
        let (label, status) = match outcome {
            Ok(reply) => (label(reply.status), Some(reply.status)),
            Err(failure) => (failure.outcome, None),
        };
        let account = self.name.to_string();
        metrics::counter!("ipass_remote_calls_total", "account" => account.clone(), "call" => kind.name, "outcome" => label)
            .increment(1);
        let error = match outcome {
            Ok(reply) => error_of_status(reply.status),
            Err(failure) => Some(error_label(failure.error.error.kind())),
        };
        if let Some(error) = error {
            self.count_error(kind, error);
        }
        metrics::histogram!("ipass_remote_call_seconds", "account" => account.clone(), "call" => kind.name)
            .record(took.as_secs_f64());
        metrics::histogram!("ipass_remote_wait_seconds", "account" => account, "call" => kind.name)
            .record(waited.as_secs_f64());
        tracing::debug!(outcome = label, status, duration_ms = millis(took), waited_ms = millis(waited), "remote call");
    }
}

impl RemoteAccount for Account {
    fn health(&self) -> AccountHealth {
        self.usage.health(self.clock().now())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A failed exchange, with its name in the metrics.
struct Failure {
    outcome: &'static str,
    error: SendError,
}

impl Failure {
    fn of(kind: &CallKind, error: reqwest::Error) -> Self {
        let (outcome, sent, what) = if error.is_builder() {
            let error = PortError::invalid(format!("{}: the request cannot be built", kind.name));
            return Self { outcome: "invalid", error: SendError::unsent(error) };
        } else if error.is_connect() || error.is_dns() {
            ("unreachable", false, "cannot connect")
        } else if error.is_timeout() {
            ("timeout", true, "no answer in time")
        } else {
            ("broken", true, "the connection broke")
        };
        let cause: Box<dyn Error + Send + Sync> = error.without_url().into();
        let error = PortError::retryable(format!("{}: {what}", kind.name)).because(cause);
        Self { outcome, error: SendError { sent, error } }
    }
}

async fn body(kind: &CallKind, response: &mut Response) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Failure::of(kind, error))? {
        if body.len() + chunk.len() > kind.max_body {
            let message = format!("{}: the answer is larger than {} bytes", kind.name, kind.max_body);
            let error = SendError { sent: true, error: PortError::invalid(message) };
            return Err(Failure { outcome: "too_large", error });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Seconds, or a date of RFC 9110; a date in the past is zero.
fn retry_after(response: &Response, now: DateTime<Utc>) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    Some((until - now).to_std().unwrap_or_default())
}

/// When the remote sent an answer, by its own clock.
fn dated(response: &Response) -> Option<DateTime<Utc>> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc))
}

fn label(status: u16) -> &'static str {
    match status {
        200..=299 => "ok",
        429 => "throttled",
        400..=499 => "client_error",
        500..=599 => "server_error",
        _ => "unexpected_status",
    }
}

/// The kind of error that a status stands for, where the adapter's own table says nothing else.
fn error_of_status(status: u16) -> Option<&'static str> {
    match status {
        200..=299 => None,
        401 | 403 => Some("auth"),
        429 => Some("throttled"),
        408 | 500..=599 => Some("retryable"),
        _ => Some("rejected"),
    }
}

fn error_label(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Retryable => "retryable",
        ErrorKind::Throttled { .. } => "throttled",
        ErrorKind::Auth => "auth",
        ErrorKind::Clock => "clock",
        ErrorKind::Rejected => "rejected",
        ErrorKind::Invalid => "invalid",
    }
}

fn since(clock: &Arc<dyn Clock>, from: DateTime<Utc>) -> Duration {
    (clock.now() - from).to_std().unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
