//! Ends of orders: one effect per order, and nothing is taken for done that the vendor does not prove.

use std::collections::HashMap;
use std::sync::Arc;

use ipass_contract_tests::replay::{Exchange, ManualClock, RawReply, RawServer, fixture};
use ipass_core::erp::{ErpOrder, ErpStatus};
use ipass_core::ports::{Batch, Effect, ErpCancel, ErpSink, ErrorKind, PortError};
use serde_json::{Value, json};

use crate::world::{CANCEL, NOW, RECALL, World, call, erp, list, po, token};

fn order(number: &str, parts: &[(&str, ErpStatus)]) -> ErpCancel {
    let part = |(number, status): &(&str, ErpStatus)| ErpOrder {
        number: (*number).to_owned(),
        status: status.clone(),
        deleted: false,
        resent: false,
        store_id: None,
    };
    ErpCancel { po: po(number), orders: parts.iter().map(part).collect() }
}

fn open(number: &str, part: &str) -> ErpCancel {
    order(number, &[(part, ErpStatus::Open)])
}

fn to_ship(number: &str, part: &str) -> ErpCancel {
    order(number, &[(part, ErpStatus::ToShip)])
}

fn words(batch: Batch<ipass_core::order::PoNumber>) -> Result<HashMap<String, String>, PortError> {
    let word = |effect| match effect {
        Effect::Applied(()) => "applied".to_owned(),
        Effect::Accepted(_) => "accepted".to_owned(),
        Effect::NotApplied(error) => format!("not applied: {error}"),
        Effect::Unknown(_) => "unknown".to_owned(),
    };
    Ok(batch?.into_iter().map(|outcome| (outcome.key.as_str().to_owned(), word(outcome.effect))).collect())
}

async fn cancelled(world: &World, orders: &[ErpCancel]) -> Result<HashMap<String, String>, PortError> {
    words(world.erp.cancel(orders).await)
}

async fn recalled(world: &World, orders: &[ErpCancel]) -> Result<HashMap<String, String>, PortError> {
    words(world.erp.recall(orders).await)
}

fn cancel(numbers: &[&str]) -> Exchange {
    call(CANCEL).body_json(json!({ "order_list": numbers }))
}

fn recall(numbers: &[&str]) -> Exchange {
    call(RECALL).body_json(json!({ "orderNumbers": numbers, "tagType": "3-5" }))
}

/// A world whose orders belong to nobody else.
async fn world() -> World {
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_empty.json")).await;
    world
}

fn all_done(n: usize) -> Value {
    json!({ "code": 0, "data": { "success_num": n, "fail_num": 0, "process_code": 10002, "failure_info": [] } })
}

#[tokio::test]
async fn an_order_is_cancelled_when_the_answer_accounts_for_it() {
    let world = world().await;
    let number = "103912345678901441";
    world.replay.on(cancel(&[number]).reply_file(200, "lingxing/cancel_ok.json")).await;
    assert_eq!(cancelled(&world, &[open("A", number)]).await.unwrap()["A"], "applied");
    world.replay.verify().await;
}

#[tokio::test]
async fn of_two_orders_one_may_be_refused() {
    let world = world().await;
    let numbers = ["103912345678901441", "103912345678901249"];
    world.replay.on(cancel(&numbers).reply_file(200, "lingxing/cancel_partial.json")).await;
    let effects = cancelled(&world, &[open("A", numbers[0]), open("B", numbers[1])]).await.unwrap();
    assert_eq!(effects["A"], "applied");
    assert_eq!(effects["B"], "not applied: 订单状态不允许操作");
}

#[tokio::test]
async fn an_order_with_a_refused_part_is_not_cancelled() {
    let world = world().await;
    let numbers = ["103912345678901441", "103912345678901249"];
    world.replay.on(cancel(&numbers).reply_file(200, "lingxing/cancel_partial.json")).await;
    let split = order("A", &[(numbers[0], ErpStatus::Open), (numbers[1], ErpStatus::Open)]);
    assert_eq!(cancelled(&world, &[split]).await.unwrap()["A"], "not applied: 订单状态不允许操作");
}

