//! `POST /erp/sc/routing/wms/order/wmsOrderList`: outbound documents (销售出库单).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};

use super::basics::{PROVIDER_ID, PROVIDER_NAME};
use super::envelope::{gateway, php_error, php_rows};
use super::list::{cut, from, texts, total};
use crate::catalog::{FOREIGN_SKU, SERVICES, WAREHOUSES, logistics_parts};
use crate::clock::{beijing_day, beijing_form};
use crate::json::Object;
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
    let shown = cut(&rows, start, length, call.effect.as_ref());
    let write = |json: &mut Object<'_>, (at, position): (usize, usize)| {
        let system = &world.systems[at];
        row(json, world, system, &system.documents[position], call.now);
    };
    php_rows(shown, write, total(&rows, start, call.effect.as_ref()), request, call.now)
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

fn row(json: &mut Object<'_>, world: &World, system: &SystemOrder, document: &Document, now: DateTime<Utc>) {
    let status = status(document, now);
    let name = match status {
        2 => "发货中",
        3 => "已发货",
        _ => "已删除",
    };
    let shipped = shipped(document, now);
    let stock = shipped.map_or_else(String::new, beijing_form);
    let delivered = match document.times {
        _ if shipped.is_none() => "",
        TimeStyle::Both => &stock,
        TimeStyle::StockOnlyEmpty => "",
        TimeStyle::StockOnlyZeros => "0000-00-00 00:00:00",
    };
    let made = made(system, now).unwrap_or(now);
    // Staff assign a warehouse to orders that came without one.
    let wid = system.wid.unwrap_or(WAREHOUSES[0].1);
    let warehouse = WAREHOUSES.iter().find(|known| known.1 == wid).map_or("", |known| known.2);
    let service = system.logistics.and_then(logistics_parts).map_or(0, |(_, service)| service);
    let logistics = system.logistics.unwrap_or(265);
    let address = &system.address;
    let platforms: Vec<&str> = system.pos.iter().map(|po| &**po).collect();
    let goods = document
        .items
        .iter()
        .flat_map(|&(position, quantity)| goods(world, document, &system.items[position], quantity));
    let (asked, answer) = recall(system, status, now);
    let logistics_state = [(5, "下单完成"), (41, "取消中"), (43, "物流取消完成"), (42, "取消异常")][usize::from(asked)];
    json.put("actual_carrier", SERVICES[service].carrier);
    json.put("cancel_message", answer);
    json.put("cancel_status", asked);
    json.put("consignee", &*address.name);
    json.put("consignee_address", format_args!("{} {}", address.line1, address.line2));
    json.put("consignee_phone", &*address.mobile);
    json.put("consignee_postcode", &*address.postal);
    json.put("create_at", beijing_form(made));
    json.put("deliver_deadline", "");
    json.put("delivered_at", delivered);
    json.put("delivery_message", "");
    json.put("delivery_status", if status == 3 { 23 } else { 20 });
    json.put("logistics_freight", "0.00");
    json.put("logistics_message", answer);
    json.put("logistics_provider_id", PROVIDER_ID);
    json.put("logistics_provider_name", PROVIDER_NAME);
    json.put("logistics_status", logistics_state.0);
    json.put("logistics_status_name", logistics_state.1);
    json.put("logistics_success_time", if status == 4 { String::new() } else { beijing_form(made) });
    // A number or a text, both occur.
    if document.number.is_multiple_of(4) {
        json.put("logistics_type_id", logistics);
    } else {
        json.put("logistics_type_id", logistics.to_string());
    }
    json.put("logistics_type_name", SERVICES[service].method);
    json.null("omsAttachments");
    json.put("order_currency_code", &*system.currency);
    json.put("order_from", from(system));
    json.put("order_number", system.number.to_string());
    json.put("order_origin_amount", "0.00");
    json.put("order_print_time", "0000-00-00 00:00:00");
    json.put("order_type", if document.rows == RowStyle::Bundle { 2 } else { 1 });
    json.put("package_delivered_data", json!([]));
    json.put("payment_time", "");
    json.put("platform_name", "Sandbox Platform");
    json.put("platform_order_no", &platforms);
    json.array("product_info", goods, |json, goods| goods_json(json, world, system, &goods));
    json.put("purchase_time", "");
    json.put("reference_no", format_args!("{}-{}", platforms.first().unwrap_or(&""), system.number % 10_000));
    json.put("seller_name", "");
    json.put("sid", system.store.parse::<u64>().unwrap_or(0));
    json.put("site_text", "[自定义平台].美国");
    json.put("status", status);
    json.put("status_name", name);
    json.put("stock_delivered_at", &stock);
    json.put("surface_file_id", 0);
    json.put("surface_print_time", "0000-00-00 00:00:00");
    json.put("tag_names", json!([]));
    json.put("target_country", "美国");
    // The label exists before the parcel leaves: a number alone proves nothing.
    json.put("tracking_no", &*document.tracking);
    json.put("update_at", beijing_form(shipped.unwrap_or(made)));
    json.put("warehouse_name", warehouse);
    json.put("warehouse_type", 3);
    json.put("waybill_no", format_args!("OB-{}", document.number % 1_000_000));
    json.put("wid", wid);
    json.put("wo_id", document.number % 10_000_000);
    json.put("wo_number", document_number(document));
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

/// A row of a document's goods.
struct Goods<'a> {
    item: &'a Item,
    wod: u64,
    sku: &'a str,
    /// The store's name of the product.
    seller: &'a str,
    count: u32,
    /// 0 plain, 1 the set, 2 a part of it.
    kind: u8,
    /// The set of a part.
    parent: u64,
    price: &'a str,
}

