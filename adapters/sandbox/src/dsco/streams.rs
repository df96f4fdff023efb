//! Streams of inventory objects: making, listing, syncing and deleting them.
//!
//! A stream has one partition. It gets an event for each change of an item, and by a sync one for
//! each item. Synced events have ids before the stream's own beginning, so that only a reader who
//! starts at an old time finds them, and come in two halves. Events are served in the order of
//! their ids: one that is not there yet holds back all later ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::envelope::{failure, invalid, not_found};
use super::inventory::item_json;
use crate::clock::zulu_form;
use crate::state::Core;
use crate::wire::{Call, Reply, string_of};

/// One event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) visible: DateTime<Utc>,
    pub(super) sync: bool,
    /// Compact text of the item as it was then.
    pub(super) payload: Box<str>,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: String,
    /// Description, query and limits as they were sent.
    sent: Value,
    pub(super) object_count: usize,
    pub(super) bytes: usize,
    made: DateTime<Utc>,
    /// The reader's stored position.
    pub(super) position: String,
    /// By plain id.
    pub(super) events: BTreeMap<String, Event>,
    counter: u64,
}

/// The streams of the account.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    all: Vec<Stream>,
    made: u64,
}

/// `z/yyyy/mm/dd/hh/mi/epochmillis-counter`: sorts by time.
pub(super) fn event_id(at: DateTime<Utc>, counter: u64) -> String {
    format!("z/{}/{}-{counter:07}", at.format("%Y/%m/%d/%H/%M"), at.timestamp_millis())
}

/// An id as answers show it: some come with their slashes escaped already.
pub(super) fn shown(id: &str) -> String {
    let counter: u64 = id.rsplit_once('-').and_then(|(_, counter)| counter.parse().ok()).unwrap_or(0);
    if counter % 7 == 6 { id.replace('/', "%2F") } else { id.to_owned() }
}

impl Stream {
    fn push(&mut self, at: DateTime<Utc>, visible: DateTime<Utc>, sync: bool, payload: &Value) {
        self.counter += 1;
        let event = Event { visible, sync, payload: payload.to_string().into_boxed_str() };
        self.events.insert(event_id(at, self.counter), event);
    }

    /// Id of the last event that can be read.
    fn max_position(&self, now: DateTime<Utc>) -> String {
        let last = self.events.iter().take_while(|(_, event)| event.visible <= now).last();
        last.map_or_else(|| event_id(self.made, 0), |(id, _)| id.clone())
    }

    fn json(&self, now: DateTime<Utc>) -> Value {
        json!({
            "id": self.id,
            "description": self.sent.get("description").cloned().unwrap_or(Value::Null),
            "objectType": "inventory",
            "numPartitions": 1,
            "streamVersion": 1,
            "query": self.sent["query"],
            "maxEvents": { "objectCount": self.object_count, "numBytes": self.bytes, "durationSec": 22 },
            "partitions": [{
                "partitionId": 0,
                "status": "active",
                "position": shown(&self.position),
                "maxPosition": shown(&self.max_position(now)),
                "lastUpdate": zulu_form(now),
                "lastActivatedDate": zulu_form(self.made),
            }],
        })
    }
}

/// Refuses an account that may not use streams.
pub(super) fn refused(core: &Core, call: &Call) -> Option<Reply> {
    let reasons = ["this account may not use streams".to_owned()];
    let id = "00000000-0000-4000-8000-0000000000e3";
    (!core.config.streams).then(|| failure(403, "FORBIDDEN", &reasons, id, call.now))
}

/// Segments of the path after `/stream/`.
pub(super) fn segments(call: &Call) -> Vec<&str> {
    call.path.trim_start_matches("/stream/").split('/').collect()
}

impl Core {
    pub(super) fn stream(&mut self, id: &str) -> Option<&mut Stream> {
        self.dsco.streams.all.iter_mut().find(|stream| stream.id == id)
    }

    /// Writes what has changed since the last call to every stream.
    pub(crate) fn streams_settle(&mut self) {
        let changes = self.world.items.take_changes();
        if self.dsco.streams.all.is_empty() {
            return;
        }
        let delay = self.config.timing.stream_delay;
        for (at, position) in changes {
            let payload = item_json(&self.world.catalog, &self.world.items.all()[position]);
            for stream in self.dsco.streams.all.iter_mut().filter(|stream| stream.made <= at) {
                stream.push(at, at + delay, false, &payload);
            }
        }
    }

