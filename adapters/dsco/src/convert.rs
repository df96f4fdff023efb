//! Vendor JSON to the domain's order and back to requests; pure.

mod send;
mod stock;

pub(crate) use send::{acknowledgement, invoice, json, shipments, time};
pub(crate) use stock::{Names, figures, level, names};

use std::fmt::Write;
use std::str::from_utf8;

use chrono::Datelike as _;
use ipass_core::order::{Address, ChannelStatus, Order, OrderLine, Package, PackageItem, PoNumber, Prices};
use ipass_core::ports::{PortError, PulledOrder, RawOrder};
use sha2::{Digest, Sha256};

use crate::dto::{Object, order_name};

/// The vendor's default where an address names no country.
const DEFAULT_COUNTRY: &str = "US";

/// One element of a page: its bytes, and its id, else its PO number, else a hash of its bytes.
pub(crate) fn unread(raw: &[u8]) -> RawOrder {
    let name = from_utf8(raw).ok().and_then(order_name);
    RawOrder { raw: raw.to_vec(), key: name.unwrap_or_else(|| fingerprint([raw])) }
}

/// The same with what its bytes say.
pub(crate) fn pulled(raw: RawOrder) -> PulledOrder {
    let order = order(&raw.raw);
    PulledOrder { raw: raw.raw, order, key: raw.key }
}

/// SHA-256 of the parts, 32 hex digits of it.
pub(crate) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads one order. Needed are its PO number, id, creation time and lines with their units; all
/// else may be missing, and what is present but would be a wrong number is refused.
pub(crate) fn order(raw: &[u8]) -> Result<Order, PortError> {
    let text = from_utf8(raw).map_err(|error| PortError::invalid("the order is not UTF-8").because(error))?;
    let dto = Object::read(text).ok_or_else(|| PortError::invalid("the order is not a JSON object"))?;
    read(&dto).map_err(|error| match dto.text("dscoOrderId").or_else(|| dto.text("poNumber")) {
        Some(id) => PortError::invalid(format!("order {id}: {}", error.message())).because(error),
        None => error,
    })
}

fn read(dto: &Object<'_>) -> Result<Order, PortError> {
    let po = dto.required_text("poNumber")?;
    let po = PoNumber::new(po).ok_or_else(|| PortError::invalid("poNumber is missing"))?;
    let channel_order_id = dto.required_text("dscoOrderId")?;
    let created_at = dto.required_time("dscoCreateDate")?;
    // Windows of questions to the ERP begin here: a date before the vendor existed would cost thousands.
    if created_at.year() < 2008 {
        return Err(PortError::invalid(format!("{} is not a plausible time", dto.name_of("dscoCreateDate"))));
    }
    let items = dto.objects("lineItems")?;
    if items.is_empty() {
        return Err(PortError::invalid("lineItems is missing or empty"));
    }
    let mut cancel_requested = dto.flag("cancelRequested")?;
    let mut lines = Vec::with_capacity(items.len());
    for item in &items {
        cancel_requested |= item.flag("cancelRequested")?;
        lines.push(line(item)?);
    }
    // The final value, else what the retailer asked for.
    let of_set = |last: &str, requested: &str| dto.text(last).or_else(|| dto.text(requested));
    Ok(Order {
        po,
        channel_order_id,
        retailer_id: dto.text("dscoRetailerId"),
        status: status(dto, &lines),
        cancel_requested,
        test: dto.flag("testFlag")?,
        created_at,
        updated_at: dto.time("dscoLastUpdate"),
        ship_by: dto.time("shipByDate").or_else(|| dto.time("dscoShipLateDate")),
        currency: dto.text("currencyCode").map(|code| code.to_ascii_uppercase()),
        warehouse_code: of_set("shipWarehouseCode", "requestedWarehouseCode"),
        service_level: of_set("shippingServiceLevelCode", "requestedShippingServiceLevelCode"),
        carrier: of_set("shipCarrier", "requestedShipCarrier"),
        ship_method: of_set("shipMethod", "requestedShipMethod"),
        address: dto.object("shipping").map(|shipping| address(&shipping)).unwrap_or_default(),
        note: dto.text("message"),
        lines,
        packages: dto.objects("packages")?.iter().map(package).collect::<Result<_, _>>()?,
    })
}

/// `dscoStatus` is deprecated, and still the one that tells a cancelled order; where it is gone, or holds a word that
/// nobody knows, the life cycle tells.
fn status(dto: &Object<'_>, lines: &[OrderLine]) -> ChannelStatus {
    let status = ChannelStatus::parse(&dto.text("dscoStatus").unwrap_or_default());
    let ChannelStatus::Other(text) = status else { return status };
    match dto.text("dscoLifecycle").unwrap_or_default().to_ascii_lowercase().as_str() {
        "received" | "created" => ChannelStatus::Created,
        "acknowledged" => ChannelStatus::ShipmentPending,
        "completed" if lines.iter().all(|line| line.cancelled >= line.quantity) => ChannelStatus::Cancelled,
        "completed" => ChannelStatus::Completed,
        _ => ChannelStatus::Other(text),
    }
}

