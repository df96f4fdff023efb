//! Outbound documents: all of an order, or an error for it.

use std::collections::HashMap;

use ipass_contract_tests::replay::Exchange;
use ipass_core::erp::{DocumentStatus, OutboundDocument};
use ipass_core::ports::{DocumentQuery, ErpSink, PortError};
use serde_json::{Value, json};

use crate::world::{STORE, World, at, by_po, documents, po};

fn query(number: &str, store: Option<&str>, since: &str) -> DocumentQuery {
    DocumentQuery { po: po(number), store_id: store.map(str::to_owned), since: at(since) }
}

fn young(number: &str) -> DocumentQuery {
    query(number, Some(STORE), "2025-12-01T20:00:00Z")
}

async fn held(world: &World, queries: &[DocumentQuery]) -> HashMap<String, Result<Vec<OutboundDocument>, PortError>> {
    let answers = world.erp.documents(queries).await.unwrap();
    assert_eq!(answers.len(), queries.len());
    by_po(answers)
}

fn row(number: usize, po: &str) -> Value {
    json!({
        "wo_number": format!("WO{number}"),
        "status": 3,
        "platform_order_no": [po],
        "product_info": [{ "wod_id": number, "sku": "A", "count": 1 }]
    })
}

fn rows(total: usize, rows: &[Value]) -> Value {
    json!({ "code": 0, "data": rows, "total": total })
}

fn asked(page: usize, numbers: &[&str], first: &str, last: &str) -> Exchange {
    documents().body_json(json!({
        "page": page,
        "page_size": 200,
        "sid_arr": [110_999_000_000_010_001_i64],
        "platform_order_no_arr": numbers,
        "time_type": "create_at",
        "start_date": first,
        "end_date": last
    }))
}

#[tokio::test]
async fn young_orders_are_one_question_with_days_of_the_accounts_zone() {
    let world = World::start().await;
    let exchange = asked(1, &["PO-TEST-0001", "PO-NONE"], "2025-12-01", "2025-12-07");
    world.replay.on(exchange.reply_file(200, "lingxing/wms_shipped.json")).await;
    let held = held(&world, &[young("PO-TEST-0001"), young("PO-NONE")]).await;
    let document = &held["PO-TEST-0001"].as_ref().unwrap()[0];
    assert_eq!(document.status, DocumentStatus::Shipped);
    assert!(!document.tracking.is_empty() && document.shipped_at.is_some() && !document.lines.is_empty());
    assert!(held["PO-NONE"].as_ref().unwrap().is_empty());
    world.replay.verify().await;
}

#[tokio::test]
async fn recorded_documents_keep_their_states() {
    for (file, number, expected) in [
        ("wms_two_parcels.json", "PO-TEST-0002", vec![DocumentStatus::Shipped, DocumentStatus::Shipped]),
        ("wms_cut_off_and_new.json", "PO-TEST-0005", vec![DocumentStatus::Void, DocumentStatus::Shipped]),
        ("wms_empty.json", "PO-TEST-0001", vec![]),
    ] {
        let world = World::start().await;
        world.replay.on(documents().reply_file(200, &format!("lingxing/{file}"))).await;
        let held = held(&world, &[young(number)]).await;
        let statuses: Vec<_> = held[number].as_ref().unwrap().iter().map(|document| document.status).collect();
        assert_eq!(statuses, expected, "{file}");
    }
}

#[tokio::test]
async fn an_old_order_is_asked_for_in_months_that_touch() {
    let world = World::start().await;
    let spans = [("2025-10-01", "2025-10-31"), ("2025-11-01", "2025-12-01"), ("2025-12-02", "2025-12-07")];
    for (index, (first, last)) in spans.into_iter().enumerate() {
        let exchange = asked(1, &["PO-1"], first, last);
        world.replay.on(exchange.reply_json(200, &rows(1, &[row(index, "PO-1")]))).await;
    }
    let held = held(&world, &[query("PO-1", Some(STORE), "2025-10-02T00:00:00Z")]).await;
    assert_eq!(held["PO-1"].as_ref().unwrap().len(), 3);
    world.replay.verify().await;
}

