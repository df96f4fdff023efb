//! Every recorded order is read, and read right.

use ipass_contract_tests::replay::{fixture, fixture_json};
use ipass_core::order::{ChannelStatus, Order};
use ipass_core::order::{PriceOrder, SkuKey};
use ipass_core::ports::OrderSource;
use serde_json::Value;

use super::{account, at};

fn parse(value: &Value) -> Order {
    let (dsco, _) = account("http://127.0.0.1:9");
    dsco.parse(&serde_json::to_vec(value).unwrap()).unwrap()
}

fn file(name: &str) -> Order {
    let (dsco, _) = account("http://127.0.0.1:9");
    dsco.parse(&fixture(&format!("dsco/{name}"))).unwrap()
}

fn in_array(name: &str, pointer: &str) -> Vec<Order> {
    let document = fixture_json(&format!("dsco/{name}"));
    document.pointer(pointer).unwrap().as_array().unwrap().iter().map(parse).collect()
}

#[test]
fn a_page_is_read() {
    let orders = in_array("order_page.json", "/orders");
    let [created, pending, cancelled] = &orders[..] else { panic!("three orders") };

    assert_eq!(created.po.as_str(), "POTEST0000000000000001");
    assert_eq!(created.channel_order_id, "9000000001");
    assert_eq!(created.retailer_id.as_deref(), Some("9100000001"));
    assert_eq!(created.status, ChannelStatus::Created);
    assert_eq!(created.created_at, at("2026-01-28T01:15:40Z"));
    assert_eq!(created.updated_at, Some(at("2026-01-28T01:16:25Z")));
    assert_eq!(created.ship_by, Some(at("2026-01-29T04:59:00Z")));
    assert_eq!(created.warehouse_code.as_deref(), Some("WH-A"));
    assert_eq!(created.service_level.as_deref(), Some("FEHD"));
    assert_eq!(created.carrier.as_deref(), Some("FedEx"));
    assert_eq!(created.ship_method.as_deref(), Some("Home Delivery"));
    assert_eq!((created.currency.as_deref(), created.test, created.cancel_requested), (None, false, false));
    assert!(created.note.as_deref().unwrap().starts_with("Vendor agrees"));
    let address = &created.address;
    assert_eq!(address.name.as_deref(), Some("Testy McTestface"));
    assert_eq!((address.line1.as_deref(), address.line2.as_deref()), (Some("100 EXAMPLE ST"), None));
    assert_eq!((address.city.as_deref(), address.state.as_deref()), (Some("SPRINGFIELD"), Some("NY")));
    assert_eq!((address.postal_code.as_deref(), address.country.as_deref()), (Some("00501-0001"), Some("US")));
    assert_eq!(address.phone.as_deref(), Some("5550100001"));

    assert_eq!(pending.status, ChannelStatus::ShipmentPending);
    assert_eq!(pending.address.line2.as_deref(), Some("APT 4B"));
    assert_eq!(pending.address.company.as_deref(), Some("Sample Co (invented)"));
    assert_eq!(pending.currency.as_deref(), Some("USD"));
    assert_eq!(pending.sku_list(SkuKey::PartnerSkuFirst), "SKU-AAA-01(3),RET-1000002(2),SKU-AAA-01(1)");
    let prices: Vec<String> =
        pending.lines.iter().map(|line| line.prices.first(PriceOrder::ConsumerFirst).unwrap().to_string()).collect();
    assert_eq!(prices, ["54", "21.99", "54"]);

    assert_eq!((&cancelled.status, cancelled.cancel_requested), (&ChannelStatus::Cancelled, true));
    assert_eq!(cancelled.lines[0].expected(), 0);
}

#[test]
fn single_orders_are_read() {
    assert_eq!(file("order_single_created.json").status, ChannelStatus::Created);
    assert_eq!(file("order_single.json").status, ChannelStatus::ShipmentPending);
    assert!(file("order_cancel_requested.json").cancel_requested);
    let ids: Vec<String> =
        in_array("order_multiple.json", "").into_iter().map(|order| order.channel_order_id).collect();
    assert_eq!(ids, ["9000000001", "9000000009"]);
}

#[test]
fn shipped_does_not_mean_fully_shipped() {
    let partly = file("order_partially_shipped.json");
    assert_eq!(partly.status, ChannelStatus::Shipped);
    assert!(!partly.packages.is_empty() && !partly.fully_shipped_at_channel());
    let fully = file("order_shipped.json");
    assert_eq!(fully.status, ChannelStatus::Shipped);
    assert!(fully.fully_shipped_at_channel());
    assert!(fully.packages.iter().all(|package| !package.tracking.is_empty() && package.shipped_at.is_some()));
}

#[test]
fn orders_of_a_stream_are_read() {
    let events = fixture_json("dsco/stream_events_order.json");
    let payloads: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["payload"]).collect();
    assert!(!payloads.is_empty());
    for payload in payloads {
        assert!(!parse(payload).lines.is_empty());
    }
}

#[test]
fn addresses_do_not_print() {
    let order = file("order_single.json");
    let printed = format!("{order:?}");
    for private in [&order.address.name, &order.address.line1, &order.address.phone, &order.address.email] {
        let private = private.as_deref().unwrap();
        assert!(!printed.contains(private), "{private}");
    }
}

/// Cuts, swaps and doubles of recorded orders: none may panic, and what is read is whole.
#[test]
fn no_damage_to_an_order_panics() {
    let (dsco, _) = account("http://127.0.0.1:9");
    for name in ["order_shipped.json", "order_single.json", "order_cancel_requested.json"] {
        let whole = fixture(&format!("dsco/{name}")).trim_ascii().to_vec();
        for place in (0..whole.len()).step_by(7) {
            assert!(dsco.parse(&whole[..place]).is_err(), "{name} cut at {place}");
            for byte in [b'"', b'{', b'9', 0xff] {
                let mut damaged = whole.clone();
                damaged[place] = byte;
                if let Ok(order) = dsco.parse(&damaged) {
                    assert!(!order.lines.is_empty() && order.lines.iter().all(|line| line.quantity > 0));
                }
            }
        }
    }
}
