//! The vendor's items and the domain's stock figures.

use std::collections::{HashMap, HashSet};

use ipass_core::ports::{PortError, StockLevel, WarehouseLevel};
use rust_decimal::Decimal;

use super::send::json;
use crate::dto::Object;
use crate::dto::request::{ItemFigures, WarehouseFigure};

/// What an item is called, as far as that can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// The supplier's own.
    pub(crate) sku: Option<String>,
    /// Those that retailers use.
    pub(crate) partner_skus: Vec<String>,
}

/// The names of an item that may be unreadable otherwise.
pub(crate) fn names(item: &Object<'_>) -> Names {
    let mapped = item.objects("partnerSkuMap").unwrap_or_default();
    Names { sku: item.text("sku"), partner_skus: mapped.iter().filter_map(|pair| pair.text("partnerSku")).collect() }
}

/// Reads the figures of an item. A quantity that is absent or negative is none; a total without
/// warehouses is no warehouse; whatever else is no whole number is refused.
pub(crate) fn level(item: &Object<'_>) -> Result<StockLevel, PortError> {
    let sku = item.required_text("sku")?;
    let read = || -> Result<Vec<WarehouseLevel>, PortError> {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut levels = Vec::new();
        for warehouse in &item.objects("warehouses")? {
            let warehouse_code = warehouse.required_text("code")?;
            let quantity = quantity(warehouse)?;
            match known.insert(warehouse_code.clone(), quantity) {
                None => levels.push(WarehouseLevel { warehouse_code, quantity }),
                Some(first) if first == quantity => {}
                Some(_) => {
                    return Err(PortError::invalid(format!("warehouse {warehouse_code} has two quantities")));
                }
            }
        }
        Ok(levels)
    };
    match read() {
        Ok(warehouses) => Ok(StockLevel { sku, warehouses }),
        Err(error) => Err(PortError::invalid(format!("item {sku}: {}", error.message())).because(error)),
    }
}

fn quantity(warehouse: &Object<'_>) -> Result<u32, PortError> {
    let number = warehouse.decimal("quantity")?.unwrap_or_default().max(Decimal::ZERO).normalize();
    let whole = if number.scale() == 0 { u32::try_from(number).ok() } else { None };
    whole.ok_or_else(|| PortError::invalid(format!("{} is not a number of units", warehouse.name_of("quantity"))))
}

