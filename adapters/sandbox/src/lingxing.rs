//! The simulated Lingxing API: gateway first, then the services behind it.

mod basics;
mod cancel;
mod create;
mod envelope;
mod inventory;
mod list;
mod outbound;
mod pairs;
mod sign;
mod token;

use serde_json::Value;

use self::token::TokenKeeper;
use crate::faults::Effect;
use crate::ledger::Ledger;
use crate::limits::{Admission, InFlight};
use crate::state::Core;
use crate::wire::{Call, Reply};

/// Server state of the ERP.
#[derive(Debug, Default)]
pub(crate) struct Lingxing {
    token: TokenKeeper,
    buckets: InFlight,
    requests: u64,
}

/// Older than this and a signature has expired; a clock that is ahead is refused alike.
const SIGN_LIFE_SECONDS: i64 = 120;

const TOKEN_PATH: &str = "/api/auth-server/oauth/access-token";
const REFRESH_PATH: &str = "/api/auth-server/oauth/refresh";

type Service = fn(&mut Core, &Call, &Value) -> Reply;

/// Services with the capacity of their token bucket.
fn route(path: &str) -> Option<(Service, usize)> {
    let (service, capacity): (Service, usize) = match path {
        "/pb/mp/order/v2/create" => (create::create, 10),
        "/pb/mp/order/v2/list" => (list::list, 10),
        "/pb/mp/order/v2/cancelOrder" => (cancel::mark_not_shipped, 10),
        "/basicOpen/wmsOrder/cancel" => (cancel::cut_off, 1),
        "/erp/sc/routing/wms/order/wmsOrderList" => (outbound::list, 1),
        "/erp/sc/routing/data/local_inventory/inventoryDetails" => (inventory::list, 1),
        "/pb/mp/listing/v2/getPairList" => (pairs::list, 10),
        "/pb/mp/shop/v2/getSellerList" => (basics::stores, 10),
        "/erp/sc/data/local_inventory/warehouse" => (basics::warehouses, 1),
        "/erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType" => (basics::logistics_types, 1),
        _ => return None,
    };
    Some((service, capacity))
}

fn capacity(path: &str) -> Option<usize> {
    if path == TOKEN_PATH || path == REFRESH_PATH {
        return Some(100);
    }
    route(path).map(|(_, capacity)| capacity)
}

/// What happened at the token bucket when a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It holds a token, which has to be given back.
    Running,
    /// The path has no bucket.
    Free,
    /// 3001008.
    Refused,
}

/// Takes a token for a request; called when it arrives, before its latency.
pub(crate) fn enter(core: &mut Core, call: &Call) -> Entry {
    let Some(capacity) = capacity(&call.path) else {
        return Entry::Free;
    };
    let enforce = core.config.limits;
    match core.lingxing.buckets.take(&call.path, capacity, enforce, call.now) {
        Admission::Refused => {
            Ledger::bump(&mut core.ledger.throttled, &call.kind);
            Entry::Refused
        }
        Admission::Taken { in_flight, over } => {
            let highest = core.ledger.max_in_flight.entry(call.kind.clone()).or_default();
            *highest = (*highest).max(u64::try_from(in_flight).unwrap_or(u64::MAX));
            if over {
                Ledger::bump(&mut core.ledger.over_limit, &call.kind);
            }
            Entry::Running
        }
    }
}

/// Gives the token back when a request ends, answered or abandoned.
pub(crate) fn leave(core: &mut Core, path: &str, answered: bool, now: chrono::DateTime<chrono::Utc>) {
    core.lingxing.buckets.give_back(path, answered, now);
}

pub(crate) fn throttled(call: &Call) -> Reply {
    envelope::gateway("3001008", call.now)
}

pub(crate) fn vendor_code(code: &str, call: &Call) -> Reply {
    if code == "103" {
        return envelope::busy(call.now);
    }
    envelope::gateway(code, call.now)
}

/// Answers one call to the ERP that holds its token.
pub(crate) fn handle(core: &mut Core, call: &Call) -> Reply {
    core.settle(call.now);
    if call.method == "POST" && call.path == TOKEN_PATH {
        return token::access(core, call);
    }
    if call.method == "POST" && call.path == REFRESH_PATH {
        return token::refresh(core, call);
    }
    let Some((service, capacity)) = route(&call.path) else {
        Ledger::bump(&mut core.ledger.unknown_paths, &call.kind);
        return envelope::wrong_path(call);
    };
    if let Err(code) = admit(core, call) {
        Ledger::bump(&mut core.ledger.refused, &format!("{} {code}", call.kind));
        return envelope::gateway(code, call.now);
    }
    if call.method != "POST" {
        return Reply::html(405);
    }
    let body: Value = if call.body.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_slice(&call.body).unwrap_or(Value::Null)
    };
    if !body.is_object() {
        return envelope::gateway("102", call.now);
    }
    if let Some(gap) = core.config.erp_service_gap.filter(|_| capacity == 1)
        && !core.lingxing.buckets.spaced(&call.path, gap, call.now)
    {
        Ledger::bump(&mut core.ledger.throttled, &call.kind);
        return envelope::busy(call.now);
    }
    core.lingxing.requests += 1;
    service(core, call, &body)
}

/// The gateway's checks of the four common parameters.
fn admit(core: &mut Core, call: &Call) -> Result<(), &'static str> {
    let (Some(token), Some(sign), Some(timestamp), Some(app)) =
        (call.query("access_token"), call.query("sign"), call.query("timestamp"), call.query("app_key"))
    else {
        return Err("3001001");
    };
    if app != core.config.app_id {
        return Err("2001001");
    }
    // Seconds in ten digits; milliseconds are a common mistake.
    let seconds = timestamp.parse::<i64>().ok().filter(|_| timestamp.len() == 10).ok_or("2001007")?;
    if (call.vendor_now().timestamp() - seconds).abs() > SIGN_LIFE_SECONDS {
        return Err("2001007");
    }
    if call.effect == Some(Effect::TokenReplaced) {
        core.lingxing.token.replace(core.config.erp_token_expires_in, call.now);
        return Err("2001005");
    }
    core.lingxing.token.check(token, call.now)?;
    let plain = sign::plain_text(call, token, app, timestamp).ok_or("102")?;
    if sign::sign(&core.config.app_id, &plain).as_deref() != Some(sign) {
        return Err("2001006");
    }
    Ok(())
}

/// The signature of a POST with this body, for the client of the tests.
#[cfg(test)]
pub(crate) fn sign_for_tests(app: &str, token: &str, timestamp: &str, body: &str) -> String {
    let call = Call {
        method: "POST".to_owned(),
        path: String::new(),
        kind: String::new(),
        query: Vec::new(),
        authorization: None,
        content_type: String::new(),
        form: Vec::new(),
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
        now: chrono::DateTime::UNIX_EPOCH,
        effect: None,
    };
    let plain = sign::plain_text(&call, token, app, timestamp).unwrap_or_default();
    sign::sign(app, &plain).unwrap_or_default()
}
