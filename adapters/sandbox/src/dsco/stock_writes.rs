//! What an inventory object has to be, and what the ledger holds against it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::envelope::Reasons;
use crate::catalog::{CHANNEL_WAREHOUSES, WAREHOUSES, warehouse_code, warehouse_position};
use crate::state::Core;
use crate::wire::string_of;

/// SKUs whose objects are being processed: in which batch, and until when.
#[derive(Debug, Default)]
pub(crate) struct InFlight(HashMap<String, (u64, DateTime<Utc>)>);

impl InFlight {
    /// Whether an earlier object of the SKU is still being processed, or is in the same batch.
    fn enter(&mut self, sku: &str, batch: u64, now: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        let before = self.0.insert(sku.to_owned(), (batch, until));
        before.is_some_and(|(earlier, end)| earlier == batch || end > now)
    }
}

/// Units per position of the warehouse, of the well-formed entries.
fn levels_of(item: &Value) -> Vec<(usize, i64)> {
    let entries = item.get("warehouses").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let level = |entry: &Value| Some((warehouse_position(string_of(entry, "code")?)?, entry["quantity"].as_i64()?));
    entries.iter().filter_map(level).collect()
}

impl Core {
    /// Holds an object against both ends when it arrives.
    pub(crate) fn note_inventory(&mut self, item: &Value, now: DateTime<Utc>) {
        let Some(sku) = string_of(item, "sku") else {
            self.ledger.nameless_stock += 1;
            return;
        };
        let batch = self.dsco.next_request();
        let until = now + self.config.timing.log_delay;
        let concurrent = self.dsco.in_flight.enter(sku, batch, now, until);
        let record = self.ledger.stock.entry(sku.to_owned()).or_default();
        record.attempts += 1;
        if concurrent {
            record.concurrent += 1;
            self.ledger.concurrent_stock.insert(sku.to_owned());
        }
        let levels = levels_of(item);
        let sum: i64 = levels.iter().map(|level| level.1).sum();
        if item.get("quantityAvailable").and_then(Value::as_i64).is_some_and(|total| total != sum) {
            self.ledger.wrong_stock_sums.insert(sku.to_owned());
        }
        let (catalog, stock) = (&self.world.catalog, &self.world.stock);
        let known = self.world.items.by_sku(sku).map(|position| &self.world.items.all()[position]);
        let product = known.map_or_else(|| catalog.by_erp_sku(sku), |item| item.product);
        for &(warehouse, quantity) in &levels {
            let seen = if warehouse < WAREHOUSES.len() {
                product.is_none_or(|product| stock.was(warehouse, product, quantity, now))
            } else {
                // The ERP says nothing about this one: the channel's own figure has to stay.
                known.is_none_or(|known| known.was(warehouse, quantity, now))
            };
            if !seen {
                self.ledger.wrong_stock.insert(format!("{sku} {} {quantity}", warehouse_code(warehouse)));
            }
        }
        for warehouse in 0..CHANNEL_WAREHOUSES {
            let units = known.map_or(0, |known| known.units(warehouse));
            if units != 0 && !levels.iter().any(|level| level.0 == warehouse) {
                self.ledger.omitted_warehouses.insert(format!("{sku} {}", warehouse_code(warehouse)));
            }
        }
    }

    /// Replaces an item's figures, or makes the item.
    pub(crate) fn apply_inventory(&mut self, item: &Value, at: DateTime<Utc>) -> Result<(), Reasons> {
        let sku = string_of(item, "sku").unwrap_or_default().to_owned();
        let mut reasons = check(item);
        let known = self.world.items.by_sku(&sku);
        let code = ["upc", "ean", "gtin"].iter().find_map(|name| string_of(item, name));
        if known.is_none() && code.is_none() {
            reasons.push("One of upc, ean or gtin is required for a new sku".to_owned());
        }
        if !reasons.is_empty() {
            if !sku.is_empty() {
                self.ledger.stock.entry(sku).or_default().errors.push(reasons.join("; "));
            }
            return Err(reasons);
        }
        let levels = levels_of(item);
        let position = known.unwrap_or_else(|| self.world.items.create(&sku, code.unwrap_or_default(), at));
        self.world.items.replace(position, &levels, at);
        let record = self.ledger.stock.entry(sku).or_default();
        record.applied += 1;
        record.quantities =
            levels.into_iter().map(|(warehouse, units)| (warehouse_code(warehouse).to_owned(), units)).collect();
        Ok(())
    }
}

/// The vendor's rules for one object.
fn check(item: &Value) -> Reasons {
    let mut reasons = Vec::new();
    let mut say = |reason: &str| reasons.push(reason.to_owned());
    match string_of(item, "sku") {
        None => say("sku is required"),
        Some(sku) if sku.chars().count() > 90 => say("sku is longer than 90"),
        Some(_) => {}
    }
    if item.get("partnerSku").is_some() {
        say("partnerSku is not a supplier's to send");
    }
    if !matches!(string_of(item, "status"), Some("in-stock" | "out-of-stock" | "discontinued" | "hidden")) {
        say("status is required");
    }
    let entries = item.get("warehouses").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        say("warehouses is required");
    }
    let mut sum = 0;
    let mut seen = Vec::new();
    for entry in entries {
        match string_of(entry, "code") {
            None => say("warehouses.code is required"),
            Some(code) if warehouse_position(code).is_none() => say(&format!("warehouse {code} is unknown")),
            Some(code) if seen.contains(&code) => say(&format!("warehouse {code} is there twice")),
            Some(code) => seen.push(code),
        }
        match entry["quantity"].as_i64() {
            Some(quantity) if quantity < 0 => say("warehouses.quantity must not be negative"),
            Some(quantity) => sum += quantity,
            None => say("warehouses.quantity must be an integer"),
        }
    }
    let total = &item["quantityAvailable"];
    if !total.is_null() && total.as_i64() != Some(sum) {
        say(&format!("quantityAvailable is {total}, the warehouses sum up to {sum}"));
    }
    reasons
}
