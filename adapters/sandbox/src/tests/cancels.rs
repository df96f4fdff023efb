//! Ending orders: in the ERP, at the warehouse, at the channel.

use serde_json::{Value, json};

use super::client::Client;
use super::common::{CREATE, DOCUMENTS, LIST, create_body, order, plain, quick};
use crate::{CancelPolicy, Kind, NewLine, NewOrder, SandboxConfig, Timing, WorldAction};

const CUT: &str = "/basicOpen/wmsOrder/cancel";
const CANCEL: &str = "/pb/mp/order/v2/cancelOrder";

async fn status(client: &Client, po: &str) -> Value {
    let list = json!({ "offset": 0, "length": 20, "platform_order_nos": [po] });
    client.erp(LIST, &list).await["data"]["list"][0]["status"].clone()
}

/// An order that is released to the warehouse and never ships by itself, with its system number.
async fn released(po: &str) -> (Client, String) {
    let client = Client::start(SandboxConfig { timing: Timing::default(), ..quick() }).await;
    client.sandbox.add_order(plain(po).kind(Kind::NeverShipped));
    let made = client.erp(CREATE, &create_body(po)).await;
    client.clock.advance(60);
    let number = made["data"]["success_details"][0]["global_order_no"].to_string();
    (client, number.trim_matches('"').to_owned())
}

#[tokio::test]
async fn a_recall_is_asked_first_and_done_later() {
    let (client, number) = released("A").await;
    client.sandbox.advance_erp(WorldAction::CancelAtChannel { po: "A".into() }).unwrap();
    assert_eq!(client.erp(CANCEL, &json!({ "order_list": [number] })).await["data"]["fail_num"], 1);
    let ask = json!({ "orderNumbers": [number], "tagType": "3-5" });
    let asked = client.erp(CUT, &ask).await;
    assert_eq!((&asked["message"], &asked["data"]), (&json!("success"), &Value::Null));
    assert_eq!(status(&client, "A").await, 5, "not yet");
    let again = client.erp(CUT, &ask).await;
    assert_eq!(again["data"]["failedReason"][0]["message"], "该单号正在截单中", "{again}");
    let documents = json!({ "platform_order_no_arr": ["A"] });
    assert_eq!(client.erp(DOCUMENTS, &documents).await["data"][0]["cancel_status"], 1);
    client.clock.advance(20);
    assert_eq!(status(&client, "A").await, 4);
    assert_eq!(client.erp(DOCUMENTS, &documents).await["data"][0]["status"], 4);
    assert_eq!(client.erp(CANCEL, &json!({ "order_list": [number] })).await["data"]["process_code"], 10002);
    assert_eq!(status(&client, "A").await, 7);
    let ledger = client.sandbox.ledger();
    assert_eq!((ledger.cancels[&number].recalls, ledger.cancels[&number].applied), (1, 1));
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert_eq!(client.erp(CUT, &json!({ "orderNumbers": [number] })).await["code"], "102", "no tagType");
}

#[tokio::test]
async fn a_warehouse_may_refuse_and_a_parcel_may_be_faster() {
    let (client, number) = released("A").await;
    client.sandbox.advance_erp(WorldAction::CancelAtChannel { po: "A".into() }).unwrap();
    client.sandbox.advance_erp(WorldAction::RefuseRecall { po: "A".into() }).unwrap();
    let ask = json!({ "orderNumbers": [number], "tagType": "3-5" });
    assert_eq!(client.erp(CUT, &ask).await["data"], Value::Null);
    client.clock.advance(20);
    assert_eq!(status(&client, "A").await, 5, "unchanged");
    let documents = client.erp(DOCUMENTS, &json!({ "platform_order_no_arr": ["A"] })).await;
    assert_eq!((&documents["data"][0]["cancel_status"], &documents["data"][0]["status"]), (&json!(3), &json!(2)));
    client.sandbox.advance_erp(WorldAction::AllowRecall { po: "A".into() }).unwrap();
    client.erp(CUT, &ask).await;
    client.clock.advance(20);
    assert_eq!(status(&client, "A").await, 4);
    client.sandbox.advance_erp(WorldAction::Ship { po: "A".into() }).unwrap();
    assert_eq!(status(&client, "A").await, 6, "released again, and gone");
    assert_eq!(client.erp(CUT, &ask).await["data"]["failedNum"], 1);
}

