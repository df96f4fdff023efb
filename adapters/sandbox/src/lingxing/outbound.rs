//! `POST /erp/sc/routing/wms/order/wmsOrderList`: outbound documents (销售出库单).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};

use super::basics::{PROVIDER_ID, PROVIDER_NAME};
use super::envelope::{gateway, php, php_error};
use super::list::{cut, from, texts, total};
use crate::catalog::{FOREIGN_SKU, SERVICES, WAREHOUSES, logistics_parts};
use crate::clock::{beijing_day, beijing_form};
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::world::erp::{Document, DocumentState, Item, RowStyle, SystemOrder, TimeStyle, row_sku};

const MAX_PAGE: u64 = 200;
/// Without dates only about the last month is searched, also by number.
const DEFAULT_WINDOW: Duration = Duration::days(31);

struct Filter<'a> {
    stores: Option<Vec<String>>,
    statuses: Option<Vec<u64>>,
    documents: Option<Vec<&'a str>>,
    time: Time,
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Clone, Copy)]
enum Time {
    Created,
    Delivered,
    Updated,
}

/// Review makes the document.
fn made(system: &SystemOrder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // A document stays in the list when its goods were given back.
    system.reviewed_at.filter(|&at| at <= now)
}

fn shipped(document: &Document, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    document.shipped_at.filter(|_| document.state(now) == DocumentState::Shipped)
}

impl Filter<'_> {
    fn fits(&self, system: &SystemOrder, document: &Document, now: DateTime<Utc>) -> bool {
        let Some(made) = made(system, now) else {
            return false;
        };
        let number = document_number(document);
        let at = match self.time {
            Time::Created => Some(made),
            Time::Delivered => shipped(document, now),
            Time::Updated => Some(shipped(document, now).unwrap_or(made)),
        };
        let day = at.map(beijing_day);
        day.is_some_and(|day| self.from <= day && day <= self.to)
            && self.stores.as_ref().is_none_or(|ids| ids.iter().any(|id| **id == *system.store))
            && self.statuses.as_ref().is_none_or(|wanted| wanted.contains(&status(document, now)))
            && self.documents.as_ref().is_none_or(|wanted| wanted.contains(&number.as_str()))
    }
}

pub(crate) fn list(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    let page = body["page"].as_u64().unwrap_or(1);
    let size = body["page_size"].as_u64().unwrap_or(20);
    if page == 0 {
        return php_error("page 必须是正数", request, call.now);
    }
    if size == 0 || size > MAX_PAGE {
        return php_error("page_size 最大值为 200", request, call.now);
    }
    let (Ok(numbers), Ok(systems)) = (texts(&body["platform_order_no_arr"]), texts(&body["order_number_arr"])) else {
        return gateway("102", call.now);
    };
    let filter = match filter(body, call.now) {
        Ok(filter) => filter,
        Err(Some(detail)) => return php_error(detail, request, call.now),
        Err(None) => return gateway("102", call.now),
    };
    let world = &core.world;
    let candidates: Vec<usize> = match (&numbers, &systems) {
        (Some(numbers), _) => {
            let unique: BTreeSet<usize> = numbers.iter().flat_map(|po| world.systems_of(po)).copied().collect();
            unique.into_iter().collect()
        }
        (None, Some(wanted)) => (0..world.systems.len())
            .filter(|&at| wanted.contains(&world.systems[at].number.to_string().as_str()))
            .collect(),
        (None, None) => (0..world.systems.len()).collect(),
    };
    let mut rows: Vec<(usize, usize)> = Vec::new();
    for at in candidates {
        let system = &world.systems[at];
        if !system.exists(call.now) || system.deleted {
            continue;
        }
        for (position, document) in system.documents.iter().enumerate() {
            if filter.fits(system, document, call.now) {
                rows.push((at, position));
            }
        }
    }
    let length = usize::try_from(size).unwrap_or(200);
    let start = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(length);
    let shown: Vec<Value> = cut(&rows, start, length, call.effect.as_ref())
        .into_iter()
        .map(|(at, position)| {
            let system = &world.systems[at];
            row(world, system, &system.documents[position], call.now)
        })
        .collect();
    php(&shown, total(&rows, start, call.effect.as_ref()), request, call.now)
}

