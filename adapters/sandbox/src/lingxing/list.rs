//! `POST /pb/mp/order/v2/list`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::basics::{PROVIDER_ID, PROVIDER_NAME};
use super::envelope::{gateway, java, java_error};
use crate::catalog::{SERVICES, WAREHOUSES, logistics_parts};
use crate::faults::Effect;
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::world::erp::{Item, SystemOrder};

const LENGTHS: std::ops::RangeInclusive<u64> = 20..=500;
const MAX_NUMBERS: usize = 200;
/// The field table says 31 days, the notes say 30.
const MAX_SPAN_SECONDS: i64 = 31 * 86_400;

/// An array of texts; `Err` when something else stands there.
pub(crate) fn texts(value: &Value) -> Result<Option<Vec<&str>>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::Array(array) => array.iter().map(|item| item.as_str().ok_or(())).collect::<Result<_, _>>().map(Some),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Err(()),
    }
}

/// Rows of a page; faults of lists change what is in it.
pub(crate) fn cut<T: Copy>(rows: &[T], start: usize, length: usize, effect: Option<&Effect>) -> Vec<T> {
    let start = match effect {
        Some(Effect::DuplicatePage) => start.saturating_sub(length),
        Some(Effect::ShrunkPage) if start > 0 => start + 1,
        _ => start,
    };
    let length = match effect {
        Some(Effect::HalfPage) => (length.min(rows.len().saturating_sub(start)) / 2).max(1),
        Some(Effect::EmptyPage) => 0,
        _ => length,
    };
    let mut page: Vec<T> = rows.iter().skip(start).take(length).copied().collect();
    if effect == Some(&Effect::ReversedPage) {
        page.reverse();
    }
    page
}

/// What a list says that it holds.
pub(crate) fn total<T>(rows: &[T], start: usize, effect: Option<&Effect>) -> usize {
    match effect {
        Some(Effect::ShrunkPage) if start > 0 => rows.len().saturating_sub(1),
        _ => rows.len(),
    }
}

pub(crate) fn list(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    let error = |message: &str| java_error(102, message, request, call.now);
    let (Some(offset), Some(length)) = (body["offset"].as_u64(), body["length"].as_u64()) else {
        return error("offset 和 length 不能为空");
    };
    if length < *LENGTHS.start() {
        return error("length 最小值为 20");
    }
    if length > *LENGTHS.end() {
        return error("length 最大值为 500");
    }
    let (Ok(stores), Ok(numbers)) = (texts(&body["store_id"]), texts(&body["platform_order_nos"])) else {
        return gateway("102", call.now);
    };
    if !matches!(body["platform_code"], Value::Null | Value::Array(_)) {
        return gateway("102", call.now);
    }
    let found = match &numbers {
        Some(numbers) if numbers.len() > MAX_NUMBERS => {
            return error("platform_order_nos 最多 200 个");
        }
        Some(numbers) => by_numbers(&core.world, numbers),
        None => match by_dates(&core.world, body, call.now) {
            Ok(found) => found,
            Err(message) => return error(message),
        },
    };
    let deleted = body["include_delete"].as_bool().unwrap_or(false);
    let status = body["order_status"].as_u64();
    let rows: Vec<usize> = found
        .into_iter()
        .filter(|&at| {
            let system = &core.world.systems[at];
            system.visible(call.now)
                && (deleted || !system.deleted)
                && stores.as_ref().is_none_or(|stores| stores.contains(&&*system.store))
                && status.is_none_or(|status| u64::from(system.status(call.now)) == status)
        })
        .collect();
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let count = usize::try_from(length).unwrap_or(usize::MAX);
    let shown: Vec<Value> = cut(&rows, start, count, call.effect.as_ref())
        .into_iter()
        .map(|at| row(core, &core.world.systems[at], call.now))
        .collect();
    // Empty answers come in two shapes.
    let data = if rows.is_empty() && request % 2 == 1 {
        json!({ "total": 0, "list": null })
    } else {
        json!({ "total": total(&rows, start, call.effect.as_ref()).to_string(), "list": shown })
    };
    java(&data, request, call.now)
}

fn by_numbers(world: &World, numbers: &[&str]) -> Vec<usize> {
    let unique: BTreeSet<usize> = numbers.iter().flat_map(|number| world.systems_of(number)).copied().collect();
    unique.into_iter().collect()
}

/// Orders with an event in the open interval `(start_time, end_time)`.
fn by_dates(world: &World, body: &Value, now: DateTime<Utc>) -> Result<Vec<usize>, &'static str> {
    let (Some(kind), Some(start), Some(end)) =
        (body["date_type"].as_str(), body["start_time"].as_i64(), body["end_time"].as_i64())
    else {
        return Err("date_type、start_time、end_time 不能为空");
    };
    if end <= start || end - start > MAX_SPAN_SECONDS {
        return Err("时间范围不能超过31天");
    }
    let at = |system: &SystemOrder| match kind {
        "update_time" => Some(system.updated(now).timestamp()),
        "global_purchase_time" | "global_payment_time" => Some(system.purchased),
        "global_delivery_time" => system.delivered(now).map(|at| at.timestamp()),
        _ => None,
    };
    Ok((0..world.systems.len())
        .filter(|&position| at(&world.systems[position]).is_some_and(|at| start < at && at < end))
        .collect())
}

fn seconds(at: Option<DateTime<Utc>>) -> Value {
    at.map_or(json!(0), |at| json!(at.timestamp()))
}

