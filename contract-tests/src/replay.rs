//! Recorded exchanges, replayed strictly, and the time that goes with them.
//!
//! A request that was not recorded is answered with 501 and fails the test: an adapter could take a
//! default 404 for "there is none".

mod raw;

pub use raw::{RawReply, RawServer};

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipass_core::ports::Clock;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

/// The bytes of `fixtures/<file>`.
///
/// # Panics
/// If there is no such file.
#[must_use]
pub fn fixture(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("fixture {}: {error}", path.display()))
}

/// A fixture as JSON.
///
/// # Panics
/// If there is no such file, or no JSON in it.
#[must_use]
pub fn fixture_json(file: &str) -> Value {
    serde_json::from_slice(&fixture(file)).unwrap_or_else(|error| panic!("fixture {file}: {error}"))
}

/// A clock that stands still unless it is moved; sleeping moves it at once.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that shows `at`, an RFC 3339 text.
    ///
    /// # Panics
    /// If `at` is none.
    #[must_use]
    pub fn at(at: &str) -> Self {
        Self(Mutex::new(at.parse().unwrap_or_else(|error| panic!("{at}: {error}"))))
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// A server that knows recorded exchanges only.
#[derive(Debug)]
pub struct Replay(MockServer);

impl Replay {
    /// A server without any exchange.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(501))
            .with_priority(u8::MAX)
            .expect(0)
            .named("unrecorded request")
            .mount(&server)
            .await;
        Self(server)
    }

    /// Base URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.uri()
    }

    /// Adds an exchange. Of equal ones the first added is used up first.
    pub async fn on(&self, exchange: Exchange) {
        let name = exchange.name();
        let times = exchange.times;
        let mut response = ResponseTemplate::new(exchange.status);
        for (name, value) in &exchange.reply_headers {
            response = response.insert_header(*name, value.as_str());
        }
        let response = response.set_body_raw(exchange.reply.clone(), "application/json");
        let mock = Mock::given(Recorded(exchange)).respond_with(response).named(name);
        match times {
            Some(times) => mock.up_to_n_times(times).expect(times).mount(&self.0).await,
            None => mock.mount(&self.0).await,
        }
    }

    /// How many requests have come for this method and path.
    pub async fn calls(&self, method: &str, path: &str) -> usize {
        let requests = self.0.received_requests().await.unwrap_or_default();
        requests.iter().filter(|request| request.method.as_str() == method && request.url.path() == path).count()
    }

    /// Panics unless every exchange took place as often as it was to, and nothing else did.
    pub async fn verify(&self) {
        self.0.verify().await;
    }
}

/// One recorded exchange: a request to be matched, and its answer. It is to take place once.
#[derive(Debug, Clone)]
pub struct Exchange {
    method: &'static str,
    path: String,
    query: Option<Vec<(String, String)>>,
    headers: Vec<(&'static str, String)>,
    body: Option<Sent>,
    times: Option<u64>,
    status: u16,
    reply_headers: Vec<(&'static str, String)>,
    reply: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Sent {
    Json(Value),
    Text(String),
}

impl Exchange {
    /// A GET, answered with an empty 200; without any query unless one is added.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            query: Some(Vec::new()),
            headers: Vec::new(),
            body: None,
            times: Some(1),
            status: 200,
            reply_headers: Vec::new(),
            reply: Vec::new(),
        }
    }

    /// The same with POST.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self { method: "POST", ..Self::get(path) }
    }

    /// One more pair of the query. The request has to hold exactly the pairs given, in any order.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.get_or_insert_default().push((name.to_owned(), value.to_owned()));
        self
    }

    /// Whatever the query is.
    #[must_use]
    pub fn any_query(mut self) -> Self {
        self.query = None;
        self
    }

    /// A header that the request has to hold.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The body as JSON, whatever its spelling.
    #[must_use]
    pub fn body_json(mut self, body: Value) -> Self {
        self.body = Some(Sent::Json(body));
        self
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body_text(mut self, body: &str) -> Self {
        self.body = Some(Sent::Text(body.to_owned()));
        self
    }

    /// It is to take place exactly so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// It may take place any number of times.
    #[must_use]
    pub fn any_times(mut self) -> Self {
        self.times = None;
        self
    }

    /// Answered with this.
    #[must_use]
    pub fn reply(mut self, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.status = status;
        self.reply = body.into();
        self
    }

    /// Answered with JSON.
    #[must_use]
    pub fn reply_json(self, status: u16, body: &Value) -> Self {
        self.reply(status, body.to_string())
    }

    /// Answered with a fixture.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn reply_file(self, status: u16, file: &str) -> Self {
        self.reply(status, fixture(file))
    }

    /// One more header of the answer.
    #[must_use]
    pub fn reply_header(mut self, name: &'static str, value: &str) -> Self {
        self.reply_headers.push((name, value.to_owned()));
        self
    }

    fn name(&self) -> String {
        format!("{} {} {:?} -> {}", self.method, self.path, self.query.as_deref().unwrap_or_default(), self.status)
    }
}

struct Recorded(Exchange);

impl Match for Recorded {
    fn matches(&self, request: &Request) -> bool {
        let exchange = &self.0;
        let query = || {
            let mut sent: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
            sent.sort_unstable();
            sent
        };
        let header = |(name, value): &(&'static str, String)| {
            request.headers.get(*name).is_some_and(|sent| sent.as_bytes() == value.as_bytes())
        };
        let body = match &exchange.body {
            None => true,
            Some(Sent::Json(body)) => serde_json::from_slice::<Value>(&request.body).is_ok_and(|sent| sent == *body),
            Some(Sent::Text(text)) => request.body == text.as_bytes(),
        };
        let mut asked = exchange.query.clone();
        if let Some(pairs) = &mut asked {
            pairs.sort_unstable();
        }
        request.method.as_str() == exchange.method
            && request.url.path() == exchange.path
            && asked.is_none_or(|pairs| pairs == query())
            && exchange.headers.iter().all(header)
            && body
    }
}
