//! The simulated DSCO platform API, version 3.

mod acknowledge;
mod auth;
mod envelope;
mod inventory;
mod invoices;
mod item_cancel;
mod log;
mod orders;
mod render;
mod scroll;
mod shipments;
mod stock_writes;
mod stream_reads;
mod streams;
mod warehouses;

use self::auth::Tokens;
use self::invoices::Invoices;
use self::log::Requests;
use self::scroll::Scrolls;
use self::stock_writes::InFlight;
use self::streams::Streams;
use crate::ledger::Ledger;
use crate::limits::Windows;
use crate::state::Core;
use crate::wire::{Call, Reply};

/// Server state of the channel.
#[derive(Debug, Default)]
pub(crate) struct Dsco {
    tokens: Tokens,
    scrolls: Scrolls,
    windows: Windows,
    requests: Requests,
    invoices: Invoices,
    in_flight: InFlight,
    streams: Streams,
}

impl Dsco {
    fn next_request(&self) -> u64 {
        self.requests.next_id()
    }
}

type Handler = fn(&mut Core, &Call) -> Reply;

/// Operations below `/api/v3`. Trailing slashes matter: `/order/` has one, `/invoice` has none.
/// Paths with ids are named by their [`template`].
fn route(method: &str, path: &str) -> Option<Handler> {
    let handler: Handler = match (method, path) {
        ("GET", "/hello") => |_, _| envelope::hello(),
        ("GET", "/order/page") => orders::page,
        ("GET", "/order/") => orders::by_key,
        ("POST", "/order/acknowledge") => acknowledge::post,
        ("POST", "/order/shipment/batch/small") => shipments::post_batch,
        ("POST", "/order/singleShipment") => shipments::post_single,
        ("POST", "/invoice/batch/small") => invoices::post_batch,
        ("POST", "/invoice") => invoices::post_single,
        ("GET", "/invoice") => invoices::get,
        ("GET", "/order/log") => log::order_log,
        ("GET", "/invoice/log") => log::invoice_log,
        ("POST", "/order/item/cancel") => item_cancel::post_single,
        ("POST", "/order/item/cancel/batch/small") => item_cancel::post_batch,
        ("GET", "/inventory") => inventory::get,
        ("GET", "/inventory/log") => log::inventory_log,
        ("POST", "/inventory/singleItem") => inventory::post_single,
        ("POST", "/inventory/batch/small") => inventory::post_batch,
        ("GET", "/warehouse/page") => warehouses::page,
        ("POST", "/stream") => streams::create,
        ("GET", "/stream") => streams::list,
        ("POST", STREAM) => streams::operate,
        ("DELETE", STREAM) => streams::delete,
        ("GET", STREAM_POSITION) => stream_reads::read,
        ("PUT", STREAM_POSITION) => stream_reads::store_position,
        ("GET", STREAM_EVENT) => stream_reads::single,
        _ => return None,
    };
    Some(handler)
}

const STREAM: &str = "/stream/{id}";
const STREAM_POSITION: &str = "/stream/{id}/{partition}/{position}";
const STREAM_EVENT: &str = "/stream/single/{id}/{partition}/{position}";

/// The path with names instead of ids, which counters and faults go by. A position with raw slashes
/// has too many segments to be one.
pub(crate) fn template(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/stream/") else {
        return path;
    };
    let segments: Vec<&str> = rest.split('/').collect();
    match segments[..] {
        ["single", _, _, _] => STREAM_EVENT,
        [_] => STREAM,
        [_, _, _] => STREAM_POSITION,
        _ => path,
    }
}

/// Answers one call to the channel.
pub(crate) fn handle(core: &mut Core, call: &Call) -> Reply {
    core.settle(call.now);
    if call.kind == "POST /oauth2/token" {
        return auth::token(core, call);
    }
    // A wrong path or method looks like an authorization error, not like a 404.
    let Some(handler) = route(&call.method, template(&call.path)) else {
        Ledger::bump(&mut core.ledger.unknown_paths, &call.kind);
        return envelope::gateway_refusal(call);
    };
    if !core.dsco_authorized(call) {
        Ledger::bump(&mut core.ledger.refused, &format!("{} 401", call.kind));
        return envelope::unauthorized();
    }
    if !core.dsco.windows.admit(&call.kind, call.now) {
        if core.config.limits {
            Ledger::bump(&mut core.ledger.throttled, &call.kind);
            return envelope::throttled();
        }
        Ledger::bump(&mut core.ledger.over_limit, &call.kind);
    }
    handler(core, call)
}

/// Cents as the JSON number that a client sends.
#[cfg(test)]
pub(crate) fn money_for_tests(cents: i64) -> serde_json::Value {
    render::money(cents)
}
