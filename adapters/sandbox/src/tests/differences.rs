//! Acts that make the two ends differ: stock, pairs, orders.

use serde_json::{Value, json};

use super::client::Client;
use super::common::{STORE, order, plain, quick};
use crate::{ChannelStatus, Effect, Fault, SandboxConfig, WorldAction};

const PAIRS: &str = "/pb/mp/listing/v2/getPairList";

async fn pairs(client: &Client, body: Value) -> Value {
    client.erp(PAIRS, &body).await["data"].clone()
}

#[tokio::test]
async fn pairs_page_by_offset_and_by_cursor() {
    let client = Client::start(quick()).await;
    let all = pairs(&client, json!({ "length": 100 })).await;
    assert_eq!(all["total"], "20", "six mapped and four renamed products in two stores");
    let (mut cursor, mut seen) = (json!(0), Vec::new());
    loop {
        let page = pairs(&client, json!({ "use_cursor": true, "cursor_id": cursor, "length": 7 })).await;
        assert!(page.get("total").is_none());
        seen.extend(page["list"].as_array().unwrap().clone());
        cursor = page["next_cursor_id"].clone();
        if page["has_next"] == false {
            break;
        }
    }
    assert_eq!(json!(seen), all["list"]);
    let mapping = client.sandbox.settings_json()["mapping"]["sku"].clone();
    for pair in &seen {
        assert_eq!(mapping[pair["msku"].as_str().unwrap()], pair["sku"], "the settings agree");
    }
    let count = async |body: Value| pairs(&client, body).await["total"].clone();
    assert_eq!(count(json!({ "store_ids": [STORE] })).await, "10");
    assert_eq!(count(json!({ "msku": ["RET-1000029"] })).await, "2");
    assert_eq!(count(json!({ "sku": ["LX-STK-00005"], "store_ids": [STORE] })).await, "1");
    assert_eq!(count(json!({ "platform_codes": ["10009"] })).await, "0");
    assert_eq!(count(json!({ "start_time": "2026-09-20 00:00:00" })).await, "0", "paired a week ago");
    assert_eq!(client.erp(PAIRS, &json!({ "msku": "RET-1000029" })).await["code"], "102");
    let conflict = WorldAction::PairSku { store: STORE.into(), msku: "RET-1000029".into(), sku: "LX-030-US".into() };
    client.sandbox.advance_erp(conflict).unwrap();
    assert_eq!(count(json!({ "msku": ["RET-1000029"] })).await, "3");
    let undo = WorldAction::UnpairSku { store: STORE.into(), msku: "RET-1000029".into() };
    client.sandbox.advance_erp(undo.clone()).unwrap();
    assert_eq!(count(json!({ "msku": ["RET-1000029"] })).await, "1");
    assert!(client.sandbox.advance_erp(undo).is_err());
    client.sandbox.fault(Fault::next("POST /pb/mp/listing/v2/getPairList", Effect::EmptyPage));
    assert_eq!(pairs(&client, json!({})).await["list"], json!([]));
}

#[tokio::test]
async fn stock_can_be_counted_zeroed_and_emptied() {
    let client = Client::start(SandboxConfig { stock_items: 100, ..quick() }).await;
    let act = |act| client.sandbox.advance_erp(act);
    let rows = async |wid: &str| {
        let path = "/erp/sc/routing/data/local_inventory/inventoryDetails";
        client.erp(path, &json!({ "wid": wid, "length": 800 })).await
    };
    let with_units = async || {
        let data = rows("33329").await["data"].clone();
        data.as_array().unwrap().iter().filter(|row| row["product_valid_num"].as_i64() > Some(0)).count()
    };
    let before = with_units().await;
    act(WorldAction::ZeroStock { per_mille: 500 }).unwrap();
    let after = with_units().await;
    assert!(after * 2 <= before + 4 && after > 10, "{before} {after}");
    act(WorldAction::EmptyWarehouse { wid: 33329 }).unwrap();
    assert_eq!(rows("33329").await["total"], 0);
    assert_ne!(rows("33328").await["total"], 0);
    let base = client.sandbox.control_base_url();
    let (_, text) = client.send("GET", &format!("{base}/stock"), &[], "").await.unwrap();
    let stock: Value = serde_json::from_str(&text).unwrap();
    let shown = stock["differences"].as_array().unwrap();
    assert_eq!(shown.len(), client.sandbox.stock_differences().len());
    assert_eq!(stock["erp_only"], json!(["STK-00017", "STK-00047", "LX-STK-00077"]));
    let unknown = WorldAction::SetStock { wid: 1, sku: "STK-00001".into(), quantity: 1 };
    assert!(act(unknown).is_err());
}

#[tokio::test]
async fn an_order_can_be_set_back_and_lose_its_invoice() {
    let client = Client::start(quick()).await;
    client.sandbox.add_order(plain("A"));
    let po = || "A".to_owned();
    let act = |act| client.sandbox.advance_erp(act).unwrap();
    act(WorldAction::ShipByPortal { po: po() });
    act(WorldAction::PlantInvoice { po: po(), id: "A".into() });
    let invoices = async |query: &str| {
        client.dsco("GET", &format!("/invoice?{query}"), &Value::Null).await.1["invoices"].as_array().unwrap().len()
    };
    assert_eq!(invoices("key=poNumber&value=A").await, 1);
    act(WorldAction::RemoveInvoice { po: po() });
    assert_eq!((invoices("key=poNumber&value=A").await, invoices("key=invoiceId&value=A").await), (0, 0));
    act(WorldAction::ResetAtChannel { po: po(), status: ChannelStatus::ShipmentPending });
    let back = order(&client, "A").await;
    assert_eq!((&back["dscoStatus"], &back["dscoLifecycle"]), (&json!("shipment_pending"), &json!("acknowledged")));
    assert!(back.get("packages").is_none());
    act(WorldAction::CancelAtChannel { po: po() });
    act(WorldAction::ResetAtChannel { po: po(), status: ChannelStatus::Created });
    let back = order(&client, "A").await;
    assert_eq!((&back["dscoStatus"], &back["cancelRequested"]), (&json!("created"), &json!(false)));
    assert_eq!(back["lineItems"][0]["cancelledQuantity"], 0);
}
