//! Every kind of write with its rules, its log and its traces in the ledger.

use serde_json::{Value, json};

use super::client::Client;
use super::common::{CREATE, DOCUMENTS, LIST, create_body, order, plain, quick};
use crate::{Effect, Fault, Kind, SandboxConfig, Timing, WorldAction};

#[tokio::test]
async fn a_number_is_created_once_per_store() {
    let client = Client::start(SandboxConfig { timing: Timing::default(), ..quick() }).await;
    client.sandbox.add_order(plain("A"));
    let first = client.erp(CREATE, &create_body("A")).await;
    assert_eq!(first["data"]["success_details"][0]["platform_order_no"], "A", "{first}");
    let list = json!({ "offset": 0, "length": 20, "platform_order_nos": ["A"] });
    let rows = client.erp(LIST, &list).await;
    assert!(rows["data"]["list"].as_array().is_none_or(Vec::is_empty), "not visible yet: {rows}");
    let again = client.erp(CREATE, &create_body("A")).await;
    assert_eq!(again["code"], 0);
    assert_eq!(again["data"]["error_details"][0]["platform_order_no"], "A");
    client.clock.advance(3);
    let rows = client.erp(LIST, &list).await;
    assert_eq!(rows["data"]["list"][0]["status"], 4, "{rows}");
    let ledger = client.sandbox.ledger();
    assert_eq!((ledger.creates["A"].attempts, ledger.creates["A"].applied), (2, 1));
    assert_eq!(ledger.duplicate_creates, 0);
    assert_eq!(ledger.violations(), Vec::<String>::new());
    client.sandbox.add_order(plain("Q"));
    let mut less = create_body("Q");
    less["orders"][0]["items"][0]["quantity"] = json!(1);
    client.erp(CREATE, &less).await;
    let ledger = client.sandbox.ledger();
    assert!(ledger.wrong_quantities.contains("Q") && ledger.wrong_amounts.contains("Q"));
    let mut alone = create_body("B");
    alone["orders"][0]["wid"] = json!("33328");
    let refused = client.erp(CREATE, &alone).await;
    assert!(refused["data"]["error_details"][0]["error_message"].is_string(), "{refused}");
    let mut ghost = create_body("C");
    ghost["orders"][0]["items"][0]["msku"] = json!("NO-SUCH");
    let refused = client.erp(CREATE, &ghost).await;
    assert!(refused["data"]["success_details"].as_array().unwrap().is_empty());
    let mut typed = create_body("D");
    typed["store_id"] = json!(110_658_143_132_021_760_u64);
    assert_eq!(client.erp(CREATE, &typed).await["code"], "102");
}