/// One element of a batch of figures.
pub(crate) fn figures(level: &StockLevel) -> Result<String, PortError> {
    let refuse = |why: &str| Err(PortError::invalid(format!("the figures of {}: {why}", level.sku)));
    if level.warehouses.is_empty() {
        return refuse("the channel takes none without a warehouse");
    }
    let mut codes = HashSet::new();
    if !level.warehouses.iter().all(|warehouse| codes.insert(&warehouse.warehouse_code)) {
        return refuse("a warehouse is there twice");
    }
    let total = level.warehouses.iter().map(|warehouse| u64::from(warehouse.quantity)).sum();
    let warehouses = level
        .warehouses
        .iter()
        .map(|warehouse| WarehouseFigure { code: &warehouse.warehouse_code, quantity: warehouse.quantity });
    let element = ItemFigures {
        sku: level.sku.trim(),
        quantity_available: total,
        status: if total > 0 { "in-stock" } else { "out-of-stock" },
        warehouses: warehouses.collect(),
    };
    json(&element, "a stock figure")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(item: &Value) -> Result<StockLevel, PortError> {
        level(&Object::read(&item.to_string()).unwrap())
    }

    fn of(warehouses: &Value) -> Result<Vec<(String, u32)>, String> {
        let read = read(&json!({"sku": "A", "quantityAvailable": 9, "warehouses": warehouses}));
        let pair = |level: WarehouseLevel| (level.warehouse_code, level.quantity);
        read.map(|level| level.warehouses.into_iter().map(pair).collect()).map_err(|error| error.message().to_owned())
    }

    fn stock(sku: &str, warehouses: &[(&str, u32)]) -> StockLevel {
        let level =
            |(code, quantity): &(&str, u32)| WarehouseLevel { warehouse_code: (*code).to_owned(), quantity: *quantity };
        StockLevel { sku: sku.to_owned(), warehouses: warehouses.iter().map(level).collect() }
    }

    #[test]
    fn quantities_are_read_in_every_form_and_never_negative() {
        for (sent, read) in [
            (json!(40), 40),
            (json!("5"), 5),
            (json!("4.0"), 4),
            (json!(null), 0),
            (json!(""), 0),
            (json!({}), 0),
            (json!(-3), 0),
            (json!("-1.5"), 0),
            (json!(4_294_967_295_u64), u32::MAX),
        ] {
            assert_eq!(of(&json!([{"code": "W", "quantity": sent}])), Ok(vec![("W".to_owned(), read)]), "{sent}");
        }
        assert_eq!(of(&json!([{"code": "W"}])), Ok(vec![("W".to_owned(), 0)]));
        assert_eq!(of(&json!([{"code": 7, "quantity": 1}])), Ok(vec![("7".to_owned(), 1)]));
    }

    #[test]
    fn a_total_without_warehouses_is_no_warehouse() {
        for warehouses in [json!(null), json!([])] {
            assert_eq!(of(&warehouses), Ok(vec![]));
        }
    }

    #[test]
    fn what_would_be_a_wrong_number_is_refused_with_its_place() {
        for (warehouses, why) in [
            (json!([{"code": "W", "quantity": 1.5}]), "warehouses[0].quantity is not a number of units"),
            (json!([{"code": "W", "quantity": 4_294_967_296_u64}]), "warehouses[0].quantity is not a number of units"),
            (json!([{"code": "W", "quantity": "many"}]), "warehouses[0].quantity is not a number"),
            (json!([{"code": "W", "quantity": 1}, {"quantity": 2}]), "warehouses[1].code is missing"),
            (json!([{"code": "W", "quantity": 1}, {"code": "W"}]), "warehouse W has two quantities"),
            (json!([7]), "warehouses[0] is not an object"),
            (json!("W"), "warehouses is not an array"),
        ] {
            assert_eq!(of(&warehouses), Err(format!("item A: {why}")), "{warehouses}");
        }
        assert_eq!(read(&json!({"warehouses": []})).unwrap_err().message(), "sku is missing");
        let twice = json!([{"code": "W", "quantity": 1}, {"code": "W", "quantity": "1"}]);
        assert_eq!(of(&twice), Ok(vec![("W".to_owned(), 1)]));
    }

    #[test]
    fn names_are_read_of_an_item_that_is_odd_otherwise() {
        let text = r#"{"sku":7,"warehouses":"x","partnerSkuMap":[{"partnerSku":"R1"},{},{"partnerSku":"R2"}]}"#;
        let read = names(&Object::read(text).unwrap());
        assert_eq!((read.sku.as_deref(), read.partner_skus), (Some("7"), vec!["R1".to_owned(), "R2".to_owned()]));
        assert_eq!(names(&Object::read(r#"{"sku":[],"partnerSkuMap":"x"}"#).unwrap()), Names::default());
    }

    #[test]
    fn the_total_is_the_exact_sum_and_the_status_follows_it() {
        assert_eq!(
            figures(&stock(" A ", &[("W1", u32::MAX), ("W2", 5)])).unwrap(),
            concat!(
                r#"{"sku":"A","quantityAvailable":4294967300,"status":"in-stock","#,
                r#""warehouses":[{"code":"W1","quantity":4294967295},{"code":"W2","quantity":5}]}"#
            )
        );
        assert_eq!(
            figures(&stock("A", &[("W1", 0)])).unwrap(),
            r#"{"sku":"A","quantityAvailable":0,"status":"out-of-stock","warehouses":[{"code":"W1","quantity":0}]}"#
        );
        for warehouses in [&[][..], &[("W1", 1), ("W1", 1)]] {
            assert!(figures(&stock("A", warehouses)).is_err());
        }
    }
}
