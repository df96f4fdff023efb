//! Stores, warehouses and ways to ship.

use ipass_contract_tests::replay::Exchange;
use ipass_core::erp::MasterKind;
use ipass_core::ports::{ErpSink, ErrorKind};
use serde_json::{Value, json};

use crate::world::{LOGISTICS, STORES, WAREHOUSES, World, call};

async fn ids(world: &World, kind: MasterKind) -> Vec<(String, bool, Option<String>)> {
    let records = world.erp.master_data(kind).await.unwrap();
    records.into_iter().map(|record| (record.id, record.active, record.warehouse_id)).collect()
}

fn line(id: &str, active: bool, warehouse: Option<&str>) -> (String, bool, Option<String>) {
    (id.to_owned(), active, warehouse.map(str::to_owned))
}

fn warehouses(kind: i64) -> Exchange {
    call(WAREHOUSES).body_json(json!({ "type": kind, "is_delete": "0,1", "offset": 0, "length": 1000 }))
}

fn logistics(provider_type: i64, page: usize) -> Exchange {
    let param = json!({ "provider_type": provider_type, "page": page, "length": 100 });
    call(LOGISTICS).body_json(json!({ "param": param }))
}

fn empty() -> Value {
    json!({ "code": 0, "data": [], "total": 0 })
}

#[tokio::test]
async fn stores_are_read_page_by_page() {
    let world = World::start().await;
    let all: Vec<Value> = (0..201).map(|n| json!({ "store_id": n, "store_name": format!("Store {n}") })).collect();
    for (offset, rows) in [(0, &all[..200]), (200, &all[200..])] {
        let exchange = call(STORES).body_json(json!({ "offset": offset, "length": 200 }));
        let answer = json!({ "code": 0, "data": { "total": "201", "list": rows } });
        world.replay.on(exchange.reply_json(200, &answer)).await;
    }
    assert_eq!(ids(&world, MasterKind::Store).await.len(), 201);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_store_is_out_of_use_when_it_is_switched_off() {
    let world = World::start().await;
    world.replay.on(call(STORES).reply_file(200, "lingxing/store_list.json")).await;
    let expected = [
        line("110999000000010001", true, None),
        line("110999000000010002", true, None),
        line("110999000000010003", false, None),
    ];
    assert_eq!(ids(&world, MasterKind::Store).await, expected);
}

#[tokio::test]
async fn local_and_overseas_warehouses_are_listed_and_deleted_ones_are_out_of_use() {
    let world = World::start().await;
    world.replay.on(warehouses(1).reply_file(200, "lingxing/warehouse_list.json")).await;
    world.replay.on(warehouses(3).reply_file(200, "lingxing/warehouse_list_overseas.json")).await;
    let expected = [line("5001", true, None), line("5003", false, None), line("5002", true, None)];
    assert_eq!(ids(&world, MasterKind::Warehouse).await, expected);
    world.replay.verify().await;
}

#[tokio::test]
async fn ways_to_ship_of_every_provider_are_listed_and_overseas_ones_have_their_warehouse() {
    let world = World::start().await;
    world.replay.on(logistics(0, 1).reply_file(200, "lingxing/logistics_types_api.json")).await;
    world.replay.on(logistics(1, 1).reply_json(200, &empty())).await;
    world.replay.on(logistics(2, 1).reply_file(200, "lingxing/logistics_types.json")).await;
    world.replay.on(logistics(4, 1).reply_json(200, &empty())).await;
    let expected = [
        line("3054", true, None),
        line("209000000000000101", true, Some("5002")),
        line("209000000000000102", false, Some("5002")),
    ];
    assert_eq!(ids(&world, MasterKind::LogisticsType).await, expected);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_list_that_fails_or_stays_short_is_an_error() {
    let world = World::start().await;
    world.replay.on(warehouses(1).reply_file(200, "lingxing/warehouse_list.json")).await;
    world.replay.on(warehouses(3).reply_file(200, "lingxing/api_not_authorized.json")).await;
    assert_eq!(world.erp.master_data(MasterKind::Warehouse).await.unwrap_err().kind(), ErrorKind::Auth);
    let short = json!({ "code": 0, "data": { "total": 2, "list": [{ "store_id": 1 }] } });
    world.replay.on(call(STORES).times(3).reply_json(200, &short)).await;
    assert_eq!(world.erp.master_data(MasterKind::Store).await.unwrap_err().kind(), ErrorKind::Retryable);
    world.replay.verify().await;
}
