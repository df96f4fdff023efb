//! `POST /pb/mp/order/v2/list`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::basics::{PROVIDER_ID, PROVIDER_NAME};
use super::envelope::{gateway, java, java_error, java_object};
use crate::catalog::{SERVICES, WAREHOUSES, logistics_parts};
use crate::clock::blank_form;
use crate::faults::Effect;
use crate::json::Object;
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::world::erp::{Address, Item, SystemOrder};

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
    let shown = cut(&rows, start, count, call.effect.as_ref());
    // Empty answers come in two shapes.
    if rows.is_empty() && request % 2 == 1 {
        return java(&json!({ "total": 0, "list": null }), request, call.now);
    }
    let data = |json: &mut Object<'_>| {
        json.array("list", shown, |json, at| row(json, core, &core.world.systems[at], call.now));
        json.put("total", total(&rows, start, call.effect.as_ref()).to_string());
    };
    java_object(data, request, call.now)
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

fn seconds(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(0, |at| at.timestamp())
}

fn row(json: &mut Object<'_>, core: &Core, system: &SystemOrder, now: DateTime<Utc>) {
    let status = system.status(now);
    let po = system.pos.first().map_or("", |po| &**po);
    let number = system.number.to_string();
    let warehouse = WAREHOUSES.iter().find(|known| Some(known.1) == system.wid).map_or("", |known| known.2);
    let reviewed = system.reviewed(now);
    let reviewed_at = reviewed.map(|at| at.timestamp());
    let delivered = (status == 6).then(|| system.delivered(now)).flatten();
    json.object("address_info", |json| address_json(json, &system.address));
    json.put("amount_currency", &*system.currency);
    json.put("buyers_info", json!({ "buyer_no": "", "buyer_email": "", "buyer_name": "", "buyer_note": "" }));
    json.null("customer_shipping_list");
    json.put("delivery_type", 2);
    json.null("exception_order_tag");
    json.put("global_cancel_time", seconds(system.cancelled_at.filter(|&at| at <= now)));
    // Shifted twice in real answers: sixteen hours ahead of UTC.
    json.put("global_create_time", blank_form((system.created + chrono::Duration::hours(16)).naive_utc()));
    json.put("global_delivery_time", seconds(delivered));
    json.put("global_distribution_time", reviewed_at);
    json.put("global_latest_ship_time", "0");
    json.put("global_mark_time", 0);
    json.put("global_order_no", &number);
    json.put("global_payment_time", system.purchased);
    json.null("global_print_time");
    json.put("global_purchase_time", system.purchased);
    json.put("global_review_time", reviewed_at);
    json.put("is_delete", u8::from(system.deleted));
    json.array("item_info", &system.items, |json, item| item_json(json, &core.world, item, system.deleted));
    json.object("logistics_info", |json| logistics_json(json, system, reviewed.is_some()));
    json.null("order_custom_fields");
    json.put("order_from_name", from(system));
    json.null("order_tag");
    json.put("original_global_order_no", system.resent.then_some([&number]));
    json.put("payment_info", json!([]));
    json.null("pending_order_tag");
    json.array("platform_info", &system.pos, |json, po| platform_json(json, system, po, core.config.platform_code));
    json.put("reference_no", format_args!("{po}-{}", system.number % 10_000));
    json.put("remark", "");
    json.put("split_type", system.split_type.to_string());
    json.put("status", status);
    json.put("store_id", &*system.store);
    json.null("supplier_id");
    json.put("transaction_info", json!([]));
    json.put("update_time", system.updated(now).timestamp().to_string());
    json.put("warehouse_name", warehouse);
    json.put("wid", system.wid.unwrap_or(0).to_string());
}

fn address_json(json: &mut Object<'_>, address: &Address) {
    json.put("address_line1", &*address.line1);
    json.put("address_line2", &*address.line2);
    json.put("address_line3", "");
    json.put("city", &*address.city);
    json.null("company_name");
    json.null("district");
    json.null("doorplate_no");
    json.put("postal_code", &*address.postal);
    json.put("receiver_country_code", &*address.country);
    json.put("receiver_mobile", &*address.mobile);
    json.put("receiver_name", &*address.name);
    json.put("receiver_tel", "");
    json.put("state_or_region", &*address.state);
}

fn logistics_json(json: &mut Object<'_>, system: &SystemOrder, reviewed: bool) {
    let document = system.documents.iter().find(|document| document.cut_at.is_none() && reviewed);
    let service = system.logistics.and_then(logistics_parts).map(|(_, service)| SERVICES[service]);
    json.put("actual_carrier", "");
    json.put("cost_amount", "0");
    json.put("logistics_provider_id", PROVIDER_ID);
    json.put("logistics_provider_name", PROVIDER_NAME);
    json.put("logistics_type_id", system.logistics.map_or_else(String::new, |id| id.to_string()));
    json.put("logistics_type_name", service.map_or("", |service| service.method));
    json.put("mark_no", "");
    json.put("pre_cost_amount", "-￥0.00");
    json.put("status", 0);
    json.put("tracking_no", document.map_or("", |document| &*document.tracking));
    json.put("waybill_no", "");
}

fn platform_json(json: &mut Object<'_>, system: &SystemOrder, po: &str, platform: i64) {
    json.put("cancel_time", 0);
    json.put("delivery_time", 0);
    json.put("latest_ship_time", 0);
    json.put("order_from", from(system));
    json.put("payment_status", "");
    json.put("payment_time", system.purchased);
    json.put("platform_code", platform.to_string());
    json.put("platform_order_name", po);
    json.put("platform_order_no", po);
    json.put("purchase_time", system.purchased);
    json.put("shipping_status", "");
    json.put("status", "");
    json.put("store_Country_code", "US");
}

/// 手工订单 (manual) or 补发订单 (replacement).
pub(crate) fn from(system: &SystemOrder) -> &'static str {
    if system.resent { "补发订单" } else { "手工订单" }
}

fn item_json(json: &mut Object<'_>, world: &World, item: &Item, deleted: bool) {
    let product = &world.catalog.products[item.product];
    json.put("data_json", "{}");
    json.put("globalItemNo", (203_912_345_678_000_000 + item.id).to_string());
    json.put("id", item.id.to_string());
    json.put("is_bundled", u8::from(!product.parts.is_empty()));
    json.put("is_delete", u8::from(deleted));
    json.null("item_custom_fields");
    json.put("item_from_name", "本地");
    json.put("item_price_amount", &*item.price);
    json.put("local_product_name", &product.name);
    json.put("local_sku", &product.erp_sku);
    json.put("msku", &*item.msku);
    json.put("order_item_no", format_args!("{}-{}", item.po, item.id % 100));
    json.put("platform_order_no", &*item.po);
    json.put("platform_status", "");
    json.put("product_no", "");
    json.put("quantity", item.quantity);
    json.put("remark", "");
    json.put("stock_deduct_id", "0");
    json.put("sub_products", json!([]));
    json.put("title", "");
    json.put("type", "产品");
    json.put("unit_price_amount", &*item.price);
    json.put("variant_attr", "");
}
