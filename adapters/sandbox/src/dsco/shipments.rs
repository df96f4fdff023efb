//! `POST /order/shipment/batch/small` and `POST /order/singleShipment`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::envelope::{Reasons, failure, invalid};
use super::log::Work;
use crate::catalog::{SERVICES, UNMAPPED_WAREHOUSE, WAREHOUSES};
use crate::clock::parse_instant;
use crate::state::Core;
use crate::wire::{Call, Reply, string_of, text_of};
use crate::world::order::{ChannelOrder, Package, PackageItem, Status};

/// Queued; all validation shows in the log only.
pub(crate) fn post_batch(core: &mut Core, call: &Call) -> Reply {
    core.enqueue(call, Work::Shipment)
}

/// Checked and done at once.
pub(crate) fn post_single(core: &mut Core, call: &Call) -> Reply {
    let Ok(item) = serde_json::from_slice::<Value>(&call.body) else {
        return invalid(call, "the body is not JSON");
    };
    core.note(Work::Shipment, &item, call.now);
    match core.apply(Work::Shipment, &item, call.now) {
        Ok(()) => Reply::json(201, &json!({ "success": true })),
        Err(reasons) => {
            let id = core.dsco_request_id();
            failure(400, "VALIDATION_FAILED", &reasons, &id, call.now)
        }
    }
}

/// One package of a request, checked.
struct Parcel {
    tracking: String,
    shipped: DateTime<Utc>,
    carrier: String,
    method: String,
    code: String,
    warehouse: Option<String>,
    items: Vec<PackageItem>,
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

impl Core {
    /// The order of an invoice or a shipment: the id first, else the PO number.
    pub(crate) fn order_meant(&self, item: &Value) -> Option<usize> {
        if let Some(id) = item.get("dscoOrderId").and_then(text_of) {
            return self.world.by_id(&id);
        }
        string_of(item, "poNumber").and_then(|po| self.world.by_po(po).first().copied())
    }

    pub(crate) fn note_shipment(&mut self, item: &Value, now: DateTime<Utc>) {
        let Some(position) = self.order_meant(item) else {
            return;
        };
        let order = self.world.order(position);
        let po = order.po.to_string();
        if order.status == Status::Cancelled {
            self.ledger.writes_after_cancel.insert(format!("{po} shipment"));
        }
        let mut reported: BTreeMap<usize, u32> = BTreeMap::new();
        for parcel in array(item, "shipments") {
            let tracking = string_of(parcel, "trackingNumber").unwrap_or_default();
            let mut units = 0;
            let known = order.packages.iter().any(|package| &*package.tracking == tracking);
            for line in array(parcel, "lineItems") {
                let quantity = quantity_of(line).unwrap_or(0);
                units += quantity;
                if let Some(at) = line_meant(order, line).filter(|_| !known) {
                    *reported.entry(at).or_default() += quantity;
                }
            }
            self.ledger.shipments.entry(po.clone()).or_default().entry(tracking.to_owned()).or_default().attempts += 1;
            let mut departures = self.world.departed(&po, tracking, now).filter_map(|(_, d)| d.shipped_at).peekable();
            let what = format!("{po} {tracking}");
            if departures.peek().is_none() {
                self.ledger.phantom_shipments.insert(what);
                continue;
            }
            let date = string_of(parcel, "shipDate").and_then(parse_instant);
            let dated = date.is_some_and(|date| departures.any(|at| at.timestamp() == date.timestamp()));
            if !dated {
                self.ledger.wrong_ship_dates.insert(what.clone());
            }
            if self.world.departed_units(&po, tracking, now).is_some_and(|held| held != units) {
                self.ledger.wrong_parcels.insert(what);
            }
        }
        for (at, quantity) in reported {
            let line = &order.lines[at];
            if quantity + order.shipped_units(at) > line.expected() {
                self.ledger.over_shipped.insert(format!("{po}#{}", line.number));
            }
        }
    }