    fn sync(&mut self, id: &str, skus: Option<&[Value]>, now: DateTime<Utc>) {
        let wanted = |sku: &str| skus.is_none_or(|skus| skus.iter().any(|wanted| wanted == sku));
        let items = self.world.items.all().iter().filter(|item| wanted(&item.sku));
        let payloads: Vec<Value> = items.map(|item| item_json(&self.world.catalog, item)).collect();
        let delay = self.config.timing.stream_delay;
        let half = payloads.len().div_ceil(2);
        let Some(stream) = self.stream(id) else { return };
        let old = stream.made - Duration::hours(1);
        for (position, payload) in payloads.iter().enumerate() {
            let visible = now + if position < half { delay } else { delay * 2 };
            stream.push(old, visible, true, payload);
        }
    }
}

/// `POST /stream`.
pub(crate) fn create(core: &mut Core, call: &Call) -> Reply {
    if let Some(refusal) = refused(core, call) {
        return refusal;
    }
    let Ok(sent) = serde_json::from_slice::<Value>(&call.body) else {
        return invalid(call, "the body is not JSON");
    };
    let kind = string_of(&sent, "objectType");
    if kind != Some("inventory") {
        return invalid(call, "only the objectType inventory is simulated");
    }
    if sent["query"]["queryType"].as_str() != kind {
        return invalid(call, "query.queryType must be the objectType");
    }
    if sent["numPartitions"].as_u64().unwrap_or(1) != 1 {
        return invalid(call, "only one partition is simulated");
    }
    let limit = |name: &str, default: u64, range: std::ops::RangeInclusive<u64>| {
        let value = sent["maxEvents"][name].as_u64().unwrap_or(default);
        range.contains(&value).then(|| usize::try_from(value).unwrap_or(usize::MAX))
    };
    let (Some(object_count), Some(bytes)) =
        (limit("objectCount", 1000, 1..=10_000), limit("numBytes", 4_194_304, 1024..=4_718_592))
    else {
        return invalid(call, "maxEvents is out of range");
    };
    let streams = &mut core.dsco.streams;
    streams.made += 1;
    let stream = Stream {
        id: format!("00000000-0000-4000-8000-{:012x}", 0xaa00 + streams.made),
        object_count,
        bytes,
        made: call.now,
        position: event_id(call.now, 0),
        events: BTreeMap::new(),
        counter: 0,
        sent,
    };
    let reply = Reply::json(201, &stream.json(call.now));
    streams.all.push(stream);
    reply
}

/// `GET /stream`: an array, also for one id.
pub(crate) fn list(core: &mut Core, call: &Call) -> Reply {
    if let Some(refusal) = refused(core, call) {
        return refusal;
    }
    let wanted = call.query("id");
    let streams = core.dsco.streams.all.iter().filter(|stream| wanted.is_none_or(|id| id == stream.id));
    let shown: Vec<Value> = streams.map(|stream| stream.json(call.now)).collect();
    if wanted.is_some() && shown.is_empty() {
        return not_found(call, "stream not found");
    }
    Reply::json(200, &Value::Array(shown))
}

/// `POST /stream/{id}`: only `sync`.
pub(crate) fn operate(core: &mut Core, call: &Call) -> Reply {
    if let Some(refusal) = refused(core, call) {
        return refusal;
    }
    let id = segments(call)[0];
    if core.stream(id).is_none() {
        return not_found(call, "stream not found");
    }
    let sent: Value = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
    if string_of(&sent, "operationType") != Some("sync") {
        return invalid(call, "only the operationType sync is simulated");
    }
    core.sync(id, sent["sku"].as_array().map(Vec::as_slice), call.now);
    let uuid = core.dsco_request_id();
    Reply::json(202, &json!({ "operationType": "sync", "operationUuid": uuid }))
}

/// `DELETE /stream/{id}`.
pub(crate) fn delete(core: &mut Core, call: &Call) -> Reply {
    if let Some(refusal) = refused(core, call) {
        return refusal;
    }
    let id = segments(call)[0];
    let streams = &mut core.dsco.streams.all;
    match streams.iter().position(|stream| stream.id == id) {
        Some(at) => Reply::json(200, &streams.remove(at).json(call.now)),
        None => not_found(call, "stream not found"),
    }
}
