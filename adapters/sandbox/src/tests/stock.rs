//! Stock on both sides: reads, writes, what the ledger holds against them.

use std::collections::BTreeMap;

use chrono::Duration;
use serde_json::{Value, json};

use super::client::Client;
use super::common::{CREATE, create_body, plain, quick};
use crate::{Effect, Fault, SandboxConfig, Timing, WorldAction};

const STOCK: &str = "/erp/sc/routing/data/local_inventory/inventoryDetails";
const BATCH: &str = "/inventory/batch/small";

/// ERP sums per SKU and warehouse id, read page by page as a careful client does.
async fn erp_sums(client: &Client) -> BTreeMap<String, BTreeMap<u64, i64>> {
    let mut sums: BTreeMap<String, BTreeMap<u64, i64>> = BTreeMap::new();
    let mut offset = 0;
    loop {
        let body = json!({ "wid": "33328,33329,33330", "offset": offset, "length": 50 });
        let page = client.erp(STOCK, &body).await;
        let rows = page["data"].as_array().unwrap();
        for row in rows {
            let warehouses = sums.entry(row["sku"].as_str().unwrap().to_owned()).or_default();
            *warehouses.entry(row["wid"].as_u64().unwrap()).or_default() += row["product_valid_num"].as_i64().unwrap();
        }
        offset += rows.len();
        if offset >= usize::try_from(page["total"].as_u64().unwrap()).unwrap() {
            return sums;
        }
    }
}

async fn item(client: &Client, sku: &str) -> (u16, Value) {
    client.dsco("GET", &format!("/inventory?itemKey=sku&value={sku}"), &Value::Null).await
}

fn object(sku: &str, levels: &[(&str, i64)]) -> Value {
    let total: i64 = levels.iter().map(|level| level.1).sum();
    let warehouses: Vec<Value> =
        levels.iter().map(|(code, quantity)| json!({ "code": code, "quantity": quantity })).collect();
    let status = if total > 0 { "in-stock" } else { "out-of-stock" };
    json!({ "sku": sku, "quantityAvailable": total, "status": status, "warehouses": warehouses })
}

#[tokio::test]
async fn a_full_sync_leaves_no_difference_and_no_violation() {
    let client = Client::start(SandboxConfig { orders: 70, limits: false, ..quick() }).await;
    let before = client.sandbox.stock_differences();
    assert!(before.len() > 10, "{}", before.len());
    let mapping = client.sandbox.settings_json()["mapping"].clone();
    let back: BTreeMap<&str, &str> = mapping["sku"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(ours, theirs)| (theirs.as_str().unwrap(), ours.as_str()))
        .collect();
    let codes: BTreeMap<u64, &str> = mapping["warehouse"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(code, wid)| (wid.as_str().unwrap().parse().unwrap(), code.as_str()))
        .collect();
    let (mut batch, mut unknown) = (Vec::new(), Vec::new());
    for (sku, sums) in erp_sums(&client).await {
        let name = back.get(sku.as_str()).copied().unwrap_or(&sku);
        let (status, known) = item(&client, name).await;
        if status == 404 {
            unknown.push(name.to_owned());
            continue;
        }
        let mut levels: Vec<(&str, i64)> =
            codes.iter().map(|(wid, code)| (*code, sums.get(wid).copied().unwrap_or(0).max(0))).collect();
        let kept = known["warehouses"].as_array().unwrap().iter().find(|entry| entry["code"] == "WH-XX");
        if let Some(kept) = kept {
            levels.push(("WH-XX", kept["quantity"].as_i64().unwrap()));
        }
        batch.push(object(name, &levels));
    }
    let expected: Vec<String> =
        (29..=34).map(|n| format!("RET-{}", 1_000_000 + n)).chain(["STK-00017".to_owned()]).collect();
    assert_eq!(unknown, expected, "retailers' names and the SKU that DSCO does not have");
    let (status, answer) = client.dsco("POST", BATCH, &json!(batch)).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(client.sandbox.stock_differences(), Vec::new());
    let ledger = client.sandbox.ledger();
    assert_eq!(ledger.violations(), Vec::<String>::new());
    assert_eq!(ledger.stock["SKU-AAA-01"].applied, 1);
    assert!(batch.iter().any(|item| item["warehouses"].as_array().unwrap().len() == 4), "the unmapped warehouse");
}