    /// Applies all packages of one order, or none.
    pub(crate) fn apply_shipment(&mut self, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        let Some(position) = self.order_meant(item) else {
            return Err(vec!["order not found".to_owned()]);
        };
        let order = self.world.order(position);
        let po = order.po.to_string();
        let checked = check(order, item);
        let parcels = match checked {
            Ok(parcels) => parcels,
            Err(reasons) => {
                let parcels = self.ledger.shipments.entry(po).or_default();
                for parcel in array(item, "shipments") {
                    let tracking = string_of(parcel, "trackingNumber").unwrap_or_default();
                    let record = parcels.entry(tracking.to_owned()).or_default();
                    record.errors.push(reasons.join("; "));
                }
                return Err(reasons);
            }
        };
        for parcel in parcels {
            let records = self.ledger.shipments.entry(po.clone()).or_default();
            let record = records.entry(parcel.tracking.clone()).or_default();
            record.applied += 1;
            if record.applied > 1 {
                self.ledger.duplicate_shipments += 1;
            }
            let id = self.world.package_id();
            self.world.change(position, at, |order| {
                let package = Package {
                    id,
                    tracking: parcel.tracking.into_boxed_str(),
                    shipped: parcel.shipped,
                    added: at,
                    carrier: parcel.carrier.into_boxed_str(),
                    method: parcel.method.into_boxed_str(),
                    code: parcel.code.into_boxed_str(),
                    warehouse: parcel.warehouse.map(String::into_boxed_str),
                    items: parcel.items,
                };
                // "Creation or update": a known number replaces its package.
                order.packages.retain(|known| known.tracking != package.tracking);
                order.add_package(package);
            });
        }
        let order = self.world.order(position);
        for (at, line) in order.lines.iter().enumerate() {
            let record = self.ledger.units.entry(format!("{po}#{}", line.number)).or_default();
            record.expected = line.expected();
            record.shipped = order.shipped_units(at);
        }
        Ok(())
    }
}

fn quantity_of(line: &Value) -> Option<u32> {
    line.get("quantity").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok())
}

/// The order line of a request line: by number, else by the first of the item names.
fn line_meant(order: &ChannelOrder, line: &Value) -> Option<usize> {
    if let Some(number) = line.get("lineNumber").and_then(Value::as_u64) {
        return order.lines.iter().position(|known| u64::from(known.number) == number);
    }
    order.lines.iter().position(|known| names_item(known, line) == Some(true))
}

/// Whether the first given item name is this line's; `None` when there is no name at all.
pub(crate) fn names_item(known: &crate::world::order::Line, line: &Value) -> Option<bool> {
    if let Some(id) = line.get("dscoItemId").and_then(text_of) {
        return Some(id == known.item_id.to_string());
    }
    if let Some(sku) = string_of(line, "sku") {
        return Some(known.sku.as_deref() == Some(sku));
    }
    if let Some(partner) = string_of(line, "partnerSku") {
        return Some(known.partner_sku.as_deref() == Some(partner));
    }
    string_of(line, "upc").map(|upc| *known.upc == *upc)
}

/// The retailer's rules for the shipments of one order.
fn check(order: &ChannelOrder, item: &Value) -> Result<Vec<Parcel>, Reasons> {
    let mut reasons = Vec::new();
    match order.status {
        Status::Created => reasons.push("the order is not acknowledged".to_owned()),
        Status::Cancelled => reasons.push("the order is cancelled".to_owned()),
        Status::ShipmentPending | Status::Shipped => {}
    }
    // Some retailers demand the number although the id is there.
    if string_of(item, "poNumber") != Some(&*order.po) {
        reasons.push("poNumber is required and must be the order's".to_owned());
    }
    let shipments = array(item, "shipments");
    if shipments.is_empty() {
        reasons.push("shipments is required".to_owned());
    }
    let mut parcels = Vec::new();
    for shipment in shipments {
        if let Some(parcel) = check_parcel(order, shipment, &mut reasons) {
            parcels.push(parcel);
        }
    }
    let replaced = |tracking: &str| parcels.iter().any(|parcel: &Parcel| parcel.tracking == tracking);
    for (at, line) in order.lines.iter().enumerate() {
        let new: Vec<&PackageItem> =
            parcels.iter().flat_map(|parcel| &parcel.items).filter(|item| item.line == at).collect();
        let kept: u32 = order
            .packages
            .iter()
            .filter(|package| !replaced(&package.tracking))
            .flat_map(|package| &package.items)
            .filter(|item| item.line == at)
            .map(|item| item.quantity)
            .sum();
        let sum: u32 = new.iter().map(|item| item.quantity).sum();
        if sum + kept > line.expected() {
            reasons.push(format!("Line {}: quantity is more than the open quantity", line.number));
        }
        let split = new.iter().any(|item| item.quantity < line.expected() && !item.span);
        if split {
            reasons.push(format!("Line {}: partial shipment of a line needs packageSpanFlag", line.number));
        }
    }
    if reasons.is_empty() { Ok(parcels) } else { Err(reasons) }
}

