//! Stock: complete for a warehouse, or an error for it.

use std::collections::HashMap;

use ipass_contract_tests::replay::Exchange;
use ipass_core::ports::{ErpSink, ErrorKind, PortError};
use serde_json::{Value, json};

use crate::world::{STOCK, World, call};

fn page(warehouse: &str, offset: usize) -> Exchange {
    call(STOCK).body_json(json!({ "wid": warehouse, "offset": offset, "length": 800 }))
}

fn row(n: usize) -> Value {
    json!({ "wid": 5001, "product_id": n, "sku": format!("S-{n}"), "seller_id": "0", "product_valid_num": n })
}

fn rows(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(row).collect()
}

fn answer(total: usize, rows: &[Value]) -> Value {
    json!({ "code": 0, "message": "success", "data": rows, "total": total })
}

/// SKUs and units by warehouse.
async fn stock(world: &World, warehouses: &[&str]) -> HashMap<String, Result<Vec<(String, i64)>, PortError>> {
    let warehouses: Vec<String> = warehouses.iter().map(|warehouse| (*warehouse).to_owned()).collect();
    let answers = world.erp.stock(&warehouses).await.unwrap();
    assert_eq!(answers.len(), warehouses.len());
    let short = |rows: Vec<ipass_core::erp::ErpStock>| rows.into_iter().map(|row| (row.sku, row.available)).collect();
    answers.into_iter().map(|answer| (answer.key, answer.result.map(short))).collect()
}

#[tokio::test]
async fn two_pages_are_one_stock() {
    let world = World::start().await;
    world.replay.on(page("5001", 0).reply_json(200, &answer(802, &rows(0..800)))).await;
    // The total may be a text.
    let mut last = answer(802, &rows(800..802));
    last["total"] = json!("802");
    world.replay.on(page("5001", 800).reply_json(200, &last)).await;
    let stock = stock(&world, &["5001"]).await;
    let expected: Vec<_> = (0..802).map(|n| (format!("S-{n}"), n)).collect();
    assert_eq!(stock["5001"].as_ref().unwrap(), &expected);
    world.replay.verify().await;
}

#[tokio::test]
async fn several_rows_of_one_sku_are_passed_on_and_texts_are_numbers() {
    let world = World::start().await;
    let rows = [
        json!({ "wid": "5001", "sku": "A", "seller_id": "0", "product_valid_num": "12", "third_inventory": [] }),
        json!({ "wid": 5001, "sku": "A", "seller_id": "9", "product_valid_num": 3, "third_inventory": { "qty_sellable": 7 } }),
        json!({ "wid": 5001, "sku": "B", "seller_id": "0", "product_valid_num": -2 }),
    ];
    world.replay.on(page("5001", 0).reply_json(200, &answer(3, &rows))).await;
    let stock = stock(&world, &["5001"]).await;
    let expected = [("A", 12), ("A", 3), ("B", -2)].map(|(sku, units)| (sku.to_owned(), units));
    assert_eq!(stock["5001"].as_ref().unwrap(), &expected);
}

#[tokio::test]
async fn an_empty_warehouse_is_no_error() {
    let world = World::start().await;
    world.replay.on(page("5001", 0).reply_file(200, "lingxing/inventory_empty.json")).await;
    assert!(stock(&world, &["5001"]).await["5001"].as_ref().unwrap().is_empty());
}

#[tokio::test]
async fn a_short_page_a_changed_total_and_a_repeated_page_are_read_again_from_the_start() {
    let broken = [
        (0, answer(802, &rows(0..799))),
        (800, answer(803, &rows(800..803))),
        (800, answer(802, &rows(0..2))),
        (800, answer(802, &rows(800..801))),
        (800, answer(802, &rows(800..803))),
    ];
    for (offset, broken) in broken {
        let world = World::start().await;
        if offset > 0 {
            world.replay.on(page("5001", 0).reply_json(200, &answer(802, &rows(0..800)))).await;
        }
        world.replay.on(page("5001", offset).reply_json(200, &broken)).await;
        world.replay.on(page("5001", 0).reply_json(200, &answer(802, &rows(0..800)))).await;
        world.replay.on(page("5001", 800).reply_json(200, &answer(802, &rows(800..802)))).await;
        assert_eq!(stock(&world, &["5001"]).await["5001"].as_ref().unwrap().len(), 802);
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn a_list_that_never_meets_its_total_is_an_error_after_two_readings() {
    let mut without_total = answer(2, &rows(0..2));
    without_total.as_object_mut().unwrap().remove("total");
    for body in [answer(3, &rows(0..2)), answer(1, &rows(0..2)), answer(0, &rows(0..2)), answer(2, &[]), without_total]
    {
        let world = World::start().await;
        world.replay.on(page("5001", 0).times(2).reply_json(200, &body)).await;
        let stock = stock(&world, &["5001"]).await;
        assert_eq!(stock["5001"].as_ref().unwrap_err().kind(), ErrorKind::Retryable, "{body}");
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_counted_fails_its_warehouse_alone() {
    for bad in [
        json!({ "wid": 5002, "sku": "A", "product_valid_num": 1 }),
        json!({ "wid": 5001, "sku": "", "product_valid_num": 1 }),
        json!({ "wid": 5001, "sku": "A" }),
        json!({ "wid": 5001, "sku": "A", "product_valid_num": "many" }),
        json!(7),
    ] {
        let world = World::start().await;
        world.replay.on(page("5001", 0).reply_json(200, &answer(2, &[row(1), bad.clone()]))).await;
        world.replay.on(page("5009", 0).reply_json(200, &answer(0, &[]))).await;
        let stock = stock(&world, &["5001", "5009"]).await;
        assert_eq!(stock["5001"].as_ref().unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        assert!(stock["5009"].is_ok());
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn a_refused_credential_ends_the_rest_and_any_other_failure_does_not() {
    let world = World::start().await;
    world.replay.on(page("1", 0).reply_file(200, "lingxing/param_error_gateway.json")).await;
    world.replay.on(page("2", 0).reply_file(200, "lingxing/api_not_authorized.json")).await;
    let stock = stock(&world, &["1", "2", "3"]).await;
    assert_eq!(stock["1"].as_ref().unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(stock["2"].as_ref().unwrap_err().kind(), ErrorKind::Auth);
    assert_eq!(stock["3"].as_ref().unwrap_err().kind(), ErrorKind::Auth);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_warehouse_without_an_id_is_not_asked_about() {
    let world = World::without_token().await;
    assert_eq!(stock(&world, &[" "]).await[" "].as_ref().unwrap_err().kind(), ErrorKind::Invalid);
    world.replay.verify().await;
}
