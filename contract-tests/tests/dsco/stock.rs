//! Stock figures: asked for singly, written, settled; the warehouses.

use std::collections::BTreeMap;
use std::time::Duration;

use ipass_contract_tests::replay::{Exchange, RawReply, RawServer, Replay, fixture, fixture_json};
use ipass_core::ports::{Answer, InventorySink, ItemName, PendingWrite, StockLevel, WarehouseLevel};
use ipass_core::write::WriteKind;
use ipass_dsco::DscoInventory;
use serde_json::json;

use super::settle::{expect, in_words, write};
use super::writes::words;
use super::{LATEST, account, account_with, kind, not_found};

const BATCH: &str = "00000000-0000-4000-8000-00000000000c";

pub(super) fn stock(url: &str) -> DscoInventory {
    account(url).0.inventory()
}

fn item(sku: &str) -> Exchange {
    Exchange::get("/inventory").query("itemKey", "sku").query("value", sku)
}

pub(super) fn names(skus: &[&str]) -> Vec<ItemName> {
    skus.iter().map(|sku| ItemName::own(*sku)).collect()
}

/// `<own sku> <code>=<units>…`, `none`, or `error <kind>` per SKU that was asked for.
pub(super) fn in_figures(answers: Vec<Answer<String, Option<StockLevel>>>) -> BTreeMap<String, String> {
    let count = answers.len();
    let word = |answer: Answer<String, Option<StockLevel>>| {
        let word = match answer.result {
            Ok(Some(level)) => level.warehouses.iter().fold(level.sku, |text, warehouse| {
                format!("{text} {}={}", warehouse.warehouse_code, warehouse.quantity)
            }),
            Ok(None) => "none".to_owned(),
            Err(error) => format!("error {}", kind(error.kind())),
        };
        (answer.key, word)
    };
    let words: BTreeMap<String, String> = answers.into_iter().map(word).collect();
    assert_eq!(words.len(), count);
    words
}

fn figure(sku: &str, warehouses: &[(&str, u32)]) -> StockLevel {
    let level =
        |(code, quantity): &(&str, u32)| WarehouseLevel { warehouse_code: (*code).to_owned(), quantity: *quantity };
    StockLevel { sku: sku.to_owned(), warehouses: warehouses.iter().map(level).collect() }
}

#[test]
fn a_write_settles_in_three_times_the_time_of_an_order() {
    let capabilities = |consistency: u64| {
        let section = json!({"token": "t", "consistency": consistency});
        account_with("http://127.0.0.1:1", section).0.inventory().capabilities()
    };
    assert_eq!(capabilities(120).settles_within, Duration::from_mins(6));
    assert_eq!(capabilities(10).settles_within, Duration::from_secs(30));
    assert_eq!(capabilities(120).max_batch, 200);
}

