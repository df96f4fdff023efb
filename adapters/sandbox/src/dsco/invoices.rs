//! Invoices: `POST /invoice`, `POST /invoice/batch/small`, `GET /invoice`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::envelope::{Reasons, failure, invalid};
use super::log::Work;
use super::render::{REQUESTED_WAREHOUSE, SUPPLIER_ID, money, warehouse_names};
use super::shipments::names_item;
use crate::clock::{offset_form, parse_instant};
use crate::state::Core;
use crate::wire::{Call, Reply, string_of};
use crate::world::erp::cents_text;
use crate::world::order::{ChannelOrder, Status};

#[derive(Debug)]
struct Invoice {
    id: Box<str>,
    order: usize,
    /// Compact text of the object as it was sent.
    sent: Box<str>,
    made: DateTime<Utc>,
    visible: DateTime<Utc>,
    /// Units per order line.
    units: Vec<u32>,
    number: u64,
}

/// The invoices of the account.
#[derive(Debug, Default)]
pub(crate) struct Invoices {
    all: Vec<Invoice>,
    by_id: HashMap<Box<str>, usize>,
    by_order: HashMap<usize, Vec<usize>>,
}

impl Invoices {
    fn units(&self, order: usize, line: usize) -> u32 {
        let positions = self.by_order.get(&order).map_or(&[][..], Vec::as_slice);
        positions.iter().filter_map(|&at| self.all[at].units.get(line)).sum()
    }

    fn add(&mut self, invoice: Invoice) {
        self.by_id.insert(invoice.id.clone(), self.all.len());
        self.by_order.entry(invoice.order).or_default().push(self.all.len());
        self.all.push(invoice);
    }

    /// Takes an order's invoices out of every list; their units can be invoiced again.
    fn remove_of(&mut self, order: usize) {
        self.by_order.remove(&order);
        self.by_id.retain(|_, at| self.all[*at].order != order);
    }
}

pub(crate) fn post_batch(core: &mut Core, call: &Call) -> Reply {
    core.enqueue(call, Work::Invoice)
}

pub(crate) fn post_single(core: &mut Core, call: &Call) -> Reply {
    let Ok(item) = serde_json::from_slice::<Value>(&call.body) else {
        return invalid(call, "the body is not JSON");
    };
    core.note(Work::Invoice, &item, call.now);
    match core.apply(Work::Invoice, &item, call.now) {
        Ok(()) => Reply::json(201, &json!({ "success": true })),
        Err(reasons) => {
            let id = core.dsco_request_id();
            failure(400, "VALIDATION_FAILED", &reasons, &id, call.now)
        }
    }
}

/// `GET /invoice`: an empty list when there is none.
pub(crate) fn get(core: &mut Core, call: &Call) -> Reply {
    let (Some(key), Some(value)) = (call.query("key"), call.query("value")) else {
        return invalid(call, "key and value are required");
    };
    let invoices = &core.dsco.invoices;
    let of_orders = |orders: Vec<usize>| -> Vec<usize> {
        orders.iter().filter_map(|order| invoices.by_order.get(order)).flatten().copied().collect()
    };
    let found: Vec<usize> = match key {
        "invoiceId" => invoices.by_id.get(value).copied().into_iter().collect(),
        "poNumber" => of_orders(core.world.by_po(value).to_vec()),
        "dscoInvoiceId" => {
            invoices.by_id.values().copied().filter(|&at| dsco_invoice_id(&invoices.all[at]) == value).collect()
        }
        "supplierOrderNumber" | "consumerOrderNumber" | "trackingNumber" => Vec::new(),
        _ => return invalid(call, "key is not allowed"),
    };
    let shown: Vec<Value> = found
        .into_iter()
        .map(|at| &invoices.all[at])
        .filter(|invoice| invoice.visible <= call.now)
        .map(|invoice| invoice_json(core, invoice))
        .collect();
    Reply::json(200, &json!({ "invoices": shown }))
}

fn dsco_invoice_id(invoice: &Invoice) -> String {
    (9_500_000_000 + invoice.number).to_string()
}

