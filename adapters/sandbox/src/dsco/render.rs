//! An order as the wire shows it, with the odd members that real answers have.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Number, Value, json};

use super::orders::consumer_number;
use crate::clock::offset_form;
use crate::json::Object;
use crate::world::order::{Buyer, ChannelOrder, GivenBuyer, Line, Package, Status};

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

/// Members that name the warehouse that the retailer asks for.
pub(crate) const REQUESTED_WAREHOUSE: [&str; 3] =
    ["requestedWarehouseCode", "requestedWarehouseDscoId", "requestedWarehouseRetailerCode"];
const SHIP_WAREHOUSE: [&str; 3] = ["shipWarehouseCode", "shipWarehouseDscoId", "shipWarehouseRetailerCode"];

/// The whole order.
pub(crate) fn order_json(json: &mut Object<'_>, order: &ChannelOrder) {
    let odd = order.id % 3;
    let service = order.service();
    let final_service = (!order.only_requested).then_some(service);
    let warehouse = order.warehouse.as_deref().map(warehouse_names);
    let ship_by = offset_form(order.created + Duration::hours(28));
    json.put_some("acknowledgeByDate", (odd == 1).then(|| offset_form(order.created + Duration::hours(4))));
    json.object("billTo", |_| {});
    json.null("buyer");
    json.put("cancelRequested", order.cancel_requested);
    json.put("cancelRequestedCode", order.cancel_requested.then_some("CXRR"));
    json.put("consumerOrderNumber", consumer_number(order.id));
    json.put("crossDockFlag", false);
    json.null("crossDockLocation");
    json.put_some("currencyCode", (odd != 0).then_some("USD"));
    json.null("customer");
    json.null("deliveryMethod");
    json.put("dscoCreateDate", offset_form(order.created));
    json.put("dscoLastUpdate", offset_form(order.updated));
    json.put("dscoLifecycle", order.lifecycle());
    json.put("dscoOrderId", order.id.to_string());
    json.put("dscoRetailerId", &*order.retailer);
    if odd == 1 {
        // A member that no reference names: the vendor adds some at any time.
        json.put("dscoSandboxHint", json!({ "rank": 1, "tags": [] }));
    }
    json.put("dscoShipLateDate", &ship_by);
    json.put(
        "dscoStatus",
        match order.first_status.as_deref() {
            Some(text) if order.status == Status::Created => Some(text).filter(|text| !text.is_empty()),
            _ => Some(order.status.name()),
        },
    );
    json.put("dscoSupplierId", SUPPLIER_ID);
    json.put("dscoSupplierName", "SANDBOX SUPPLIER LLC");
    json.null("dscoTradingPartnerId");
    json.null("dscoTradingPartnerName");
    json.put("expediteFlag", false);
    json.put("giftFlag", false);
    json.put("giftWrapFlag", false);
    json.null("invoiceTo");
    if !order.no_lines {
        json.array("lineItems", 0..order.lines.len(), |json, position| line_json(json, order, position));
    }
    json.null("marketplaceType");
    json.put("message", "Vendor agrees to comply with the (invented) compliance manual.");
    json.put_some("numberOfLineItems", (odd == 1).then_some(order.lines.len()));
    json.put("orderType", if odd == 2 { "Dropship" } else { "dropship" });
    if !order.packages.is_empty() {
        json.array("packages", &order.packages, |json, package| package_json(json, order, package));
    }
    json.put("poNumber", &*order.po);
    json.put("requestedShipCarrier", service.carrier);
    json.put("requestedShipMethod", service.method);
    json.put("requestedShippingServiceLevelCode", service.code);
    json.put("requestedShippingServiceLevelCodeUnmapped", service.code);
    if let Some(names) = &warehouse {
        put_all(json, REQUESTED_WAREHOUSE, names);
    }
    json.put("retailerCreateDate", offset_form(order.created - Duration::hours(1)));
    json.put("shipByDate", &ship_by);
    json.put_some("shipCarrier", final_service.map(|service| service.carrier));
    json.put_some("shipMethod", final_service.map(|service| service.method));
    if let Some(names) = warehouse.filter(|_| !order.only_requested) {
        put_all(json, SHIP_WAREHOUSE, &names);
    }
    json.object("shipping", |json| shipping_json(json, &order.buyer));
    json.put_some("shippingServiceLevelCode", final_service.map(|service| service.code));
    json.put("signatureRequiredFlag", false);
    json.put_some("supplierOrderNumber", order.supplier_order_number.as_deref());
    json.put("testFlag", order.test);
}

