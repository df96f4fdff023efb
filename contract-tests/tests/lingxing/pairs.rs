//! SKU pairs: all of them, by cursor where the vendor has one.

use ipass_contract_tests::replay::Exchange;
use ipass_core::ports::{ErpSink, ErrorKind, PortError};
use serde_json::{Value, json};

use crate::world::{PAIRS, STORE, World, call};

fn at_cursor(cursor: i64) -> Exchange {
    call(PAIRS).body_json(json!({ "store_ids": [STORE], "length": 200, "use_cursor": true, "cursor_id": cursor }))
}

fn at_offset(offset: usize) -> Exchange {
    call(PAIRS).body_json(json!({ "store_ids": [STORE], "length": 200, "offset": offset }))
}

fn row(msku: &str, sku: &str) -> Value {
    json!({ "store_id": STORE, "msku": msku, "sku": sku })
}

fn page(next: &Value, rows: &[Value]) -> Value {
    let mut data = next.clone();
    data["list"] = json!(rows);
    json!({ "code": 0, "data": data })
}

async fn pairs(world: &World) -> Result<Vec<(String, String)>, PortError> {
    let pairs = world.erp.sku_pairs(&[STORE.to_owned()]).await?;
    assert!(pairs.iter().all(|pair| pair.store_id == STORE));
    Ok(pairs.into_iter().map(|pair| (pair.msku, pair.sku)).collect())
}

fn names(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(msku, sku)| ((*msku).to_owned(), (*sku).to_owned())).collect()
}

#[tokio::test]
async fn the_cursor_is_followed_to_the_end() {
    let world = World::start().await;
    world.replay.on(at_cursor(0).reply_file(200, "lingxing/sku_pairs_cursor_page1.json")).await;
    world.replay.on(at_cursor(900_002).reply_file(200, "lingxing/sku_pairs_cursor_page2.json")).await;
    let expected = names(&[("DEMO-CHAIR", "LX-CHAIR-01"), ("DEMO-LAMP", "LX-LAMP-01"), ("DEMO-MUG-BLUE", "LX-MUG-01")]);
    assert_eq!(pairs(&world).await.unwrap(), expected);
    world.replay.verify().await;
}

#[tokio::test]
async fn an_account_without_cursors_is_read_by_offset() {
    let world = World::start().await;
    world.replay.on(at_cursor(0).reply_file(200, "lingxing/sku_pairs.json")).await;
    world.replay.on(at_offset(0).reply_file(200, "lingxing/sku_pairs.json")).await;
    assert_eq!(pairs(&world).await.unwrap().len(), 3);
    world.replay.verify().await;
}

#[tokio::test]
async fn offsets_go_on_until_the_total_is_reached() {
    let world = World::start().await;
    let all: Vec<Value> = (0..201).map(|n| row(&format!("M-{n}"), "S")).collect();
    let total = json!({ "total": "201" });
    world.replay.on(at_cursor(0).reply_json(200, &page(&total, &all[..200]))).await;
    world.replay.on(at_offset(0).reply_json(200, &page(&total, &all[..200]))).await;
    world.replay.on(at_offset(200).reply_json(200, &page(&total, &all[200..]))).await;
    assert_eq!(pairs(&world).await.unwrap().len(), 201);
    world.replay.verify().await;
}

#[tokio::test]
async fn unpaired_items_other_stores_and_repeats_are_left_out() {
    let world = World::start().await;
    let mut foreign = row("F", "S");
    foreign["store_id"] = json!("7");
    let rows = [row("M", "S"), row("M", "S"), row("", "S"), row("N", ""), foreign];
    let end = json!({ "has_next": 0, "next_cursor_id": "5" });
    world.replay.on(at_cursor(0).reply_json(200, &page(&end, &rows))).await;
    assert_eq!(pairs(&world).await.unwrap(), names(&[("M", "S")]));
}

#[tokio::test]
async fn a_cursor_that_comes_again_is_an_error_and_not_a_loop() {
    let world = World::start().await;
    for (cursor, next) in [(0, 5), (5, 7), (7, 5)] {
        let next = json!({ "has_next": true, "next_cursor_id": next });
        world.replay.on(at_cursor(cursor).reply_json(200, &page(&next, &[row("M", "S")]))).await;
    }
    assert_eq!(pairs(&world).await.unwrap_err().kind(), ErrorKind::Retryable);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_cursor_that_grows_for_ever_is_an_error_in_the_end() {
    let world = World::start().await;
    for cursor in 0..1_000 {
        let next = json!({ "has_next": true, "next_cursor_id": cursor + 1 });
        world.replay.on(at_cursor(cursor).reply_json(200, &page(&next, &[]))).await;
    }
    assert_eq!(pairs(&world).await.unwrap_err().kind(), ErrorKind::Retryable);
    world.replay.verify().await;
}

#[tokio::test]
async fn an_answer_that_does_not_tell_how_to_go_on_is_an_error() {
    for next in [json!({}), json!({ "has_next": true }), json!({ "has_next": "maybe", "next_cursor_id": 3 })] {
        let world = World::start().await;
        world.replay.on(at_cursor(0).reply_json(200, &page(&next, &[row("M", "S")]))).await;
        assert_eq!(pairs(&world).await.unwrap_err().kind(), ErrorKind::Invalid, "{next}");
    }
    // Not even when the first page did, and a total is there instead.
    let world = World::start().await;
    let next = json!({ "has_next": true, "next_cursor_id": 3 });
    world.replay.on(at_cursor(0).reply_json(200, &page(&next, &[row("M", "S")]))).await;
    world.replay.on(at_cursor(3).reply_json(200, &page(&json!({ "total": 2 }), &[row("N", "S")]))).await;
    assert_eq!(pairs(&world).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_pair_that_cannot_be_read_fails_the_list() {
    let world = World::start().await;
    let end = json!({ "has_next": false });
    world.replay.on(at_cursor(0).reply_json(200, &page(&end, &[row("M", "S"), json!("x")]))).await;
    assert_eq!(pairs(&world).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn without_stores_nothing_is_asked() {
    let world = World::without_token().await;
    assert!(world.erp.sku_pairs(&[]).await.unwrap().is_empty());
    assert!(world.erp.sku_pairs(&[" ".to_owned()]).await.unwrap().is_empty());
    world.replay.verify().await;
}