/// `Err(None)` is a wrong JSON type, `Err(Some(…))` a wrong value.
fn filter(body: &Value, now: DateTime<Utc>) -> Result<Filter<'_>, Option<&'static str>> {
    let numbers = |value: &Value| -> Result<Option<Vec<u64>>, Option<&'static str>> {
        match value {
            Value::Null => Ok(None),
            Value::Array(array) => {
                array.iter().map(|item| item.as_u64().ok_or(None)).collect::<Result<_, _>>().map(Some)
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Err(None),
        }
    };
    let day = |name: &str| -> Result<Option<NaiveDate>, Option<&'static str>> {
        match body.get(name).and_then(Value::as_str) {
            None | Some("") => Ok(None),
            Some(text) => {
                NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Some).map_err(|_| Some("日期格式错误，应为 Y-m-d"))
            }
        }
    };
    // Stores are 18-digit numbers here, beyond what a double holds.
    let stores = numbers(&body["sid_arr"])?.map(|ids| ids.iter().map(u64::to_string).collect::<Vec<String>>());
    let time = match body.get("time_type").and_then(Value::as_str) {
        None | Some("" | "create_at") => Time::Created,
        Some("delivered_at" | "stock_delivered_at") => Time::Delivered,
        Some("update_at") => Time::Updated,
        Some(_) => return Err(Some("time_type 参数错误")),
    };
    Ok(Filter {
        stores,
        statuses: numbers(&body["status_arr"])?,
        documents: texts(&body["wo_number_arr"]).map_err(|()| None)?,
        time,
        from: day("start_date")?.unwrap_or_else(|| beijing_day(now - DEFAULT_WINDOW)),
        to: day("end_date")?.unwrap_or_else(|| beijing_day(now)),
    })
}

fn document_number(document: &Document) -> String {
    format!("WO{}", document.number)
}

fn status(document: &Document, now: DateTime<Utc>) -> u64 {
    match document.state(now) {
        DocumentState::Shipping => 2,
        DocumentState::Shipped => 3,
        DocumentState::Cut => 4,
    }
}

fn row(world: &World, system: &SystemOrder, document: &Document, now: DateTime<Utc>) -> Value {
    let status = status(document, now);
    let name = match status {
        2 => "发货中",
        3 => "已发货",
        _ => "已删除",
    };
    let shipped = shipped(document, now);
    let stock = shipped.map_or_else(String::new, beijing_form);
    let delivered = match document.times {
        _ if shipped.is_none() => String::new(),
        TimeStyle::Both => stock.clone(),
        TimeStyle::StockOnlyEmpty => String::new(),
        TimeStyle::StockOnlyZeros => "0000-00-00 00:00:00".to_owned(),
    };
    let made = made(system, now).unwrap_or(now);
    // Staff assign a warehouse to orders that came without one.
    let wid = system.wid.unwrap_or(WAREHOUSES[0].1);
    let warehouse = WAREHOUSES.iter().find(|known| known.1 == wid).map_or("", |known| known.2);
    let service = system.logistics.and_then(logistics_parts).map_or(0, |(_, service)| service);
    let logistics = system.logistics.unwrap_or(265);
    let sid: u64 = system.store.parse().unwrap_or(0);
    let platforms: Vec<&str> = system.pos.iter().map(|po| &**po).collect();
    let mut rows = Vec::new();
    for &(position, quantity) in &document.items {
        product_rows(world, system, document, &system.items[position], quantity, &mut rows);
    }
    let (asked, answer) = recall(system, status, now);
    let logistics_state = [(5, "下单完成"), (41, "取消中"), (43, "物流取消完成"), (42, "取消异常")][usize::from(asked)];
    let mut json = json!({
        "wo_id": document.number % 10_000_000,
        "wo_number": document_number(document),
        "sid": sid,
        "wid": wid,
        "warehouse_type": 3,
        "order_number": system.number.to_string(),
        "order_from": from(system),
        "reference_no": format!("{}-{}", platforms.first().unwrap_or(&""), system.number % 10_000),
        "deliver_deadline": "",
        "purchase_time": "",
        "payment_time": "",
        "surface_print_time": "0000-00-00 00:00:00",
        "order_print_time": "0000-00-00 00:00:00",
        "waybill_no": format!("OB-{}", document.number % 1_000_000),
        // The label exists before the parcel leaves: a number alone proves nothing.
        "tracking_no": &*document.tracking,
        "surface_file_id": 0,
        "order_type": if document.rows == RowStyle::Bundle { 2 } else { 1 },
        "status": status,
        "status_name": name,
        "logistics_status": logistics_state.0,
        "logistics_status_name": logistics_state.1,
        "logistics_message": answer,
        "logistics_success_time": if status == 4 { String::new() } else { beijing_form(made) },
        "actual_carrier": SERVICES[service].carrier,
        "order_origin_amount": "0.00",
        "order_currency_code": &*system.currency,
        "delivered_at": delivered,
        "stock_delivered_at": stock,
        "logistics_provider_id": PROVIDER_ID,
        "logistics_provider_name": PROVIDER_NAME,
        // A number or a text, both occur.
        "logistics_type_id": if document.number.is_multiple_of(4) { json!(logistics) } else { json!(logistics.to_string()) },
        "logistics_type_name": SERVICES[service].method,
        "cancel_status": asked,
        "cancel_message": answer,
        "delivery_status": if status == 3 { 23 } else { 20 },
        "delivery_message": "",
        "tag_names": [],
        "omsAttachments": null,
        "seller_name": "",
        "site_text": "[自定义平台].美国",
        "platform_name": "Sandbox Platform",
        "platform_order_no": platforms,
        "package_delivered_data": [],
        "warehouse_name": warehouse,
        "target_country": "美国",
        "product_info": rows,
        "create_at": beijing_form(made),
        "update_at": beijing_form(shipped.unwrap_or(made)),
    });
    let address = &system.address;
    json["consignee"] = json!(&*address.name);
    json["consignee_phone"] = json!(&*address.mobile);
    json["consignee_postcode"] = json!(&*address.postal);
    json["consignee_address"] = json!(format!("{} {}", address.line1, address.line2));
    json["logistics_freight"] = json!("0.00");
    json
}

