//! Reading a stream and keeping its position.

use std::ops::Bound;

use serde_json::{Value, json};

use super::envelope::{invalid, not_found};
use super::streams::{Event, Stream, event_id, refused, segments, shown};
use crate::clock::parse_instant;
use crate::faults::Effect;
use crate::state::Core;
use crate::wire::{Call, Reply, decode_segment};

/// The plain id that a position means: an event id or a time. Its slashes have to be escaped, once.
fn position_of(segment: &str) -> Option<String> {
    let text = decode_segment(segment);
    if let Some(at) = parse_instant(&text) {
        return Some(event_id(at, 0));
    }
    let parts: Vec<&str> = text.split('/').collect();
    (parts.len() == 7 && parts[0] == "z" && parts[6].contains('-')).then_some(text)
}

fn event_json(id: &str, event: &Event) -> String {
    let reasons = json!(["inventory_attribute_changed"]);
    let source = if event.sync { "sync" } else { "stream" };
    format!(
        r#"{{"id":{},"payload":{},"source":"{source}","eventReasons":{reasons},"partitionId":0,"streamVersion":1}}"#,
        json!(shown(id)),
        event.payload,
    )
}

/// Events after a position, as many as the stream's limits let through; at least one.
fn page(stream: &Stream, after: &str, call: &Call) -> Vec<String> {
    let (mut bytes, mut found) = (0, Vec::new());
    let limit = match call.effect {
        Some(Effect::EmptyPage) => 0,
        Some(Effect::HalfPage) => stream.object_count.div_ceil(2),
        _ => stream.object_count,
    };
    let start = match call.effect {
        // The page before is served again.
        Some(Effect::DuplicatePage) => {
            let before = stream.events.range::<str, _>((Bound::Unbounded, Bound::Included(after)));
            before.rev().nth(stream.object_count).map_or(String::new(), |(id, _)| id.clone())
        }
        _ => after.to_owned(),
    };
    let later = stream.events.range::<str, _>((Bound::Excluded(start.as_str()), Bound::Unbounded));
    for (id, event) in later.take_while(|(_, event)| event.visible <= call.now).take(limit) {
        let text = event_json(id, event);
        bytes += text.len();
        if bytes > stream.bytes && !found.is_empty() {
            break;
        }
        found.push(text);
    }
    found
}

/// The stream's id and the plain position of a call; a reply when there are none.
fn place<'a>(core: &mut Core, call: &'a Call, from: usize) -> Result<(&'a str, String), Reply> {
    if let Some(refusal) = refused(core, call) {
        return Err(refusal);
    }
    let parts = &segments(call)[from..];
    if core.stream(parts[0]).is_none() || parts[1] != "0" {
        return Err(not_found(call, "stream or partition not found"));
    }
    let position = position_of(parts[2]).ok_or_else(|| invalid(call, "position invalid"))?;
    Ok((parts[0], position))
}

/// `GET /stream/{id}/{partition}/{position}`.
pub(crate) fn read(core: &mut Core, call: &Call) -> Reply {
    let (id, position) = match place(core, call, 0) {
        Ok(place) => place,
        Err(reply) => return reply,
    };
    let events = core.stream(id).map_or_else(Vec::new, |stream| page(stream, &position, call));
    let body = format!(r#"{{"partitionId":0,"ownerId":null,"events":[{}]}}"#, events.join(","));
    Reply::text(200, "application/json", body)
}

/// `PUT /stream/{id}/{partition}/{position}`.
pub(crate) fn store_position(core: &mut Core, call: &Call) -> Reply {
    let (id, position) = match place(core, call, 0) {
        Ok(place) => place,
        Err(reply) => return reply,
    };
    if let Some(stream) = core.stream(id) {
        stream.position = position;
    }
    Reply::json(200, &json!({ "status": "success" }))
}

/// `GET /stream/single/{id}/{partition}/{position}`: the event with that id.
pub(crate) fn single(core: &mut Core, call: &Call) -> Reply {
    let (id, position) = match place(core, call, 1) {
        Ok(place) => place,
        Err(reply) => return reply,
    };
    let event = core.stream(id).and_then(|stream| stream.events.get(&position));
    let shown = event.filter(|event| event.visible <= call.now).map(|event| event_json(&position, event));
    match shown.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        Some(event) => Reply::json(200, &event),
        None => not_found(call, "event not found"),
    }
}
