//! `POST /erp/sc/routing/data/local_inventory/inventoryDetails`: stock rows (仓库库存明细).

use serde_json::{Value, json};

use super::envelope::{gateway, php, php_error};
use super::list::{cut, total};
use crate::catalog::{WAREHOUSES, wid_position};
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::World;
use crate::world::stock::StockRow;

const MAX_LENGTH: u64 = 800;
const DEFAULT_LENGTH: u64 = 20;

/// Rows of the wanted warehouses, all of them when none is named; an unknown one has no rows.
pub(crate) fn list(core: &mut Core, call: &Call, body: &Value) -> Reply {
    let request = core.lingxing.requests;
    let number = |name: &str, default: u64| body.get(name).map_or(Some(default), Value::as_u64);
    let text = |name: &str| body.get(name).map_or(Some(""), Value::as_str);
    let (Some(offset), Some(length), Some(wids), Some(sku)) =
        (number("offset", 0), number("length", DEFAULT_LENGTH), text("wid"), text("sku"))
    else {
        return gateway("102", call.now);
    };
    if length == 0 || length > MAX_LENGTH {
        return php_error("length 最大值为 800", request, call.now);
    }
    let warehouses: Vec<usize> = if wids.is_empty() {
        (0..WAREHOUSES.len()).collect()
    } else {
        wids.split(',').filter_map(|wid| wid.trim().parse().ok().and_then(wid_position)).collect()
    };
    let world = &core.world;
    let sku = sku.to_lowercase();
    let rows: Vec<&StockRow> = warehouses
        .into_iter()
        .flat_map(|warehouse| world.stock.rows_of(warehouse))
        // The filter is fuzzy: any part of the name fits.
        .filter(|row| world.catalog.products[row.product].erp_sku.to_lowercase().contains(&sku))
        .collect();
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let count = usize::try_from(length).unwrap_or(usize::MAX);
    let shown: Vec<Value> =
        cut(&rows, start, count, call.effect.as_ref()).into_iter().map(|stock| row(world, stock)).collect();
    php(&shown, total(&rows, start, call.effect.as_ref()), request, call.now)
}

fn row(world: &World, row: &StockRow) -> Value {
    let product = &world.catalog.products[row.product];
    let bad = if row.product % 7 == 3 { 2 } else { 0 };
    let qc = if row.product % 11 == 5 { 5 } else { 0 };
    let total = row.valid + row.lock + bad + qc;
    // An empty object is an empty list here.
    let third = if row.warehouse == 0 {
        json!([])
    } else {
        json!({ "qty_sellable": row.valid, "qty_pending": 0, "qty_reserved": row.lock, "qty_onway": 0 })
    };
    json!({
        "wid": WAREHOUSES[row.warehouse].1,
        "product_id": 30_000 + row.product,
        "sku": product.erp_sku,
        "seller_id": row.seller,
        "fnsku": row.fnsku,
        "product_total": total,
        "product_valid_num": row.valid,
        "product_bad_num": bad,
        "product_qc_num": qc,
        "product_lock_num": row.lock,
        "good_lock_num": row.lock,
        "bad_lock_num": 0,
        "stock_cost_total": "0.00",
        "quantity_receive": if row.product % 5 == 1 { "50" } else { "0" },
        "stock_cost": "8.0000",
        "product_onway": if row.product % 8 == 6 { 20 } else { 0 },
        "transit_head_cost": "0.00",
        "average_age": 30,
        "third_inventory": third,
        "stock_age_list": [
            { "name": "0-15天库龄", "qty": 0 },
            { "name": "16-30天库龄", "qty": total },
        ],
        "available_inventory_box_qty": "0",
        "purchase_price": "8.0000",
        "price": "0.0000",
        "head_stock_price": "0.0000",
        "stock_price": "8.0000",
    })
}
