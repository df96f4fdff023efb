//! `POST /pb/mp/order/v2/create`.

use std::str::FromStr;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::envelope::{gateway, java, java_error};
use crate::catalog::{SHOPS, WAREHOUSES, logistics_parts};
use crate::config::InvoicePrice;
use crate::faults::Effect;
use crate::state::Core;
use crate::wire::{Call, Reply, string_of};
use crate::world::erp::{Address, NewSystemOrder, cents_text};
use crate::world::order::Status;

/// The vendor publishes no limit; twenty is what its users keep to.
const MAX_ORDERS: usize = 20;

pub(crate) fn create(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    // Wrong JSON types are refused by the gateway: numbers stay numbers, ids stay texts.
    let (Some(platform), Some(store), Some(orders)) =
        (body["platform_code"].as_i64(), body["store_id"].as_str(), body["orders"].as_array())
    else {
        return gateway("102", call.now);
    };
    if platform != core.config.platform_code {
        return java_error(102, "平台不存在", request, call.now);
    }
    if !SHOPS.iter().any(|shop| shop.1 == store) {
        return java_error(102, "店铺不存在", request, call.now);
    }
    if orders.is_empty() || orders.len() > MAX_ORDERS {
        return java_error(102, "orders 数量超出限制", request, call.now);
    }
    if orders.iter().any(wrong_types) {
        return gateway("102", call.now);
    }
    let mut done: Vec<Value> = Vec::new();
    let mut refused: Vec<Value> = Vec::new();
    for (position, order) in orders.iter().enumerate() {
        let po = string_of(order, "platform_order_no").unwrap_or_default();
        if call.effect == Some(Effect::RefuseItem(position)) {
            core.ledger.creates.entry(po.to_owned()).or_default().attempts += 1;
            refused.push(json!({ "platform_order_no": po, "error_message": "订单保存失败" }));
            continue;
        }
        let forgotten = call.effect == Some(Effect::ForgetItem(position));
        match one(core, call, store, order) {
            Ok(number) if !forgotten => done.push(json!({
                "platform_order_no": po,
                // The table says int, the example says text.
                "global_order_no": if (number / 64).is_multiple_of(5) { json!(number) } else { json!(number.to_string()) },
            })),
            Err(message) if !forgotten => {
                refused.push(json!({ "platform_order_no": po, "error_message": message }));
            }
            Ok(_) | Err(_) => {}
        }
    }
    let details = if refused.is_empty() && done.len().is_multiple_of(2) { Value::Null } else { Value::Array(refused) };
    java(&json!({ "error_details": details, "success_details": done }), request, call.now)
}

fn wrong_types(order: &Value) -> bool {
    let texts = [
        "platform_order_no",
        "receiver_country_code",
        "receiver_name",
        "city",
        "address_line1",
        "wid",
        "logistics_type_id",
    ];
    let wrong_text =
        texts.iter().any(|name| order.get(name).is_some_and(|value| !value.is_string() && !value.is_null()));
    let items = order.get("items").and_then(Value::as_array);
    wrong_text
        || items.is_none()
        || items.into_iter().flatten().any(|item| {
            !item["quantity"].is_u64() || !(item["unit_price"].is_number() || item["unit_price"].is_string())
        })
}

/// Records the attempt, checks it and makes the system order.
fn one(core: &mut Core, call: &Call, store: &str, order: &Value) -> Result<u64, String> {
    let po = string_of(order, "platform_order_no").unwrap_or_default().to_owned();
    core.ledger.creates.entry(po.clone()).or_default().attempts += 1;
    let checked = check(core, store, order);
    let record = core.ledger.creates.entry(po.clone()).or_default();
    let new = match checked {
        Ok(new) => {
            record.applied += 1;
            if record.applied > 1 {
                core.ledger.duplicate_creates += 1;
            }
            new
        }
        Err(message) => {
            record.errors.push(message.clone());
            return Err(message);
        }
    };
    compare(core, &new);
    let timing = core.config.timing;
    Ok(core.world.create_system(new, &timing, call.now))
}