fn invoice_json(core: &Core, invoice: &Invoice) -> Value {
    let order = core.world.order(invoice.order);
    let mut json: Value = serde_json::from_str(&invoice.sent).unwrap_or_else(|_| json!({}));
    let mut expected = 0;
    if let Some(lines) = json.get_mut("lineItems").and_then(Value::as_array_mut) {
        for line in lines {
            let Some(at) = line_meant(order, line) else {
                continue;
            };
            let known = &order.lines[at];
            let units = i64::try_from(line["quantity"].as_u64().unwrap_or(0)).unwrap_or(0);
            let cents = known.prices.expected_cost.unwrap_or(0) * units;
            expected += cents;
            line["dscoExpectedAmount"] = money(cents);
            line["originalLineNumber"] = json!(known.number);
            line["originalOrderQuantity"] = json!(known.quantity);
        }
    }
    let extra = json!({
        "dscoInvoiceId": dsco_invoice_id(invoice),
        "dscoOrderId": order.id.to_string(),
        "poNumber": &*order.po,
        "dscoSupplierId": SUPPLIER_ID,
        "dscoRetailerId": &*order.retailer,
        "dscoTradingPartnerId": null,
        "orderType": "dropship",
        "createDate": offset_form(invoice.made),
        "lastUpdate": offset_form(invoice.made),
        "exportDate": null,
        "dscoExpectedOrderTotalAmount": money(expected),
    });
    if let (Value::Object(json), Value::Object(extra)) = (&mut json, extra) {
        json.extend(extra);
    }
    if let Some(code) = order.warehouse.as_deref() {
        for (name, value) in REQUESTED_WAREHOUSE.into_iter().zip(warehouse_names(code)) {
            json[name] = json!(value);
        }
    }
    json
}

fn decimal(value: Option<&Value>) -> Option<Decimal> {
    match value {
        // A double prints its shortest text, which is what the client wrote.
        Some(Value::Number(number)) => {
            let text = number.to_string();
            text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
        }
        _ => None,
    }
}

fn line_meant(order: &ChannelOrder, line: &Value) -> Option<usize> {
    let number = line.get("lineNumber").and_then(Value::as_u64);
    order.lines.iter().position(|known| {
        number.map_or_else(|| names_item(known, line) == Some(true), |number| u64::from(known.number) == number)
    })
}

impl Core {
    pub(crate) fn note_invoice(&mut self, item: &Value, _now: DateTime<Utc>) {
        let Some(position) = self.order_meant(item) else {
            return;
        };
        let order = self.world.order(position);
        let po = order.po.to_string();
        if order.status == Status::Cancelled {
            self.ledger.writes_after_cancel.insert(format!("{po} invoice"));
        }
        let expected = cents_text(order.total(self.config.invoice_price));
        let total = decimal(item.get("totalAmount"));
        let right = total.is_some_and(|total| expected.parse::<Decimal>().is_ok_and(|expected| expected == total));
        if !right {
            self.ledger.wrong_amounts.insert(po.clone());
        }
        let record = self.ledger.invoices.entry(po).or_default();
        record.attempts += 1;
        record.total = total.map_or_else(String::new, |total| total.to_string());
        record.expected_total = expected;
    }

    pub(crate) fn apply_invoice(&mut self, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        let Some(position) = self.order_meant(item) else {
            return Err(vec!["order not found".to_owned()]);
        };
        let po = self.world.order(position).po.to_string();
        let units = match self.check_invoice(position, item) {
            Ok(units) => units,
            Err(reasons) => {
                let record = self.ledger.invoices.entry(po).or_default();
                record.errors.push(reasons.join("; "));
                return Err(reasons);
            }
        };
        let id = string_of(item, "invoiceId").unwrap_or_default().to_owned();
        let record = self.ledger.invoices.entry(po.clone()).or_default();
        record.applied += 1;
        record.ids.push(id.clone());
        if record.applied > 1 {
            self.ledger.duplicate_invoices += 1;
        }
        for (at, line) in self.world.order(position).lines.iter().enumerate() {
            let record = self.ledger.units.entry(format!("{po}#{}", line.number)).or_default();
            record.expected = line.expected();
            record.invoiced += units.get(at).copied().unwrap_or(0);
        }
        self.add_invoice(position, &id, item, units, at);
        Ok(())
    }