#[tokio::test]
async fn a_total_failure_is_one_whatever_its_process_code_says() {
    let world = world().await;
    let number = "103912345678909999";
    world.replay.on(cancel(&[number]).reply_file(200, "lingxing/cancel_failed.json")).await;
    assert_eq!(cancelled(&world, &[open("A", number)]).await.unwrap()["A"], "not applied: 订单不存在！");
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_unknown() {
    for (status, body) in [
        (200, r#"{"code":0,"data":null}"#),
        (200, r#"{"code":0,"data":{"success_num":0,"fail_num":1,"failure_info":[{"global_order_no":"9"}]}}"#),
        (200, r#"{"code":0,"data":{"success_num":1,"fail_num":0,"failure_info":[7]}}"#),
        (200, r#"{"code":500,"message":"内部错误"}"#),
        (200, "<html>busy</html>"),
        (502, "<html>bad gateway</html>"),
    ] {
        let world = world().await;
        world.replay.on(cancel(&["1"]).reply(status, body)).await;
        assert_eq!(cancelled(&world, &[open("A", "1")]).await.unwrap()["A"], "unknown", "{status} {body}");
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn an_accepted_recall_is_unknown_until_it_is_read_back() {
    let world = world().await;
    let number = "103912345678901505";
    world.replay.on(recall(&[number]).reply_file(200, "lingxing/wms_cancel_accepted.json")).await;
    // What is open already is not at the warehouse.
    let order = order("A", &[(number, ErpStatus::ToShip), ("2", ErpStatus::Open)]);
    assert_eq!(recalled(&world, &[order]).await.unwrap()["A"], "unknown");
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_recall_has_the_vendors_words() {
    let world = world().await;
    let number = "103912345678901505";
    world.replay.on(recall(&[number]).reply_file(200, "lingxing/wms_cancel_failed.json")).await;
    assert_eq!(recalled(&world, &[to_ship("A", number)]).await.unwrap()["A"], "not applied: 该单号正在截单中");
}

#[tokio::test]
async fn what_has_shipped_is_never_sent() {
    let world = World::without_token().await;
    let shipped = |status| order("A", &[("1", status), ("2", ErpStatus::Shipped)]);
    let refused = "not applied: order A: its part 2 is shipped";
    assert_eq!(recalled(&world, &[shipped(ErpStatus::ToShip)]).await.unwrap()["A"], refused);
    assert_eq!(cancelled(&world, &[shipped(ErpStatus::Open)]).await.unwrap()["A"], refused);
    assert_eq!(
        cancelled(&world, &[to_ship("B", "1")]).await.unwrap()["B"],
        "not applied: order B: its part 1 is at the warehouse"
    );
    assert!(cancelled(&world, &[]).await.unwrap().is_empty());
    world.replay.verify().await;
}

#[tokio::test]
async fn a_part_that_is_cancelled_already_is_not_sent_again() {
    let world = world().await;
    world.replay.on(cancel(&["1"]).reply_json(200, &all_done(1))).await;
    let order = order("A", &[("1", ErpStatus::Open), ("2", ErpStatus::Cancelled)]);
    assert_eq!(cancelled(&world, &[order]).await.unwrap()["A"], "applied");
    world.replay.verify().await;
}

#[tokio::test]
async fn an_order_that_was_merged_with_another_is_left_to_a_person() {
    let merged = "103912345678901505";
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_merged.json")).await;
    world.replay.on(cancel(&["1"]).reply_json(200, &all_done(1))).await;
    let effects = cancelled(&world, &[open("PO-TEST-0007", merged), open("B", "1")]).await.unwrap();
    assert_eq!(
        effects["PO-TEST-0007"],
        format!("not applied: order PO-TEST-0007: {merged} was merged with other orders; end it by hand")
    );
    assert_eq!(effects["B"], "applied");
    world.replay.verify().await;
}

#[tokio::test]
async fn merged_orders_that_all_end_are_sent_as_the_one_that_they_are() {
    let merged = "103912345678901505";
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_merged.json")).await;
    world.replay.on(cancel(&[merged]).reply_json(200, &all_done(1))).await;
    let orders = [open("PO-TEST-0007", merged), open("PO-TEST-0008", merged)];
    let effects = cancelled(&world, &orders).await.unwrap();
    assert_eq!((effects["PO-TEST-0007"].as_str(), effects["PO-TEST-0008"].as_str()), ("applied", "applied"));
    world.replay.verify().await;
}

#[tokio::test]
async fn without_knowing_whose_an_order_is_nothing_is_sent() {
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/param_error_length.json")).await;
    assert_eq!(cancelled(&world, &[open("A", "1")]).await.unwrap_err().kind(), ErrorKind::Invalid);
    world.replay.verify().await;
}

#[tokio::test]
async fn twenty_numbers_go_into_one_call_and_an_order_may_span_two() {
    let world = world().await;
    let numbers: Vec<String> = (0..21).map(|n| format!("1{n:02}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    world.replay.on(cancel(&numbers[..20]).reply_json(200, &all_done(20))).await;
    world.replay.on(cancel(&numbers[20..]).reply(502, "")).await;
    let mut orders: Vec<ErpCancel> = numbers[..19].iter().map(|number| open(number, number)).collect();
    orders.push(order("SPLIT", &[(numbers[19], ErpStatus::Open), (numbers[20], ErpStatus::Open)]));
    let effects = cancelled(&world, &orders).await.unwrap();
    assert_eq!(effects.values().filter(|word| *word == "applied").count(), 19);
    assert_eq!(effects["SPLIT"], "unknown");
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refusal_of_the_only_call_is_an_error_and_is_not_repeated() {
    for (file, kind) in [
        ("rate_limit_gateway.json", ErrorKind::Throttled { retry_after: None }),
        ("param_error_gateway.json", ErrorKind::Invalid),
        ("api_not_authorized.json", ErrorKind::Auth),
    ] {
        let world = world().await;
        world.replay.on(recall(&["1", "2"]).reply_file(200, &format!("lingxing/{file}"))).await;
        let error = recalled(&world, &[to_ship("A", "1"), to_ship("B", "2")]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{file}");
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn a_door_that_closes_between_two_calls_leaves_the_rest_unsent() {
    let world = world().await;
    let numbers: Vec<String> = (0..41).map(|n| format!("1{n:02}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    world.replay.on(cancel(&numbers[..20]).reply_json(200, &all_done(20))).await;
    world.replay.on(cancel(&numbers[20..40]).reply_file(200, "lingxing/rate_limit_gateway.json")).await;
    let orders: Vec<ErpCancel> = numbers.iter().map(|number| open(number, number)).collect();
    let effects = cancelled(&world, &orders).await.unwrap();
    assert!(numbers[..20].iter().all(|number| effects[*number] == "applied"));
    assert!(numbers[20..].iter().all(|number| effects[*number].starts_with("not applied")));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_cancellation_sent_once_more() {
    let world = World::without_token().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_empty.json")).await;
    world.replay.on(cancel(&["1"]).reply_file(200, "lingxing/access_token_expired.json")).await;
    world.replay.on(cancel(&["1"]).reply_json(200, &all_done(1))).await;
    assert_eq!(cancelled(&world, &[open("A", "1")]).await.unwrap()["A"], "applied");
    world.replay.verify().await;
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_is_unknown() {
    let whole = |file| RawReply::Whole(200, fixture(file));
    let replies = || vec![whole("lingxing/token_ok.json"), whole("lingxing/order_list_empty.json"), RawReply::Nothing];
    let clock = || Arc::new(ManualClock::at(NOW));
    let server = RawServer::start(replies()).await;
    let batch = erp(server.url(), clock(), &json!({})).cancel(&[open("A", "1")]).await;
    assert_eq!(words(batch).unwrap()["A"], "unknown");
    let server = RawServer::start(replies()).await;
    let batch = erp(server.url(), clock(), &json!({})).recall(&[to_ship("A", "1")]).await;
    assert_eq!(words(batch).unwrap()["A"], "unknown");
    assert_eq!(server.requests().len(), 3);
}
