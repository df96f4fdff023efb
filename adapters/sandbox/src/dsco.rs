//! The simulated DSCO platform API, version 3.

mod acknowledge;
mod auth;
mod envelope;
mod invoices;
mod log;
mod orders;
mod render;
mod scroll;
mod shipments;

use self::auth::Tokens;
use self::invoices::Invoices;
use self::log::Requests;
use self::scroll::Scrolls;
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
}

type Handler = fn(&mut Core, &Call) -> Reply;

/// Operations below `/api/v3`. Trailing slashes matter: `/order/` has one, `/invoice` has none.
/// The inventory operations join this table when they are simulated.
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
        _ => return None,
    };
    Some(handler)
}

/// Answers one call to the channel.
pub(crate) fn handle(core: &mut Core, call: &Call) -> Reply {
    core.settle(call.now);
    if call.kind == "POST /oauth2/token" {
        return auth::token(core, call);
    }
    // A wrong path or method looks like an authorization error, not like a 404.
    let Some(handler) = route(&call.method, &call.path) else {
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