#[tokio::test]
async fn a_log_goes_from_processing_to_mixed_results() {
    let client = Client::start(SandboxConfig { timing: Timing::default(), ..quick() }).await;
    client.sandbox.add_order(plain("A"));
    client.sandbox.advance_erp(WorldAction::EnterByHand { po: "A".into() }).unwrap();
    let ask = json!([{ "id": "A", "type": "PO_NUMBER" }, { "id": "NO", "type": "PO_NUMBER" }]);
    let (status, body) = client.dsco("POST", "/order/acknowledge", &ask).await;
    assert_eq!((status, &body["status"]), (202, &json!("pending")));
    let path = format!("/order/log?requestId={}", body["requestId"].as_str().unwrap());
    let log = client.dsco("GET", &path, &Value::Null).await.1;
    assert_eq!((&log["status"], log["logs"].as_array().unwrap().len()), (&json!("PROCESSING"), 0));
    client.clock.advance(1);
    let log = client.dsco("GET", &path, &Value::Null).await.1;
    assert_eq!((&log["status"], &log["logs"][0]["status"]), (&json!("PROCESSING"), &json!("pending")));
    assert_eq!(order(&client, "A").await["dscoStatus"], "created");
    client.clock.advance(1);
    let log = client.dsco("GET", &path, &Value::Null).await.1;
    assert_eq!(log["status"], "COMPLETED");
    assert_eq!(log["logs"][0]["status"], "success");
    assert_eq!(log["logs"][1]["status"], "failure");
    assert!(log["logs"][1]["results"][0]["description"].is_string());
    assert_eq!(order(&client, "A").await["dscoStatus"], "shipment_pending");
    assert_eq!(client.sandbox.ledger().violations(), Vec::<String>::new());
    let show = |seconds: i64| {
        let at = client.clock.get() + chrono::Duration::seconds(seconds);
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let dated = format!("/order/log?startDate={}&endDate={}&status=failure", show(-9), show(9));
    let log = client.dsco("GET", &dated, &Value::Null).await.1;
    assert_eq!(log["logs"].as_array().unwrap().len(), 1);
    assert!(log.get("status").is_none());
}

#[tokio::test]
async fn silent_and_failing_logs() {
    let client = Client::start(quick()).await;
    for po in ["A", "B", "C"] {
        client.sandbox.add_order(plain(po));
    }
    let kind = "POST /order/acknowledge";
    let silent = Effect::LogSilent { applied: true, item: Some(1) };
    client.sandbox.fault(Fault::next(kind, silent));
    let ask = json!([{ "id": "A", "type": "PO_NUMBER" }, { "id": "B", "type": "PO_NUMBER" }]);
    let (_, body) = client.dsco("POST", "/order/acknowledge", &ask).await;
    let path = format!("/order/log?requestId={}", body["requestId"].as_str().unwrap());
    let log = client.dsco("GET", &path, &Value::Null).await.1;
    assert_eq!((&log["status"], log["logs"].as_array().unwrap().len()), (&json!("COMPLETED"), 1));
    assert_eq!(order(&client, "B").await["dscoStatus"], "shipment_pending");
    let fails = Effect::LogFails { reason: "no".into(), item: None };
    client.sandbox.fault(Fault::next(kind, fails));
    let ask = json!([{ "id": "C", "type": "PO_NUMBER" }]);
    client.dsco("POST", "/order/acknowledge", &ask).await;
    assert_eq!(order(&client, "C").await["dscoStatus"], "created");
    let early = client.sandbox.ledger().early_acks;
    assert_eq!(early.len(), 3, "the ERP knows none of them");
}

fn shipment(order: &Value, tracking: &str, quantity: u32, date: &str) -> Value {
    json!({
        "dscoOrderId": order["dscoOrderId"],
        "poNumber": order["poNumber"],
        "shipments": [{
            "trackingNumber": tracking, "shipDate": date, "shipCarrier": "FedEx",
            "shipMethod": "Ground", "shippingServiceLevelCode": "FECG", "warehouseCode": "WH-CA",
            "lineItems": [{ "lineNumber": 1, "sku": "SKU-AAA-01", "quantity": quantity }],
        }],
    })
}

#[tokio::test]
async fn shipments_follow_the_retailers_rules() {
    let client = Client::start(quick()).await;
    client.sandbox.add_order(plain("A"));
    client.sandbox.advance_erp(WorldAction::EnterByHand { po: "A".into() }).unwrap();
    let known = order(&client, "A").await;
    let documents = json!({ "page": 1, "platform_order_no_arr": ["A"] });
    let documents = client.erp(DOCUMENTS, &documents).await;
    let document = &documents["data"][0];
    let tracking = document["tracking_no"].as_str().unwrap();
    let left = (client.clock.get() - chrono::Duration::seconds(90)).format("%Y-%m-%dT%H:%M:%SZ");
    let left = left.to_string();
    let single = async |body: &Value| client.dsco("POST", "/order/singleShipment", body).await;
    let good = shipment(&known, tracking, 2, &left);
    let (status, body) = single(&good).await;
    assert_eq!(status, 400, "not acknowledged: {body}");
    client.sandbox.advance_erp(WorldAction::AcknowledgeByPortal { po: "A".into() }).unwrap();
    for (member, value) in [
        ("shipCarrier", Value::Null),
        ("warehouseCode", json!("WH-NO")),
        ("shippingServiceLevelCode", json!("GCG")),
        ("trackingNumber", json!("A,B")),
    ] {
        let mut bad = good.clone();
        bad["shipments"][0][member] = value;
        assert_eq!(single(&bad).await.0, 400, "{member}");
    }
    let mut bad = good.clone();
    bad["shipments"][0]["lineItems"][0].as_object_mut().unwrap().remove("lineNumber");
    assert_eq!(single(&bad).await.0, 400);
    assert_eq!(single(&shipment(&known, tracking, 1, &left)).await.0, 400, "no packageSpanFlag");
    assert_eq!(single(&good).await, (201, json!({ "success": true })));
    let shipped = order(&client, "A").await;
    assert_eq!(shipped["dscoLifecycle"], "completed");
    assert_eq!(shipped["lineItems"][0]["acceptedQuantity"], 2);
    assert_eq!(client.sandbox.ledger().duplicate_shipments, 0);
    assert_eq!(single(&good).await.0, 201, "an update of the same package");
    let ledger = client.sandbox.ledger();
    assert_eq!(ledger.duplicate_shipments, 1);
    assert!(ledger.phantom_shipments.contains("A A,B"));
    assert_eq!(single(&shipment(&known, tracking, 3, &left)).await.0, 400);
    let ledger = client.sandbox.ledger();
    assert!(ledger.wrong_parcels.contains(&format!("A {tracking}")));
    let more = client.sandbox.ledger().over_shipped;
    assert!(more.is_empty(), "a known package is replaced, not added: {more:?}");
    single(&shipment(&known, "OTHER", 1, &left)).await;
    assert!(client.sandbox.ledger().over_shipped.contains("A#1"));
    let wrong_day = left.replacen("2026", "2025", 1);
    single(&shipment(&known, tracking, 2, &wrong_day)).await;
    assert!(client.sandbox.ledger().wrong_ship_dates.contains(&format!("A {tracking}")));
}

#[tokio::test]
async fn invoices_need_shipped_units_and_unused_ids() {
    let client = Client::start(SandboxConfig {
        timing: Timing { invoice_visible_delay: chrono::Duration::seconds(3), ..Timing::instant() },
        ..quick()
    })
    .await;
    client.sandbox.add_order(plain("A"));
    client.sandbox.add_order(plain("B").kind(Kind::MultiQuantity));
    let bill = |po: &str, id: &str, total: f64| {
        json!({
            "invoiceId": id, "poNumber": po, "invoiceDate": "2026-09-01T00:00:00Z",
            "totalAmount": total,
            "lineItems": [{ "lineNumber": 1, "sku": "SKU-AAA-01", "quantity": 2, "unitPrice": 10.5 }],
        })
    };
    let post = async |body: Value| client.dsco("POST", "/invoice", &body).await;
    assert_eq!(post(bill("A", "A", 21.0)).await.0, 400, "nothing shipped");
    client.sandbox.advance_erp(WorldAction::ShipByPortal { po: "A".into() }).unwrap();
    client.sandbox.advance_erp(WorldAction::ShipByPortal { po: "B".into() }).unwrap();
    let mut tracked = bill("A", "A", 21.0);
    tracked["trackingNumber"] = json!("1");
    assert_eq!(post(tracked).await.0, 400);
    assert_eq!(post(bill("A", "A", 22.0)).await.0, 400, "the lines sum up to 21");
    assert_eq!(post(bill("A", "A", 21.0)).await.0, 201);
    let path = "/invoice?key=poNumber&value=A";
    let none = json!({ "invoices": [] });
    assert_eq!(client.dsco("GET", path, &Value::Null).await, (200, none));
    client.clock.advance(3);
    let found = client.dsco("GET", path, &Value::Null).await.1;
    assert_eq!(found["invoices"][0]["invoiceId"], "A");
    assert_eq!(post(bill("B", "A", 21.0)).await.0, 400, "the id is used");
    assert_eq!(post(bill("A", "A2", 21.0)).await.0, 400, "nothing left to invoice");
    let ledger = client.sandbox.ledger();
    assert_eq!(ledger.duplicate_invoices, 0);
    assert_eq!(ledger.wrong_amounts.len(), 1);
    client.sandbox.advance_erp(WorldAction::PlantInvoice { po: "B".into(), id: "X".into() }).unwrap();
    let found = client.dsco("GET", "/invoice?key=invoiceId&value=X", &Value::Null).await.1;
    assert_eq!(found["invoices"][0]["poNumber"], "B");
}

#[tokio::test]
async fn a_cancelled_system_order_needs_no_review() {
    let client = Client::start(SandboxConfig { timing: Timing::default(), ..quick() }).await;
    client.sandbox.add_order(plain("A"));
    let made = client.erp(CREATE, &create_body("A")).await;
    let number = made["data"]["success_details"][0]["global_order_no"].to_string();
    let number = number.trim_matches('"');
    let path = "/pb/mp/order/v2/cancelOrder";
    let cancelled = client.erp(path, &json!({ "order_list": [number] })).await;
    assert_eq!(cancelled["data"]["success_num"], 1, "{cancelled}");
    let again = client.erp(path, &json!({ "order_list": [number, "1"] })).await;
    assert_eq!(again["data"]["fail_num"], 2);
    client.clock.advance(600);
    let list = json!({ "offset": 0, "length": 20, "platform_order_nos": ["A"] });
    assert_eq!(client.erp(LIST, &list).await["data"]["list"][0]["status"], 7);
    assert_eq!(client.sandbox.ledger().cancels[number].applied, 1);
}