fn check_parcel(order: &ChannelOrder, shipment: &Value, reasons: &mut Reasons) -> Option<Parcel> {
    let before = reasons.len();
    let mut need = |name: &str, sentence: &str| {
        let text = string_of(shipment, name).map(str::to_owned);
        if text.is_none() {
            reasons.push(sentence.to_owned());
        }
        text
    };
    let tracking = need("trackingNumber", "Tracking number is required");
    let carrier = need("shipCarrier", "Ship carrier is required");
    let method = need("shipMethod", "Ship method is required");
    let code = need("shippingServiceLevelCode", "shippingServiceLevelCode is required");
    let date = need("shipDate", "shipDate is required");
    if tracking.as_deref().is_some_and(|text| text.contains(',')) {
        reasons.push("trackingNumber must be one number".to_owned());
    }
    let shipped = date.as_deref().and_then(parse_instant);
    if date.is_some() && shipped.is_none() {
        reasons.push("shipDate is not a date-time".to_owned());
    }
    match code.as_deref().map(|code| SERVICES.iter().find(|service| service.code == code)) {
        Some(Some(service)) if service.generic => {
            reasons.push(format!("shippingServiceLevelCode {} cannot be shipped", service.code));
        }
        Some(None) => reasons.push("shippingServiceLevelCode is not known".to_owned()),
        Some(Some(_)) | None => {}
    }
    let warehouse = string_of(shipment, "warehouseCode").map(str::to_owned);
    match warehouse.as_deref() {
        // Only an order without any warehouse may be shipped without naming one.
        None if order.warehouse.is_some() => reasons.push("warehouseCode is required".to_owned()),
        Some(code) if code != UNMAPPED_WAREHOUSE && !WAREHOUSES.iter().any(|known| known.0 == code) => {
            reasons.push(format!("warehouseCode {code} is not known"));
        }
        None | Some(_) => {}
    }
    let mut items: Vec<PackageItem> = Vec::new();
    let lines = array(shipment, "lineItems");
    if lines.is_empty() {
        reasons.push("lineItems is required".to_owned());
    }
    for line in lines {
        match check_line(order, line) {
            Ok(item) => items.push(item),
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.len() > before {
        return None;
    }
    Some(Parcel {
        tracking: tracking?,
        shipped: shipped?,
        carrier: carrier?,
        method: method?,
        code: code?,
        warehouse,
        items,
    })
}

fn check_line(order: &ChannelOrder, line: &Value) -> Result<PackageItem, String> {
    let quantity = quantity_of(line)
        .filter(|&quantity| quantity > 0)
        .ok_or("lineItems.quantity is required and must be positive")?;
    let number = line.get("lineNumber").and_then(Value::as_u64).ok_or("lineItems.lineNumber is required")?;
    let at = line_meant(order, line).ok_or_else(|| format!("there is no line {number}"))?;
    let known = &order.lines[at];
    // The retailer wants the sku even beside the item id.
    if known.sku.is_some() && string_of(line, "sku").is_none() {
        return Err("lineItems.sku is required".to_owned());
    }
    if string_of(line, "sku").is_some_and(|sku| known.sku.as_deref() != Some(sku))
        || string_of(line, "partnerSku").is_some_and(|sku| known.partner_sku.as_deref() != Some(sku))
        || names_item(known, line) == Some(false)
    {
        return Err(format!("line {number} is another item"));
    }
    let span = line.get("packageSpanFlag").and_then(Value::as_bool).unwrap_or(false);
    Ok(PackageItem { line: at, quantity, span })
}
