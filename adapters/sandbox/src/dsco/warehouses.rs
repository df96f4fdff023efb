//! `GET /warehouse/page`.

use serde_json::{Value, json};

use super::envelope::{invalid, not_found};
use super::orders::turn_of;
use super::render::{SUPPLIER_ID, warehouse_id};
use crate::catalog::{CHANNEL_WAREHOUSES, WAREHOUSES, warehouse_code};
use crate::faults::Effect;
use crate::state::Core;
use crate::wire::{Call, Reply};

fn name(position: usize) -> &'static str {
    WAREHOUSES.get(position).map_or("Sandbox Overflow", |warehouse| warehouse.2)
}

/// The account's warehouses, all of them active.
pub(crate) fn page(core: &mut Core, call: &Call) -> Reply {
    if let Some(id) = call.query("scrollId") {
        if call.effect == Some(Effect::ScrollExpired) {
            core.dsco.scrolls.forget(id);
        }
        let Some(found) = core.dsco.scrolls.turn(id, turn_of(call), call.now) else {
            return not_found(call, "scrollId not found");
        };
        return answer(Some(id), &found);
    }
    let wanted: Vec<usize> = match (call.query("idType"), call.query("idValue")) {
        (None, None) => (0..CHANNEL_WAREHOUSES)
            .filter(|_| call.query("status").is_none_or(|status| status == "active"))
            .filter(|&position| call.query("name").is_none_or(|wanted| wanted == name(position)))
            .collect(),
        (Some("code"), Some(wanted)) => (0..CHANNEL_WAREHOUSES).filter(|&at| warehouse_code(at) == wanted).collect(),
        (Some("warehouseId"), Some(id)) => {
            (0..CHANNEL_WAREHOUSES).filter(|&at| warehouse_id(warehouse_code(at)) == id).collect()
        }
        _ => return invalid(call, "idType and idValue are not allowed like this"),
    };
    let size = core.config.page_size_cap.max(1);
    let (scroll, found) = core.dsco.scrolls.start(wanted, size, turn_of(call), call.now);
    answer(scroll.as_deref(), &found)
}

fn answer(scroll: Option<&str>, found: &[usize]) -> Reply {
    let shown: Vec<Value> = found
        .iter()
        .map(|&position| {
            let code = warehouse_code(position);
            json!({
                "warehouseId": warehouse_id(code),
                "code": code,
                "supplierId": SUPPLIER_ID,
                "status": "active",
                "name": name(position),
                "address": ["1 Warehouse Way"],
                "address1": "1 Warehouse Way",
                "city": "FAKETOWN",
                "region": "CA",
                "country": "US",
                "postal": "99999",
                "createDate": "2025-05-01T00:00:00+00:00",
                "lastUpdate": "2025-05-01T00:00:00+00:00",
            })
        })
        .collect();
    let mut body = json!({ "warehouses": shown });
    if let Some(scroll) = scroll {
        body["scrollId"] = json!(scroll);
    }
    Reply::json(200, &body)
}