fn line(dto: &Object<'_>) -> Result<OrderLine, PortError> {
    let quantity = match dto.units("quantity")? {
        Some(quantity) if quantity > 0 => quantity,
        Some(_) => return Err(PortError::invalid(format!("{} is zero", dto.name_of("quantity")))),
        None => return Err(PortError::invalid(format!("{} is missing", dto.name_of("quantity")))),
    };
    let cancelled = dto.units("cancelledQuantity")?.unwrap_or_default();
    let rejected = dto.units("rejectedQuantity")?.unwrap_or_default();
    Ok(OrderLine {
        line_number: dto.number("lineNumber"),
        item_id: dto.text("dscoItemId"),
        sku: dto.text("sku"),
        partner_sku: dto.text("partnerSku"),
        quantity,
        cancelled: cancelled.saturating_add(rejected),
        prices: Prices {
            consumer_with_tax: dto.decimal("consumerPriceWithTax")?,
            consumer: dto.decimal("consumerPrice")?,
            retail: dto.decimal("retailPrice")?,
            expected_cost: dto.decimal("expectedCost")?,
        },
    })
}

/// A parcel without tracking number keeps an empty one: its units are shipped all the same.
fn package(dto: &Object<'_>) -> Result<Package, PortError> {
    let item = |item: &Object<'_>| {
        Ok(PackageItem {
            line_number: item.number("lineNumber"),
            item_id: item.text("dscoItemId"),
            sku: item.text("sku"),
            partner_sku: item.text("partnerSku"),
            quantity: item.units("quantity")?.unwrap_or_default(),
        })
    };
    Ok(Package {
        tracking: dto.text("trackingNumber").unwrap_or_default(),
        shipped_at: dto.time("shipDate"),
        items: dto.objects("items")?.iter().map(item).collect::<Result<_, PortError>>()?,
    })
}

fn address(dto: &Object<'_>) -> Address {
    let streets = dto.texts("address");
    let both_names = || {
        let parts: Vec<String> = ["firstName", "lastName"].iter().filter_map(|name| clean(dto.text(name))).collect();
        if parts.is_empty() { None } else { Some(parts.join(" ")) }
    };
    // Lines beyond the second are kept: a carrier needs them.
    let beyond_first = || streets.get(1..).filter(|rest| !rest.is_empty()).map(|rest| rest.join(", "));
    Address {
        name: clean(dto.text("name")).or_else(both_names),
        company: dto.text("company"),
        line1: dto.text("address1").or_else(|| streets.first().cloned()),
        line2: beyond_first().or_else(|| dto.text("address2")),
        city: dto.text("city"),
        state: dto.text("region").or_else(|| dto.text("state")),
        postal_code: dto.text("postal"),
        country: Some(dto.text("country").unwrap_or_else(|| DEFAULT_COUNTRY.to_owned()).to_uppercase()),
        phone: dto.text("phone"),
        email: dto.text("email"),
    }
}