/// The rows of an item: one, or the set and its parts.
fn goods<'a>(world: &'a World, document: &Document, item: &'a Item, quantity: u32) -> Vec<Goods<'a>> {
    let product = &world.catalog.products[item.product];
    let bundle = document.rows == RowStyle::Bundle && !product.parts.is_empty();
    let wod = item.id * 10;
    let sku = row_sku(world, document, item);
    // The store's name of the product is missing now and then.
    let known = sku != FOREIGN_SKU && !item.id.is_multiple_of(6);
    let seller = if known { &*item.msku } else { "" };
    let mut rows =
        vec![Goods { item, wod, sku, seller, count: quantity, kind: u8::from(bundle), parent: 0, price: &item.price }];
    if bundle {
        rows.extend((wod + 1..).zip(&product.parts).map(|(place, &(part, count))| Goods {
            item,
            wod: place,
            sku: &world.catalog.products[part].erp_sku,
            seller: "",
            count: count * quantity,
            kind: 2,
            parent: wod,
            price: "0.00",
        }));
    }
    rows
}

fn goods_json(json: &mut Object<'_>, world: &World, system: &SystemOrder, goods: &Goods<'_>) {
    let item = goods.item;
    json.put("bundle_type", goods.kind);
    json.put("bundle_wod_id", goods.parent);
    json.put("count", goods.count);
    json.put("global_item_no", (203_912_345_678_000_000 + item.id).to_string());
    json.put("is_combo", 0);
    json.put("item_total_price", goods.price);
    json.put("item_unit_price", goods.price);
    json.put("platform_order_no", &*item.po);
    json.put("product_id", 30_000 + item.product);
    json.put("product_name", &world.catalog.products[item.product].name);
    json.put("product_tags", json!([]));
    json.put("seller_sku", goods.seller);
    json.put("sid", &*system.store);
    json.put("sku", goods.sku);
    json.put("sku_identifier", goods.sku);
    json.put("stock_cost", "80.000000");
    json.put("stock_sid", "0");
    json.put("third_product_code", goods.sku);
    json.put("wod_id", goods.wod);
}
