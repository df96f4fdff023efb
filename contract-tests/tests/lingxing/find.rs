//! Orders by number: complete, or an error.

use std::collections::HashMap;

use ipass_core::erp::{ErpOrder, ErpStatus};
use ipass_core::order::PoNumber;
use ipass_core::ports::{Answer, Clock, ErpSink, ErrorKind, PortError};
use serde_json::{Value, json};

use crate::world::{LIST, World, by_po, list, pos, token};

async fn found(world: &World, numbers: &[&str]) -> HashMap<String, Result<Vec<(String, ErpStatus)>, PortError>> {
    let answers = world.erp.find(&pos(numbers)).await.unwrap();
    assert_eq!(answers.len(), numbers.len());
    let short = |answer: Answer<PoNumber, Vec<ErpOrder>>| Answer {
        key: answer.key,
        result: answer.result.map(|orders| orders.into_iter().map(|order| (order.number, order.status)).collect()),
    };
    by_po(answers.into_iter().map(short).collect())
}

fn row(number: u64, po: &str) -> Value {
    json!({ "global_order_no": number.to_string(), "status": 5, "platform_info": [{ "platform_order_no": po }] })
}

fn rows(total: usize, rows: &[Value]) -> Value {
    json!({ "code": 0, "data": { "total": total.to_string(), "list": rows } })
}

#[tokio::test]
async fn split_orders_are_all_found_and_unknown_numbers_are_absent() {
    let world = World::start().await;
    let asked = json!({
        "offset": 0,
        "length": 500,
        "platform_order_nos": ["PO-TEST-0002", "PO-NONE"],
        "include_delete": true
    });
    world.replay.on(list().body_json(asked).reply_file(200, "lingxing/order_list_split_two.json")).await;
    let found = found(&world, &["PO-TEST-0002", "PO-NONE"]).await;
    assert_eq!(found["PO-TEST-0002"].as_ref().unwrap().len(), 2);
    assert!(found["PO-NONE"].as_ref().unwrap().is_empty());
    world.replay.verify().await;
}

#[tokio::test]
async fn a_merged_order_is_found_by_each_of_its_numbers() {
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_merged.json")).await;
    let found = found(&world, &["PO-TEST-0007", "PO-TEST-0008"]).await;
    let expected = vec![("103912345678901505".to_owned(), ErpStatus::ToShip)];
    assert_eq!(found["PO-TEST-0007"].as_ref().unwrap(), &expected);
    assert_eq!(found["PO-TEST-0008"].as_ref().unwrap(), &expected);
}

#[tokio::test]
async fn a_number_that_is_asked_for_twice_is_held_twice() {
    let world = World::start().await;
    world.replay.on(list().reply_json(200, &rows(1, &[row(1, "PO-1")]))).await;
    let answers = world.erp.find(&pos(&["PO-1", "PO-1"])).await.unwrap();
    assert!(answers.iter().all(|answer| answer.result.as_ref().is_ok_and(|orders| orders.len() == 1)));
}