#[tokio::test]
async fn stock_rows_are_split_negative_missing_and_fuzzy() {
    let client = Client::start(quick()).await;
    let ask = async |body: Value| client.erp(STOCK, &body).await;
    let rows = ask(json!({ "wid": "33328", "sku": "stk-0000", "length": 800 })).await;
    assert_eq!(rows["total"], 11, "nine SKUs, two of them in two rows");
    let of = |sku: &str| -> Vec<Value> {
        let rows = rows["data"].as_array().unwrap().iter();
        rows.filter(|row| row["sku"] == sku).map(|row| row["product_valid_num"].clone()).collect()
    };
    assert_eq!(of("STK-00007"), [json!(-3)]);
    assert_eq!(of("STK-00009"), [json!(0)]);
    assert_eq!(of("STK-00003").len(), 2);
    assert_eq!(of("STK-00004")[1], -10);
    assert_eq!(of("LX-STK-00005").len(), 1, "another name in the ERP");
    let last = ask(json!({ "wid": "33330", "sku": "STK-00011" })).await;
    assert_eq!((&last["data"], &last["total"]), (&json!([]), &json!(0)));
    assert_eq!(ask(json!({})).await["data"].as_array().unwrap().len(), 20, "the default length");
    assert_eq!(ask(json!({ "length": 801 })).await["code"], 500);
    assert_eq!(ask(json!({ "wid": 33328 })).await["code"], "102");
    let kind = "POST /erp/sc/routing/data/local_inventory/inventoryDetails";
    client.sandbox.fault(Fault::next(kind, Effect::HalfPage));
    assert_eq!(ask(json!({})).await["data"].as_array().unwrap().len(), 10);
    let first = ask(json!({})).await;
    client.sandbox.fault(Fault::next(kind, Effect::DuplicatePage));
    assert_eq!(ask(json!({ "offset": 20 })).await["data"], first["data"]);
    assert_eq!(client.sandbox.ledger().max_in_flight[kind], 1);
}

#[tokio::test]
async fn an_order_takes_units_at_the_channel_first_and_in_the_erp_when_it_is_created() {
    let timing = Timing::default();
    let config = SandboxConfig { stock_differs_per_mille: 0, stock_items: 0, timing, ..quick() };
    let client = Client::start(config).await;
    assert_eq!(client.sandbox.stock_differences(), Vec::new());
    client.sandbox.add_order(plain("A").warehouse("WH-CA"));
    let off = client.sandbox.stock_differences();
    assert_eq!(off.len(), 1);
    assert_eq!((off[0].sku.as_str(), off[0].warehouse.as_str()), ("SKU-AAA-01", "WH-CA"));
    assert_eq!(off[0].erp - off[0].channel, 2);
    let mut body = create_body("A");
    body["orders"][0]["wid"] = json!("33328");
    body["orders"][0]["logistics_type_id"] = json!("203662740883276800");
    let made = client.erp(CREATE, &body).await;
    assert_eq!(client.sandbox.stock_differences(), Vec::new(), "{made}");
    client.sandbox.advance_erp(WorldAction::CancelInErp { po: "A".into() }).unwrap();
    client.sandbox.advance_erp(WorldAction::CancelInErp { po: "A".into() }).unwrap();
    assert_eq!(client.sandbox.stock_differences(), off, "given back once");
    client.sandbox.add_order(plain("B").warehouse("WH-CA"));
    client.erp(CREATE, &create_body("B")).await;
    client.clock.advance(180);
    for _ in 0..2 {
        client.sandbox.advance_erp(WorldAction::CancelInErp { po: "B".into() }).unwrap();
    }
    let after = client.sandbox.stock_differences();
    assert_eq!((after.len(), after[0].erp - after[0].channel), (1, 2), "what has left does not come back");
}