fn put_all(json: &mut Object<'_>, names: [&'static str; 3], values: &[String; 3]) {
    for (name, value) in names.into_iter().zip(values) {
        json.put(name, value);
    }
}

/// Code of a warehouse, DSCO's id of it and the retailer's code.
pub(crate) fn warehouse_names(code: &str) -> [String; 3] {
    let short: String = code.chars().filter(char::is_ascii_alphabetic).take(3).collect();
    [code.to_owned(), warehouse_id(code), format!("X{short}")]
}

/// Like the vendor's: `w` and 22 more characters.
pub(crate) fn warehouse_id(code: &str) -> String {
    let tail: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("w{:0>22}", tail.to_ascii_lowercase())
}

fn shipping_json(json: &mut Object<'_>, buyer: &Buyer) {
    let pick = |step: u32| usize::try_from(buyer.seed / step).unwrap_or(0);
    let given = buyer.given.as_deref();
    let text = |of: fn(&GivenBuyer) -> &Option<String>| given.and_then(|given| of(given).clone());
    let first = FIRST_NAMES[pick(1) % FIRST_NAMES.len()];
    let last = LAST_NAMES[pick(10) % LAST_NAMES.len()];
    let (city, region, postal) = CITIES[pick(100) % CITIES.len()];
    let name = text(|g| &g.name).unwrap_or_else(|| format!("{first} {last}"));
    let line = text(|g| &g.address_line).unwrap_or_else(|| format!("{} EXAMPLE ST", buyer.seed % 900 + 100));
    let second = (buyer.seed % 3 == 1).then(|| format!("APT {}B", buyer.seed % 40));
    let company = buyer.seed % 6 == 2;
    let lines: Vec<&String> = std::iter::once(&line).chain(&second).collect();
    json.put("address", lines);
    json.put("address1", &line);
    json.put_some("address2", second.as_ref());
    json.put_some("addressType", company.then_some("Residential"));
    let city = text(|g| &g.city).unwrap_or_else(|| city.to_owned());
    // Absent, null and the empty string all mean "none".
    json.put(
        "city",
        match buyer.seed % 2 {
            _ if !buyer.no_city => Some(&*city),
            0 => None,
            _ => Some(""),
        },
    );
    json.put_some("company", company.then_some("Sample Co (invented)"));
    json.put("country", "US");
    let email = text(|g| &g.email);
    json.put_some("email", email.as_deref().or((buyer.seed % 4 != 3).then_some("placeholder@example.com")));
    if buyer.junk {
        json.put("firstName", &name);
        json.put("lastName", ";");
        json.put("name", format_args!("{name} ;"));
    } else {
        let (front, back) = name.split_once(' ').unwrap_or((&name, ""));
        json.put("firstName", front);
        json.put("lastName", back);
        // Some orders leave the preferred member out.
        json.put_some("name", (buyer.seed % 11 != 5 || given.is_some()).then_some(&name));
    }
    // Phones come without any format, and sometimes not at all.
    let phone = || (!buyer.seed.is_multiple_of(5)).then(|| format!("555010{:04}", buyer.seed % 10_000));
    json.put("phone", text(|g| &g.phone).or_else(phone));
    json.put("postal", postal);
    json.put("region", region);
    json.put("state", region);
}

/// An entry of a line's history.
struct Activity<'a> {
    action: &'static str,
    quantity: u32,
    uuid: u64,
    at: DateTime<Utc>,
    reason: Option<&'a str>,
}

fn activity_json(json: &mut Object<'_>, activity: &Activity<'_>) {
    let at = offset_form(activity.at);
    json.put("action", activity.action);
    json.put("activityDate", &at);
    json.put("quantity", activity.quantity);
    json.put_some("reason", activity.reason);
    json.put("updateDate", &at);
    json.put("uuid", format_args!("{:032x}", activity.uuid));
}

fn retailer_item(line: &Line) -> String {
    (line.item_id - 9_300_000_000 + 1_000_000).to_string()
}

