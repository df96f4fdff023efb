//! What a call is made of: its kind, a request, a reply.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use ipass_core::ports::{ErrorKind, PortError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use crate::Pace;

/// Everything but the unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One kind of call of one account. Make it once and keep it: its pace is shared by all calls.
#[derive(Debug, Clone)]
pub struct CallKind {
    /// Method and path template, for example `GET /order/page`; what logs, errors and meters show.
    pub name: &'static str,
    /// The limit that calls of this kind keep.
    pub pace: Pace,
    /// Longest time from sending to the last byte of the answer.
    pub timeout: Duration,
    /// Largest answer, in bytes after decompression.
    pub max_body: usize,
}

/// A request, relative to an account's base URL.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, its segments percent-encoded already.
    pub path: String,
    /// Query pairs as plain text: they are percent-encoded here, exactly once.
    pub query: Vec<(String, String)>,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// A request's body.
#[derive(Clone, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// These bytes, sent as `application/json`.
    Json(Bytes),
    /// These bytes, sent as this content type.
    Raw(&'static str, Bytes),
    /// Pairs of plain text, sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// Text fields, sent as `multipart/form-data`.
    Multipart(Vec<(String, String)>),
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), headers: Vec::new(), body: Body::Empty }
    }

    /// A GET request.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST request.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// The same request with one more query pair, given as plain text.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The same request with one more header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same request with this body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The query string without the question mark; empty without pairs.
    pub(crate) fn query_string(&self) -> String {
        let pair = |(name, value): &(String, String)| {
            format!("{}={}", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY))
        };
        self.query.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Paths may hold identifiers, queries and bodies hold secrets: none of them prints.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What the remote answered, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The `Retry-After` header, seconds or date, as a time from now.
    pub retry_after: Option<Duration>,
    /// The whole body.
    pub body: Bytes,
}

impl Reply {
    /// The status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Bodies are personal: they do not print.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, retry_after, body } = self;
        f.debug_struct("Reply")
            .field("status", status)
            .field("retry_after", retry_after)
            .field("body_len", &body.len())
            .finish()
    }
}

/// What the reply to a read means for its repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// An answer.
    Fine,
    /// Worth another attempt, after at least so long.
    Again(Option<Duration>),
    /// A failure that another attempt will not mend.
    Final,
}

/// The judgement that a status alone allows: 408, 429 and 5xx are worth another attempt.
pub fn by_status(reply: &Reply) -> Judgement {
    match reply.status {
        200..=299 => Judgement::Fine,
        408 | 429 | 500..=599 => Judgement::Again(reply.retry_after),
        _ => Judgement::Final,
    }
}

/// A call without a reply.
#[derive(Debug, Clone)]
pub struct SendError {
    /// Something may have reached the remote. `false` only when that is out of the question: the
    /// request could not be built, the name not resolved, the connection not made.
    pub sent: bool,
    /// What went wrong.
    pub error: PortError,
}

impl SendError {
    pub(crate) fn unsent(error: PortError) -> Self {
        Self { sent: false, error }
    }

    /// Another attempt may mend it; for reads.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.error.kind(), ErrorKind::Retryable)
    }
}

impl From<SendError> for PortError {
    fn from(error: SendError) -> Self {
        error.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_encoded_exactly_once() {
        let request = Request::get("/a").query("sign", "a+b/c=").query("at", "2026-01-01T00:00:00+00:00 %2B");
        assert_eq!(request.query_string(), "sign=a%2Bb%2Fc%3D&at=2026-01-01T00%3A00%3A00%2B00%3A00%20%252B");
    }

    #[test]
    fn nothing_private_is_printed() {
        let request = Request::post("/orders/PRIVATE")
            .query("q", "PRIVATE")
            .header("authorization", "PRIVATE")
            .body(Body::Json(Bytes::from_static(b"PRIVATE")));
        let reply = Reply { status: 200, retry_after: None, body: Bytes::from_static(b"PRIVATE") };
        assert!(!format!("{request:?}{reply:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_status_is_judged() {
        let judged = |status| by_status(&Reply { status, retry_after: None, body: Bytes::new() });
        assert_eq!(judged(202), Judgement::Fine);
        assert_eq!(judged(301), Judgement::Final);
        assert_eq!(judged(404), Judgement::Final);
        for status in [408, 429, 500, 503, 599] {
            assert_eq!(judged(status), Judgement::Again(None));
        }
    }
}