#[tokio::test]
async fn items_are_found_by_their_keys() {
    let client = Client::start(quick()).await;
    let get = async |query: &str| client.dsco("GET", &format!("/inventory?{query}"), &Value::Null).await;
    let (_, mapped) = get("itemKey=sku&value=SKU-DDD-29").await;
    assert_eq!(mapped["partnerSkuMap"][0]["partnerSku"], "RET-1000029", "{mapped}");
    assert_eq!(get("itemKey=partnerSku&value=RET-1000029").await.0, 400, "a retailer is needed");
    let (status, same) = get("itemKey=partnerSku&value=RET-1000029&dscoRetailerId=1000011436").await;
    assert_eq!((status, &same["sku"]), (200, &json!("SKU-DDD-29")));
    let (_, many) = get("itemKey=sku&value=SKU-DDD-29&returnMultiple=true").await;
    assert_eq!(many[0], mapped);
    let (status, body) = get("itemKey=sku&value=LX-029-US").await;
    assert_eq!((status, &body["messages"][0]["code"]), (404, &json!("notFound")));
    assert_eq!(get("itemKey=odd&value=1").await.0, 400);
    let (_, page) = client.dsco("GET", "/warehouse/page", &Value::Null).await;
    assert_eq!(page["warehouses"].as_array().unwrap().len(), 4, "one of them is mapped nowhere");
    let (_, one) = client.dsco("GET", "/warehouse/page?idType=code&idValue=WH-NJ", &Value::Null).await;
    assert_eq!(one["warehouses"][0]["code"], "WH-NJ");
}