#[tokio::test]
async fn platforms_with_names_are_asked_by_name() {
    let world = World::with(&json!({ "platform_code": 10002 })).await;
    world.replay.on(token()).await;
    let asked = json!({ "offset": 0, "length": 500, "platform_order_names": ["#1001"], "include_delete": true });
    let named = json!({ "global_order_no": 1, "platform_info": [{ "platform_order_no": "77", "platform_order_name": "#1001" }] });
    world.replay.on(list().body_json(asked).reply_json(200, &rows(1, &[named]))).await;
    assert_eq!(found(&world, &["#1001"]).await["#1001"].as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn two_hundred_numbers_go_into_one_question_and_a_failed_one_is_an_error_for_its_numbers_only() {
    let world = World::start().await;
    let numbers: Vec<String> = (0..201).map(|n| format!("PO-{n}")).collect();
    let first = json!({ "offset": 0, "length": 500, "platform_order_nos": numbers[..200], "include_delete": true });
    let second = json!({ "offset": 0, "length": 500, "platform_order_nos": numbers[200..], "include_delete": true });
    world.replay.on(list().body_json(first).reply_file(200, "lingxing/order_list_empty_null.json")).await;
    world.replay.on(list().body_json(second).reply_file(200, "lingxing/param_error_length.json")).await;
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let found = found(&world, &numbers).await;
    assert_eq!(found["PO-200"].as_ref().unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(found.values().filter(|result| result.as_ref().is_ok_and(Vec::is_empty)).count(), 200);
    world.replay.verify().await;
}

#[tokio::test]
async fn pages_are_read_to_the_end() {
    let world = World::start().await;
    let all: Vec<Value> = (0..501).map(|n| row(n + 1, "PO-1")).collect();
    let page = |offset| {
        list().body_json(
            json!({ "offset": offset, "length": 500, "platform_order_nos": ["PO-1"], "include_delete": true }),
        )
    };
    world.replay.on(page(0).reply_json(200, &rows(501, &all[..500]))).await;
    world.replay.on(page(500).reply_json(200, &rows(501, &all[500..]))).await;
    assert_eq!(found(&world, &["PO-1"]).await["PO-1"].as_ref().unwrap().len(), 501);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_list_that_stays_shorter_than_its_total_is_never_an_absence() {
    let world = World::start().await;
    world.replay.on(list().times(3).reply_json(200, &rows(2, &[row(1, "PO-1")]))).await;
    let found = found(&world, &["PO-1", "PO-2"]).await;
    assert!(found["PO-1"].is_err() && found["PO-2"].is_err());
    world.replay.verify().await;
}

#[tokio::test]
async fn an_order_that_does_not_tell_its_number_is_in_the_way_of_its_owner_only() {
    let world = World::start().await;
    let nameless = json!({ "global_order_no": "1", "status": 5 });
    world.replay.on(list().reply_json(200, &rows(1, std::slice::from_ref(&nameless)))).await;
    world.replay.on(list().reply_json(200, &rows(1, &[nameless]))).await;
    world.replay.on(list().reply_json(200, &rows(0, &[]))).await;
    let two = found(&world, &["PO-1", "PO-2"]).await;
    assert!(two["PO-1"].is_err(), "whose it is was not said");
    assert_eq!(two["PO-2"].as_ref().unwrap().len(), 0);
    world.replay.verify().await;
}

#[tokio::test]
async fn an_order_that_does_not_tell_its_number_is_about_the_only_one_that_was_asked_for() {
    let world = World::start().await;
    world.replay.on(list().reply_json(200, &rows(1, &[json!({ "global_order_no": "1", "status": 5 })]))).await;
    assert_eq!(found(&world, &["PO-1"]).await["PO-1"].as_ref().unwrap().len(), 1);
    world.replay.verify().await;
}

#[tokio::test]
async fn an_order_that_is_given_for_every_number_is_nobodys_and_does_not_cost_a_call_for_each() {
    let world = World::start().await;
    let nameless = json!({ "global_order_no": "1", "status": 5 });
    world.replay.on(list().any_times().reply_json(200, &rows(1, &[nameless]))).await;
    let numbers: Vec<String> = (0..200).map(|n| format!("PO-{n}")).collect();
    let all = found(&world, &numbers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(all.len() == 200 && all.values().all(Result::is_err));
    assert!(world.replay.calls("POST", LIST).await < 60, "{}", world.replay.calls("POST", LIST).await);
}

#[tokio::test]
async fn both_limiters_and_broken_answers_are_waited_out() {
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/rate_limit_gateway.json")).await;
    world.replay.on(list().reply_file(200, "lingxing/rate_limit_business.json")).await;
    world.replay.on(list().reply(502, "<html>bad gateway</html>")).await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_single.json")).await;
    let began = world.clock.now();
    assert!(found(&world, &["PO-TEST-0001"]).await["PO-TEST-0001"].is_ok());
    assert!((world.clock.now() - began).num_seconds() >= 5);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_limiter_that_stays_shut_is_throttled_after_four_attempts() {
    let world = World::start().await;
    world.replay.on(list().times(4).reply_file(200, "lingxing/rate_limit_gateway.json")).await;
    let found = found(&world, &["PO-1"]).await;
    assert!(matches!(found["PO-1"].as_ref().unwrap_err().kind(), ErrorKind::Throttled { .. }));
    world.replay.verify().await;
}

#[tokio::test]
async fn the_credential_is_checked_by_a_question_that_changes_nothing() {
    let world = World::start().await;
    world.replay.on(list().reply_file(200, "lingxing/order_list_empty.json")).await;
    world.replay.on(list().reply_file(200, "lingxing/ip_not_permit.json")).await;
    world.erp.check_credentials().await.unwrap();
    let error = world.erp.check_credentials().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.message().contains("3001002 ip not permit"), "{error}");
}