/// Retailers send "Full Name ;" and a last name of ";": such ends are dropped.
fn clean(name: Option<String>) -> Option<String> {
    let name = name?;
    let trimmed = name.trim().trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use serde_json::{Value, json};

    use super::*;

    /// A small order with `changes` laid over it; `null` takes a member away.
    fn sample(changes: &Value) -> Vec<u8> {
        let mut order = json!({
            "poNumber": "PO-1", "dscoOrderId": "9000000001", "dscoStatus": "created",
            "dscoCreateDate": "2026-01-28T01:15:40+00:00",
            "lineItems": [{"lineNumber": 1, "sku": "A", "quantity": 2}],
        });
        for (name, value) in changes.as_object().unwrap() {
            order[name] = value.clone();
        }
        serde_json::to_vec(&order).unwrap()
    }

    fn read(changes: &Value) -> Order {
        order(&sample(changes)).unwrap()
    }

    #[test]
    fn the_smallest_order_is_enough() {
        let order = read(&json!({}));
        assert_eq!((order.po.as_str(), order.channel_order_id.as_str()), ("PO-1", "9000000001"));
        assert_eq!(order.status, ChannelStatus::Created);
        assert_eq!(order.created_at.to_rfc3339(), "2026-01-28T01:15:40+00:00");
        assert_eq!(order.address, Address::default());
        assert!(!order.test && !order.cancel_requested && order.packages.is_empty());
    }

    #[test]
    fn what_is_needed_is_named_when_it_is_missing() {
        for (changes, message) in [
            (json!({"poNumber": " "}), "order 9000000001: poNumber is missing"),
            (json!({"dscoOrderId": {}}), "order PO-1: dscoOrderId is missing"),
            (json!({"dscoCreateDate": null}), "order 9000000001: dscoCreateDate is missing"),
            (json!({"dscoCreateDate": "soon"}), "order 9000000001: dscoCreateDate is not a time"),
            (json!({"lineItems": []}), "order 9000000001: lineItems is missing or empty"),
            (json!({"lineItems": {}}), "order 9000000001: lineItems is missing or empty"),
            (json!({"lineItems": [{}]}), "order 9000000001: lineItems[0].quantity is missing"),
            (json!({"lineItems": [{"quantity": 0}]}), "order 9000000001: lineItems[0].quantity is zero"),
            (
                json!({"lineItems": [{"quantity": 1}, {"quantity": 1.5}]}),
                "order 9000000001: lineItems[1].quantity is not a whole number of units",
            ),
            (
                json!({"lineItems": [{"quantity": 1, "consumerPrice": "free"}]}),
                "order 9000000001: lineItems[0].consumerPrice is not a number",
            ),
            (json!({"testFlag": "perhaps"}), "order 9000000001: testFlag is not a flag"),
        ] {
            let error = order(&sample(&changes)).unwrap_err();
            assert_eq!(error.message(), message);
        }
        assert_eq!(order(b"7").unwrap_err().message(), "the order is not a JSON object");
        assert_eq!(order(b"\xff").unwrap_err().message(), "the order is not UTF-8");
    }

    #[test]
    fn an_order_that_cannot_be_read_has_a_key() {
        let key = |changes| unread(&sample(&changes)).key;
        assert_eq!(key(json!({"lineItems": null})), "9000000001");
        assert_eq!(key(json!({"dscoOrderId": 9_000_000_001_u64, "lineItems": null})), "9000000001");
        assert_eq!(key(json!({"dscoOrderId": null})), "PO-1");
        let hash = unread(b"7").key;
        assert_eq!(hash.len(), 32);
        assert_eq!(hash, unread(b"7").key);
        assert_ne!(hash, unread(b"8").key);
    }

    #[test]
    fn statuses_keep_unknown_texts() {
        for (sent, read_as) in [
            ("created", ChannelStatus::Created),
            ("SHIPMENT_PENDING", ChannelStatus::ShipmentPending),
            ("shipped", ChannelStatus::Shipped),
            ("cancelled", ChannelStatus::Cancelled),
            ("on_hold", ChannelStatus::Other("on_hold".to_owned())),
            ("", ChannelStatus::Other(String::new())),
        ] {
            assert_eq!(read(&json!({"dscoStatus": sent})).status, read_as, "{sent}");
        }
    }

    #[test]
    fn without_a_status_the_life_cycle_tells() {
        let open = json!([{"quantity": 2, "cancelledQuantity": 1}]);
        let cancelled = json!([{"quantity": 2, "cancelledQuantity": 2}, {"quantity": 1, "rejectedQuantity": 1}]);
        for (life_cycle, lines, read_as) in [
            ("created", &open, ChannelStatus::Created),
            ("Received", &open, ChannelStatus::Created),
            ("acknowledged", &open, ChannelStatus::ShipmentPending),
            ("completed", &open, ChannelStatus::Completed),
            ("completed", &cancelled, ChannelStatus::Cancelled),
            ("dormant", &open, ChannelStatus::Other(String::new())),
        ] {
            let order = read(&json!({"dscoStatus": null, "dscoLifecycle": life_cycle, "lineItems": lines}));
            assert_eq!(order.status, read_as, "{life_cycle}");
        }
        let both = |status: &str, life_cycle: &str| {
            read(&json!({"dscoStatus": status, "dscoLifecycle": life_cycle, "lineItems": open})).status
        };
        assert_eq!(both("cancelled", "completed"), ChannelStatus::Cancelled);
        assert_eq!(both("on_hold", "acknowledged"), ChannelStatus::ShipmentPending);
        assert_eq!(both("on_hold", "dormant"), ChannelStatus::Other("on_hold".to_owned()));
    }

    #[test]
    fn a_cancel_request_on_one_line_is_one_on_the_order() {
        let lines = json!({"lineItems": [{"quantity": 1}, {"quantity": 1, "cancelRequested": true}]});
        assert!(read(&lines).cancel_requested);
        assert!(read(&json!({"cancelRequested": "true"})).cancel_requested);
    }

    #[test]
    fn final_values_win_over_requested_ones() {
        let requested = json!({
            "requestedWarehouseCode": "W1", "requestedShippingServiceLevelCode": "S1",
            "requestedShipCarrier": "C1", "requestedShipMethod": "M1",
        });
        let order = read(&requested);
        let of = |order: &Order| {
            [&order.warehouse_code, &order.service_level, &order.carrier, &order.ship_method]
                .map(|text| text.clone().unwrap_or_default())
        };
        assert_eq!(of(&order), ["W1", "S1", "C1", "M1"]);
        let mut all = requested;
        for (name, value) in [
            ("shipWarehouseCode", "W2"),
            ("shippingServiceLevelCode", "S2"),
            ("shipCarrier", "C2"),
            ("shipMethod", "M2"),
        ] {
            all[name] = json!(value);
        }
        assert_eq!(of(&read(&all)), ["W2", "S2", "C2", "M2"]);
    }

    #[test]
    fn names_are_cleaned() {
        for (sent, name) in [
            (json!({"name": "Testy McTestface ;"}), Some("Testy McTestface")),
            (json!({"name": " ; ", "firstName": "Testy McTestface", "lastName": ";"}), Some("Testy McTestface")),
            (json!({"firstName": "Jane", "lastName": "Doe;"}), Some("Jane Doe")),
            (json!({"name": "", "city": "X"}), None),
        ] {
            assert_eq!(read(&json!({"shipping": sent})).address.name.as_deref(), name, "{sent}");
        }
    }

    #[test]
    fn streets_come_in_both_forms() {
        for (sent, line1, line2) in [
            (json!({"address1": "a", "address": ["a", "b"]}), "a", Some("b")),
            (json!({"address": ["a", "b", "c"]}), "a", Some("b, c")),
            (json!({"address1": "a", "address2": "b"}), "a", Some("b")),
            (json!({"address1": "a", "address": ["a"], "address2": "b"}), "a", Some("b")),
            (json!({"address": "a"}), "a", None),
            (json!({"address": [null, "a", {}], "address1": {}}), "a", None),
        ] {
            let address = read(&json!({"shipping": sent})).address;
            assert_eq!((address.line1.as_deref(), address.line2.as_deref()), (Some(line1), line2), "{sent}");
        }
    }

    #[test]
    fn the_country_is_upper_case_and_assumed_only_for_an_address() {
        let country = |shipping: Value| read(&json!({"shipping": shipping})).address.country;
        assert_eq!(country(json!({"country": "ca"})).as_deref(), Some("CA"));
        assert_eq!(country(json!({"city": "X"})).as_deref(), Some("US"));
        assert_eq!(country(json!({})), None);
        assert_eq!(country(json!(null)), None);
        assert_eq!(country(json!("x")), None);
    }

    #[test]
    fn lines_are_exact() {
        let order = order(
            br#"{"poNumber":7,"dscoOrderId":9000000001,"dscoCreateDate":"2026-01-28T01:15:40Z","lineItems":[
            {"lineNumber":"3","dscoItemId":93,"sku":"A","partnerSku":"B","quantity":"4","cancelledQuantity":1,
            "rejectedQuantity":1.0,"consumerPriceWithTax":54,"consumerPrice":"12.50","retailPrice":0.1,
            "expectedCost":19.9900000000000002}]}"#,
        )
        .unwrap();
        let line = &order.lines[0];
        assert_eq!((line.line_number, line.item_id.as_deref()), (Some(3), Some("93")));
        assert_eq!((line.quantity, line.cancelled, line.expected()), (4, 2, 2));
        let price = |text: &str| Some(text.parse::<Decimal>().unwrap());
        assert_eq!(line.prices.consumer_with_tax, price("54"));
        assert_eq!(line.prices.consumer, price("12.50"));
        assert_eq!(line.prices.retail, price("0.1"));
        assert_eq!(line.prices.expected_cost, price("19.9900000000000002"));
        assert_eq!(order.po.as_str(), "7");
    }

    #[test]
    fn packages_count_even_without_a_tracking_number() {
        let order = read(&json!({"packages": [
            {"trackingNumber": 799_900_000_009_u64, "shipDate": "2026-01-28T20:00:00Z",
             "items": [{"lineNumber": 1, "quantity": 1}], "tracking_url": "x"},
            {"items": [{"sku": "A", "quantity": 1}], "packageShipFrom": {}},
        ]}));
        assert_eq!(order.packages[0].tracking, "799900000009");
        assert_eq!(order.packages[1].tracking, "");
        assert_eq!(order.shipped_per_line(), [2]);
        assert!(order.fully_shipped_at_channel());
    }

    #[test]
    fn the_ship_date_falls_back_to_the_day_it_is_late() {
        let late = json!({"dscoShipLateDate": "2026-01-29T04:59:00+00:00", "shipByDate": ""});
        assert_eq!(read(&late).ship_by.unwrap().to_rfc3339(), "2026-01-29T04:59:00+00:00");
    }
}
