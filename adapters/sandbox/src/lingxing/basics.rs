//! Master data: stores, warehouses, logistics types.

use serde_json::{Value, json};

use super::envelope::{java, java_error, php, php_error};
use super::list::cut;
use crate::catalog::{SERVICES, SHOPS, WAREHOUSES, logistics_type};
use crate::faults::Effect;
use crate::state::Core;
use crate::wire::{Call, Reply};

fn page(rows: &[Value], body: &Value, default: u64, effect: Option<&Effect>) -> Vec<Value> {
    let number =
        |name: &str, default: u64| usize::try_from(body[name].as_u64().unwrap_or(default)).unwrap_or(usize::MAX);
    shown(rows, number("offset", 0), number("length", default), effect)
}

fn shown(rows: &[Value], start: usize, length: usize, effect: Option<&Effect>) -> Vec<Value> {
    let rows: Vec<&Value> = rows.iter().collect();
    cut(&rows, start, length, effect).into_iter().cloned().collect()
}

/// `POST /pb/mp/shop/v2/getSellerList`.
pub(crate) fn stores(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    if body["length"].as_u64().is_some_and(|length| length > 200) {
        return java_error(102, "length 最大值为 200", request, call.now);
    }
    let platform = core.config.platform_code;
    let wanted = body["platform_code"].as_array();
    let rows: Vec<Value> = SHOPS
        .iter()
        .filter(|_| wanted.is_none_or(|codes| codes.contains(&json!(platform))))
        .map(|(_, store, name)| {
            json!({
                "store_id": store,
                "sid": "",
                "store_name": name,
                // Text here although the field table says int.
                "platform_code": platform.to_string(),
                "platform_name": "Sandbox Platform",
                "currency": "USD",
                "is_sync": 1,
                "status": 1,
            })
        })
        .collect();
    let shown = page(&rows, body, 200, call.effect.as_ref());
    java(&json!({ "total": rows.len().to_string(), "list": shown }), request, call.now)
}

/// `POST /erp/sc/data/local_inventory/warehouse`: one type per call, all of ours are type 3.
pub(crate) fn warehouses(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let rows: Vec<Value> = WAREHOUSES
        .iter()
        .filter(|_| body["type"].as_u64().unwrap_or(1) == 3)
        .map(|(code, wid, name)| {
            json!({
                "wid": wid,
                "type": 3,
                "sub_type": 2,
                "name": name,
                "is_delete": 0,
                "t_country_area_name": "美国",
                "t_status": "1",
                "t_warehouse_code": code,
                "t_warehouse_name": name,
                "country_code": "US",
                "wp_id": 77,
                "wp_name": "Sandbox 3PL",
            })
        })
        .collect();
    php(&page(&rows, body, 1000, call.effect.as_ref()), rows.len(), core.lingxing.requests, call.now)
}

/// `POST /erp/sc/routing/wms/WmsLogistics/listUsedLogisticsType`: everything inside `param`.
pub(crate) fn logistics_types(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    let param = &body["param"];
    let Some(provider) = param["provider_type"].as_u64() else {
        return php_error("provider_type 不能为空", request, call.now);
    };
    let mut rows = Vec::new();
    for (w, (code, wid, name)) in WAREHOUSES.iter().enumerate() {
        for (s, service) in SERVICES.iter().enumerate() {
            if provider != 2 || !service.mapped {
                continue;
            }
            rows.push(json!({
                "type_id": logistics_type(w, s).to_string(),
                "is_used": 1,
                "name": format!("{name} {} {}", service.carrier, service.method),
                "code": format!("{code}_{}", service.code),
                "logistics_provider_id": PROVIDER_ID,
                "logistics_provider_name": PROVIDER_NAME,
                "provider_is_used": 1,
                "type": 2,
                "wid": wid,
                "warehouse_type": 1,
                "supplier_code": null,
                "wp_code": "SANDBOX",
            }));
        }
    }
    let number = |name: &str, default: u64| usize::try_from(param[name].as_u64().unwrap_or(default)).unwrap_or(1);
    let length = number("length", 20).max(1);
    let start = number("page", 1).saturating_sub(1).saturating_mul(length);
    php(&shown(&rows, start, length, call.effect.as_ref()), rows.len(), request, call.now)
}

pub(crate) const PROVIDER_ID: &str = "209000000000000001";
pub(crate) const PROVIDER_NAME: &str = "Sandbox 3PL";