fn row(core: &Core, system: &SystemOrder, now: DateTime<Utc>) -> Value {
    let status = system.status(now);
    let po = system.pos.first().map_or("", |po| &**po);
    let reference = format!("{po}-{}", system.number % 10_000);
    let wid = system.wid.map_or_else(|| "0".to_owned(), |wid| wid.to_string());
    let warehouse = WAREHOUSES.iter().find(|known| Some(known.1) == system.wid).map_or("", |known| known.2);
    let reviewed = system.reviewed(now);
    let delivered = (status == 6).then(|| system.delivered(now)).flatten();
    let tracking = system
        .documents
        .iter()
        .find(|document| document.cut_at.is_none() && reviewed.is_some())
        .map_or("", |document| &*document.tracking);
    let service = system.logistics.and_then(logistics_parts).map(|(_, service)| SERVICES[service]);
    let items: Vec<Value> = system.items.iter().map(|item| item_json(&core.world, item, system.deleted)).collect();
    let platforms: Vec<Value> = system
        .pos
        .iter()
        .map(|po| {
            json!({
                "order_from": from(system),
                "platform_order_no": &**po,
                "platform_order_name": &**po,
                "platform_code": core.config.platform_code.to_string(),
                "store_Country_code": "US",
                "status": "",
                "payment_status": "",
                "shipping_status": "",
                "purchase_time": system.purchased,
                "payment_time": system.purchased,
                "latest_ship_time": 0,
                "cancel_time": 0,
                "delivery_time": 0,
            })
        })
        .collect();
    json!({
        "global_order_no": system.number.to_string(),
        "reference_no": reference,
        "store_id": &*system.store,
        "order_from_name": from(system),
        "delivery_type": 2,
        "split_type": system.split_type.to_string(),
        "status": status,
        "global_purchase_time": system.purchased,
        "global_payment_time": system.purchased,
        "global_review_time": reviewed.map(|at| at.timestamp()),
        "global_distribution_time": reviewed.map(|at| at.timestamp()),
        "global_print_time": null,
        "global_mark_time": 0,
        "global_delivery_time": seconds(delivered),
        "global_latest_ship_time": "0",
        "global_cancel_time": seconds(system.cancelled_at.filter(|&at| at <= now)),
        "update_time": system.updated(now).timestamp().to_string(),
        "amount_currency": &*system.currency,
        "remark": "",
        "order_tag": null,
        "pending_order_tag": null,
        "exception_order_tag": null,
        "wid": wid,
        "warehouse_name": warehouse,
        "buyers_info": { "buyer_no": "", "buyer_email": "", "buyer_name": "", "buyer_note": "" },
        "address_info": {
            "receiver_name": &*system.address.name,
            "receiver_mobile": &*system.address.mobile,
            "receiver_tel": "",
            "receiver_country_code": &*system.address.country,
            "city": &*system.address.city,
            "state_or_region": &*system.address.state,
            "address_line1": &*system.address.line1,
            "address_line2": &*system.address.line2,
            "address_line3": "",
            "district": null,
            "postal_code": &*system.address.postal,
            "doorplate_no": null,
            "company_name": null,
        },
        "item_info": items,
        "platform_info": platforms,
        "payment_info": [],
        "logistics_info": {
            "status": 0,
            "logistics_type_id": system.logistics.map_or_else(String::new, |id| id.to_string()),
            "logistics_type_name": service.map_or("", |service| service.method),
            "logistics_provider_id": PROVIDER_ID,
            "logistics_provider_name": PROVIDER_NAME,
            "actual_carrier": "",
            "waybill_no": "",
            "tracking_no": tracking,
            "mark_no": "",
            "pre_cost_amount": "-￥0.00",
            "cost_amount": "0",
        },
        "transaction_info": [],
        "original_global_order_no": if system.resent { json!([system.number.to_string()]) } else { Value::Null },
        "customer_shipping_list": null,
        // Shifted twice in real answers: sixteen hours ahead of UTC.
        "global_create_time": (system.created + chrono::Duration::hours(16)).format("%Y-%m-%d %H:%M:%S").to_string(),
        "supplier_id": null,
        "is_delete": u8::from(system.deleted),
        "order_custom_fields": null,
    })
}

/// 手工订单 (manual) or 补发订单 (replacement).
pub(crate) fn from(system: &SystemOrder) -> &'static str {
    if system.resent { "补发订单" } else { "手工订单" }
}

fn item_json(world: &World, item: &Item, deleted: bool) -> Value {
    let product = &world.catalog.products[item.product];
    json!({
        "globalItemNo": (203_912_345_678_000_000 + item.id).to_string(),
        "id": item.id.to_string(),
        "platform_order_no": &*item.po,
        "order_item_no": format!("{}-{}", item.po, item.id % 100),
        "item_from_name": "本地",
        "msku": &*item.msku,
        "local_sku": product.erp_sku,
        "product_no": "",
        "local_product_name": product.name,
        "is_bundled": u8::from(!product.parts.is_empty()),
        "sub_products": [],
        "title": "",
        "variant_attr": "",
        "unit_price_amount": &*item.price,
        "item_price_amount": &*item.price,
        "quantity": item.quantity,
        "remark": "",
        "platform_status": "",
        "type": "产品",
        "stock_deduct_id": "0",
        "data_json": "{}",
        "item_custom_fields": null,
        "is_delete": u8::from(deleted),
    })
}
