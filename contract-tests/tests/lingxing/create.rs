//! Creates: one effect per order, and no answer is ever taken for a refusal that is none.

use std::collections::HashMap;
use std::sync::Arc;

use ipass_contract_tests::replay::{ManualClock, RawReply, RawServer, fixture};
use ipass_core::erp::{DraftLine, ErpOrderDraft};
use ipass_core::order::Address;
use ipass_core::ports::{Effect, ErpSink, ErrorKind, PortError};
use ipass_lingxing::LingxingErp;
use serde_json::{Value, json};

use crate::world::{NOW, STORE, World, at, create, erp, po, pos, token};

fn draft(number: &str, store: &str) -> ErpOrderDraft {
    let some = |text: &str| Some(text.to_owned());
    ErpOrderDraft {
        po: po(number),
        store_id: store.to_owned(),
        address: Address {
            name: some("Ann Example"),
            line1: some("100 Example St"),
            city: some("Springfield"),
            country: some("US"),
            ..Address::default()
        },
        note: None,
        routing: None,
        currency: some("USD"),
        purchased_at: at("2025-12-02T00:00:00Z"),
        lines: vec![DraftLine { msku: "DEMO-MUG".to_owned(), sku: None, quantity: 2, unit_price: 10.into() }],
    }
}

fn sent(numbers: &[&str], store: &str) -> Value {
    let order = |number: &&str| {
        json!({
            "platform_order_no": number,
            "receiver_name": "Ann Example",
            "receiver_country_code": "US",
            "city": "Springfield",
            "address_line1": "100 Example St",
            "amount_currency": "USD",
            "global_purchase_time": 1_764_633_600,
            "items": [{ "msku": "DEMO-MUG", "quantity": 2, "unit_price": "10.00" }]
        })
    };
    json!({ "platform_code": 10009, "store_id": store, "orders": numbers.iter().map(order).collect::<Vec<_>>() })
}

fn created(numbers: &[&str]) -> Value {
    let success = |number: &&str| json!({ "platform_order_no": number, "global_order_no": format!("1{number}") });
    json!({ "code": 0, "data": { "success_details": numbers.iter().map(success).collect::<Vec<_>>(), "error_details": [] } })
}

/// One word per order.
async fn effects(erp: &LingxingErp, drafts: &[ErpOrderDraft]) -> Result<HashMap<String, String>, PortError> {
    let word = |effect| match effect {
        Effect::Applied(number) => format!("applied {number}"),
        Effect::Accepted(_) => "accepted".to_owned(),
        Effect::NotApplied(error) => format!("not applied: {error}"),
        Effect::Unknown(_) => "unknown".to_owned(),
    };
    let outcomes = erp.create(drafts).await?;
    Ok(outcomes.into_iter().map(|outcome| (outcome.key.as_str().to_owned(), word(outcome.effect))).collect())
}

#[tokio::test]
async fn every_order_has_its_own_effect() {
    let world = World::start().await;
    let numbers = ["PO-TEST-0003", "PO-TEST-0004", "PO-TEST-0005"];
    let exchange = create().body_json(sent(&numbers, STORE));
    world.replay.on(exchange.reply_file(200, "lingxing/create_orders_partial.json")).await;
    let effects = effects(&world.erp, &numbers.map(|number| draft(number, STORE))).await.unwrap();
    assert_eq!(effects["PO-TEST-0003"], "not applied: SKU不存在");
    assert_eq!(effects["PO-TEST-0004"], "applied 103912345678901441");
    assert_eq!(effects["PO-TEST-0005"], "unknown");
    world.replay.verify().await;
}

#[tokio::test]
async fn numeric_ids_stay_exact_and_a_duplicate_is_refused() {
    let world = World::start().await;
    world.replay.on(create().reply_file(200, "lingxing/create_orders_numeric_ids.json")).await;
    world.replay.on(create().reply_file(200, "lingxing/create_orders_duplicate.json")).await;
    let first = effects(&world.erp, &[draft("PO-TEST-0004", STORE)]).await.unwrap();
    assert_eq!(first["PO-TEST-0004"], "applied 103912345678901441");
    let second = effects(&world.erp, &[draft("PO-TEST-0001", STORE)]).await.unwrap();
    assert_eq!(second["PO-TEST-0001"], "not applied: 平台单号已存在");
}

