use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde_json::{Value, json};

use super::Seen;
use crate::desk::{Answer, Fault, Shared};

/// Between two looks at the record of another instance's run.
const POLL: Duration = Duration::from_secs(2);
/// A stream ends after so long; the browser comes again with the number of the last event.
const LONGEST: i64 = 600;

/// `GET /admin/api/runs/{run_id}/events`: what a run does, as server-sent events named by their `kind`.
///
/// A run of this process: every event from the first that is kept, or from the one after `Last-Event-ID`. A run
/// of another instance, or one that was forgotten: `state` (`state`, `started_at`, `finished_at`, `error`), and
/// `finished` (`report`) at its end. After `finished` the stream ends with `end`; whoever gets `end` does not come
/// again.
pub(crate) async fn events(State(desk): State<Shared>, Path(run_id): Path<String>, headers: HeaderMap) -> Answer {
    let known = desk.progress.news(&run_id).is_some();
    if !known && desk.store.run(&run_id).await?.is_none() {
        return Err(Fault::NotFound);
    }
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or_default();
    let follower =
        Follower { until: desk.now() + chrono::Duration::seconds(LONGEST), desk, run_id, after, ended: false };
    let events = stream::unfold(follower, |mut follower| async move {
        let events = follower.next().await?;
        Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), follower))
    });
    let events = futures_util::StreamExt::flatten(events);
    Ok(Sse::new(events).keep_alive(KeepAlive::new()).into_response())
}

struct Follower {
    desk: Shared,
    run_id: String,
    after: u64,
    until: DateTime<Utc>,
    ended: bool,
}

impl Follower {
    /// The next events, at least one; `None` ends the stream.
    async fn next(&mut self) -> Option<Vec<Event>> {
        if self.ended {
            return None;
        }
        let mut closing = self.desk.progress.closing();
        loop {
            if *closing.borrow_and_update() || self.desk.now() >= self.until {
                return None;
            }
            let Some(mut news) = self.desk.progress.news(&self.run_id) else {
                return self.polled(&mut closing).await;
            };
            news.mark_unchanged();
            match self.desk.progress.since(&self.run_id, self.after) {
                Seen::Events(events, ended) if !events.is_empty() || ended => {
                    self.after = events.last().map_or(self.after, |(seq, _)| *seq);
                    self.ended = ended;
                    let mut told: Vec<Event> = events.iter().map(|(seq, event)| named(*seq, event)).collect();
                    if ended {
                        told.push(end());
                    }
                    return Some(told);
                }
                Seen::Events(..) | Seen::Unknown => {}
            }
            tokio::select! {
                _ = news.changed() => {}
                _ = closing.changed() => {}
                () = self.desk.runner.clock.sleep(POLL * 15) => {}
            }
        }
    }

    /// The record of the run, now and then.
    async fn polled(&mut self, closing: &mut tokio::sync::watch::Receiver<bool>) -> Option<Vec<Event>> {
        if self.after > 0 {
            tokio::select! {
                _ = closing.changed() => return None,
                () = self.desk.runner.clock.sleep(POLL) => {}
            }
        }
        self.after += 1;
        let run = self.desk.store.run(&self.run_id).await.ok().flatten()?;
        let state = json!({
            "kind": "state",
            "state": run.state,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "error": run.error,
        });
        let mut told = vec![named(self.after, &state)];
        if run.state != "running" {
            self.ended = true;
            let report = run.report.and_then(|report| serde_json::from_str::<Value>(&report).ok());
            told.push(named(self.after, &json!({"kind": "finished", "report": report})));
            told.push(end());
        }
        Some(told)
    }
}

fn named(seq: u64, event: &Value) -> Event {
    let kind = event["kind"].as_str().unwrap_or("log");
    Event::default().id(seq.to_string()).event(kind).data(event.to_string())
}

fn end() -> Event {
    Event::default().event("end").data("{}")
}