/// How it stands with giving the goods back, and what the warehouse says: 0 not asked, 1 asked, 2
/// done, 3 refused. The vendor names only the range of the numbers.
fn recall(system: &SystemOrder, status: u64, now: DateTime<Utc>) -> (u8, &'static str) {
    match system.recall {
        _ if status == 4 => (2, ""),
        Some(recall) if recall.ends > now => (1, ""),
        Some(recall) if recall.refused => (3, "仓库已处理，无法截单"),
        Some(_) | None => (0, ""),
    }
}

fn product_rows(
    world: &World,
    system: &SystemOrder,
    document: &Document,
    item: &Item,
    quantity: u32,
    rows: &mut Vec<Value>,
) {
    let product = &world.catalog.products[item.product];
    let bundle = document.rows == RowStyle::Bundle && !product.parts.is_empty();
    let id = item.id * 10;
    let mut push = |wod: u64, sku: &str, seller: &str, count: u32, kind: u8, parent: u64, price: &str| {
        rows.push(json!({
            "wod_id": wod,
            "global_item_no": (203_912_345_678_000_000 + item.id).to_string(),
            "platform_order_no": &*item.po,
            "product_id": 30_000 + item.product,
            "sku": sku,
            "sku_identifier": sku,
            "sid": &*system.store,
            "stock_sid": "0",
            "bundle_type": kind,
            "bundle_wod_id": parent,
            "product_name": product.name,
            "is_combo": 0,
            "count": count,
            "seller_sku": seller,
            "item_unit_price": price,
            "item_total_price": price,
            "stock_cost": "80.000000",
            "third_product_code": sku,
            "product_tags": [],
        }));
    };
    let sku = row_sku(world, document, item);
    // The store's name of the product is missing now and then.
    let known = sku != FOREIGN_SKU && !item.id.is_multiple_of(6);
    let seller = if known { &*item.msku } else { "" };
    push(id, sku, seller, quantity, u8::from(bundle), 0, &item.price);
    if bundle {
        for (step, (part, count)) in product.parts.iter().enumerate() {
            let part = &world.catalog.products[*part];
            let wod = id + 1 + u64::try_from(step).unwrap_or(0);
            push(wod, &part.erp_sku, "", count * quantity, 2, id, "0.00");
        }
    }
}
