use rust_decimal::Decimal;

use super::*;
use crate::order::Prices;
use crate::testing::{line, order};

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.mapping.shop.insert("R-1".to_owned(), "STORE".to_owned());
    settings.mapping.warehouse.insert("WH-A".to_owned(), "26".to_owned());
    settings.mapping.shipment.insert("WH-A-FEHD".to_owned(), "900".to_owned());
    settings
}

fn refused(change: impl FnOnce(&mut Order, &mut Settings)) -> Cause {
    let (mut order, mut settings) = (order("1"), settings());
    change(&mut order, &mut settings);
    draft(&order, &settings).unwrap_err()
}

#[test]
fn a_complete_order_becomes_a_draft() {
    let mut order = order("1");
    order.lines[0].partner_sku = Some("RET-A".to_owned());
    let mut settings = settings();
    settings.mapping.sku.insert("RET-A".to_owned(), "LX-A".to_owned());
    let draft = draft(&order, &settings).unwrap();
    assert_eq!(draft.store_id, "STORE");
    let routing = draft.routing.unwrap();
    assert_eq!((routing.warehouse_id.as_str(), routing.logistics_type_id.as_str()), ("26", "900"));
    assert_eq!((draft.lines[0].msku.as_str(), draft.lines[0].sku.as_deref()), ("RET-A", Some("LX-A")));
}

#[test]
fn each_gap_blocks_and_names_what_is_missing() {
    let cases = [
        (refused(|order, _| order.retailer_id = Some("R-9".to_owned())), Reason::MissingShopMapping, "R-9"),
        (refused(|order, _| order.warehouse_code = Some("WH-9".to_owned())), Reason::MissingWarehouseMapping, "WH-9"),
        (
            refused(|order, _| order.service_level = Some("UPCG".to_owned())),
            Reason::MissingShipmentMapping,
            "WH-A-UPCG",
        ),
        (refused(|order, _| order.address.name = None), Reason::MissingAddress, "name"),
        (refused(|order, _| order.address.city = None), Reason::MissingAddress, "city"),
        (refused(|order, _| order.address.line1 = None), Reason::MissingAddress, "address line 1"),
        (
            refused(|order, _| order.address.country = Some("USA".to_owned())),
            Reason::MissingAddress,
            "country (two letters)",
        ),
        (
            refused(|order, _| order.lines.push(crate::order::OrderLine { sku: None, ..line(2, "", 1) })),
            Reason::MissingSku,
            "2",
        ),
        (refused(|order, _| order.lines[0].prices = Prices::default()), Reason::MissingPrice, "1"),
        (refused(|order, _| order.lines[0].cancelled = 1), Reason::NothingToShip, "1"),
        (refused(|order, _| order.test = true), Reason::TestOrder, "1"),
    ];
    for (cause, reason, detail) in cases {
        assert_eq!(cause, Cause::new(reason, detail));
    }
}

#[test]
fn an_unmapped_warehouse_goes_without_where_the_setting_allows_it() {
    let mut order = order("1");
    order.warehouse_code = Some("WH-9".to_owned());
    let mut settings = settings();
    settings.require_warehouse = false;
    assert_eq!(draft(&order, &settings).unwrap().routing, None);
    order.warehouse_code = None;
    settings.require_warehouse = true;
    assert_eq!(draft(&order, &settings).unwrap().routing, None);
}

#[test]
fn cancelled_units_are_not_pushed() {
    let mut order = order("1");
    order.lines = vec![
        crate::order::OrderLine { cancelled: 2, ..line(1, "A", 5) },
        crate::order::OrderLine { cancelled: 1, ..line(2, "B", 1) },
    ];
    let draft = draft(&order, &settings()).unwrap();
    assert_eq!(draft.lines.iter().map(|line| (line.msku.as_str(), line.quantity)).collect::<Vec<_>>(), [("A", 3)]);
}

#[test]
fn the_consumer_price_comes_first_and_the_cost_last() {
    let mut order = order("1");
    order.lines[0].prices = Prices {
        consumer_with_tax: None,
        consumer: Some(Decimal::new(2199, 2)),
        retail: Some(Decimal::new(2500, 2)),
        expected_cost: Some(Decimal::new(125, 1)),
    };
    assert_eq!(draft(&order, &settings()).unwrap().lines[0].unit_price, Decimal::new(2199, 2));
}