#[tokio::test]
async fn orders_of_one_age_share_a_question_and_without_a_store_all_stores_are_asked() {
    let world = World::start().await;
    let mut queries: Vec<DocumentQuery> =
        (0..50).map(|n| query(&format!("N{n}"), None, "2025-12-03T00:00:00Z")).collect();
    queries.insert(7, query("OLD", None, "2025-10-20T00:00:00Z"));
    let new: Vec<String> = (0..50).map(|n| format!("N{n}")).collect();
    let body = |numbers: Value, first: &str, last: &str| {
        json!({
            "page": 1, "page_size": 200, "platform_order_no_arr": numbers,
            "time_type": "create_at", "start_date": first, "end_date": last
        })
    };
    for body in [
        body(json!(new), "2025-12-02", "2025-12-07"),
        body(json!(["OLD"]), "2025-10-19", "2025-11-18"),
        body(json!(["OLD"]), "2025-11-19", "2025-12-07"),
    ] {
        world.replay.on(documents().body_json(body).reply_file(200, "lingxing/wms_empty.json")).await;
    }
    assert!(held(&world, &queries).await.values().all(|result| result.as_ref().is_ok_and(Vec::is_empty)));
    world.replay.verify().await;
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_a_broken_one_leaves_nothing_known() {
    let world = World::start().await;
    let all: Vec<Value> = (0..201).map(|n| row(n, "PO-1")).collect();
    let page = |page| asked(page, &["PO-1"], "2025-12-01", "2025-12-07");
    world.replay.on(page(1).times(2).reply_json(200, &rows(201, &all[..200]))).await;
    world.replay.on(page(2).reply_json(200, &rows(201, &all[200..]))).await;
    world.replay.on(page(2).reply_file(200, "lingxing/param_error_gateway.json")).await;
    assert_eq!(held(&world, &[young("PO-1")]).await["PO-1"].as_ref().unwrap().len(), 201);
    assert!(held(&world, &[young("PO-1")]).await["PO-1"].is_err());
    world.replay.verify().await;
}

#[tokio::test]
async fn a_poison_document_blocks_its_own_order_only() {
    let world = World::start().await;
    let poison =
        json!({ "wo_number": "WO9", "status": 3, "platform_order_no": ["PO-2"], "product_info": [{ "sku": "A" }] });
    world.replay.on(documents().reply_json(200, &rows(2, &[row(1, "PO-1"), poison]))).await;
    let held = held(&world, &[young("PO-1"), young("PO-2")]).await;
    assert!(held["PO-1"].is_ok() && held["PO-2"].is_err());
}

/// More orders than a few questions hold.
fn many() -> Vec<DocumentQuery> {
    (0..151).map(|n| young(&format!("N{n}"))).collect()
}

fn listed(page: usize) -> Exchange {
    documents().body_json(json!({
        "page": page, "page_size": 200, "sid_arr": [110_999_000_000_010_001_i64],
        "time_type": "create_at", "start_date": "2025-12-01", "end_date": "2025-12-07"
    }))
}

async fn asked_by_number(world: &World) {
    let numbers: Vec<String> = (0..151).map(|n| format!("N{n}")).collect();
    for numbers in numbers.chunks(50) {
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let found = [row(numbers.len(), numbers[0])];
        world.replay.on(asked(1, &numbers, "2025-12-01", "2025-12-07").reply_json(200, &rows(1, &found))).await;
    }
}

#[tokio::test]
async fn many_orders_are_read_from_the_list_of_their_days_when_it_is_short() {
    let world = World::start().await;
    let all: Vec<Value> = (0..300).map(|n| row(n, &format!("N{}", n % 200))).collect();
    world.replay.on(listed(1).reply_json(200, &rows(300, &all[..200]))).await;
    world.replay.on(listed(2).reply_json(200, &rows(300, &all[200..]))).await;
    let mut queries = many();
    queries.push(query("OLD", Some(STORE), "2025-10-20T00:00:00Z"));
    for (first, last) in [("2025-10-19", "2025-11-18"), ("2025-11-19", "2025-12-07")] {
        world.replay.on(asked(1, &["OLD"], first, last).reply_file(200, "lingxing/wms_empty.json")).await;
    }
    let held = held(&world, &queries).await;
    for (number, expected) in [("N0", 2), ("N99", 2), ("N100", 1), ("N150", 1), ("OLD", 0)] {
        assert_eq!(held[number].as_ref().unwrap().len(), expected, "{number}");
    }
    world.replay.verify().await;
}

#[tokio::test]
async fn a_list_that_is_longer_than_the_questions_is_left_after_its_first_page() {
    let world = World::start().await;
    let all: Vec<Value> = (0..200).map(|n| row(n, &format!("X{n}"))).collect();
    world.replay.on(listed(1).reply_json(200, &rows(601, &all))).await;
    asked_by_number(&world).await;
    let held = held(&world, &many()).await;
    assert_eq!(held.values().filter(|result| result.as_ref().unwrap().len() == 1).count(), 4);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_row_of_the_list_that_may_be_anybodys_makes_the_numbers_be_asked_for() {
    for poison in [json!({ "wo_number": "WO9", "status": 3, "platform_order_no": [] }), json!("no document")] {
        let world = World::start().await;
        world.replay.on(listed(1).reply_json(200, &rows(2, &[row(1, "N0"), poison]))).await;
        asked_by_number(&world).await;
        let held = held(&world, &many()).await;
        assert_eq!(held.values().filter(|result| result.as_ref().unwrap().len() == 1).count(), 4);
        world.replay.verify().await;
    }
}