fn check(core: &Core, store: &str, order: &Value) -> Result<NewSystemOrder, String> {
    let required = |name: &str| string_of(order, name).map(str::to_owned).ok_or_else(|| format!("{name} 不能为空"));
    let optional = |name: &str| -> Box<str> { string_of(order, name).unwrap_or_default().into() };
    let po = required("platform_order_no")?;
    if core.world.holds(store, &po) {
        return Err("平台单号已存在".to_owned());
    }
    let country = required("receiver_country_code")?;
    if country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase()) {
        return Err("国家代码错误".to_owned());
    }
    let address = Address {
        name: required("receiver_name")?.into(),
        country: country.into(),
        city: required("city")?.into(),
        state: optional("state_or_region"),
        line1: required("address_line1")?.into(),
        line2: optional("address_line2"),
        postal: optional("postal_code"),
        mobile: optional("receiver_mobile"),
    };
    let (wid, logistics) = place(order)?;
    let items = order["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return Err("items 不能为空".to_owned());
    }
    let items = items.iter().map(|item| check_item(core, item)).collect::<Result<_, _>>()?;
    Ok(NewSystemOrder {
        po: core.world.shared_po(&po),
        store: Arc::from(store),
        wid,
        logistics,
        address,
        currency: string_of(order, "amount_currency").unwrap_or("USD").into(),
        purchased: order["global_purchase_time"].as_i64().unwrap_or(0),
        items,
    })
}

/// Warehouse and logistics type: both or neither, and the type must belong to the warehouse.
fn place(order: &Value) -> Result<(Option<u32>, Option<u64>), String> {
    let (wid, logistics) = match (string_of(order, "wid"), string_of(order, "logistics_type_id")) {
        (None, None) => return Ok((None, None)),
        (Some(wid), Some(logistics)) => (wid, logistics),
        _ => return Err("仓库和物流方式必须同时填写".to_owned()),
    };
    let warehouse =
        WAREHOUSES.iter().position(|known| known.1.to_string() == wid).ok_or_else(|| "仓库不存在".to_owned())?;
    let id: u64 = logistics.parse().map_err(|_| "物流方式不存在".to_owned())?;
    let (belongs, _) = logistics_parts(id).ok_or_else(|| "物流方式不存在".to_owned())?;
    if belongs != warehouse {
        return Err("物流方式不属于该仓库".to_owned());
    }
    Ok((Some(WAREHOUSES[warehouse].1), Some(id)))
}

fn check_item(core: &Core, item: &Value) -> Result<(Box<str>, usize, u32, Box<str>), String> {
    let (sku, msku) = (string_of(item, "sku"), string_of(item, "msku"));
    if sku.is_none() && msku.is_none() {
        return Err("sku 和 msku 不能同时为空".to_owned());
    }
    let product = core
        .world
        .catalog
        .resolve(sku, msku)
        .ok_or_else(|| format!("SKU不存在：{}", sku.or(msku).unwrap_or_default()))?;
    let quantity = item["quantity"]
        .as_u64()
        .and_then(|quantity| u32::try_from(quantity).ok())
        .filter(|&quantity| quantity > 0)
        .ok_or_else(|| "quantity 必须大于0".to_owned())?;
    let price = price(&item["unit_price"]).ok_or_else(|| "unit_price 格式错误".to_owned())?;
    let text = format!("{:.2}", price.round_dp(2));
    Ok((msku.unwrap_or_default().into(), product, quantity, text.into()))
}

fn price(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    Decimal::from_str(&text).ok().filter(|price| !price.is_sign_negative())
}

/// Compares a create with the channel's order for the ledger.
fn compare(core: &mut Core, new: &NewSystemOrder) {
    let Some(&position) = core.world.by_po(&new.po).first() else {
        return;
    };
    let order = core.world.order(position);
    if order.status == Status::Cancelled {
        core.ledger.writes_after_cancel.insert(format!("{} create", new.po));
    }
    let expected: u32 = order.lines.iter().map(crate::world::order::Line::expected).sum();
    let sent: u32 = new.items.iter().map(|item| item.2).sum();
    if expected != sent {
        core.ledger.wrong_quantities.insert(new.po.to_string());
    }
    let total: Decimal = new
        .items
        .iter()
        .filter_map(|item| Decimal::from_str(&item.3).ok().map(|price| price * Decimal::from(item.2)))
        .sum();
    let right = Decimal::from_str(&cents_text(order.total(InvoicePrice::ConsumerFirst)));
    if right.is_ok_and(|right| right != total) {
        core.ledger.wrong_amounts.insert(new.po.to_string());
    }
}
