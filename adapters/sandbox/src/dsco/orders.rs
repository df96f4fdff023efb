//! Reading orders: pages and single orders.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::envelope::{invalid, not_found};
use super::render::order_json;
use super::scroll::Turn;
use crate::clock::parse_instant;
use crate::faults::Effect;
use crate::json;
use crate::state::Core;
use crate::wire::{Call, Reply};

/// `until` must be in the past by at least this.
const SETTLED: Duration = Duration::seconds(5);

pub(crate) fn turn_of(call: &Call) -> Turn {
    match &call.effect {
        Some(Effect::HalfPage) => Turn::Half,
        Some(Effect::DuplicatePage) => Turn::Again,
        Some(Effect::EmptyPage) => Turn::Empty,
        Some(Effect::EndlessCursor) => Turn::Endless,
        Some(Effect::ReversedPage) => Turn::Reversed,
        _ => Turn::Whole,
    }
}

/// `GET /order/page`.
pub(crate) fn page(core: &mut Core, call: &Call) -> Reply {
    let (scroll_id, found) = if let Some(id) = call.query("scrollId") {
        if call.effect == Some(Effect::ScrollExpired) {
            core.dsco.scrolls.forget(id);
        }
        // Every other parameter is ignored beside a scrollId.
        match core.dsco.scrolls.turn(id, turn_of(call), call.now) {
            Some(found) => (Some(id.to_owned()), found),
            None => return not_found(call, "scrollId not found"),
        }
    } else {
        let size = match page_size(call) {
            Ok(size) => size.min(core.config.page_size_cap.max(1)),
            Err(reason) => return invalid(call, reason),
        };
        let found = match search(core, call) {
            Ok(found) => found,
            Err(reason) => return invalid(call, &reason),
        };
        core.dsco.scrolls.start(found, size, turn_of(call), call.now)
    };
    let orders = found.iter().map(|&position| core.world.order(position));
    let mut body = json::object(|page| page.array("orders", orders, order_json));
    if let Some(id) = scroll_id {
        // The only member that does not come in the order of its name.
        body.insert_str(1, &format!("\"scrollId\":{},", json!(id)));
    }
    // A retailer that changes its mind does so once the supplier could have seen the order.
    for position in found {
        if core.world.order(position).cancel_when_read {
            core.world.change(position, call.now, |order| {
                order.cancel_when_read = false;
                order.cancel(call.now);
            });
        }
    }
    Reply::text(200, "application/json", body)
}

fn page_size(call: &Call) -> Result<usize, &'static str> {
    match call.query("ordersPerPage") {
        None => Ok(1000),
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (10..=1000).contains(size))
            .ok_or("ordersPerPage must be between 10 and 1000"),
    }
}

fn search(core: &Core, call: &Call) -> Result<Vec<usize>, String> {
    let statuses: Vec<&str> = call.query_all("status").collect();
    if let Some(odd) = statuses.iter().find(|s| !["created", "shipment_pending", "shipped", "cancelled"].contains(*s)) {
        return Err(format!("status {odd} is not allowed"));
    }
    let tests = call.query("includeTestOrders") == Some("true");
    let fits = |position: &usize| {
        let order = core.world.order(*position);
        order.visible_at <= call.now
            && (tests || !order.test)
            && (statuses.is_empty() || statuses.contains(&order.status.name()))
    };
    if let Some(number) = call.query("consumerOrderNumber") {
        let world = &core.world;
        return Ok((0..world.orders().len())
            .filter(|&position| consumer_number(world.order(position).id) == number)
            .filter(fits)
            .collect());
    }
    let instant = |name: &str| -> Result<Option<DateTime<Utc>>, String> {
        call.query(name).map(|text| parse_instant(text).ok_or_else(|| format!("{name} is not a date-time"))).transpose()
    };
    let created = instant("ordersCreatedSince")?;
    let updated = instant("ordersUpdatedSince")?;
    let until = instant("until")?.ok_or("until is required")?;
    if until > call.vendor_now() - SETTLED {
        return Err("until must be at least 5 seconds in the past".to_owned());
    }
    match (created, updated) {
        (Some(since), None) => Ok(core.world.created_between(since, until).filter(fits).collect()),
        (None, Some(since)) => Ok(core.world.updated_between(since, until).filter(fits).collect()),
        (Some(_), Some(_)) => Err("only one of ordersCreatedSince and ordersUpdatedSince is allowed".to_owned()),
        (None, None) => Err("ordersCreatedSince or ordersUpdatedSince is required".to_owned()),
    }
}

/// `consumerOrderNumber` of an order id.
pub(crate) fn consumer_number(id: u64) -> String {
    (id - 2_000_000_000).to_string()
}

/// `GET /order/`.
pub(crate) fn by_key(core: &mut Core, call: &Call) -> Reply {
    let (Some(key), Some(value)) = (call.query("orderKey"), call.query("value")) else {
        return invalid(call, "orderKey and value are required");
    };
    let world = &core.world;
    let found: Vec<usize> = match key {
        "dscoOrderId" => world.by_id(value).into_iter().collect(),
        "poNumber" => world.by_po(value).to_vec(),
        "supplierOrderNumber" => (0..world.orders().len())
            .filter(|&p| world.order(p).supplier_order_number.as_deref() == Some(value))
            .collect(),
        _ => return invalid(call, "orderKey is not allowed"),
    };
    let visible: Vec<usize> = found.into_iter().filter(|&p| world.order(p).visible_at <= call.now).collect();
    let Some(&first) = visible.first() else {
        return not_found(call, "order not found");
    };
    // The mere presence of returnMultiple turns the object into an array.
    let body = if call.query("returnMultiple").is_some() {
        json::array(visible.into_iter().map(|p| world.order(p)), order_json)
    } else {
        json::object(|json| order_json(json, world.order(first)))
    };
    Reply::text(200, "application/json", body)
}
