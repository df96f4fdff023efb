//! `POST /pb/mp/listing/v2/getPairList`: what stores call the products (多平台配对列表).

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde_json::{Value, json};

use super::envelope::{gateway, java, java_error};
use super::list::{cut, texts, total};
use crate::catalog::SHOPS;
use crate::clock::beijing_form;
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::world::pairs::Pair;

const DEFAULT_LENGTH: u64 = 20;

/// `2026-01-28 09:15:40` of Beijing as an instant.
fn instant(value: &Value) -> Result<Option<DateTime<Utc>>, ()> {
    match value.as_str() {
        None if value.is_null() => Ok(None),
        None => Err(()),
        Some(text) => {
            let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").map_err(|_| ())?;
            Ok(Some((at - Duration::hours(8)).and_utc()))
        }
    }
}

/// Pairs by row offset with a `total`, or by cursor with `has_next`.
pub(crate) fn list(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    let filters = ["msku", "sku", "store_ids", "platform_codes"].map(|name| texts(&body[name]));
    let [Ok(mskus), Ok(skus), Ok(stores), Ok(platforms)] = filters else {
        return gateway("102", call.now);
    };
    let (Ok(from), Ok(to)) = (instant(&body["start_time"]), instant(&body["end_time"])) else {
        return java_error(102, "时间格式错误，应为 Y-m-d H:i:s", request, call.now);
    };
    let number = |name: &str, default: u64| body[name].as_u64().unwrap_or(default);
    let length = usize::try_from(number("length", DEFAULT_LENGTH)).unwrap_or(usize::MAX).max(1);
    let platform = core.config.platform_code.to_string();
    let is_in = |wanted: &Option<Vec<&str>>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.is_empty() || wanted.contains(&text))
    };
    let rows: Vec<&Pair> = core
        .world
        .pairs
        .all()
        .iter()
        .filter(|pair| is_in(&mskus, &pair.msku) && is_in(&skus, &pair.sku) && is_in(&stores, SHOPS[pair.shop].1))
        .filter(|_| is_in(&platforms, &platform))
        .filter(|pair| from.is_none_or(|from| from <= pair.changed) && to.is_none_or(|to| pair.changed < to))
        .collect();
    let show = |rows: &[&Pair]| -> Vec<Value> { rows.iter().map(|pair| row(&core.world, &platform, pair)).collect() };
    if body["use_cursor"].as_bool().unwrap_or(false) {
        let cursor = number("cursor_id", 0);
        let start = rows.partition_point(|pair| pair.id <= cursor);
        let shown = cut(&rows, start, length, call.effect.as_ref());
        let last = shown.last().map_or(cursor, |pair| pair.id);
        let more = rows.last().is_some_and(|pair| pair.id > last);
        let data = json!({ "has_next": more, "next_cursor_id": last, "list": show(&shown) });
        return java(&data, request, call.now);
    }
    let start = usize::try_from(number("offset", 0)).unwrap_or(usize::MAX);
    let shown = cut(&rows, start, length, call.effect.as_ref());
    let total = total(&rows, start, call.effect.as_ref());
    java(&json!({ "total": total.to_string(), "list": show(&shown) }), request, call.now)
}

fn row(world: &World, platform: &str, pair: &Pair) -> Value {
    let (_, store, store_name) = SHOPS[pair.shop];
    let product = world.catalog.by_erp_sku(&pair.sku).map(|position| &world.catalog.products[position]);
    json!({
        "store_id": store,
        "store_name": store_name,
        "platform_code": platform,
        "platform_name": "Sandbox Platform",
        "msku": &*pair.msku,
        "sku": &*pair.sku,
        "local_name": product.map_or("", |product| &product.name),
        "modify_time": beijing_form(pair.changed),
    })
}
