//! Control endpoints, arrivals and size.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::common::{DOCUMENTS, order, quick};
use crate::SandboxConfig;

#[tokio::test]
async fn control_endpoints_do_what_the_handle_does() {
    let client = Client::start(quick()).await;
    let base = client.sandbox.control_base_url();
    let send = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, text) = client.send(method, &format!("{base}{path}"), &[], &body).await.unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let order = json!({ "po": "A", "kind": "two_parcels" });
    assert_eq!(send("POST", "/orders", order).await, (200, json!({ "added": 1 })));
    let act = json!({ "action": "request_cancel", "po": "A" });
    assert_eq!(send("POST", "/actions", act).await.0, 200);
    assert_eq!(send("POST", "/actions", json!({ "action": "ship", "po": "A" })).await.0, 404);
    let fault = json!([{ "call": "GET /hello", "effect": { "status": [503, ""] } }]);
    assert_eq!(send("POST", "/faults", fault).await.0, 200);
    assert_eq!(client.dsco("GET", "/hello", &Value::Null).await.0, 503);
    assert_eq!(client.dsco("GET", "/hello", &Value::Null).await.0, 200);
    assert_eq!(send("POST", "/faults", json!({ "call": 1 })).await.0, 422);
    assert_eq!(send("DELETE", "/faults", Value::Null).await.0, 200);
    let ledger = send("GET", "/ledger", Value::Null).await.1;
    assert_eq!(ledger["calls"]["GET /hello"], 2);
    let ends = send("GET", "/expectations", Value::Null).await.1;
    assert_eq!(ends[0]["kind"], "two_parcels");
    assert!(send("GET", "/settings", Value::Null).await.1["mapping"]["shop"].is_object());
    assert_eq!(send("GET", "/violations", Value::Null).await, (200, json!([])));
}

#[tokio::test]
async fn orders_arrive_as_time_passes() {
    let every = Some(chrono::Duration::seconds(30));
    let client = Client::start(SandboxConfig { arrivals_every: every, orders: 3, ..quick() }).await;
    client.clock.advance(65);
    client.dsco("GET", "/hello", &Value::Null).await;
    let ends = client.sandbox.expectations();
    assert_eq!(ends.len(), 5);
    let newest = order(&client, &ends[4].po).await;
    let created = client.clock.get() - chrono::Duration::seconds(5);
    assert_eq!(newest["dscoCreateDate"], crate::clock::offset_form(created));
}

#[tokio::test]
async fn the_service_limiter_answers_103() {
    let gap = Some(chrono::Duration::seconds(1));
    let client = Client::start(SandboxConfig { erp_service_gap: gap, ..quick() }).await;
    assert_eq!(client.erp(DOCUMENTS, &json!({})).await["code"], 0);
    assert_eq!(client.erp(DOCUMENTS, &json!({})).await["code"], 103);
    client.clock.advance(1);
    assert_eq!(client.erp(DOCUMENTS, &json!({})).await["code"], 0);
}

#[tokio::test]
async fn ten_thousand_orders_page_quickly() {
    let config = SandboxConfig { orders: 10_000, limits: false, ..SandboxConfig::default() };
    let client = Client::start(config).await;
    let until = client.clock.get() - chrono::Duration::seconds(10);
    let until = until.format("%Y-%m-%dT%H:%M:%SZ");
    let mut path = format!("/order/page?ordersCreatedSince=2020-01-01T00:00:00Z&until={until}");
    let start = std::time::Instant::now();
    let mut seen = 0;
    loop {
        let (_, page) = client.dsco("GET", &path, &Value::Null).await;
        let count = page["orders"].as_array().unwrap().len();
        seen += count;
        if count == 0 {
            break;
        }
        let id = page["scrollId"].as_str().unwrap();
        let id = id.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        path = format!("/order/page?scrollId={id}");
    }
    assert_eq!(seen, 9_999, "one is not visible yet");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