#[tokio::test]
async fn ending_an_order_that_the_channel_wants_is_a_violation() {
    let (client, number) = released("A").await;
    client.sandbox.advance_erp(WorldAction::RequestCancel { po: "A".into() }).unwrap();
    client.erp(CUT, &json!({ "orderNumbers": [number], "tagType": "3-17" })).await;
    let found = client.sandbox.ledger().violations();
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("A was to be ended"), "{found:?}");
}

#[tokio::test]
async fn the_supplier_cancels_units_by_deltas() {
    let client = Client::start(quick()).await;
    let line = NewLine::new("SKU-AAA-01", 2, 1050);
    client.sandbox.add_order(NewOrder::new("A").line(line.clone()).line(line));
    let units = |number: u32, quantity: u32| {
        json!({
            "id": "A", "type": "PO_NUMBER",
            "lineItems": [{ "sku": "SKU-AAA-01", "lineNumber": number, "cancelledQuantity": quantity, "cancelCode": "CXSN" }],
        })
    };
    let post = async |body: &Value| client.dsco("POST", "/order/item/cancel", body).await;
    let mut nameless = units(1, 1);
    nameless["lineItems"][0].as_object_mut().unwrap().remove("lineNumber");
    assert_eq!(post(&nameless).await.0, 400, "two lines have the sku");
    let mut odd = units(1, 1);
    odd["lineItems"][0]["cancelCode"] = json!("CXSO");
    assert_eq!(post(&odd).await.0, 400, "the retailers do not allow the code");
    let (done, body) = post(&units(1, 1)).await;
    assert_eq!((done, &body["status"]), (200, &json!("success")));
    assert_eq!(post(&units(1, 2)).await.0, 400, "one is left");
    assert_eq!(order(&client, "A").await["dscoStatus"], "created");
    let batch = json!([units(1, 1), units(2, 2), units(2, 1)]);
    let (_, body) = client.dsco("POST", "/order/item/cancel/batch/small", &batch).await;
    let path = format!("/order/log?requestId={}", body["requestId"].as_str().unwrap());
    let (_, log) = client.dsco("GET", &path, &Value::Null).await;
    let ends: Vec<&Value> = log["logs"].as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(ends, ["success", "success", "failure"]);
    assert_eq!(log["logs"][0]["requestMethodDetail"], "cancelOrderItemSmallBatch");
    assert_eq!(order(&client, "A").await["dscoStatus"], "cancelled");
}

#[tokio::test]
async fn both_settings_have_their_ends() {
    let client = Client::start(SandboxConfig { orders: 60, ..quick() }).await;
    let ends = |policy| {
        let all = client.sandbox.expectations_under(policy);
        let of = |kind| all.iter().find(|end| end.kind == kind).map(|end| (end.stage, end.reason.clone())).unwrap();
        [Kind::CancelledInReview, Kind::CancelledAfterAck, Kind::CancelledTooLate, Kind::RecallRefused].map(of)
    };
    let held = |stage: u8, reason: &str| (stage, Some(reason.to_owned()));
    let late = held(3, "cancelled_too_late");
    let ask = "cancel_needs_decision";
    assert_eq!(ends(CancelPolicy::Auto), [(6, None), (6, None), late.clone(), held(2, "cancel_refused")]);
    assert_eq!(ends(CancelPolicy::Ask), [held(2, ask), held(3, ask), late, held(2, ask)]);
    assert_eq!(client.sandbox.settings_json()["cancel"]["in_erp"], "auto");
}
