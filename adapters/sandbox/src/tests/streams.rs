//! Streams: syncs, pages, positions and their encoding.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::{Value, json};

use super::client::Client;
use super::common::quick;
use crate::{SandboxConfig, Timing, WorldAction};

async fn stream(client: &Client, objects: u64) -> String {
    let body = json!({
        "objectType": "inventory", "description": "stock", "query": { "queryType": "inventory" },
        "maxEvents": { "objectCount": objects },
    });
    let (status, made) = client.dsco("POST", "/stream", &body).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// An id as a path segment: read once, then escaped once.
fn segment(id: &str) -> String {
    id.replace("%2F", "/").replace('/', "%2F")
}

async fn read(client: &Client, id: &str, position: &str) -> (u16, Vec<Value>) {
    let (status, page) = client.dsco("GET", &format!("/stream/{id}/0/{position}"), &Value::Null).await;
    (status, page["events"].as_array().cloned().unwrap_or_default())
}

const OLD: &str = "1970-01-01T00%3A00%3A00Z";

#[tokio::test]
async fn a_sync_is_read_from_the_beginning_page_by_page_in_two_halves() {
    let timing = Timing { stream_delay: Duration::seconds(30), ..Timing::instant() };
    let client = Client::start(SandboxConfig { timing, ..quick() }).await;
    let id = stream(&client, 10).await;
    let sync = json!({ "operationType": "sync" });
    let (status, answer) = client.dsco("POST", &format!("/stream/{id}"), &sync).await;
    assert_eq!((status, &answer["operationType"]), (202, &json!("sync")));
    assert_eq!(read(&client, &id, OLD).await, (200, Vec::new()), "not yet");
    let (mut skus, mut position, mut pauses) = (BTreeSet::new(), OLD.to_owned(), 0);
    while pauses < 3 {
        let (status, events) = read(&client, &id, &position).await;
        assert_eq!(status, 200);
        assert!(events.len() <= 10);
        if events.is_empty() {
            client.clock.advance(30);
            pauses += 1;
        }
        for event in events {
            assert_eq!(event["source"], "sync");
            skus.insert(event["payload"]["sku"].as_str().unwrap().to_owned());
            position = segment(event["id"].as_str().unwrap());
        }
    }
    let known = skus.len();
    assert!(skus.contains("SKU-GHOST-00") && skus.contains("STK-00040") && !skus.contains("STK-00017"));
    let (_, list) = client.dsco("GET", &format!("/stream?id={id}"), &Value::Null).await;
    let partition = &list[0]["partitions"][0];
    assert_eq!(segment(partition["maxPosition"].as_str().unwrap()), position);
    let own = segment(partition["position"].as_str().unwrap());
    assert_eq!(read(&client, &id, &own).await.1.len(), 0, "synced events are older than the stream");
    let act = WorldAction::SetChannelStock { sku: "STK-00001".into(), warehouse: "WH-CA".into(), quantity: 1 };
    client.sandbox.advance_erp(act).unwrap();
    client.clock.advance(30);
    let (_, events) = read(&client, &id, &own).await;
    assert_eq!((events.len(), &events[0]["source"]), (1, &json!("stream")));
    let some = json!({ "operationType": "sync", "sku": ["STK-00002"] });
    client.dsco("POST", &format!("/stream/{id}"), &some).await;
    client.clock.advance(60);
    assert_eq!(read(&client, &id, &position).await.1.len(), 2, "the asked one and the live one, of {known} before");
    assert_eq!(client.sandbox.ledger().violations(), Vec::<String>::new());
}

#[tokio::test]
async fn positions_are_escaped_exactly_once() {
    let client = Client::start(quick()).await;
    let id = stream(&client, 20).await;
    client.dsco("POST", &format!("/stream/{id}"), &json!({ "operationType": "sync" })).await;
    let (_, events) = read(&client, &id, OLD).await;
    let ids: Vec<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert!(ids[0].contains('/') && ids.iter().any(|id| id.contains("%2F")), "some come escaped: {ids:?}");
    let good = segment(ids[0]);
    assert_eq!(read(&client, &id, &good).await.1[0], events[1]);
    assert_eq!(read(&client, &id, &good.replace('%', "%25")).await.0, 400, "escaped twice");
    assert_eq!(read(&client, &id, ids[0]).await.0, 403, "raw slashes");
    assert_eq!(client.sandbox.ledger().unknown_paths.len(), 1);
    let path = format!("/stream/{id}/0/{good}");
    assert_eq!(client.dsco("PUT", &path, &Value::Null).await, (200, json!({ "status": "success" })));
    let (_, list) = client.dsco("GET", "/stream", &Value::Null).await;
    assert_eq!(list[0]["partitions"][0]["position"], ids[0]);
    let (status, one) = client.dsco("GET", &format!("/stream/single/{id}/0/{good}"), &Value::Null).await;
    assert_eq!((status, &one), (200, &events[0]));
    let mut refused = 0;
    for _ in 0..15 {
        let (status, _) = client.dsco("GET", &format!("/stream/single/{id}/0/{good}"), &Value::Null).await;
        refused += u32::from(status == 429);
    }
    assert_eq!(refused, 1, "fifteen a minute");
    let kind = "GET /stream/{id}/{partition}/{position}";
    assert_eq!(client.sandbox.ledger().calls_of(kind), 3, "ids are no part of a kind");
    assert_eq!(client.dsco("DELETE", &format!("/stream/{id}"), &Value::Null).await.0, 200);
    assert_eq!(read(&client, &id, &good).await.0, 404);
}

#[tokio::test]
async fn accounts_without_streams_are_refused_and_inventory_rates_are_enforced() {
    let client = Client::start(SandboxConfig { streams: false, ..quick() }).await;
    let (status, body) = client.dsco("GET", "/stream", &Value::Null).await;
    assert_eq!((status, &body["messages"][0]["code"]), (403, &json!("FORBIDDEN")));
    assert!(client.sandbox.ledger().unknown_paths.is_empty(), "not a wrong path");
    let mut refused = 0;
    for _ in 0..16 {
        let (status, _) = client.dsco("GET", "/inventory?itemKey=sku&value=STK-00001", &Value::Null).await;
        refused += u32::from(status == 429);
    }
    assert_eq!(refused, 1);
}