#[tokio::test]
async fn inventory_objects_follow_the_vendors_rules() {
    let client = Client::start(SandboxConfig { limits: false, ..quick() }).await;
    let single = async |body: &Value| client.dsco("POST", "/inventory/singleItem", body).await.0;
    let levels = [("WH-CA", 1), ("WH-NJ", 2), ("WH-TX", 3)];
    let good = object("STK-00001", &levels);
    assert_eq!(single(&good).await, 201);
    for (member, value) in [
        ("sku", Value::Null),
        ("quantityAvailable", json!(7)),
        ("status", json!("there")),
        ("partnerSku", json!("RET-1")),
        ("warehouses", json!([])),
        ("warehouses", json!([{ "code": "WH-NO", "quantity": 6 }])),
        ("warehouses", json!([{ "code": "WH-CA", "quantity": -6 }, { "code": "WH-NJ", "quantity": 12 }])),
        ("warehouses", json!([{ "code": "WH-CA", "quantity": 3 }, { "code": "WH-CA", "quantity": 3 }])),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert_eq!(single(&bad).await, 400, "{member} {}", bad[member]);
    }
    let mut new = object("NEW-1", &levels);
    assert_eq!(single(&new).await, 400, "no upc");
    new["upc"] = json!("000000999999");
    assert_eq!(single(&new).await, 201);
    assert_eq!(item(&client, "NEW-1").await.1["quantityAvailable"], 6);
    let ask = json!([good, object("NO-1", &levels)]);
    let log = async |path: &str| {
        let (_, body) = client.dsco("POST", path, &ask).await;
        let path = format!("/inventory/log?requestId={}", body["requestId"].as_str().unwrap());
        let (_, log) = client.dsco("GET", &path, &Value::Null).await;
        let logs = log["logs"].as_array().unwrap().iter();
        logs.map(|entry| entry["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(log(BATCH).await, ["success", "failure"]);
    assert_eq!(log("/inventory/batch/small?skipItemsThatDontExist=true").await, ["success"], "dropped silently");
    client
        .sandbox
        .fault(Fault::next("POST /inventory/batch/small", Effect::LogSilent { applied: true, item: Some(0) }));
    assert_eq!(log(BATCH).await, ["failure"]);
    let ledger = client.sandbox.ledger();
    assert_eq!(ledger.nameless_stock, 1);
    assert!(ledger.wrong_stock_sums.contains("STK-00001"));
    assert!(ledger.wrong_stock.contains("STK-00001 WH-CA 1"), "the ERP never had one");
}

#[tokio::test]
async fn the_ledger_tells_stale_lost_and_overtaking_writes() {
    let timing = Timing { log_delay: Duration::seconds(2), ..Timing::instant() };
    let config = SandboxConfig { stock_differs_per_mille: 0, timing, ..quick() };
    let client = Client::start(config).await;
    let set = |quantity| {
        let act = WorldAction::SetStock { wid: 33328, sku: "STK-00001".into(), quantity };
        client.sandbox.advance_erp(act).unwrap();
    };
    for (wid, units) in [(33328, 10), (33329, 0), (33330, 0)] {
        let act = WorldAction::SetStock { wid, sku: "STK-00001".into(), quantity: units };
        client.sandbox.advance_erp(act).unwrap();
    }
    let full = |units| object("STK-00001", &[("WH-CA", units), ("WH-NJ", 0), ("WH-TX", 0), ("WH-XX", 7)]);
    let send = async |objects: Value| assert_eq!(client.dsco("POST", BATCH, &objects).await.0, 202);
    set(4);
    client.clock.advance(599);
    send(json!([full(10)])).await;
    client.clock.advance(2);
    assert_eq!(client.sandbox.ledger().violations(), Vec::<String>::new(), "read ten minutes ago");
    send(json!([full(10)])).await;
    assert!(client.sandbox.ledger().wrong_stock.contains("STK-00001 WH-CA 10"), "too old");
    send(json!([full(4)])).await;
    let ledger = client.sandbox.ledger();
    assert!(ledger.concurrent_stock.contains("STK-00001"));
    assert_eq!(ledger.stock["STK-00001"].concurrent, 1);
    client.clock.advance(2);
    assert_eq!(item(&client, "STK-00001").await.1["quantityAvailable"], 11);
    assert!(client.sandbox.ledger().omitted_warehouses.is_empty());
    send(json!([object("STK-00001", &[("WH-CA", 4)])])).await;
    client.clock.advance(2);
    assert!(client.sandbox.ledger().omitted_warehouses.contains("STK-00001 WH-XX"));
    assert_eq!(item(&client, "STK-00001").await.1["quantityAvailable"], 4, "what is left out is cleared");
}

#[tokio::test]
async fn five_thousand_items_are_read_on_both_sides_quickly() {
    let config = SandboxConfig { stock_items: 5000, stock_differs_per_mille: 10, limits: false, ..quick() };
    let start = std::time::Instant::now();
    let client = Client::start(config).await;
    let differ = client.sandbox.stock_differences().len();
    assert!((20..100).contains(&differ), "about one of a hundred: {differ}");
    let mut rows = 0;
    loop {
        let page = client.erp(STOCK, &json!({ "offset": rows, "length": 800 })).await;
        rows += page["data"].as_array().unwrap().len();
        if json!(rows) == page["total"] {
            break;
        }
    }
    assert!(rows > 15_000, "{rows}");
    let body = json!({ "objectType": "inventory", "query": { "queryType": "inventory" } });
    let (_, made) = client.dsco("POST", "/stream", &body).await;
    let path = format!("/stream/{}", made["id"].as_str().unwrap());
    client.dsco("POST", &path, &json!({ "operationType": "sync" })).await;
    let (mut items, mut position) = (0, "1970-01-01T00%3A00%3A00Z".to_owned());
    loop {
        let (_, page) = client.dsco("GET", &format!("{path}/0/{position}"), &Value::Null).await;
        let events = page["events"].as_array().unwrap();
        let Some(last) = events.last() else { break };
        items += events.len();
        position = last["id"].as_str().unwrap().replace("%2F", "/").replace('/', "%2F");
    }
    assert_eq!(items, 5038 - 167, "all but those that DSCO does not know");
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}
