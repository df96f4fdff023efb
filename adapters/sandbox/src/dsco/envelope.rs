//! The bodies that every operation shares.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock::zulu_form;
use crate::wire::{Call, Reply};

/// Reasons of a refusal; rendered as `messages[]`.
pub(crate) type Reasons = Vec<String>;

pub(crate) fn hello() -> Reply {
    Reply::json(200, &json!({ "hello": "World!" }))
}

pub(crate) fn unauthorized() -> Reply {
    Reply::json(401, &json!({ "message": "Unauthorized" }))
}

pub(crate) fn throttled() -> Reply {
    Reply::json(429, &json!({ "message": "Too Many Requests" }))
}

/// What the gateway answers to a path or method that it does not know.
pub(crate) fn gateway_refusal(call: &Call) -> Reply {
    let shown = if call.authorization.is_some() { "'Bearer xxxx'" } else { "''" };
    let message = format!("Invalid key=value pair (missing equal-sign) in Authorization header: {shown}.");
    Reply::json(403, &json!({ "message": message }))
}

/// The envelope of a refused synchronous call. The second and later messages have no `code`,
/// which the vendor's own answers show.
pub(crate) fn failure(status: u16, code: &str, reasons: &[String], id: &str, now: DateTime<Utc>) -> Reply {
    let messages: Vec<Value> = reasons
        .iter()
        .enumerate()
        .map(|(position, reason)| {
            if position == 0 {
                json!({ "code": code, "severity": "error", "description": reason })
            } else {
                json!({ "description": reason })
            }
        })
        .collect();
    Reply::json(
        status,
        &json!({
            "status": "failure",
            "requestId": id,
            "eventDate": zulu_form(now),
            "messages": messages,
        }),
    )
}

pub(crate) fn invalid(call: &Call, reason: &str) -> Reply {
    failure(400, "VALIDATION_FAILED", &[reason.to_owned()], "00000000-0000-4000-8000-0000000000e1", call.now)
}

pub(crate) fn not_found(call: &Call, what: &str) -> Reply {
    failure(404, "notFound", &[what.to_owned()], "00000000-0000-4000-8000-0000000000e4", call.now)
}

/// The 202 of every asynchronous operation.
pub(crate) fn pending(id: &str, now: DateTime<Utc>) -> Reply {
    Reply::json(202, &json!({ "status": "pending", "requestId": id, "eventDate": zulu_form(now) }))
}

/// `results[]` of a log entry: one message whose description is a text or a list of texts.
pub(crate) fn results(reasons: &[String]) -> Value {
    match reasons {
        [] => json!([]),
        [one] => {
            json!([{ "code": "VALIDATION_FAILED", "severity": "error", "description": one }])
        }
        many => json!([{ "code": "VALIDATION_FAILED", "severity": "error", "description": many }]),
    }
}