fn line_json(json: &mut Object<'_>, order: &ChannelOrder, position: usize) {
    let line = &order.lines[position];
    let id = order.id * 100 + u64::from(line.number);
    let sent = |package: &Package| -> u32 {
        package.items.iter().filter(|item| item.line == position).map(|item| item.quantity).sum()
    };
    let packages: Vec<(&Package, String)> = order
        .packages
        .iter()
        .filter(|package| sent(package) > 0)
        .map(|package| (package, format!("Tracking # {} added", package.tracking)))
        .collect();
    let accepted = packages.last().map(|(_, reason)| &**reason);
    let cancelled = (line.cancelled > 0).then_some("Cancelled at retailer request");
    let (status, status_reason) = match (accepted, cancelled) {
        (Some(reason), _) => (Some("accepted"), Some(reason)),
        (None, Some(reason)) if order.status == Status::Cancelled => (Some("cancelled"), Some(reason)),
        (None, _) => (None, None),
    };
    let added = Activity { action: "add", quantity: line.quantity, uuid: id, at: order.created, reason: None };
    let shipped = packages.iter().map(|(package, reason)| Activity {
        action: "ship",
        quantity: sent(package),
        uuid: package.id,
        at: package.added,
        reason: Some(reason),
    });
    let ended = cancelled.map(|reason| Activity {
        action: "cancel",
        quantity: line.cancelled,
        uuid: id + 50,
        at: order.cancelled_at.unwrap_or(order.updated),
        reason: Some(reason),
    });
    let history = std::iter::once(added).chain(shipped).chain(ended);
    json.put("acceptedQuantity", order.shipped_units(position));
    json.put_some("acceptedReason", accepted);
    json.array("activity", history, |json, activity| activity_json(json, &activity));
    json.put("bogoFlag", false);
    json.put_some("cancelCode", cancelled.map(|_| "CXSC"));
    json.put("cancelRequested", false);
    json.put("cancelledQuantity", line.cancelled);
    json.put_some("cancelledReason", cancelled);
    json.put_some("consumerPrice", line.prices.consumer.map(money));
    json.put_some("consumerPriceWithTax", line.prices.consumer_with_tax.map(money));
    json.put("dscoItemId", line.item_id.to_string());
    json.put_some("expectedCost", line.prices.expected_cost.map(money));
    json.put("expectedCostAdjustmentAllowed", false);
    json.put("giftFlag", false);
    json.put("lineNumber", line.number);
    json.put_some("partnerSku", line.partner_sku.as_deref());
    json.put_some("productGroup", line.sku.as_deref());
    json.put("quantity", line.quantity);
    json.put("readyForPickup", false);
    json.put("rejectedQuantity", 0);
    json.put_some("retailPrice", line.prices.retail.map(money));
    json.put("retailerItemIds", [retailer_item(line)]);
    json.put_some("sku", line.sku.as_deref());
    json.put_some("status", status);
    json.put_some("statusReason", status_reason);
    json.put("upc", &*line.upc);
}

fn package_json(json: &mut Object<'_>, order: &ChannelOrder, package: &Package) {
    json.null("carrierManifestId");
    json.put("dscoPackageId", package.id);
    json.array("items", &package.items, |json, item| {
        let line = &order.lines[item.line];
        json.put("dscoItemId", line.item_id.to_string());
        json.put("lineNumber", line.number);
        json.put("originalOrderQuantity", line.quantity);
        json.put("packageSpanFlag", item.span);
        json.put("quantity", item.quantity);
        json.put("retailerItemIds", [retailer_item(line)]);
        json.put_some("sku", line.sku.as_deref());
    });
    json.object("packageShipFrom", |_| {});
    json.object("packageShipTo", |json| shipping_json(json, &order.buyer));
    json.put("returnedFlag", false);
    json.put("shipCarrier", &*package.carrier);
    json.put("shipCost", 0);
    json.put("shipDate", offset_form(package.shipped));
    json.put("shipMethod", &*package.method);
    json.put("shipWeight", 1.5);
    json.put("shipWeightUnits", "lb");
    json.put("shippingServiceLevelCode", &*package.code);
    json.null("ssccBarcode");
    json.put("trackingNumber", &*package.tracking);
    // Snake case and without a scheme, unlike the documents say.
    json.put("tracking_url", format_args!("tracking.example.com/?n={}", package.tracking));
    json.put("untracked", false);
    json.put_some("warehouseCode", package.warehouse.as_deref());
}