    fn add_invoice(&mut self, order: usize, id: &str, sent: &Value, units: Vec<u32>, at: DateTime<Utc>) {
        let number = self.world.number();
        self.dsco.invoices.add(Invoice {
            id: id.into(),
            order,
            sent: sent.to_string().into_boxed_str(),
            made: at,
            visible: at + self.config.timing.invoice_visible_delay,
            units,
            number,
        });
    }

    /// The invoices of a purchase order are gone.
    pub(crate) fn remove_invoices(&mut self, po: &str) {
        for position in self.world.by_po(po).to_vec() {
            self.dsco.invoices.remove_of(position);
        }
    }

    /// An invoice over all shipped units that somebody else sent; visible at once.
    pub(crate) fn plant_invoice(&mut self, po: &str, id: &str, now: DateTime<Utc>) {
        let Some(&position) = self.world.by_po(po).first() else {
            return;
        };
        let order = self.world.order(position);
        let rule = self.config.invoice_price;
        let mut total = 0;
        let mut units = Vec::new();
        let mut lines = Vec::new();
        for (at, line) in order.lines.iter().enumerate() {
            let shipped = order.shipped_units(at);
            let price = line.prices.by(rule).unwrap_or(0);
            total += price * i64::from(shipped);
            units.push(shipped);
            lines.push(json!({
                "lineNumber": line.number,
                "dscoItemId": line.item_id.to_string(),
                "quantity": shipped,
                "unitPrice": money(price),
            }));
        }
        let sent = json!({
            "invoiceId": id,
            "invoiceDate": offset_form(now),
            "currencyCode": "USD",
            "totalAmount": money(total),
            "lineItems": lines,
        });
        let before = now - self.config.timing.invoice_visible_delay;
        self.add_invoice(position, id, &sent, units, before);
    }

    /// The vendor's and the retailer's rules; gives the units per line.
    fn check_invoice(&self, position: usize, item: &Value) -> Result<Vec<u32>, Reasons> {
        let order = self.world.order(position);
        let mut reasons = Vec::new();
        match string_of(item, "invoiceId") {
            None => reasons.push("invoiceId is required".to_owned()),
            Some(id) if self.dsco.invoices.by_id.contains_key(id) => {
                reasons.push("An invoice with this invoiceId exists already".to_owned());
            }
            Some(_) => {}
        }
        if item.get("trackingNumber").is_some() {
            reasons.push("trackingNumber is not allowed here".to_owned());
        }
        if string_of(item, "invoiceDate").and_then(parse_instant).is_none() {
            reasons.push("invoiceDate is required".to_owned());
        }
        if order.status == Status::Cancelled {
            reasons.push("the order is cancelled".to_owned());
        }
        let mut units = vec![0; order.lines.len()];
        let mut sum = Decimal::ZERO;
        let lines = item.get("lineItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if lines.is_empty() {
            reasons.push("lineItems is required".to_owned());
        }
        for line in lines {
            let quantity = line.get("quantity").and_then(Value::as_u64).filter(|&n| n > 0);
            let price = decimal(line.get("unitPrice"));
            let (Some(quantity), Some(price)) = (quantity, price) else {
                reasons.push("lineItems.quantity and lineItems.unitPrice are required".to_owned());
                continue;
            };
            let Some(at) = line_meant(order, line) else {
                reasons.push("a line is not on the order".to_owned());
                continue;
            };
            match names_item(&order.lines[at], line) {
                None => reasons.push("lineItems needs an item id".to_owned()),
                Some(false) => reasons.push("a line names another item".to_owned()),
                Some(true) => {}
            }
            units[at] += u32::try_from(quantity).unwrap_or(u32::MAX);
            sum += price * Decimal::from(quantity);
        }
        for (at, line) in order.lines.iter().enumerate() {
            let free = order.shipped_units(at).saturating_sub(self.dsco.invoices.units(position, at));
            if units[at] > free {
                reasons.push(format!("Line {}: available to invoice is {free}", line.number));
            }
        }
        match decimal(item.get("totalAmount")) {
            None => reasons.push("totalAmount is required".to_owned()),
            Some(total) if total != sum.round_dp(2) => {
                reasons.push(format!("totalAmount is {total}, the lines sum up to {sum}"));
            }
            Some(_) => {}
        }
        if reasons.is_empty() { Ok(units) } else { Err(reasons) }
    }
}