#[tokio::test]
async fn calls_hold_one_store_and_twenty_orders() {
    let world = World::start().await;
    let numbers: Vec<String> = (0..21).map(|n| format!("A{n}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    for (numbers, store) in [(&numbers[..20], "1"), (&["B"][..], "2"), (&numbers[20..], "1")] {
        let exchange = create().body_json(sent(numbers, store));
        world.replay.on(exchange.reply_json(200, &created(numbers))).await;
    }
    let mut drafts: Vec<ErpOrderDraft> = numbers.iter().map(|number| draft(number, "1")).collect();
    drafts.insert(1, draft("B", "2"));
    let effects = effects(&world.erp, &drafts).await.unwrap();
    assert_eq!(effects.len(), 22);
    assert!(effects.iter().all(|(number, word)| *word == format!("applied 1{number}")));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_draft_that_cannot_be_sent_does_not_stop_the_others() {
    let world = World::start().await;
    world.replay.on(create().body_json(sent(&["A"], STORE)).reply_json(200, &created(&["A"]))).await;
    let mut bad = draft("B", STORE);
    bad.address.city = None;
    let effects = effects(&world.erp, &[bad, draft("A", STORE)]).await.unwrap();
    assert_eq!(effects["A"], "applied 1A");
    assert_eq!(effects["B"], "not applied: order B: city is missing");
}

#[tokio::test]
async fn answers_that_tell_nothing_are_unknown() {
    for (status, body) in [
        (500, "<html>oops</html>"),
        (200, "<html>busy</html>"),
        (200, r#"{"code":500,"message":"内部错误"}"#),
        (200, r#"{"code":0,"data":{"success_det"#),
        (200, r#"{"code":0,"data":null}"#),
        (200, r#"{"code":0,"data":{"success_details":[{"platform_order_no":"A"}]}}"#),
        (
            200,
            r#"{"code":0,"data":{"success_details":[{"platform_order_no":"A","global_order_no":"1"}],"error_details":[{"platform_order_no":"A"}]}}"#,
        ),
    ] {
        let world = World::start().await;
        world.replay.on(create().reply(status, body)).await;
        assert_eq!(effects(&world.erp, &[draft("A", STORE)]).await.unwrap()["A"], "unknown", "{status} {body}");
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_whole_call_is_an_error_and_is_not_repeated() {
    for (file, kind) in [
        ("rate_limit_gateway.json", ErrorKind::Throttled { retry_after: None }),
        ("rate_limit_business.json", ErrorKind::Throttled { retry_after: None }),
        ("sign_error.json", ErrorKind::Invalid),
        ("param_error_gateway.json", ErrorKind::Invalid),
        ("ip_not_permit.json", ErrorKind::Auth),
        ("api_not_authorized.json", ErrorKind::Auth),
    ] {
        let world = World::start().await;
        world.replay.on(create().reply_file(200, &format!("lingxing/{file}"))).await;
        let error = effects(&world.erp, &[draft("A", STORE), draft("B", STORE)]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{file}");
        world.replay.verify().await;
    }
}

#[tokio::test]
async fn of_several_calls_the_refused_one_is_halved_until_the_bad_order_stands_alone() {
    let world = World::start().await;
    let refused =
        |numbers: &[&str]| create().body_json(sent(numbers, "1")).reply_file(200, "lingxing/param_error_gateway.json");
    let fine = |numbers: &[&str], store| create().body_json(sent(numbers, store)).reply_json(200, &created(numbers));
    world.replay.on(refused(&["A", "B", "C"])).await;
    world.replay.on(fine(&["A"], "1")).await;
    world.replay.on(refused(&["B", "C"])).await;
    world.replay.on(refused(&["B"])).await;
    world.replay.on(fine(&["C"], "1")).await;
    world.replay.on(fine(&["D"], "2")).await;
    let drafts = [draft("A", "1"), draft("B", "1"), draft("C", "1"), draft("D", "2")];
    let effects = effects(&world.erp, &drafts).await.unwrap();
    for number in ["A", "C", "D"] {
        assert_eq!(effects[number], format!("applied 1{number}"));
    }
    assert!(effects["B"].starts_with("not applied: POST /pb/mp/order/v2/create: 102"), "{}", effects["B"]);
    world.replay.verify().await;
}

#[tokio::test]
async fn a_door_that_closes_between_two_calls_leaves_the_rest_unsent() {
    let world = World::start().await;
    world.replay.on(create().body_json(sent(&["A"], "1")).reply_json(200, &created(&["A"]))).await;
    world.replay.on(create().body_json(sent(&["B"], "2")).reply_file(200, "lingxing/rate_limit_gateway.json")).await;
    let drafts = [draft("A", "1"), draft("B", "2"), draft("C", "3")];
    let effects = effects(&world.erp, &drafts).await.unwrap();
    assert_eq!(effects["A"], "applied 1A");
    assert!(effects["B"].starts_with("not applied") && effects["C"].starts_with("not applied"));
    world.replay.verify().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_create_sent_once_more() {
    let world = World::without_token().await;
    world.replay.on(token().times(2)).await;
    world.replay.on(create().reply_file(200, "lingxing/access_token_expired.json")).await;
    world.replay.on(create().reply_json(200, &created(&["A"]))).await;
    assert_eq!(effects(&world.erp, &[draft("A", STORE)]).await.unwrap()["A"], "applied 1A");
    world.replay.verify().await;
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_is_unknown() {
    for broken in [RawReply::Nothing, RawReply::Cut(200, br#"{"code":0,"data":{}}"#.to_vec())] {
        let server = RawServer::start(vec![RawReply::Whole(200, fixture("lingxing/token_ok.json")), broken]).await;
        let erp = erp(server.url(), Arc::new(ManualClock::at(NOW)), &json!({}));
        assert_eq!(effects(&erp, &[draft("A", STORE)]).await.unwrap()["A"], "unknown");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_sends_nothing() {
    let server = RawServer::start(vec![RawReply::Whole(200, fixture("lingxing/token_ok.json"))]).await;
    let erp = erp(server.url(), Arc::new(ManualClock::at(NOW)), &json!({}));
    // The token's connection was the last that the server took; its port is closed by now.
    erp.find(&pos(&["A"])).await.unwrap();
    let error = effects(&erp, &[draft("A", STORE)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retryable);
    assert!(error.message().ends_with("cannot connect"), "{error}");
}
