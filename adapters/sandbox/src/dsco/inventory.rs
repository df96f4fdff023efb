//! Items: `GET /inventory`, `POST /inventory/singleItem`, `POST /inventory/batch/small`.

use serde_json::{Value, json};

use super::envelope::{failure, invalid, not_found};
use super::log::Work;
use super::render::{SUPPLIER_ID, money, warehouse_id};
use crate::catalog::{Catalog, SHOPS, warehouse_code};
use crate::clock::offset_form;
use crate::state::Core;
use crate::wire::{Call, Reply};
use crate::world::items::ChannelItem;

/// One item, or an array of them when `returnMultiple` is there.
pub(crate) fn get(core: &mut Core, call: &Call) -> Reply {
    let (Some(key), Some(value)) = (call.query("itemKey"), call.query("value")) else {
        return invalid(call, "itemKey and value are required");
    };
    let retailer = call.query("dscoRetailerId").or_else(|| call.query("dscoTradingPartnerId"));
    let items = core.world.items.all();
    let found: Vec<&ChannelItem> = match key {
        "sku" => core.world.items.by_sku(value).map(|position| &items[position]).into_iter().collect(),
        "dscoItemId" => items.iter().filter(|item| item.id.to_string() == value).collect(),
        "upc" => items.iter().filter(|item| &*item.upc == value).collect(),
        "partnerSku" if retailer.is_none() => {
            return invalid(call, "dscoRetailerId or dscoTradingPartnerId is required with partnerSku");
        }
        "partnerSku" => items
            .iter()
            .filter(|item| item.partner_sku.as_deref() == Some(value))
            .filter(|_| SHOPS.iter().any(|shop| Some(shop.0) == retailer))
            .collect(),
        "ean" | "mpn" | "isbn" | "gtin" => Vec::new(),
        _ => return invalid(call, "itemKey is not allowed"),
    };
    let Some(first) = found.first() else {
        return not_found(call, "item not found");
    };
    let catalog = &core.world.catalog;
    if call.query("returnMultiple").is_some() {
        let shown: Vec<Value> = found.iter().map(|item| item_json(catalog, item)).collect();
        return Reply::json(200, &Value::Array(shown));
    }
    Reply::json(200, &item_json(catalog, first))
}

/// Queued; all validation shows in the log only.
pub(crate) fn post_batch(core: &mut Core, call: &Call) -> Reply {
    let skips = call.query("skipItemsThatDontExist") == Some("true");
    core.enqueue(call, if skips { Work::KnownInventory } else { Work::Inventory })
}

/// Checked and done at once.
pub(crate) fn post_single(core: &mut Core, call: &Call) -> Reply {
    let Ok(item) = serde_json::from_slice::<Value>(&call.body) else {
        return invalid(call, "the body is not JSON");
    };
    core.note(Work::Inventory, &item, call.now);
    match core.apply(Work::Inventory, &item, call.now) {
        Ok(()) => Reply::json(201, &json!({ "success": true })),
        Err(reasons) => {
            let id = core.dsco_request_id();
            failure(400, "VALIDATION_FAILED", &reasons, &id, call.now)
        }
    }
}

/// An item as reads and events show it. Some items leave warehouses without units out.
pub(crate) fn item_json(catalog: &Catalog, item: &ChannelItem) -> Value {
    let status = |units: i64| if units > 0 { "in-stock" } else { "out-of-stock" };
    let warehouses: Vec<Value> = item
        .levels()
        .filter(|&(_, units)| units != 0 || !item.id.is_multiple_of(4))
        .map(|(warehouse, units)| {
            let code = warehouse_code(warehouse);
            json!({ "code": code, "dscoId": warehouse_id(code), "quantity": units, "status": status(units) })
        })
        .collect();
    let partners: Vec<Value> = item
        .partner_sku
        .iter()
        .flat_map(|partner| SHOPS.iter().map(move |shop| json!({ "partnerSku": &**partner, "dscoRetailerId": shop.0 })))
        .collect();
    let product = item.product.map(|product| &catalog.products[product]);
    json!({
        "sku": &*item.sku,
        "dscoItemId": item.id.to_string(),
        "upc": &*item.upc,
        "ean": null,
        "mpn": null,
        "isbn": null,
        "gtin": null,
        "partnerSkuMap": partners,
        "assortments": null,
        "warehouses": warehouses,
        "quantityAvailable": item.total(),
        "cost": product.map_or(Value::Null, |product| money(product.cost)),
        "status": status(item.total()),
        "currencyCode": "USD",
        "title": product.map_or("", |product| &product.name),
        "dscoSupplierId": SUPPLIER_ID,
        "dscoSupplierName": "EXAMPLE SUPPLIER LLC",
        "dscoCreateDate": "2025-06-01T00:00:00+00:00",
        "dscoLastQuantityUpdateDate": offset_form(item.updated),
        "dscoLastCostUpdateDate": "2025-06-01T00:00:00+00:00",
        "dscoLastUpdateDate": offset_form(item.updated),
    })
}