#[tokio::test]
async fn a_few_are_asked_for_singly_and_absent_in_the_vendors_words_only() {
    let replay = Replay::start().await;
    replay.on(item("SKU-AAA-01").reply_file(200, "dsco/inventory_get.json")).await;
    replay.on(not_found(item("GONE"))).await;
    replay.on(item("PAGE").reply(404, "<html>")).await;
    replay.on(item("OTHER").reply_file(200, "dsco/inventory_get.json")).await;
    replay.on(item("bare").reply_json(200, &json!({"sku": "BARE", "quantityAvailable": 7}))).await;
    replay.on(item("ODD").reply_json(200, &json!({"sku": "ODD", "warehouses": [{"quantity": 1}]}))).await;
    replay.on(item("EMPTY").reply_json(200, &json!({}))).await;
    replay.on(item("NO").reply_file(400, "dsco/error_400.json")).await;
    let asked = ["SKU-AAA-01", "GONE", "PAGE", "OTHER", "bare", "ODD", "EMPTY", "NO", " ", "SKU-AAA-01"];
    let expected = expect(&[
        ("SKU-AAA-01", "SKU-AAA-01 WH-A=40 WH-B=5"),
        ("GONE", "none"),
        ("PAGE", "error retryable"),
        ("OTHER", "error invalid"),
        ("bare", "BARE"),
        ("ODD", "error invalid"),
        ("EMPTY", "error invalid"),
        ("NO", "error rejected"),
        (" ", "error invalid"),
    ]);
    let answers = stock(&replay.url()).levels(&names(&asked)).await.unwrap();
    assert_eq!(in_figures(answers), expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_name_that_is_no_sku_is_asked_for_as_each_retailers_own() {
    let by_partner = |name: &str, retailer: &str| {
        Exchange::get("/inventory")
            .query("itemKey", "partnerSku")
            .query("value", name)
            .query("dscoRetailerId", retailer)
    };
    let replay = Replay::start().await;
    replay.on(not_found(item("RET-1"))).await;
    replay.on(not_found(by_partner("RET-1", "R1"))).await;
    replay.on(by_partner("RET-1", "R2").reply_file(200, "dsco/inventory_get.json")).await;
    let name = ItemName { name: "RET-1".to_owned(), retailers: vec!["R1".to_owned(), "R2".to_owned()], anew: false };
    let answers = stock(&replay.url()).levels(&[name]).await.unwrap();
    assert_eq!(in_figures(answers), expect(&[("RET-1", "SKU-AAA-01 WH-A=40 WH-B=5")]));
    replay.verify().await;
}

#[tokio::test]
async fn an_item_that_was_not_there_is_asked_for_again_after_a_while_and_at_once_when_a_person_waits() {
    let by_partner = |retailer: &str| {
        let exchange = Exchange::get("/inventory").query("itemKey", "partnerSku");
        exchange.query("value", "SKU-AAA-01").query("dscoRetailerId", retailer)
    };
    let replay = Replay::start().await;
    replay.on(not_found(item("SKU-AAA-01")).times(4)).await;
    replay.on(not_found(by_partner("R1"))).await;
    let (dsco, clock) = account(&replay.url());
    let stock = dsco.inventory();
    let ask = async |anew: bool, retailers: &[&str]| {
        let retailers = retailers.iter().map(|id| (*id).to_owned()).collect();
        let name = ItemName { name: "SKU-AAA-01".to_owned(), retailers, anew };
        let answers = in_figures(stock.levels(&[name]).await.unwrap());
        (answers["SKU-AAA-01"].clone(), replay.calls("GET", "/inventory").await)
    };
    let hours = |count: u64| Duration::from_hours(count);
    let none = |calls| ("none".to_owned(), calls);
    assert_eq!(ask(false, &[]).await, none(1));
    clock.advance(hours(1));
    assert_eq!(ask(false, &[]).await, none(1), "it is remembered");
    assert_eq!(ask(false, &["R1"]).await, none(3), "but not for a retailer who was not asked");
    assert_eq!(ask(true, &[]).await, none(4), "a person waits");
    clock.advance(hours(3));
    assert_eq!(ask(false, &[]).await, none(4));
    clock.advance(hours(1));
    assert_eq!(ask(false, &[]).await, none(5), "hours later");
    replay.verify().await;
    // It is created there.
    replay.on(item("SKU-AAA-01").reply_file(200, "dsco/inventory_get.json").times(2)).await;
    clock.advance(hours(4));
    let there = |calls| ("SKU-AAA-01 WH-A=40 WH-B=5".to_owned(), calls);
    assert_eq!(ask(false, &[]).await, there(6));
    assert_eq!(ask(false, &[]).await, there(7), "what is there is asked for in every run");
}

#[tokio::test]
async fn a_row_of_questions_stops_at_refused_credentials() {
    let replay = Replay::start().await;
    replay.on(item("A").reply_file(401, "dsco/error_401.json")).await;
    let answers = stock(&replay.url()).levels(&names(&["A", "B", "C"])).await.unwrap();
    assert_eq!(in_figures(answers), expect(&["A", "B", "C"].map(|sku| (sku, "error auth"))));
    replay.verify().await;
}

#[tokio::test]
async fn nothing_to_do_is_no_call() {
    let replay = Replay::start().await;
    let stock = stock(&replay.url());
    assert!(stock.levels(&[]).await.unwrap().is_empty());
    assert!(stock.write(&[]).await.unwrap().is_empty());
    assert!(stock.settle(&[]).await.is_empty());
    replay.verify().await;
}

#[tokio::test]
async fn figures_travel_in_one_batch_and_are_accepted_one_by_one() {
    let replay = Replay::start().await;
    let exchange = Exchange::post("/inventory/batch/small")
        .header("authorization", "bearer static-token")
        .body_json(fixture_json("dsco/inventory_batch_request.json"))
        .reply_file(202, "dsco/inventory_batch_response.json");
    replay.on(exchange).await;
    let levels = [
        figure("SKU-AAA-01", &[("WH-A", 40), ("WH-B", 5)]),
        figure("SKU-BBB-02", &[("WH-A", 0), ("WH-B", 0)]),
        figure("SKU-UNKNOWN-99", &[("WH-A", 7), ("WH-B", 0)]),
    ];
    let expected = ["SKU-AAA-01", "SKU-BBB-02", "SKU-UNKNOWN-99"].map(|sku| format!("stock {sku} accepted {BATCH}"));
    assert_eq!(words(stock(&replay.url()).write(&levels).await), expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_figure_that_cannot_be_sent_is_refused_alone() {
    let replay = Replay::start().await;
    let body = r#"[{"sku":"A","quantityAvailable":1,"status":"in-stock","warehouses":[{"code":"W","quantity":1}]}]"#;
    let exchange = Exchange::post("/inventory/batch/small").body_text(body);
    replay.on(exchange.reply_json(202, &json!({"status": "pending", "requestId": "R"}))).await;
    let levels = [figure("A", &[("W", 1)]), figure("B", &[]), figure(" A ", &[("W", 2)]), figure(" ", &[("W", 1)])];
    let expected = ["stock B not applied invalid", "stock A not applied invalid", "stock A accepted R"];
    assert_eq!(words(stock(&replay.url()).write(&levels).await), expected);
    replay.verify().await;
}

#[tokio::test]
async fn each_answer_to_a_batch_has_its_effect() {
    let unknown = "stock A unknown retryable";
    for (status, body, expected) in [
        (202, fixture("dsco/error_400.json"), "refused rejected"),
        (202, br#"{"status":"pending"}"#.to_vec(), unknown),
        (400, fixture("dsco/error_400.json"), "refused rejected"),
        (401, fixture("dsco/error_401.json"), "refused auth"),
        (429, fixture("dsco/error_429.json"), "refused throttled"),
        (500, fixture("dsco/error_500.json"), unknown),
    ] {
        let replay = Replay::start().await;
        replay.on(Exchange::post("/inventory/batch/small").reply(status, body)).await;
        assert_eq!(words(stock(&replay.url()).write(&[figure("A", &[("W", 1)])]).await), [expected], "{status}");
        replay.verify().await;
    }
    let answer = fixture("dsco/inventory_batch_response.json");
    let server = RawServer::start(vec![RawReply::Nothing, RawReply::Whole(202, answer)]).await;
    assert_eq!(words(stock(server.url()).write(&[figure("A", &[("W", 1)])]).await), [unknown]);
    assert_eq!(server.requests(), ["POST /inventory/batch/small HTTP/1.1"]);
}

#[tokio::test]
async fn a_batch_above_the_vendors_size_is_split() {
    let codes: Vec<String> = (0..100_000).map(|n| format!("{n:06}")).collect();
    let warehouses: Vec<(&str, u32)> = codes.iter().map(|code| (code.as_str(), 1)).collect();
    let replay = Replay::start().await;
    for receipt in ["R1", "R2"] {
        let exchange = Exchange::post("/inventory/batch/small");
        replay.on(exchange.reply_json(202, &json!({"status": "pending", "requestId": receipt}))).await;
    }
    let levels = [figure("A", &warehouses), figure("B", &warehouses)];
    assert_eq!(words(stock(&replay.url()).write(&levels).await), ["stock A accepted R1", "stock B accepted R2"]);
    replay.verify().await;
}

fn pending(sku: &str, receipt: Option<&str>) -> PendingWrite {
    write(WriteKind::Stock, sku, "", receipt)
}

#[tokio::test]
async fn a_batch_is_settled_by_one_question_to_the_log() {
    let replay = Replay::start().await;
    let log = Exchange::get("/inventory/log").query("requestId", BATCH);
    replay.on(log.reply_file(200, "dsco/inventory_log.json")).await;
    let skus = ["SKU-AAA-01", "SKU-BBB-02", "SKU-UNKNOWN-99", "SKU-DDD-04"];
    let mut writes = skus.map(|sku| pending(sku, Some(BATCH))).to_vec();
    writes.push(write(WriteKind::Invoice, "PO-1", "", Some(BATCH)));
    let refused = "rejected: VALIDATION_FAILED: One of upc, ean or gtin is required for a new sku (invented wording)";
    let expected = expect(&[
        ("SKU-AAA-01", "applied"),
        ("SKU-BBB-02", "applied"),
        ("SKU-UNKNOWN-99", refused),
        ("SKU-DDD-04", "silent"),
        ("PO-1", "error invalid"),
    ]);
    assert_eq!(in_words(stock(&replay.url()).settle(&writes).await), expected);
    replay.verify().await;
}

#[tokio::test]
async fn a_failure_beats_a_success_and_a_lost_answer_is_searched_by_date() {
    let replay = Replay::start().await;
    let entry =
        |sku: &str, status: &str, at: &str| json!({"payload": {"sku": sku}, "status": status, "dateProcessed": at});
    let (before, after) = ("2026-01-28T02:00:00.000Z", "2026-01-28T02:55:10.000Z");
    let logs = [
        entry("A", "success", after),
        entry("B", "success", after),
        entry("B", "failure", after),
        entry("C", "success", before),
    ];
    let span = Exchange::get("/inventory/log").query("startDate", "2026-01-28T02:54:50Z").query("endDate", LATEST);
    replay.on(span.reply_json(200, &json!({"logs": logs}))).await;
    let writes = ["A", "B", "C"].map(|sku| pending(sku, None));
    let expected = expect(&[("A", "applied"), ("B", "rejected: refused without a reason"), ("C", "silent")]);
    assert_eq!(in_words(stock(&replay.url()).settle(&writes).await), expected);
    replay.verify().await;
}

#[tokio::test]
async fn the_warehouses_are_read_to_the_end() {
    let replay = Replay::start().await;
    let path = "/warehouse/page";
    replay.on(Exchange::get(path).reply_file(200, "dsco/warehouse_page.json")).await;
    assert_eq!(stock(&replay.url()).warehouse_codes().await.unwrap().unwrap(), ["WH-A"]);
    replay.verify().await;

    let replay = Replay::start().await;
    let page = |codes: &[&str]| {
        let warehouses: Vec<_> = codes.iter().map(|code| json!({"code": code})).collect();
        json!({"scrollId": "S", "warehouses": warehouses})
    };
    let later = || Exchange::get(path).query("scrollId", "S");
    replay.on(Exchange::get(path).times(2).reply_json(200, &page(&["W1", "W2"]))).await;
    // The list breaks off once and is begun again.
    replay.on(later().reply_file(404, "dsco/error_404_scroll_expired.json")).await;
    replay.on(later().reply_json(200, &page(&["W2", "W3"]))).await;
    replay.on(later().reply_json(200, &page(&[]))).await;
    assert_eq!(stock(&replay.url()).warehouse_codes().await.unwrap().unwrap(), ["W1", "W2", "W3"]);
    replay.verify().await;
}

#[tokio::test]
async fn a_list_of_warehouses_that_cannot_be_read_is_an_error() {
    for (status, body, word) in [
        (403, r#"{"message":"Forbidden"}"#, "auth"),
        (200, "{}", "invalid"),
        (200, r#"{"warehouses":[{}]}"#, "invalid"),
    ] {
        let replay = Replay::start().await;
        replay.on(Exchange::get("/warehouse/page").reply(status, body)).await;
        let error = stock(&replay.url()).warehouse_codes().await.unwrap_err();
        assert_eq!(kind(error.kind()), word, "{status} {body}");
        replay.verify().await;
    }
}
