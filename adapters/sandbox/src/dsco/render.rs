//! An order as the wire shows it, with the odd members that real answers have.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Number, Value, json};

use super::orders::consumer_number;
use crate::clock::offset_form;
use crate::world::order::{Buyer, ChannelOrder, Line, Package, Status};

/// `dscoSupplierId` of the account.
pub(crate) const SUPPLIER_ID: &str = "9200000002";

const FIRST_NAMES: [&str; 8] = ["Testy", "Jane", "Nora", "Zoë", "Paul", "Mina", "Igor", "Ada-Lou"];
const LAST_NAMES: [&str; 8] =
    ["McTestface", "Placeholder", "O'Sample", "Exempel", "Invented", "Dummy", "Mock", "Nobody"];
const CITIES: [(&str, &str, &str); 6] = [
    ("SPRINGFIELD", "IL", "62701"),
    ("FAKETOWN", "CA", "99999"),
    ("NOWHERE", "TX", "73301"),
    ("ST. PAUL", "MN", "55101-0001"),
    ("HOLTSVILLE", "NY", "00501-0001"),
    ("SAMPLEVILLE", "WA", "98001"),
];

/// Cents as a JSON number: an integer when there are no cents, else a decimal.
pub(crate) fn money(cents: i64) -> Value {
    if cents % 100 == 0 {
        return json!(cents / 100);
    }
    // The text has two decimals at most, which a double writes back unchanged.
    let text = crate::world::erp::cents_text(cents);
    text.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// The whole order.
pub(crate) fn order_json(order: &ChannelOrder) -> Value {
    let odd = order.id % 3;
    let service = order.service();
    let ship_by = order.created + Duration::hours(28);
    let mut json = json!({
        "billTo": {},
        "buyer": null,
        "cancelRequested": order.cancel_requested,
        "cancelRequestedCode": if order.cancel_requested { json!("CXRR") } else { Value::Null },
        "consumerOrderNumber": consumer_number(order.id),
        "crossDockFlag": false,
        "crossDockLocation": null,
        "customer": null,
        "deliveryMethod": null,
        "expediteFlag": false,
        "giftFlag": false,
        "giftWrapFlag": false,
        "invoiceTo": null,
        "marketplaceType": null,
        "message": "Vendor agrees to comply with the (invented) compliance manual.",
        "orderType": if odd == 2 { "Dropship" } else { "dropship" },
        "poNumber": &*order.po,
        "requestedShipCarrier": service.carrier,
        "requestedShipMethod": service.method,
        "requestedShippingServiceLevelCode": service.code,
        "requestedShippingServiceLevelCodeUnmapped": service.code,
        "retailerCreateDate": offset_form(order.created - Duration::hours(1)),
        "shipByDate": offset_form(ship_by),
        "shipping": shipping_json(&order.buyer),
        "signatureRequiredFlag": false,
        "testFlag": order.test,
        "dscoCreateDate": offset_form(order.created),
        "dscoLastUpdate": offset_form(order.updated),
        "dscoLifecycle": order.lifecycle(),
        "dscoRetailerId": &*order.retailer,
        "dscoShipLateDate": offset_form(ship_by),
        "dscoStatus": order.status.name(),
        "dscoOrderId": order.id.to_string(),
        "dscoSupplierId": SUPPLIER_ID,
        "dscoSupplierName": "SANDBOX SUPPLIER LLC",
        "dscoTradingPartnerId": null,
        "dscoTradingPartnerName": null,
    });
    if let Some(text) = order.first_status.as_deref().filter(|_| order.status == Status::Created) {
        json["dscoStatus"] = if text.is_empty() { Value::Null } else { json!(text) };
    }
    if !order.only_requested {
        json["shipCarrier"] = json!(service.carrier);
        json["shipMethod"] = json!(service.method);
        json["shippingServiceLevelCode"] = json!(service.code);
    }
    if let Some(code) = order.warehouse.as_deref() {
        add_warehouse(&mut json, "requested", code);
        if !order.only_requested {
            add_warehouse(&mut json, "ship", code);
        }
    }
    if !order.no_lines {
        let lines: Vec<Value> = (0..order.lines.len()).map(|position| line_json(order, position)).collect();
        json["lineItems"] = Value::Array(lines);
    }
    if odd != 0 {
        json["currencyCode"] = json!("USD");
    }
    if odd == 1 {
        json["numberOfLineItems"] = json!(order.lines.len());
        json["acknowledgeByDate"] = json!(offset_form(order.created + Duration::hours(4)));
        // A member that no reference names: the vendor adds some at any time.
        json["dscoSandboxHint"] = json!({ "rank": 1, "tags": [] });
    }
    if let Some(number) = &order.supplier_order_number {
        json["supplierOrderNumber"] = json!(&**number);
    }
    if !order.packages.is_empty() {
        let packages: Vec<Value> = order.packages.iter().map(|package| package_json(order, package)).collect();
        json["packages"] = Value::Array(packages);
    }
    json
}

/// `requestedWarehouseCode` and its two companions.
pub(crate) fn add_warehouse(json: &mut Value, prefix: &str, code: &str) {
    let short: String = code.chars().filter(char::is_ascii_alphabetic).take(3).collect();
    json[format!("{prefix}WarehouseCode")] = json!(code);
    json[format!("{prefix}WarehouseRetailerCode")] = json!(format!("X{short}"));
    json[format!("{prefix}WarehouseDscoId")] = json!(warehouse_id(code));
}

/// Like the vendor's: `w` and 22 more characters.
pub(crate) fn warehouse_id(code: &str) -> String {
    let tail: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("w{:0>22}", tail.to_ascii_lowercase())
}

fn shipping_json(buyer: &Buyer) -> Value {
    let pick = |step: u32| usize::try_from(buyer.seed / step).unwrap_or(0);
    let given = buyer.given.as_deref();
    let text = |of: fn(&crate::world::order::GivenBuyer) -> &Option<String>| given.and_then(|given| of(given).clone());
    let first = FIRST_NAMES[pick(1) % FIRST_NAMES.len()];
    let last = LAST_NAMES[pick(10) % LAST_NAMES.len()];
    let (city, region, postal) = CITIES[pick(100) % CITIES.len()];
    let name = text(|g| &g.name).unwrap_or_else(|| format!("{first} {last}"));
    let line = text(|g| &g.address_line).unwrap_or_else(|| format!("{} EXAMPLE ST", buyer.seed % 900 + 100));
    let second = (buyer.seed % 3 == 1).then(|| format!("APT {}B", buyer.seed % 40));
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("address1", json!(line));
    let mut lines = vec![json!(line)];
    if let Some(second) = second {
        put("address2", json!(second));
        lines.push(json!(second));
    }
    put("address", Value::Array(lines));
    put("country", json!("US"));
    put("postal", json!(postal));
    put("region", json!(region));
    put("state", json!(region));
    if buyer.no_city {
        // Absent, null and the empty string all mean "none".
        if buyer.seed.is_multiple_of(2) {
            put("city", Value::Null);
        } else {
            put("city", json!(""));
        }
    } else {
        put("city", json!(text(|g| &g.city).unwrap_or_else(|| city.to_owned())));
    }
    if buyer.junk {
        put("firstName", json!(name));
        put("lastName", json!(";"));
        put("name", json!(format!("{name} ;")));
    } else {
        let (front, back) = name.split_once(' ').unwrap_or((&name, ""));
        put("firstName", json!(front));
        put("lastName", json!(back));
        // Some orders leave the preferred member out.
        if buyer.seed % 11 != 5 || given.is_some() {
            put("name", json!(name));
        }
    }
    // Phones come without any format, and sometimes not at all.
    let phone = || (!buyer.seed.is_multiple_of(5)).then(|| format!("555010{:04}", buyer.seed % 10_000));
    put("phone", json!(text(|g| &g.phone).or_else(phone)));
    if let Some(email) = text(|g| &g.email) {
        put("email", json!(email));
    } else if buyer.seed % 4 != 3 {
        put("email", json!("placeholder@example.com"));
    }
    if buyer.seed % 6 == 2 {
        put("addressType", json!("Residential"));
        put("company", json!("Sample Co (invented)"));
    }
    Value::Object(json)
}

fn activity(quantity: u32, action: &str, uuid: u64, at: DateTime<Utc>, reason: Option<&str>) -> Value {
    let mut entry = json!({
        "quantity": quantity,
        "action": action,
        "uuid": format!("{uuid:032x}"),
        "activityDate": offset_form(at),
        "updateDate": offset_form(at),
    });
    if let Some(reason) = reason {
        entry["reason"] = json!(reason);
    }
    entry
}

fn retailer_item(line: &Line) -> String {
    (line.item_id - 9_300_000_000 + 1_000_000).to_string()
}

fn line_json(order: &ChannelOrder, position: usize) -> Value {
    let line = &order.lines[position];
    let id = order.id * 100 + u64::from(line.number);
    let mut history = vec![activity(line.quantity, "add", id, order.created, None)];
    let mut last_reason = None;
    for package in &order.packages {
        let units: u32 = package.items.iter().filter(|item| item.line == position).map(|item| item.quantity).sum();
        if units > 0 {
            let reason = format!("Tracking # {} added", package.tracking);
            history.push(activity(units, "ship", package.id, package.added, Some(&reason)));
            last_reason = Some(reason);
        }
    }
    let mut json = json!({
        "rejectedQuantity": 0,
        "readyForPickup": false,
        "acceptedQuantity": order.shipped_units(position),
        "lineNumber": line.number,
        "cancelRequested": false,
        "quantity": line.quantity,
        "expectedCostAdjustmentAllowed": false,
        "retailerItemIds": [retailer_item(line)],
        "giftFlag": false,
        "upc": &*line.upc,
        "cancelledQuantity": line.cancelled,
        "bogoFlag": false,
        "dscoItemId": line.item_id.to_string(),
    });
    if let Some(sku) = &line.sku {
        json["sku"] = json!(&**sku);
        json["productGroup"] = json!(&**sku);
    }
    if let Some(partner) = &line.partner_sku {
        json["partnerSku"] = json!(&**partner);
    }
    let prices = [
        ("expectedCost", line.prices.expected_cost),
        ("retailPrice", line.prices.retail),
        ("consumerPrice", line.prices.consumer),
        ("consumerPriceWithTax", line.prices.consumer_with_tax),
    ];
    for (name, cents) in prices {
        if let Some(cents) = cents {
            json[name] = money(cents);
        }
    }
    if line.cancelled > 0 {
        let reason = "Cancelled at retailer request";
        let at = order.cancelled_at.unwrap_or(order.updated);
        history.push(activity(line.cancelled, "cancel", id + 50, at, Some(reason)));
        json["cancelCode"] = json!("CXSC");
        json["cancelledReason"] = json!(reason);
        if order.status == Status::Cancelled {
            json["status"] = json!("cancelled");
            json["statusReason"] = json!(reason);
        }
    }
    if let Some(reason) = last_reason {
        json["status"] = json!("accepted");
        json["acceptedReason"] = json!(reason);
        json["statusReason"] = json!(reason);
    }
    json["activity"] = Value::Array(history);
    json
}

fn package_json(order: &ChannelOrder, package: &Package) -> Value {
    let items: Vec<Value> = package
        .items
        .iter()
        .map(|item| {
            let line = &order.lines[item.line];
            let mut json = json!({
                "packageSpanFlag": item.span,
                "quantity": item.quantity,
                "retailerItemIds": [retailer_item(line)],
                "lineNumber": line.number,
                "originalOrderQuantity": line.quantity,
                "dscoItemId": line.item_id.to_string(),
            });
            if let Some(sku) = &line.sku {
                json["sku"] = json!(&**sku);
            }
            json
        })
        .collect();
    let mut json = json!({
        "ssccBarcode": null,
        "trackingNumber": &*package.tracking,
        "untracked": false,
        "carrierManifestId": null,
        "returnedFlag": false,
        "shipCost": 0,
        "shippingServiceLevelCode": &*package.code,
        "shipDate": offset_form(package.shipped),
        "packageShipFrom": {},
        "dscoPackageId": package.id,
        "shipMethod": &*package.method,
        "shipWeight": 1.5,
        "items": items,
        "shipWeightUnits": "lb",
        "shipCarrier": &*package.carrier,
        "packageShipTo": shipping_json(&order.buyer),
        // Snake case and without a scheme, unlike the documents say.
        "tracking_url": format!("tracking.example.com/?n={}", package.tracking),
    });
    if let Some(code) = &package.warehouse {
        json["warehouseCode"] = json!(&**code);
    }
    json
}
