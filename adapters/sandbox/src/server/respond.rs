//! Answers, and what faults do to them on their way out.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::Held;
use super::connection::Peer;
use crate::distort;
use crate::faults::Effect;
use crate::wire::Reply;

/// A planted status: its body is JSON when it looks like it.
pub(crate) fn status(status: u16, body: &str) -> Reply {
    let content_type = if body.trim_start().starts_with(['{', '[']) { "application/json" } else { "text/html" };
    Reply::text(status, content_type, body.to_owned())
}

fn build(reply: &Reply, body: Body, length: Option<usize>) -> Response {
    let mut builder = Response::builder().status(reply.status).header(CONTENT_TYPE, reply.content_type);
    if let Some(seconds) = reply.retry_after {
        builder = builder.header(RETRY_AFTER, seconds);
    }
    if let Some(length) = length {
        builder = builder.header(CONTENT_LENGTH, length);
    }
    builder.body(body).unwrap_or_else(|_| {
        // Only a planted status outside 100..=999 gets here.
        let mut response = Response::new(Body::from("the planted status is not one"));
        *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

pub(crate) fn plain(mut reply: Reply) -> Response {
    let body = Body::from(std::mem::take(&mut reply.body));
    build(&reply, body, None)
}

/// Sends a reply the way its fault wants it.
pub(crate) async fn finish(mut reply: Reply, effect: Option<Effect>, peer: &Peer, token: Option<Held>) -> Response {
    let response = match effect {
        Some(Effect::Slow(pause)) => return slow(&reply, pause, token),
        Some(Effect::Late(pause)) => {
            tokio::time::sleep(pause).await;
            plain(reply)
        }
        Some(Effect::ResetBeforeCommit | Effect::ResetAfterCommit) => {
            peer.break_off();
            plain(reply)
        }
        Some(Effect::BrokenBody) => broken(&reply),
        Some(Effect::Truncated) => {
            let half = half(&reply.body).len();
            reply.body.truncate(half);
            plain(reply)
        }
        Some(Effect::StatusAfterCommit(code, body)) => plain(status(code, &body)),
        Some(
            Effect::Status(..)
            | Effect::RetryAfter(_)
            | Effect::Html
            | Effect::VendorCode(_)
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
            | Effect::ShrunkPage,
        )
        | None => plain(reply),
        Some(effect @ (Effect::Poison(_) | Effect::UnknownWords | Effect::NumericIds | Effect::OtherEmpties(_))) => {
            distort::apply(&effect, &mut reply.body);
            plain(reply)
        }
    };
    if let Some(token) = token {
        token.answered();
    }
    response
}

/// The first half of a text, cut at a character.
fn half(text: &str) -> &str {
    let mut end = text.len() / 2;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Half of the body at once, the rest after a pause. The token goes back with the last byte, or
/// stays taken if the client leaves during the pause.
fn slow(reply: &Reply, pause: Duration, token: Option<Held>) -> Response {
    let first = half(&reply.body).to_owned();
    let second = reply.body[first.len()..].to_owned();
    let parts = stream::unfold((Some(first), Some(second), token), move |(first, second, token)| async move {
        if let Some(first) = first {
            return Some((io::Result::Ok(Bytes::from(first)), (None, second, token)));
        }
        let second = second?;
        tokio::time::sleep(pause).await;
        if let Some(token) = token {
            token.answered();
        }
        Some((Ok(Bytes::from(second)), (None, None, None)))
    });
    build(reply, Body::from_stream(parts), Some(reply.body.len()))
}

/// The head promises the whole body; the connection breaks after its half.
fn broken(reply: &Reply) -> Response {
    let first = Bytes::from(half(&reply.body).to_owned());
    let parts = stream::iter([Ok(first), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    build(reply, Body::from_stream(parts), Some(reply.body.len()))
}
